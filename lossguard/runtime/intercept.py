"""Keras with its doors watched: where layers, losses and metrics are made, and what `fit` is given."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import functools
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Protocol

from lossguard.runtime.calls import RAW
from lossguard.runtime.library import PACKAGES
from lossguard.runtime.spots import Spot, called_by_user, here

TRAINING = ("fit", "train_on_batch", "evaluate", "test_on_batch", "fit_generator")


Begin = Callable[[ModuleType, Any, "Doors"], None]
Watches = dict[str, Begin]
"""What is done with each package once it has been imported."""


class Maker(Protocol):
    """What is told of where the program makes things."""

    def made(self, thing: Any, spot: Spot) -> None: ...

    def compiled(self, model: Any, spot: Spot | None) -> None: ...


class Watcher(Maker, Protocol):
    """What is told of the program's use of Keras.

    `step_by_step` says that the program's own functions are not to be compiled: compiled ones show no values.
    """

    step_by_step: bool

    def fed(self, model: Any, how: str, x: Any, y: Any) -> Any:
        """A model is about to be given these data; what it is to be given instead."""

    def answered(self, model: Any, x: Any, result: Any, *, predicted: bool) -> None:
        """The program has called a model."""

    def lost(self, loss: Any, target: Any, prediction: Any) -> None:
        """The program calls a loss: a live one, or a function of `tf.nn` by its name."""

    def stepped(self) -> None:
        """The program is about to change weights itself."""


@dataclass(slots=True)
class Doors:
    """What has been put in front of Keras's own methods, so that it can be taken away again."""

    _kept: list[tuple[Any, str, Any]] = field(default_factory=list)

    def put(self, owner: Any, name: str, function: Any) -> None:
        self._kept.append((owner, name, vars(owner).get(name)))
        setattr(owner, name, function)

    def take_away(self) -> None:
        while self._kept:
            owner, name, before = self._kept.pop()
            if before is None:
                delattr(owner, name)
            else:
                setattr(owner, name, before)


def watch(watcher: Watcher) -> None:
    """Tell the watcher of every Keras that is imported, or has been, as long as the process lives."""
    _begin(watcher, Doors(), _WATCHES)


@contextmanager
def makers_watched(maker: Maker) -> Iterator[None]:
    """Tell where layers, losses and metrics are made and models are compiled, while this lasts."""
    doors = Doors()
    finder = _begin(maker, doors, dict.fromkeys(PACKAGES, _watch_makers))
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        doors.take_away()


def _begin(watcher: Any, doors: Doors, watches: Watches) -> _Finder:
    for package, begin in watches.items():
        if package in sys.modules:
            begin(sys.modules[package], watcher, doors)
    finder = _Finder(watcher, doors, watches)
    sys.meta_path.insert(0, finder)
    return finder


class _Finder(MetaPathFinder):
    """Lets the others find Keras and TensorFlow, and watches them as soon as they have been imported."""

    def __init__(self, watcher: Any, doors: Doors, watches: Watches) -> None:
        self._told = watcher, doors
        self._watches = watches

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in self._watches:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Watching(spec.loader, self._watches[fullname], *self._told)
                return spec
        return None


class _Watching(Loader):
    def __init__(self, loader: Any, begin: Begin, watcher: Any, doors: Doors) -> None:
        self._loader = loader
        self._begin = begin, watcher, doors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        begin, watcher, doors = self._begin
        begin(module, watcher, doors)


def _watch_makers(keras: ModuleType, maker: Maker, doors: Doors) -> None:
    for base in (keras.layers.Layer, keras.losses.Loss, keras.metrics.Metric):
        doors.put(base, "__init__", _noting(base.__init__, maker))
    owner = _owner(keras.Model, "compile")  # Keras takes a `compile` that is not there for one of the program's own
    compile_ = owner.compile

    @functools.wraps(compile_)
    def compiling(self: Any, *args: Any, **kwargs: Any) -> Any:
        maker.compiled(self, here())
        return compile_(self, *args, **kwargs)

    doors.put(owner, "compile", compiling)


def _owner(model: Any, name: str) -> Any:
    """The class that a model has this method from."""
    return next(cls for cls in model.__mro__ if name in vars(cls))


def _noting(init: Callable[..., None], maker: Maker) -> Callable[..., None]:
    @functools.wraps(init)
    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        spot = here()
        if spot is not None:
            maker.made(self, spot)
        init(self, *args, **kwargs)

    vars(noted)["__signature__"] = inspect.signature(init)  # Keras reads it to make configurations
    return noted


