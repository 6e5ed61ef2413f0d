"""Metrics passed to `compile` third by position, where Keras 3 takes `loss_weights`.

## What it does
Reports `compile(optimizer, loss, [metrics])` without the word `metrics=`, where the project runs on Keras 3.

## Why it matters
The third parameter of `compile` was `metrics` up to Keras 2 and is `loss_weights` in Keras 3. The list of metrics is
taken for weights, and `fit` ends at the first batch with a message that speaks of neither.

## What Keras does
- Keras 3: `compile` says nothing; `fit` raises `ValueError` (`dtype='string' is not a valid dtype for Keras type
  promotion`, or `loss_weights must match the number of losses`; in Keras 3.0 `the loss_weights argument must be a
  Python float`). A list of metric objects raises `TypeError`.
- Keras 2: takes the list for metrics.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2)

## When it is fine
In Keras 2. The rule is silent unless `keras-version`, or the project's dependencies, say that it runs on Keras 3
alone.

## Fix safety
Safe: the word `metrics=` is written before the list (`argument`), which means the same in both. There is no fix
where more arguments follow by position.

## References
- `keras.Model.compile`: arguments `loss_weights`, `metrics`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, PositionalMetrics, Target
from lossguard.findings import Evidence, Finding, NameArgument, Severity, Way
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG507",
    name="metrics-as-loss-weights",
    severity=Severity.ERROR,
    summary="metrics passed to `compile` third by position, where Keras 3 takes `loss_weights`",
    ways=("argument",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case PositionalMetrics(text=text, origin=origin, last=last) if 2 not in target.keras:
            yield RULE.finding(
                f"`{text}` is the third argument of `compile`, which Keras 3 takes for `loss_weights`",
                Evidence(origin, "taken for loss weights"),
                effect="fit raises at the first batch, with a message that speaks of dtypes or of loss weights.",
                remedy=f"Write `metrics={text}`.",
                ways=(Way("argument", (NameArgument("metrics"),) if last else (), safe=True),),
            )
