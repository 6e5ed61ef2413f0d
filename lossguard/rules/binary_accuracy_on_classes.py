"""Binary accuracy on an output that picks one of several classes.

## What it does
Reports `BinaryAccuracy` or `'binary_accuracy'` on a softmax (or the raw scores of a categorical loss) over
three or more units.

## Why it matters
Binary accuracy counts every unit as an answer of its own, and most of the right answers are "not this class".
A model that always answers "none" is right in 90 % of ten classes. Measured: 0.79 where 0.675 is right; one
published notebook shows 0.956 in training and 0.764 by argmax.

## What Keras does
- One-hot labels: silent, inflated, on every backend.
- Integer labels of shape (n,): raises in Keras 3. Of shape (n, 1): broadcast, silent nonsense (0.31).

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy", metrics=["binary_accuracy"])
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2)

## When it is fine
On sigmoid units for labels that may hold several classes: there every unit is an answer of its own. On a
softmax over two units it equals the accuracy.

## Fix safety
Unsafe: the fix writes `'accuracy'`, which changes the metric's name in the history; there is none where the
old name is used elsewhere in the file.

## References
- `keras.metrics.BinaryAccuracy`, `keras.metrics.CategoricalAccuracy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Metric, Output, Range, Target, TrainingSetup
from lossguard.findings import Evidence, Finding, ReplaceMetric, Severity, Way
from lossguard.rules.premises import at_output, called, describe, if_known, raw_scores
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG404",
    name="binary-accuracy-on-classes",
    severity=Severity.WARNING,
    summary="binary accuracy on an output that picks one of several classes",
    supersedes=("LG401",),
    ways=("metric",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output, loss=Loss() as loss, labels=Labels() | None as labels, metrics=metrics
        ) if output.width.at_least(_least(loss)) and _exclusive(output, loss, labels) and not _several(labels):
            for metric in metrics:
                match metric:
                    case Metric(name="BinaryAccuracy"):
                        yield RULE.finding(
                            f"{called(metric)} counts each unit as an answer, but {describe(output)} picks one class",
                            Evidence(metric.origin, "counts unit by unit"),
                            at_output(output),
                            *if_known(labels),
                            effect="It is inflated by all the right answers 'not this class'"
                            " (0.79 where 0.675 of the samples are right); integer labels raise or give nonsense.",
                            remedy="Write `'accuracy'`.",
                            ways=(Way("metric", (ReplaceMetric("accuracy", metric.origin),)),),
                        )


def _least(loss: Loss) -> int:
    """With two columns the two accuracies are the same number; class ids have none."""
    return 2 if loss.family is Family.SPARSE_CATEGORICAL else 3


def _exclusive(output: Output, loss: Loss, labels: Labels | None) -> bool:
    least_squares = loss.family is Family.REGRESSION and labels is not None and labels.encoding is Encoding.ONE_HOT
    if output.range is Range.SIMPLEX or least_squares:
        return True
    categorical = loss.family in {Family.CATEGORICAL, Family.SPARSE_CATEGORICAL}
    return categorical and loss.from_logits is True and raw_scores(output)


def _several(labels: Labels | None) -> bool:
    return labels is not None and labels.encoding is Encoding.MULTI_HOT
