"""What becomes of a generated program when TensorFlow runs it.

The program is run as it is written, but its first `fit` is measured: the loss and the metrics at the initial weights
are compared with what NumPy makes of the predictions, then 100 steps are trained. A program that trains in a loop of
its own is measured where it first asks its tape for gradients.
"""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import contextlib
import io
import linecache
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any
from unittest import mock

import numpy as np

from programs.grammar import Program
from programs.pairing import Pairing
from programs.truth import accuracy, class_weights, flat, imagined, intended_losses, out_of_reach, true_metric

Array = Any

STEPS = 100
REACHED = {"classes": 0.9, "labels": 0.9, "values": 0.6}
"""Accuracy that every right pairing gets to: the generated classes are far apart."""


@dataclass
class Head:
    """What happened at one output."""

    pairing: Pairing
    intended: float | None = None
    weighted: float | None = None
    accuracy: float | None = None
    readable: bool = True
    constant: bool = False
    distribution: bool = True
    out_of_reach: bool = False

    @property
    def learns(self) -> bool:
        reached = self.accuracy is None or self.accuracy >= REACHED[self.pairing.task]
        return reached and self.readable and not self.constant


@dataclass
class Outcome:
    """What happened. `loss` is Keras's in the first step of training, `plain` Keras's on the same predictions as mere
    numbers, `intended` NumPy's; `metrics` has Keras's number and the true one, `decoded` the share of right answers
    that the program makes of predictions, and the true one."""

    heads: list[Head]
    error: Exception | None = None
    fitted: bool = False
    warned: list[str] = field(default_factory=list)
    loss: float = float("nan")
    plain: float = float("nan")
    final: float = float("nan")
    finite: bool = True
    unbounded: bool = False
    metrics: dict[str, tuple[float, float]] = field(default_factory=dict)
    decoded: tuple[float, float] | None = None
    names: dict[str, Any] = field(default_factory=dict)

    @property
    def raises(self) -> bool:
        return self.error is not None

    @property
    def intended(self) -> float | None:
        return _total([head.intended for head in self.heads])

    @property
    def loss_is_wrong(self) -> bool:
        intended, weighted = self.intended, _total([head.weighted for head in self.heads])
        if intended is None or weighted is None:
            return True
        return not (_close(self.loss, weighted) and _close(self.plain, intended))

    @property
    def metric_is_wrong(self) -> bool:
        return any(not _close(said, true) for said, true in self.metrics.values())

    @property
    def decoding_is_wrong(self) -> bool:
        return self.decoded is not None and not _close(*self.decoded)

    @property
    def learns(self) -> bool:
        if self.loss_is_wrong and _close(self.plain, self.final):
            return False
        return self.finite and all(head.learns for head in self.heads)

    @property
    def constant(self) -> bool:
        return any(head.constant for head in self.heads)

    @property
    def distribution(self) -> bool:
        return all(head.distribution for head in self.heads)

    @property
    def out_of_reach(self) -> bool:
        return any(head.out_of_reach for head in self.heads)

    @property
    def vanishes(self) -> bool:
        """Whether the loss is 0 whatever the model says."""
        return _close(self.loss, 0)

    @property
    def right(self) -> bool:
        wrong = self.raises or self.loss_is_wrong or self.metric_is_wrong or self.warned or self.out_of_reach
        return not wrong and not self.decoding_is_wrong and self.learns

    def __str__(self) -> str:
        if self.error is not None:
            said = str(self.error).strip().splitlines()
            where = "in fit" if self.fitted else "before fit"
            return f"raises {where}: {type(self.error).__name__}: {' '.join(said)[:400]}"
        metrics = ", ".join(f"{name} {said:.4f} (true: {true:.4f})" for name, (said, true) in self.metrics.items())
        intended = "none" if self.intended is None else f"{self.intended:.4f}"
        return (
            f"{'right' if self.right else 'not right'}; loss {self.loss:.4f}, on numbers {self.plain:.4f},"
            f" intended {intended}, after training {self.final:.4f}; accuracy {[h.accuracy for h in self.heads]};"
            f" metrics: {metrics or 'none'}; decoded {self.decoded};"
            f" finite {self.finite}, constant {self.constant}; warned {self.warned}"
        )


def _total(losses: Sequence[float | None]) -> float | None:
    known = [loss for loss in losses if loss is not None]
    return sum(known) if len(known) == len(losses) else None


def _close(a: float, b: float) -> bool:
    return bool(np.isclose(a, b, rtol=3e-3, atol=2e-4))


# Running


Run = Callable[..., Outcome]
"""Runs a program: `run(program)`, or `run(program, start)` with other initial weights."""


