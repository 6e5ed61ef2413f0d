"""A single output unit trained with sparse categorical cross-entropy.

## What it does
Reports a model with one output unit whose loss is `sparse_categorical_crossentropy`.

## Why it matters
The sparse loss takes each label for the index of a unit. With one unit the only index is 0, so that label 1
points outside the output.

## What Keras does
- TensorFlow on a CPU: `fit` raises `Received a label value of 1 which is outside the valid range of [0, 1)`.
  Compiled with XLA (the default on a GPU): the loss is NaN, silently.
- PyTorch: `fit` raises `Target 1 is out of bounds`.
- JAX: no error; the loss is 0, the gradient zero, and nothing is learnt.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
Never, unless every label is 0.

## Fix safety
Unsafe: for two classes `binary_crossentropy` with one sigmoid unit (`loss`) and the sparse loss with two softmax
units (`units`) do equally well; more classes want one unit for each. There is no fix where the labels are not
known and the output is no sigmoid.

## References
- `keras.losses.SparseCategoricalCrossentropy`, `keras.losses.BinaryCrossentropy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, LossCall, Output, Target, TrainingSetup, Width
from lossguard.findings import Finding, ReplaceLoss, SetActivation, SetUnits, Severity, Way
from lossguard.rules.premises import SIGMOIDS, at_layer, at_loss, called, if_known, one_or_zero
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG107",
    name="sparse-categorical-one-unit",
    severity=Severity.ERROR,
    summary="a single output unit trained with sparse categorical cross-entropy",
    supersedes=(
        "LG101",
        "LG103",
        "LG104",
        "LG109",
        "LG202",
        "LG204",
        "LG301",
        "LG302",
        "LG303",
        "LG401",
        "LG403",
        "LG503",
    ),
    ways=("loss", "units"),
)

CONSEQUENCES = {
    "tensorflow": "raises on TensorFlow (NaN, silently, where XLA compiles, as on a GPU)",
    "torch": "raises on PyTorch",
    "jax": "learns nothing on JAX, silently",
}


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case (
            TrainingSetup(
                output=Output() as output,
                loss=Loss(family=Family.SPARSE_CATEGORICAL) as loss,
                labels=Labels() | None as labels,
            )
            | LossCall(
                prediction=Output() as output,
                loss=Loss(family=Family.SPARSE_CATEGORICAL) as loss,
                target=Labels() | None as labels,
            )
        ) if output.width.is_(1):
            consequences = [words for backend, words in CONSEQUENCES.items() if backend in target.backends]
            yield RULE.finding(
                f"{called(loss)} takes labels for indexes of units, but this model has only 1, so label 1 has no unit",
                at_loss(loss, "needs one unit for each class"),
                at_layer(output),
                *if_known(labels),
                effect=f"A label other than 0 {', '.join(consequences)}.",
                remedy="For two classes use `binary_crossentropy` with `sigmoid`;"
                " for more, one unit for each class with `softmax`.",
                ways=tuple(_ways(output, labels)),
            )


def _ways(output: Output, labels: Labels | None) -> Iterator[Way]:
    loss = ReplaceLoss("binary_crossentropy")
    sigmoid = output.activation in SIGMOIDS
    match labels:
        case Labels(encoding=Encoding.INTEGER, classes=classes) if classes.at_least(3):
            yield Way("units", (SetUnits(classes), SetActivation("softmax")))
        case Labels() if one_or_zero(labels):
            yield Way("loss", (loss,) if sigmoid else (SetActivation("sigmoid"), loss))
            yield Way("units", (SetUnits(Width(2)), SetActivation("softmax")))
        case None | Labels(encoding=Encoding.UNKNOWN) if sigmoid:
            yield Way("loss", (loss,))
