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
        with sys.modules["tensorflow"].GradientTape(persistent=True) as tape:
            yield tape
    else:
        yield None


def output_weights(trace: Trace) -> list[Any]:
    """The trainable weights of the last layer that has some."""
    for step in reversed(trace.steps):
        inner = getattr(step.layer, "_flatten_layers", None)
        weights = list(getattr(step.layer, "trainable_weights", ()))
        if weights and (inner is None or len(list(inner())) == 1):
            return weights
    return []


def length(
    loss: Any, weights: Sequence[Any], tape: Any, library: Library, again: Callable[[Sequence[Any]], Any]
) -> float | None:
    """The length of the gradient; None where it can't be had.

    `again` computes the loss from values of the weights: JAX differentiates nothing else.
    """
    if not weights or loss is None:
        return None
    if library.backend == "tensorflow":
        values = [weight.value for weight in weights] if library.major >= 3 else list(weights)  # noqa: PLR2004
        return _norm(tape.gradient(loss, values))
    if library.backend == "torch":
        if not getattr(loss, "requires_grad", False):
            return None
        values = [weight.value for weight in weights]
        return _norm(sys.modules["torch"].autograd.grad(loss.mean(), values, retain_graph=True, allow_unused=True))
    if library.backend == "jax":
        return _norm(sys.modules["jax"].grad(again)([weight.value for weight in weights]))
    return None


def _norm(gradients: Any) -> float | None:
    total = 0.0
    for gradient in gradients:
        array = to_numpy(gradient)
        if array is None or array.dtype.kind != "f":
            return None
        total += float((array.astype("float64") ** 2).sum())
    return float(np.sqrt(total))
