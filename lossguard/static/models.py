"""Models: how they are built, compiled and fitted, and the training setups that come of it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from lossguard.catalog.applications import APPLICATIONS, CLASSES, CLASSIFIER_ACTIVATION, HEADS, HeadSpec
from lossguard.facts import Encoding, Fact, Labels, LogitsRepair, Output, PositionalMetrics, Range, TrainingSetup, Width
from lossguard.frozen import dataclass
from lossguard.static.arrays import as_array
from lossguard.static.functions import ATTRIBUTES, FUNCTIONS, PREFIXED, Call, call, function, method
from lossguard.static.layers import activation_of, apply, input_of, unknown_tensor, width_of
from lossguard.static.losses import loss_of, metric_of, misuse_of_loss, misuse_of_metric
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of
from lossguard.static.sinks import Case
from lossguard.static.values import (
    FALSE,
    NONE,
    TRUE,
    Arguments,
    Array,
    Bound,
    Compiled,
    Const,
    Dataset,
    Dict,
    Function,
    Instance,
    Layer,
    List,
    Model,
    Pairs,
    Predictions,
    Scope,
    Site,
    Super,
    Tensor,
    Tuple,
    Value,
)

# building


def _new(request: Call, kind: str) -> Model:
    made = Model(kind, request.site, request.machine.serial(), request.machine.worlds.told())
    request.machine.models.append(made)
    return made


@function("keras.Sequential")
def _sequential(request: Call) -> Value:
    made = _new(request, "sequential")
    request.machine.write(made, "@layers", _layers(request, request.get("layers", 0)))
    return made


def _layers(request: Call, value: Value | None) -> Value:
    contents = items_of(request.machine, value or Tuple(()))
    if contents == NONE:
        return Tuple(())
    if isinstance(contents, Tuple):
        return contents
    return request.machine.unknown("the list of layers is not understood", request.site)


@function("keras.Model", "keras.models.Functional", "keras.Functional")
def _functional(request: Call) -> Value:
    made = _new(request, "functional")
    outputs = request.raw("outputs", 1) or request.raw("output")
    request.machine.write(made, "@outputs", outputs or request.machine.unknown("it has no outputs", request.site))
    return made


@method(Super, "__init__")
def _super_init(request: Call) -> Value:
    assert isinstance(request.receiver, Super)
    model = request.receiver.receiver
    if isinstance(model, Model) and model.cls is not None:
        if model.cls.library_base() == "keras.Sequential":
            model.kind = "sequential"
            request.machine.write(model, "@layers", _layers(request, request.get("layers", 0)))
        else:
            outputs = request.raw("outputs", 1) or request.raw("output")
            if outputs is not None:
                model.kind = "functional"
                request.machine.write(model, "@outputs", outputs)
    return NONE


@method(Super, "*")
def _super_method(request: Call) -> Value:
    """`super().compile(...)` in a model of the program means the method of Keras."""
    assert isinstance(request.receiver, Super)
    model = request.receiver.receiver
    if isinstance(model, Model):
        from lossguard.static.functions import METHODS

        handler = METHODS[Model].get(request.name)
        if handler is not None:
            return handler(replace(request, receiver=model))
    return request.unknown("a method of a base class")


@method(Model, "add")
def _add(request: Call) -> Value:
    model = _receiver(request)
    if model.kind == "functional":  # raises: what was meant is not known
        request.machine.write(model, "@havoc", TRUE)
        return NONE
    if model.kind == LOADED:
        model.kind = "sequential"
    layers = request.machine.pick(request.machine.field(model, "@layers"))
    layer = request.raw("layer", 0) or NONE
    if isinstance(layers, Tuple):
        layers = Tuple((*layers.items, layer))
    else:
        layers = Tuple((request.machine.unknown("the layers before it are not understood"), layer))
    request.machine.write(model, "@layers", layers)
    return NONE


@method(Model, "pop")
def _pop(request: Call) -> Value:
    model = _receiver(request)
    layers = request.machine.pick(request.machine.field(model, "@layers"))
    if isinstance(layers, Tuple) and layers.items:
        request.machine.write(model, "@layers", Tuple(layers.items[:-1]))
    return NONE


def _receiver(request: Call) -> Model:
    assert isinstance(request.receiver, Model)
    return request.receiver


@function(
    "keras.models.load_model",
    "keras.models.model_from_json",
    "keras.models.model_from_config",
    "keras.models.model_from_yaml",
)
def _loaded(request: Call) -> Value:
    """A model whose layers are written somewhere else."""
    made = _new(request, LOADED)
    request.machine.write(made, "@outputs", unknown_tensor(request.machine, request.site))
    return made


LOADED = "loaded"


@function("keras.models.clone_model", "keras.utils.multi_gpu_model")
def _clone(request: Call) -> Value:
    return _wrapper(request, request.get("model", 0))


def _wrapper(request: Call, original: Value | None) -> Value:
    if not isinstance(original, Model):
        return request.unknown("the model is not understood")
    made = _new(request, "functional")
    request.machine.write(made, "@outputs", outputs_of(request.machine, original))
    return made


for _wrapping in (
    "tensorflow_model_optimization.sparsity.keras.prune_low_magnitude",
    "tensorflow_model_optimization.sparsity.keras.strip_pruning",
    "tensorflow_model_optimization.clustering.keras.cluster_weights",
    "tensorflow_model_optimization.quantization.keras.quantize_model",
    "tensorflow_model_optimization.quantization.keras.quantize_annotate_model",
    "tensorflow_model_optimization.quantization.keras.quantize_apply",
):
    FUNCTIONS[_wrapping] = lambda request: (
        _wrapper(request, model)
        if isinstance(model := request.get("to_prune", 0) or request.get("model", 0), Model)
        else model or request.unknown()
    )


def _application(request: Call) -> Value:
    """A model of `keras.applications`, with its top or without."""
    machine = request.machine
    spec = APPLICATIONS[request.name.rpartition(".")[2]]

    def given(name: str) -> Value | None:
        return request.get(name, spec.parameters.index(name)) if name in spec.parameters else None

    made = _new(request, "functional")
    top = given("include_top")
    output = unknown_tensor(machine, request.site).output
    if top in {None, TRUE}:
        size = given("classes")
        where = request.origin("classes", spec.parameters.index("classes"))
        width = Width(CLASSES) if size is None else width_of(machine, size, where)
        chosen = given("classifier_activation")
        activation = activation_of(machine, Const(CLASSIFIER_ACTIVATION) if chosen is None else chosen)
        output = Output(
            width,
            activation.range,
            activation.name,
            request.site,
            layer=spec.name,
            rank=2,
            activation_origin=request.origin("classifier_activation") if chosen is not None else None,
            repair=LogitsRepair.KEPT,
        )
    elif top == FALSE or (isinstance(top, Const) and not top.value):
        pooling = given("pooling")
        rank = 4 if pooling in {None, NONE} else 2 if pooling in {Const("avg"), Const("max")} else None
        width = Width() if spec.scaled and given("alpha") is not None else Width(spec.features)
        output = Output(width, Range.UNKNOWN, None, request.site, layer=spec.name, rank=rank)
    machine.write(made, "@outputs", Tensor(output))
    return made


for _name in APPLICATIONS:
    FUNCTIONS[f"keras.applications.{_name}"] = _application


def _head(spec: HeadSpec, request: Call) -> Value:
    machine = request.machine
    made = _new(request, "functional")
    preset = request.name.endswith(("from_preset", "from_pretrained", "from_config"))
    size = request.get(spec.classes_parameter) or NONE
    width = width_of(machine, size, request.origin(spec.classes_parameter)) if size != NONE else Width()
    given = request.get(spec.activation_parameter) if spec.activation_parameter is not None else None
    default = spec.preset_activation if preset else spec.default_activation
    if given is None and default is None:
        machine.write(made, "@outputs", unknown_tensor(machine, request.site))
        return made
    activation = activation_of(machine, Const(default) if given is None else given)
    output = Output(width, activation.range, activation.name, request.site, layer=request.name.split(".")[-1], rank=2)
    machine.write(made, "@outputs", Tensor(output))
    return made


def _heads(request: Call) -> Value:
    """Classification heads of other packages; their other models are not understood."""
    name = request.name
    for suffix in (".from_preset", ".from_pretrained", ".from_config"):
        name = name.removesuffix(suffix)
    spec = next((spec for spec in HEADS if fnmatchcase(name, spec.name)), None)
    return request.unknown("a model of another package") if spec is None else _head(spec, request)


PREFIXED.extend((prefix, _heads) for prefix in ("keras_hub.", "keras_nlp.", "keras_cv.", "transformers."))


# what comes out of a model


def outputs_of(machine: Machine, model: Model, inputs: Value | None = None) -> Value:
    """The model's output tensor, or a structure of them."""
    if machine.field(model, "@havoc") is not None:
        return machine.unknown("it may be changed by a call that is not followed")
    if model.kind in {"functional", LOADED}:
        return machine.field(model, "@outputs") or machine.unknown("it has no outputs")
    if model.kind == "sequential":
        return machine.explore(lambda: _through(machine, model, inputs))
    return _called(machine, model, inputs)


