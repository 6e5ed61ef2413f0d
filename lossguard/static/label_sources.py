"""Where labels come from: data sets of libraries, random numbers, arrays of one value."""

from __future__ import annotations

from dataclasses import replace

from lossguard.catalog.labels import DATASETS, OPENML, LabelSpec, Returns
from lossguard.facts import Encoding, Width
from lossguard.static.arrays import (
    BINARY_CLASSES,
    COLUMN_RANK,
    as_array,
    changed,
    made,
    plain,
)
from lossguard.static.functions import FUNCTIONS, Call, function, method
from lossguard.static.layers import width_of
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of
from lossguard.static.python import NATIVE_ATTRIBUTES
from lossguard.static.subscripts import items
from lossguard.static.values import (
    FALSE,
    NONE,
    TRUE,
    Api,
    Array,
    Const,
    Key,
    Native,
    Shifted,
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


_GENERATORS = frozenset({"numpy.random.default_rng", "numpy.random.Generator", "numpy.random.RandomState"})


@function(*_GENERATORS)
def _generator(request: Call) -> Value:
    return Native(request.name, request.arguments, request.site, request.machine.serial())


@method(Native, "integers", "randint", "random", "rand", "uniform", "normal", "randn", "standard_normal", "choice")
def _generated(request: Call) -> Value:
    """A method of a generator of random numbers does what the function of that name in `numpy.random` does."""
    generator = request.receiver
    if not isinstance(generator, Native) or generator.name not in _GENERATORS:
        return request.unknown("a method that is not followed")
    name = f"numpy.random.{'randint' if request.name == 'integers' else request.name}"
    return FUNCTIONS[name](replace(request, name=name, receiver=NONE))


@function("numpy.random.randint", "numpy.random.random_integers")
def _randint(request: Call) -> Value:
    low, high = request.get("low", 0), request.get("high", 1)
    if request.name.endswith("random_integers") or request.get("endpoint") not in {None, FALSE}:
        return request.unknown("random numbers with both ends")
    return _integers(request, low, high, request.get("size", 2))


def _integers(request: Call, low: Value | None, high: Value | None, size: Value | None) -> Value:
    """Random whole numbers from `low` to below `high`; from 0 to below `low` where that is all.

    In several columns they say nothing of classes: people put them where labels are to come.
    """
    if high is None or high == NONE:
        low, high = Const(0), low
    least, beyond = (
        bound.value if isinstance(bound, Const) and isinstance(bound.value, int) else None for bound in (low, high)
    )
    machine = request.machine
    shape = items_of(machine, size or NONE)
    rank = _rank(shape)
    if not rank:
        return request.unknown("a random number")
    width = _last_axis(request, shape) or Width()
    key, text = ("made", machine.serial()), machine.text(request.site)
    if rank > 1 and width.size != 1:
        return made(request.site, Encoding.UNKNOWN, key, text, rank=rank, width=width)
    if least is None or least < 0:
        high_known = beyond - 1 if beyond is not None else None
        return made(request.site, Encoding.UNKNOWN, key, text, rank=rank, width=width, low=least, high=high_known)
    if beyond is None:
        classes = width_of(machine, high, request.origin("high", 1)) if least == 0 else None
        return made(request.site, Encoding.INTEGER, key, text, rank=rank, width=width, low=least, classes=classes)
    encoding = Encoding.BINARY if (least, beyond) == (0, BINARY_CLASSES) else Encoding.INTEGER
    classes = Width(beyond - least)
    return made(request.site, encoding, key, text, rank=rank, width=width, low=least, high=beyond - 1, classes=classes)


def _rank(shape: Value) -> int | None:
    """The number of axes of an array made of this shape: a sequence, or one number for a single axis."""
    match shape:
        case Tuple(items=items):
            return len(items)
        case Const(value=int()) | Shifted() | Unknown(key=Key(parts=("len" | "max", *_))):
            return 1
        case Unknown(key=Key(parts=("item", Key(parts=("attribute", _, "shape")), *_))):
            return 1
    return None


def _last_axis(request: Call, shape: Value) -> Width | None:
    """The size of the last axis of a shape, where there is one beside the first."""
    if not isinstance(shape, Tuple) or len(shape.items) < COLUMN_RANK:
        return None
    return width_of(request.machine, shape.items[-1], request.site)


@function("tensorflow.random.uniform", "keras.random.randint", "keras.random.uniform")
def _tensorflow_uniform(request: Call) -> Value:
    dtype = request.get("dtype", 3)
    whole = (
        request.name.endswith("randint")
        or (isinstance(dtype, Api) and ".int" in dtype.name)
        or (isinstance(dtype, Const) and str(dtype.value).startswith("int"))
    )
    low = request.get("minval", 1) or Const(0)
    if not whole:
        return array_of_shape(request, request.get("shape", 0), _spread(low, request.get("maxval", 2)))
    return _integers(request, low, request.get("maxval", 2), request.get("shape", 0))


@function("numpy.random.rand", "numpy.random.random", "numpy.random.random_sample", "numpy.empty")
def _floats(request: Call) -> Value:
    """Numbers that say nothing of classes: people put them where labels are to come."""
    if request.name.endswith(".rand"):
        return array_of_shape(request, Tuple(request.arguments.positional))
    return array_of_shape(request, request.get("shape", 0) or request.get("size", 0))


@function("numpy.random.uniform")
def _uniform(request: Call) -> Value:
    low, high = request.get("low", 0), request.get("high", 1)
    found = array_of_shape(request, request.get("size", 2), _spread(low, high))
    if isinstance(found, Array) and found.labels.encoding is Encoding.CONTINUOUS:
        return changed(found, low=_number(low), high=_number(high))
    return found


def _number(value: Value | None) -> float | None:
    return float(value.value) if isinstance(value, Const) and isinstance(value.value, (int, float)) else None


def _spread(low: Value | None, high: Value | None) -> Encoding:
    """Random numbers in [0, 1) may stand for anything; beyond, they are targets."""
    ends = [end.value for end in (low, high) if isinstance(end, Const) and isinstance(end.value, (int, float))]
    return Encoding.CONTINUOUS if any(end < 0 or end > 1 for end in ends) else Encoding.UNKNOWN


@function("numpy.random.randn", "numpy.random.normal", "numpy.random.standard_normal", "tensorflow.random.normal")
def _normal(request: Call) -> Value:
    match request.name.rpartition(".")[2]:
        case "randn":
            size: Value | None = Tuple(request.arguments.positional)
        case "standard_normal":
            size = request.get("size", 0)
        case _:
            size = request.get("shape", 0) if request.name.startswith("tensorflow.") else request.get("size", 2)
    found = array_of_shape(request, size, Encoding.CONTINUOUS)
    around_zero = request.name.endswith(("randn", "standard_normal")) or _around_zero(request)
    if isinstance(found, Array) and around_zero:
        return changed(found, low=float("-inf"), high=float("inf"))
    return found


def _around_zero(request: Call) -> bool:
    """Normal numbers of mean 0 that spread by 1 or more leave every bound."""
    mean = request.get("mean", 1) if request.name.startswith("tensorflow.") else request.get("loc", 0)
    spread = request.get("stddev", 2) if request.name.startswith("tensorflow.") else request.get("scale", 1)
    known = _number(spread)
    return mean in {None, Const(0), Const(0.0)} and (spread is None or (known is not None and known >= 1))


_FILLS = {"numpy.zeros": 0.0, "numpy.ones": 1.0}


@function("numpy.full", *_FILLS)
def _of_one_value(request: Call) -> Value:
    """An array of one value, which says nothing of classes by itself."""
    given = request.get("fill_value", 1) if request.name == "numpy.full" else Const(_FILLS[request.name])
    found = array_of_shape(request, request.get("shape", 0))
    if not isinstance(found, Array) or not isinstance(given, Const) or not isinstance(given.value, (int, float)):
        return found
    return replace(found, values=frozenset({float(given.value)}))


@function("numpy.arange")
def _arange(request: Call) -> Value:
    """Whole numbers in order: no labels yet, but what `np.arange(n) % k` makes them of."""
    positional = request.arguments.positional
    if len(positional) != 1 or request.arguments.keywords or request.arguments.open:
        return request.unknown("numbers in order")
    stop = request.machine.pick(positional[0])
    if isinstance(stop, Const) and not isinstance(stop.value, int):
        return request.unknown("numbers in order")
    high = stop.value - 1 if isinstance(stop, Const) and isinstance(stop.value, int) and stop.value > 0 else None
    key, text = ("made", request.machine.serial()), request.machine.text(request.site)
    low = 0 if high is not None else None
    return made(request.site, Encoding.UNKNOWN, key, text, rank=1, dtype="int64", low=low, high=high)


def array_of_shape(request: Call, shape: Value | None, encoding: Encoding = Encoding.UNKNOWN) -> Value:
    """An array of known shape."""
    machine = request.machine
    entries = items_of(machine, shape or NONE)
    rank = _rank(entries)
    if not rank:
        return request.unknown("a random number")
    key, text = ("made", machine.serial()), machine.text(request.site)
    return made(request.site, encoding, key, text, rank=rank, width=_last_axis(request, entries))


def read(request: Call, spec: LabelSpec, one_hot: Value | None) -> Value:
    """The labels that a reader gives, one-hot if `one_hot` says so."""
    if one_hot not in {None, NONE, FALSE}:
        if one_hot != TRUE:
            return request.unknown("labels that may be one-hot")
        key, text = ("made", request.machine.serial()), request.machine.text(request.site)
        ten = Width(spec.classes)
        return made(request.site, Encoding.ONE_HOT, key, text, rank=COLUMN_RANK, width=ten, classes=ten)
    return _from_spec(request, spec, spec.classes)


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
