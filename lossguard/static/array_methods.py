"""Methods, attributes, subscripts and operators of arrays of labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite, isnan
from operator import add, mul, sub

from lossguard.facts import Encoding, Width
from lossguard.static.array_functions import distinct, expanded, flattened, has_columns, ids_of, reshaped, retyped
from lossguard.static.arrays import (
    BINARY_CLASSES,
    COLUMN_RANK,
    ONE_PER_SAMPLE,
    PER_CLASS,
    again,
    as_array,
    changed,
    class_count,
    encoding_of,
    is_whole,
    key_for,
    made,
    plain,
)
from lossguard.static.functions import ATTRIBUTES, OF_UNKNOWN, Call, method
from lossguard.static.layers import value_of_width
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of, overload
from lossguard.static.subscripts import is_slice, items
from lossguard.static.targets import filling
from lossguard.static.tensors import FULL_SLICE, shape_value
from lossguard.static.values import (
    NONE,
    TRUE,
    Api,
    Array,
    Const,
    CrossTerm,
    Site,
    Tensor,
    Tuple,
    Unknown,
    Value,
    derived,
)

# methods and attributes

_KEEPING = [
    "copy",
    "numpy",
    "tolist",
    "to_numpy",
    "to_list",
    "sample",
    "shuffle",
    "head",
    "tail",
    "dropna",
    "reset_index",
    "take",
    "sort_values",
    "cpu",
    "detach",
    "compute",
    "persist",
]


@method(Array, *_KEEPING)
def _kept(request: Call) -> Value:
    """The same labels; a list made of a column may hold lists, and become an array of more axes."""
    assert isinstance(request.receiver, Array)
    unsure = request.name.startswith(("tolist", "to_list")) and request.receiver.labels.encoding is Encoding.UNKNOWN
    return changed(request.receiver, rank=None) if unsure else request.receiver


@method(Array, "astype")
def _astype(request: Call) -> Value:
    assert isinstance(request.receiver, Array)
    dtype = request.get("dtype", 0)
    labels = request.receiver.labels
    boolean = dtype in {Api("builtins.bool"), Const("bool"), Api("numpy.bool_")}
    if boolean and labels.encoding is Encoding.INTEGER:
        return changed(request.receiver, encoding=Encoding.BINARY, classes=Width(BINARY_CLASSES), low=0, high=1)
    return retyped(request.receiver, dtype)


@method(Array, "reshape")
def _reshape(request: Call) -> Value:
    assert isinstance(request.receiver, Array)
    positional = request.arguments.positional
    shape = request.get("newshape", 0) if len(positional) == 1 else Tuple(positional)
    return reshaped(request, request.receiver, shape)


def _reshape_unknown(request: Call) -> Value:
    """`unknown.reshape(-1, 1)`: whatever it holds, it is a column now."""
    assert isinstance(request.receiver, Unknown)
    positional = request.arguments.positional
    shape = items_of(request.machine, positional[0]) if len(positional) == 1 else Tuple(positional)
    if shape not in (Tuple((Const(-1), Const(1))), Tuple((Const(-1),)), Const(-1)) or request.arguments.keywords:
        return NONE
    text = request.machine.text(request.site)
    return reshaped(request, made(request.site, Encoding.UNKNOWN, request.receiver.key, text), shape)


OF_UNKNOWN["reshape"] = _reshape_unknown


@method(Array, "flatten", "ravel", "squeeze")
def _flatten(request: Call) -> Value:
    assert isinstance(request.receiver, Array)
    return flattened(request.receiver)


@method(Array, "argmax")
def _argmax_method(request: Call) -> Value:
    assert isinstance(request.receiver, Array)
    axis = request.get("axis", 0)
    if has_columns(request.receiver) and axis in {Const(1), Const(-1)}:
        return ids_of(request.machine, request.receiver, request.site)
    return request.unknown("the place of the greatest")


@method(Array, "max")
def _max(request: Call) -> Value:
    assert isinstance(request.receiver, Array)
    high = request.receiver.labels.high
    if high is not None and float(high).is_integer():
        return Const(int(high))
    return Unknown(derived("max", request.receiver.key), "the greatest label", request.site)


@method(Array, "nunique")
def _nunique(request: Call) -> Value:
    return value_of_width(request.machine, class_count(request.machine, request.receiver))


@method(Array, "unique")
def _unique_method(request: Call) -> Value:
    return distinct(request.machine, request.receiver, request.site)


@method(Array, "toarray", "todense", "to_frame")
def _dense(request: Call) -> Value:
    return request.receiver


@method(Array, "*")
def _array_method(request: Call) -> Value:
    return request.machine.unknown("a method of an array", request.site)


def _array_attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    assert isinstance(owner, Array)
    labels = owner.labels
    match name:
        case "values":
            return owner
        case "shape" if labels.rank is not None:
            return shape_value(machine, labels.rank, labels.width)
        case "T" if labels.rank == 1:
            return owner
        case "ndim" if labels.rank is not None:
            return Const(labels.rank)
        case "shape" | "T" | "ndim" | "size" | "dtype" | "index" | "columns" | "str" | "cat" | "dt":
            return machine.unknown(f"{name} of an array", site, derived("attribute", owner.key, name))
        case "iloc" | "loc":
            return owner
    return None


ATTRIBUTES[Array] = _array_attribute


@items
def _array_item(machine: Machine, owner: Value, index: Value, site: Site) -> Value | None:
    if not isinstance(owner, Array):
        return None
    labels = owner.labels
    if isinstance(owner.key, tuple) and owner.key[0] == "eye" and not is_slice(index):
        return _one_hot_by_eye(machine, owner, index, site)
    indices = index.items if isinstance(index, Tuple) and not is_slice(index) else (index,)
    if not indices:
        return owner
    if len(indices) == 1:
        return _selected(owner, index)
    first, *rest = indices
    if rest == [NONE] or rest == [Api("numpy.newaxis")] or rest == [Api("tensorflow.newaxis")]:
        return expanded(owner, Const(1)) if labels.rank == 1 else plain(machine, owner)
    if first == Const(...) and len(rest) == 1:
        return plain(machine, owner) if rest[0] != NONE else expanded(owner, Const(-1))
    if rest == [FULL_SLICE]:
        return owner
    if len(rest) == 1 and isinstance(rest[0], Const) and is_slice(first):
        if labels.encoding in PER_CLASS and labels.again is None:
            return changed(
                owner, encoding=Encoding.BINARY, rank=1, width=Width(), classes=Width(BINARY_CLASSES), low=0, high=1
            )
        if labels.encoding in ONE_PER_SAMPLE and labels.width.size == 1:
            return changed(owner, rank=1, width=Width())
    return plain(machine, owner)


def _selected(owner: Array, index: Value) -> Array:
    """Some samples: one, a stretch, or those that a mask or a list of indices picks.

    A mask may leave classes out, and with them the least and the greatest label; numbers in order, or shuffled, are
    taken to pick from all.
    """
    if isinstance(index, Const):
        return changed(owner, rank=None)
    ordered = isinstance(index, Array) and index.labels.encoding is Encoding.UNKNOWN and is_whole(index.labels)
    if is_slice(index) or ordered or owner.labels.encoding not in {Encoding.INTEGER, Encoding.SIGNED}:
        return Array(owner.labels, owner.key)
    return changed(owner, low=None, high=None, classes=Width())


def _one_hot_by_eye(machine: Machine, owner: Array, index: Value, site: Site) -> Value:
    source = as_array(machine, index, site)
    rank = source.labels.rank + 1 if isinstance(source, Array) and source.labels.rank is not None else None
    labels = owner.labels
    found = made(
        site,
        Encoding.ONE_HOT,
        key_for(machine, source),
        machine.text(site),
        rank=rank,
        width=labels.width,
        classes=labels.width,
    )
    decoded = isinstance(source, Array) and source.labels.encoding in PER_CLASS
    return found if decoded else again(machine, found, source, site)


_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})


@overload
def _arithmetic(machine: Machine, symbol: str, left: Value, right: Value, site: Site) -> Value | None:
    array = left if isinstance(left, Array) else right if isinstance(right, Array) else None
    if array is None or isinstance(left, (CrossTerm, Tensor)) or isinstance(right, (CrossTerm, Tensor)):
        return None
    other = right if array is left else left
    labels = array.labels
    one_per_sample = labels.encoding in ONE_PER_SAMPLE or labels.rank == 1
    if symbol in _COMPARISONS and one_per_sample and isinstance(other, Const):
        return made(
            site,
            Encoding.BINARY,
            ("made", machine.serial()),
            machine.text(site),
            rank=labels.rank,
            width=labels.width,
            low=0,
            high=1,
            classes=Width(BINARY_CLASSES),
            dtype="bool",
        )
    number = other.value if isinstance(other, Const) else None
    if not isinstance(number, (int, float)) or isinstance(number, bool):
        return plain(machine, array)
    reverse = array is right
    if array.values and symbol in _LINEAR:
        operation = _LINEAR[symbol]
        values = (operation(number, old) if reverse else operation(old, number) for old in array.values)
        return Array(
            replace(plain(machine, array).labels, rank=labels.rank, width=labels.width),
            array.key,
            values=frozenset(values),
        )
    if labels.classes.size == BINARY_CLASSES and labels.rank is not None and symbol in _LINEAR:
        return _of_two_values(machine, array, symbol, number, reverse=reverse)
    if symbol in "*+-" and labels.encoding is Encoding.CONTINUOUS:
        return _of_a_range(array, symbol, number, reverse=reverse)
    if reverse and symbol != "+":
        return plain(machine, array)
    if symbol in "+-" and labels.encoding is Encoding.INTEGER and isinstance(number, int):
        return _shifted(array, number if symbol == "+" else -number)
    if symbol == "%" and isinstance(number, int) and number > 1 and is_whole(labels):
        return _remainders(array, number)
    if symbol == "/" and labels.encoding is Encoding.CONTINUOUS:
        return _of_a_range(array, "*", 1 / number if number else 0, reverse=False)
    return plain(machine, array)


_LINEAR: dict[str, Callable[[float, float], float]] = {"+": add, "-": sub, "*": mul}


def _of_two_values(machine: Machine, array: Array, symbol: str, number: float, *, reverse: bool) -> Array:
    """Labels of two values after a step of `2 * y - 1`."""
    labels = array.labels
    ends = (0.0, 1.0) if labels.encoding is Encoding.BINARY else (labels.low, labels.high)
    operation = _LINEAR[symbol]
    made_of = [operation(number, end) if reverse else operation(end, number) for end in ends if end is not None]
    if len(made_of) != BINARY_CLASSES or made_of[0] == made_of[1] or not all(map(isfinite, made_of)):
        return plain(machine, array)
    encoding, classes = encoding_of(made_of)
    known = encoding if encoding is not Encoding.CONTINUOUS else Encoding.UNKNOWN
    two = Width(BINARY_CLASSES) if known is Encoding.UNKNOWN else classes
    return changed(array, encoding=known, low=min(made_of), high=max(made_of), classes=two)


def _of_a_range(array: Array, symbol: str, number: float, *, reverse: bool) -> Array:
    """Continuous targets after a step of arithmetic: their bounds take it, too."""
    ends = array.labels.low, array.labels.high
    operation = _LINEAR[symbol]
    moved = [operation(number, end) if reverse else operation(end, number) for end in ends if end is not None]
    if len(moved) < len(ends) or any(map(isnan, moved)):
        return changed(array, low=None, high=None)
    return changed(array, low=min(moved), high=max(moved))


def _remainders(array: Array, divisor: int) -> Array:
    """`y % k`: every remainder occurs, where there are as many labels."""
    labels = array.labels
    if labels.high is not None and labels.high < divisor:
        return array
    encoding = Encoding.BINARY if divisor == BINARY_CLASSES else Encoding.INTEGER
    return changed(array, encoding=encoding, low=0, high=divisor - 1, classes=Width(divisor))


@filling
def _one_by_one(machine: Machine, array: Array, index: Value, value: Value, site: Site) -> Value | None:
    """`y = np.zeros((n, k)); y[np.arange(n), ids] = 1`: one 1 in each row."""
    if not isinstance(index, Tuple) or is_slice(index) or len(index.items) != COLUMN_RANK:
        return None
    rows, ids = map(machine.pick, index.items)
    if not isinstance(rows, Array) or not isinstance(ids, Array):
        return None
    ordered = rows.labels.encoding is Encoding.UNKNOWN and is_whole(rows.labels)
    empty = array.values == {0.0} and array.labels.rank == COLUMN_RANK
    one = machine.pick(value) in {Const(1), Const(1.0), TRUE}
    if not (ordered and empty and one) or ids.labels.encoding not in {Encoding.INTEGER, Encoding.BINARY}:
        return None
    labels = replace(array.labels, encoding=Encoding.ONE_HOT, classes=array.labels.width)
    return Array(replace(labels, origin=site, source=machine.text(site)), ids.key)


@filling
def _filled(machine: Machine, array: Array, index: Value, value: Value, site: Site) -> Value | None:
    """`y = np.zeros(n); y[100:] = 1`: an array of labels that is filled class by class."""
    value = machine.pick(value)
    number = value.value if isinstance(value, Const) else None
    if not array.values or not isinstance(number, (int, float)) or array.labels.rank != 1:
        return None
    values = array.values | {float(number)}
    encoding, classes = encoding_of(values)
    if encoding not in {Encoding.BINARY, Encoding.INTEGER, Encoding.SIGNED} or len(values) == 1:
        return replace(array, values=values)
    sure = encoding is not Encoding.INTEGER
    labels = replace(
        array.labels,
        encoding=encoding,
        low=min(values) if sure else None,
        high=max(values) if sure else None,
        classes=classes if sure else Width(),
    )
    return replace(array, labels=labels, values=values)


def _shifted(array: Array, offset: int) -> Array:
    labels = array.labels
    low = labels.low + offset if labels.low is not None else None
    high = labels.high + offset if labels.high is not None else None
    if low is not None and low < 0:
        return changed(array, encoding=Encoding.UNKNOWN, low=None, high=None)
    return changed(array, low=low, high=high)
