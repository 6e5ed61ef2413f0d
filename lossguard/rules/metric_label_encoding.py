"""A categorical metric where the labels are class ids, or a sparse metric where they are one-hot.

## What it does
Reports `CategoricalAccuracy` and its relatives where the labels are class ids (or the loss takes class ids),
the sparse ones where the labels are one-hot (or the loss takes one-hot labels), and either kind on a single
unit.

## Why it matters
The categorical metric takes the argmax of a class id, which is always 0, and reports nonsense: 0.27 where
0.675 is right. On a single unit the argmax of the prediction is always 0: `SparseCategoricalAccuracy` then
reports the share of class 0.

## What Keras does
- Categorical metric, integer labels: silent nonsense (Keras 3: 0.27, Keras 2: 0.48, right: 0.675).
  `TopKCategoricalAccuracy` raises.
- Sparse metric, one-hot labels: raises in `fit`.
- `CategoricalAccuracy` on one unit: 0.0 or 1.0 for ever, by version and shape of the labels.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["categorical_accuracy"])
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
    model.fit(x, y, epochs=2)

## When it is fine
The string `'accuracy'` always picks the kind that fits the shapes.

## Fix safety
Unsafe: the metric of the same kind as the loss, with the same arguments, or `'accuracy'` for a single unit
(`metric`), which changes the metric's name in the history; there is none where the old name is used elsewhere in
the file.

## References
- `keras.metrics.CategoricalAccuracy`, `keras.metrics.SparseCategoricalAccuracy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Metric, Output, Target, TrainingSetup
from lossguard.findings import Evidence, Finding, ReplaceMetric, Severity, Way
from lossguard.rules.premises import CATEGORICAL_METRICS, SPARSE_METRICS, at_layer, at_loss, called, if_known
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG403",
    name="metric-label-encoding",
    severity=Severity.ERROR,
    summary="a categorical metric where the labels are class ids, or a sparse metric where they are one-hot",
    ways=("metric",),
)

PLAIN = frozenset({"CategoricalAccuracy", "SparseCategoricalAccuracy"})


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(output=Output() as output, metrics=metrics, labels=labels, loss=Loss() as loss):
            for metric in metrics:
                if metric.name not in CATEGORICAL_METRICS | SPARSE_METRICS:
                    continue
                evidence = (
                    Evidence(metric.origin, "does not fit these labels"),
                    at_loss(loss, f"trained with {called(loss)}"),
                    *if_known(labels),
                    at_layer(output),
                )
                if output.width.is_(1):
                    if loss.family in {Family.BINARY, Family.HINGE}:
                        yield _finding(
                            f"{called(metric)} compares the units of one sample, but this model has only 1",
                            metric,
                            *evidence,
                            effect="The greatest of one unit is always the first, so that the metric never changes.",
                            severity=Severity.WARNING,
                            other="accuracy" if metric.name in PLAIN else "",
                        )
                elif metric.name in CATEGORICAL_METRICS and _class_ids(loss, labels):
                    silent = metric.name == "CategoricalAccuracy"
                    yield _finding(
                        f"{called(metric)} expects one-hot labels, but {called(loss)} is trained on class ids"
                        if loss.family is Family.SPARSE_CATEGORICAL
                        else f"{called(metric)} expects one-hot labels, but gets class ids",
                        metric,
                        *evidence,
                        effect="It reports nonsense, silently (0.27 where 0.675 is right)."
                        if silent
                        else "fit raises.",
                        severity=Severity.WARNING if silent else Severity.ERROR,
                        other=_of_the_other_kind(metric),
                    )
                elif metric.name in SPARSE_METRICS and _columns(loss, labels):
                    yield _finding(
                        f"{called(metric)} expects class ids, but {called(loss)} is trained on one-hot labels"
                        if loss.family is Family.CATEGORICAL
                        else f"{called(metric)} expects class ids, but gets one-hot labels",
                        metric,
                        *evidence,
                        effect="fit raises at the first batch: the shapes differ.",
                        severity=Severity.ERROR,
                        other=_of_the_other_kind(metric),
                    )


def _class_ids(loss: Loss, labels: Labels | None) -> bool:
    return loss.family is Family.SPARSE_CATEGORICAL or (
        labels is not None and labels.encoding is Encoding.INTEGER and labels.width.at_least(2) is not True
    )


def _columns(loss: Loss, labels: Labels | None) -> bool:
    return loss.family is Family.CATEGORICAL or (
        labels is not None and labels.encoding is Encoding.ONE_HOT and labels.width.is_(1) is not True
    )


def _of_the_other_kind(metric: Metric) -> str:
    return metric.name.removeprefix("Sparse") if metric.name in SPARSE_METRICS else f"Sparse{metric.name}"


def _finding(message: str, metric: Metric, *evidence: Evidence, effect: str, severity: Severity, other: str) -> Finding:
    return RULE.finding(
        message,
        *evidence,
        effect=effect,
        remedy="Write `'accuracy'`, which picks the kind that fits, or the metric of the same kind as the loss.",
        severity=severity,
        ways=(Way("metric", (ReplaceMetric(other, metric.origin),) if other else ()),),
    )
