"""Layers: what width, range and rank a layer gives to what it is called on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lossguard.catalog.activations import ACTIVATIONS, NAMES, RAW
from lossguard.catalog.activations import FUNCTIONS as ACTIVATION_FUNCTIONS
from lossguard.catalog.layers import LAYERS, OLD_PARAMETERS, Effect, LayerSpec, RangeEffect, RankEffect
from lossguard.facts import LayerOutput, LogitsRepair, Named, Output, Range, Width
from lossguard.frozen import dataclass
from lossguard.static.functions import FUNCTIONS, PREFIXED, Call, call, method
from lossguard.static.machine import Machine
from lossguard.static.named import unknown_name
from lossguard.static.operators import items_of, shift
from lossguard.static.sinks import Case
from lossguard.static.values import (
    NONE,
    Api,
    Arguments,
    Bound,
    Const,
    Function,
    Instance,
    Layer,
    Model,
    Native,
    Partial,
    Scope,
    Shifted,
    Site,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

_RANK_OF_OUTPUT = {
    "Conv1D": 3,
    "Conv1DTranspose": 3,
    "SeparableConv1D": 3,
    "Convolution1D": 3,
    "MaxPooling1D": 3,
    "Conv2D": 4,
    "Conv2DTranspose": 4,
    "SeparableConv2D": 4,
    "Convolution2D": 4,
    "MaxPooling2D": 4,
    "Conv3D": 5,
    "Conv3DTranspose": 5,
    "ConvLSTM2D": 4,
}
"""Layers that take and give tensors of one rank only."""

_RNN = frozenset({"SimpleRNN", "LSTM", "GRU", "CuDNNLSTM", "CuDNNGRU"})


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation argument as understood; `name` is None where it is not."""

    name: str | None
    raw: bool = False

    @property
    def range(self) -> Range:
        return ACTIVATIONS.get(self.name, Range.UNKNOWN) if self.name is not None else Range.UNKNOWN


LINEAR = Activation("linear")
NOT_UNDERSTOOD = Activation(None)


def unknown_tensor(machine: Machine, site: Site, rank: int | None = None) -> Tensor:
    """A tensor of which nothing is known."""
    return Tensor(Output(Width(), Range.UNKNOWN, None, site, rank=rank))


_COUNT = re.compile(r"[^\W\d]\w*|len\([^\W\d]\w*\)")
"""What is worth telling beside the number that it has."""


def width_of(machine: Machine, value: Value | None, site: Site) -> Width:
    """The width that an argument says; `site` is where it is written."""
    value = machine.pick(value)
    match value:
        case Const(value=int() as number) if not isinstance(number, bool):
            text = machine.text(site)
            return Width(number, text=text if _COUNT.fullmatch(text) else "")
        case Const(value=float() as number) if number.is_integer():
            return Width(int(number))
        case Unknown(key=key):
            return _bounded(machine, Width(symbol=key, text=machine.text(site)))
        case Shifted(base=base, offset=offset):
            return _bounded(machine, Width(symbol=base.key, offset=offset, text=machine.text(site)))
    return Width()


MANY = 3


def _note_many(machine: Machine, width: Width) -> None:
    """Remember the size of a vocabulary or a sample: units of that number are no yes and no."""
    if width.symbol is not None:
        machine.many.add(width.symbol)


def _bounded(machine: Machine, width: Width) -> Width:
    bounds = machine.worlds.bounds(width.symbol)
    low = max(0, int(bounds.low) + width.offset) if bounds.low > float("-inf") else 0
    if width.symbol in machine.many:
        low = max(low, MANY + min(0, width.offset))
    high = int(bounds.high) + width.offset if bounds.high < float("inf") else None
    return replace(width, low=low, high=high)


def value_of_width(machine: Machine, width: Width) -> Value:
    """A width as a value of the program, for `x.shape[-1]`."""
    if width.size is not None:
        return Const(width.size)
    if width.symbol is not None:
        return shift(Unknown(width.symbol, "the size of an axis", width.text), width.offset)
    return machine.unknown("the size of an axis")


# layers


