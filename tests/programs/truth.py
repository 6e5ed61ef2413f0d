"""What ought to be: the loss, the accuracy and the metrics of a generated program, by NumPy.

A pairing says what is meant; outputs are arrays of shape (samples, units), labels of shape (samples,) or (samples,
columns). Sequences have their time steps among the samples.
"""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from programs.pairing import BINARY, CATEGORICAL, DISTANCES, HINGES, VECTORS, Pairing, places

Array = Any


def flat(pairing: Pairing, outputs: Array, labels: Array) -> tuple[Array, Array] | None:
    """Both with time steps among the samples; None where only one of them has any."""
    if outputs.ndim == 2:
        columns = labels.shape[1] if labels.ndim > 1 else 1
        fits = labels.ndim < 3 and columns in {1, outputs.shape[1], pairing.classes}
        return (outputs, labels) if fits else None
    if outputs.ndim < 2 or labels.shape[: outputs.ndim - 1] != outputs.shape[:-1]:
        return None
    shape = (-1, labels.shape[-1]) if labels.ndim == outputs.ndim else (-1,)
    return outputs.reshape(-1, outputs.shape[-1]), labels.reshape(shape)


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


def intended_losses(pairing: Pairing, outputs: Array, labels: Array) -> Array | None:
    """What each sample ought to cost, or None where the pairing means nothing."""
    y = _columns(pairing, labels, outputs.shape[-1])
    if y is None:
        return None
    outputs = outputs.astype("float64")
    if pairing.loss in HINGES:
        if pairing.activation in {"sigmoid", "softmax", "relu", "softplus"}:
            return None  # nothing below 0 for the negative class
        signed = np.where(y > 0, 1.0, -1.0)
        missing = np.maximum(1 - signed * outputs, 0)
        return (missing**2 if pairing.loss == "squared_hinge" else missing).mean(axis=-1)
    match pairing.loss:
        case "mean_squared_error":
            return ((y - outputs) ** 2).mean(axis=-1)
        case "mean_absolute_error":
            return np.abs(y - outputs).mean(axis=-1)
        case "huber":
            gap = np.abs(y - outputs)
            return np.where(gap <= 1, gap**2 / 2, gap - 0.5).mean(axis=-1)
    if pairing.activation in {"relu", "tanh"} and pairing.from_logits:
        return None
    if y.min() < 0 or y.max() > 1 or (pairing.encoding == "from-one" and pairing.loss in BINARY):
        return None
    return _cross_entropies(pairing, probabilities(pairing, outputs), y)


def _cross_entropies(pairing: Pairing, p: Array, y: Array) -> Array | None:
    p = np.clip(p, 1e-7, 1 - 1e-7)
    if _independent(pairing):
        if pairing.loss not in BINARY:
            return None
        sure = np.where(y > 0, 1 - p, p) ** 2 if pairing.loss != BINARY[0] else 1.0
        return (-sure * (y * np.log(p) + (1 - y) * np.log(1 - p))).mean(axis=-1)
    if pairing.units == 1:
        return None
    weight = 0.25 * (1 - p) ** 2 if pairing.loss == CATEGORICAL[1] else 1.0
    return -(weight * y * np.log(p)).sum(axis=-1)


def class_weights(labels: Array, weights: dict[int, float]) -> Array:
    """The weight of each sample, by its class."""
    columns = labels.ndim == 2 and labels.shape[1] > 1
    ids = labels.argmax(axis=-1) if columns else labels.reshape(-1)
    return np.array([weights.get(int(one), 1.0) for one in ids])


# What the model is used for


def accuracy(pairing: Pairing, outputs: Array, labels: Array) -> float:
    """The share of right answers, read as the pairing means them; on continuous targets what is explained of them."""
    if pairing.task == "values":
        targets = labels.reshape(-1, 1).astype("float64")
        return float(1 - ((outputs - targets) ** 2).mean() / targets.var())
    labels = labels.astype("float64")
    if outputs.shape[-1] == 1 or pairing.task == "labels":
        target = labels.reshape(outputs.shape) if labels.size == outputs.size else labels
        return float(((outputs > _split(pairing)) == (target > _lower(pairing))).mean())
    return float((outputs.argmax(axis=-1) == _ids(pairing, labels)).mean())


def _lower(pairing: Pairing) -> float:
    """What divides a yes from a no in the labels."""
    return {"signed": 0.0, "from-one": 1.0}.get(pairing.encoding, 0.5)


