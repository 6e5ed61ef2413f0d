"""Everything that a look at a model could change, kept and put back."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lossguard.runtime.library import Library, to_numpy

Undo = Callable[[], None]


@contextmanager
def unchanged(model: Any, library: Library) -> Iterator[None]:
    """Weights, seeds, metrics and the random numbers that come next are afterwards as they were before."""
    undo = [*_random_numbers(), *_seed(library), *_variables(model, library), *_losses(model)]
    try:
        yield
    finally:
        for step in undo:
            step()


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """What is drawn meanwhile is drawn again afterwards."""
    undo = list(_random_numbers())
    try:
        yield
    finally:
        for step in undo:
            step()


def _random_numbers() -> Iterator[Undo]:
    import numpy as np

    state, numbers = random.getstate(), np.random.get_state()  # noqa: NPY002  the one that programs use
    yield lambda: random.setstate(state)
    yield lambda: np.random.set_state(numbers)  # noqa: NPY002
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        drawn = torch.get_rng_state()
        yield lambda: torch.set_rng_state(drawn)
    if "tensorflow" in sys.modules:
        yield from _tensorflow()


def _tensorflow() -> Iterator[Undo]:
    """The seeds that TensorFlow draws for operations that are given none."""
    eager = sys.modules.get("tensorflow.python.eager.context")
    context = eager.context() if eager is not None else None
    drawing = getattr(context, "_rng", None)
    if isinstance(drawing, random.Random):
        state = drawing.getstate()
        yield lambda: drawing.setstate(state)


def _seed(library: Library) -> Iterator[Undo]:
    """Keras 3's generator for layers without a seed, if it exists already."""
    states = sys.modules.get(f"{library.package}.src.backend.common.global_state")
    if states is None:
        return
    name = "global_seed_generator"
    generator = states.get_global_attribute(name)
    if generator is None:
        yield lambda: states.set_global_attribute(name, None)
        return
    yield from _variable(generator.state)


def _variables(model: Any, library: Library) -> Iterator[Undo]:
    """Weights, seeds and the layers' own metrics; not the optimizer's nor compiled metrics, which nothing touches."""
    seen: set[int] = set()
    own = [*getattr(model, "variables", ())]
    for layer in layers(model):
        own += [variable for metric in getattr(layer, "_metrics", ()) for variable in metric.variables]
        generators = getattr(layer, "_seed_generators", ()) if library.major >= 3 else ()  # noqa: PLR2004
        own += [generator.state for generator in generators]
        state = getattr(
            getattr(getattr(layer, "_random_generator", None), "_generator", None), "state", None
        )  # tf_keras
        own += [] if state is None else [state]
    for variable in own:
        if id(variable) not in seen:
            seen.add(id(variable))
            yield from _variable(variable)


def layers(model: Any) -> list[Any]:
    """The model and all layers below it."""
    flatten = getattr(model, "_flatten_layers", None)
    return list(flatten()) if flatten is not None else [model]


def _variable(variable: Any) -> Iterator[Undo]:
    import numpy as np

    kept = getattr(variable, "value", None)
    if type(kept).__module__.startswith("jax"):  # arrays that never change
        yield lambda: None if variable.value is kept else variable.assign(kept)
        return
    before = _array(variable)
    if before is None:
        return
    before = before.copy()

    def undo() -> None:
        after = _array(variable)
        if after is None or not np.array_equal(after, before, equal_nan=before.dtype.kind in "fc"):
            variable.assign(before)

    yield undo


def _array(variable: Any) -> Any:
    """The values; those of Keras 3 wrap the backend's own."""
    inner = getattr(variable, "value", None)
    return to_numpy(variable if inner is None or callable(inner) else inner)


def _losses(model: Any) -> Iterator[Undo]:
    """What layers added with `add_loss` belongs to the batch that was looked at."""
    clear = getattr(model, "_clear_losses", None)
    if clear is not None:
        yield clear