def _watch(keras: ModuleType, watcher: Watcher, doors: Doors) -> None:
    _watch_makers(keras, watcher, doors)
    model, optimizer, loss = keras.Model, keras.optimizers.Optimizer, keras.losses.Loss
    for name in TRAINING:
        if hasattr(model, name):
            doors.put(_owner(model, name), name, _fed(name, getattr(model, name), watcher))
    doors.put(model, "__call__", _answered(_as_a_layer(keras.layers.Layer), watcher))
    doors.put(_owner(model, "predict"), "predict", _predicted(model.predict, watcher))
    doors.put(loss, "__call__", _lost(loss.__call__, watcher))
    for name in ("apply_gradients", "apply"):
        if hasattr(optimizer, name):
            doors.put(optimizer, name, _stepped(getattr(optimizer, name), watcher))


def _fed(name: str, method: Callable[..., Any], watcher: Watcher) -> Callable[..., Any]:
    running: list[Any] = []

    @functools.wraps(method)
    def feeding(self: Any, *args: Any, **kwargs: Any) -> Any:
        if running:  # `fit` evaluates on its own, `fit_generator` fits
            return method(self, *args, **kwargs)
        given = dict(zip(("x", "y"), args, strict=False)) | kwargs
        data = given.get("x", given.get("generator"))
        other = watcher.fed(self, name, data, given.get("y"))
        if other is not data:
            if args:
                args = (other, *args[1:])
            else:
                kwargs["x" if "x" in kwargs else "generator"] = other
        running.append(self)
        try:
            return method(self, *args, **kwargs)
        finally:
            with suppress(IndexError):
                running.pop()

    return feeding


def _as_a_layer(layer: Any) -> Callable[..., Any]:
    """The call of a model, which is looked up each time: a look at another model watches it, too."""

    @functools.wraps(layer.__call__)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return layer.__call__(self, *args, **kwargs)

    return call


def _answered(call: Callable[..., Any], watcher: Watcher) -> Callable[..., Any]:
    @functools.wraps(call)
    def answering(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = call(self, *args, **kwargs)
        if called_by_user(1) and args:
            watcher.answered(self, args[0], result, predicted=False)
        return result

    return _as_it_is(answering)


def _predicted(predict: Callable[..., Any], watcher: Watcher) -> Callable[..., Any]:
    @functools.wraps(predict)
    def predicting(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        with _compiled(watcher):
            result = predict(self, x, *args, **kwargs)
        if called_by_user(1):
            watcher.answered(self, x, result, predicted=True)
        return result

    return predicting


@contextmanager
def _compiled(watcher: Watcher) -> Iterator[None]:
    """What Keras runs is compiled as ever meanwhile."""
    tensorflow = sys.modules.get("tensorflow") if watcher.step_by_step else None
    if tensorflow is None:
        yield
        return
    tensorflow.config.run_functions_eagerly(False)
    try:
        yield
    finally:
        tensorflow.config.run_functions_eagerly(True)


def _lost(call: Callable[..., Any], watcher: Watcher) -> Callable[..., Any]:
    @functools.wraps(call)
    def calling(self: Any, y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
        if called_by_user(1):
            watcher.lost(self, y_true, y_pred)
        return call(self, y_true, y_pred, *args, **kwargs)

    return _as_it_is(calling)


def _stepped(method: Callable[..., Any], watcher: Watcher) -> Callable[..., Any]:
    @functools.wraps(method)
    def stepping(self: Any, *args: Any, **kwargs: Any) -> Any:
        if called_by_user(1):
            watcher.stepped()
        return method(self, *args, **kwargs)

    return _as_it_is(stepping)


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    """TensorFlow does not rewrite this function where it compiles the program's own."""
    vars(function)["autograph_info__"] = {}
    return function


def _watch_tensorflow(tensorflow: ModuleType, watcher: Watcher, doors: Doors) -> None:
    if watcher.step_by_step:
        warnings.filterwarnings("ignore", message=".*option does not apply to tf.data functions")
        tensorflow.config.run_functions_eagerly(True)
    for name in RAW:
        doors.put(tensorflow.nn, name, _raw(name, getattr(tensorflow.nn, name), watcher))


def _raw(name: str, function: Callable[..., Any], watcher: Watcher) -> Callable[..., Any]:
    @functools.wraps(function)
    def calling(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(("labels", "logits"), args, strict=False)) | kwargs
        if called_by_user(1) and given.keys() >= {"labels", "logits"}:
            watcher.lost(name, given["labels"], given["logits"])
        return function(*args, **kwargs)

    return _as_it_is(calling)


_WATCHES: Watches = {
    **dict.fromkeys(PACKAGES, _watch),
    "tensorflow": _watch_tensorflow,
}
