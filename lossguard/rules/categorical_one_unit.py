"""A single output unit trained with categorical cross-entropy.

## What it does
Reports a model with one output unit whose loss is `categorical_crossentropy`, plain or focal.

## Why it matters
Categorical cross-entropy compares the units of one sample with each other. With one unit there is nothing to
compare: normalised, it is always 1, and the loss is 0 whatever the model answers. The model looks perfect and
has learnt nothing. With one-hot labels the shapes don't fit and `fit` raises.

## What Keras does
- All backends print a `SyntaxWarning` (`expected y_pred.shape to be (batch_size, num_classes) with
  num_classes > 1`) and train on.
- JAX and PyTorch: the loss is 0 and the gradient exactly zero.
- TensorFlow: the loss prints 0; after a sigmoid or with `from_logits=True` the gradient is not zero all the same: it
  pushes the answers to samples of class 0 down, and none up.
- With one-hot labels `fit` raises `ValueError` everywhere.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
Never with cross-entropy. `categorical_hinge` on one unit and 0/1 labels is the same number as `hinge`, and is
not reported.

## Fix safety
Unsafe: 0/1 labels, and unknown ones where the output is a sigmoid, get `binary_crossentropy` with a sigmoid
(`loss`), labels of more classes one softmax unit for each (`units`). There is no fix where neither is known.

## References
- `keras.losses.CategoricalCrossentropy`, `keras.losses.BinaryCrossentropy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, LogitsRepair, Loss, LossCall, Output, Target, TrainingSetup
from lossguard.findings import Finding, ReplaceLoss, SetActivation, SetUnits, Severity, Way
from lossguard.rules.premises import (
    SIGMOIDS,
    VECTOR_ENCODINGS,
    at_layer,
    at_loss,
    called,
    describe_labels,
    elsewhere,
    if_known,
    label_width,
    needs_repair,
    one_or_zero,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG106",
    name="categorical-one-unit",
    severity=Severity.ERROR,
    summary="a single output unit trained with categorical cross-entropy",
    supersedes=(
        "LG101",
        "LG103",
        "LG104",
        "LG109",
        "LG201",
        "LG204",
        "LG205",
        "LG301",
        "LG303",
        "LG401",
        "LG403",
        "LG503",
    ),
    ways=("loss", "units"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case (
            TrainingSetup(
                output=Output() as output,
                loss=Loss(family=Family.CATEGORICAL) as loss,
                labels=Labels() | None as labels,
            )
            | LossCall(
                prediction=Output() as output,
                loss=Loss(family=Family.CATEGORICAL) as loss,
                target=Labels() | None as labels,
            )
        ) if output.width.is_(1):
            yield RULE.finding(
                f"{called(loss)} compares the units of the output with each other, but this model has only 1",
                at_loss(loss, "needs one unit for each class"),
                at_layer(output),
                *if_known(labels),
                effect=_effect(output, loss, labels, target),
                remedy="For two classes use `binary_crossentropy` with `sigmoid`;"
                " for more, one unit for each class with `softmax`.",
                ways=_ways(output, labels),
            )


def _effect(output: Output, loss: Loss, labels: Labels | None, target: Target) -> str:
    if labels is not None and labels.encoding in VECTOR_ENCODINGS and label_width(labels).at_least(2):
        return f"fit raises ValueError: {describe_labels(labels)} do not fit a single unit."
    raw = loss.from_logits is True or needs_repair(output, loss, target) is LogitsRepair.KEPT
    if "tensorflow" not in target.backends or not raw:
        return "The loss is 0 whatever the model answers, so that it looks perfect and learns nothing."
    others = elsewhere(target)
    return (
        "The loss is 0 whatever the model answers. On TensorFlow its gradient pushes the answers to samples of class 0"
        f" down all the same, and none up{f'; on {others} it is zero' if others else ''}."
    )


def _ways(output: Output, labels: Labels | None) -> tuple[Way, ...]:
    if labels is not None and label_width(labels).at_least(2) and labels.encoding in VECTOR_ENCODINGS:
        return (Way("units", (SetUnits(label_width(labels)), SetActivation("softmax"))),)
    if labels is not None and labels.encoding is Encoding.INTEGER and labels.classes.at_least(3):
        sparse = ReplaceLoss("sparse_categorical_crossentropy")
        return (Way("units", (SetUnits(labels.classes), SetActivation("softmax"), sparse)),)
    loss = ReplaceLoss("binary_crossentropy")
    if output.activation in SIGMOIDS and (labels is None or labels.encoding is Encoding.UNKNOWN):
        return (Way("loss", (loss,)),)
    if labels is not None and one_or_zero(labels):
        return (Way("loss", (loss,) if output.activation in SIGMOIDS else (SetActivation("sigmoid"), loss)),)
    return ()