def _through(machine: Machine, model: Model, inputs: Value | None) -> Value:
    layers = machine.pick(machine.field(model, "@layers"))
    if not isinstance(layers, Tuple) or not layers.items:
        return machine.unknown("its layers are not understood")
    value: Value = inputs if inputs is not None and isinstance(inputs, Tensor) else unknown_tensor(machine, model.site)
    scope = Scope({}, None, model.site.module)
    for position, entry in enumerate(layers.items):
        layer = machine.pick(entry)
        if position == 0 and inputs is None:
            value = input_of(machine, layer) or value
        value = machine.pick(apply(machine, layer, value, model.site, scope))
    return value


def _called(machine: Machine, model: Model, inputs: Value | None) -> Value:
    cls = model.cls
    found = cls.find("call") if cls is not None else None
    if not isinstance(found, Function) or cls is None:
        return machine.unknown("what it computes is not understood")
    given = inputs if inputs is not None else unknown_tensor(machine, model.site)
    return call(machine, Bound(found, model), Arguments((given,)), model.site, Scope({}, None, model.site.module))


@method(Model, "__call__", "call")
def _call_model(request: Call) -> Value:
    model = _receiver(request)
    request.machine.write(model, "@used", TRUE)
    inputs = request.get("inputs", 0)
    found = outputs_of(request.machine, model, inputs if isinstance(inputs, Tensor) else None)
    return request.machine.explore(lambda: _renamed(request, request.machine.pick(found), model))


