"""Predictions that are raw scores are compared with 0.5.

## What it does
Reports predictions of a model without activation that are rounded or compared with 0.5.

## Why it matters
Raw scores are split at 0: a score of 0 means 50 %, 0.5 means 62 %. Split at 0.5, too many samples fall to the
negative side (measured: accuracy 0.81 where 0.98 is right).

## What Keras does
Nothing: `predict` returns the raw scores, whatever the loss knew of them.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2)
    classes = (model.predict(x) > 0.5).astype(int)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2)
    classes = (model.predict(x) > 0).astype(int)

## When it is fine
A linear unit trained with a regression loss answers around its targets: 0.5 may be a sensible limit there.
The finding is *likely*, not certain.

## Fix safety
Unsafe: the threshold becomes 0, which is right for scores of a cross-entropy.

## References
- `keras.Model.predict`
- `keras.losses.BinaryCrossentropy`: argument `from_logits`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Decode, Fact, Family, Loss, Output, Target
from lossguard.findings import Evidence, Finding, SetThreshold, Severity, Way
from lossguard.rules.premises import at_output, describe, raw_scores, splits_at_half
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG602",
    name="threshold-on-predicted-logits",
    severity=Severity.WARNING,
    summary="predictions that are raw scores are compared with 0.5",
    ways=("threshold",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case Decode(output=Output() as output, loss=Loss(family=Family.BINARY, from_logits=True), origin=origin) if (
            raw_scores(output) and splits_at_half(fact) and not fact.in_training
        ):
            yield RULE.finding(
                f"raw scores are split at 0.5, but 0 is their middle: the output is {describe(output)}",
                Evidence(origin, "splits at 0.5"),
                at_output(output),
                effect="Too many samples fall to the negative side (accuracy 0.81 where 0.98 is right).",
                remedy="Compare with 0, or apply a sigmoid to the predictions first.",
                ways=(Way("threshold", (SetThreshold(0.0),) if fact.threshold is not None else ()),),
            )
