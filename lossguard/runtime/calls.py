"""Losses that the program calls itself, as facts: which loss, and which of its arguments a model answered."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from lossguard.catalog.losses import LOSSES
from lossguard.facts import LogitsRepair, Loss, LossCall, Output, Spelling
from lossguard.runtime.batches import unsupported
from lossguard.runtime.labels import labels_of
from lossguard.runtime.library import Library, leaves, library_of, to_numpy
from lossguard.runtime.losses import loss_of
from lossguard.runtime.origins import Live
from lossguard.runtime.outputs import flat, measured
from lossguard.runtime.state import unchanged
from lossguard.runtime.trace import recorded

RAW = {
    "softmax_cross_entropy_with_logits": "categorical_crossentropy",
    "sparse_softmax_cross_entropy_with_logits": "sparse_categorical_crossentropy",
    "sigmoid_cross_entropy_with_logits": "binary_crossentropy",
}
"""Functions of `tf.nn` that are losses, and which."""
_REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered: inputs, and the outputs as long as the program holds them."""

    model: Any
    x: Any
    outputs: tuple[weakref.ref[Any] | None, ...]
    predicted: bool

    def number(self, tensor: Any) -> int | None:
        """Which output this very tensor is."""
        found = (number for number, one in enumerate(self.outputs) if one is not None and one() is tensor)
        return next(found, None)


@dataclass(slots=True)
class Answers:
    """The latest answers of the program's models."""

    _latest: deque[Answer] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def note(self, model: Any, x: Any, result: Any, *, predicted: bool) -> None:
        """`predicted` says that they came from `predict`, as plain arrays."""
        self._latest.append(Answer(model, x, tuple(map(_weak, flat(result))), predicted))

    def find(self, tensor: Any) -> tuple[Answer, int] | None:
        """The answer that this tensor is, and which output of it."""
        for answer in reversed(self._latest):
            number = answer.number(tensor)
            if number is not None:
                return answer, number
        return None


def _weak(tensor: Any) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(tensor)
    except TypeError:
        return None


def loss_call(loss: Any, target: Any, prediction: Any, answers: Answers) -> tuple[LossCall, Library] | None:
    """The fact of a call; None where neither argument is what a model has answered, or has no values yet."""
    found = {place: answers.find(one) for place, one in (("target", target), ("prediction", prediction))}
    known = found["prediction"] or found["target"]
    if known is None or to_numpy(target) is None or to_numpy(prediction) is None:
        return None
    library = library_of(known[0].model)
    outputs = {place: _output(*one, library) for place, one in found.items() if one is not None}
    output = outputs.get("prediction") or outputs.get("target")
    if output is None:
        return None
    shape = tuple((prediction if "prediction" in outputs else target).shape)
    parts = {
        place: outputs.get(place) or labels_of(one, shape, whole=False, source="the call")
        for place, one in (("target", target), ("prediction", prediction))
    }
    where = Live("call", "call", object())
    fact = _raw(loss) if isinstance(loss, str) else loss_of(loss, library, output, None)
    if fact is None:
        return None
    return LossCall(fact, parts["target"], parts["prediction"], where, raw=isinstance(loss, str)), library


def _raw(name: str) -> Loss:
    spec = LOSSES[RAW[name]]
    where = Live("call", name)
    return Loss(spec.name, spec.family, True, Spelling.FUNCTION, where, f"tf.nn.{name}")


def _output(answer: Answer, number: int, library: Library) -> Output | None:
    """What this output is, from another forward pass on the same inputs, of which nothing remains."""
    x = answer.x
    if unsupported(x) is not None or any(to_numpy(one) is None for one in leaves(x)):
        return None
    with unchanged(answer.model, library):
        with recorded(library, lambda _: None) as trace:
            trace.result = answer.model(x, training=False)
        output = measured(trace, getattr(answer.model, "output_names", None), library)[number].output
    return replace(output, repair=LogitsRepair.LOST) if answer.predicted else output
