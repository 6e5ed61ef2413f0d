"""Compiling and fitting: what a model is trained on, and the training setups that come of it."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence
from dataclasses import replace

from lossguard.facts import Encoding, Fact, Labels, Output, PositionalMetrics, TrainingSetup
from lossguard.frozen import dataclass
from lossguard.static.arrays import as_array
from lossguard.static.functions import Call, call, method
from lossguard.static.losses import loss_of, metric_of, misuse_of_loss, misuse_of_metric
from lossguard.static.machine import Machine
from lossguard.static.models import outputs_of, receiver
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
    Guard,
    Instance,
    List,
    Model,
    Pairs,
    Predictions,
    Scope,
    Site,
    Tensor,
    Tuple,
    Value,
)

# compiling and fitting


_METRICS = 2
"""The position of `metrics` in `compile` up to Keras 2; in Keras 3 it is that of `loss_weights`."""


@method(Model, "compile")
def _compile(request: Call) -> Value:
    model = receiver(request)
    compiled = Compiled(
        request.raw("loss", 1) or NONE,
        request.raw("metrics", _METRICS) or NONE,
        request.raw("weighted_metrics") or NONE,
        request.site,
        request.arguments,
        request.machine.via(),
        request.machine.worlds.path,
        request.machine.worlds.told(),
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
    model = receiver(request)
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
    model = receiver(request)
    labels = labels_argument(request.machine, request.raw("x", 0) or request.raw("generator"), request.raw("y", 1))
    if labels is not None:
        record(request.machine, model, labels, request.site, purpose="evaluation")
    _own_step(request, model, "test_step")
    return request.unknown("the result of an evaluation")


@method(Model, "predict", "predict_on_batch", "predict_proba", "predict_generator")
def _predict(request: Call) -> Value:
    machine, model = request.machine, receiver(request)
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
    """Facts as the value of an operation that worlds tell apart; `misuses` are about arguments of `compile`.

    `told` are the assumptions that tell the model from others that the same code makes, compiles or fits.
    """

    facts: tuple[TrainingSetup, ...]
    site: Site
    via: Site | None = None
    misuses: tuple[Fact, ...] = ()
    told: Guard = frozenset()


def record(machine: Machine, model: Model, labels: Value | None, use: Site, purpose: str = "training") -> None:
    """Note the training setups of a compiled model, one for each output, in every world."""
    if machine.field(model, "@compiled") == NONE:
        return
    outputs = outputs_of(machine, model)
    if model.cls is not None and model.cls.find("train_step") is not None:
        outputs = machine.unknown("what its own step hands to the loss is not understood")
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
                _note(machine, found, guard, (*_owner(model, found, use), purpose), purpose)


def _owner(model: Model, found: Found, use: Site) -> tuple[Hashable, Hashable]:
    """Whose worlds are looked at together: the model's, or those of all models that one `compile` may be given."""
    if not found.told:
        return model.serial, id(use.node)
    return ("told", id(found.site.node)), None if use is model.site else id(use.node)


def _note(machine: Machine, found: Found, guard: Guard, group: tuple[Hashable, ...], purpose: str) -> None:
    """Note what was found in one world."""
    telling = guard | found.told
    path = machine.worlds.path
    for number, setup in enumerate(found.facts):
        fact = setup if purpose != _NO_LOSS else replace(setup, loss=None, labels=None, metrics=())
        kept = tuple(one for one in path if one in telling or _concerns(machine, one.condition, fact))
        machine.cases.append(Case(fact, kept, (*group, number), found.via))
    for misuse in found.misuses if purpose != _NO_LOSS else ():
        kept = tuple(one for one in path if one in telling or machine.worlds.condition_at(one.condition).default)
        machine.cases.append(Case(misuse, kept, (*group, misuse), found.via, whole=False))


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
        return NONE
    told = model.told | compiled.told | machine.worlds.told()
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
    return Found(tuple(setups), compiled.site, machine.via() or compiled.via, misuses, told)


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
