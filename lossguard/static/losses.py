"""Losses and metrics in all their spellings, as facts; and losses that are called directly."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from lossguard.catalog import losses as catalog
from lossguard.catalog import metrics as metric_catalog
from lossguard.facts import (
    Encoding,
    Fact,
    Labels,
    Loss,
    LossArgument,
    LossCall,
    Metric,
    Misuse,
    Named,
    NotInstantiated,
    Output,
    Range,
    Spelling,
    Width,
)
from lossguard.static.functions import FUNCTIONS, Call, call, function, method
from lossguard.static.machine import Machine, is_placeholder
from lossguard.static.named import unknown_name
from lossguard.static.operators import overload
from lossguard.static.sinks import Case
from lossguard.static.values import (
    NONE,
    Api,
    Arguments,
    Array,
    Bound,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    LossResult,
    LossValue,
    MetricValue,
    Pairs,
    Partial,
    Scope,
    Site,
    Tensor,
    Unknown,
    Value,
)

CLASS_PREFIX = "keras.losses."
METRIC_PREFIX = "keras.metrics."


def _flag(value: Value | None, *, default: bool | None) -> bool | None:
    """The truth of a flag argument: any constant has one; None where it is not known."""
    match value:
        case None:
            return default
        case Const(value=constant):
            return bool(constant)
    return None


def _number(value: Value | None) -> float | None:
    return float(value.value) if isinstance(value, Const) and isinstance(value.value, (int, float)) else None


def _axis(value: Value | None) -> int | None:
    """The axis along which a loss works: the last, if nothing is said."""
    if value is None:
        return -1
    return value.value if isinstance(value, Const) and isinstance(value.value, int) else None


def _loss(request: Call, spec: catalog.LossSpec, parameters: Sequence[str], offset: int, spelling: Spelling) -> Loss:
    """The loss that a constructor or a function call describes."""

    def given(name: str) -> Value | None:
        position = parameters.index(name) + offset if name in parameters else None
        return request.get(name, position)

    from_logits = _flag(given("from_logits"), default=False) if spec.takes_from_logits else False
    where = None
    if spec.takes_from_logits and request.raw("from_logits", parameters.index("from_logits") + offset) is not None:
        where = request.origin("from_logits", parameters.index("from_logits") + offset)
    smoothing = _number(given("label_smoothing")) if spec.takes_label_smoothing else None
    ignores = given("ignore_class") if "ignore_class" in parameters else None
    return Loss(
        spec.name,
        spec.family,
        from_logits,
        spelling,
        request.site,
        request.machine.text(request.site),
        where,
        smoothing,
        ignores not in {None, NONE},
        _axis(given("axis")),
    )


_OF_BOTH_VERSIONS = frozenset({"name", "reduction", "dtype"})
_OF_TENSORFLOW_1 = frozenset(
    {"labels", "predictions", "logits", "onehot_labels", "multi_class_labels", "weights", "scope", "loss_collection"}
    | {"reduction", "name", "metrics_collections", "updates_collections"}
)
"""Keywords of functions of TensorFlow 1 that have the names of losses and metrics of Keras."""

_FLAGS = ("from_logits", "apply_class_balancing")
_TRUE = frozenset({"true", "yes", "1", "on"})
_PREPARED = ("assertRaises", "raises(", "except TypeError", "signature(")
_ON_PURPOSE = re.compile(r"assertRaises|\braises\(|except TypeError|\bsignature\(")


def _on_purpose(site: Site) -> bool:
    """Whether the file is prepared for what Keras refuses: tests of errors, code for several versions."""
    return _expects_errors(site.module.source.text)


@lru_cache(maxsize=8)
def _expects_errors(text: str) -> bool:
    return any(word in text for word in _PREPARED) and _ON_PURPOSE.search(text) is not None


def _note(request: Call, fact: NotInstantiated | LossArgument) -> None:
    """Note what is wrong with a call, under what is assumed here."""
    if not _on_purpose(request.site):
        group = (type(fact), id(request.site.node), fact.argument if isinstance(fact, LossArgument) else "")
        request.machine.cases.append(Case(fact, request.machine.worlds.path, group, whole=False))


def _checked(request: Call, loss: Loss, name: str, parameters: Sequence[str], offset: int) -> Loss:
    """Note keywords that a loss does not take, which leave open what was meant, and strings for flags."""
    taken = {*parameters, "y_true", "y_pred"} if offset else {*parameters, *_OF_BOTH_VERSIONS}
    for keyword, _ in request.arguments.keywords:
        if keyword not in taken:
            from difflib import get_close_matches  # rarely wanted

            close = get_close_matches(keyword, sorted(taken), n=1, cutoff=0.75)
            origin = request.origin(keyword)
            _note(request, LossArgument(name, keyword, origin, meant=close[0] if close else None))
            loss = replace(loss, from_logits=None)
    for flag in _FLAGS:
        if flag in parameters:
            position = parameters.index(flag) + offset
            match request.get(flag, position):
                case Const(value=str() as text) if text and text.lower() not in _TRUE:
                    _note(request, LossArgument(name, flag, request.origin(flag, position), given=text))
    return loss


def _make_loss(request: Call) -> Value:
    """`keras.losses.X(...)`."""
    name = request.name.rpartition(".")[2]
    spec = catalog.LOSSES[catalog.CLASSES[name]]
    loss = _loss(request, spec, spec.parameters, 0, Spelling.INSTANCE)
    return LossValue(_checked(request, loss, name, spec.parameters, 0))


for _class in catalog.CLASSES:
    FUNCTIONS[f"{CLASS_PREFIX}{_class}"] = _make_loss


def _third_party(request: Call) -> Value:
    spec = catalog.THIRD_PARTY[request.name]
    if spec.class_name is None:
        return request.unknown()
    return LossValue(_loss(request, spec, spec.parameters, 0, Spelling.INSTANCE))


for _name in catalog.THIRD_PARTY:
    FUNCTIONS[_name] = _third_party


def _call_loss_function(request: Call) -> Value:
    """`keras.losses.f(y_true, y_pred, ...)`."""
    spec = catalog.LOSSES[catalog.FUNCTIONS[request.name]]
    loss = _loss(request, spec, spec.function_parameters, 2, Spelling.FUNCTION)
    if not _OF_TENSORFLOW_1.intersection(dict(request.arguments.keywords)):
        if request.raw("y_true", 0) is None and request.raw("y_pred", 1) is None:
            _note(request, NotInstantiated(Misuse.CALL, request.machine.text(request.site), request.site))
        else:
            loss = _checked(request, loss, request.name.rpartition(".")[2], spec.function_parameters, 2)
    return _called(request, loss, request.raw("y_true", 0), request.raw("y_pred", 1))


for _name in catalog.FUNCTIONS:
    FUNCTIONS[_name] = _call_loss_function


def _call_raw(request: Call) -> Value:
    """`tf.nn.*_cross_entropy_with_logits`, `keras.ops.*`, `keras.backend.*`."""
    raw = catalog.RAW[request.name]
    given = _flag(request.get("from_logits", 2), default=False)
    loss = Loss(
        raw.name,
        raw.family,
        True if raw.always_logits else given,
        Spelling.FUNCTION,
        request.site,
        request.name.replace("tensorflow.", "tf.").replace("keras.backend.", "K."),
    )
    target = request.raw(raw.target, raw.parameters.index(raw.target))
    output = request.raw(raw.output, raw.parameters.index(raw.output))
    if raw.always_logits and len(request.arguments.positional) > 1 and isinstance(request.machine.pick(target), Tensor):
        target, output = _by_activation(request.machine, target, output)
    return _called(request, loss, target, output, raw=raw.always_logits)


def _by_activation(machine: Machine, first: Value | None, second: Value | None) -> tuple[Value | None, Value | None]:
    """Labels and logits by position: TensorFlow took logits first before 1.0, and labels first since 2.0."""
    one, other = (side(machine, value or NONE) for value in (first, second))
    activated = isinstance(one, Output) and (one.range is not Range.LOGITS or not isinstance(other, Output))
    return (second, first) if activated else (first, second)


for _name in catalog.RAW:
    FUNCTIONS[_name] = _call_raw


@function("keras.losses.get", "keras.losses.deserialize")
def _get(request: Call) -> Value:
    """A loss by its name, by a dict of its class and settings, or as it is."""
    machine = request.machine
    given = request.get("identifier", 0) or request.get("name", 0) or NONE
    origin = request.origin("identifier", 0)
    match given:
        case Const(value=str() as name):
            loss = _by_name(name, origin)
            return LossValue(loss) if loss is not None else given
        case Dict():
            found = _configured(request, given, origin)
            return LossValue(found) if found is not None else request.unknown("a loss of unknown settings")
    return given if given != NONE else machine.unknown("a loss that is not known", request.site)


def _configured(request: Call, settings: Dict, origin: Site) -> Loss | None:
    """`{"class_name": "Huber", "config": {"delta": 2.0}}`, where all is spelled out."""
    machine = request.machine
    known = _entries(machine, settings)
    name, config = known.get("class_name"), known.get("config")
    inner = _entries(machine, config) if isinstance(config, Dict) else {}
    if not isinstance(name, Const) or name.value not in catalog.CLASSES or "config" not in known:
        return None
    arguments = Arguments((), tuple(inner.items()))
    spec = catalog.LOSSES[catalog.CLASSES[str(name.value)]]
    return _loss(replace(request, arguments=arguments, site=origin), spec, spec.parameters, 0, Spelling.INSTANCE)


def _entries(machine: Machine, value: Dict) -> dict[str, Value]:
    """The values of a dict whose keys are all known strings, else nothing."""
    pairs = machine.pick(machine.field(value, "items"))
    if not isinstance(pairs, Pairs) or not pairs.complete:
        return {}
    return {key.value: found for key, found in pairs.items if isinstance(key, Const) and isinstance(key.value, str)}


@method(LossValue, "__call__", "call")
def _call_instance(request: Call) -> Value:
    assert isinstance(request.receiver, LossValue)
    return _called(request, request.receiver.loss, request.raw("y_true", 0), request.raw("y_pred", 1))


def _called(request: Call, loss: Loss, target: Value | None, prediction: Value | None, *, raw: bool = False) -> Value:
    machine = request.machine
    if target is None or prediction is None:
        return request.unknown("a loss without targets")
    sides = side(machine, target), side(machine, prediction)
    if isinstance(sides[0], Output) and sides[1] is None:
        sides = sides[0], _called_labels(request, machine.pick(prediction))
    labels, output = machine.pick(target), sides[1]
    if isinstance(output, Output):
        machine.predicted.append((output, loss))
        if isinstance(labels, Tensor) and is_placeholder(labels.output):
            machine.awaiting.append((labels.output, LossCall(loss, None, output, request.site, raw)))
    if any(found is not None for found in sides):
        fact = LossCall(loss, sides[0], sides[1], request.site, raw)
        machine.cases.append(Case(fact, machine.worlds.path, (id(request.site.node), 0)))
    return LossResult(loss)


_LABEL_NAMES = re.compile(r"(?:\w+_)?(?:labels?|targets?|y_true|y_batch|ground_truth)(?:_batch)?|y|Y|y_train|train_y")


def _called_labels(request: Call, value: Value) -> Labels | None:
    """Something unknown that is passed as the prediction under the name of labels."""
    node = request.arguments.node("y_pred") or request.arguments.node("1")
    if not isinstance(value, Unknown) or not isinstance(node, ast.Name) or not _LABEL_NAMES.fullmatch(node.id):
        return None
    return Labels(Encoding.UNKNOWN, Site(request.scope.module, node), source=node.id)


def side(machine: Machine, value: Value) -> Labels | Output | None:
    """What stands in an argument of a loss call, if it is understood."""
    value = machine.pick(value)
    match value:
        case Tensor(output=output) if output.range is not Range.UNKNOWN:
            return output
        case Array(labels=labels) if labels.encoding is not Encoding.UNKNOWN:
            return labels
    return None


@overload
def _scaled(machine: Machine, symbol: str, left: Value, right: Value, site: Site) -> Value | None:
    """A loss times a weight is that loss; a sum of different ones is not one."""
    results = [value for value in (left, right) if isinstance(value, LossResult)]
    if len(results) == 1 and symbol in "*/" and isinstance(left if results[0] is right else right, (Const, Unknown)):
        return results[0]
    return machine.unknown("losses are combined", site) if results else None


# what `compile` is given


def loss_of(machine: Machine, value: Value, site: Site) -> Loss | None:
    """One loss as passed to `compile`; None where it is not understood or the program's own."""
    value = machine.pick(value)
    match value:
        case LossValue(loss=loss):
            return loss
        case Const(value=str() as name):
            return _by_name(name, site)
        case Api(name=name) if name in catalog.FUNCTIONS:
            spec = catalog.LOSSES[catalog.FUNCTIONS[name]]
            return Loss(spec.name, spec.family, False, Spelling.FUNCTION, site, machine.text(site))
        case Api(name=name) if name.startswith(CLASS_PREFIX) and name.removeprefix(CLASS_PREFIX) in catalog.CLASSES:
            spec = catalog.LOSSES[catalog.CLASSES[name.removeprefix(CLASS_PREFIX)]]
            return Loss(spec.name, spec.family, False, Spelling.CLASS, site, machine.text(site))
        case Api(name=name) if name in catalog.RAW:
            raw = catalog.RAW[name]
            return Loss(raw.name, raw.family, raw.always_logits, Spelling.FUNCTION, site, machine.text(site))
        case Partial(function=Api(name=name), arguments=arguments) if name in catalog.FUNCTIONS:
            spec = catalog.LOSSES[catalog.FUNCTIONS[name]]
            request = Call(machine, arguments, site, Scope({}, None, site.module))
            return _loss(request, spec, spec.function_parameters, 2, Spelling.FUNCTION)
        case Function() | Bound() | Instance() | Class():
            return _own_loss(machine, value, site)
    return None


