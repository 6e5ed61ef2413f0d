"""The gradient of the loss by the weights of the output layers, on each backend."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossguard.runtime.library import Library, to_numpy
from lossguard.runtime.trace import Trace

Weights = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Slope:
    """The length of a gradient, and of its part by kernels, without biases; None where there are none."""

    length: float
    by_kernels: float | None


@contextmanager
def taped(library: Library) -> Iterator[Any]:
    """What has to run around a forward pass with one output so that it can be differentiated."""
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
        weights = own_weights(layer)
        if weights:
            tape.reset()
            for value in values(weights, library):
                tape.watch(value)

    return watch if tape is not None else lambda _: None


@contextmanager
def taped_for(weights: Sequence[Weights], library: Library) -> Iterator[Any]:
    """The same around a forward pass with several outputs, whose layers are known: one tape for all of them."""
    if library.backend == "tensorflow":
        with sys.modules["tensorflow"].GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            for value in values([one for layer in weights for one in layer], library):
                tape.watch(value)
            yield tape
    else:
        yield None


def own_weights(layer: Any) -> list[Any]:
    """The trainable weights of a layer that holds no others."""
    weights = list(getattr(layer, "trainable_weights", ()))
    inner = getattr(layer, "_flatten_layers", None)
    return weights if weights and (inner is None or len(list(inner())) == 1) else []


def output_weights(trace: Trace, tensor: Any, *, only: bool) -> list[Any]:
    """The trainable weights of the layer that an output comes from; none where that can't be told.

    The last layer with weights it is in a model with an `only` output, whatever comes after it.
    """
    if only:
        return next((weights for step in reversed(trace.steps) if (weights := own_weights(step.layer))), [])
    wanted, seen = [tensor], set[int]()
    while wanted:
        step = trace.maker(wanted.pop(0))
        if step is None or id(step) in seen:
            continue
        seen.add(id(step))
        weights = own_weights(step.layer)
        if weights:
            return weights
        wanted += step.inputs
    return []


def values(weights: Weights, library: Library) -> list[Any]:
    """The backend's own variables."""
    return [weight.value for weight in weights] if library.major >= 3 else list(weights)  # noqa: PLR2004


def lengths(
    losses: Sequence[Any],
    weights: Sequence[Weights],
    tape: Any,
    library: Library,
    again: Callable[[Sequence[Any]], Sequence[Any]],
) -> list[Slope | None]:
    """The length of each loss's gradient by the weights of its own output; None where it can't be had.

    `again` computes the losses that are known from values of all these weights: JAX differentiates nothing else.
    """
    asked = [(loss, own) for loss, own in zip(losses, weights, strict=True) if loss is not None and own]
    if not asked:
        return [None] * len(losses)
    match library.backend:
        case "tensorflow":
            found = [_defined(tape.gradient, loss, values(own, library)) for loss, own in asked]
        case "torch":
            found = [_defined(_by_torch, loss, values(own, library)) for loss, own in asked]
        case "jax":
            found = _by_jax([values(own, library) for _, own in asked], again)
        case _:
            found = [[] for _ in asked]
    known = iter([_slope(gradients, own) for gradients, (_, own) in zip(found, asked, strict=True)])
    return [next(known) if loss is not None and own else None for loss, own in zip(losses, weights, strict=True)]


def _defined(gradient: Callable[[Any, Sequence[Any]], Sequence[Any]], loss: Any, by: Sequence[Any]) -> Sequence[Any]:
    """The gradient; nothing where an operation has none, which TensorFlow and PyTorch say in this way."""
    try:
        return gradient(loss, by)
    except (LookupError, RuntimeError):
        return []


def _by_torch(loss: Any, by: Sequence[Any]) -> Sequence[Any]:
    if not getattr(loss, "requires_grad", False):
        return []
    gradients: Sequence[Any] = sys.modules["torch"].autograd.grad(loss.mean(), by, retain_graph=True, allow_unused=True)
    return gradients


def _by_jax(by: Sequence[Sequence[Any]], again: Callable[[Sequence[Any]], Sequence[Any]]) -> list[Sequence[Any]]:
    """One forward pass for all losses, and backwards once from each."""
    jax = sys.modules["jax"]
    losses, back = jax.vjp(lambda given: list(again([one for layer in given for one in layer])), by)
    found = []
    for number in range(len(losses)):
        (gradients,) = back([jax.numpy.full_like(loss, number == other) for other, loss in enumerate(losses)])
        found.append(gradients[number])
    return found


def without_state(model: Any, trainable: Sequence[Any], fixed: Sequence[Any], x: Any, *, training: bool) -> Any:
    """The outputs of a model with these values of its weights, as Keras's trainer for JAX calls it."""
    options = {"training": training} if getattr(model, "_call_has_training_arg", True) else {}
    return model.stateless_call(trainable, fixed, x, **options)[0]


def _slope(gradients: Sequence[Any], weights: Weights) -> Slope | None:
    """The length of all of them together; None where one is not known."""
    squares = []
    for gradient in gradients:
        array = to_numpy(gradient)
        if array is None or array.dtype.kind != "f":
            return None
        squares.append(float((array.astype("float64") ** 2).sum()))
    if not squares:
        return None
    of_kernels = [square for square, weight in zip(squares, weights, strict=True) if len(weight.shape) > 1]
    return Slope(float(np.sqrt(sum(squares))), float(np.sqrt(sum(of_kernels))) if of_kernels else None)
