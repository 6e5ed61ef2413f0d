"""What a model's outputs are: read from the layers that made them, and checked against their values."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lossguard.catalog.layers import LAYERS, LayerSpec, RangeEffect
from lossguard.facts import LogitsRepair, Output, Range, Width
from lossguard.runtime.activations import UNKNOWN, Activation, identified, related, same_values
from lossguard.runtime.library import Library, is_own, to_numpy
from lossguard.runtime.origins import Live
from lossguard.runtime.trace import Step, Trace

_ACTIVATED = frozenset({"softmax", "sigmoid"})
_SOME = 1e-3
_COARSE = 2e-2


@dataclass(frozen=True, slots=True)
class Measured:
    """What one output was on a batch: its name, its facts, and its values."""

    name: str | None
    output: Output
    tensor: Any
    values: Any


def flat(result: Any) -> list[Any]:
    """The outputs of a model in their order."""
    if isinstance(result, dict):
        return list(result.values())
    return list(result) if isinstance(result, (list, tuple)) else [result]


def measured(trace: Trace, names: list[str] | None, library: Library) -> list[Measured]:
    """Every output of the model that was traced."""
    result = trace.result
    if isinstance(result, dict):
        pairs: list[tuple[str | None, Any]] = list(result.items())
    elif isinstance(result, (list, tuple)):
        known: list[str | None] = list(names or [])
        pairs = list(zip(known if len(known) == len(result) else [None] * len(result), result, strict=True))
    else:
        pairs = [(names[0] if names and len(names) == 1 else None, result)]
    reader = _Reader(trace, library)
    return [_measured(reader, name, tensor) for name, tensor in pairs]


def _measured(reader: _Reader, name: str | None, tensor: Any) -> Measured:
    values = to_numpy(tensor)
    output = reader.output(tensor)
    return Measured(name, replace(output, **_checked(output, values), name=name), tensor, values)


def is_distribution(values: Any) -> bool:
    """Whether every row is one: nothing below 0, and a sum of 1."""
    if values is None or values.ndim < 2 or values.shape[-1] < 2 or not values.size:  # noqa: PLR2004
        return False
    close = _COARSE if values.dtype.itemsize <= 2 else _SOME  # noqa: PLR2004
    return bool((values >= -close).all() and np.allclose(values.sum(axis=-1, dtype="float64"), 1, atol=close))


def _checked(output: Output, values: Any) -> dict[str, Any]:
    """What must be corrected because the values say otherwise."""
    if values is None or not values.size or values.dtype.kind not in "fiu" or not np.isfinite(values).all():
        return {}
    low, high = float(values.min()), float(values.max())
    wide = low < -_SOME and high > 1 + _SOME
    told = output.range
    single = values.shape[-1] == 1
    contradicted = (told is Range.SIMPLEX and not single and not is_distribution(values)) or (
        told is Range.PROBABILITIES and (low < -_SOME or high > 1 + _SOME)
    )
    if told is not Range.UNKNOWN and not contradicted:
        return {}
    if is_distribution(values):
        return {"range": Range.SIMPLEX, "activation": None}
    if wide and output.activation is None:
        return {"range": Range.LOGITS, "activation": "linear"}
    return {"range": Range.UNKNOWN, "activation": None} if contradicted else {}


@dataclass(frozen=True, slots=True)
class _Reader:
    trace: Trace
    library: Library

    def output(self, tensor: Any) -> Output:
        """The facts of this tensor, from the call that made it."""
        step = self.trace.maker(tensor)
        output = self._computed(None, tensor) if step is None else self._made(step, tensor)
        output = self._repair(output, tensor)
        for layer in self.trace.through(tensor):
            output = self._passed(output, layer)
        return output

    def _made(self, step: Step, tensor: Any) -> Output:
        layer = step.layer
        spec = LAYERS.get(type(layer).__name__) if is_own(layer, self.library.package) else None
        if spec is None:
            return self._computed(step, tensor)
        match spec.range_effect:
            case RangeEffect.OWN if spec.activation_parameter is None or hasattr(layer, spec.activation_parameter):
                return self._activated(step, spec, tensor)
            case RangeEffect.LINEAR:
                return self._plain(step, tensor, Activation("linear"))
            case RangeEffect.KEEPS | RangeEffect.ELEMENTS | RangeEffect.SUM if step.inputs:
                return self._merged(step, spec, tensor)
            case RangeEffect.WRAP:
                return self._wrapped(step, tensor)
        return self._computed(step, tensor)

    def _plain(self, step: Step, tensor: Any, activation: Activation) -> Output:
        layer = step.layer
        kind, name = type(layer).__name__, str(getattr(layer, "name", ""))
        made = Live("layer", name, layer)
        return self._shaped(Output(Width(), activation.range, activation.name, made, layer=kind), tensor)

    def _activated(self, step: Step, spec: LayerSpec, tensor: Any) -> Output:
        if spec.activation_parameter is None:
            activation = Activation(spec.default_activation)
        else:
            activation = identified(getattr(step.layer, spec.activation_parameter), self.library)
        if "units" in spec.parameters or spec.size_parameter is not None or not step.inputs:
            repair = LogitsRepair.GRAPH_ONLY if activation.raw else LogitsRepair.UNKNOWN
            return replace(self._plain(step, tensor, activation), repair=repair)
        return self._onto(self.output(step.inputs[0]), activation, step, tensor)

    def _onto(self, before: Output, activation: Activation, step: Step | None, tensor: Any) -> Output:
        """An activation behind the layer that made the width."""
        if activation.name == "linear":
            return self._shaped(before, tensor)
        where = None if step is None else Live("layer", str(getattr(step.layer, "name", "")), step.layer)
        twice = before.range not in {Range.LOGITS, Range.UNKNOWN} and activation.name in _ACTIVATED
        raw = activation.raw and not twice
        repair = LogitsRepair.LOST if twice else LogitsRepair.GRAPH_ONLY if raw else LogitsRepair.UNKNOWN
        changed = replace(
            before, range=activation.range, activation=activation.name, activation_origin=where, after=(), repair=repair
        )
        return self._shaped(changed, tensor)

    def _merged(self, step: Step, spec: LayerSpec, tensor: Any) -> Output:
        inputs = [self.output(one) for one in step.inputs]
        first = inputs[0]
        same = all((one.range, one.activation) == (first.range, first.activation) for one in inputs)
        broken = spec.range_effect is RangeEffect.ELEMENTS and first.range is Range.SIMPLEX
        summed = spec.range_effect is RangeEffect.SUM and first.range is not Range.LOGITS
        joined = replace(first, after=(*first.after, type(step.layer).__name__), repair=LogitsRepair.LOST)
        if not same or broken or summed:
            joined = replace(joined, range=Range.UNKNOWN, activation=None)
        return self._shaped(joined, tensor)

    def _wrapped(self, step: Step, tensor: Any) -> Output:
        layer = step.layer
        inner: Any = getattr(layer, "layer", getattr(layer, "forward_layer", getattr(layer, "cell", None)))
        activation = identified(inner.activation, self.library) if hasattr(inner, "activation") else UNKNOWN
        return replace(self._plain(step, tensor, activation), repair=LogitsRepair.LOST)

    def _computed(self, step: Step | None, tensor: Any) -> Output:
        """Behind code that no table knows: by comparing what went in with what came out."""
        last = self.trace.inside(step)
        sources = [*(last.outputs[:1] if last is not None else ()), *(step.inputs if step is not None else ())]
        after = to_numpy(tensor)
        for source in sources:
            before = to_numpy(source)
            found = related(before, after)
            name = type(step.layer).__name__ if step is not None else "call"
            if found.name == "linear" or (found.name is None and same_values(before, after)):
                kept = self.output(source)
                return self._shaped(replace(kept, after=(*kept.after, name), repair=LogitsRepair.LOST), tensor)
            if found.name is not None:
                return self._onto(self.output(source), found, step, tensor)
        where = step or last
        if where is None:
            return self._shaped(Output(Width(), Range.UNKNOWN, None, Live("model", "model")), tensor)
        return self._plain(where, tensor, UNKNOWN)

    def _shaped(self, output: Output, tensor: Any) -> Output:
        shape = tuple(getattr(tensor, "shape", ()))
        size = shape[-1] if len(shape) > 1 else 1
        dtype = str(getattr(tensor, "dtype", "")).rpartition(".")[2].replace("<dtype: '", "").rstrip("'>")
        return replace(output, width=Width(int(size)), rank=max(len(shape), 1), dtype=dtype or None)

    def _repair(self, output: Output, tensor: Any) -> Output:
        """Whether the values before the activation are on the tensor is not inferred: it is looked up."""
        if output.activation not in _ACTIVATED or self.library.backend != "tensorflow":
            return output
        if hasattr(tensor, "_keras_logits"):
            return replace(output, repair=LogitsRepair.KEPT)
        graph = output.repair is LogitsRepair.GRAPH_ONLY and not output.after
        return replace(output, repair=LogitsRepair.GRAPH_ONLY if graph else LogitsRepair.LOST)

    def _passed(self, output: Output, layer: Any) -> Output:
        """A layer that changes nothing when the model predicts, but may when it is trained."""
        name = type(layer).__name__
        spec = LAYERS.get(name) if is_own(layer, self.library.package) else None
        if spec is None:
            return output
        old = self.library.major < 3  # noqa: PLR2004
        keeps = spec.keeps_repair_keras2 if old else spec.keeps_repair
        off = spec.off_parameter is not None and getattr(layer, spec.off_parameter, None) == 0
        kept = keeps is LogitsRepair.KEPT or (off and not old)
        if spec.activation_parameter is not None:
            return output
        return replace(output, after=(*output.after, name), repair=output.repair if kept else LogitsRepair.LOST)