def _renamed(request: Call, found: Value, model: Model) -> Value:
    if isinstance(found, Tensor):
        return found
    if isinstance(items_of(request.machine, found), Tuple) or isinstance(found, Dict):
        return found
    return unknown_tensor(request.machine, request.site)


def _model_attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    assert isinstance(owner, Model)
    match name:
        case "output":
            return outputs_of(machine, owner)
        case "outputs":
            outputs = outputs_of(machine, owner)
            return (
                List(site, machine.serial(), {"items": Tuple((outputs,))}) if isinstance(outputs, Tensor) else outputs
            )
        case "input" | "inputs" | "output_shape" | "input_shape":
            return unknown_tensor(machine, site) if name.startswith("input") else machine.unknown("a shape", site)
        case "layers":
            layers = machine.field(owner, "@layers")
            contents = layers if isinstance(layers, Tuple) else machine.unknown("the layers of a model", site)
            return List(site, machine.serial(), {"items": contents})
        case "loss" | "metrics_names" | "metrics" | "optimizer" | "history" | "trainable" | "name" | "weights":
            return machine.unknown(f"{name} of a model", site)
    return None


ATTRIBUTES[Model] = _model_attribute


def _layer_attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    if name in {"output", "input"}:
        return unknown_tensor(machine, site)
    return None


