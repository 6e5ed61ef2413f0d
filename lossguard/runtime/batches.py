"""One batch of whatever a model is fed with, without taking it from the training."""

# ruff: noqa: ANN401  (data of any library)

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from types import GeneratorType
from typing import Any

from lossguard.runtime.library import NotProbed, leaves, library, to_numpy
from lossguard.runtime.state import same_random_numbers

_IRREGULAR = re.compile("Ragged|Sparse|^cs[rc]_|^coo_")
ROWS = 32
"""Samples that are looked at; more would tell no more."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`x` and `y` are small; `labels` are all labels there are, where `whole`, else those of the batch.

    `data` is what to train with in place of what was given: a generator is given back what was taken.
    """

    x: Any
    y: Any = None
    labels: Any = None
    whole: bool = False
    data: Any = None
    source: str = ""
    note: str = ""


def take(x: Any, y: Any = None, model: Any = None) -> Batch:
    """The first samples of arrays, of a data set, of a `PyDataset`, of a loader or of a generator.

    As many as the model's inputs declare, where they are made for batches of one size.
    """
    rows = _rows(model)
    if isinstance(x, GeneratorType):
        return _of_generator(x, rows)
    source = _again(x)
    if source is not None:
        with same_random_numbers():  # these start anew when they are trained with
            first, told = source()
        return _of_batch(first, x, rows, told)
    if y is None and _is_one_shot(x):
        kind, first = type(x).__name__, next(x, None)
        if first is None:
            raise NotProbed(f"taking a batch: there is none in the {kind}")
        return _of_batch(first, chain([first], x), rows, f"a batch of the {kind}")
    if y is None and isinstance(x, tuple) and len(x) == 2 and not hasattr(x, "shape"):  # noqa: PLR2004
        x, y = x
    return Batch(_some(x, rows), sliced(y, rows), y, whole=True, data=x)


def _again(x: Any) -> Callable[[], tuple[Any, str]] | None:
    """How to have the first batch of what gives it again and again, and what it is called; None for the rest."""
    kind = type(x).__name__
    if hasattr(x, "element_spec") and hasattr(x, "take"):
        return lambda: (next(iter(x.take(1)), None), "a batch of the data set")
    if _is_sequence_of_batches(x):
        return lambda: (x[0], f"the first batch of the {kind}")
    if type(x).__module__.partition(".")[0] == "torch" and hasattr(x, "dataset"):
        return lambda: (next(iter(x), None), f"a batch of the {kind}")
    return None


def _of_generator(generator: Iterator[Any], rows: int) -> Batch:
    first = next(generator, None)

    def again() -> Iterator[Any]:
        yield first
        yield from generator

    note = "one batch was taken from the generator to look at it; it does not come again"
    return _of_batch(first, again() if first is not None else generator, rows, "a batch of the generator", note)


def _of_batch(batch: Any, data: Any, rows: int, source: str, note: str = "") -> Batch:
    if batch is None:
        raise NotProbed(f"taking a batch: there is none in the {type(data).__name__}")
    parts = batch if isinstance(batch, (tuple, list)) and 1 <= len(batch) <= 3 else (batch,)  # noqa: PLR2004
    y = parts[1] if len(parts) > 1 else None
    return Batch(_some(parts[0], rows), sliced(y, rows), y, whole=False, data=data, source=source, note=note)


def _rows(model: Any) -> int:
    """The size of the batches that a model is made for, else as many samples as are looked at."""
    inputs = leaves(_inputs(model))
    size = inputs[0].shape[0] if inputs and len(getattr(inputs[0], "shape", ())) else None
    return size if isinstance(size, int) else ROWS


def _inputs(model: Any) -> Any:
    """The symbolic inputs of a model; none where it has not been built yet."""
    try:
        return getattr(model, "inputs", None) or []
    except ValueError:  # Sequential in early versions of Keras 3
        return []


def _some(x: Any, rows: int) -> Any:
    found = sliced(x, rows)
    if any(len(getattr(leaf, "shape", ())) and leaf.shape[0] == 0 for leaf in leaves(found)):
        raise NotProbed("taking a batch: there are no samples in it")
    return found


def _is_sequence_of_batches(x: Any) -> bool:
    """`PyDataset`, and its forerunner `Sequence`."""
    names = {base.__name__ for base in type(x).__mro__}
    return bool(names & {"PyDataset", "Sequence", "Iterator"}) and hasattr(x, "__getitem__") and not hasattr(x, "shape")


def _is_one_shot(x: Any) -> bool:
    return hasattr(x, "__next__") and not hasattr(x, "shape")


def sliced(structure: Any, rows: int = ROWS) -> Any:
    """The first rows of every array in the nest; lists of numbers are made arrays, as they are."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {name: sliced(entry, rows) for name, entry in structure.items()}
    if not any(hasattr(leaf, "shape") for leaf in leaves(structure)):  # lists of numbers
        return to_numpy(structure)
    if isinstance(structure, (list, tuple)):
        return type(structure)([sliced(entry, rows) for entry in structure])
    if hasattr(structure, "iloc"):
        return to_numpy(structure.iloc[:rows])
    if _IRREGULAR.search(type(structure).__name__) or not len(structure.shape):
        return structure
    return structure[:rows]


def unsupported(structure: Any) -> str | None:
    """Why these inputs can't be looked at."""
    for leaf in leaves(structure):
        name = type(leaf).__name__
        if _IRREGULAR.search(name):
            return f"{name} inputs are not supported"
        if str(getattr(leaf, "dtype", "")).startswith(("object", "<U", "<dtype: 'string'", "string")):
            return "string inputs are not supported"
    return None


def synthetic(model: Any, package: str) -> Any:
    """A few samples of the shape and the type that the model's inputs declare; the numbers mean nothing."""
    import numpy as np

    inputs = getattr(model, "_inputs_struct", None)
    if inputs is None:
        inputs = _inputs(model)
    if inputs is None or not leaves(inputs):
        raise NotProbed(
            f"building a batch: {model.name!r} is not built and declares no inputs;"
            " pass x (--inputs), or call it once before"
        )
    draw = np.random.default_rng(20)
    major = library(package).major

    def made(spec: Any) -> Any:
        dtype = str(getattr(spec.dtype, "name", spec.dtype))
        if dtype == "string" or "Ragged" in type(spec).__name__ or getattr(spec, "ragged", False):
            raise NotProbed(f"building a batch: {'string' if dtype == 'string' else 'ragged'} inputs are not supported")
        free = 64 if len(spec.shape) == 4 else 8  # noqa: PLR2004
        first = spec.shape[0] or 8
        shape = (first, *(size if size is not None else free for size in spec.shape[1:]))
        if "int" in dtype or dtype == "bool":
            return draw.integers(0, 2, shape).astype(dtype)
        return draw.standard_normal(shape).astype("float32" if dtype == "bfloat16" else dtype)

    return _mapped(inputs, made, unwrap=major < 3)  # noqa: PLR2004


def _mapped(structure: Any, function: Any, *, unwrap: bool) -> Any:
    if isinstance(structure, dict):
        return {name: _mapped(entry, function, unwrap=unwrap) for name, entry in structure.items()}
    if isinstance(structure, (list, tuple)):
        made = [_mapped(entry, function, unwrap=unwrap) for entry in structure]
        return made[0] if len(made) == 1 else made
    return function(structure)
