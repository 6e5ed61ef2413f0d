"""The labels of a direct loss call are not encoded as that loss wants them.

## What it does
Reports a loss that is called directly, in a training loop or a custom loss, with integer labels where it
wants one-hot ones, with one-hot labels where it wants class ids, or with labels other than 0 and 1 where it
is binary.

## Why it matters
Most of these calls raise; some broadcast or run to minus infinity, silently.

## What Keras does
- Integer labels, `CategoricalCrossentropy`: raises. `tf.nn.softmax_cross_entropy_with_logits` with float ids
  of shape (n, 1) broadcasts silently (3.50 where 1.52 is right), with ids of shape (n,) it raises.
- One-hot labels, `SparseCategoricalCrossentropy` or `tf.nn.sparse_softmax_cross_entropy_with_logits`: raises.
- Labels above 1 or below 0, `BinaryCrossentropy`: silent on TensorFlow and JAX, no lower bound; PyTorch
  raises with `from_logits=False`.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    loss_fn = keras.losses.CategoricalCrossentropy()
    predictions = model(x)
    loss = loss_fn(y, predictions)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    loss_fn = keras.losses.SparseCategoricalCrossentropy()
    predictions = model(x)
    loss = loss_fn(y, predictions)

## When it is fine
Never. The rule is silent unless it has followed the labels from where they are made to the call.

## Fix safety
Unsafe: another loss (`loss`) or other labels. There is no fix for TensorFlow's own functions, whose parameters have
other names, nor where binary cross-entropy gets other labels than 0 and 1.

## References
- `keras.losses.CategoricalCrossentropy`, `keras.losses.SparseCategoricalCrossentropy`
- `tf.nn.softmax_cross_entropy_with_logits`, `tf.nn.sparse_softmax_cross_entropy_with_logits`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, LossCall, Output, Target
from lossguard.findings import Evidence, Finding, Repair, ReplaceLoss, Severity, Way
from lossguard.rules.multiclass_labels_binary import above_one
from lossguard.rules.premises import at_labels, at_output, called, describe_labels
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG503",
    name="labels-in-call",
    severity=Severity.ERROR,
    summary="the labels of a direct loss call are not encoded as that loss wants them",
    ways=("loss",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case LossCall(
            loss=Loss() as loss, target=Labels() as labels, prediction=Output() as output, origin=origin, raw=raw
        ):
            match loss.family, labels.encoding:
                case Family.CATEGORICAL, Encoding.INTEGER if not labels.width.at_least(2):
                    wanted, effect = "one-hot labels", "It raises, or broadcasts silently: the shapes do not fit."
                    repairs: tuple[Repair, ...] = () if raw else (ReplaceLoss("sparse_categorical_crossentropy"),)
                    remedy = "Use the sparse loss, or encode the labels with `keras.utils.to_categorical`."
                case Family.SPARSE_CATEGORICAL, Encoding.ONE_HOT if not labels.width.is_(1):
                    wanted, effect = "class ids", "It raises: the labels have one axis too many."
                    repairs = () if raw else (ReplaceLoss("categorical_crossentropy"),)
                    remedy = "Use the loss that is not sparse, or leave the labels as class ids."
                case Family.BINARY, Encoding.SIGNED:
                    wanted, effect, repairs = "0/1 labels", "The loss has no lower bound then.", ()
                    remedy = "Turn the labels into 0 and 1 with `(y + 1) // 2`."
                case Family.BINARY, Encoding.INTEGER if above_one(labels):
                    wanted, effect, repairs = (
                        "0/1 labels",
                        "The loss has no lower bound then, or the shapes differ.",
                        (),
                    )
                    remedy = "Use `softmax` with a sparse categorical cross-entropy."
                case _:
                    return
            yield RULE.finding(
                f"{called(loss)} wants {wanted}, but gets {describe_labels(labels)}",
                Evidence(origin, f"wants {wanted}"),
                at_labels(labels),
                at_output(output),
                effect=effect,
                remedy=remedy,
                ways=(Way("loss", repairs),),
            )
