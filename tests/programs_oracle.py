"""What becomes of a generated program when TensorFlow runs it, and what a finding then has a right to say.

The program is run as it is written, but its first `fit` is measured: the loss and the metrics at the initial weights
are compared with what NumPy makes of the predictions, then 100 steps are trained.
"""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from programs_grammar import BINARY, CATEGORICAL, HINGES, VECTORS, Pairing, Program

from lossguard.findings import Diagnostic, Severity

Array = Any

STEPS = 100
REACHED = 0.9
"""Accuracy that every right pairing gets to: the generated classes are far apart."""


@dataclass
class Outcome:
    """What happened. `loss` is Keras's on the model, `plain` Keras's on the same predictions as mere numbers,
    `intended` NumPy's; `metrics` has Keras's number and the true one."""

    error: Exception | None = None
    fitted: bool = False
    warned: list[str] = field(default_factory=list)
    loss: float = float("nan")
    plain: float = float("nan")
    intended: float | None = None
    final: float = float("nan")
    accuracy: float | None = None
    finite: bool = True
    constant: bool = False
    distribution: bool = True
    out_of_reach: bool = False
    unbounded: bool = False
    metrics: dict[str, tuple[float, float]] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    reachable: float = REACHED

    @property
    def raises(self) -> bool:
        return self.error is not None

    @property
    def loss_is_wrong(self) -> bool:
        return self.intended is None or not (_close(self.loss, self.intended) and _close(self.plain, self.intended))

    @property
    def metric_is_wrong(self) -> bool:
        return any(not _close(said, true) for said, true in self.metrics.values())

    @property
    def learns(self) -> bool:
        if self.loss_is_wrong and _close(self.plain, self.final):
            return False
        return self.finite and not self.constant and (self.accuracy is None or self.accuracy >= self.reachable)

    @property
    def right(self) -> bool:
        return not (self.raises or self.loss_is_wrong or self.metric_is_wrong or self.warned) and self.learns

    def __str__(self) -> str:
        if self.error is not None:
            said = str(self.error).strip().splitlines()
            where = "in fit" if self.fitted else "before fit"
            return f"raises {where}: {type(self.error).__name__}: {' '.join(said)[:400]}"
        metrics = ", ".join(f"{name} {said:.4f} (true: {true:.4f})" for name, (said, true) in self.metrics.items())
        intended = "none" if self.intended is None else f"{self.intended:.4f}"
        return (
            f"{'right' if self.right else 'not right'}; loss {self.loss:.4f}, on numbers {self.plain:.4f},"
            f" intended {intended}, after training {self.final:.4f}; accuracy {self.accuracy};"
            f" metrics: {metrics or 'none'}; finite {self.finite}, constant {self.constant}; warned {self.warned}"
        )


def _close(a: float, b: float) -> bool:
    return bool(np.isclose(a, b, rtol=3e-3, atol=2e-4))


# What ought to be


def _squash(outputs: Array, *, single: bool) -> Array:
    if single:
        return 1 / (1 + np.exp(-outputs))
    e = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _independent(pairing: Pairing) -> bool:
    """Each unit answers a question of its own."""
    if pairing.activation == "softmax":
        return False
    return pairing.activation == "sigmoid" or pairing.units == 1 or pairing.loss in BINARY


def probabilities(pairing: Pairing, outputs: Array) -> Array:
    """The outputs as probabilities, or what they would be as raw scores."""
    outputs = outputs.astype("float64")
    match pairing.activation:
        case "softmax" | "sigmoid":
            return outputs
        case "softplus" | "exponential" if pairing.loss in CATEGORICAL and not pairing.from_logits:
            return outputs / outputs.sum(axis=-1, keepdims=True)
        case _:
            return _squash(outputs, single=_independent(pairing))


def _of_one_unit(pairing: Pairing, outputs: Array) -> Array:
    """The scores of a hinge loss as probabilities, too."""
    hinge = pairing.loss in HINGES and pairing.activation not in {"sigmoid", "softmax"}
    return _squash(outputs.astype("float64"), single=True) if hinge else probabilities(pairing, outputs)


