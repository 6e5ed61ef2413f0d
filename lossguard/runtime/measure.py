"""What a setup does on a batch: its loss, what the loss ought to be, and the gradient that it gives."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Measurement, Range, Spelling, TrainingSetup
from lossguard.runtime.activations import FORMULAS, tensor
from lossguard.runtime.library import Library, to_numpy
from lossguard.runtime.outputs import Measured

_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_TINY = 1e-7
_SURE = 1e-6


@dataclass(frozen=True, slots=True)
class Numbers:
    """`loss` is what Keras computes on the batch, `reference` what the cross-entropy of the labels is;
    `gradient` is the length of the loss's gradient by the weights of the output layer, `by_kernels` of its part
    without biases. None: not known."""

    loss: float | None = None
    reference: float | None = None
    gradient: float | None = None
    by_kernels: float | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """The compiled loss of one output, the labels that it gets, and what is known of both."""

    compiled: Any
    y: Any
    setup: TrainingSetup


@dataclass(frozen=True, slots=True)
class Seen:
    """One output of the model: what meets there, and what it does.

    `misuses` is what is no loss or metric at all, `again` what the output does when it is trained.
    """

    setup: TrainingSetup
    measured: Measured
    numbers: Numbers
    misuses: tuple[Fact, ...] = ()
    again: Measurement | None = None


def loss_value(question: Question, output: Any, library: Library) -> tuple[Any, str]:
    """The loss tensor on this batch, as `fit` would compute it eagerly; or what Keras raises."""
    try:
        function = library.root.losses.get(question.compiled)
        if isinstance(function, type):
            function = function()
        if not isinstance(function, library.root.losses.Loss):
            function = library.root.losses.MeanSquaredError.__mro__[1](function)  # as `compile` wraps it
        return function(target(question.y, output, library), output), ""
    except Exception as error:  # noqa: BLE001  it is what `fit` would raise, and it is told
        return None, first_line(error)


def target(y: Any, output: Any, library: Library) -> Any:
    """The labels as `fit` hands them on: a tensor, with an axis more where the output has a single unit."""
    target = tensor(y, library) if isinstance(y, np.ndarray) else y
    shape, wanted = tuple(target.shape), tuple(output.shape)
    return target[..., None] if len(wanted) == len(shape) + 1 and wanted[-1] == 1 else target


def first_line(error: BaseException) -> str:
    """The exception in one line: the one that says what is wrong, where Keras puts another in front."""
    lines = [line for one in _COLOUR.sub("", str(error)).splitlines() if (line := one.strip())]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        del lines[0]
    return f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(": ")


def mean(value: Any) -> float | None:
    """The number that would be printed."""
    array = to_numpy(value)
    if array is None or array.dtype.kind not in "fiu" or not array.size:
        return None
    return float(array.mean(dtype="float64"))


def reference(output: Measured, question: Question) -> float | None:
    """The cross-entropy between the labels and what the outputs say of the classes, by NumPy.

    Outputs that are probabilities say it themselves; raw scores by way of sigmoid or softmax. None where the
    labels can't be compared with the outputs, or the loss is no plain mean of a cross-entropy.
    """
    loss, labels, array = question.setup.loss, question.setup.labels, to_numpy(question.y)
    if array is None or labels is None or loss is None or not _is_plain(loss, question.compiled):
        return None
    if getattr(output.tensor, "_keras_mask", None) is not None:
        return None
    meant = _meant(output.values, output, loss)
    if meant is None or not _classes(labels):
        return None
    if meant.min() < _SURE or meant.max() > 1 - _SURE:  # rounding decides the loss
        return None
    p = np.clip(meant, _TINY, 1 - _TINY)
    rows = p.shape[:-1]
    if p.shape[-1] == 1 or loss.family is Family.BINARY:
        if array.size != p.size or array.min() < 0 or array.max() > 1:
            return None
        target = array.reshape(p.shape).astype("float64")
        return float(-(target * np.log(p) + (1 - target) * np.log(1 - p)).mean())
    if array.shape == p.shape:
        target = array.astype("float64")
    elif array.size == int(np.prod(rows)) and array.min() >= 0 and array.max() < p.shape[-1]:
        target = np.eye(p.shape[-1])[array.astype("int64").reshape(rows)]
    else:
        return None
    return float(-(target * np.log(p)).sum(axis=-1).mean())


def _is_plain(loss: Loss, compiled: Any) -> bool:
    """Whether it is one of Keras's cross-entropies as it is: not smoothed, weighted, summed, along another axis."""
    plain = {"binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"}
    if loss.name not in plain or loss.label_smoothing or loss.ignores_class or loss.spelling is Spelling.OBJECT:
        return False
    averaged = getattr(compiled, "reduction", None) in {None, "auto", "mean", "sum_over_batch_size"}
    return averaged and getattr(compiled, "axis", -1) == -1


def _meant(values: Any, output: Measured, loss: Loss) -> Any:
    match output.output.range:
        case Range.SIMPLEX if loss.family is not Family.BINARY:
            return values.astype("float64")
        case Range.PROBABILITIES if loss.family is Family.BINARY:
            return values.astype("float64")
        case Range.LOGITS:
            single = loss.family is Family.BINARY
            return FORMULAS["sigmoid" if single else "softmax"](values.astype("float64"))
    return None


def _classes(labels: Labels) -> bool:
    return labels.encoding in {Encoding.INTEGER, Encoding.BINARY, Encoding.ONE_HOT, Encoding.MULTI_HOT}


def differ(loss: float, wanted: float) -> bool:
    """Whether the loss is another number than the reference, by more than rounding and clipping explain."""
    return not np.isclose(loss, wanted, rtol=2e-3, atol=1e-4)