def _by_name(name: str, site: Site) -> Loss | None:
    known = catalog.STRINGS[3].get(name) or catalog.STRINGS[2].get(name)
    if known is None:
        return None
    spec = catalog.LOSSES[known]
    return Loss(spec.name, spec.family, False, Spelling.STRING, site, repr(name))


def _own_loss(machine: Machine, value: Value, site: Site) -> Loss | None:
    """A loss function of the program that only hands its arguments to a Keras loss is that loss."""
    if isinstance(value, Instance):
        found = value.cls.find("call") or value.cls.find("__call__")
        if not isinstance(found, Function):
            return None
        value = Bound(found, value)
    if not isinstance(value, (Function, Bound)):
        return None
    probes = (machine.unknown("the labels"), Tensor(Output(Width(), Range.UNKNOWN, "?", site)))
    before = len(machine.cases)
    result = machine.pick(call(machine, value, Arguments(probes), site, Scope({}, None, site.module)))
    del machine.cases[before:]
    return result.loss if isinstance(result, LossResult) else None


def misuse_of_loss(machine: Machine, value: Value, site: Site) -> Fact | None:
    """What keeps Keras from using what is passed to `compile` as a loss, if anything does."""
    value = machine.pick(value)
    if _on_purpose(site):
        return None
    match value:
        case Const(value=str() as name):
            return unknown_name(machine, Named.LOSS, name, site)
        case Api(name=name) if name.startswith(CLASS_PREFIX) and name.removeprefix(CLASS_PREFIX) in catalog.CLASSES:
            return NotInstantiated(Misuse.CLASS, machine.text(site), site)
        case Class() if value.library_base() == "keras.losses.Loss":
            return NotInstantiated(Misuse.CLASS, machine.text(site), site)
        case Function() | Bound():
            inner = value.function if isinstance(value, Bound) else value
            if _makes_a_loss(machine, value, site):
                return NotInstantiated(Misuse.FACTORY, machine.text(site), site, Site(inner.module, inner.node))
    return None


