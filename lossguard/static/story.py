"""What was understood of each training setup, in words: for `--show-models`."""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Labels, Loss, Metric, Output, Range, TrainingSetup
from lossguard.findings import Place
from lossguard.static.interpreter import Understanding
from lossguard.static.places import places
from lossguard.static.values import Site


def story(understanding: Understanding) -> Iterator[str]:
    """One line for each setup, in the order they were met."""
    setups = [case for case in understanding.cases if isinstance(case.fact, TrainingSetup)]
    origins = [case.fact.origin for case in setups if isinstance(case.fact, TrainingSetup)]
    sites = [origin for origin in origins if isinstance(origin, Site)]
    where = places(sites)
    worlds = understanding.machine.worlds
    told = dict[str, None]()
    for case in setups:
        if not isinstance(case.fact, TrainingSetup) or not isinstance(case.fact.origin, Site):
            continue
        when = worlds.tell(case.path)
        line = f"{_place(where[case.fact.origin])}: {_setup(case.fact)}"
        told[line + (f" (when {when})" if when else "")] = None
    yield from told


def _place(place: Place) -> str:
    cell = f"cell {place.cell}:" if place.cell is not None else ""
    return f"{place.filename}:{cell}{place.start.row}"


def _setup(setup: TrainingSetup) -> str:
    metrics = ", ".join(map(_metric, setup.metrics)) or "none"
    return (
        f"output {_output(setup.output)}; loss {_loss(setup.loss)}; labels {_labels(setup.labels)}; metrics {metrics}"
    )


def _output(output: Output | None) -> str:
    if output is None:
        return "not understood"
    if output.range is Range.UNKNOWN:
        return f"{output.layer or 'something'} of {output.width} units, its range not understood"
    return f"{output.layer}({output.width}, {output.activation})"


def _loss(loss: Loss | None) -> str:
    if loss is None:
        return "not understood"
    return f"{loss.name}(from_logits={loss.from_logits})"


def _labels(labels: Labels | None) -> str:
    if labels is None or labels.encoding is Encoding.UNKNOWN:
        return "not understood"
    return f"{labels.encoding.value} from {labels.source}"


def _metric(metric: Metric) -> str:
    return metric.name
