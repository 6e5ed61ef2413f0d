"""Integer labels that point outside the output: they start at 1, reach the number of units, or are negative.

## What it does
Reports class ids that are no index of an output unit, where the loss is `sparse_categorical_crossentropy`:
with K units the labels must be 0 to K - 1.

## Why it matters
Labels that count from 1 look right (K classes, K units) and fail on the last class only. Where nothing
raises, that class is silently lost (accuracy 0.67 with three classes).

## What Keras does
- TensorFlow on a CPU: `fit` raises `Received a label value of 3 which is outside the valid range of [0, 3)`;
  compiled with XLA (the default on a GPU) the loss is NaN, silently.
- PyTorch: raises `Target 3 is out of bounds`; -100 is ignored silently.
- JAX: those samples silently count 0; the class is never learnt.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(1, 4, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(1, 4, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y - 1, epochs=2)

## When it is fine
With `ignore_class` the label that is ignored may be any number. Labels 1 to K with K + 1 units are fine: one
unit is never used.

## Fix safety
Unsafe: a unit is added (`units`); or the labels are moved down, which is not done here: every use of them would have
to change. There is no fix for negative labels.

## References
- `keras.losses.SparseCategoricalCrossentropy`: arguments `y_true`, `ignore_class`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup, Width
from lossguard.findings import Finding, SetUnits, Severity, Way
from lossguard.rules.premises import at_labels, at_layer, at_loss, describe_labels, exceeds, units
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG302",
    name="labels-out-of-range",
    severity=Severity.ERROR,
    summary="integer labels that point outside the output: from 1, up to the number of units, or negative",
    ways=("units",),
)

CONSEQUENCES = {
    "tensorflow": "TensorFlow raises on a CPU and computes NaN where XLA compiles, as on a GPU",
    "torch": "PyTorch raises",
    "jax": "JAX silently leaves those samples out",
}


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.SPARSE_CATEGORICAL, ignores_class=False) as loss,
            labels=Labels(encoding=Encoding.INTEGER | Encoding.SIGNED) as labels,
        ) if _negative(labels) or _too_high(labels, output):
            effects = [words for backend, words in CONSEQUENCES.items() if backend in target.backends]
            yield RULE.finding(
                f"the output has {units(output.width)}, but gets {describe_labels(labels)}, and units count from 0",
                at_loss(loss, "takes labels for indexes of units"),
                at_labels(labels),
                at_layer(output),
                effect=f"Such a label has no unit: {', '.join(effects)}.",
                remedy="Number the classes from 0, or tell the loss which label to leave out with `ignore_class`."
                if _negative(labels)
                else "Subtract the lowest label from all of them, or add a unit."
                if labels.low
                else "Give the output layer one unit for each label.",
                ways=_ways(labels),
            )


def _negative(labels: Labels) -> bool:
    return labels.encoding is Encoding.SIGNED or (labels.low is not None and labels.low < 0)


def _too_high(labels: Labels, output: Output) -> bool:
    if output.width.size is not None and exceeds(labels, float("-inf"), output.width.size - 1):
        return True
    return labels.low == 1 and labels.classes.minus(output.width) == 0


def _ways(labels: Labels) -> tuple[Way, ...]:
    if _negative(labels) or labels.high is None:
        return ()
    return (Way("units", (SetUnits(Width(int(labels.high) + 1)),)),)
