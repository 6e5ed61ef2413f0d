"""Models that scikit-learn fits: `KerasClassifier`, `KerasRegressor`, and what searches and validates with them."""

from __future__ import annotations

from lossguard.facts import Encoding, Family, Width
from lossguard.static import imports
from lossguard.static.arrays import BINARY_CLASSES, ONE_PER_SAMPLE, PER_CLASS, as_array, changed
from lossguard.static.functions import METHODS, Call, call, function, method
from lossguard.static.losses import loss_of
from lossguard.static.machine import Machine
from lossguard.static.operators import items_of
from lossguard.static.training import record
from lossguard.static.values import (
    NONE,
    TRUE,
    Arguments,
    Array,
    Compiled,
    Const,
    Dict,
    Function,
    Lazy,
    Model,
    Native,
    Pairs,
    Site,
    Tuple,
    Value,
)

_CLASSIFIER, _REGRESSOR = "keras.wrappers.KerasClassifier", "keras.wrappers.KerasRegressor"
_SEARCHES = {
    "sklearn.model_selection.GridSearchCV": "param_grid",
    "sklearn.model_selection.RandomizedSearchCV": "param_distributions",
    "sklearn.model_selection.HalvingGridSearchCV": "param_grid",
    "sklearn.model_selection.HalvingRandomSearchCV": "param_distributions",
}
"""Searches, and their parameter that says what is varied; the estimator comes first in all."""


@function(_CLASSIFIER, _REGRESSOR)
def _wrapper(request: Call) -> Value:
    return Native(request.name, request.arguments, request.site, request.machine.serial())


@function(*_SEARCHES)
def _search(request: Call) -> Value:
    """A search is fitted as its estimator is, with other arguments for what it varies."""
    estimator = _estimator(request.machine, request.get("estimator", 0))
    if estimator is None:
        return request.unknown("a search with another estimator")
    varied = request.get(_SEARCHES[request.name], 1)
    pairs = request.machine.pick(request.machine.field(varied, "items")) if isinstance(varied, Dict) else NONE
    if not isinstance(pairs, Pairs) or not pairs.complete:
        return request.unknown("a search among unknown arguments")
    found = Native(estimator.name, estimator.arguments, request.site, request.machine.serial())
    names = [str(key.value).rpartition("__")[2] for key, _ in pairs.items if isinstance(key, Const)]
    request.machine.write(found, "@varied", Tuple(tuple(map(Const, names))))
    return found


@function("sklearn.pipeline.Pipeline", "sklearn.pipeline.make_pipeline")
def _pipeline(request: Call) -> Value:
    """The last step is the one that is fitted to the labels."""
    named = request.name.endswith("Pipeline")
    steps = items_of(request.machine, request.get("steps", 0) or NONE) if named else Tuple(request.arguments.positional)
    last = items_of(request.machine, steps.items[-1]) if isinstance(steps, Tuple) and steps.items else NONE
    if isinstance(last, Tuple) and last.items:
        last = last.items[-1]
    return _estimator(request.machine, request.machine.pick(last)) or request.unknown("a pipeline")


def _estimator(machine: Machine, value: Value | None) -> Native | None:
    return value if isinstance(value, Native) and value.name in {_CLASSIFIER, _REGRESSOR} else None


_fit_before = METHODS[Native]["fit"]


@method(Native, "fit")
def _fit(request: Call) -> Value:
    estimator = _estimator(request.machine, request.receiver)
    if estimator is None:
        return _fit_before(request)
    _fitted(request, estimator, request.raw("y", 1))
    return estimator


@function("sklearn.model_selection.cross_val_score", "sklearn.model_selection.cross_validate")
def _validated(request: Call) -> Value:
    estimator = _estimator(request.machine, request.get("estimator", 0))
    if estimator is not None:
        _fitted(request, estimator, request.raw("y", 2))
    return request.unknown("the scores of a validation")


def _fitted(request: Call, estimator: Native, labels: Value | None) -> None:
    """Note the training setups of the model that the estimator makes."""
    machine = request.machine
    given = estimator.arguments
    build = given.keyword("build_fn") or given.keyword("model") or next(iter(given.positional), NONE)
    build = machine.pick(build)
    if isinstance(build, Lazy):
        build = machine.pick(imports.resolve(machine, build))
    if isinstance(build, Function):
        build = machine.pick(call(machine, build, _passed(request, estimator, build), request.site, request.scope))
    compiled = machine.pick(machine.field(build, "@compiled")) if isinstance(build, Model) else NONE
    if not isinstance(build, Model) or not isinstance(compiled, Compiled):
        return
    encoded = as_array(machine, machine.pick(labels), request.site) if labels is not None else NONE
    if estimator.name == _CLASSIFIER:
        encoded = _class_ids(machine, encoded, compiled)
    record(machine, build, encoded if isinstance(encoded, Array) else None, request.site)
    machine.write(build, "@fitted", TRUE)


def _passed(request: Call, estimator: Native, build: Function) -> Arguments:
    """What the function that makes the model is called with: arguments of the estimator, and whatever is varied."""
    machine = request.machine
    known = {name.rpartition("model__")[2]: value for name, value in estimator.arguments.keywords}
    varied = machine.field(estimator, "@varied")
    names = {item.value for item in varied.items if isinstance(item, Const)} if isinstance(varied, Tuple) else set()
    parameters = [one.arg for one in (*build.node.args.args, *build.node.args.kwonlyargs)]
    unknown = {
        name: machine.unknown("it is varied by a search", request.site)
        for name in parameters
        if name in names or name in {"meta", "compile_kwargs"}
    }
    return Arguments((), tuple(({name: known[name] for name in parameters if name in known} | unknown).items()))


def _class_ids(machine: Machine, labels: Value, compiled: Compiled) -> Value:
    """The labels as the model gets them: the wrapper makes class ids from 0 of labels that are one for each sample.

    For categorical cross-entropy one of the wrappers makes columns of them, the other does not.
    """
    if not isinstance(labels, Array) or labels.labels.encoding in PER_CLASS:
        return labels
    loss = loss_of(machine, compiled.loss, _loss_site(compiled))
    encoding = labels.labels.encoding
    if encoding is Encoding.CONTINUOUS or encoding not in ONE_PER_SAMPLE or loss is None:
        return NONE
    if loss.family not in {Family.BINARY, Family.SPARSE_CATEGORICAL}:
        return NONE
    classes = labels.labels.classes
    high = classes.size - 1 if classes.size is not None else None
    ids = Encoding.BINARY if classes.size == BINARY_CLASSES else Encoding.INTEGER
    return changed(labels, encoding=ids, rank=1, width=Width(), low=0, high=high)


def _loss_site(compiled: Compiled) -> Site:
    node = compiled.arguments.node("loss") or compiled.arguments.node("1")
    return Site(compiled.site.module, node) if node is not None else compiled.site
