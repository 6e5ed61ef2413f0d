"""A metric that reads labels in another encoding than they have.

## What it does
Reports `CategoricalAccuracy` and its relatives where the labels are class ids (or the loss takes class ids),
the sparse ones where the labels have a column for each class (or the loss takes such labels), either kind on
a single unit, and metrics that compare labels and output element by element (`AUC`, `Precision`, `Recall`,
`F1Score`, `'mse'`, ...) beside a sparse loss.

## Why it matters
`AUC` or `Precision` beside a sparse loss ends `fit` at the first batch. What does not raise reports nonsense:
the categorical metric takes the argmax of a class id, which is always 0 (0.27 where 0.675 is right). On a
single unit the argmax of the prediction is always 0: `SparseCategoricalAccuracy` then reports the share of
class 0.

## What Keras does
- Categorical metric, integer labels: silent nonsense (Keras 3: 0.27, Keras 2: 0.48, right: 0.675).
  `TopKCategoricalAccuracy` raises on labels of shape (n,) in Keras 3, and is nonsense, too, on (n, 1): 0.78 of
  three classes within the first two places, right: 0.89.
- Sparse metric, one-hot or multi-hot labels: raises in `fit`.
- `CategoricalAccuracy` on one unit: 0.0 or 1.0 for ever, by version and shape of the labels.
- Class ids and several units: `AUC`, `Precision`, `Recall` and the counts of true and false positives raise
  everywhere, in any shape of the labels (`Precision(class_id=1)` may read an element of another sample, silently).
  `F1Score`, `MeanSquaredError` and other distances raise in Keras 3 on labels of shape (n,) and report nonsense
  on (n, 1): an F1 of 0.51 where 0.67 is right.

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
The string `'accuracy'` always picks the kind that fits the shapes. `MeanIoU(num_classes, sparse_y_pred=False)`
takes class ids and one unit per class.

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
from lossguard.rules.premises import (
    CATEGORICAL_METRICS,
    SPARSE_METRICS,
    at_layer,
    at_loss,
    called,
    describe_labels,
    if_known,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG403",
    name="metric-label-encoding",
    severity=Severity.ERROR,
    summary="a metric that reads labels in another encoding than they have",
    ways=("metric",),
)

PLAIN = frozenset({"CategoricalAccuracy", "SparseCategoricalAccuracy"})

CHECKED = frozenset(
    {
        "AUC",
        "BinaryCrossentropy",
        "BinaryIoU",
        "FalseNegatives",
        "FalsePositives",
        "Precision",
        "PrecisionAtRecall",
        "Recall",
        "RecallAtPrecision",
        "SensitivityAtSpecificity",
        "SpecificityAtSensitivity",
        "TrueNegatives",
        "TruePositives",
    }
)
"""Metrics that compare element by element, and raise where labels and output differ in shape."""

BROADCAST = frozenset(
    {
        "CategoricalHinge",
        "CosineSimilarity",
        "F1Score",
        "FBetaScore",
        "Hinge",
        "KLDivergence",
        "LogCoshError",
        "MeanAbsoluteError",
        "MeanSquaredError",
        "OneHotIoU",
        "OneHotMeanIoU",
        "Poisson",
        "R2Score",
        "RootMeanSquaredError",
        "SquaredHinge",
    }
)
"""Metrics that compare element by element, and compare a column (n, 1) with every unit."""

COLUMN = 2
"""The rank of labels of shape (n, 1)."""

VECTORS = frozenset({Encoding.ONE_HOT, Encoding.MULTI_HOT})


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(output=Output() as output, metrics=metrics, labels=labels, loss=Loss() as loss):
            for metric in metrics:
                yield from _of_metric(metric, output, loss, labels, target)


def _of_metric(metric: Metric, output: Output, loss: Loss, labels: Labels | None, target: Target) -> Iterator[Finding]:
    evidence = (
        Evidence(metric.origin, "does not fit these labels"),
        at_loss(loss, f"trained with {called(loss)}"),
        *if_known(labels),
        at_layer(output),
    )
    sparse = loss.family is Family.SPARSE_CATEGORICAL
    match metric.name:
        case name if name in CATEGORICAL_METRICS | SPARSE_METRICS and output.width.is_(1):
            if loss.family in {Family.BINARY, Family.HINGE} or _of_classes(loss, labels):
                yield _finding(
                    f"{called(metric)} compares the units of one sample, but this model has only 1",
                    metric,
                    *evidence,
                    effect="The greatest of one unit is always the first, so that the metric never changes.",
                    severity=Severity.WARNING,
                    other="accuracy" if name in PLAIN else "",
                )
        case name if name in CATEGORICAL_METRICS and _class_ids(loss, labels):
            raises = _raises_on_ids(name, labels, target)
            yield _finding(
                f"{called(metric)} expects one-hot labels, but {called(loss)} is trained on class ids"
                if sparse
                else f"{called(metric)} expects one-hot labels, but gets class ids",
                metric,
                *evidence,
                effect=_of_ids(name, labels, target, raises=raises),
                severity=Severity.ERROR if raises and labels is not None and labels.rank == 1 else Severity.WARNING,
                other=f"Sparse{name}",
            )
        case name if name in SPARSE_METRICS and (columns := _columns(loss, labels)):
            yield _finding(
                f"{called(metric)} expects class ids, but {called(loss)} is trained on one-hot labels"
                if loss.family in {Family.CATEGORICAL, Family.DISTRIBUTION}
                else f"{called(metric)} expects class ids, but gets {columns}",
                metric,
                *evidence,
                effect="fit raises at the first batch: the shapes differ.",
                severity=Severity.ERROR,
                other=_of_columns(name, labels),
            )
        case name if name in CHECKED | BROADCAST and sparse and output.width.is_(1) is not True:
            severity, effect = _element_by_element(metric, labels, target)
            yield _finding(
                f"{called(metric)} compares element by element, but {called(loss)} is trained on class ids",
                metric,
                *evidence,
                effect=effect,
                severity=severity,
            )


def _of_classes(loss: Loss, labels: Labels | None) -> bool:
    """Least squares on labels that are classes."""
    classes = {Encoding.BINARY, Encoding.SIGNED, Encoding.INTEGER}
    return loss.family is Family.REGRESSION and labels is not None and labels.encoding in classes


def _raises_on_ids(name: str, labels: Labels | None, target: Target) -> bool:
    """Keras 3 refuses to look for the places of labels of shape (n,); the other metrics take any argmax."""
    return name != "CategoricalAccuracy" and 3 in target.keras and (labels is None or labels.rank != COLUMN)


def _of_ids(name: str, labels: Labels | None, target: Target, *, raises: bool) -> str:
    if raises and labels is not None and labels.rank == 1:
        return "fit raises."
    column = target.keras == {2} or (labels is not None and labels.rank == COLUMN)
    accuracy = f"{'0.48' if column else '0.27'} where 0.675 is right"
    measured = accuracy if name == "CategoricalAccuracy" else "0.78 where 0.89 is right"
    nonsense = f"It reports nonsense, silently ({measured})"
    return f"{nonsense}, or raises in Keras 3 where the labels have the shape (n,)." if raises else f"{nonsense}."


def _class_ids(loss: Loss, labels: Labels | None) -> bool:
    return loss.family is Family.SPARSE_CATEGORICAL or (
        labels is not None and labels.encoding is Encoding.INTEGER and labels.width.at_least(2) is not True
    )


def _columns(loss: Loss, labels: Labels | None) -> str:
    """The labels in words where they have a column for each class, else empty."""
    if labels is not None and labels.encoding in VECTORS and labels.width.is_(1) is not True:
        return describe_labels(labels)
    return "one-hot labels" if loss.family in {Family.CATEGORICAL, Family.DISTRIBUTION} else ""


def _element_by_element(metric: Metric, labels: Labels | None, target: Target) -> tuple[Severity, str]:
    rank = None if labels is None else labels.rank
    if "class_id" in metric.text:
        return Severity.WARNING, "It raises, or reads labels of other samples, silently."
    if metric.name in CHECKED or (metric.name in {"F1Score", "FBetaScore"} and 3 not in target.keras):
        return Severity.ERROR, "fit raises at the first batch: the labels do not have the shape of the output."
    if rank == 1 and 2 not in target.keras and not metric.name.startswith("OneHot"):
        return Severity.ERROR, "fit raises at the first batch: the shapes (n,) and (n, K) do not fit."
    return Severity.WARNING, (
        "Each class id is compared with every unit: the number is nonsense, silently"
        + (", or Keras 3 raises at the first batch." if rank != 2 and 3 in target.keras else ".")
    )


def _of_columns(name: str, labels: Labels | None) -> str:
    """The metric that means the same on labels with a column for each class."""
    several = labels is not None and labels.encoding is Encoding.MULTI_HOT
    return "BinaryAccuracy" if several and name in PLAIN else name.removeprefix("Sparse")


def _finding(
    message: str, metric: Metric, *evidence: Evidence, effect: str, severity: Severity, other: str = ""
) -> Finding:
    by_kind = metric.name in CATEGORICAL_METRICS | SPARSE_METRICS
    return RULE.finding(
        message,
        *evidence,
        effect=effect,
        remedy="Write `'accuracy'`, which picks the kind that fits, or the metric of the same kind as the loss."
        if by_kind
        else "Encode the labels one-hot and use `categorical_crossentropy`, or measure with `'accuracy'`.",
        severity=severity,
        ways=(Way("metric", (ReplaceMetric(other, metric.origin),) if other else ()),),
    )