def make_layer(request: Call) -> Value:
    """A call of something in `keras.layers`: a layer, or, for the functions among them, its result."""
    kind = request.name.rpartition(".")[2]
    spec = LAYERS.get(kind)
    if spec is None:
        return request.unknown(f"the layer {kind} is not known")
    machine = request.machine
    layer = Layer(kind, _as_of_today(machine, kind, request.arguments), request.site, machine.serial())
    _check_names(machine, layer)
    _check_softmax(machine, layer)
    if kind == "Embedding":
        _note_many(machine, width_of(machine, argument(machine, layer, "input_dim"), request.site))
    if kind == "Input":
        return _input(machine, layer)
    if kind[0].islower():
        inputs = request.raw("inputs", 0)
        return apply_layer(machine, layer, inputs or NONE, request.site, request.scope)
    return layer


def _check_names(machine: Machine, layer: Layer) -> None:
    """Note activations named by strings that no Keras knows."""
    spec = LAYERS[layer.kind]
    for name in dict.fromkeys((spec.activation_parameter or "activation", "activation", "recurrent_activation")):
        given = layer.arguments.keyword(name)
        if given is None and name in spec.parameters[: len(layer.arguments.positional)]:
            given = layer.arguments.positional[spec.parameters.index(name)]
        for guard, option in machine.worlds.options(given or NONE):
            if isinstance(option, Const) and isinstance(option.value, str):
                site = argument_site(layer, name)
                fact = unknown_name(machine, Named.ACTIVATION, option.value, site)
                if fact is not None:
                    path = tuple(dict.fromkeys((*machine.worlds.path, *guard)))
                    machine.cases.append(Case(fact, path, (id(site.node), option.value), whole=False))


def _check_softmax(machine: Machine, layer: Layer) -> None:
    """Note a softmax over the units of this layer, where their number is plain: it needs no model to be judged."""
    spec = LAYERS[layer.kind]
    if spec.effect is not Effect.SET or spec.range_effect is not RangeEffect.OWN or spec.activation_parameter is None:
        return
    size, activation = (_given(layer, name) for name in (spec.size_parameter or "", spec.activation_parameter))
    if layer.arguments.keyword("data_format") is not None or activation != Const("softmax") or size != Const(1):
        return
    site = layer.site
    where = argument_site(layer, spec.activation_parameter)
    output = Output(Width(1), Range.SIMPLEX, "softmax", site, where, layer.kind)
    machine.cases.append(Case(LayerOutput(output), machine.worlds.path, ("layer", id(site.node)), whole=False))


def _given(layer: Layer, name: str) -> Value | None:
    """An argument of a layer as it was passed, under its present name or an old one."""
    spec = LAYERS[layer.kind]
    old = [old for old, new in OLD_PARAMETERS.get(layer.kind, {}).items() if new == name]
    found = (layer.arguments.keyword(spelling) for spelling in (name, *old))
    position = spec.parameters.index(name) if name in spec.parameters else len(layer.arguments.positional)
    by_place = layer.arguments.positional[position] if position < len(layer.arguments.positional) else None
    return next((value for value in found if value is not None), by_place)


def _as_of_today(machine: Machine, kind: str, arguments: Arguments) -> Arguments:
    """Before Keras 1, `Dense(input_dim, output_dim)` took two numbers."""
    positional = arguments.positional
    second = machine.pick(positional[1]) if kind == "Dense" and len(positional) > 1 else NONE
    if isinstance(second, Const) and isinstance(second.value, int):
        return replace(arguments, positional=(second,), nodes=())
    return arguments


PREFIXED.append(("keras.layers.", make_layer))
FUNCTIONS["keras.Input"] = make_layer

_TENSORFLOW_1 = {
    "dense": "Dense",
    "conv1d": "Conv1D",
    "conv2d": "Conv2D",
    "conv3d": "Conv3D",
    "flatten": "Flatten",
    "dropout": "Dropout",
    "max_pooling2d": "MaxPooling2D",
    "average_pooling2d": "AveragePooling2D",
    "batch_normalization": "BatchNormalization",
    "conv2d_transpose": "Conv2DTranspose",
}
"""Functions of `tensorflow.layers`, which make a layer and call it on their first argument."""


def _layer_function(request: Call) -> Value:
    positional = request.arguments.positional
    nodes = tuple(
        (str(int(name) - 1) if name.isdigit() else name, node) for name, node in request.arguments.nodes if name != "0"
    )
    rest = replace(request.arguments, positional=positional[1:], nodes=nodes)
    layer = Layer(_TENSORFLOW_1[request.name.rpartition(".")[2]], rest, request.site, request.machine.serial())
    return apply_layer(request.machine, layer, request.raw("inputs", 0) or NONE, request.site, request.scope)


