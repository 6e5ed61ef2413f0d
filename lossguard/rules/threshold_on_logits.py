"""A metric takes raw scores for probabilities: it splits them at 0.5 instead of 0.

## What it does
Reports `'accuracy'` on a single unit without activation, and `BinaryAccuracy`, `Precision`, `Recall`, `AUC`
and others that split their input at 0.5, where the loss has `from_logits=True` or is a hinge loss; and
all of them with a hinge loss on -1/+1 labels. An accuracy that is written
out (`tf.round`, `tf.greater`) is read as well, if it takes the scores that the loss gets.

## Why it matters
Raw scores are split at 0: a score of 0.3 means 57 %. The metric splits at 0.5 (62 %), so that accuracy is too
low (0.81 where 0.98 is right), precision too high and recall too low (0.87 and 0.83 where 0.80 and 0.93 are
right), and `AUC` sees all scores above 1 or below 0 as equal (0.90 instead of 0.93). Early stopping and model
selection follow these numbers.

## What Keras does
- All backends: silent. The metric does not know of the loss's `from_logits`.
- Keras 3.0 to 3.4 refuse `BinaryAccuracy(threshold=0)` with a `ValueError` (`Expected a value in interval (0, 1)`);
  `threshold=1e-7` works in all versions and splits the same. `Precision`, `Recall` and the others take 0 everywhere.
- `'accuracy'` becomes `BinaryAccuracy(threshold=0.5)` whenever the output has one unit.
- With 0/1 labels and a hinge loss on a linear or `tanh` unit, `'accuracy'` splits at 0.5 too: 0.80 where 0.98 is
  right.
- With -1/+1 labels and a hinge loss, `'accuracy'` compares 0/1 answers with -1/+1 (0.41 where 0.85 is right);
  `Precision`, `Recall` and `AUC` take every -1 for a positive label (1.00, 0.47 and 0.0 where 0.80, 0.93 and 0.93
  are right).

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(
        "adam",
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
    )
    model.fit(x, y, epochs=2)

## When it is fine
`'accuracy'` on two or more units is an argmax, which is the same for scores and probabilities.
`AUC(from_logits=True)` and `threshold=0` are right. A linear unit trained with mean squared error on 0/1
answers around 0 and 1, so that 0.5 is right there.

## Fix safety
Unsafe: the threshold 0 fits the scores (`threshold`), a sigmoid output with `from_logits=False` fits the metric
(`activation`). Where `keras-version`, or the project's dependencies, admit Keras 3.0 to 3.4, the threshold is 1e-7.

## References
- `keras.metrics.BinaryAccuracy`, `keras.metrics.Precision`, `keras.metrics.AUC`
- `keras.Model.compile`: how the string `'accuracy'` is resolved
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Decode, Encoding, Fact, Family, Labels, Loss, Metric, Output, Target, TrainingSetup
from lossguard.findings import (
    Evidence,
    Finding,
    Repair,
    SetActivation,
    SetFromLogits,
    SetMetricFromLogits,
    SetThreshold,
    Severity,
    Way,
)
from lossguard.rules.premises import (
    THRESHOLDED,
    at_labels,
    at_loss,
    at_output,
    called,
    describe,
    raw_scores,
    split_at_zero,
    splits_at_half,
    zero_threshold,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG401",
    name="threshold-on-logits",
    severity=Severity.WARNING,
    summary="a metric takes raw scores for probabilities: it splits them at 0.5 instead of 0",
    ways=("threshold", "activation"),
)

CURVES = frozenset(
    {
        "AUC",
        "PrecisionAtRecall",
        "RecallAtPrecision",
        "SensitivityAtSpecificity",
        "SpecificityAtSensitivity",
    }
)
"""Metrics that try many thresholds, all of them between 0 and 1."""

CROSS_ENTROPIES = frozenset({"BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"})
"""Metrics with a `from_logits` of their own."""

ANSWERS = THRESHOLDED | CURVES | {"accuracy"}
"""Metrics that know the labels 0 and 1 only, whatever their threshold."""

HALF = 0.5


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.BINARY | Family.CATEGORICAL | Family.SPARSE_CATEGORICAL, from_logits=True) as loss,
            metrics=metrics,
        ) if raw_scores(output) and (misled := [metric for metric in metrics if _wants_probabilities(metric, output)]):
            yield RULE.finding(
                f"{_names(misled)} {'takes' if len(misled) == 1 else 'take'} raw scores for probabilities:"
                f" the output is {describe(output)}",
                *_places(misled),
                at_output(output),
                at_loss(loss, "from_logits=True: the output is raw scores"),
                effect=_effect(misled),
                remedy=_remedy(misled, target),
                ways=(
                    Way("threshold", _told(misled, target)),
                    Way(
                        "activation",
                        (SetActivation("sigmoid" if loss.family is Family.BINARY else "softmax"), SetFromLogits(False)),
                    ),
                ),
            )
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.HINGE) as loss,
            labels=Labels(encoding=Encoding.SIGNED) as labels,
            metrics=metrics,
        ) if output.width.is_(1) and (misled := [metric for metric in metrics if metric.name in ANSWERS]):
            yield RULE.finding(
                f"{_names(misled)} {'takes' if len(misled) == 1 else 'take'} labels 0 and 1, but they are -1 and +1",
                *_places(misled),
                at_output(output),
                at_labels(labels),
                effect="Samples with the label -1 never count as right: accuracy reads 0.41 where 0.85 is right."
                if all(metric.name in {"accuracy", "BinaryAccuracy"} for metric in misled)
                else "A label of -1 counts as positive, too: precision reads 1.00 where 0.80 is right.",
                remedy="Use 0/1 labels (the hinge loss turns them into -1/+1 itself) and split at 0, as"
                f" {split_at_zero(target)} does.",
            )
        case Decode(
            output=Output() as output,
            loss=Loss(family=Family.BINARY, from_logits=True) as loss,
            origin=origin,
            in_training=True,
        ) if raw_scores(output) and splits_at_half(fact):
            yield RULE.finding(
                f"raw scores are split at 0.5, but 0 is their middle: the output is {describe(output)}",
                Evidence(origin, "splits at 0.5"),
                at_output(output),
                at_loss(loss, "takes raw scores"),
                effect=_effect([]),
                remedy="Compare with 0, or apply a sigmoid first.",
                ways=(Way("threshold", (SetThreshold(0.0),) if fact.threshold is not None else ()),),
            )
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.HINGE) as loss,
            labels=Labels(encoding=Encoding.BINARY),
            metrics=metrics,
        ) if (raw_scores(output) or output.activation == "tanh") and (
            misled := [metric for metric in metrics if _wants_probabilities(metric, output)]
        ):
            yield RULE.finding(
                f"{_names(misled)} {'takes' if len(misled) == 1 else 'take'} scores of a hinge loss for probabilities:"
                f" the output is {describe(output)}",
                *_places(misled),
                at_output(output),
                at_loss(loss, "tells two classes apart at 0"),
                effect="The scores are split at 0, not at 0.5, so that the reported number is wrong (accuracy 0.80"
                " where 0.98 is right); training is not affected.",
                remedy=_remedy(misled, target, probabilities=False),
                ways=(Way("threshold", _told(misled, target)),),
            )


def _wants_probabilities(metric: Metric, output: Output) -> bool:
    match metric:
        case Metric(name="accuracy"):
            return output.width.is_(1) is True
        case Metric(from_logits=False) if metric.name in CURVES | CROSS_ENTROPIES:
            return metric.threshold is None
        case _:
            return metric.name in THRESHOLDED and metric.threshold == HALF and "top_k" not in metric.text


def _names(metrics: list[Metric]) -> str:
    return " and ".join(called(metric) for metric in metrics)


def _places(metrics: list[Metric]) -> Iterator[Evidence]:
    for metric in metrics:
        if metric.name in CURVES:
            label = "only has thresholds between 0 and 1"
        elif metric.name in CROSS_ENTROPIES:
            label = "has a from_logits of its own, which is False"
        else:
            label = "splits at 0.5"
        yield Evidence(metric.origin, label)


def _effect(metrics: list[Metric]) -> str:
    if metrics and all(metric.name in CROSS_ENTROPIES for metric in metrics):
        return (
            "The metric is another number than the loss (measured: 2.37 where 0.74 is right); training is not affected."
        )
    return (
        "Raw scores are split at 0, not at 0.5, so that the reported number is wrong (accuracy 0.81 where 0.98 is"
        " right); training is not affected."
    )


def _remedy(metrics: list[Metric], target: Target, *, probabilities: bool = True) -> str:
    names = {metric.name for metric in metrics}
    ways = []
    if names & {"accuracy", "BinaryAccuracy"}:
        ways.append(f"use {split_at_zero(target)}")
    if names & (THRESHOLDED - {"BinaryAccuracy"}):
        ways.append("set the threshold to 0")
    if names & (CROSS_ENTROPIES | {"AUC"}):
        ways.append("give the metric `from_logits=True`")
    if probabilities:
        ways.append("let the model answer with probabilities and give the loss `from_logits=False`")
    elif not ways:
        ways.append("use a cross-entropy on probabilities")
    sentence = ", or ".join(ways)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _told(metrics: list[Metric], target: Target) -> tuple[Repair, ...]:
    """What each of these metrics has to be told; nothing where one of them can't be told."""
    repairs: list[Repair] = []
    for metric in metrics:
        if metric.name in {"accuracy", "BinaryAccuracy"}:
            repairs.append(SetThreshold(zero_threshold(target), metric.origin))
        elif metric.name in THRESHOLDED:
            repairs.append(SetThreshold(0.0, metric.origin))
        elif metric.name in CROSS_ENTROPIES | {"AUC"}:
            repairs.append(SetMetricFromLogits(metric.origin))
        else:
            return ()
    return tuple(repairs)
