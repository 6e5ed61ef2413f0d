"""What functions of NumPy, TensorFlow and Keras do to arrays of labels."""

from __future__ import annotations

from dataclasses import replace

from lossguard.facts import Encoding, Width
from lossguard.static import python  # noqa: F401  the models of built-in functions, which these complete
from lossguard.static.arrays import (
    BINARY_CLASSES,
    COLUMN_RANK,
    ONE_PER_SAMPLE,
    PER_CLASS,
    as_array,
    changed,
    class_count,
    encoding_of,
    for_arrays,
    is_whole,
    made,
    plain,
)
from lossguard.static.functions import Call, function
from lossguard.static.layers import value_of_width
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of
from lossguard.static.values import (
    NONE,
    Api,
    Array,
    Const,
    Dict,
    Key,
    Site,
    Tuple,
    Unknown,
    Value,
    derived,
)

_SAME_VALUE = [
    "numpy.array",
    "numpy.asarray",
    "numpy.asanyarray",
    "numpy.ascontiguousarray",
    "numpy.copy",
    "numpy.float32",
    "numpy.int32",
    "tensorflow.constant",
    "tensorflow.convert_to_tensor",
    "tensorflow.Variable",
    "tensorflow.cast",
    "keras.ops.cast",
    "keras.ops.convert_to_tensor",
    "keras.backend.cast",
    "tensorflow.identity",
    "keras.ops.array",
    "jax.numpy.array",
    "pandas.Series",
    "numpy.random.permutation",
    "tensorflow.random.shuffle",
    "sklearn.utils.column_or_1d",
]


def _same(request: Call, value: Value) -> Value | None:
    if isinstance(value, Array):
        return retyped(value, request.get("dtype", 1))
    if isinstance(value, Unknown) and request.name.startswith(("numpy.", "pandas.")):
        return value
    return None


for_arrays(_SAME_VALUE, _same)


def retyped(array: Array, dtype: Value | None) -> Array:
    """The array under another dtype: strings of digits become class ids, everything else stays."""
    if array.labels.encoding is Encoding.STRING:
        number = isinstance(dtype, Api) and dtype.name.rpartition(".")[2].rstrip("0123456789_") in {
            "int",
            "uint",
            "float",
        }
        if (
            number or dtype in {Const("int"), Const("float32"), Const("uint8")}
        ) and array.labels.classes.size is not None:
            classes = array.labels.classes.size
            return changed(array, encoding=Encoding.INTEGER, low=0, high=classes - 1, rank=1)
        return array if dtype in {None, NONE} else changed(array, encoding=Encoding.UNKNOWN)
    return array


# functions on arrays


@function("sklearn.model_selection.train_test_split", "sklearn.utils.shuffle", "sklearn.utils.resample")
def _split(request: Call) -> Value:
    parts: list[Value] = []
    twice = request.name.endswith("train_test_split")
    for i, raw in enumerate(request.arguments.positional):
        value = as_array(request.machine, request.machine.pick(raw), request.origin("", i))
        if isinstance(value, Dict):
            value = request.machine.unknown("a part of a split")
        if isinstance(value, Array):
            value = Array(value.labels, value.key)
        parts += [value, value] if twice else [value]
    if request.arguments.open:
        return request.unknown("a split of what is not known")
    return parts[0] if len(parts) == 1 and not twice else Tuple(tuple(parts))


def _argmax(request: Call, value: Value) -> Value | None:
    if not isinstance(value, Array) or not has_columns(value):
        return None
    axis = request.get("axis", 1)
    if axis in {None, NONE, Const(0)} and request.name.startswith("numpy."):
        return request.unknown("the greatest along another axis")
    return ids_of(request.machine, value, request.site)


def has_columns(array: Array) -> bool:
    """Whether each sample has several numbers, of which one is the greatest."""
    labels = array.labels
    several = labels.encoding is Encoding.UNKNOWN and labels.rank == COLUMN_RANK and labels.width.at_least(2) is True
    return labels.encoding in PER_CLASS or several