for _name in _TENSORFLOW_1:
    FUNCTIONS[f"tensorflow.layers.{_name}"] = _layer_function


def argument(machine: Machine, layer: Layer, name: str) -> Value | None:
    """An argument of a layer under its present name, by keyword, old keyword or position."""
    value = layer.arguments.keyword(name)
    if value is None:
        for old, new in OLD_PARAMETERS.get(layer.kind, {}).items():
            if new == name and value is None:
                value = layer.arguments.keyword(old)
    if value is None and name in LAYERS[layer.kind].parameters:
        position = LAYERS[layer.kind].parameters.index(name)
        if position < len(layer.arguments.positional):
            value = layer.arguments.positional[position]
    if value is None:
        return machine.unknown(f"{name} may be among the arguments that are spread") if layer.arguments.open else None
    return machine.pick(value)


def argument_site(layer: Layer, name: str) -> Site:
    """Where an argument of a layer is written, else the layer."""
    node = layer.arguments.node(name)
    if node is None:
        old = [old for old, new in OLD_PARAMETERS.get(layer.kind, {}).items() if new == name]
        node = next((found for spelling in old if (found := layer.arguments.node(spelling)) is not None), None)
    if node is None and name in LAYERS[layer.kind].parameters:
        node = layer.arguments.node(str(LAYERS[layer.kind].parameters.index(name)))
    return Site(layer.site.module, node) if node is not None else layer.site


def activation_of(machine: Machine, value: Value | None) -> Activation:
    """What an activation argument means: a string, a function, a layer, or nothing."""
    value = machine.pick(value)
    match value:
        case Const(value=None):
            return LINEAR
        case Const(value=str() as name):
            known = NAMES.get(name, NAMES.get(name.lower()))
            return Activation(known) if known is not None else NOT_UNDERSTOOD
        case Api(name=name) if name in ACTIVATION_FUNCTIONS:
            return Activation(ACTIVATION_FUNCTIONS[name], name in RAW)
        case Api(name=name) if name.startswith("keras.layers."):
            return _layer_activation(machine, name.rpartition(".")[2], None)
        case Layer(kind=kind):
            return _layer_activation(machine, kind, value)
        case Partial(function=Api(name=name)) if name in ACTIVATION_FUNCTIONS:
            return Activation(ACTIVATION_FUNCTIONS[name], name in RAW)
        case Function():
            return _function_activation(machine, value)
    return NOT_UNDERSTOOD


def _layer_activation(machine: Machine, kind: str, layer: Layer | None) -> Activation:
    spec = LAYERS.get(kind)
    if spec is None or spec.range_effect is not RangeEffect.OWN or spec.effect is not Effect.KEEP:
        return NOT_UNDERSTOOD
    if spec.activation_parameter is not None and layer is not None:
        return activation_of(machine, argument(machine, layer, spec.activation_parameter))
    return Activation(spec.default_activation)


def _function_activation(machine: Machine, value: Function) -> Activation:
    """A function of the program: called on a raw tensor, it tells."""
    site = Site(value.module, value.node)
    probe = Tensor(Output(Width(), Range.LOGITS, "linear", site, repair=LogitsRepair.LOST))
    scope = Scope({}, value.scope, value.module)
    result = call(machine, value, Arguments((probe,)), site, scope)
    if isinstance(result, Tensor) and result.output.activation is not None and not result.output.after:
        return Activation(result.output.activation, raw=result.output.repair is not LogitsRepair.KEPT)
    return NOT_UNDERSTOOD


def _input(machine: Machine, layer: Layer) -> Value:
    shape = machine.pick(argument(machine, layer, "shape") or argument(machine, layer, "batch_shape"))
    entries = items_of(machine, shape)
    site = layer.site
    if isinstance(entries, Const) and isinstance(entries.value, int):
        entries = Tuple((entries,))
    if not isinstance(entries, Tuple):
        return Tensor(Output(Width(), Range.UNKNOWN, None, site, layer="Input"))
    rank = len(entries.items) + (argument(machine, layer, "shape") is not None)
    width = width_of(machine, entries.items[-1], site) if entries.items else Width()
    _note_many(machine, width)
    return Tensor(Output(width, Range.UNKNOWN, None, site, layer="Input", rank=rank))


