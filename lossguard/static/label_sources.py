"""Where labels come from: data sets of libraries, random numbers, arrays of one value."""

from __future__ import annotations

from lossguard.catalog.labels import DATASETS, OPENML, LabelSpec, Returns
from lossguard.facts import Encoding, Width
from lossguard.static.arrays import (
    BINARY_CLASSES,
    as_array,
    changed,
    made,
    plain,
)
from lossguard.static.functions import FUNCTIONS, Call, function
from lossguard.static.layers import width_of
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of
from lossguard.static.python import NATIVE_ATTRIBUTES
from lossguard.static.subscripts import items
from lossguard.static.values import (
    NONE,
    TRUE,
    Api,
    Array,
    Const,
    Native,
    Site,
    Tuple,
    Unknown,
    Value,
)

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
