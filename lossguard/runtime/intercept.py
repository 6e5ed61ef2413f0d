"""Keras with its doors watched: where layers, losses and metrics are made, and what `fit` is given."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import functools
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Protocol

from lossguard.runtime.calls import RAW
from lossguard.runtime.library import PACKAGES
from lossguard.runtime.spots import Spot, called_by_user, here

TRAINING = ("fit", "train_on_batch", "evaluate", "test_on_batch", "fit_generator")


class Watcher(Protocol):
    """What is told of the program's use of Keras.

    `step_by_step` says that the program's own functions are not to be compiled: compiled ones show no values.
    """

    step_by_step: bool

    def made(self, thing: Any, spot: Spot) -> None: ...

    def compiled(self, model: Any, spot: Spot | None) -> None: ...

    def fed(self, model: Any, how: str, x: Any, y: Any) -> Any:
        """A model is about to be given these data; what it is to be given instead."""

    def answered(self, model: Any, x: Any, result: Any, *, predicted: bool) -> None:
        """The program has called a model."""

    def lost(self, loss: Any, target: Any, prediction: Any) -> None:
        """The program calls a loss: a live one, or a function of `tf.nn` by its name."""

    def stepped(self) -> None:
        """The program is about to change weights itself."""


def watch(watcher: Watcher) -> None:
    """Tell the watcher of every Keras that is imported, or has been."""
    for package, begin in _WATCHES.items():
        if package in sys.modules:
            begin(sys.modules[package], watcher)
    sys.meta_path.insert(0, _Finder(watcher))


class _Finder(MetaPathFinder):
    """Lets the others find Keras and TensorFlow, and watches them as soon as they have been imported."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in _WATCHES:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Watching(spec.loader, self._watcher)
                return spec
        return None


class _Watching(Loader):
    def __init__(self, loader: Any, watcher: Watcher) -> None:
        self._loader = loader
        self._watcher = watcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _WATCHES[module.__name__](module, self._watcher)


def _watch(keras: ModuleType, watcher: Watcher) -> None:
    model: Any = keras.Model
    for base in (keras.layers.Layer, keras.losses.Loss, keras.metrics.Metric):
        _note_makers(base, watcher)
    compile_ = model.compile

    @functools.wraps(compile_)
    def compiling(self: Any, *args: Any, **kwargs: Any) -> Any:
        watcher.compiled(self, here())
        return compile_(self, *args, **kwargs)

    model.compile = compiling
    for name in TRAINING:
        if hasattr(model, name):
            setattr(model, name, _fed(name, getattr(model, name), watcher))
    model.__call__ = _answered(_as_a_layer(keras.layers.Layer), watcher)
    model.predict = _predicted(model.predict, watcher)
    keras.losses.Loss.__call__ = _lost(keras.losses.Loss.__call__, watcher)
    for name in ("apply_gradients", "apply"):
        if hasattr(keras.optimizers.Optimizer, name):
            setattr(keras.optimizers.Optimizer, name, _stepped(getattr(keras.optimizers.Optimizer, name), watcher))


def _note_makers(base: Any, watcher: Watcher) -> None:
    init = base.__init__

    @functools.wraps(init)
    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        spot = here()
        if spot is not None:
            watcher.made(self, spot)
        init(self, *args, **kwargs)

    vars(noted)["__signature__"] = inspect.signature(init)  # Keras reads it to make configurations
    base.__init__ = noted


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


def _watch_tensorflow(tensorflow: ModuleType, watcher: Watcher) -> None:
    if watcher.step_by_step:
        warnings.filterwarnings("ignore", message=".*option does not apply to tf.data functions")
        tensorflow.config.run_functions_eagerly(True)
    for name in RAW:
        setattr(tensorflow.nn, name, _raw(name, getattr(tensorflow.nn, name), watcher))


def _raw(name: str, function: Callable[..., Any], watcher: Watcher) -> Callable[..., Any]:
    @functools.wraps(function)
    def calling(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(("labels", "logits"), args, strict=False)) | kwargs
        if called_by_user(1) and given.keys() >= {"labels", "logits"}:
            watcher.lost(name, given["labels"], given["logits"])
        return function(*args, **kwargs)

    return _as_it_is(calling)


_WATCHES: dict[str, Callable[[ModuleType, Watcher], None]] = {
    **dict.fromkeys(PACKAGES, _watch),
    "tensorflow": _watch_tensorflow,
}
"""What is done with each package once it has been imported."""
