"""The gradient of the loss by the weights of the output layer, on each backend."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from lossguard.runtime.library import Library, to_numpy
from lossguard.runtime.trace import Trace

Tape = Any
Gradient = Callable[[Any, list[Any]], "float | None"]


@contextmanager
def taped(library: Library) -> Iterator[Tape]:
    """What has to run around the forward pass so that it can be differentiated."""
    if library.backend == "tensorflow":
        with sys.modules["tensorflow"].GradientTape(persistent=True) as tape:
            yield tape
        return
    with nullcontext():
        yield None


def output_weights(trace: Trace) -> list[Any]:
    """The trainable weights of the last layer that has some."""
    for step in reversed(trace.steps):
        if step.depth > 1 or len(trace.steps) == 1:
            weights = list(getattr(step.layer, "trainable_weights", ()))
            if weights and not getattr(step.layer, "_flatten_layers", None):
                return weights
            if weights and len(list(step.layer._flatten_layers())) == 1:  # noqa: SLF001
                return weights
    return []


def length(loss: Any, weights: list[Any], tape: Tape, library: Library) -> float | None:
    """The length of the gradient; None where the backend can't give it from this one pass."""
    if not weights or loss is None:
        return None
    if library.backend == "tensorflow":
        return _norm(tape.gradient(loss, [getattr(weight, "value", weight) for weight in weights], None), weights)
    if library.backend == "torch" and getattr(loss, "requires_grad", False):
        torch = sys.modules["torch"]
        values = [weight.value for weight in weights]
        return _norm(torch.autograd.grad(loss.mean(), values, retain_graph=True, allow_unused=True), weights)
    return None


def _norm(gradients: Any, weights: list[Any]) -> float | None:
    found = [to_numpy(gradient) for gradient in gradients]
    if len(found) != len(weights) or any(one is None for one in found):
        return None
    return float(np.sqrt(sum(float((one.astype("float64") ** 2).sum()) for one in found)))
