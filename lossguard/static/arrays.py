"""Arrays of labels: where they are made, and what people do to them on the way to `fit`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from lossguard.catalog.labels import DATASETS, ENCODERS, OPENML, EncoderSpec, LabelSpec, Returns
from lossguard.catalog.labels import Shape as EncodedShape
from lossguard.facts import EncodedAgain, Encoding, Labels, Width
from lossguard.static.functions import ATTRIBUTES, FUNCTIONS, Call, function, method
from lossguard.static.layers import FULL_SLICE, shape_value, value_of_width, width_of
from lossguard.static.machine import Machine, key_of
from lossguard.static.operators import items_of, overload
from lossguard.static.python import NATIVE_ATTRIBUTES
from lossguard.static.subscripts import is_slice, items
from lossguard.static.values import (
    FALSE,
    NONE,
    TRUE,
    Api,
    Array,
    Const,
    Dict,
    Key,
    List,
    Many,
    Native,
    Site,
    Tuple,
    Unknown,
    Value,
    derived,
)

BINARY_CLASSES = 2
COLUMN_RANK = 2
ONE_PER_SAMPLE = frozenset({Encoding.INTEGER, Encoding.BINARY, Encoding.SIGNED, Encoding.CONTINUOUS, Encoding.STRING})
PER_CLASS = frozenset({Encoding.ONE_HOT, Encoding.MULTI_HOT, Encoding.DISTRIBUTION})


def made(
    site: Site, encoding: Encoding, key: Hashable, source: str, *, classes: Width | None = None,
    width: Width | None = None, rank: int | None = None, low: float | None = None, high: float | None = None,
    dtype: str | None = None, elements: Tuple | None = None,
) -> Array:  # fmt: skip
    """An array of labels made here."""
    labels = Labels(encoding, site, classes or Width(), width or Width(), rank, low, high, dtype, source)
    return Array(labels, key, elements)


def changed(array: Array, **changes: object) -> Array:
    """The array with its labels changed; the place they come from stays."""
    return Array(replace(array.labels, **changes), array.key)  # type: ignore[arg-type]


def plain(machine: Machine, array: Array) -> Array:
    """An array of which only the key is left."""
    return changed(
        array, encoding=Encoding.UNKNOWN, classes=Width(), width=Width(), rank=None, low=None, high=None, again=None
    )


def again(machine: Machine, array: Array, first: Value, site: Site) -> Array:
    """The array with the note that this encoding of `first` added an axis to two that were there."""
    if not isinstance(first, Array) or first.labels.rank != COLUMN_RANK:
        return array
    column = first.labels.encoding in ONE_PER_SAMPLE and first.labels.width.size == 1
    rows = first.labels.encoding in PER_CLASS and first.labels.width.is_(1) is not True
    if not column and not rows:
        return array
    return changed(array, rank=COLUMN_RANK + 1, again=EncodedAgain(first.labels, site, machine.text(site)))


# data sets


def _from_spec(request: Call, spec: LabelSpec, classes: int | None) -> Array:
    resized = classes is not None and spec.classes is not None and classes != spec.classes
    high = classes - 1 if resized and classes is not None else spec.high
    encoding = spec.encoding
    if encoding in {Encoding.INTEGER, Encoding.BINARY} and classes is not None and spec.low == 0:
        encoding = Encoding.BINARY if classes == BINARY_CLASSES else Encoding.INTEGER
    width = Width(classes if encoding is Encoding.MULTI_HOT else spec.width) if spec.width is not None else Width()
    key = ("made", request.machine.serial())
    return made(
        request.site,
        encoding,
        key,
        request.machine.text(request.site),
        classes=_count(classes),
        width=width,
        rank=spec.rank,
        low=spec.low,
        high=high,
        dtype=spec.dtype,
    )


def _count(number: int | None) -> Width:
    return Width(number) if number is not None else Width()


def _classes(request: Call, spec: LabelSpec) -> int | None:
    """The number of classes with the arguments of the call; None where they are not known."""
    for argument, value, classes in spec.by_argument:
        given = request.get(argument, spec.parameters.index(argument))
        if given == Const(value):
            return classes
        if given is not None and not isinstance(given, Const):
            return None
    if spec.classes_parameter is None:
        return spec.classes
    position = spec.parameters.index(spec.classes_parameter) if spec.classes_parameter in spec.parameters else None
    given = request.get(spec.classes_parameter, position)
    if given is None or given == NONE:
        return spec.classes
    if isinstance(given, Const) and isinstance(given.value, int):
        return given.value
    contents = items_of(request.machine, given)
    return len(contents.items) if isinstance(contents, Tuple) else None


def _load(request: Call) -> Value:
    """A data set of `keras.datasets` or `sklearn.datasets`."""
    spec = DATASETS[request.name]
    machine = request.machine
    if request.name.endswith("make_regression") and request.get("n_targets", 3) not in {None, Const(1)}:
        return Tuple((machine.unknown("samples"), machine.unknown("targets")))
    labels = _from_spec(request, spec, _classes(request, spec))
    if (
        request.name.endswith("make_blobs")
        and request.get("centers", 2) is not None
        and labels.labels.classes.size is None
    ):
        labels = plain(machine, labels)
    pair = Tuple((machine.unknown("the samples of a data set", request.site), labels))
    if spec.returns is Returns.TRAIN_AND_TEST:
        return Tuple((pair, Tuple((machine.unknown("the samples of a data set", request.site), labels))))
    if spec.returns is Returns.BUNCH and request.get("return_X_y") != TRUE:
        bunch = Native("sklearn.utils.Bunch", request.arguments, request.site, machine.serial())
        machine.write(bunch, "target", labels)
        return bunch
    return pair


for _name in DATASETS:
    FUNCTIONS[_name] = _load


@function("sklearn.datasets.fetch_openml")
def _openml(request: Call) -> Value:
    name = request.get("name", 0)
    spec = OPENML.get(str(name.value)) if isinstance(name, Const) else None
    if spec is None:
        return request.unknown("a data set of OpenML")
    labels = _from_spec(request, spec, spec.classes)
    if request.get("return_X_y") == TRUE:
        return Tuple((request.machine.unknown("samples"), labels))
    bunch = Native("sklearn.utils.Bunch", request.arguments, request.site, request.machine.serial())
    request.machine.write(bunch, "target", labels)
    return bunch


def _bunch_attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    if not isinstance(owner, Native) or owner.name != "sklearn.utils.Bunch":
        return None
    if name == "target_names":
        target = owner.fields["target"]
        size = target.labels.classes.size if isinstance(target, Array) else None
        if size is not None:
            return Tuple(tuple(machine.unknown("the name of a class") for _ in range(min(size, 256))))
    return Unknown(("attribute", ("object", owner.serial), name), "a part of a data set", site)


NATIVE_ATTRIBUTES.append(_bunch_attribute)


@items
def _bunch_item(machine: Machine, owner: Value, index: Value, site: Site) -> Value | None:
    if isinstance(owner, Native) and owner.name == "sklearn.utils.Bunch" and isinstance(index, Const):
        return machine.attribute(owner, str(index.value), site)
    return None


# literals and random numbers


def as_array(machine: Machine, value: Value, site: Site | None = None) -> Value:
    """The labels that a Python list of constants spells out; other values as they are."""
    if isinstance(value, Array):
        return value
    contents = items_of(machine, value)
    if not isinstance(contents, Tuple) or not contents.items:
        return value
    where = site or (value.site if isinstance(value, List) else None)
    if where is None:
        return value
    rows = [items_of(machine, machine.pick(entry)) for entry in contents.items]
    flat = _numbers(rows)
    if flat is not None:
        return _literal(machine, flat, where, Tuple(tuple(rows)))
    table = [_numbers(list(row.items)) if isinstance(row, Tuple) else None for row in rows]
    known = [row for row in table if row]
    if len(known) != len(table) or len({len(row) for row in known}) != 1:
        return value
    return _table(machine, known, where)


def _numbers(entries: Sequence[Value]) -> list[float | str] | None:
    found = [
        entry.value for entry in entries if isinstance(entry, Const) and isinstance(entry.value, (int, float, str))
    ]
    return found if len(found) == len(entries) else None


def _literal(machine: Machine, numbers: list[float | str], site: Site, elements: Tuple | None, rank: int = 1) -> Array:
    key = ("literal", id(site.node))
    text = machine.text(site)
    width = Width(1) if rank > 1 else None
    if any(isinstance(number, str) for number in numbers):
        return made(site, Encoding.STRING, key, text, rank=rank, elements=elements, classes=Width(len(set(numbers))))
    values = [number for number in numbers if not isinstance(number, str)]
    low, high = min(values), max(values)
    if any(not float(number).is_integer() for number in values):
        return made(site, Encoding.CONTINUOUS, key, text, rank=rank, low=low, high=high, width=width, elements=elements)
    if set(values) <= {0, 1}:
        encoding, classes = Encoding.BINARY, Width(BINARY_CLASSES)
    elif set(values) == {-1, 1}:
        encoding, classes = Encoding.SIGNED, Width(BINARY_CLASSES)
    elif low >= 0 and len(set(values)) == high - low + 1:
        encoding, classes = Encoding.INTEGER, Width(int(high - low) + 1)
    else:
        encoding, classes = Encoding.UNKNOWN, Width()
    return made(
        site, encoding, key, text, rank=rank, low=low, high=high, width=width, classes=classes, elements=elements
    )


def _table(machine: Machine, rows: list[list[float | str]], site: Site) -> Value:
    if len(rows[0]) == 1:
        return _literal(machine, [row[0] for row in rows], site, None, rank=2)
    key, text, width = ("literal", id(site.node)), machine.text(site), Width(len(rows[0]))
    numbers = [[number for number in row if not isinstance(number, str)] for row in rows]
    values = {number for row in numbers for number in row}
    encoding = Encoding.UNKNOWN
    if values <= {0, 1} and any(values):
        encoding = Encoding.ONE_HOT if all(sum(row) == 1 for row in numbers) else Encoding.MULTI_HOT
    classes = width if encoding is Encoding.ONE_HOT else None
    return made(site, encoding, key, text, rank=2, width=width, classes=classes)


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


def _wrap(names: Sequence[str], handler: Callable[[Call, Value], Value | None]) -> None:
    """Give library functions a model for arrays; for other arguments the model that they had stays."""
    for name in names:
        before = FUNCTIONS.get(name)
        FUNCTIONS[name] = _either(handler, before)


def _either(
    handler: Callable[[Call, Value], Value | None], before: Callable[[Call], Value] | None
) -> Callable[[Call], Value]:
    def model(request: Call) -> Value:
        first = (
            request.raw("", 0)
            if request.arguments.positional
            else next(iter(dict(request.arguments.keywords).values()), NONE)
        )
        value = as_array(request.machine, request.machine.pick(first), request.origin("", 0))
        found = handler(request, value)
        if found is not None:
            return found
        if before is not None:
            return before(request)
        from lossguard.static.functions import PREFIXED

        other = next((known for prefix, known in PREFIXED if request.name.startswith(prefix)), None)
        return other(request) if other is not None else request.unknown()

    return model


def _same(request: Call, value: Value) -> Value | None:
    if isinstance(value, Array):
        return retyped(value, request.get("dtype", 1))
    if isinstance(value, Unknown) and request.name.startswith(("numpy.", "pandas.")):
        return value
    return None


_wrap(_SAME_VALUE, _same)


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


@function("numpy.random.randint", "numpy.random.random_integers")
def _randint(request: Call) -> Value:
    return _integers(request, request.get("low", 0), request.get("high", 1), request.get("size", 2))


def _integers(request: Call, low: Value | None, high: Value | None, size: Value | None, first: int = 0) -> Value:
    if high is None or high == NONE:
        low, high = Const(first), low
    bounds = [
        bound.value if isinstance(bound, Const) and isinstance(bound.value, int) else None for bound in (low, high)
    ]
    least, beyond = bounds
    shape = items_of(request.machine, size or NONE)
    rank = len(shape.items) if isinstance(shape, Tuple) else 1 if size not in {None, NONE} else None
    if rank is None or rank == 0:
        return request.unknown("a random number")
    column = isinstance(shape, Tuple) and rank == BINARY_CLASSES and shape.items[-1] == Const(1)
    key = ("made", request.machine.serial())
    text = request.machine.text(request.site)
    if rank > 1 and not column:
        return made(request.site, Encoding.UNKNOWN, key, text, rank=rank)
    width = Width(1) if column else None
    if least != 0 or beyond is None:
        classes = width_of(request.machine, high, request.origin("high", 1)) if least == 0 else None
        encoding = Encoding.UNKNOWN if least is None or least < 0 else Encoding.INTEGER
        if least is not None and beyond is not None and encoding is Encoding.INTEGER:
            classes = Width(beyond - least)
        return made(
            request.site,
            encoding,
            key,
            text,
            rank=rank,
            width=width,
            low=least,
            classes=classes,
            high=beyond - 1 if beyond is not None else None,
        )
    encoding = Encoding.BINARY if beyond == BINARY_CLASSES else Encoding.INTEGER
    return made(
        request.site, encoding, key, text, rank=rank, width=width, low=0, high=beyond - 1, classes=Width(beyond)
    )


@function("tensorflow.random.uniform", "keras.random.randint", "keras.random.uniform")
def _tensorflow_uniform(request: Call) -> Value:
    dtype = request.get("dtype", 3)
    whole = (
        request.name.endswith("randint")
        or (isinstance(dtype, Api) and ".int" in dtype.name)
        or (isinstance(dtype, Const) and str(dtype.value).startswith("int"))
    )
    if not whole:
        return request.unknown("random numbers")
    low = request.get("minval", 1) or Const(0)
    return _integers(request, low, request.get("maxval", 2), request.get("shape", 0))


@function(
    "numpy.random.rand",
    "numpy.random.random",
    "numpy.random.random_sample",
    "numpy.random.uniform",
    "numpy.zeros",
    "numpy.ones",
    "numpy.empty",
    "numpy.full",
)
def _filled(request: Call) -> Value:
    """Numbers that say nothing of classes, in an array of known shape."""
    if request.name.endswith(".rand"):
        shape: Value = Tuple(request.arguments.positional)
    elif request.name.endswith("uniform"):
        shape = request.get("size", 2) or NONE
    else:
        shape = request.get("shape", 0) or request.get("size") or NONE
    entries = items_of(request.machine, shape)
    rank = len(entries.items) if isinstance(entries, Tuple) else 1 if entries != NONE else None
    if not rank:
        return request.unknown("a random number")
    last = entries.items[-1] if isinstance(entries, Tuple) and rank > 1 else NONE
    width = width_of(request.machine, last, request.site) if last != NONE else None
    key = ("made", request.machine.serial())
    return made(request.site, Encoding.UNKNOWN, key, request.machine.text(request.site), rank=rank, width=width)


@function("numpy.random.choice")
def _choice(request: Call) -> Value:
    source = as_array(request.machine, request.get("a", 0) or NONE, request.origin("a", 0))
    size = request.get("size", 1)
    if isinstance(source, Const) and isinstance(source.value, int):
        return _integers(request, Const(0), source, size)
    shape = items_of(request.machine, size or NONE)
    if (
        isinstance(source, Array)
        and size not in {None, NONE}
        and not (isinstance(shape, Tuple) and len(shape.items) > 1)
    ):
        return changed(source, source=request.machine.text(request.site), origin=request.site)
    return request.unknown("a random choice")


@function("numpy.random.randn", "numpy.random.normal", "numpy.random.standard_normal", "tensorflow.random.normal")
def _normal(request: Call) -> Value:
    positional = request.arguments.positional
    size = (
        request.get("size", 2) or request.get("shape", 0) if not request.name.endswith("randn") else Tuple(positional)
    )
    shape = items_of(request.machine, size or NONE)
    rank = len(shape.items) if isinstance(shape, Tuple) else 1 if isinstance(shape, Const) and shape != NONE else None
    width = (
        width_of(request.machine, shape.items[-1], request.site)
        if isinstance(shape, Tuple) and shape.items[1:]
        else None
    )
    key = ("made", request.machine.serial())
    return made(request.site, Encoding.CONTINUOUS, key, request.machine.text(request.site), rank=rank, width=width)


# encoders


def key_for(machine: Machine, value: Value) -> Hashable:
    """The key of the classes in a value; a fresh one where it has none."""
    if isinstance(value, Array):
        return value.key
    found = key_of(value)
    return found if found is not None else ("fresh", machine.serial())


def class_count(machine: Machine, value: Value) -> Width:
    """The number of classes in labels, known or by symbol."""
    if isinstance(value, Array) and (value.labels.classes.size is not None or value.labels.classes.symbol is not None):
        return value.labels.classes
    return Width(symbol=derived("len", derived("unique", key_for(machine, value))), text="the number of classes")


def _encode(request: Call) -> Value:
    """A function that encodes the labels it is given."""
    spec = ENCODERS[request.name]
    machine = request.machine
    assert spec.source is not None
    position = spec.parameters.index(spec.source)
    aliases = [name for name in ("y", "x", "labels", "input", "indices", "data") if request.arguments.keyword(name)]
    raw = request.get(spec.source, position) or (request.get(aliases[0]) if aliases else None) or NONE
    source = as_array(machine, raw, request.origin(spec.source, position))
    if spec.returns_pair:
        labels = _ids(machine, request, source, spec)
        return Tuple((labels, machine.unknown("the distinct values")))
    if request.name == "pandas.get_dummies" and not _is_column(raw, source):
        return request.unknown("dummies of a whole table")
    if spec.drop_parameter is not None and request.get(spec.drop_parameter) not in {None, NONE, FALSE}:
        return request.unknown("dummies without one column")
    if isinstance(source, Array) and source.labels.encoding in PER_CLASS:
        found = plain(machine, source)
        return again(machine, found, source, request.site) if spec.shape in _ONE_AXIS_MORE else found
    size: Value = NONE
    where = request.site
    if spec.size_parameter is not None:
        place = spec.parameters.index(spec.size_parameter)
        size = request.get(spec.size_parameter, place) or request.get("nb_classes") or NONE
        where = request.origin(spec.size_parameter, place)
    return _encoded(machine, request, spec, source, _columns(machine, spec, source, size, where))


_ONE_AXIS_MORE = frozenset({EncodedShape.ONE_MORE, EncodedShape.ONE_MORE_SQUEEZED})


def _is_column(raw: Value, source: Value) -> bool:
    if isinstance(source, Array):
        return source.labels.encoding in ONE_PER_SAMPLE or source.labels.rank == 1
    return isinstance(raw, Unknown) and isinstance(raw.key, Key) and _of_column(raw.key)


def _of_column(key: Key) -> bool:
    """Whether a key is a column of a table, or a method, slice or attribute of one: `df['y'].astype(str)`."""
    kind, *parts = key.parts
    if kind == "item" and isinstance(parts[1], tuple) and parts[1][:2] == ("const", "str"):
        return True
    if kind == "attribute" and isinstance(parts[1], str) and parts[1] not in {"values", "iloc", "loc", "columns", "T"}:
        return True
    return any(isinstance(part, Key) and _of_column(part) for part in parts)


def _columns(machine: Machine, spec: EncoderSpec, source: Value, size: Value, where: Site) -> Width:
    contents = items_of(machine, size)
    if isinstance(contents, Tuple):
        return Width(len(contents.items))
    if isinstance(size, Many):
        return Width()
    if size != NONE:
        return width_of(machine, size, where)
    if spec.counts_from_zero:
        if isinstance(source, Array) and source.labels.high is not None:
            return Width(int(source.labels.high) + 1)
        return Width(symbol=derived("max", key_for(machine, source)), offset=1, text="the number of classes")
    return class_count(machine, source)


def _encoded(machine: Machine, request: Call, spec: EncoderSpec, source: Value, width: Width) -> Value:
    key = key_for(machine, source)
    text = machine.text(request.site)
    rank = _rank_encoded(spec, source)
    if spec.two_classes is not None:
        if width.size == BINARY_CLASSES:
            return made(request.site, spec.two_classes, key, text, rank=2, width=Width(1), classes=width, low=0, high=1)
        if width.size is None:
            return made(request.site, Encoding.UNKNOWN, key, text, rank=2)
    found = made(request.site, spec.encoding, key, text, rank=rank, width=width, classes=width, dtype=spec.dtype)
    return again(machine, found, source, request.site) if spec.shape is EncodedShape.ONE_MORE else found


def _rank_encoded(spec: EncoderSpec, source: Value) -> int | None:
    rank = source.labels.rank if isinstance(source, Array) else None
    match spec.shape:
        case EncodedShape.MATRIX:
            return 2
        case EncodedShape.FLAT:
            return 1
        case EncodedShape.ONE_MORE if rank is not None:
            return rank + 1
        case EncodedShape.ONE_MORE_SQUEEZED if rank is not None and isinstance(source, Array):
            return rank if rank > 1 and source.labels.width.size == 1 else rank + 1
    return None


def _ids(machine: Machine, request: Call, source: Value, spec: EncoderSpec) -> Array:
    count = class_count(machine, source)
    binary = count.size == BINARY_CLASSES
    high = count.size - 1 + spec.first if count.size is not None else None
    return made(
        request.site,
        Encoding.BINARY if binary else Encoding.INTEGER,
        key_for(machine, source),
        machine.text(request.site),
        rank=1,
        classes=count,
        low=spec.first,
        high=high,
        dtype=spec.dtype,
    )


for _name, _spec in ENCODERS.items():
    if _spec.source is not None:
        FUNCTIONS[_name] = _encode


@function("numpy.eye", "numpy.identity", "tensorflow.eye")
def _eye(request: Call) -> Value:
    columns = request.get("M", 1) or request.get("num_columns")
    rows = request.get("N", 0) or request.get("n") or request.get("num_rows") or NONE
    size, where = (rows, request.origin("N", 0)) if columns in {None, NONE} else (columns, request.origin("M", 1))
    width = width_of(request.machine, size, where)
    key = ("eye", request.machine.serial())
    return made(
        request.site, Encoding.ONE_HOT, key, request.machine.text(request.site), rank=2, width=width, classes=width
    )


_ENCODER_CLASSES = tuple(
    name for name, spec in ENCODERS.items() if spec.source is None and name.startswith("sklearn.preprocessing.")
)


@function(*_ENCODER_CLASSES)
def _encoder(request: Call) -> Value:
    return Native(request.name, request.arguments, request.site, request.machine.serial())


@method(Native, "fit")
def _fit_encoder(request: Call) -> Value:
    encoder = request.receiver
    if isinstance(encoder, Native) and encoder.name in ENCODERS:
        seen = as_array(request.machine, request.get("y", 0) or NONE, request.site)
        request.machine.write(encoder, "@classes", seen)
    return encoder


@method(Native, "fit_transform", "transform")
def _transform(request: Call) -> Value:
    encoder = request.receiver
    if not isinstance(encoder, Native) or encoder.name not in ENCODERS:
        return request.unknown("a transformation that is not followed")
    machine = request.machine
    spec = ENCODERS[encoder.name]
    source = as_array(machine, request.get("y", 0) or request.get("X", 0) or NONE, request.site)
    if request.name == "fit_transform":
        machine.write(encoder, "@classes", source)
    fitted = machine.pick(machine.field(encoder, "@classes"))
    return _transformed(request, encoder, spec, source, fitted)


def _transformed(request: Call, encoder: Native, spec: EncoderSpec, source: Value, fitted: Value) -> Value:
    machine = request.machine
    text = machine.text(request.site)
    count = fitted.labels.classes if isinstance(fitted, Array) and fitted.labels.encoding in ONE_PER_SAMPLE else Width()
    if count.size is None:
        count = Width(symbol=derived("len", ("classes", encoder.serial)), text="the number of classes")
    key = key_for(machine, source)
    if encoder.name.endswith("LabelEncoder"):
        high = count.size - 1 if count.size is not None else None
        encoding = Encoding.BINARY if count.size == BINARY_CLASSES else Encoding.INTEGER
        return made(request.site, encoding, key, text, rank=1, classes=count, low=0, high=high, dtype=spec.dtype)
    if encoder.name.endswith("MultiLabelBinarizer"):
        return made(request.site, Encoding.MULTI_HOT, key, text, rank=2, width=count, classes=count)
    if encoder.name.endswith("LabelBinarizer") and encoder.arguments == type(encoder.arguments)():
        return _encoded(machine, request, spec, source, count)
    if encoder.name.endswith("OneHotEncoder") and encoder.arguments.keyword("drop") is None:
        column = isinstance(source, Array) and source.labels.width.size == 1
        if column:
            return made(request.site, Encoding.ONE_HOT, key, text, rank=2, width=count, classes=count)
    return made(request.site, Encoding.UNKNOWN, key, text)


def _encoder_attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    if isinstance(owner, Native) and owner.name in ENCODERS and name in {"classes_", "categories_"}:
        fitted = machine.field(owner, "@classes")
        if isinstance(fitted, Array) and fitted.labels.classes.size is not None and name == "classes_":
            return Tuple(tuple(machine.unknown("a class") for _ in range(min(fitted.labels.classes.size, 256))))
        return Unknown(("classes", owner.serial), "the classes of an encoder", site)
    return None


NATIVE_ATTRIBUTES.append(_encoder_attribute)


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
    if not isinstance(value, Array) or value.labels.encoding not in PER_CLASS:
        return None
    axis = request.get("axis", 1)
    if axis in {None, NONE, Const(0)} and request.name.startswith("numpy."):
        return request.unknown("the greatest along another axis")
    return ids_of(request.machine, value, request.site)


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


_wrap(
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
            return _expanded(value, request.get("axis", 1))
        case "ravel" | "squeeze":
            return _flattened(value)
    return None


_SHAPED = [
    f"{module}.{name}"
    for module in ("numpy", "tensorflow", "keras.ops", "keras.backend")
    for name in ("reshape", "expand_dims", "squeeze", "ravel")
]
_wrap(_SHAPED, _reshape_function)


def _joined(request: Call, value: Value) -> Value | None:
    source = items_of(request.machine, request.machine.pick(request.raw("arrays", 0) or NONE))
    if not isinstance(source, Tuple):
        return None
    parts = [as_array(request.machine, request.machine.pick(entry), request.site) for entry in source.items]
    arrays = [part for part in parts if isinstance(part, Array)]
    if len(arrays) != len(parts) or not arrays or request.get("axis", 1) not in {None, Const(0)}:
        return request.unknown("arrays put together")
    first = arrays[0]
    alike = all(
        array.labels.encoding is first.labels.encoding and array.labels.rank == first.labels.rank for array in arrays
    )
    same = all(array.labels.classes == first.labels.classes for array in arrays)
    if alike and same:
        return first
    return request.unknown("different arrays put together")


_wrap(("numpy.concatenate", "numpy.append", "tensorflow.concat"), _joined)
_wrap(("numpy.hstack", "numpy.r_"), _joined)


@function("numpy.unique")
def _unique(request: Call) -> Value:
    source = as_array(request.machine, request.get("ar", 0) or NONE, request.site)
    if request.arguments.keywords:
        return request.unknown("distinct values and more")
    return _distinct(request.machine, source, request.site)


def _distinct(machine: Machine, source: Value, site: Site) -> Value:
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


_wrap(("numpy.max", "numpy.amax", "builtins.max"), _greatest)


def _set_of(request: Call, value: Value) -> Value | None:
    if isinstance(value, (Array, Unknown)) and not (isinstance(value, Array) and value.elements is not None):
        return _distinct(request.machine, value, request.site)
    return None


_wrap(("builtins.set",), _set_of)


@function("numpy.where")
def _where(request: Call) -> Value:
    chosen = [request.get("x", 1), request.get("y", 2)]
    values = {value.value for value in chosen if isinstance(value, Const)}
    if values in ({0, 1}, {-1, 1}):
        low, encoding = (0, Encoding.BINARY) if 0 in values else (-1, Encoding.SIGNED)
        key = ("made", request.machine.serial())
        return made(
            request.site,
            encoding,
            key,
            request.machine.text(request.site),
            low=low,
            high=1,
            classes=Width(BINARY_CLASSES),
        )
    return request.unknown("a choice by element")


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


def reshaped(request: Call, array: Array, shape: Value | None) -> Array:
    """The array in another shape, as far as it stays an array of labels."""
    entries = items_of(request.machine, shape or NONE)
    if isinstance(entries, Const) and isinstance(entries.value, int):
        entries = Tuple((entries,))
    labels = array.labels
    if not isinstance(entries, Tuple) or not entries.items:
        return plain(request.machine, array)
    if labels.encoding in ONE_PER_SAMPLE or (labels.encoding is Encoding.UNKNOWN and labels.rank is None):
        if len(entries.items) == 1:
            return changed(array, rank=1, width=Width())
        if entries.items[-1] == Const(1):
            return changed(array, rank=len(entries.items), width=Width(1))
    if labels.encoding in PER_CLASS and len(entries.items) == labels.rank:
        last = entries.items[-1]
        if last == Const(-1) or value_of_width(request.machine, labels.width) == last:
            return array
    return plain(request.machine, array)


@method(Array, "flatten", "ravel", "squeeze")
def _flatten(request: Call) -> Value:
    assert isinstance(request.receiver, Array)
    return _flattened(request.receiver)


def _flattened(array: Array) -> Array:
    if array.labels.encoding in ONE_PER_SAMPLE and (array.labels.rank == 1 or array.labels.width.size == 1):
        return changed(array, rank=1, width=Width())
    return changed(array, encoding=Encoding.UNKNOWN, rank=None, width=Width(), classes=Width(), again=None)


def _expanded(array: Array, axis: Value | None) -> Array:
    if array.labels.encoding in ONE_PER_SAMPLE and array.labels.rank == 1 and axis in {Const(-1), Const(1)}:
        return changed(array, rank=2, width=Width(1))
    return changed(array, rank=None, width=Width(), encoding=Encoding.UNKNOWN, classes=Width(), again=None)


@method(Array, "argmax")
def _argmax_method(request: Call) -> Value:
    assert isinstance(request.receiver, Array)
    axis = request.get("axis", 0)
    if request.receiver.labels.encoding in PER_CLASS and axis in {Const(1), Const(-1)}:
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
    return _distinct(request.machine, request.receiver, request.site)


@method(Array, "toarray", "todense", "to_frame")
def _dense(request: Call) -> Value:
    return request.receiver


@method(Array, "*")
def _array_method(request: Call) -> Value:
    return request.machine.unknown("a method of an array", request.site)


@method(Unknown, "*")
def _unknown_method(request: Call) -> Value:
    return request.unknown()


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
    if len(indices) == 1:
        return _selected(owner, index)
    first, *rest = indices
    if rest == [NONE] or rest == [Api("numpy.newaxis")] or rest == [Api("tensorflow.newaxis")]:
        return _expanded(owner, Const(1)) if labels.rank == 1 else plain(machine, owner)
    if first == Const(...) and len(rest) == 1:
        return plain(machine, owner) if rest[0] != NONE else _expanded(owner, Const(-1))
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

    A mask may leave classes out, and with them the least and the greatest label.
    """
    if isinstance(index, Const):
        return changed(owner, rank=None)
    if is_slice(index) or owner.labels.encoding not in {Encoding.INTEGER, Encoding.SIGNED}:
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
    if array is None:
        return None
    other = right if array is left else left
    labels = array.labels
    if symbol in _COMPARISONS and labels.encoding in ONE_PER_SAMPLE and isinstance(other, Const):
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
    if not isinstance(number, (int, float)) or isinstance(number, bool) or array is right:
        return plain(machine, array)
    if symbol in "+-" and labels.encoding is Encoding.INTEGER and isinstance(number, int):
        return _shifted(array, number if symbol == "+" else -number)
    if symbol == "%" and number == BINARY_CLASSES and labels.encoding is Encoding.INTEGER:
        return changed(array, encoding=Encoding.BINARY, low=0, high=1, classes=Width(BINARY_CLASSES))
    if symbol in "*/+-" and labels.encoding is Encoding.CONTINUOUS:
        return changed(array, low=None, high=None)
    return plain(machine, array)


def _shifted(array: Array, offset: int) -> Array:
    labels = array.labels
    low = labels.low + offset if labels.low is not None else None
    high = labels.high + offset if labels.high is not None else None
    if low is not None and low < 0:
        return changed(array, encoding=Encoding.UNKNOWN, low=None, high=None)
    return changed(array, low=low, high=high)
