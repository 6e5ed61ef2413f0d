"""Keras with its doors watched: where layers, losses and metrics are made, and what `fit` is given."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Protocol

from lossguard.runtime.spots import Spot, here

PACKAGES = ("keras", "tf_keras")
TRAINING = ("fit", "train_on_batch", "evaluate", "test_on_batch", "fit_generator")


class Watcher(Protocol):
    """What is told of the program's use of Keras."""

    def made(self, thing: Any, spot: Spot) -> None: ...

    def compiled(self, model: Any, spot: Spot | None) -> None: ...

    def fed(self, model: Any, how: str, x: Any, y: Any) -> Any:
        """A model is about to be given these data; what it is to be given instead."""


def watch(watcher: Watcher) -> None:
    """Tell the watcher of every Keras that is imported, or has been."""
    for package in PACKAGES:
        if package in sys.modules:
            _watch(sys.modules[package], watcher)
    sys.meta_path.insert(0, _Finder(watcher))


class _Finder(MetaPathFinder):
    """Lets the others find Keras, and watches it as soon as it has been imported."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in PACKAGES:
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
        _watch(module, self._watcher)


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


def _note_makers(base: Any, watcher: Watcher) -> None:
    init = base.__init__

    @functools.wraps(init)
    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        spot = here()
        if spot is not None:
            watcher.made(self, spot)
        init(self, *args, **kwargs)

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