def _columns(pairing: Pairing, labels: Array, width: int) -> Array | None:
    """The labels with one column for each unit; None where they can't be."""
    if labels.ndim == 2 and labels.shape[1] == width:
        return labels
    if width == 1:
        return labels[:, None] if labels.ndim == 1 else None
    ids = labels.reshape(-1).astype(int)
    if pairing.encoding in VECTORS or len(ids) != len(labels) or ids.min() < 0 or ids.max() >= width:
        return None
    return np.eye(width)[ids]


def intended_loss(pairing: Pairing, outputs: Array, labels: Array) -> float | None:
    y = _columns(pairing, labels, outputs.shape[-1])
    if y is None:
        return None
    outputs = outputs.astype("float64")
    if pairing.loss in HINGES:
        if pairing.activation in {"sigmoid", "softmax"}:
            return None
        signed = np.where(y > 0, 1.0, -1.0)
        missing = np.maximum(1 - signed * outputs, 0)
        return float((missing**2 if pairing.loss == "squared_hinge" else missing).mean())
    match pairing.loss:
        case "mean_squared_error":
            return float(((y - outputs) ** 2).mean())
        case "mean_absolute_error":
            return float(np.abs(y - outputs).mean())
        case "huber":
            gap = np.abs(y - outputs)
            return float(np.where(gap <= 1, gap**2 / 2, gap - 0.5).mean())
    if pairing.activation in {"relu", "tanh"} and pairing.from_logits:
        return None
    if y.min() < 0 or y.max() > 1 or (pairing.encoding == "from-one" and pairing.loss in BINARY):
        return None
    p = np.clip(probabilities(pairing, outputs), 1e-7, 1 - 1e-7)
    if _independent(pairing):
        if pairing.loss not in BINARY:
            return None
        focal = pairing.loss != BINARY[0]
        sure = np.where(y > 0, 1 - p, p) ** 2 if focal else 1.0
        return float((-sure * (y * np.log(p) + (1 - y) * np.log(1 - p))).mean())
    if pairing.units == 1:
        return None
    weight = 0.25 * (1 - p) ** 2 if pairing.loss == CATEGORICAL[1] else 1.0
    return float(-(weight * y * np.log(p)).sum(axis=-1).mean())


def accuracy(pairing: Pairing, outputs: Array, labels: Array) -> float:
    """The share of right answers, read as the pairing means them; on continuous targets what is explained of them."""
    if pairing.task == "values":
        targets = labels.reshape(-1, 1).astype("float64")
        return float(1 - ((outputs - targets) ** 2).mean() / targets.var())
    labels = labels.astype("float64")
    if outputs.shape[-1] == 1 or pairing.task == "labels":
        zero = pairing.activation == "tanh" or pairing.from_logits or pairing.loss in HINGES
        split = 0.0 if zero and pairing.activation not in {"sigmoid", "softmax"} else 0.5
        target = labels.reshape(outputs.shape) if labels.size == outputs.size else labels
        positive = target > 0 if pairing.encoding == "signed" else target
        return float(((outputs > split) == positive).mean())
    ids = labels.argmax(axis=-1) if pairing.encoding in VECTORS else labels.reshape(-1)
    return float((outputs.argmax(axis=-1) == ids).mean())


