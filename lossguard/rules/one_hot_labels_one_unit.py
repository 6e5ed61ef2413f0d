"""Labels with one column for each class, but a model with a single unit.

## What it does
Reports one-hot or multi-hot labels of two or more columns where the output has one unit, with a loss that
compares output and labels element by element.

## Why it matters
The shapes (n, K) and (n, 1) don't fit. At best `fit` raises; at worst the single unit is compared with every
column at once and learns their mean, which is the same for all samples of a one-hot label.

## What Keras does
- `binary_crossentropy`, Keras 3: `fit` raises `ValueError` on every backend. Keras 2 raises too, but
  broadcasts silently where the last layer has no activation: the loss stays at ln 2 = 0.693 and accuracy at
  0.50.
- Regression, hinge and KL losses have no check of shapes: every backend broadcasts silently, and the gradient
  points away from the task.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 2, 60), 2)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 2, 60), 2)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
`LabelBinarizer` turns two classes into a single column, not into two: that fits one unit, and is not
reported.

## Fix safety
Unsafe: one unit for each column (`units`), for exclusive classes with softmax and categorical cross-entropy; or 0/1
labels with one sigmoid, which is not done here. There is no fix for hinge losses.

## References
- `keras.losses.BinaryCrossentropy`, `keras.losses.CategoricalCrossentropy`
- `keras.utils.to_categorical`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup
from lossguard.findings import Finding, ReplaceLoss, SetActivation, SetUnits, Severity, Way
from lossguard.rules.premises import at_labels, at_layer, at_loss, called, describe_labels, label_width
from lossguard.rules.rule import Rule

ONE_HOT = Encoding.ONE_HOT

RULE = Rule(
    code="LG204",
    name="one-hot-labels-one-unit",
    severity=Severity.ERROR,
    summary="labels with one column for each class, but a model with a single unit",
    supersedes=("LG102", "LG103", "LG104", "LG110", "LG112", "LG205", "LG301", "LG401", "LG403"),
    ways=("units",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(output=Output() as output, loss=Loss() as loss, labels=Labels() as labels) if (
            output.width.is_(1) and _columns(labels) and loss.family is not Family.OTHER and _same_rank(output, labels)
        ):
            yield RULE.finding(
                f"the labels are {describe_labels(labels)}, but the model answers with a single unit",
                at_loss(loss, f"{called(loss)} compares labels and output"),
                at_layer(output),
                at_labels(labels),
                effect=_effect(loss, target),
                remedy="Use one `softmax` unit for each class with `categorical_crossentropy`,"
                " or 0/1 labels with one `sigmoid` unit."
                if labels.encoding is Encoding.ONE_HOT
                else "Use one `sigmoid` unit for each column with `binary_crossentropy`.",
                ways=_ways(loss, labels),
            )


def _columns(labels: Labels) -> bool:
    match labels.encoding:
        case Encoding.ONE_HOT:
            return labels.width.is_(1) is not True and labels.classes.is_(1) is not True
        case Encoding.MULTI_HOT:
            return labels.width.at_least(2) is True
        case _:
            return False


def _same_rank(output: Output, labels: Labels) -> bool:
    return output.rank is None or labels.rank is None or output.rank == labels.rank


def _effect(loss: Loss, target: Target) -> str:
    match loss.family:
        case Family.BINARY if 2 in target.keras:
            return (
                "fit raises ValueError in Keras 3; Keras 2 compares the unit with every column at once, silently,"
                " where the last layer has no activation."
            )
        case Family.BINARY | Family.CATEGORICAL | Family.SPARSE_CATEGORICAL:
            return "fit raises at the first batch: the labels do not have the shape of the output."
        case _:
            return "The single unit is compared with every column at once, silently, and learns nothing of the classes."


def _ways(loss: Loss, labels: Labels) -> tuple[Way, ...]:
    if loss.family is not Family.BINARY and not (loss.family is Family.REGRESSION and labels.encoding is ONE_HOT):
        return ()
    units = SetUnits(label_width(labels))
    if labels.encoding is Encoding.MULTI_HOT:
        return (Way("units", (units,)),)
    return (Way("units", (units, SetActivation("softmax"), ReplaceLoss("categorical_crossentropy"))),)
