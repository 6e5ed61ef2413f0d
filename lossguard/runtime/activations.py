"""Which activation a function is: by its name where it is a library's own, else by what it computes."""

# ruff: noqa: ANN401  (arrays)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossguard.catalog.activations import NAMES, activation_range
from lossguard.facts import Range
from lossguard.runtime.library import Library, to_numpy

_LIBRARIES = frozenset({"keras", "tf_keras", "tensorflow", "jax", "torch"})
_CLOSE = 1e-3
_PROBE = (
    (-6.0, -1.5, -0.25, 0.0, 0.75, 2.0, 7.5),
    (3.0, -0.5, 1.25, -4.0, 0.125, 0.5, -2.0),
)


@dataclass(frozen=True, slots=True)
class Activation:
    """`name` is None where it is not one of Keras's. `raw`: not Keras's own function, which leaves no
    pre-activation on its output."""

    name: str | None
    raw: bool = False

    @property
    def range(self) -> Range:
        return Range.UNKNOWN if self.name is None else activation_range(self.name)


LINEAR = Activation("linear")
UNKNOWN = Activation(None)


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(z, -80, 80)))


FORMULAS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda z: z,
    "softmax": _softmax,
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softplus": lambda z: np.logaddexp(z, 0),
    "exponential": lambda z: np.exp(np.clip(z, None, 80)),
    "log_softmax": lambda z: np.log(_softmax(z) + 1e-30),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "silu": lambda z: z * _sigmoid(z),
}


def identified(function: Any, library: Library) -> Activation:
    """What a layer's `activation` is."""
    if function is None:
        return LINEAR
    module = str(getattr(function, "__module__", None) or type(function).__module__)
    name = str(getattr(function, "__name__", None) or getattr(function, "name", ""))
    own = module.partition(".")[0]
    if own in _LIBRARIES and name in NAMES:
        return Activation(NAMES[name], raw=own != library.package)
    probe = np.array(_PROBE, "float32")
    try:
        values = to_numpy(function(tensor(probe, library)))
    except Exception:  # noqa: BLE001  somebody's function, which need not take this
        return UNKNOWN
    return related(probe, values)


def tensor(array: Any, library: Library) -> Any:
    """The array as a tensor of the model's backend."""
    if library.major >= 3:  # noqa: PLR2004
        return library.root.ops.convert_to_tensor(array)
    return library.root.backend.constant(array, dtype=str(np.asarray(array).dtype))


def related(before: Any, after: Any) -> Activation:
    """The activation that makes one array of the other, where there is one."""
    if before is None or after is None or before.shape != after.shape or before.dtype.kind != "f":
        return UNKNOWN
    z, a = before.astype("float64"), after.astype("float64")
    found = [name for name, formula in FORMULAS.items() if np.allclose(formula(z), a, rtol=_CLOSE, atol=1e-5)]
    return Activation(found[0], raw=True) if found else UNKNOWN


def same_values(before: Any, after: Any) -> bool:
    """Whether only the shape has changed."""
    return before is not None and after is not None and before.size == after.size and _equal(before, after)


def _equal(before: Any, after: Any) -> bool:
    return bool(np.array_equal(before.reshape(-1), after.reshape(-1)))
