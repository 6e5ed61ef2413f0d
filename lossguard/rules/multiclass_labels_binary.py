"""Integer labels above 1 handed to binary cross-entropy, which knows only 0 and 1.

## What it does
Reports labels that are class ids of three or more classes (or of two classes called 1 and 2) where the loss
is a binary cross-entropy, plain or focal.

## Why it matters
For a label y the loss is `-y log p - (1 - y) log(1 - p)`. With y = 2 it has no lower bound: training drives
it to minus infinity by answering 1 for everything. Measured with labels 0, 1, 2: the loss goes from 0.49 to
-3.9 in 200 steps and accuracy ends at 0.55; with labels 1 and 2, at 0.16.

## What Keras does
- One unit, TensorFlow and JAX: silent, the loss becomes negative. PyTorch raises `all elements of target
  should be between 0 and 1` with `from_logits=False` and is silent with `from_logits=True`.
- Several units: `fit` raises `ValueError`, the shapes differ. (Keras 2 broadcasts silently where the last
  layer has no activation.)

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
Never. Labels in [0, 1] that are no integers are fine for this loss (images as targets of an autoencoder).

## Fix safety
Unsafe: one softmax unit for each class with the sparse loss (`units`), but the labels may be the mistake. There is
no fix where they do not count from 0 (1 and 2 for 0 and 1).

## References
- `keras.losses.BinaryCrossentropy`, `keras.losses.SparseCategoricalCrossentropy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup
from lossguard.findings import Finding, ReplaceLoss, SetActivation, SetUnits, Severity, Way
from lossguard.rules.premises import TORCH_RAISES, at_labels, at_layer, at_loss, called, describe_labels
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG203",
    name="multiclass-labels-binary",
    severity=Severity.ERROR,
    summary="integer labels above 1 handed to binary cross-entropy, which knows only 0 and 1",
    supersedes=("LG101", "LG102", "LG103", "LG104", "LG301", "LG401"),
    ways=("units",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.BINARY) as loss,
            labels=Labels(encoding=Encoding.INTEGER) as labels,
        ) if above_one(labels):
            yield RULE.finding(
                f"{called(loss)} knows only the labels 0 and 1, but gets {describe_labels(labels)}",
                at_loss(loss, "knows only 0 and 1"),
                at_labels(labels),
                at_layer(output),
                effect=_effect(output, loss, target),
                remedy=_remedy(labels),
                ways=_ways(labels),
            )


def above_one(labels: Labels) -> bool:
    """Some label is known to be 2 or more: by its value, or because three classes need a third number."""
    if labels.high is not None:
        return labels.high > 1
    return labels.classes.at_least(3) is True


def _effect(output: Output, loss: Loss, target: Target) -> str:
    if output.width.at_least(2):
        return "fit raises ValueError at the first batch: the labels do not have the shape of the output."
    unbounded = "The loss has no lower bound then: it runs to minus infinity while the model answers 1 for everything."
    if "torch" not in target.backends or loss.from_logits:
        return unbounded
    return TORCH_RAISES if target.backends == {"torch"} else f"{unbounded} PyTorch raises instead."


def _remedy(labels: Labels) -> str:
    if labels.low == 1 and labels.high == 2:
        return "Subtract 1 from the labels."
    return "Use one `softmax` unit for each class with `sparse_categorical_crossentropy`."


def _ways(labels: Labels) -> tuple[Way, ...]:
    if labels.low not in {0, None}:
        return ()
    loss = ReplaceLoss("sparse_categorical_crossentropy")
    return (Way("units", (SetUnits(labels.classes), SetActivation("softmax"), loss)),)
