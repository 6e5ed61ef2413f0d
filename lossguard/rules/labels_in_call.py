"""The labels of a direct loss call are not encoded as that loss wants them.

## What it does
Reports a loss that is called directly, in a training loop or a custom loss, with integer labels where it
wants one-hot ones, with one-hot labels where it wants class ids, with labels other than 0 and 1 where it is
binary, or with labels of another shape than the output.

## Why it matters
Most of these calls raise; some broadcast or run to minus infinity, silently.

## What Keras does
- Integer labels, `CategoricalCrossentropy`: raises. `tf.nn.softmax_cross_entropy_with_logits` with float ids
  of shape (n, 1) broadcasts silently (3.50 where 1.52 is right), with ids of shape (n,) it raises.
- One-hot labels, `SparseCategoricalCrossentropy` or `tf.nn.sparse_softmax_cross_entropy_with_logits`: raises.
- Labels above 1 or below 0, `BinaryCrossentropy`: silent on TensorFlow and JAX, no lower bound; PyTorch
  raises with `from_logits=False`.

- Labels with another number of columns than the output has units: raises, but for focal categorical cross-entropy
  on one unit, which broadcasts.
- The functions `binary_crossentropy` and `binary_focal_crossentropy` of Keras 3 raise on labels of shape (n,)
  beside an output of shape (n, 1); the classes, and both in Keras 2, take them.

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

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, LossCall, Output, Spelling, Target
from lossguard.findings import Evidence, Finding, Repair, ReplaceLoss, Severity, Way
from lossguard.rules.multiclass_labels_binary import above_one
from lossguard.rules.premises import (
    VECTOR_ENCODINGS,
    at_labels,
    at_output,
    called,
    describe_labels,
    label_width,
    one_value_per_sample,
    units,
)
from lossguard.rules.rule import Rule

COMPARED = frozenset({"binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy"})
"""Losses that compare the shapes of labels and output before anything else (executed)."""

DISTANCES = frozenset({Family.REGRESSION, Family.HINGE, Family.DISTRIBUTION})

MATRIX = 2
"""The axes of an output of shape (n, units)."""

RULE = Rule(
    code="LG503",
    name="labels-in-call",
    severity=Severity.ERROR,
    summary="the labels of a direct loss call are not encoded as that loss wants them",
    ways=("loss",),
)


_Misfit = tuple[str, str, str, tuple[Repair, ...]]
"""What the loss wants, what it does with these labels, what to do, and by which repairs."""


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case LossCall(
            loss=Loss() as loss, target=Labels() as labels, prediction=Output() as output, origin=origin, raw=raw
        ):
            misfit = (
                _encoding(loss, labels, raw=raw)
                or _shape(loss, labels, output, target)
                or _rank(loss, labels, output, raw=raw)
            )
            if misfit is None:
                return
            wanted, effect, remedy, repairs = misfit
            yield RULE.finding(
                f"{called(loss)} wants {wanted}, but gets {_told(labels)}",
                Evidence(origin, f"wants {wanted}"),
                at_labels(labels),
                at_output(output),
                effect=effect,
                remedy=remedy,
                ways=(Way("loss", repairs),),
            )


def _told(labels: Labels) -> str:
    flat = labels.encoding is Encoding.BINARY and labels.rank == 1
    return f"{describe_labels(labels)} of shape (n,)" if flat else describe_labels(labels)


def _encoding(loss: Loss, labels: Labels, *, raw: bool) -> _Misfit | None:
    """Labels of another kind than the loss takes."""
    match loss.family, labels.encoding:
        case Family.CATEGORICAL, Encoding.INTEGER | Encoding.BINARY | Encoding.SIGNED if _one_number(labels):
            sparse = labels.encoding is not Encoding.SIGNED
            return (
                "one-hot labels",
                "It raises, or broadcasts silently: the shapes do not fit.",
                "Use the sparse loss, or encode the labels with `keras.utils.to_categorical`."
                if sparse
                else "Encode the classes with `keras.utils.to_categorical`.",
                (ReplaceLoss("sparse_categorical_crossentropy"),) if sparse and not raw else (),
            )
        case Family.SPARSE_CATEGORICAL, Encoding.ONE_HOT if not labels.width.is_(1):
            return (
                "class ids",
                "It raises: the labels have one axis too many.",
                "Use the loss that is not sparse, or leave the labels as class ids.",
                () if raw else (ReplaceLoss("categorical_crossentropy"),),
            )
        case Family.BINARY, Encoding.SIGNED:
            no_bound = "The loss has no lower bound then."
            return "0/1 labels", no_bound, "Turn the labels into 0 and 1 with `(y + 1) // 2`.", ()
        case Family.BINARY, Encoding.INTEGER if above_one(labels):
            no_bound = "The loss has no lower bound then, or the shapes differ."
            return "0/1 labels", no_bound, "Use `softmax` with a sparse categorical cross-entropy.", ()
    return None


def _one_number(labels: Labels) -> bool:
    """One number for each sample; 0 and 1 may also be a mask of any shape."""
    if labels.encoding is Encoding.INTEGER:
        return labels.width.at_least(2) is not True
    return one_value_per_sample(labels)


def _shape(loss: Loss, labels: Labels, output: Output, target: Target) -> _Misfit | None:
    """Labels of another shape than the output; Keras compares no more than that in a direct call."""
    if loss.family not in {Family.BINARY, Family.CATEGORICAL}:
        return None
    column, raises = f"a column for each of {units(output.width)}", "It raises: the shapes do not fit."
    if labels.encoding in VECTOR_ENCODINGS and label_width(labels).minus(output.width):
        broadcast = output.width.is_(1) and loss.name not in COMPARED
        effect = "It broadcasts silently: every column is compared with the one unit." if broadcast else raises
        return column, effect, "Give the output layer as many units as the labels have columns.", ()
    if loss.family is not Family.BINARY or labels.encoding is not Encoding.BINARY or not one_value_per_sample(labels):
        return None
    if output.width.at_least(2):
        return column, raises, "Use one `sigmoid` unit, or encode the labels as the output is.", ()
    flat = labels.rank == 1 and output.rank == 2 and output.width.is_(1)
    if flat and loss.spelling is Spelling.FUNCTION and 3 in target.keras:
        raises = "Keras 3 raises: the function compares shapes as they are, and (n,) is not (n, 1)."
        return (
            "a column of labels, (n, 1)",
            raises,
            "Write `y[:, None]`, or call an instance of the class of this loss.",
            (),
        )
    return None


def _rank(loss: Loss, labels: Labels, output: Output, *, raw: bool) -> _Misfit | None:
    """Labels with an axis more or less than the loss takes beside this output."""
    if output.rank != MATRIX:
        return None
    if raw and loss.family is Family.SPARSE_CATEGORICAL and labels.rank == MATRIX and labels.width.is_(1):
        raises = "It raises: TensorFlow's own function takes labels of one axis less than the output."
        return "class ids of shape (n,)", raises, "Write `tf.squeeze(y, -1)`, or leave the axis away.", ()
    if loss.family in DISTANCES and labels.rank == 1 and output.width.at_least(2):
        raises = "It raises, or compares every sample with every unit: the shapes do not fit."
        return f"a column for each of {units(output.width)}", raises, "Use one unit, or one-hot labels.", ()
    return None