ATTRIBUTES[Layer] = _layer_attribute


@method(Model, "get_layer")
def _get_layer(request: Call) -> Value:
    return request.unknown("a layer taken from a model")


# compiling and fitting


_METRICS = 2
"""The position of `metrics` in `compile` up to Keras 2; in Keras 3 it is that of `loss_weights`."""


@method(Model, "compile")
def _compile(request: Call) -> Value:
    model = _receiver(request)
    compiled = Compiled(
        request.raw("loss", 1) or NONE,
        request.raw("metrics", _METRICS) or NONE,
        request.raw("weighted_metrics") or NONE,
        request.site,
        request.arguments,
        request.machine.via(),
        request.machine.worlds.path,
    )
    _note_positional_metrics(request)
    request.machine.write(model, "@compiled", compiled)
    request.machine.write(model, "@fitted", FALSE)
    return NONE


def _note_positional_metrics(request: Call) -> None:
    """Note metrics that are passed third by position, which only Keras 2 takes for metrics."""
    machine, given = request.machine, request.arguments.positional
    if len(given) <= _METRICS:
        return
    value = machine.pick(given[_METRICS])
    entries = items_of(machine, value) if isinstance(value, (List, Tuple)) else Tuple((value,))
    site = request.origin("metrics", _METRICS)
    if isinstance(entries, Tuple) and entries.items and all(metric_of(machine, one, site) for one in entries.items):
        fact = PositionalMetrics(machine.text(site), site, last=len(given) == _METRICS + 1)
        group = (PositionalMetrics, id(site.node))
        machine.cases.append(Case(fact, machine.worlds.path, group, machine.via(), whole=False))


@method(Model, "fit", "fit_generator", "train_on_batch")
def _fit(request: Call) -> Value:
    model = _receiver(request)
    machine = request.machine
    labels = labels_argument(machine, request.raw("x", 0) or request.raw("generator"), request.raw("y", 1))
    record(machine, model, labels, request.site)
    _own_step(request, model, "train_step")
    machine.write(model, "@fitted", TRUE)
    validation = machine.worlds.options(request.raw("validation_data") or NONE)
    for _, option in validation:
        _validate(machine, model, option, request.site)
    return machine.unknown("the history of training", request.site)


def _own_step(request: Call, model: Model, name: str) -> None:
    """Run what the class itself does with a batch."""
    machine = request.machine
    step = model.cls.find(name) if model.cls is not None else None
    if not isinstance(step, Function):
        return
    x, y = request.raw("x", 0), request.raw("y", 1)
    batch: Value = machine.unknown("a batch", request.site)
    if x is not None and y is not None and y != NONE:
        batch = Tuple((x, y))
    elif x is not None and isinstance(element := _element(machine, machine.pick(x)), Tuple):
        batch = element
    scope = Scope({}, None, request.site.module)
    call(machine, Bound(step, model), Arguments((batch,)), request.site, scope)


def _validate(machine: Machine, model: Model, data: Value, site: Site) -> None:
    contents = items_of(machine, data)
    if isinstance(contents, Tuple) and len(contents.items) >= 2:  # noqa: PLR2004
        record(machine, model, contents.items[1], site, purpose="validation")
    elif isinstance(data, Dataset):
        record(machine, model, labels_argument(machine, data, None), site, purpose="validation")


@method(Model, "evaluate", "evaluate_generator", "test_on_batch")
def _evaluate(request: Call) -> Value:
    model = _receiver(request)
    labels = labels_argument(request.machine, request.raw("x", 0) or request.raw("generator"), request.raw("y", 1))
    if labels is not None:
        record(request.machine, model, labels, request.site, purpose="evaluation")
    _own_step(request, model, "test_step")
    return request.unknown("the result of an evaluation")