def input_of(machine: Machine, layer: Value) -> Tensor | None:
    """What a first layer says of its input by `input_shape` or `input_dim`."""
    if not isinstance(layer, Layer):
        return None
    if layer.kind == "InputLayer" and layer.arguments.positional:
        made = _input(machine, layer)
        return made if isinstance(made, Tensor) else None
    for name, extra in (("input_shape", 1), ("batch_input_shape", 0), ("shape", 1), ("batch_shape", 0)):
        given = layer.arguments.keyword(name)
        if given is not None and (name.startswith(("input", "batch_input")) or layer.kind in {"Input", "InputLayer"}):
            entries = items_of(machine, machine.pick(given))
            if isinstance(entries, Tuple):
                width = width_of(machine, entries.items[-1], layer.site) if entries.items else Width()
                _note_many(machine, width)
                rank = len(entries.items) + extra
                return Tensor(Output(width, Range.UNKNOWN, None, layer.site, rank=rank))
            return None
    if layer.arguments.keyword("input_dim") is not None:
        rank = 3 if layer.kind in _RNN else 2
        return Tensor(Output(Width(), Range.UNKNOWN, None, layer.site, rank=rank))
    return None


def apply(machine: Machine, layer: Value, inputs: Value, site: Site, scope: Scope) -> Value:
    """What comes out of a layer or model called on tensors."""
    layer = machine.pick(layer)
    match layer:
        case Layer():
            return apply_layer(machine, layer, inputs, site, scope)
        case Function() | Model() | Instance() | Partial() | Bound():
            return call(machine, layer, Arguments((inputs,)), site, scope)
        case Tensor():
            return layer
        case Native():
            return unknown_tensor(machine, site)
    return unknown_tensor(machine, site)


def apply_layer(machine: Machine, layer: Layer, inputs: Value, site: Site, scope: Scope) -> Value:
    """What comes out of a Keras layer called on a tensor or a list of them."""
    spec = LAYERS[layer.kind]
    tensors = tensors_of(machine, inputs, site)
    first = tensors[0].output if tensors else unknown_tensor(machine, site).output
    if layer.kind == "Lambda":
        return _lambda(machine, layer, inputs, first, scope)
    if spec.effect is Effect.WRAP:
        return _wrapped(machine, layer, spec, inputs, site, scope)
    if spec.effect is Effect.INPUT:
        return inputs
    rank = _rank(machine, layer, spec, first)
    width = _width(machine, layer, spec, [tensor.output for tensor in tensors], rank)
    return Tensor(_ranged(machine, layer, spec, [tensor.output for tensor in tensors] or [first], width, rank))


def tensors_of(machine: Machine, value: Value, site: Site) -> list[Tensor]:
    """The tensors in an argument: one, or a list of them; unknown ones stand in for what is not understood."""
    value = machine.pick(value)
    if isinstance(value, Tensor):
        return [value]
    entries = items_of(machine, value)
    if isinstance(entries, Tuple):
        found = [machine.pick(entry) for entry in entries.items]
        return [entry if isinstance(entry, Tensor) else unknown_tensor(machine, site) for entry in found]
    return []


def _width(machine: Machine, layer: Layer, spec: LayerSpec, inputs: Sequence[Output], rank: int | None) -> Width:
    first = inputs[0] if inputs else None
    size = argument(machine, layer, spec.size_parameter) if spec.size_parameter is not None else None
    where = argument_site(layer, spec.size_parameter) if spec.size_parameter is not None else layer.site
    placed = "data_format" in spec.parameters or layer.arguments.keyword("data_format") is not None
    if placed and argument(machine, layer, "data_format") not in {None, NONE, Const("channels_last"), Const("tf")}:
        return Width()
    match spec.effect:
        case Effect.SET | Effect.APPEND:
            return width_of(machine, size, where)
        case Effect.KEEP if size is None or size == NONE:
            return first.width if first is not None else Width()
        case Effect.KEEP | Effect.RESHAPE:
            return last_entry(machine, size, where)
        case Effect.FLATTEN if first is not None and first.rank is not None and first.rank <= 2:  # noqa: PLR2004
            return first.width if first.rank == 2 else Width(1)  # noqa: PLR2004
        case Effect.BROADCAST if first is not None:
            return first.width if all(output.width == first.width for output in inputs) else Width()
        case Effect.CONCAT if inputs and (size is None or size in {Const(-1), Const((rank or 0) - 1)}):
            sizes = [output.width.size for output in inputs]
            return Width(sum(filter(None, sizes))) if None not in sizes else Width()
    return Width()