def misuse_of_metric(machine: Machine, value: Value, site: Site) -> Fact | None:
    """What keeps Keras from using what is passed to `compile` as a metric, if anything does."""
    value = machine.pick(value)
    if isinstance(value, Const) and isinstance(value.value, str) and not _on_purpose(site):
        return unknown_name(machine, Named.METRIC, value.value, site)
    return None


def _makes_a_loss(machine: Machine, value: Function | Bound, site: Site) -> bool:
    """Whether a function of the program, called like a loss, returns a function or a loss whatever it is given."""
    inner = value.function if isinstance(value, Bound) else value
    if not isinstance(inner.node, ast.Lambda) and inner.node.decorator_list:
        return False
    probes = machine.unknown("the labels"), machine.unknown("the predictions")
    before = len(machine.cases)
    result = call(machine, value, Arguments(probes), site, Scope({}, None, site.module))
    del machine.cases[before:]
    found = machine.worlds.options(result)
    return bool(found) and all(isinstance(option, (Function, LossValue)) for _, option in found)


# metrics


def _make_metric(request: Call) -> Value:
    """`keras.metrics.X(...)`."""
    spec = (
        metric_catalog.METRICS.get(request.name.removeprefix(METRIC_PREFIX)) or metric_catalog.THIRD_PARTY[request.name]
    )

    def given(name: str) -> Value | None:
        return request.get(name, spec.parameters.index(name)) if name in spec.parameters else None

    from_logits = _flag(given("from_logits"), default=False) if spec.takes_from_logits else False
    threshold = spec.default_threshold
    if spec.threshold_parameter is not None:
        passed = given(spec.threshold_parameter)
        if passed not in {None, NONE}:
            threshold = _number(passed)
            from_logits = from_logits if spec.decode is not metric_catalog.Decode.CURVE else None
    class_ids: bool | None = spec.decode is metric_catalog.Decode.CLASS_IDS
    if class_ids:
        class_ids = _flag(given("sparse_y_pred"), default=True)
    text = request.machine.text(request.site)
    return MetricValue(Metric(spec.name, Spelling.INSTANCE, request.site, from_logits, threshold, text, class_ids))