@method(Model, "predict", "predict_on_batch", "predict_proba", "predict_generator")
def _predict(request: Call) -> Value:
    machine, model = request.machine, _receiver(request)
    machine.write(model, "@used", TRUE)
    compiled = machine.pick(machine.field(model, "@compiled"))
    loss = None
    if isinstance(compiled, Compiled) and not isinstance(machine.pick(compiled.loss), (List, Tuple, Dict)):
        loss = loss_of(machine, compiled.loss, _argument(compiled, "loss", 1))
    return Predictions(machine.pick(outputs_of(machine, model)), loss)


@method(Model, "*")
def _other_method(request: Call) -> Value:
    return request.machine.unknown("a method of a model", request.site)


def labels_argument(machine: Machine, x: Value | None, y: Value | None) -> Value | None:
    """The labels in the arguments of `fit`: `y`, or the second part of what a dataset yields."""
    if y is not None and y != NONE:
        return y
    if x is None:
        return None
    options = []
    for guard, option in machine.worlds.options(x):
        element = items_of(machine, _element(machine, option))
        if not isinstance(element, Tuple) or len(element.items) < 2:  # noqa: PLR2004
            return None
        options.append((guard, element.items[1]))
    return machine.worlds.join(options) if options else None


def _element(machine: Machine, data: Value) -> Value:
    """What one step of a dataset, or of a `PyDataset` of the program, yields."""
    if isinstance(data, Dataset):
        return data.element
    if isinstance(data, Instance) and data.cls.library_base() in _PY_DATASETS:
        found = data.cls.find("__getitem__")
        if isinstance(found, Function):
            arguments = Arguments((machine.unknown("the index of a batch"),))
            scope = Scope({}, None, data.site.module)
            return machine.pick(call(machine, Bound(found, data), arguments, data.site, scope))
    return NONE


_PY_DATASETS = frozenset({"keras.utils.Sequence", "keras.utils.PyDataset"})


# setups


@dataclass(frozen=True, slots=True)
class Found(Value):
    """Facts as the value of an operation that worlds tell apart; `misuses` are about arguments of `compile`."""

    facts: tuple[TrainingSetup, ...]
    via: Site | None = None
    misuses: tuple[Fact, ...] = ()


def record(machine: Machine, model: Model, labels: Value | None, use: Site, purpose: str = "training") -> None:
    """Note the training setups of a compiled model, one for each output, in every world."""
    if machine.field(model, "@compiled") == NONE:
        return
    outputs = outputs_of(machine, model)
    if model.cls is not None and model.cls.find("train_step") is not None:
        outputs = machine.unknown("what its own step hands to the loss is not understood")
    group = (("told", id(model.site.node)) if model.told else model.serial, id(use.node), purpose)
    outcomes = list(machine.worlds.outcomes(lambda: _setups(machine, model, outputs, labels, use)))
    symbols = {
        fact.output.width.symbol
        for _, found, _ in outcomes
        for fact in (found.facts if isinstance(found, Found) else ())
        if fact.output is not None
    }
    for guard, found, _ in outcomes:
        if isinstance(found, Found):
            with machine.worlds.assuming(guard):
                if guard and any(machine.worlds.none_of(symbol) for symbol in symbols if symbol is not None):
                    continue  # there are no classes: `if num_classes:` has left out the head
                for number, setup in enumerate(found.facts):
                    fact = setup if purpose != _NO_LOSS else replace(setup, loss=None, labels=None, metrics=())
                    path = tuple(
                        literal
                        for literal in machine.worlds.path
                        if literal in guard or literal in model.told or _concerns(machine, literal.condition, fact)
                    )
                    machine.cases.append(Case(fact, path, (*group, number), found.via))
                for misuse in found.misuses if purpose != _NO_LOSS else ():
                    path = tuple(
                        literal
                        for literal in machine.worlds.path
                        if literal in guard
                        or literal in model.told
                        or machine.worlds.condition_at(literal.condition).default
                    )
                    machine.cases.append(Case(misuse, path, (*group, misuse), found.via, whole=False))


