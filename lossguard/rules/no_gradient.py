"""The loss gives no weight of the model a gradient.

## What it does
Reports a loss that is not at its minimum, and still has a gradient of exactly zero, or none, by every trainable
weight. It is measured on the first batch, in a pass as training makes it: `lossguard probe`, `lossguard run`,
`lossguard.probe` and the callback find it, a check of the source does not.

## Why it matters
The model can't learn from this batch, and most often from no other.

## What Keras does
Where an operation without derivative stands in between (rounding, `argmax`, a comparison), TensorFlow raises "No
gradients provided for any variable" in the first step; JAX and PyTorch train on and change nothing. Where a ReLU
output is negative for all samples, or a sigmoid or softmax is so sure that the loss clips it, all backends train on
and change nothing.

## Bad
    import keras
    import numpy as np

    def distance(y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - keras.ops.round(y_pred)))

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 5, (60, 1))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss=distance)
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    def distance(y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred))

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 5, (60, 1))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss=distance)
    model.fit(x, y, epochs=2)

## When it is fine
A batch that is no sample of the data, such as one in which all inputs are zero. The finding is *likely*, not
certain: one batch was looked at. Losses near 0 and models that add losses of their own are not judged.

## Fix safety
There is no automatic fix.

## References
- `keras.ops.round`, `keras.ops.argmax`: without derivative
- `keras.losses.Loss`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Flow, Measurement, Range, Target
from lossguard.findings import Confidence, Evidence, Finding, Severity
from lossguard.rules.premises import at_output
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG703",
    name="no-gradient",
    severity=Severity.ERROR,
    summary="the loss gives no weight of the model a gradient (measured)",
    measured=True,
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case Measurement(flow=Flow.NONE, output=output, value=float() as value) if not fact.not_finite:
            yield RULE.finding(
                f"the loss is {value:.4g} on this batch, but gives no trainable weight a gradient",
                Evidence(fact.loss.origin if fact.loss is not None else fact.origin, "no gradient by any weight"),
                at_output(output),
                effect="A step of training on this batch changes nothing, or raises.",
                remedy=_remedy(fact),
                confidence=Confidence.LIKELY,
            )


def _remedy(fact: Measurement) -> str:
    if fact.constant and fact.output.range is Range.NONNEGATIVE:
        return "Let the last layer answer with less than 0, too, or start with a bias above 0: its ReLU cuts all off."
    if fact.constant or fact.output.range in {Range.SIMPLEX, Range.PROBABILITIES}:
        return "Scale the inputs and look for layers whose values are all cut off or all sure."
    return "Look for rounding, comparisons, `argmax` or `stop_gradient` between the weights and the loss."