for _metric in metric_catalog.METRICS:
    FUNCTIONS[f"{METRIC_PREFIX}{_metric}"] = _make_metric
for _name in metric_catalog.THIRD_PARTY:
    FUNCTIONS[_name] = _make_metric

for _name in set(metric_catalog.FUNCTIONS) - set(catalog.FUNCTIONS):
    FUNCTIONS[_name] = lambda request: request.unknown("a metric that is called")


def metric_of(machine: Machine, value: Value, site: Site) -> Metric | None:
    """One metric as passed to `compile`; None where it is not understood."""
    value = machine.pick(value)
    match value:
        case MetricValue(metric=metric):
            return metric
        case Const(value=str() as name):
            if name.lower() in metric_catalog.BY_SHAPE:
                shown = "accuracy" if name.lower() in {"accuracy", "acc"} else "crossentropy"
                return Metric(shown, Spelling.STRING, site, False, None, repr(name))
            known = metric_catalog.STRINGS[3].get(name) or metric_catalog.STRINGS[2].get(name)
            return _plain_metric(known, Spelling.STRING, site, repr(name)) if known is not None else None
        case Api(name=name) if name in metric_catalog.FUNCTIONS:
            return _plain_metric(metric_catalog.FUNCTIONS[name], Spelling.FUNCTION, site, machine.text(site))
        case Api(name=name) if name.removeprefix(METRIC_PREFIX) in metric_catalog.METRICS:
            return _plain_metric(name.removeprefix(METRIC_PREFIX), Spelling.CLASS, site, machine.text(site))
        case LossValue(loss=loss):
            spec = catalog.LOSSES.get(loss.name)
            if spec is not None and spec.class_name in metric_catalog.METRICS:
                return Metric(spec.class_name, Spelling.INSTANCE, site, loss.from_logits, None, loss.text)
    return None


def _plain_metric(name: str, spelling: Spelling, site: Site, text: str) -> Metric:
    return Metric(name, spelling, site, False, metric_catalog.METRICS[name].default_threshold, text)