def _concerns(machine: Machine, number: int, fact: Fact) -> bool:
    """Whether an assumption says something of a width in the fact, or is about defaults."""
    condition = machine.worlds.condition_at(number)
    if condition.default:
        return True
    if condition.comparison is None or not isinstance(fact, TrainingSetup):
        return False
    widths = [fact.output.width] if fact.output is not None else []
    if fact.labels is not None:
        widths += [fact.labels.width, fact.labels.classes]
    return any(
        condition.comparison.symbol == width.symbol
        if width.symbol is not None
        else machine.worlds.text(number) == width.text
        for width in widths
    )


def _setups(machine: Machine, model: Model, outputs: Value, labels: Value | None, use: Site) -> Value:
    compiled = machine.pick(machine.field(model, "@compiled"))
    if not isinstance(compiled, Compiled):
        return Found(())
    ends = _ends(machine, machine.pick(outputs))
    losses = _per_output(machine, compiled.loss, ends, _argument(compiled, "loss", 1))
    metrics = _metrics(machine, compiled, ends)
    targets = _targets(machine, labels, ends, use)
    setups = []
    for number, (_, output) in enumerate(ends):
        passed = losses[number]
        loss = loss_of(machine, *passed) if passed is not None else None
        shown = tuple(
            found for value, site in metrics[number] if (found := metric_of(machine, value, site)) is not None
        )
        setups.append(TrainingSetup(output, loss, targets[number], shown, compiled.site, use, machine.text(model.site)))
    misused = [misuse_of_loss(machine, *passed) for passed in losses if passed is not None]
    misused += [misuse_of_metric(machine, *passed) for placed in metrics for passed in placed]
    misuses = tuple(dict.fromkeys(fact for fact in misused if fact is not None))
    return Found(tuple(setups), machine.via() or compiled.via, misuses)


def _argument(compiled: Compiled, name: str, position: int) -> Site:
    node = compiled.arguments.node(name) or compiled.arguments.node(str(position))
    return Site(compiled.site.module, node) if node is not None else compiled.site


End = tuple[str | None, Output | None]


def _ends(machine: Machine, outputs: Value) -> list[End]:
    """Name and output of every end of a model; one unknown end where they are not understood."""
    if isinstance(outputs, Tensor):
        return [(outputs.output.name, outputs.output)]
    if isinstance(outputs, Dict):
        pairs = machine.pick(machine.field(outputs, "items"))
        if isinstance(pairs, Pairs) and pairs.complete:
            return [
                (str(key.value) if isinstance(key, Const) else None, _output(machine.pick(value)))
                for key, value in pairs.items
            ]
    contents = items_of(machine, outputs)
    if isinstance(contents, Tuple) and contents.items:
        found = [_output(machine.pick(entry)) for entry in contents.items]
        return [(output.name if output is not None else None, output) for output in found]
    return [(None, None)]


def _output(value: Value) -> Output | None:
    return value.output if isinstance(value, Tensor) else None


Placed = tuple[Value, Site]


def _per_output(machine: Machine, value: Value, ends: Sequence[End], site: Site) -> list[Placed | None]:
    """What a `compile` argument says for each output."""
    value = machine.pick(value)
    if value == NONE:
        return [None] * len(ends)
    if isinstance(value, Dict):
        pairs = machine.pick(machine.field(value, "items"))
        if not isinstance(pairs, Pairs):
            return [None] * len(ends)
        nodes = _dict_nodes(value.site, site)
        if len(ends) == 1 and len(pairs.items) == 1:
            key, only = pairs.items[0]
            return [(only, nodes.get(key, site))]
        named = {key.value: (entry, nodes.get(key, site)) for key, entry in pairs.items if isinstance(key, Const)}
        return [named.get(name) for name, _ in ends]
    if isinstance(value, (List, Tuple)):
        contents = items_of(machine, value)
        if not isinstance(contents, Tuple) or len(contents.items) != len(ends):
            return [None] * len(ends)
        places = _element_nodes(value, site, len(ends))
        return list(zip(contents.items, places, strict=True))
    return [(value, site)] * len(ends)


