"""Which Keras a model comes from, and how its tensors are read; no other package is ever imported."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from lossguard.facts import Target

INSTALL = "Keras is not installed: pip install 'lossguard[runtime]'"
PACKAGES = ("keras", "tf_keras")


class NotProbed(Exception):  # noqa: N818  the word for what happened
    """A model that can't be looked at; one line that names the step and says why."""


@dataclass(frozen=True, slots=True)
class Library:
    """The package that a model's classes come from, its version, and what computes."""

    package: str
    major: int
    minor: int
    backend: str
    root: Any

    @property
    def target(self) -> Target:
        return Target(frozenset({self.backend}), frozenset({self.major}), (self.minor, self.minor))


def require_keras() -> None:
    """Say in one line what to install, where neither Keras can be imported."""
    if not any(package in sys.modules or find_spec(package) is not None for package in PACKAGES):
        raise NotProbed(INSTALL)


def origin_of(thing: object) -> str | None:
    """The package that made the class of this object, or a base of it: `keras`, `tf_keras` or neither."""
    for base in type(thing).__mro__:
        root = base.__module__.partition(".")[0]
        if root in PACKAGES:
            return root
    return None


def library_of(model: object) -> Library:
    """The Keras of this model."""
    package = origin_of(model)
    if package is None or not hasattr(model, "fit"):
        require_keras()
        raise NotProbed(f"probe: not a Keras model: {type(model).__name__!r} object")
    return library(package)


def library(package: str) -> Library:
    """The Keras of this name, which has been imported already."""
    root = sys.modules[package]
    major, minor = (int(part) for part in str(getattr(root, "__version__", "3.0")).split(".")[:2])
    backend = str(root.backend.backend()) if major >= 3 else "tensorflow"  # noqa: PLR2004
    return Library(package, major, minor, backend, root)


def is_own(thing: object, package: str) -> bool:
    """Whether the class of this object is the library's own, not one that a program derived from it."""
    return type(thing).__module__.partition(".")[0] == package


def to_numpy(value: Any) -> Any:
    """The array in a tensor, of whatever backend; None where it has no values (it is symbolic, or no array)."""
    import numpy as np

    if value is None or isinstance(value, np.ndarray):
        return value
    try:
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            return (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
        found = value.numpy() if callable(getattr(value, "numpy", None)) else np.asarray(value)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return None
    if not isinstance(found, np.ndarray):
        found = np.asarray(found)
    return found.astype("float32") if found.dtype.name == "bfloat16" else found


def leaves(structure: Any) -> list[Any]:
    """What is in a nest of dictionaries, lists and tuples, in order."""
    if isinstance(structure, dict):
        return [leaf for entry in structure.values() for leaf in leaves(entry)]
    if isinstance(structure, (list, tuple)):
        return [leaf for entry in structure for leaf in leaves(entry)]
    return [structure]
