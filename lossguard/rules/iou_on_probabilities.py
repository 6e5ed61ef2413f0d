"""`MeanIoU` takes predictions for class ids, but gets probabilities.

## What it does
Reports `IoU` and `MeanIoU` without `sparse_y_pred=False` where the output is probabilities or raw scores.

## Why it matters
The metric cuts predictions to integers. A probability below 1 becomes class 0, so that it measures a model that
always answers 0: 0.25 where 0.74 is right, whatever the model learns. In segmentation this is the number that
people report and stop by.

## What Keras does
- One unit, or one-hot labels: silent on every backend, about 1/K of what is right.
- Class ids and one unit for each class: raises in `fit`, the shapes differ.
- Raw scores: nonsense in Keras 3; Keras 2 raises on negative scores.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, (60, 1))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy", metrics=[keras.metrics.MeanIoU(num_classes=2)])
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, (60, 1))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy", metrics=[keras.metrics.BinaryIoU()])
    model.fit(x, y, epochs=2)

## When it is fine
On class ids: a model that ends in an argmax, or `metric.update_state(y, np.argmax(p, -1))` in a loop of one's
own.

## Fix safety
There is no automatic fix: `BinaryIoU()` fits one sigmoid unit, `MeanIoU(K, sparse_y_pred=False)` class ids and
one unit for each class, `OneHotMeanIoU(K)` one-hot labels.

## References
- `keras.metrics.MeanIoU`: arguments `sparse_y_true`, `sparse_y_pred`
- `keras.metrics.BinaryIoU`, `keras.metrics.OneHotMeanIoU`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Range, Target, TrainingSetup
from lossguard.findings import Evidence, Finding, Severity
from lossguard.rules.premises import SIGMOIDS, at_output, called, describe, if_known, raw_scores
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG408",
    name="iou-on-probabilities",
    severity=Severity.ERROR,
    summary="`MeanIoU` takes predictions for class ids, but gets probabilities",
)

CLASSIFICATION = frozenset({Family.BINARY, Family.CATEGORICAL, Family.SPARSE_CATEGORICAL})


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output, loss=Loss() as loss, labels=Labels() | None as labels, metrics=metrics
        ) if _scores(output, loss):
            for metric in metrics:
                if metric.class_ids:
                    yield RULE.finding(
                        f"{called(metric)} takes predictions for class ids, but gets {describe(output)}",
                        Evidence(metric.origin, "cuts predictions to integers"),
                        at_output(output),
                        *if_known(labels),
                        effect="fit raises at the first batch: the labels do not have the shape of the output."
                        if _columns_for_ids(output, loss)
                        else "A probability below 1 becomes class 0: the number hardly depends on the model (0.25"
                        " where 0.74 is right).",
                        remedy=_remedy(output, loss, labels),
                        severity=Severity.ERROR if _columns_for_ids(output, loss) else Severity.WARNING,
                    )


def _scores(output: Output, loss: Loss) -> bool:
    if output.range in {Range.PROBABILITIES, Range.SIMPLEX}:
        return output.activation in SIGMOIDS | {"softmax"}
    return raw_scores(output) and loss.family in CLASSIFICATION


def _columns_for_ids(output: Output, loss: Loss) -> bool:
    return loss.family is Family.SPARSE_CATEGORICAL and output.width.at_least(2) is True


def _remedy(output: Output, loss: Loss, labels: Labels | None) -> str:
    if output.width.is_(1):
        return "Use `BinaryIoU()`, with `threshold=0` on raw scores." if raw_scores(output) else "Use `BinaryIoU()`."
    if loss.family is Family.CATEGORICAL or (labels is not None and labels.encoding is Encoding.ONE_HOT):
        return "Use `OneHotMeanIoU`."
    return "Give the metric `sparse_y_pred=False`; with one-hot labels `sparse_y_true=False` too."