def _true_metric(keras: Any, name: str, pairing: Pairing, outputs: Array, labels: Array) -> float | None:
    if pairing.task == "values":
        return float("nan") if "ccuracy" in name else None
    match name:
        case "accuracy" | "binary_accuracy" | "binary_accuracy@0" | "Accuracy" | "categorical_accuracy":
            several = "binary" in name and _independent(pairing) and outputs.shape[-1] > 1
            if several:
                return float(
                    ((probabilities(pairing, outputs) > 0.5) == _columns(pairing, labels, pairing.units)).mean()
                )
            return accuracy(pairing, outputs, labels)
        case "sparse_categorical_accuracy":
            return accuracy(pairing, outputs, labels)
        case "MeanIoU":
            if labels.size != outputs.size or pairing.encoding in {"signed", "from-one"}:
                return None
            metric = keras.metrics.BinaryIoU()
            p = _of_one_unit(pairing, outputs) if outputs.shape[-1] == 1 else probabilities(pairing, outputs)
            metric.update_state(labels.reshape(-1, 1), p.reshape(-1, 1))
            return float(metric.result())
        case "AUC" | "AUC logits" | "Precision" | "Precision@0" | "Recall":
            if pairing.loss.startswith("mean"):
                return None
            metric = getattr(keras.metrics, name.split(" ", maxsplit=1)[0].split("@", maxsplit=1)[0])()
            y = labels if labels.ndim == 2 else labels[:, None]
            p = _of_one_unit(pairing, outputs) if outputs.shape[-1] == 1 else probabilities(pairing, outputs)
            if y.shape != p.shape:
                return None
            metric.update_state(y > 0, p)
            return float(metric.result())
    return None


# Running


