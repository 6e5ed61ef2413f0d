"""`metrics.Accuracy()` compares probabilities with labels for equality.

## What it does
Reports the metric class `keras.metrics.Accuracy` on an output of scores or probabilities.

## Why it matters
The class counts how often prediction and label are the very same number. A probability of almost 1 is not 1, so
that the accuracy reads 0.0 however good the model is (measured: 0.0 where 0.675 is right).

## What Keras does
- All backends: silent, about 0.0. With integer labels and several units it raises, because the shapes differ.
- The *strings* `'accuracy'`, `'acc'` and `'Accuracy'` are something else: Keras replaces them by the accuracy
  that fits the shapes.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy", metrics=[keras.metrics.Accuracy()])
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy", metrics=[keras.metrics.BinaryAccuracy()])
    model.fit(x, y, epochs=2)

## When it is fine
On predictions that are class ids already: a model that ends in an argmax, or `metric.update_state(y,
np.argmax(p, -1))`.

## Fix safety
Safe: `'accuracy'` is what is meant, under the same name in the history. There is no fix where the metric has
arguments but for that name.

## References
- `keras.metrics.Accuracy`, `keras.metrics.BinaryAccuracy`, `keras.metrics.SparseCategoricalAccuracy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Metric, Output, Range, Spelling, Target, TrainingSetup
from lossguard.findings import Evidence, Finding, ReplaceMetric, Severity, Way
from lossguard.rules.premises import at_output, called, describe
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG402",
    name="exact-match-accuracy",
    severity=Severity.WARNING,
    summary="`metrics.Accuracy()` compares probabilities with labels for equality",
    ways=("metric",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(output=Output() as output, metrics=metrics) if output.range is not Range.UNKNOWN:
            for metric in metrics:
                match metric:
                    case Metric(name="Accuracy") if metric.spelling is not Spelling.STRING:
                        yield RULE.finding(
                            f"{called(metric)} counts exact equality, but {describe(output)} never gives a label",
                            Evidence(metric.origin, "compares for equality"),
                            at_output(output),
                            effect="It reads about 0.0 however good the model is, or raises where the shapes differ.",
                            remedy="Write the string `'accuracy'`, or the class that fits the labels:"
                            " `BinaryAccuracy`, `CategoricalAccuracy`, `SparseCategoricalAccuracy`.",
                            ways=(Way("metric", (ReplaceMetric("accuracy", metric.origin),), safe=True),),
                        )