def last_entry(machine: Machine, shape: Value | None, site: Site) -> Width:
    entries = items_of(machine, machine.pick(shape))
    if isinstance(entries, Const):
        entries = Tuple((entries,))
    if not isinstance(entries, Tuple) or not entries.items or entries.items[-1] in {Const(-1), NONE}:
        return Width()
    last = entries.items[-1]
    return width_of(machine, last, site) if isinstance(last, Const) else Width()


def _rank(machine: Machine, layer: Layer, spec: LayerSpec, first: Output) -> int | None:
    known = _RANK_OF_OUTPUT.get(layer.kind)
    if known is not None:
        return known
    match spec.rank:
        case RankEffect.SAME:
            return first.rank
        case RankEffect.FLAT:
            return 2
        case RankEffect.GLOBAL_POOL:
            keepdims = argument(machine, layer, "keepdims")
            return 2 if keepdims in {None, Const(False)} else first.rank if keepdims == Const(True) else None
        case RankEffect.RNN:
            sequences = argument(machine, layer, "return_sequences")
            state = argument(machine, layer, "return_state")
            if state not in {None, Const(False)}:
                return None
            full = 3 if layer.kind in _RNN else 5 if layer.kind == "ConvLSTM2D" else None
            if full is None or sequences in {None, Const(False)}:
                return full - 1 if full is not None else None
            return full if sequences == Const(True) else None
        case RankEffect.APPEND:
            return None if first.rank is None else first.rank + 1
        case RankEffect.REPEAT:
            return 3
        case RankEffect.SHAPE:
            entries = items_of(machine, machine.pick(argument(machine, layer, spec.size_parameter or "")))
            if isinstance(entries, Const) and isinstance(entries.value, int):
                return 2
            return len(entries.items) + 1 if isinstance(entries, Tuple) else None
    return None


def _ranged(
    machine: Machine, layer: Layer, spec: LayerSpec, inputs: Sequence[Output], width: Width, rank: int | None
) -> Output:
    first = inputs[0]
    dtype = machine.pick(layer.arguments.keyword("dtype") or machine.settings.get("policy"))
    made = Output(
        width,
        Range.UNKNOWN,
        None,
        layer.site,
        layer=layer.kind,
        rank=rank,
        name=layer_name(machine, layer),
        dtype=dtype.value if isinstance(dtype, Const) and isinstance(dtype.value, str) else None,
    )
    match spec.range_effect:
        case RangeEffect.OWN:
            return _activated(machine, layer, spec, first, made)
        case RangeEffect.LINEAR:
            where = first.origin if spec.effect is Effect.KEEP else layer.site
            return replace(
                made, range=Range.LOGITS, activation="linear", origin=where, repair=LogitsRepair.LOST, after=()
            )
        case RangeEffect.KEEPS | RangeEffect.ELEMENTS:
            return _kept(machine, layer, spec, inputs, made)
        case RangeEffect.SUM:
            raw = all(output.range is Range.LOGITS for output in inputs)
            return replace(made, range=Range.LOGITS if raw else Range.UNKNOWN, activation="linear" if raw else None)
    return made


def _activated(machine: Machine, layer: Layer, spec: LayerSpec, first: Output, made: Output) -> Output:
    parameter = spec.activation_parameter
    given = argument(machine, layer, parameter) if parameter is not None else None
    default = Activation(spec.default_activation or "linear")
    activation = default if given is None else activation_of(machine, given)
    if layer.kind == "Softmax" and argument(machine, layer, "axis") not in {None, Const(-1)}:
        activation = NOT_UNDERSTOOD
    if spec.effect is Effect.KEEP:
        return _activate(machine, layer, first, made, activation)
    where = argument_site(layer, parameter) if parameter is not None and given is not None else None
    repair = _repair(activation, spec)
    return replace(made, range=activation.range, activation=activation.name, activation_origin=where, repair=repair)