def _dict_nodes(written: Site, fallback: Site) -> dict[Value, Site]:
    if not isinstance(written.node, ast.Dict):
        return {}
    found: dict[Value, Site] = {}
    for key, value in zip(written.node.keys, written.node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found[Const(key.value)] = Site(written.module, value)
    return found


def _element_nodes(value: Value, fallback: Site, count: int) -> list[Site]:
    written = value.site if isinstance(value, List) else fallback
    node = written.node
    if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) == count:
        return [Site(written.module, element) for element in node.elts]
    return [fallback] * count


def _metrics(machine: Machine, compiled: Compiled, ends: Sequence[End]) -> list[list[Placed]]:
    site = _argument(compiled, "metrics", _METRICS)
    value = machine.pick(compiled.metrics)
    if len(ends) == 1 and not isinstance(value, Dict):
        return [_flat(machine, value, site)]
    found = _per_output(machine, value, ends, site)
    if isinstance(value, (List, Tuple)):
        contents = items_of(machine, value)
        nested = isinstance(contents, Tuple) and all(isinstance(entry, (List, Tuple)) for entry in contents.items)
        if not nested:
            return [[] for _ in ends]
    return [_flat(machine, *placed) if placed is not None else [] for placed in found]


def _flat(machine: Machine, value: Value, site: Site) -> list[Placed]:
    value = machine.pick(value)
    if value == NONE:
        return []
    contents = items_of(machine, value)
    if not isinstance(contents, Tuple):
        return [(value, site)] if not isinstance(value, List) else []
    places = _element_nodes(value, site, len(contents.items))
    found: list[Placed] = []
    for entry, place in zip(map(machine.pick, contents.items), places, strict=True):
        found += _flat(machine, entry, place) if isinstance(entry, (List, Tuple)) else [(entry, place)]
    return found


def _targets(machine: Machine, labels: Value | None, ends: Sequence[End], use: Site) -> list[Labels | None]:
    value = as_array(machine, machine.pick(labels), use) if labels is not None else NONE
    if isinstance(value, Array):
        return [_labels(value)] if len(ends) == 1 else [None] * len(ends)
    if isinstance(value, Dict):
        pairs = machine.pick(machine.field(value, "items"))
        named = pairs if isinstance(pairs, Pairs) else Pairs(())
        found = [named.get(Const(name)) for name, _ in ends]
        return [_labels(machine.pick(entry)) if entry is not None else None for entry in found]
    contents = items_of(machine, value)
    if isinstance(contents, Tuple) and len(contents.items) == len(ends) > 1:
        return [_labels(machine.pick(entry)) for entry in contents.items]
    return [None] * len(ends)


def _labels(value: Value) -> Labels | None:
    """The labels, where anything is known of them."""
    if not isinstance(value, Array):
        return None
    known = value.labels.encoding is not Encoding.UNKNOWN or value.labels.rank is not None
    return value.labels if known else None


_NO_LOSS = "predicting"


def unfitted(machine: Machine) -> None:
    """Note the setups of models that were compiled and not fitted since: their labels are unknown.

    The loss of a model that is only part of another one, or only predicts, is never computed; what is
    wrong with its output alone is wrong all the same.
    """
    for model in list(machine.models):
        fitted = machine.field(model, "@fitted")
        compiled = machine.field(model, "@compiled")
        used = machine.field(model, "@used") is not None
        if fitted == TRUE or compiled is None or compiled == NONE:
            continue
        for guard, option in machine.worlds.options(compiled):
            path = option.path if isinstance(option, Compiled) else ()
            with machine.worlds.assuming((*guard, *path)):
                record(machine, model, None, model.site, purpose=_NO_LOSS if used else "compiled")
