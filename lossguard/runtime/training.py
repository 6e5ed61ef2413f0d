"""The model once more as training runs it, where its numbers look wrong: what is reported has to hold there, too."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lossguard.facts import Flow, Measurement
from lossguard.runtime import gradient, measure
from lossguard.runtime.activations import tensor
from lossguard.runtime.batches import Batch
from lossguard.runtime.library import Library, leaves, to_numpy
from lossguard.runtime.measure import Question, Seen
from lossguard.runtime.outputs import flat
from lossguard.runtime.state import layers

_FEW = 4
_SMALL = 1e-5
_ROUNDED = 1e-6
_OWN_TRAINING = ("train_step", "compute_loss", "_compute_loss", "compiled_loss")


def confirmed(
    found: Sequence[Seen], asked: Sequence[Question | None], weights: Sequence[Any], batch: Batch, training: Training
) -> list[Seen]:
    """What was seen, with what training shows of those outputs whose numbers look wrong.

    `weights` are those of each output's layer.
    """
    if not any(question is not None and _is_suspect(seen) for seen, question in zip(found, asked, strict=True)):
        return list(found)
    if training.is_their_own:
        return list(found)
    return [
        replace(seen, again=training.measurement(number, seen, question, own, batch))
        if question is not None and _is_suspect(seen)
        else seen
        for number, (seen, question, own) in enumerate(zip(found, asked, weights, strict=True))
    ]


def _is_suspect(seen: Seen) -> bool:
    numbers = seen.numbers
    if numbers.failure or _is_off(seen):
        return True
    if numbers.loss is None:
        return False
    flows = numbers.gradient is not None and np.isfinite(numbers.gradient) and numbers.gradient > 0
    return not np.isfinite(numbers.loss) or not flows or numbers.by_kernels == 0


def _is_off(seen: Seen) -> bool:
    numbers = seen.numbers
    if numbers.loss is None or numbers.reference is None:
        return False
    return bool(not np.isclose(numbers.loss, numbers.reference, rtol=2e-2, atol=1e-2))


def _is_constant(values: Any) -> bool:
    """Whether all of several samples have the same values."""
    return (
        values is not None
        and values.dtype.kind == "f"
        and values.ndim > 0
        and len(values) >= _FEW
        and bool((values == values[:1]).all())
    )


def _is_sure(values: Any) -> bool:
    """Whether all are 0 or 1, as of a sigmoid or softmax on large scores: on other batches there may be a gradient."""
    return values is not None and bool((np.minimum(abs(values), abs(values - 1)) < _ROUNDED).all())


@dataclass(frozen=True, slots=True)
class Training:
    """A model, and the batch that it is looked at with."""

    model: Any
    library: Library
    x: Any

    @property
    def is_their_own(self) -> bool:
        """Whether the program trains in its own way, so that the compiled loss need not be what it trains with."""
        own = {name for cls in type(self.model).__mro__ if not self._is_keras(cls) for name in vars(cls)}
        return bool(own & set(_OWN_TRAINING))

    def _is_keras(self, cls: type) -> bool:
        return cls.__module__.partition(".")[0] in {self.library.package, "builtins", "tensorflow", "torch"}

    def measurement(
        self, number: int, seen: Seen, question: Question, weights: Sequence[Any], batch: Batch
    ) -> Measurement | None:
        """What the loss of one output is in training; None where it can't be told."""
        setup = seen.setup
        if setup.output is None:
            return None
        blank = Measurement(setup.output, setup.loss, setup.origin, len(seen.measured.values))
        try:
            result, value, failure, gradients = self._step(number, question)
        except Exception:  # noqa: BLE001  what raises in the program's own layers, `fit` will show
            return None
        if failure:
            return replace(blank, failure=failure) if self._fails(batch.y, question, result) else None
        output = to_numpy(flat(result)[number])
        known = measure.mean(value)
        broken = self._not_finite(question.y, output, known, gradients)
        constant = _is_constant(output) and self._inputs_differ()
        unsure = broken or self._is_uncertain(known, weights) or (_is_sure(output) and not constant)
        return replace(
            blank,
            value=known,
            reference=seen.numbers.reference if _is_off(seen) else None,
            not_finite=broken,
            constant=constant,
            flow=Flow.UNKNOWN if unsure else self._flow(gradients, weights),
        )

    def _step(self, number: int, question: Question) -> tuple[Any, Any, str, Sequence[Any]]:
        """The outputs, the loss of one of them or what it raises, and its gradient by all trainable weights."""
        by = gradient.values(list(self.model.trainable_variables), self.library)
        match self.library.backend:
            case "tensorflow":
                with sys.modules["tensorflow"].GradientTape() as tape:
                    result = self.model(self.x, training=True)
                    value, failure = measure.loss_value(question, flat(result)[number], self.library)
                return result, value, failure, [] if failure else tape.gradient(value, by)
            case "torch":
                result = self.model(self.x, training=True)
                value, failure = measure.loss_value(question, flat(result)[number], self.library)
                differentiable = not failure and value.requires_grad
                grad = sys.modules["torch"].autograd.grad
                found = grad(value.mean(), by, allow_unused=True) if differentiable else [None] * len(by)
                return result, value, failure, found
            case _:
                result = self.model(self.x, training=True)
                value, failure = measure.loss_value(question, flat(result)[number], self.library)
                return result, value, failure, [] if failure else self._by_jax(number, question, by)

    def _by_jax(self, number: int, question: Question, by: Sequence[Any]) -> Sequence[Any]:
        fixed = [one.value for one in self.model.non_trainable_variables]

        def loss(given: Sequence[Any]) -> Any:
            result = gradient.without_state(self.model, given, fixed, self.x, training=True)
            return measure.loss_value(question, flat(result)[number], self.library)[0].mean()

        found: Sequence[Any] = sys.modules["jax"].grad(loss)(list(by))
        return found

    def _fails(self, y: Any, question: Question, result: Any) -> bool:
        """Whether all losses together, as Keras calls them, fail on this batch as well."""
        holder: Any = getattr(self.model, "_compile_loss", None) or getattr(self.model, "compiled_loss", None)
        given = getattr(holder, "_user_loss", None) or getattr(holder, "_user_losses", None)
        names = getattr(holder, "output_names", None) or getattr(holder, "_output_names", None)
        if given is None:
            return False
        only = not isinstance(result, (dict, list, tuple))
        try:
            target = measure.target(question.y, result, self.library) if only else self._tensors(y)
            type(holder)(given, holder._user_loss_weights, output_names=names)(target, result)  # noqa: SLF001
        except Exception:  # noqa: BLE001  whatever it is, `fit` raises it
            return True
        return False

    def _tensors(self, y: Any) -> Any:
        if isinstance(y, dict):
            return {name: self._tensors(one) for name, one in y.items()}
        if isinstance(y, (list, tuple)):
            return [self._tensors(one) for one in y]
        return tensor(y, self.library) if isinstance(y, np.ndarray) else y

    def _not_finite(self, y: Any, output: Any, value: float | None, gradients: Sequence[Any]) -> str:
        """The first thing that holds NaN or infinity, where it reaches the loss or its gradient."""
        scaled = any(getattr(layer, "compute_dtype", "") == "float16" for layer in layers(self.model))
        lost = value is not None and not np.isfinite(value)
        if not lost and (scaled or all(_is_finite(one) for one in gradients)):
            return ""
        for name, arrays in (("the inputs", leaves(self.x)), ("the labels", [y]), ("the outputs", [output])):
            if not all(_is_finite(one) for one in arrays):
                return name
        return "the loss" if lost else "the gradient"

    def _inputs_differ(self) -> bool:
        arrays = [to_numpy(one) for one in leaves(self.x)]
        return any(one is not None and one.ndim and bool((one != one[:1]).any()) for one in arrays)

    def _is_uncertain(self, value: float | None, weights: Sequence[Any]) -> bool:
        """Whether a missing gradient need not be a mistake: at the minimum, or beside other losses."""
        return value is None or abs(value) < _SMALL or not weights or bool(self.model.losses)

    def _flow(self, gradients: Sequence[Any], weights: Sequence[Any]) -> Flow:
        trainable = list(self.model.trainable_variables)
        if not trainable:
            return Flow.UNKNOWN
        biases = {id(one) for one in weights if len(one.shape) <= 1}
        fed = [one for one, slope in zip(trainable, gradients, strict=True) if not _is_zero(slope)]
        if not fed:
            return Flow.NONE
        return Flow.LAST_BIAS if len(trainable) > 1 and all(id(one) in biases for one in fed) else Flow.WEIGHTS


def _is_finite(value: Any) -> bool:
    """Whether an array has no NaN or infinity; also true of what is no array of floats."""
    array = to_numpy(getattr(value, "values", value) if type(value).__name__ == "IndexedSlices" else value)
    return array is None or array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _is_zero(slope: Any) -> bool:
    """Whether a gradient is known to be none, or zero everywhere."""
    if slope is None:
        return True
    array = to_numpy(slope)
    return array is not None and not array.any()