def _repair(activation: Activation, spec: LayerSpec) -> LogitsRepair:
    if spec.keeps_repair is not LogitsRepair.KEPT:
        return spec.keeps_repair
    return LogitsRepair.GRAPH_ONLY if activation.raw else LogitsRepair.KEPT


def _activate(machine: Machine, layer: Layer, first: Output, made: Output, activation: Activation) -> Output:
    """An activation as a layer: the width, and the layer that made it, stay."""
    if activation.name == "linear":
        return replace(first, dtype=made.dtype or first.dtype, name=made.name or first.name)
    repair = _repair(activation, LAYERS[layer.kind])
    if first.range not in {Range.LOGITS, Range.UNKNOWN} and activation.name in {"softmax", "sigmoid"}:
        repair = LogitsRepair.LOST
    return replace(
        first,
        range=activation.range,
        activation=activation.name,
        activation_origin=layer.site,
        after=(),
        repair=repair,
        dtype=made.dtype,
        name=made.name or first.name,
    )


def _kept(machine: Machine, layer: Layer, spec: LayerSpec, inputs: Sequence[Output], made: Output) -> Output:
    first = inputs[0]
    same = all(output.range is first.range and output.activation == first.activation for output in inputs)
    changed = spec.range_effect is RangeEffect.ELEMENTS and first.range is Range.SIMPLEX
    off = argument(machine, layer, spec.off_parameter) if spec.off_parameter is not None else None
    repair = first.repair if spec.keeps_repair is LogitsRepair.KEPT or off == Const(0) else spec.keeps_repair
    joined = replace(
        first, width=made.width, rank=made.rank, name=made.name, repair=repair, after=(*first.after, layer.kind)
    )
    if not same or changed:
        return replace(joined, range=Range.UNKNOWN, activation=None)
    return joined


def layer_name(machine: Machine, layer: Layer) -> str | None:
    """The `name=` of a layer."""
    name = machine.pick(layer.arguments.keyword("name"))
    return name.value if isinstance(name, Const) and isinstance(name.value, str) else None


def _wrapped(machine: Machine, layer: Layer, spec: LayerSpec, inputs: Value, site: Site, scope: Scope) -> Value:
    inner = argument(machine, layer, spec.size_parameter or "layer")
    if not isinstance(inner, Layer) or layer.kind in {"RNN", "StackedRNNCells"}:
        if isinstance(inner, (Model, Function)) and layer.kind == "TimeDistributed":
            result = apply(machine, inner, inputs, site, scope)
            if isinstance(result, Tensor):
                return Tensor(replace(result.output, rank=None, repair=LogitsRepair.LOST))
        return unknown_tensor(machine, site)
    result = apply_layer(machine, inner, inputs, site, scope)
    if not isinstance(result, Tensor):
        return result
    output = replace(result.output, repair=spec.keeps_repair, name=layer_name(machine, layer))
    if layer.kind == "Bidirectional":
        mode = argument(machine, layer, "merge_mode")
        doubled = Width(output.width.size * 2) if output.width.size is not None else Width()
        known = mode in {Const("sum"), Const("mul"), Const("ave")}
        width = doubled if mode in {None, Const("concat")} else output.width if known else Width()
        output = replace(output, width=width)
    return Tensor(output)


def _lambda(machine: Machine, layer: Layer, inputs: Value, first: Output, scope: Scope) -> Value:
    function = machine.pick(argument(machine, layer, "function"))
    made = unknown_tensor(machine, layer.site)
    if function == NONE:
        return made
    if isinstance(function, (Function, Partial, Bound, Api)):
        result = machine.pick(call(machine, function, Arguments((inputs,)), layer.site, scope))
        if isinstance(result, Tensor):
            if result.output is first:
                return Tensor(replace(first, after=(*first.after, "Lambda")))
            return Tensor(replace(result.output, name=layer_name(machine, layer)))
    return made


@method(Layer, "__call__")
def _call_layer(request: Call) -> Value:
    assert isinstance(request.receiver, Layer)
    inputs = request.raw("inputs", 0) or NONE
    return apply_layer(request.machine, request.receiver, inputs, request.site, request.scope)


@method(Layer, "*")
def _layer_method(request: Call) -> Value:
    return request.unknown("a method of a layer")
