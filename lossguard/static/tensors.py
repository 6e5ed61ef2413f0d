"""Symbolic tensors: what functions, operators and subscripts make of them."""

from __future__ import annotations

from dataclasses import replace

from lossguard.catalog.activations import FUNCTIONS as ACTIVATION_FUNCTIONS
from lossguard.catalog.activations import NAMES, RAW
from lossguard.facts import LogitsRepair, Output, Range, Width
from lossguard.static.functions import ATTRIBUTES, FUNCTIONS, PREFIXED, Call, function, method
from lossguard.static.layers import Activation, last_entry, unknown_tensor, value_of_width
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of, overload
from lossguard.static.subscripts import is_slice, items
from lossguard.static.values import (
    NONE,
    Api,
    Array,
    Const,
    CrossTerm,
    Instance,
    List,
    Logarithm,
    Native,
    Predictions,
    Site,
    Tensor,
    Tuple,
    Value,
)

# tensors


def _activation_function(request: Call) -> Value:
    machine = request.machine
    value = request.get("x", 0) or request.get("logits") or request.get("features") or request.get("input") or NONE
    activation = Activation(ACTIVATION_FUNCTIONS[request.name], request.name in RAW)
    if isinstance(value, (Array, Predictions)):
        return request.unknown("an activation of plain numbers")
    if request.get("axis", 1) not in {None, NONE, Const(-1)} and activation.name in {"softmax", "log_softmax"}:
        return unknown_tensor(machine, request.site)
    if activation.name == "linear":
        return value
    first = value.output if isinstance(value, Tensor) else unknown_tensor(machine, request.site).output
    repair = LogitsRepair.GRAPH_ONLY if activation.raw else LogitsRepair.KEPT
    if first.range not in {Range.LOGITS, Range.UNKNOWN}:
        repair = LogitsRepair.LOST
    return Tensor(
        replace(
            first,
            range=activation.range,
            activation=activation.name,
            activation_origin=request.site,
            after=(),
            repair=repair,
        )
    )


for _name in ACTIVATION_FUNCTIONS:
    FUNCTIONS[_name] = _activation_function


@function("keras.activations.get", "keras.activations.deserialize")
def _get_activation(request: Call) -> Value:
    """An activation by its name, or as it is."""
    given = request.get("identifier", 0) or request.get("name", 0) or NONE
    if isinstance(given, Const) and isinstance(given.value, str):
        found = Api(f"keras.activations.{NAMES.get(given.value, NAMES.get(given.value.lower()))}")
        return found if found.name in ACTIVATION_FUNCTIONS else request.unknown("an activation that is not known")
    return Api("keras.activations.linear") if given == NONE else given


def _tensor_function(request: Call) -> Value:
    """Any other function of TensorFlow or Keras: tensors go in, a tensor that is not known comes out."""
    values = (*request.arguments.positional, *(value for _, value in request.arguments.keywords))
    for value in values:
        picked = request.machine.pick(value)
        if isinstance(picked, Tensor) or (isinstance(picked, (List, Tuple)) and _holds_tensor(request.machine, picked)):
            last = request.name.rpartition(".")[2]
            if last in {"cast", "stop_gradient", "convert_to_tensor", "ensure_shape"} and isinstance(picked, Tensor):
                return Tensor(replace(picked.output, after=(*picked.output.after, last), repair=LogitsRepair.LOST))
            if last == "squeeze" and isinstance(picked, Tensor):
                one = picked.output.width if picked.output.width.is_(1) else Width()
                return Tensor(replace(picked.output, width=one, rank=None, after=(*picked.output.after, last)))
            if last == "reshape" and isinstance(picked, Tensor):
                return _reshaped(request, picked.output)
            return unknown_tensor(request.machine, request.site)
    return request.unknown()


def _holds_tensor(machine: Machine, value: Value) -> bool:
    entries = items_of(machine, value)
    return isinstance(entries, Tuple) and any(isinstance(entry, Tensor) for entry in entries.items)


