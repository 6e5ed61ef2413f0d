"""Computing the loss of the first batch raises.

## What it does
Reports a compiled loss that raises when it gets the outputs of the model and the labels of a batch, where no other
rule knows why. It is measured: `lossguard probe`, `lossguard run`, `lossguard.probe` and the callback find it, a
check of the source does not.

## Why it matters
`fit` ends in its first step, after the data are loaded, and often with a traceback that shows no line of the
program.

## What Keras does
It raises, whatever the loss raises: `ValueError` or `InvalidArgumentError` where shapes differ, `KeyError` or
`TypeError` from a loss of one's own. The exception is shown.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.rand(60, 2)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("adam", loss="mse")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.rand(60, 2)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("adam", loss="mse")
    model.fit(x, y, epochs=2)

## When it is fine
Never. Models with a `train_step` or a `compute_loss` of their own are not judged: they may not use the compiled
loss at all.

## Fix safety
There is no automatic fix: the exception says what does not fit, not what was meant.

## References
- `keras.Model.compute_loss`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Measurement, Target
from lossguard.findings import Evidence, Finding, Severity
from lossguard.rules.premises import at_layer
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG701",
    name="loss-raises",
    severity=Severity.ERROR,
    summary="the loss raises on the first batch (measured)",
    measured=True,
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case Measurement(failure=str() as failure, output=output) if failure:
            yield RULE.finding(
                f"the loss raises on this batch: {failure.rstrip('.')}",
                Evidence(fact.loss.origin if fact.loss is not None else fact.origin, "raises on this batch"),
                at_layer(output),
                effect="fit raises the same in its first step.",
                remedy="Make the output, the loss and the labels fit each other, as the exception says.",
            )