@contextlib.contextmanager
def measuring() -> Iterator[Run]:
    """TensorFlow, quiet, with training replaced by a measurement; gives the function that runs a program."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    import keras
    import tensorflow as tf

    tf.autograph.set_verbosity(0)
    tf.get_logger().setLevel("ERROR")
    train, compiling, predicting = keras.Model.fit, keras.Model.compile, keras.Model.predict
    gradient, taping = tf.GradientTape.gradient, tf.GradientTape.__enter__
    current: list[_Measurement] = []

    def compiled(self: Any, *arguments: Any, **options: Any) -> None:
        current[-1].note(sys._getframe(1))
        compiling(self, *arguments, **options)

    def fit(self: Any, x: Any = None, y: Any = None, **options: Any) -> Any:
        current[-1].note(sys._getframe(1))
        if not current[-1].outcome.fitted or not np.isfinite(current[-1].outcome.final):
            current[-1].fit(train, self, x, y, options)
        return keras.callbacks.History()

    def predict(self: Any, x: Any, **options: Any) -> Any:
        outputs = predicting(self, x, **options)
        return current[-1].imagine(x, outputs)

    def taped(self: Any) -> Any:
        if current and _is_written(sys._getframe(1)):
            current[-1].note(sys._getframe(1))
            current[-1].outcome.fitted = True
        return taping(self)

    def asked(self: Any, target: Any, *arguments: Any, **options: Any) -> Any:
        frame = sys._getframe(1)
        if current and _is_written(frame):
            current[-1].step(frame, target)
        return gradient(self, target, *arguments, **options)

    def run(program: Program, start: int = 0) -> Outcome:
        keras.backend.clear_session(free_memory=False)
        keras.utils.set_random_seed(program.seed + 7919 * start)
        tf.config.run_functions_eagerly(program.loop is not None)
        linecache.cache[f"{_WRITTEN}{program.seed}>"] = (len(program.text), None, program.text.splitlines(True), "")
        measurement = _Measurement(keras, tf, program)
        outcome = measurement.outcome
        current.append(measurement)
        names: dict[str, Any] = {"__name__": "__main__"}
        printed = io.StringIO()
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
            warnings.simplefilter("always")
            try:
                exec(compile(program.text, f"{_WRITTEN}{program.seed}>", "exec"), names)  # noqa: S102
                measurement.end()
            except Exception as error:  # noqa: BLE001
                outcome.error = error.with_traceback(None)
        outcome.names = {**names, **outcome.names}
        measurement.decoded(printed.getvalue())
        texts = {str(warning.message).split(". ")[0] for warning in caught}
        outcome.warned = sorted(text[:120] for text in texts if "from_logits" in text or "softmax over" in text)
        current.clear()
        return outcome

    patches = {
        (keras.Model, "fit"): fit,
        (keras.Model, "compile"): compiled,
        (keras.Model, "predict"): predict,
        (tf.GradientTape, "gradient"): asked,
        (tf.GradientTape, "__enter__"): taped,
    }
    with contextlib.ExitStack() as patched:
        for (owner, name), stand_in in patches.items():
            patched.enter_context(mock.patch.object(owner, name, stand_in))  # what is inherited is so again afterwards
        try:
            yield run
        finally:
            tf.config.run_functions_eagerly(False)


_WRITTEN = "<seed "
"""How the file name of a generated program begins."""


def _is_written(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith(_WRITTEN)


class _Measurement:
    """One run of one program."""

    def __init__(self, keras: Any, tf: Any, program: Program) -> None:
        self.keras = keras
        self.tf = tf
        self.program = program
        self.outcome = Outcome([Head(pairing) for pairing in program.pairings])
        self.loop: tuple[Any, Any, Any] | None = None
        self.fitted: tuple[Array, Array] | None = None
        self.true_share: float | None = None

    def note(self, frame: FrameType | None) -> None:
        """Keep the names that the program can see here: conditions are asked in their terms."""
        frames = []
        while frame is not None and _is_written(frame):
            frames.append(frame)
            frame = frame.f_back
        for one in reversed(frames):
            self.outcome.names.update(one.f_locals)

    # `fit`

    def fit(self, train: Callable[..., Any], model: Any, x: Any, y: Any, options: dict[str, Any]) -> None:
        outcome, keras, tf = self.outcome, self.keras, self.tf
        outcome.fitted = True
        inputs, labels = _arrays(keras, x, y, options)
        self.fitted = (np.asarray(inputs, "float32"), labels) if isinstance(labels, np.ndarray) else None
        kept = all(head.pairing.tail != "dropout" for head in outcome.heads)
        weights = {key: options[key] for key in ("class_weight",) if options.get(key) and kept}
        self._first(model, inputs, labels, weights.get("class_weight"))
        spread = max(float(np.asarray(one).std()) for one in keras.tree.flatten(labels))
        model.optimizer.learning_rate = 0.08 * min(max(1.0, spread), 10.0)
        model.optimizer.build(model.trainable_variables)
        first = _First(keras, outcome, kept=kept)
        quiet = {"verbose": 0, "epochs": 1, "shuffle": False, "callbacks": [first.callback], **weights}
        if isinstance(x, tf.data.Dataset):
            train(model, x.unbatch().batch(len(inputs)).cache().repeat(STEPS), **quiet)
        else:
            many = keras.tree.map_structure(lambda one: np.tile(one, (STEPS,) + (1,) * (one.ndim - 1)), labels)
            repeated = np.tile(inputs, (STEPS,) + (1,) * (inputs.ndim - 1))
            train(model, repeated, many, batch_size=len(inputs), **quiet)
        outputs = model(inputs, training=False)
        outcome.unbounded = self._last(float(self._loss(model, labels, outputs)), outputs, labels)

    def _loss(self, model: Any, labels: Any, outputs: Any) -> Any:
        """The compiled loss of the predictions as mere numbers."""
        beside = self.keras.tree.map_structure(np.asarray, outputs)
        pairs = zip(self._parts(labels), self._parts(beside), strict=True)
        targets = self._structured(labels, [_beside(y, output) for y, output in pairs])
        constants = self.keras.tree.map_structure(self.tf.constant, (targets, beside))
        return model.compute_loss(x=None, y=constants[0], y_pred=constants[1])

    def _parts(self, structure: Any) -> list[Array]:
        """The arrays of a structure of outputs or labels, in the order of the heads."""
        if isinstance(structure, dict):
            return [np.asarray(structure[name]) for name in self.program.heads]
        if isinstance(structure, (list, tuple)):
            return [np.asarray(one) for one in structure]
        return [np.asarray(structure)]

    def _structured(self, like: Any, parts: list[Array]) -> Any:
        if isinstance(like, dict):
            return dict(zip(self.program.heads, parts, strict=True))
        return type(like)(parts) if isinstance(like, (list, tuple)) else parts[0]

    def _first(self, model: Any, x: Array, labels: Any, weights: dict[int, float] | None) -> None:
        outcome = self.outcome
        model(x[:1])
        for bias in [variable for variable in model.trainable_variables if len(variable.shape) == 1]:
            bias.assign(np.linspace(-0.3, 0.4, bias.shape[0]))
        outputs = model(x, training=False)
        outcome.plain = outcome.loss = float(self._loss(model, labels, outputs))
        self._intend(self._parts(outputs), self._parts(labels), weights)
        if any(head.pairing.metrics for head in outcome.heads) and all(head.readable for head in outcome.heads):
            self._measure_metrics(model, outputs, labels)

    def _intend(self, outputs: list[Array], labels: list[Array], weights: dict[int, float] | None = None) -> None:
        shares = self.program.weights or (1.0,) * len(outputs)
        for head, output, label, share in zip(self.outcome.heads, outputs, labels, shares, strict=True):
            pair = flat(head.pairing, output, label)
            head.readable = pair is not None
            if pair is None:
                continue
            losses = intended_losses(head.pairing, *pair)
            if losses is not None:
                head.intended = share * float(losses.mean())
                head.weighted = (
                    share * float((losses * class_weights(label, weights)).mean()) if weights else head.intended
                )
            head.distribution = bool(np.allclose(pair[0].sum(axis=-1), 1, atol=1e-3))

    def _measure_metrics(self, model: Any, outputs: Any, labels: Any) -> None:
        keras, tf = self.keras, self.tf
        heads = self.outcome.heads
        many = [np.concatenate([label] * 5) for label in self._parts(labels)]
        seen, judged = [], []
        for head, output, label in zip(heads, self._parts(outputs), many, strict=True):
            pair = flat(head.pairing, np.concatenate([output] * 5), label)
            assert pair is not None
            scores = imagined(head.pairing, *pair)
            seen.append(scores.reshape(-1, *output.shape[1:]))
            judged.append((scores, pair[1]))
        model.reset_metrics()
        structures = self._structured(labels, many), self._structured(outputs, seen)
        said = model.compute_metrics(None, *keras.tree.map_structure(tf.constant, structures))
        for name, head, (scores, label) in zip(self.program.heads, heads, judged, strict=True):
            for metric in head.pairing.metrics:
                true = true_metric(keras, metric, head.pairing, scores, label)
                if true is not None:
                    prefix = f"{name}_" if len(heads) > 1 else ""
                    self.outcome.metrics[f"{prefix}{metric}"] = float(_said(said, prefix, metric)), true
        model.reset_metrics()

    def _last(self, loss: float, outputs: Any, labels: Any) -> bool:
        """Read the trained model; whether its loss has left the ground."""
        outcome = self.outcome
        outcome.final = float(np.nan_to_num(loss, nan=1e9))
        parts = self._parts(outputs)
        outcome.finite = bool(all(np.isfinite(output).all() for output in parts) and np.isfinite(loss))
        for head, output, label in zip(outcome.heads, parts, self._parts(labels), strict=True):
            pair = flat(head.pairing, output, label)
            if pair is None or not outcome.finite:
                continue
            head.constant = bool(np.ptp(pair[0], axis=0).max() < 1e-6)
            head.out_of_reach = out_of_reach(head.pairing, pair[1])
            with contextlib.suppress(ValueError):
                head.accuracy = accuracy(head.pairing, *pair)
        return loss < -0.05

    # Predictions

    def imagine(self, x: Any, outputs: Any) -> Any:
        """Predictions that are neither sure nor always right, in the place of those of the trained model."""
        if self.fitted is None or len(self.program.pairings) > 1 or np.ndim(outputs) != 2:
            return outputs
        inputs, labels = self.fitted
        if not np.array_equal(np.asarray(x, "float32"), inputs):
            return outputs
        pairing = self.program.pairings[0]
        scores = imagined(pairing, outputs, labels)
        with contextlib.suppress(ValueError):
            self.true_share = accuracy(pairing, scores, labels)
        return scores

    def decoded(self, printed: str) -> None:
        """The program has said which share of its answers is right."""
        said = re.findall(r"right answers: (\S+)", printed)
        if said and self.true_share is not None:
            self.outcome.decoded = float(said[-1]), self.true_share

    # A loop of its own

    def step(self, frame: FrameType, target: Any) -> None:
        """The program asks its tape for the gradients of a loss."""
        loop = self.program.loop
        assert loop is not None
        self.note(frame)
        seen = {**frame.f_globals, **frame.f_locals}
        value = float(np.mean(np.asarray(target)))
        labels, outputs = np.asarray(seen[loop.labels]), np.asarray(seen[loop.outputs])
        if self.loop is None:
            self.outcome.loss = self.outcome.plain = value
            self._intend([outputs], [labels])
        self.outcome.final = value
        self.loop = seen[loop.model], seen[loop.inputs], labels

    def end(self) -> None:
        """The program has run to its end."""
        if self.loop is not None:
            model, inputs, labels = self.loop
            value = self.outcome.final
            self.outcome.unbounded = self._last(value, model(inputs, training=False), labels)


_KEYS = {
    "MeanIoU": "mean_io_u",
    "F1Score": "f1_score",
    "RootMeanSquaredError": "root_mean_squared_error",
    "R2Score": "r2_score",
    "top_k": "top_k_categorical_accuracy",
    "sparse_top_k": "sparse_top_k_categorical_accuracy",
}


def _said(said: dict[str, Any], prefix: str, metric: str) -> Any:
    key = prefix + _KEYS.get(metric, metric.split(" ", maxsplit=1)[0].split("@", maxsplit=1)[0].lower())
    return said[key] if key in said else said[f"{prefix}acc"]


class _First:
    """Keeps the loss of the first batch, as the compiled training step computes it."""

    def __init__(self, keras: Any, outcome: Outcome, *, kept: bool) -> None:
        def keep(batch: int, logs: Any = None) -> None:
            if batch == 0 and kept:
                outcome.loss = float(logs["loss"])

        self.callback = keras.callbacks.LambdaCallback(on_train_batch_end=keep)


def _arrays(keras: Any, x: Any, y: Any, options: dict[str, Any]) -> tuple[Array, Any]:
    """All that is trained on: the inputs, and the labels in the structure that they have."""
    if y is not None:
        return np.asarray(x, "float32"), keras.tree.map_structure_up_to(_leaves(y), np.asarray, y)
    steps = options.get("steps_per_epoch")
    if steps is not None:
        pairs = [next(x) for _ in range(steps)]
    elif hasattr(x, "__getitem__"):
        pairs = [x[index] for index in range(len(x))]
    else:
        pairs = list(x)
    inputs = np.concatenate([np.asarray(pair[0]) for pair in pairs])
    return inputs, keras.tree.map_structure(lambda *parts: np.concatenate(parts), *(pair[1] for pair in pairs))


def _leaves(y: Any) -> Any:
    """The structure of labels: a plain list of numbers is one array."""
    if isinstance(y, dict):
        return dict.fromkeys(y, 0)
    several = isinstance(y, (list, tuple)) and not np.isscalar(y[0]) and len(y) < 10
    return type(y)(0 for _ in y) if several else 0


def _beside(y: Array, outputs: Array) -> Array:
    return y[:, None] if y.ndim == 1 and outputs.ndim == 2 and outputs.shape[1] == 1 else y
