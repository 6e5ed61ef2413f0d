"""Datasets and generators: `tf.data`, loaders of directories, image generators, `tfds`, `PyDataset`."""

from __future__ import annotations

from lossguard.catalog.labels import LOADERS, PASSED_THROUGH, LoaderSpec, Mode, tfds_labels
from lossguard.facts import Encoding, Width
from lossguard.static.arrays import BINARY_CLASSES, as_array, made
from lossguard.static.functions import ATTRIBUTES, FUNCTIONS, Call, call, function, method
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of
from lossguard.static.subscripts import items
from lossguard.static.values import (
    NONE,
    TRUE,
    Arguments,
    Array,
    Const,
    Dataset,
    Dict,
    List,
    Native,
    Pairs,
    Site,
    Tuple,
    Unknown,
    Value,
    derived,
)

GENERATOR = "keras.preprocessing.image.ImageDataGenerator"


# loaders of directories


def _load(request: Call, spec: LoaderSpec) -> Value:
    machine = request.machine

    def given(name: str) -> Value | None:
        return request.get(name, spec.parameters.index(name)) if name in spec.parameters else request.get(name)

    chosen = given(spec.mode_parameter)
    name = spec.default_mode if chosen is None else chosen.value if isinstance(chosen, Const) else ...
    serial = machine.serial()
    samples = machine.unknown("the samples of a directory", request.site)
    names = Unknown(("class names", serial), "the classes found in a directory", "class_names")
    attributes = _class_attributes(names)
    mode = spec.modes.get(name) if name is None or isinstance(name, str) else None
    inferred = spec.labels_parameter is None or given(spec.labels_parameter) in {None, Const("inferred")}
    if name is ... or (isinstance(name, str) and name not in spec.modes) or not inferred:
        return Dataset(
            Tuple((samples, machine.unknown("labels of a mode that is not known", request.site))), False, attributes
        )
    if mode is None:
        return Dataset(samples, False, attributes)
    listed = items_of(machine, given(spec.classes_parameter) or NONE)
    if isinstance(listed, Tuple):
        classes = Width(len(listed.items))
    else:
        classes = Width(symbol=derived("len", names.key), text="the number of classes")
    where = request.origin(spec.mode_parameter, spec.parameters.index(spec.mode_parameter))
    source = f"{request.name.rpartition('.')[2]}({spec.mode_parameter}={name!r})"
    return Dataset(Tuple((samples, _labels(where, mode, classes, serial, source))), False, attributes)


def _labels(site: Site, mode: Mode, classes: Width, serial: int, source: str) -> Array:
    key = ("directory", serial)
    width = classes if mode.encoding is Encoding.ONE_HOT else Width(mode.width) if mode.width is not None else Width()
    encoding = mode.encoding if mode.exclusive else Encoding.UNKNOWN
    if encoding is Encoding.BINARY:
        classes = Width(BINARY_CLASSES)
    low = 0 if encoding in {Encoding.INTEGER, Encoding.BINARY} else None
    high = classes.size - 1 if classes.size is not None and low is not None else None
    return made(
        site, encoding, key, source, classes=classes, width=width, rank=mode.rank, low=low, high=high, dtype=mode.dtype
    )


def _class_attributes(names: Unknown) -> tuple[tuple[str, Value], ...]:
    count = Unknown(derived("len", names.key), "the number of classes", "num_classes")
    return (("class_names", names), ("class_indices", names), ("num_classes", count))


def _directory(request: Call) -> Value:
    loaded = _load(request, LOADERS[request.name])
    if request.get("subset") == Const("both"):
        return Tuple((loaded, loaded))
    return loaded


for _name in LOADERS:
    if not _name.startswith(GENERATOR):
        FUNCTIONS[_name] = _directory


@function(GENERATOR)
def _generator(request: Call) -> Value:
    return Native(request.name, request.arguments, request.site, request.machine.serial())


@method(Native, "flow_from_directory", "flow_from_dataframe")
def _flow_from(request: Call) -> Value:
    if isinstance(request.receiver, Native) and request.receiver.name == GENERATOR:
        spec = LOADERS[f"{GENERATOR}.{request.name}"]
        return _load(request, spec)
    return request.unknown("a generator that is not known")


@method(Native, "flow")
def _flow(request: Call) -> Value:
    x, y = request.raw("x", 0), request.raw("y", 1)
    machine = request.machine
    if not isinstance(request.receiver, Native) or request.receiver.name != GENERATOR or y is None or y == NONE:
        return request.unknown("a generator that is not known")
    labels = as_array(machine, machine.pick(y), request.origin("y", 1))
    return Dataset(Tuple((x or machine.unknown("samples"), labels)))


@function(*(name for name in PASSED_THROUGH if "." in name and not name.startswith((GENERATOR, "tensorflow."))))
def _windows(request: Call) -> Value:
    parameters, name = PASSED_THROUGH[request.name]
    targets = request.get(name, parameters.index(name)) or NONE
    if targets == NONE:
        return request.unknown("a dataset without targets")
    samples = request.machine.unknown("windows of a series")
    return Dataset(Tuple((samples, as_array(request.machine, targets, request.site))))


# tf.data


@function("tensorflow.data.Dataset.from_tensor_slices", "tensorflow.data.Dataset.from_tensors")
def _slices(request: Call) -> Value:
    machine = request.machine
    given = request.get("tensors", 0) or NONE
    if isinstance(given, Tuple):
        parts = (as_array(machine, machine.pick(part), request.site) for part in given.items)
        return Dataset(Tuple(tuple(parts)), unbatched=True)
    return Dataset(as_array(machine, given, request.site), unbatched=True)


