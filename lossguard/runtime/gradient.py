"""The gradient of the loss by the weights of the output layer, on each backend."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from lossguard.runtime.library import Library, to_numpy
from lossguard.runtime.trace import Trace


@contextmanager
def taped(library: Library) -> Iterator[Any]:
    """What has to run around the forward pass so that it can be differentiated."""
    if library.backend == "tensorflow":
        with sys.modules["tensorflow"].GradientTape(watch_accessed_variables=False) as tape:
            yield tape
    else:
        yield None


def watching(tape: Any, library: Library) -> Callable[[Any], None]:
    """What is done before each call of a layer: the tape starts anew at every one with weights of its own.

    So it holds in the end only what the output layer did and what came after.
    """

    def watch(layer: Any) -> None:
        weights = _own_weights(layer)
        if weights:
            tape.reset()
            for value in values(weights, library):
                tape.watch(value)

    return watch if tape is not None else lambda _: None


def _own_weights(layer: Any) -> list[Any]:
    """The trainable weights of a layer that holds no others."""
    weights = list(getattr(layer, "trainable_weights", ()))
    inner = getattr(layer, "_flatten_layers", None)
    return weights if weights and (inner is None or len(list(inner())) == 1) else []


def output_weights(trace: Trace) -> list[Any]:
    """The trainable weights of the last layer that has some."""
    return next((weights for step in reversed(trace.steps) if (weights := _own_weights(step.layer))), [])


def values(weights: Sequence[Any], library: Library) -> list[Any]:
    """The backend's own variables."""
    return [weight.value for weight in weights] if library.major >= 3 else list(weights)  # noqa: PLR2004


def length(
    loss: Any, weights: Sequence[Any], tape: Any, library: Library, again: Callable[[Sequence[Any]], Any]
) -> float | None:
    """The length of the gradient; None where it can't be had.

    `again` computes the loss from values of the weights: JAX differentiates nothing else.
    """
    if not weights or loss is None:
        return None
    if library.backend == "tensorflow":
        return _norm(tape.gradient(loss, values(weights, library)))
    if library.backend == "torch":
        if not getattr(loss, "requires_grad", False):
            return None
        by = values(weights, library)
        return _norm(sys.modules["torch"].autograd.grad(loss.mean(), by, retain_graph=True, allow_unused=True))
    if library.backend == "jax":
        return _norm(sys.modules["jax"].grad(again)(values(weights, library)))
    return None


def _norm(gradients: Any) -> float | None:
    total = 0.0
    for gradient in gradients:
        array = to_numpy(gradient)
        if array is None or array.dtype.kind != "f":
            return None
        total += float((array.astype("float64") ** 2).sum())
    return float(np.sqrt(total))