def _reshaped(request: Call, first: Output) -> Value:
    shape = items_of(request.machine, request.get("shape", 1) or NONE)
    width = last_entry(request.machine, shape, request.site)
    rank = len(shape.items) if isinstance(shape, Tuple) else None
    return Tensor(replace(first, width=width, rank=rank, after=(*first.after, "reshape"), repair=LogitsRepair.LOST))


PREFIXED.extend(
    (prefix, _tensor_function) for prefix in ("tensorflow.", "keras.ops.", "keras.backend.", "keras.activations.")
)


NEGATED = "-1 *"
_NOT_ARITHMETIC = frozenset({"<", ">", "<=", ">=", "@"})


@overload
def _arithmetic(machine: Machine, symbol: str, left: Value, right: Value, site: Site) -> Value | None:
    tensors = [value.output for value in (left, right) if isinstance(value, Tensor)]
    written_out = symbol in _NOT_ARITHMETIC or any(isinstance(value, (CrossTerm, Logarithm)) for value in (left, right))
    if not tensors or written_out:
        return None
    first = max(tensors, key=lambda output: output.width.size or 0)
    raw = all(output.range is Range.LOGITS and output.activation == "linear" for output in tensors) and symbol in "+-*/"
    same = len(tensors) == 1 or tensors[0].width == tensors[1].width
    return Tensor(
        replace(
            first,
            width=_broadcast(first.width, left, right) if same else Width(),
            range=Range.LOGITS if raw else Range.UNKNOWN,
            activation="linear" if raw else None,
            repair=LogitsRepair.LOST,
            after=(*first.after, NEGATED if symbol == "*" and left == Const(-1) else symbol),
        )
    )


def _broadcast(width: Width, left: Value, right: Value) -> Width:
    """The width of a sum: a single unit is added to every column of a matrix."""
    columns = [value.labels.width for value in (left, right) if isinstance(value, Array)]
    return columns[0] if width.size == 1 and columns and columns[0].size is not None else width


@items
def _tensor_item(machine: Machine, owner: Value, index: Value, site: Site) -> Value | None:
    if not isinstance(owner, Tensor):
        return None
    first = owner.output
    indices = index.items if isinstance(index, Tuple) and not is_slice(index) else (index,)
    if any(value == NONE or value == Const(...) for value in indices) or first.rank is None:
        return unknown_tensor(machine, site)
    dropped = sum(not is_slice(value) for value in indices)
    rank = first.rank - dropped
    last_touched = len(indices) == first.rank and indices[-1] != FULL_SLICE
    if last_touched or any(not is_slice(value) and not isinstance(value, Const) for value in indices):
        return unknown_tensor(machine, site, rank)
    return Tensor(replace(first, rank=rank, repair=LogitsRepair.LOST, after=(*first.after, "[]")))


FULL_SLICE = Tuple((Api("builtins.slice"), NONE, NONE, NONE))


def _tensor_attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    assert isinstance(owner, Tensor)
    if name in {"shape", "_keras_shape"} and owner.output.rank is not None:
        return shape_value(machine, owner.output.rank, owner.output.width)
    return None


def shape_value(machine: Machine, rank: int, width: Width) -> Value:
    """The shape of something of this rank and width; axes between are unknown."""
    between = tuple(machine.unknown("the size of an axis") for _ in range(rank - 2))
    if rank < 2:  # noqa: PLR2004
        return Tuple((machine.unknown("the number of samples"),) * rank)
    return Tuple((machine.unknown("the number of samples"), *between, value_of_width(machine, width)))


ATTRIBUTES[Tensor] = _tensor_attribute


@method(Tensor, "*")
def _tensor_method(request: Call) -> Value:
    return unknown_tensor(request.machine, request.site)


@method(Native, "__call__")
def _call_native(request: Call) -> Value:
    """A library object called: if tensors go in, a tensor comes out."""
    return _tensor_function(request)


@method(Instance, "__call__")
def _call_instance(request: Call) -> Value:
    return _tensor_function(request)
