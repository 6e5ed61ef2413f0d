"""One look at a model: a forward pass on a batch, and for each output the setup and its numbers."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from lossguard.facts import Labels, TrainingSetup
from lossguard.runtime import compiled, gradient, measure, training
from lossguard.runtime.batches import Batch, synthetic, unsupported
from lossguard.runtime.labels import labels_of
from lossguard.runtime.library import Library, NotProbed
from lossguard.runtime.losses import loss_of
from lossguard.runtime.measure import Numbers, Question, Seen
from lossguard.runtime.metrics import metric_of
from lossguard.runtime.misuse import metrics_as_weights, misuses
from lossguard.runtime.origins import Live
from lossguard.runtime.outputs import Measured, flat, measured
from lossguard.runtime.state import unchanged
from lossguard.runtime.trace import Trace, recorded
from lossguard.runtime.training import Training

_MUCH = 5_000_000


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras says the same when it trains
        with unchanged(model, library):
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
    """Reads the setup of each output from one traced forward pass; `x` is None where the inputs were made up."""

    model: Any
    library: Library
    trace: Trace
    tape: Any
    x: Any

    def seen(self, outputs: Sequence[Measured], batch: Batch | None) -> list[Seen]:
        names = [output.name for output in outputs]
        given = compiled.losses(self.model, names)
        metrics = compiled.metrics(self.model, names, self.library)
        small = compiled.targets(batch.y if batch is not None else None, names)
        every = compiled.targets(batch.labels if batch is not None and batch.whole else None, names)
        source = batch.source if batch is not None else ""
        setups = []
        for number, output in enumerate(outputs):
            shape = tuple(getattr(output.tensor, "shape", ()))
            labels = _labels(small[number], every[number], shape, source)
            loss = loss_of(given[number], self.library, output.output, labels)
            known = [metric for one in metrics[number] if (metric := metric_of(one, self.library)) is not None]
            where = Live("compile", "compile", self.model)
            use = Live("labels", source, self.model) if labels is not None else None
            name = str(getattr(self.model, "name", ""))
            setups.append(TrainingSetup(output.output, loss, labels, tuple(known), where, use, name))
        asked = [
            self._question(one, setup, y, output)
            for one, setup, y, output in zip(given, setups, small, outputs, strict=True)
        ]
        weights = [
            self._weights(question, output, only=len(outputs) == 1)
            for question, output in zip(asked, outputs, strict=True)
        ]
        numbers = self._numbers(asked, outputs, weights)
        misused = [
            tuple(misuses(one, metrics[number], self.library, fails=bool(numbers[number].failure)))
            for number, one in enumerate(given)
        ]
        if misused:
            misused[0] += tuple(metrics_as_weights(self.model, self.library))
        found = [Seen(*one) for one in zip(setups, outputs, numbers, misused, strict=True)]
        if batch is None or self.x is None:
            return found
        return training.confirmed(found, asked, weights, batch, Training(self.model, self.library, self.x))

    def _weights(self, question: Question | None, output: Measured, *, only: bool) -> list[Any]:
        return gradient.output_weights(self.trace, output.tensor, only=only) if question is not None else []

    def _question(self, given: Any, setup: TrainingSetup, y: Any, output: Measured) -> Question | None:
        """The loss of this output and the labels that it gets, where both are known."""
        if given is None or y is None or setup.labels is None or self.x is None or output.values is None:
            return None
        loss = setup.loss
        return Question(loss.name if loss is not None and isinstance(given, str) else given, y, setup)

    def _numbers(
        self, asked: Sequence[Question | None], outputs: Sequence[Measured], weights: Sequence[Sequence[Any]]
    ) -> list[Numbers]:
        if len(outputs) == 1 or self.library.backend != "tensorflow" or not any(weights):
            losses, failures = self._losses(asked, [output.tensor for output in outputs], self.tape)
            tape = self.tape
        else:
            with gradient.taped_for(weights, self.library) as tape:
                tensors = flat(_forward(self.model, self.x))
            losses, failures = self._losses(asked, tensors, tape)

        by = [own if loss is not None else [] for own, loss in zip(weights, losses, strict=True)]

        def again(values: Sequence[Any]) -> list[Any]:
            return self._again([question if own else None for question, own in zip(asked, by, strict=True)], by, values)

        steep = gradient.lengths(losses, by, tape, self.library, again)
        found = []
        for question, output, loss, failure, slope in zip(asked, outputs, losses, failures, steep, strict=True):
            if question is None or failure:
                found.append(Numbers(failure=failure))
                continue
            wanted = measure.reference(output, question)
            by_kernels = slope.by_kernels if slope is not None else None
            found.append(Numbers(measure.mean(loss), wanted, slope.length if slope is not None else None, by_kernels))
        return found

    def _losses(
        self, asked: Sequence[Question | None], tensors: Sequence[Any], tape: Any
    ) -> tuple[list[Any], list[str]]:
        found = []
        with tape if tape is not None else nullcontext():
            for question, tensor in zip(asked, tensors, strict=True):
                found.append((None, "") if question is None else measure.loss_value(question, tensor, self.library))
        return [loss for loss, _ in found], [failure for _, failure in found]

    def _again(
        self, asked: Sequence[Question | None], weights: Sequence[Sequence[Any]], values: Sequence[Any]
    ) -> list[Any]:
        """The losses with other values of the output layers' weights, without touching the model (JAX)."""
        flattened = [one for layer in weights for one in layer]
        replaced = {id(weight): value for weight, value in zip(flattened, values, strict=True)}
        trainable = [replaced.get(id(one), one.value) for one in self.model.trainable_variables]
        fixed = [one.value for one in self.model.non_trainable_variables]
        result = gradient.without_state(self.model, trainable, fixed, self.x, training=False)
        found = []
        for question, tensor in zip(asked, flat(result), strict=True):
            if question is not None:
                value, failure = measure.loss_value(question, tensor, self.library)
                if failure:
                    raise NotProbed(f"gradient: {failure}")
                found.append(value.mean())
        return found


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