@contextlib.contextmanager
def measuring() -> Iterator[Callable[[Program], Outcome]]:
    """TensorFlow, quiet, with `fit` replaced by a measurement; gives the function that runs a program."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    import keras
    import tensorflow as tf

    tf.autograph.set_verbosity(0)
    tf.get_logger().setLevel("ERROR")
    train = keras.Model.fit
    current: list[tuple[Pairing, Outcome]] = []

    def fit(self: Any, x: Any = None, y: Any = None, **options: Any) -> Any:
        pairing, outcome = current[-1]
        outcome.fitted = True
        if np.isfinite(outcome.final):
            return keras.callbacks.History()
        inputs, labels = _arrays(x, y, options)
        _measure_first(keras, tf, self, inputs, labels, pairing, outcome)
        self.optimizer.learning_rate = 0.08 * min(max(1.0, float(labels.std())), 10.0)
        first = _First(keras, outcome, kept=pairing.tail != "dropout")
        quiet = {"verbose": 0, "epochs": 1, "shuffle": False, "callbacks": [first.callback]}
        if isinstance(x, tf.data.Dataset):
            history = train(self, x.unbatch().batch(len(inputs)).cache().repeat(STEPS), **quiet)
        else:
            many = np.tile(inputs, (STEPS, 1)), np.tile(labels, (STEPS,) + (1,) * (labels.ndim - 1))
            history = train(self, *many, batch_size=len(inputs), **quiet)
        _measure_last(tf, self, inputs, labels, pairing, outcome)
        return history

    def run(program: Program) -> Outcome:
        keras.backend.clear_session()
        keras.utils.set_random_seed(program.seed)
        outcome = Outcome(
            names={"__name__": "__main__"}, reachable=0.6 if program.pairing.task == "values" else REACHED
        )
        current.append((program.pairing, outcome))
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("always")
            try:
                exec(compile(program.text, f"<seed {program.seed}>", "exec"), outcome.names)  # noqa: S102
            except Exception as error:  # noqa: BLE001
                outcome.error = error.with_traceback(None)
        texts = {str(warning.message).split(". ")[0] for warning in caught}
        outcome.warned = sorted(text[:120] for text in texts if "from_logits" in text or "softmax over" in text)
        current.clear()
        return outcome

    keras.Model.fit = fit
    try:
        yield run
    finally:
        keras.Model.fit = train


class _First:
    """Keeps the loss of the first batch, as the compiled training step computes it."""

    def __init__(self, keras: Any, outcome: Outcome, *, kept: bool) -> None:
        def keep(batch: int, logs: Any = None) -> None:
            if batch == 0 and kept:
                outcome.loss = float(logs["loss"])

        self.callback = keras.callbacks.LambdaCallback(on_train_batch_end=keep)


def _arrays(x: Any, y: Any, options: dict[str, Any]) -> tuple[Array, Array]:
    """All that is trained on, as two arrays."""
    if y is not None:
        return np.asarray(x, "float32"), np.asarray(y)
    steps = options.get("steps_per_epoch")
    if steps is not None:
        pairs = [next(x) for _ in range(steps)]
    elif hasattr(x, "__getitem__"):
        pairs = [x[index] for index in range(len(x))]
    else:
        pairs = list(x)
    return tuple(np.concatenate([np.asarray(pair[part]) for pair in pairs]) for part in (0, 1))


def _measure_first(keras: Any, tf: Any, model: Any, x: Array, y: Array, pairing: Pairing, outcome: Outcome) -> None:
    model(x[:1])
    for bias in [variable for variable in model.trainable_variables if len(variable.shape) == 1]:
        bias.assign(np.linspace(-0.3, 0.4, bias.shape[0]))
    outputs = np.asarray(model(x, training=False))
    outcome.plain = outcome.loss = float(
        model.compute_loss(x=None, y=_beside(tf, y, outputs), y_pred=tf.constant(outputs))
    )
    if outputs.ndim != 2:
        return
    outcome.intended = intended_loss(pairing, outputs, y)
    outcome.distribution = bool(np.allclose(outputs.sum(axis=-1), 1, atol=1e-3))
    if pairing.metrics:
        y = np.concatenate([y] * 5)
        imagined = _imagined(pairing, np.concatenate([outputs] * 5), y)
        model.reset_metrics()
        said = model.compute_metrics(None, tf.constant(y), tf.constant(imagined))
        for name in pairing.metrics:
            true = _true_metric(keras, name, pairing, imagined, y)
            if true is not None:
                key = {"MeanIoU": "mean_io_u"}.get(name, name.split(" ")[0].split("@")[0].lower())
                outcome.metrics[name] = float(said[key] if key in said else said["acc"]), true
        model.reset_metrics()


def _beside(tf: Any, y: Array, outputs: Array) -> Any:
    return tf.constant(y[:, None] if y.ndim == 1 and outputs.ndim == 2 and outputs.shape[1] == 1 else y)


def _imagined(pairing: Pairing, outputs: Array, y: Array) -> Array:
    """Predictions of a model that is neither sure nor always right: what a metric is best judged by."""
    width = outputs.shape[-1]
    columns = _columns(pairing, y, width)
    target = np.zeros(outputs.shape) if columns is None else np.where(columns > 0, 1.0, 0.0)
    scores = np.random.default_rng(8).normal(size=outputs.shape) + 2.0 * target - (1.2 if width == 1 else 0.0)
    activated: dict[str, Callable[[Array], Array]] = {
        "softmax": lambda z: _squash(z, single=False),
        "log_softmax": lambda z: np.log(_squash(z, single=False)),
        "sigmoid": lambda z: _squash(z, single=True),
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
        "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
        "softplus": lambda z: np.log1p(np.exp(z)),
    }
    scores = activated.get(pairing.activation, np.asarray)(scores)
    return scores.astype("float32")


def _measure_last(tf: Any, model: Any, x: Array, y: Array, pairing: Pairing, outcome: Outcome) -> None:
    outputs = np.asarray(model(x, training=False))
    final = float(model.compute_loss(x=None, y=_beside(tf, y, outputs), y_pred=tf.constant(outputs)))
    outcome.final = float(np.nan_to_num(final, nan=1e9))
    outcome.finite = bool(np.isfinite(outputs).all() and np.isfinite(final))
    outcome.unbounded = final < -0.05
    if outputs.ndim != 2 or not outcome.finite:
        return
    outcome.constant = bool(np.ptp(outputs, axis=0).max() < 1e-6)
    bounds = {"sigmoid": (0, 1), "softmax": (0, 1), "tanh": (-1, 1)}.get(pairing.activation)
    outcome.out_of_reach = bounds is not None and bool(y.min() < bounds[0] or y.max() > bounds[1])
    with contextlib.suppress(ValueError):
        outcome.accuracy = accuracy(pairing, outputs, y)


# What a finding has a right to say

Claim = Callable[[Outcome], bool]


def _hopeless(outcome: Outcome) -> bool:
    return outcome.raises or not outcome.learns or outcome.unbounded


def _trained_wrongly(outcome: Outcome) -> bool:
    return outcome.loss_is_wrong or outcome.raises


CLAIMS: dict[str, Claim] = {
    "LG101": lambda it: it.loss_is_wrong or bool(it.warned),
    "LG102": lambda it: it.loss_is_wrong or bool(it.warned),
    "LG103": _trained_wrongly,
    "LG104": _trained_wrongly,
    "LG105": lambda it: it.constant,
    "LG106": lambda it: it.raises or not it.learns or _close(it.loss, 0),
    "LG107": _hopeless,
    "LG108": _trained_wrongly,
    "LG109": lambda it: it.raises or not it.distribution,
    "LG111": lambda it: it.raises or it.unbounded or not it.learns,
    "LG112": lambda it: it.raises or it.loss_is_wrong,
    "LG113": lambda it: it.raises or it.out_of_reach,
    "LG201": _hopeless,
    "LG202": lambda it: it.raises,
    "LG203": lambda it: it.raises or it.unbounded,
    "LG204": _hopeless,
    "LG205": _trained_wrongly,
    "LG206": lambda it: it.raises or it.unbounded,
    "LG301": _hopeless,
    "LG302": _hopeless,
    "LG303": lambda it: it.raises,
    "LG401": lambda it: it.metric_is_wrong or it.raises or it.constant,
    "LG402": lambda it: it.metric_is_wrong or it.raises,
    "LG403": lambda it: it.metric_is_wrong or _hopeless(it),
    "LG404": lambda it: it.metric_is_wrong or it.raises,
    "LG405": lambda it: it.metric_is_wrong or it.raises,
    "LG406": lambda it: it.metric_is_wrong or it.raises,
    "LG407": lambda it: it.metric_is_wrong or it.raises,
    "LG507": lambda it: it.raises,
    "LG408": lambda it: it.metric_is_wrong or it.raises or it.constant,
}
"""What must have happened for a finding to be true. Where the program raises, nothing else can be seen of it."""


BY_LUCK = frozenset({"LG103", "LG104", "LG205"})
"""Errors that some starts survive: raw scores divided by their sum lead now and then to the right answer, and
sigmoid units may find several labels by a categorical focal loss."""


def applies(finding: Diagnostic, outcome: Outcome) -> bool:
    """Whether the condition of a finding holds in the run; a condition that can't be asked any more does not."""
    if finding.when is None:
        return True
    try:
        return bool(eval(finding.when, dict(outcome.names)))  # noqa: S307
    except Exception:  # noqa: BLE001
        return False


