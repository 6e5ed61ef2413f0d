"""One look at a model: a forward pass on a batch, and for each output the setup and its numbers."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lossguard.facts import Labels, Loss, TrainingSetup
from lossguard.runtime import compiled, gradient, measure
from lossguard.runtime.batches import Batch, synthetic, unsupported
from lossguard.runtime.labels import labels_of
from lossguard.runtime.library import Library, NotProbed
from lossguard.runtime.losses import loss_of
from lossguard.runtime.measure import Numbers
from lossguard.runtime.metrics import metric_of
from lossguard.runtime.origins import Live
from lossguard.runtime.outputs import Measured, measured
from lossguard.runtime.state import unchanged
from lossguard.runtime.trace import Trace, recorded

_MUCH = 5_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One output of the model: what meets there, and what it does."""

    setup: TrainingSetup
    measured: Measured
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a model gave; `notes` say how it was looked at."""

    model: Any
    library: Library
    seen: tuple[Seen, ...]
    notes: tuple[str, ...] = ()


def look(model: Any, library: Library, batch: Batch | None) -> Look:
    """Run the model on the batch, or on a made one, and leave it as it was."""
    compiled.require_compiled(model)
    made = batch is None or batch.x is None
    x = synthetic(model, library.package) if batch is None or batch.x is None else batch.x
    why = unsupported(x)
    if why is not None:
        raise NotProbed(f"reading the batch: {why}")
    if not getattr(model, "built", True):
        _forward(model, x)  # builds it, with the random numbers that training would take for that
    notes = ["the outputs were measured on made-up inputs, as none were given"] if made else []
    with unchanged(model, library), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras says the same when it trains
        with gradient.taped(library) as tape, recorded(library, gradient.watching(tape, library)) as trace:
            trace.result = _forward(model, x)
        outputs = measured(trace, getattr(model, "output_names", None), library)
        seen = _Looker(model, library, trace, tape, None if made else x).seen(outputs, batch)
    return Look(model, library, tuple(seen), tuple(notes))


def _forward(model: Any, x: Any) -> Any:
    try:
        return model(x, training=False)
    except Exception as error:
        raise NotProbed(f"forward pass: the batch does not fit {model.name!r}: {measure.first_line(error)}") from error


@dataclass(frozen=True, slots=True)
class _Looker:
    model: Any
    library: Library
    trace: Trace
    tape: Any
    x: Any

    def seen(self, outputs: Sequence[Measured], batch: Batch | None) -> list[Seen]:
        names = [output.name for output in outputs]
        losses = compiled.losses(self.model, names)
        metrics = compiled.metrics(self.model, names, self.library)
        small = compiled.targets(batch.y if batch is not None else None, names)
        every = compiled.targets(batch.labels if batch is not None and batch.whole else None, names)
        source = batch.source if batch is not None else ""
        found = []
        for number, output in enumerate(outputs):
            shape = tuple(getattr(output.tensor, "shape", ()))
            labels = _labels(small[number], every[number], shape, source)
            loss = loss_of(losses[number], self.library, output.output, labels)
            known = [metric for one in metrics[number] if (metric := metric_of(one, self.library)) is not None]
            where = Live("compile", "compile", self.model)
            use = Live("labels", source, self.model) if labels is not None else None
            setup = TrainingSetup(
                output.output, loss, labels, tuple(known), where, use, str(getattr(self.model, "name", ""))
            )
            numbers = self._numbers(number, losses[number], small[number], output, loss, labels)
            found.append(Seen(setup, output, numbers))
        return found

    def _numbers(
        self, number: int, given: Any, y: Any, output: Measured, loss: Loss | None, labels: Labels | None
    ) -> Numbers:
        if given is None or y is None or labels is None or self.x is None or output.values is None:
            return Numbers()
        identifier = loss.name if loss is not None and isinstance(given, str) else given
        if self.tape is None:
            value, failure = measure.loss_value(identifier, y, output, self.library)
        else:
            with self.tape:
                value, failure = measure.loss_value(identifier, y, output, self.library)
        if failure:
            return Numbers(failure=failure)

        def again(values: Sequence[Any]) -> Any:
            return self._again(number, identifier, y, output, values)

        weights = gradient.output_weights(self.trace)
        only = len(self.trace.result) == 1 if isinstance(self.trace.result, (list, tuple, dict)) else True
        wanted = measure.reference(output.values, y, output, loss, labels) if loss is not None else None
        steep = gradient.length(value, weights, self.tape, self.library, again) if only else None
        return Numbers(measure.mean(value), wanted, steep)

    def _again(self, number: int, given: Any, y: Any, output: Measured, values: Sequence[Any]) -> Any:
        """The loss with other values of the output layer's weights, without touching the model (JAX)."""
        weights = gradient.output_weights(self.trace)
        replaced = {id(weight): value for weight, value in zip(weights, values, strict=True)}
        trainable = [replaced.get(id(one), one.value) for one in self.model.trainable_variables]
        fixed = [one.value for one in self.model.non_trainable_variables]
        result, _ = self.model.stateless_call(trainable, fixed, self.x, training=False)
        outputs = list(result.values()) if isinstance(result, dict) else result
        tensor = outputs[number] if isinstance(outputs, (list, tuple)) else outputs
        value, failure = measure.loss_value(given, y, Measured(output.name, output.output, tensor, None), self.library)
        if failure:
            raise NotProbed(f"gradient: {failure}")
        return value.mean()


def _labels(small: Any, every: Any, shape: tuple[int, ...], source: str) -> Labels | None:
    if every is not None:
        rows = getattr(every, "shape", (len(every),))
        size = 1
        for entry in rows:
            size *= int(entry)
        if size <= _MUCH:
            return labels_of(every, shape, whole=True, source="y")
        return labels_of(every[: max(1, _MUCH * int(rows[0]) // size)], shape, whole=False, source="y")
    return labels_of(small, shape, whole=False, source=source) if small is not None else None
