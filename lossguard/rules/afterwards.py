"""What repairs make of a fact, and which others they ask for: a metric follows its loss."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, LossCall, Metric, Output, Range, TrainingSetup, Width
from lossguard.findings import (
    EncodeLabels,
    Finding,
    Repair,
    ReplaceLoss,
    ReplaceMetric,
    ReturnLastStep,
    SetActivation,
    SetFromLogits,
    SetMetricFromLogits,
    SetThreshold,
    SetUnits,
    SwapArguments,
    Way,
)

_FAMILIES = {
    "binary_crossentropy": Family.BINARY,
    "categorical_crossentropy": Family.CATEGORICAL,
    "sparse_categorical_crossentropy": Family.SPARSE_CATEGORICAL,
    "mean_squared_error": Family.REGRESSION,
    "hinge": Family.HINGE,
}
_RANGES = {
    "exponential": Range.UNKNOWN,
    "linear": Range.LOGITS,
    "sigmoid": Range.PROBABILITIES,
    "softmax": Range.SIMPLEX,
    "tanh": Range.SIGNED_UNIT,
}
_ROUNDS = 3

Judge = Callable[[Fact], list[Finding]]


def complete(finding: Finding, fact: Fact, judge: Judge) -> Finding:
    """The finding with ways out that leave nothing new to find: with what else they ask for, or left out."""
    if not isinstance(fact, (TrainingSetup, LossCall)):
        return finding
    ways = tuple(
        whole
        for way in finding.ways
        if _can_be_written(way) and (whole := _whole(way, finding, fact, judge)) is not None
    )
    return replace(finding, ways=ways)


def _can_be_written(way: Way) -> bool:
    """Whether the number of units, where it is to change, has a number or a name."""
    widths = [repair.width for repair in way.repairs if isinstance(repair, SetUnits)]
    return all(width.known or width.symbol is not None for width in widths)


def _whole(way: Way, finding: Finding, fact: TrainingSetup | LossCall, judge: Judge) -> Way | None:
    known = {_identity(found) for found in judge(fact)} - {_identity(finding)}
    for _ in range(_ROUNDS):
        after = judge(repaired(fact, way.repairs))
        new = next((found for found in after if _identity(found) not in known), None)
        if new is None:
            return way
        if not new.ways:
            return None
        more = tuple(repair for repair in new.ways[0].repairs if repair not in way.repairs)
        if not more or {_part(repair) for repair in more} & {_part(repair) for repair in way.repairs}:
            return None
        way = replace(way, repairs=(*way.repairs, *more))
    return None


def _identity(finding: Finding) -> Hashable:
    return finding.code, id(finding.evidence[0].origin)


def _part(repair: Repair) -> Hashable:
    """What a repair changes: two repairs of one part contradict each other."""
    metric = getattr(repair, "metric", None)
    if metric is not None:
        return id(metric)
    return "loss" if isinstance(repair, (ReplaceLoss, SetFromLogits)) else type(repair).__name__


def repaired(fact: TrainingSetup | LossCall, repairs: tuple[Repair, ...]) -> TrainingSetup | LossCall:
    """The fact as it is when these repairs are made."""
    for repair in repairs:
        fact = _setup(fact, repair) if isinstance(fact, TrainingSetup) else _call(fact, repair)
    return fact


def _setup(setup: TrainingSetup, repair: Repair) -> TrainingSetup:
    return replace(
        setup,
        output=_output(setup.output, repair),
        loss=None if setup.loss is None else _loss(setup.loss, repair),
        labels=_labels(setup.labels, repair),
        metrics=tuple(_metric(metric, repair) for metric in setup.metrics),
    )


def _call(fact: LossCall, repair: Repair) -> LossCall:
    if isinstance(repair, SwapArguments):
        return replace(fact, target=fact.prediction, prediction=fact.target)
    prediction = fact.prediction
    if isinstance(prediction, Output):
        prediction = _output(prediction, repair)
    return replace(fact, loss=_loss(fact.loss, repair), prediction=prediction)


def _output(output: Output | None, repair: Repair) -> Output | None:
    match output, repair:
        case Output(), SetActivation(name=name):
            return replace(output, activation=name, range=_RANGES[name], after=())
        case Output(), SetUnits(width=width):
            return replace(output, width=width)
        case Output(rank=int() as rank), ReturnLastStep():
            return replace(output, rank=rank - 1)
    return output


def _loss(loss: Loss, repair: Repair) -> Loss:
    match repair:
        case SetFromLogits(value=value):
            return replace(loss, from_logits=value)
        case ReplaceLoss(name=name):
            return replace(loss, name=name, family=_FAMILIES[name], text=name)
    return loss


def _labels(labels: Labels | None, repair: Repair) -> Labels | None:
    match labels, repair:
        case Labels(), EncodeLabels(encoding=Encoding.ONE_HOT):
            return replace(labels, encoding=Encoding.ONE_HOT, width=labels.classes, rank=2, low=None, high=None)
        case Labels(), EncodeLabels(encoding=encoding):
            return replace(labels, encoding=encoding, width=Width(), rank=1)
    return labels


def _metric(metric: Metric, repair: Repair) -> Metric:
    match repair:
        case SetThreshold(value=value, metric=origin) if origin == metric.origin:
            name = "BinaryAccuracy" if metric.name == "accuracy" else metric.name
            return replace(metric, name=name, threshold=value)
        case SetMetricFromLogits(metric=origin) if origin == metric.origin:
            return replace(metric, from_logits=True)
        case ReplaceMetric(name=name, metric=origin) if origin == metric.origin:
            return replace(metric, name=name, threshold=None, text=name)
    return metric