def ids_of(machine: Machine, array: Array, site: Site) -> Array:
    """The class ids behind one-hot labels."""
    labels = array.labels
    high = labels.width.size - 1 if labels.width.size is not None else None
    return made(
        site,
        Encoding.INTEGER,
        array.key,
        machine.text(site),
        rank=labels.rank - 1 if labels.rank else None,
        classes=labels.width,
        low=0 if high is not None else None,
        high=high,
    )


for_arrays(
    ("numpy.argmax", "tensorflow.argmax", "keras.ops.argmax", "keras.backend.argmax", "tensorflow.math.argmax"), _argmax
)


def _reshape_function(request: Call, value: Value) -> Value | None:
    last = request.name.rpartition(".")[2]
    if not isinstance(value, Array):
        return None
    match last:
        case "reshape":
            return reshaped(request, value, request.get("newshape", 1) or request.get("shape", 1))
        case "expand_dims":
            return expanded(value, request.get("axis", 1))
        case "ravel" | "squeeze":
            return flattened(value)
    return None


def reshaped(request: Call, array: Array, shape: Value | None) -> Array:
    """The array in another shape, as far as it stays an array of labels."""
    entries = items_of(request.machine, shape or NONE)
    if isinstance(entries, Const) and isinstance(entries.value, int):
        entries = Tuple((entries,))
    labels = array.labels
    if not isinstance(entries, Tuple) or not entries.items:
        return plain(request.machine, array)
    if labels.encoding in ONE_PER_SAMPLE or (labels.encoding is Encoding.UNKNOWN and labels.rank in {None, 1}):
        if len(entries.items) == 1:
            return changed(array, rank=1, width=Width())
        if entries.items[-1] == Const(1):
            return changed(array, rank=len(entries.items), width=Width(1))
    if labels.encoding in PER_CLASS and len(entries.items) == labels.rank:
        last = entries.items[-1]
        if last == Const(-1) or value_of_width(request.machine, labels.width) == last:
            return array
    return plain(request.machine, array)


def flattened(array: Array) -> Array:
    """The array with one axis."""
    if array.labels.encoding in ONE_PER_SAMPLE and (array.labels.rank == 1 or array.labels.width.size == 1):
        return changed(array, rank=1, width=Width())
    return changed(array, encoding=Encoding.UNKNOWN, rank=None, width=Width(), classes=Width(), again=None)


def expanded(array: Array, axis: Value | None) -> Array:
    """The array with one more axis."""
    if array.labels.encoding in ONE_PER_SAMPLE and array.labels.rank == 1 and axis in {Const(-1), Const(1)}:
        return changed(array, rank=2, width=Width(1))
    return changed(array, rank=None, width=Width(), encoding=Encoding.UNKNOWN, classes=Width(), again=None)


_SHAPED = [
    f"{module}.{name}"
    for module in ("numpy", "tensorflow", "keras.ops", "keras.backend")
    for name in ("reshape", "expand_dims", "squeeze", "ravel")
]
for_arrays(_SHAPED, _reshape_function)


def _joined(request: Call, value: Value) -> Value | None:
    source = items_of(request.machine, request.machine.pick(request.raw("arrays", 0) or NONE))
    if not isinstance(source, Tuple):
        return None
    parts = [as_array(request.machine, request.machine.pick(entry), request.site) for entry in source.items]
    arrays = [part for part in parts if isinstance(part, Array)]
    if len(arrays) != len(parts) or not arrays or request.get("axis", 1) not in {None, Const(0)}:
        return request.unknown("arrays put together")
    first = arrays[0]
    values = frozenset[float]().union(*(array.values for array in arrays))
    if len(values) > 1 and all(array.values and array.labels.rank == 1 for array in arrays):
        return _of_values(request, first, values)
    alike = all(
        array.labels.encoding is first.labels.encoding and array.labels.rank == first.labels.rank for array in arrays
    )
    same = all(array.labels.classes == first.labels.classes for array in arrays)
    if alike and same:
        return first
    return request.unknown("different arrays put together")


