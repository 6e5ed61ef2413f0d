"""Models: how they are built, and what comes out of them."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from lossguard.catalog.applications import APPLICATIONS, CLASSES, CLASSIFIER_ACTIVATION, HEADS, HeadSpec
from lossguard.facts import LogitsRepair, Output, Range, Width
from lossguard.static.functions import ATTRIBUTES, FUNCTIONS, PREFIXED, Call, call, function, method
from lossguard.static.layers import activation_of, apply, input_of, unknown_tensor, width_of
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of
from lossguard.static.values import (
    FALSE,
    NONE,
    TRUE,
    Arguments,
    Bound,
    Const,
    Dict,
    Function,
    Layer,
    List,
    Model,
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
    model = receiver(request)
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
    model = receiver(request)
    layers = request.machine.pick(request.machine.field(model, "@layers"))
    if isinstance(layers, Tuple) and layers.items:
        request.machine.write(model, "@layers", Tuple(layers.items[:-1]))
    return NONE


def receiver(request: Call) -> Model:
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
    model = receiver(request)
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
