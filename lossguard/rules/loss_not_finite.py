"""The loss of the first batch, or its gradient, is NaN or infinite.

## What it does
Reports a loss that is no finite number on the first batch, or whose gradient is none, before anything has been
learned, and names the first thing that is not finite: the inputs, the labels, the outputs, the loss, the gradient.
It is measured: `lossguard probe`, `lossguard run`, `lossguard.probe` and the callback find it, a check of the source
does not.

## Why it matters
Mostly the first step makes every weight NaN, and none recovers. (The logarithm of a negative number has a derivative:
there the loss is NaN and training goes on, blindly.) Later `nan` in the progress bar tells nothing of where it came
from.

## What Keras does
Nothing: it trains on, with `loss: nan`. Sources are missing values in the data, logarithms and roots of what an
output without a fitting activation gives (a Poisson loss written by hand), and scores that overflow.

## Bad
    import keras
    import numpy as np

    x, y = np.random.rand(60, 4), np.random.rand(60, 1)
    y[7] = np.nan

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss="mse")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x, y = np.random.rand(60, 4), np.random.rand(60, 1)
    y[7] = np.nan
    known = np.isfinite(y[:, 0])

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss="mse")
    model.fit(x[known], y[known], epochs=2)

## When it is fine
In mixed precision the optimizer may scale the loss and skip steps whose gradient overflows: there the gradient is
not judged.

## Fix safety
There is no automatic fix: missing values may be filled, left out or masked.

## References
- `keras.callbacks.TerminateOnNaN`, which ends a training that has come to this
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Measurement, Target
from lossguard.findings import Evidence, Finding, Severity
from lossguard.rules.premises import at_output
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG702",
    name="loss-not-finite",
    severity=Severity.ERROR,
    summary="the loss of the first batch is NaN or infinite, or its gradient is (measured)",
    measured=True,
)

MESSAGES = {
    "the loss": "the loss is NaN or infinite on this batch, although inputs, labels and outputs are finite",
    "the gradient": "the gradient of the loss is NaN or infinite on this batch, although the loss is finite",
}
REMEDIES = {
    "the inputs": "Fill the missing values of the inputs, or leave these samples out.",
    "the labels": "Fill the missing values of the labels, or leave these samples out.",
    "the outputs": "Scale the inputs, and look for the first layer whose values are not finite.",
    "the loss": "Give the last layer an activation whose values this loss is defined for.",
    "the gradient": "Look for roots, norms and divisions of 0 in the loss or in the last layers.",
}


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case Measurement(not_finite=str() as what, output=output) if what:
            yield RULE.finding(
                MESSAGES.get(what, f"the loss is not finite on this batch, because {what} are not"),
                Evidence(fact.loss.origin if fact.loss is not None else fact.origin, "not finite on this batch"),
                at_output(output),
                effect="The loss tells nothing any more; if its gradient is NaN, too, so are all weights after a step."
                if what == "the loss"
                else "The first step of training makes all weights NaN.",
                remedy=REMEDIES[what],
            )