@function("tensorflow.data.Dataset.zip")
def _zip(request: Call) -> Value:
    given = items_of(request.machine, request.get("datasets", 0) or NONE)
    parts = given.items if isinstance(given, Tuple) else request.arguments.positional
    picked = [request.machine.pick(part) for part in parts]
    if picked and all(isinstance(part, Dataset) for part in picked):
        return Dataset(
            Tuple(tuple(part.element for part in picked if isinstance(part, Dataset))),
            all(part.unbatched for part in picked if isinstance(part, Dataset)),
        )
    return request.unknown("datasets that are not known")


@function("tensorflow.data.Dataset.from_generator")
def _from_generator(request: Call) -> Value:
    generator = request.get("generator", 0) or NONE
    made_ = call(request.machine, generator, Arguments(), request.site, request.scope)
    return made_ if isinstance(made_, Dataset) else request.unknown("a generator that is not known")


_KEEPING = [
    "shuffle",
    "cache",
    "prefetch",
    "repeat",
    "take",
    "skip",
    "with_options",
    "filter",
    "apply",
    "shard",
    "concatenate",
    "as_numpy_iterator",
    "snapshot",
    "ignore_errors",
    "rebatch",
    "get_single_element",
    "__iter__",
]


@method(Dataset, *_KEEPING)
def _kept(request: Call) -> Value:
    return request.receiver


@method(Dataset, "batch", "padded_batch", "ragged_batch")
def _batch(request: Call) -> Value:
    assert isinstance(request.receiver, Dataset)
    return Dataset(request.receiver.element, False, request.receiver.attributes)


@method(Dataset, "unbatch")
def _unbatch(request: Call) -> Value:
    assert isinstance(request.receiver, Dataset)
    return Dataset(request.receiver.element, True, request.receiver.attributes)


@method(Dataset, "map")
def _map(request: Call) -> Value:
    receiver = request.receiver
    assert isinstance(receiver, Dataset)
    function_ = request.raw("map_func", 0) or NONE
    element = receiver.element
    arguments = Arguments(element.items) if isinstance(element, Tuple) else Arguments((element,))
    result = call(request.machine, function_, arguments, request.site, request.scope)
    return request.machine.explore(lambda: Dataset(request.machine.pick(result), receiver.unbatched))


@method(Dataset, "next")
def _next_method(request: Call) -> Value:
    assert isinstance(request.receiver, Dataset)
    return request.receiver.element


@function("builtins.next")
def _next(request: Call) -> Value:
    value = request.get("iterator", 0)
    return value.element if isinstance(value, Dataset) else request.unknown("the next element")


@method(Dataset, "*")
def _other(request: Call) -> Value:
    return request.machine.unknown("a method of a dataset", request.site)


def _attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    assert isinstance(owner, Dataset)
    found = next((value for known, value in owner.attributes if known == name), None)
    if found is not None:
        return found
    if name in {
        "samples",
        "n",
        "batch_size",
        "classes",
        "labels",
        "filenames",
        "element_spec",
        "file_paths",
        "image_shape",
    }:
        return machine.unknown(f"{name} of a dataset", site)
    return None


ATTRIBUTES[Dataset] = _attribute


@items
def _item(machine: Machine, owner: Value, index: Value, site: Site) -> Value | None:
    return owner.element if isinstance(owner, Dataset) else None


# TensorFlow Datasets


@function("tensorflow_datasets.load")
def _tfds(request: Call) -> Value:
    machine = request.machine
    name = request.get("name", 0)
    dataset = _tfds_dataset(request, name, supervised=request.get("as_supervised"))
    split = items_of(machine, request.get("split", 1) or NONE)
    result: Value = dataset
    if split == NONE:
        pairs = tuple((Const(part), dataset) for part in ("train", "test", "validation", "unsupervised"))
        result = Dict(request.site, machine.serial(), {"items": Pairs(pairs, complete=False)})
    elif isinstance(split, Tuple):
        result = List(request.site, machine.serial(), {"items": Tuple((dataset,) * len(split.items))})
    if request.get("with_info") == TRUE:
        return Tuple((result, machine.unknown("the description of a data set", request.site)))
    return result


def _tfds_dataset(request: Call, name: Value | None, supervised: Value | None) -> Dataset:
    machine = request.machine
    spec = tfds_labels(name.value) if isinstance(name, Const) and isinstance(name.value, str) else None
    sample = machine.unknown("the samples of a data set", request.site)
    unbatched = request.get("batch_size") in {None, NONE}
    if spec is None or spec.encoding is Encoding.UNKNOWN:
        known: Value = machine.unknown("labels of a data set that is not known", request.site)
        return Dataset(Tuple((sample, known)) if supervised == TRUE else sample, unbatched)
    classes = Width(spec.classes) if spec.classes is not None else Width()
    labels = made(
        request.site,
        spec.encoding,
        ("made", machine.serial()),
        machine.text(request.site),
        classes=classes,
        rank=spec.rank,
        low=spec.low,
        high=spec.high,
        dtype=spec.dtype,
    )
    if supervised == TRUE:
        return Dataset(Tuple((sample, labels)), unbatched)
    pairs = Pairs(((Const(spec.key or "label"), labels),), complete=False)
    return Dataset(Dict(request.site, machine.serial(), {"items": pairs}), unbatched)