def disagreements(findings: tuple[Diagnostic, ...], outcome: Outcome) -> list[str]:
    """What the findings say that the run does not bear out; empty where they agree."""
    found = []
    real = [finding for finding in findings if applies(finding, outcome)]
    if outcome.raises and not outcome.fitted:
        found.append("the program ends before it is fitted")
    for finding in real:
        claim = CLAIMS.get(finding.code)
        if not outcome.raises and claim is not None and not claim(outcome):
            found.append(f"{finding.code} is reported, but is not what happens")
        if finding.severity is Severity.ERROR and finding.code not in BY_LUCK and not _hopeless(outcome):
            found.append(f"{finding.code} is reported as an error, but the program learns")
        if outcome.right:
            found.append(f"{finding.code} is reported, but the program is right")
    return found


def missed(findings: tuple[Diagnostic, ...], outcome: Outcome) -> str | None:
    """What went wrong in a program without findings, in a few words."""
    if any(applies(finding, outcome) for finding in findings) or outcome.right:
        return None
    if outcome.raises:
        return "raises in the loss" if np.isnan(outcome.plain) else "raises in a metric"
    if not outcome.finite or outcome.unbounded:
        return "diverges"
    if not outcome.learns:
        return "does not learn"
    return "metric" if not outcome.loss_is_wrong else "loss"
