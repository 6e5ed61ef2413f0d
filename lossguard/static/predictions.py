"""What programs do with predictions: `argmax`, thresholds, rounding."""

from __future__ import annotations

from lossguard.facts import Decode, Output
from lossguard.static.functions import ATTRIBUTES, FUNCTIONS, PREFIXED, Call, method
from lossguard.static.machine import Machine
from lossguard.static.operators import overload
from lossguard.static.sinks import Case
from lossguard.static.subscripts import is_slice, items
from lossguard.static.tensors import FULL_SLICE, shape_value
from lossguard.static.values import Const, Predictions, Site, Tensor, Value

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_KEEPING = ("copy", "numpy", "flatten", "ravel", "squeeze", "reshape", "tolist", "astype")


def _output(predictions: Predictions) -> Output | None:
    return predictions.outputs.output if isinstance(predictions.outputs, Tensor) else None


def _note(machine: Machine, value: Predictions, kind: str, site: Site, threshold: float | None = None) -> None:
    output = _output(value)
    if output is not None:
        fact = Decode(kind, output, site, threshold, value.loss)
        machine.cases.append(Case(fact, machine.worlds.path, ("decode", id(site.node))))


def _over_last_axis(request: Call, output: Output | None, position: int) -> bool:
    axis = request.get("axis", position)
    if axis == Const(-1):
        return True
    return output is not None and output.rank is not None and axis == Const(output.rank - 1)


def _argmax(request: Call) -> Value:
    value = request.get("a", 0) or request.get("input") or request.get("x")
    if isinstance(value, Predictions) and _over_last_axis(request, _output(value), 1):
        _note(request.machine, value, "argmax", request.site)
        return request.machine.unknown("the predicted classes", request.site)
    before = _before.get(request.name)
    if before is not None:
        return before(request)
    prefixed = next((known for prefix, known in PREFIXED if request.name.startswith(prefix)), None)
    return prefixed(request) if prefixed is not None else request.unknown()


_ARGMAX = ("numpy.argmax", "tensorflow.argmax", "keras.ops.argmax", "keras.backend.argmax", "tensorflow.math.argmax")
_before = {name: FUNCTIONS[name] for name in _ARGMAX if name in FUNCTIONS}
for _name in _ARGMAX:
    FUNCTIONS[_name] = _argmax


_ROUND = ("numpy.round", "numpy.around", "numpy.rint", "tensorflow.round", "tensorflow.math.round", "keras.ops.round")
_before_round = {name: FUNCTIONS[name] for name in _ROUND if name in FUNCTIONS}


def _rounded(request: Call) -> Value:
    value = request.get("a", 0) or request.get("x")
    decimals = request.get("decimals", 1) if request.name.startswith("numpy.") else None
    if isinstance(value, Predictions) and decimals in {None, Const(0)}:
        _note(request.machine, value, "round", request.site)
        return request.machine.unknown("the predicted classes", request.site)
    before = _before_round.get(request.name)
    if before is not None:
        return before(request)
    prefixed = next((known for prefix, known in PREFIXED if request.name.startswith(prefix)), None)
    return prefixed(request) if prefixed is not None else request.unknown()


for _name in _ROUND:
    FUNCTIONS[_name] = _rounded


@method(Predictions, "argmax")
def _argmax_method(request: Call) -> Value:
    assert isinstance(request.receiver, Predictions)
    if _over_last_axis(request, _output(request.receiver), 0):
        _note(request.machine, request.receiver, "argmax", request.site)
    return request.machine.unknown("the predicted classes", request.site)


@method(Predictions, "round")
def _round(request: Call) -> Value:
    assert isinstance(request.receiver, Predictions)
    _note(request.machine, request.receiver, "round", request.site)
    return request.machine.unknown("the predicted classes", request.site)


@method(Predictions, *_KEEPING)
def _kept(request: Call) -> Value:
    return request.receiver


@method(Predictions, "*")
def _other(request: Call) -> Value:
    return request.machine.unknown("a method of predictions", request.site)


def _attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    assert isinstance(owner, Predictions)
    output = _output(owner)
    if name == "shape" and output is not None and output.rank is not None:
        return shape_value(machine, output.rank, output.width)
    return machine.unknown(f"{name} of predictions", site) if name in {"T", "shape", "size", "ndim", "dtype"} else None


ATTRIBUTES[Predictions] = _attribute


@items
def _item(machine: Machine, owner: Value, index: Value, site: Site) -> Value | None:
    """Some samples are still predictions; columns are not followed."""
    if not isinstance(owner, Predictions):
        return None
    rows_only = is_slice(index) and index != FULL_SLICE
    return owner if rows_only or index == FULL_SLICE else machine.unknown("a part of predictions", site)


@overload
def _compared(machine: Machine, symbol: str, left: Value, right: Value, site: Site) -> Value | None:
    if isinstance(right, Predictions) and symbol in _MIRRORED:
        left, right, symbol = right, left, _MIRRORED[symbol]
    if not isinstance(left, Predictions):
        return None
    if symbol in _MIRRORED and isinstance(right, Const) and isinstance(right.value, (int, float)):
        _note(machine, left, "threshold", site, float(right.value))
    return machine.unknown("numbers made of predictions", site)
