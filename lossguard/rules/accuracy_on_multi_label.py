"""Accuracy of the greatest unit, on labels that may hold several classes at once.

## What it does
Reports `'accuracy'` and `CategoricalAccuracy` where the labels are multi-hot and the output answers for each
label on its own.

## Why it matters
With one column for each class the string `'accuracy'` becomes `CategoricalAccuracy`: the position of the
greatest unit is compared with the position of the first 1 of the label. A sample with the labels 2 and 5 counts
as right only if the model is surest of 2, and all other labels count nothing. Measured: 0.475 where 0.731 of
the labels are right and 0.388 of the samples in all of their labels. People stop and tune by that number.

## What Keras does
- All backends, Keras 2 and 3: silent. `'accuracy'` is picked by the shape of labels and output, the loss plays
  no part.
- `BinaryAccuracy` counts each label, at 0.5 by default.

## Bad
    import keras
    from sklearn.datasets import make_multilabel_classification

    x, y = make_multilabel_classification(n_samples=60, n_features=4, n_classes=3, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2)

## Good
    import keras
    from sklearn.datasets import make_multilabel_classification

    x, y = make_multilabel_classification(n_samples=60, n_features=4, n_classes=3, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
    model.fit(x, y, epochs=2)

## When it is fine
One-hot labels on sigmoid units: the greatest unit is the answer then. The rule is silent unless it knows that
the labels are multi-hot. `TopKCategoricalAccuracy`, a measure of rankings, is not reported.

## Fix safety
Unsafe: `BinaryAccuracy` (`metric`) counts every label, which is high where labels are rare; `AUC(multi_label=True)` or
`F1Score(threshold=0.5)` may be what is wanted.

## References
- `keras.metrics.BinaryAccuracy`, `keras.metrics.CategoricalAccuracy`, `keras.metrics.AUC`
- `keras.Model.compile`: how the string `'accuracy'` is resolved
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Metric, Output, Range, Target, TrainingSetup
from lossguard.findings import Evidence, Finding, Repair, ReplaceMetric, SetThreshold, Severity, Way
from lossguard.rules.premises import (
    at_labels,
    at_output,
    called,
    describe_labels,
    raw_scores,
    split_at_zero,
    zero_threshold,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG406",
    name="accuracy-on-multi-label",
    severity=Severity.WARNING,
    summary="accuracy of the greatest unit, on labels that may hold several classes at once",
    ways=("metric",),
)

OF_THE_GREATEST = frozenset({"accuracy", "CategoricalAccuracy"})


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=family) as loss,
            labels=Labels(encoding=Encoding.MULTI_HOT) as labels,
            metrics=metrics,
        ) if output.width.at_least(2) and family is not Family.CATEGORICAL and output.range is not Range.SIMPLEX:
            for metric in metrics:
                if metric.name in OF_THE_GREATEST:
                    scores = raw_scores(output) and loss.from_logits is True
                    yield RULE.finding(
                        f"{called(metric)} looks at the greatest unit only, but several of these"
                        f" {describe_labels(labels)} can be right at once",
                        Evidence(metric.origin, "compares the greatest unit with the first label"),
                        at_labels(labels),
                        at_output(output),
                        effect="It ignores all other labels of a sample (0.475 where 0.731 of the labels are right).",
                        remedy=f"Use {split_at_zero(target) if scores else '`BinaryAccuracy()`'}.",
                        ways=(Way("metric", _repairs(metric, target, scores=scores)),),
                    )


def _repairs(metric: Metric, target: Target, *, scores: bool) -> tuple[Repair, ...]:
    """Each label on its own, split where the output is."""
    if not scores:
        return (ReplaceMetric("BinaryAccuracy", metric.origin),)
    return (SetThreshold(zero_threshold(target), metric.origin),) if metric.name == "accuracy" else ()