def _split(pairing: Pairing) -> float:
    """What divides a yes from a no in an output."""
    if pairing.loss in DISTANCES:
        return {"signed": 0.0, "from-one": 1.5}.get(pairing.encoding, 0.5)
    zero = pairing.activation == "tanh" or pairing.from_logits or pairing.loss in HINGES
    return 0.0 if zero and pairing.activation not in {"sigmoid", "softmax"} else 0.5


def _ids(pairing: Pairing, labels: Array) -> Array:
    return labels.argmax(axis=-1) if pairing.encoding in VECTORS else labels.reshape(-1)


def true_metric(keras: Any, name: str, pairing: Pairing, outputs: Array, labels: Array) -> float | None:
    """What a metric is meant to say; NaN where it can say nothing, None where nobody knows."""
    if pairing.task == "values":
        return None if name in {"mae", "mse", "RootMeanSquaredError", "R2Score"} else float("nan")
    match name:
        case "binary_accuracy" | "binary_accuracy@0" if _independent(pairing) and outputs.shape[-1] > 1:
            right = (probabilities(pairing, outputs) > 0.5) == _columns(pairing, labels, pairing.units)
            return float(right.mean())
        case "accuracy" | "binary_accuracy" | "binary_accuracy@0" | "Accuracy" | "categorical_accuracy":
            return accuracy(pairing, outputs, labels)
        case "sparse_categorical_accuracy":
            return accuracy(pairing, outputs, labels)
        case "MeanIoU":
            if labels.size != outputs.size:
                return None
            labels = labels > _lower(pairing)
            metric = keras.metrics.BinaryIoU()
            p = _of_one_unit(pairing, outputs) if outputs.shape[-1] == 1 else probabilities(pairing, outputs)
            metric.update_state(labels.reshape(-1, 1), p.reshape(-1, 1))
            return float(metric.result())
        case "top_k" | "sparse_top_k" if outputs.shape[-1] == 1 or pairing.task == "labels":
            return accuracy(pairing, outputs, labels)
        case "top_k" | "sparse_top_k":
            order = np.argsort(-outputs, axis=-1)[:, : places(pairing)]
            return float((order == _ids(pairing, labels.astype("float64"))[:, None]).any(axis=-1).mean())
        case "mae" | "mse":
            return _distance(name, _columns(pairing, labels, outputs.shape[-1]), outputs)
        case "F1Score":
            return _f1(pairing, outputs, labels)
        case "AUC" | "AUC logits" | "Precision" | "Precision@0" | "Recall":
            if pairing.loss.startswith("mean") and pairing.activation not in {"sigmoid", "softmax"}:
                return None
            metric = getattr(keras.metrics, name.split(" ", maxsplit=1)[0].split("@", maxsplit=1)[0])()
            y = labels if labels.ndim == 2 else labels[:, None]
            p = _of_one_unit(pairing, outputs) if outputs.shape[-1] == 1 else probabilities(pairing, outputs)
            if y.shape != p.shape:
                return None
            metric.update_state(y > 0, p)
            return float(metric.result())
    return None


def _distance(name: str, columns: Array | None, outputs: Array) -> float | None:
    if columns is None:
        return None
    gap = np.abs(columns - outputs.astype("float64"))
    return float((gap if name == "mae" else gap**2).mean())


def _f1(pairing: Pairing, outputs: Array, labels: Array) -> float | None:
    """The mean over the columns: of the greatest unit on classes, of a half on labels and on one unit."""
    y = _columns(pairing, labels, outputs.shape[-1])
    if y is None or pairing.loss.startswith("mean"):
        return None
    p = _of_one_unit(pairing, outputs) if outputs.shape[-1] == 1 else probabilities(pairing, outputs)
    several = outputs.shape[-1] > 1 and pairing.task == "classes"
    said = p >= p.max(axis=-1, keepdims=True) if several else p > 0.5
    both = (said & (y > 0)).sum(axis=0)
    return float((2 * both / np.maximum(said.sum(axis=0) + (y > 0).sum(axis=0), 1e-7)).mean())


def imagined(pairing: Pairing, outputs: Array, y: Array) -> Array:
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


def out_of_reach(pairing: Pairing, labels: Array) -> bool:
    """Whether some target lies outside what the activation can answer, and its distance is the loss."""
    if pairing.loss not in DISTANCES:
        return False
    bounds = _BOUNDS.get(pairing.activation)
    return bounds is not None and bool(labels.min() < bounds[0] or labels.max() > bounds[1])


_BOUNDS = {
    "sigmoid": (0, 1),
    "softmax": (0, 1),
    "tanh": (-1, 1),
    "relu": (0, float("inf")),
    "softplus": (0, float("inf")),
    "log_softmax": (float("-inf"), 0),
}
