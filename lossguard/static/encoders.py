"""Encoders of labels: functions, and objects that are fitted."""

from __future__ import annotations

from math import isfinite

from lossguard.catalog.labels import ENCODERS, EncoderSpec
from lossguard.catalog.labels import Shape as EncodedShape
from lossguard.facts import Encoding, Width
from lossguard.static.arrays import (
    BINARY_CLASSES,
    ONE_PER_SAMPLE,
    PER_CLASS,
    again,
    as_array,
    class_count,
    key_for,
    made,
    plain,
)
from lossguard.static.functions import FUNCTIONS, Call, function, method
from lossguard.static.layers import width_of
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of
from lossguard.static.python import NATIVE_ATTRIBUTES
from lossguard.static.values import (
    FALSE,
    NONE,
    Array,
    Key,
    Many,
    Native,
    Site,
    Tuple,
    Unknown,
    Value,
    derived,
)


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
    if request.name == "pandas.get_dummies" and (request.get("columns", 5) is not None or not _is_column(raw, source)):
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
    if kind == "call" and isinstance(parts[0], Key) and parts[0].parts[0] == "attribute":  # a method
        return isinstance(owner := parts[0].parts[1], Key) and _of_column(owner)
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
        high = source.labels.high if isinstance(source, Array) else None
        if high is not None and isfinite(high):
            return Width(int(high) + 1)
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
