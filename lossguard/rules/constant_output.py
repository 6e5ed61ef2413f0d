"""The model answers the same for all samples, and only its last bias can learn.

## What it does
Reports an output that is the same for every sample of a batch, although the samples differ, where the loss gives no
weight but the bias of the output layer a gradient. It is measured, in a pass as training makes it: `lossguard probe`,
`lossguard run`, `lossguard.probe` and the callback find it, a check of the source does not.

## Why it matters
The model learns the mean of the labels and no more. The loss falls at first, which looks like learning.

## What Keras does
It trains on silently. Causes are weights that all start at zero, and hidden layers whose ReLU cuts off every sample.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.rand(60, 1)

    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu", kernel_initializer="zeros"),
            keras.layers.Dense(1, kernel_initializer="zeros"),
        ]
    )
    model.compile("adam", loss="mse")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.rand(60, 1)

    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(1, kernel_initializer="zeros"),
        ]
    )
    model.compile("adam", loss="mse")
    model.fit(x, y, epochs=2)

## When it is fine
An output layer that starts at zero answers the same for all samples, too, but its weights get a gradient: it is not
reported. The finding is *likely*, not certain: one batch was looked at.

## Fix safety
There is no automatic fix.

## References
- `keras.initializers.GlorotUniform`, the default of `Dense`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Flow, Measurement, Target
from lossguard.findings import Confidence, Evidence, Finding, Severity
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG704",
    name="constant-output",
    severity=Severity.ERROR,
    summary="the model answers the same for all samples, and only its last bias can learn (measured)",
    measured=True,
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case Measurement(flow=Flow.LAST_BIAS, constant=True, output=output, samples=samples):
            yield RULE.finding(
                f"the output is the same for all {samples} samples, and only the bias of its layer gets a gradient",
                Evidence(output.origin, "the same for all samples"),
                effect="The model learns one answer for all samples, such as the mean of the labels.",
                remedy="Start the weights at random, and look for hidden layers whose values are all 0.",
                confidence=Confidence.LIKELY,
            )