def _of_values(request: Call, first: Array, values: frozenset[float]) -> Value:
    """`np.concatenate([np.zeros(n), np.ones(m)])`: one value after the other."""
    encoding, classes = encoding_of(values)
    if encoding not in {Encoding.BINARY, Encoding.INTEGER, Encoding.SIGNED}:
        return request.unknown("different arrays put together")
    labels = replace(
        first.labels,
        encoding=encoding,
        low=min(values),
        high=max(values),
        classes=classes,
        origin=request.site,
        source=request.machine.text(request.site),
    )
    return Array(labels, ("made", request.machine.serial()), values=values)


def _repeated(request: Call, value: Value) -> Value | None:
    """`np.repeat(np.arange(k), n)`, `np.tile([0, 1], n)`: the labels that were there, and no others."""
    if not isinstance(value, Array) or value.labels.rank != 1 or request.get("axis", 2) not in {None, NONE, Const(0)}:
        return None
    times = items_of(request.machine, request.get("repeats", 1) or request.get("reps", 1) or NONE)
    if isinstance(times, Tuple) and request.name.endswith("tile"):
        return None
    labels = value.labels
    if labels.encoding is Encoding.UNKNOWN and is_whole(labels) and labels.low == 0 and labels.high:
        count = int(labels.high) + 1
        encoding = Encoding.BINARY if count == BINARY_CLASSES else Encoding.INTEGER
        return changed(value, encoding=encoding, classes=Width(count))
    return replace(value, elements=None)


for_arrays(("numpy.repeat", "numpy.tile"), _repeated)
for_arrays(("numpy.concatenate", "numpy.append", "tensorflow.concat"), _joined)
for_arrays(("numpy.hstack", "numpy.r_"), _joined)


@function("numpy.unique")
def _unique(request: Call) -> Value:
    source = as_array(request.machine, request.get("ar", 0) or NONE, request.site)
    if request.arguments.keywords:
        return request.unknown("distinct values and more")
    return distinct(request.machine, source, request.site)


def distinct(machine: Machine, source: Value, site: Site) -> Value:
    """The distinct values of labels, as many as there are classes."""
    count = class_count(machine, source)
    if count.size is not None:
        return Tuple(tuple(machine.unknown("a class") for _ in range(min(count.size, 256))))
    if isinstance(count.symbol, Key) and count.symbol.parts[0] == "len":
        return Unknown(count.symbol.parts[1], "the distinct values", site)
    return machine.unknown("the distinct values", site)


def _greatest(request: Call, value: Value) -> Value | None:
    if isinstance(value, Array):
        if value.labels.high is not None and float(value.labels.high).is_integer():
            return Const(int(value.labels.high))
        return Unknown(derived("max", value.key), "the greatest label", request.site)
    if isinstance(value, Unknown) and len(request.arguments.positional) == 1 and not request.arguments.keywords:
        return Unknown(derived("max", value.key), "the greatest label", request.site)
    return None


for_arrays(("numpy.max", "numpy.amax", "builtins.max"), _greatest)


def _set_of(request: Call, value: Value) -> Value | None:
    if isinstance(value, (Array, Unknown)) and not (isinstance(value, Array) and value.elements is not None):
        return distinct(request.machine, value, request.site)
    return None


for_arrays(("builtins.set",), _set_of)


@function("numpy.where")
def _where(request: Call) -> Value:
    chosen = [request.get("x", 1), request.get("y", 2)]
    values = {value.value for value in chosen if isinstance(value, Const)}
    if values in ({0, 1}, {-1, 1}):
        low, encoding = (0, Encoding.BINARY) if 0 in values else (-1, Encoding.SIGNED)
        key = ("made", request.machine.serial())
        asked = request.get("condition", 0)
        return made(
            request.site,
            encoding,
            key,
            request.machine.text(request.site),
            rank=asked.labels.rank if isinstance(asked, Array) else None,
            width=asked.labels.width if isinstance(asked, Array) else None,
            low=low,
            high=1,
            classes=Width(BINARY_CLASSES),
        )
    return request.unknown("a choice by element")
