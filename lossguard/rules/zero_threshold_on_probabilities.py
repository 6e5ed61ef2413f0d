"""A metric splits at 0, but gets probabilities: everything counts as positive.

## What it does
Reports `BinaryAccuracy(threshold=0)`, `Precision(thresholds=0)`, `Recall(thresholds=0)` and their relatives, and
thresholds just above 0 (1e-7), on a sigmoid or softmax output.

## Why it matters
The threshold 0 belongs to raw scores. Probabilities are all above 0, so that every answer counts as a yes:
accuracy and precision are the share of positives (0.50 where 0.85 is right), recall is 1.0 for ever. It is what
is left when an activation is added and the metric is forgotten.

## What Keras does
All backends, Keras 2 and 3: silent. Keras 3.0 to 3.4 refuse `BinaryAccuracy(threshold=0)` with a `ValueError`.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy", metrics=[keras.metrics.BinaryAccuracy(threshold=0)])
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy", metrics=[keras.metrics.BinaryAccuracy(threshold=0.5)])
    model.fit(x, y, epochs=2)

## When it is fine
On raw scores, and as one of several thresholds. `AUC(from_logits=True)` on probabilities applies a second
sigmoid, which keeps their order: the area is nearly the same (0.931 for 0.932), and is not reported.

## Fix safety
Unsafe: 0.5 (`threshold`) is the usual threshold for probabilities, but another may be wanted.

## References
- `keras.metrics.BinaryAccuracy`, `keras.metrics.Precision`, `keras.metrics.Recall`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Metric, Output, Range, Target, TrainingSetup
from lossguard.findings import Evidence, Finding, SetThreshold, Severity, Way
from lossguard.rules.premises import (
    KERAS_3_TAKES_THRESHOLD_0,
    SIGMOIDS,
    THRESHOLDED,
    at_output,
    called,
    describe,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG407",
    name="zero-threshold-on-probabilities",
    severity=Severity.WARNING,
    summary="a metric splits at 0, but gets probabilities: everything counts as positive",
    ways=("threshold",),
)

NEARLY_0 = 1e-6
"""A threshold up to which nobody means probabilities."""


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(output=Output(range=Range.PROBABILITIES | Range.SIMPLEX) as output, metrics=metrics) if (
            output.activation in SIGMOIDS | {"softmax"}
        ):
            for metric in metrics:
                if metric.name in THRESHOLDED and metric.threshold is not None and 0 <= metric.threshold <= NEARLY_0:
                    yield RULE.finding(
                        f"{called(metric)} splits at {metric.threshold:g}, but {describe(output)} never answers below",
                        Evidence(metric.origin, f"splits at {metric.threshold:g}"),
                        at_output(output),
                        effect=_effect(metric, target),
                        remedy="Set the threshold to 0.5, or leave it away.",
                        ways=(Way("threshold", (SetThreshold(0.5, metric.origin),)),),
                    )


def _effect(metric: Metric, target: Target) -> str:
    positive = (
        "Every answer counts as positive: accuracy and precision are the share of positives (0.50 where 0.85 is"
        " right), recall is 1."
    )
    refused = metric.name == "BinaryAccuracy" and metric.threshold == 0
    if not refused or target.keras_3_before(KERAS_3_TAKES_THRESHOLD_0) is False:
        return positive
    return f"{positive} Keras 3.0 to 3.4 raise `ValueError` where the metric is made."
