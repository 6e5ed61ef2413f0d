"""The figures in what the rules say, measured again: each is one that Keras gives on the data described here.

`FIGURES` holds, for each rule, every figure of its documentation and its messages, and the measurement that gives it.
Metrics and first losses are computed with fixed weights, and agree to the last digit that is written; what training
leads to depends on the start, and is held within the distance that stands beside it.
"""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import versions
from lossguard.rules import ALL, BY_CODE

pytestmark = pytest.mark.filterwarnings("ignore")

Array = Any
np: Any = None


@pytest.fixture(scope="module", autouse=True)
def _numpy() -> None:
    global np  # noqa: PLW0603  imported where Keras is
    np = pytest.importorskip("numpy") if np is None else np


# Data


def classes(number: int, samples: int = 64, noise: float = 0.5) -> tuple[Array, Array]:
    """Groups of points round the corners of a triangle (or two ends of a line), and their class ids."""
    draw = np.random.RandomState({2: 11, 3: 12}[number])
    ids = np.arange(samples) % number
    centres = 2.5 * np.eye(number, 4)
    return (centres[ids] - centres.mean(0) + noise * draw.randn(samples, 4)).astype("float32"), ids


def several_labels(samples: int = 64) -> tuple[Array, Array]:
    """Three labels that do not depend on each other: the signs of three inputs."""
    x = np.random.RandomState(13).uniform(-2, 2, (samples, 4)).astype("float32")
    x[:, :3] = np.sign(x[:, :3]) * (0.5 + np.abs(x[:, :3]))
    return x, (x[:, :3] > 0).astype("int32")


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


# Metrics, on 240 samples that overlap, scored by a fixed model


@cache
def scored(kind: str) -> tuple[Array, Array]:
    """Raw scores of one unit, of three exclusive units, or of three labels; and the labels."""
    x, y = several_labels(240) if kind == "labels" else classes(2 if kind == "one" else 3, 240, 1.6)
    draw = np.random.RandomState(5)
    if kind == "labels":
        weights = np.vstack([0.8 * np.eye(3), draw.randn(1, 3)]) + 0.5 * draw.randn(4, 3)
    elif kind == "one":
        weights = np.array([[-0.45], [0.5], [0.2], [0.1]])
    else:
        weights = np.eye(4, 3) * 0.45 + 0.12 * draw.randn(4, 3)
    return x @ weights.astype("float32") + np.array([0.35, -0.25, 0.1], "float32")[: weights.shape[1]], y


def read(metric: str, labels: Array, outputs: Array, **options: Any) -> float:
    """What a metric of Keras reads, of labels in the shape that `fit` hands on."""
    import keras
    import tensorflow as tf

    made = getattr(keras.metrics, metric)(**options)
    y = np.asarray(labels, "float32")
    made.update_state(tf.constant(y[:, None] if y.ndim == 1 and outputs.shape[-1] == 1 else y), tf.constant(outputs))
    return float(np.mean(made.result()))


# Losses before any training, of a fixed model


@cache
def started(number: int) -> tuple[Array, Array]:
    """Raw scores of a fixed model on groups that do not overlap, and their class ids."""
    x, ids = classes(number)
    draw = np.random.RandomState(1000)
    units = 1 if number == 2 else number
    weights, bias = 0.5 * draw.randn(4, units), 0.1 * draw.randn(units)
    return (x @ weights.astype("float32") + bias.astype("float32")).astype("float32"), ids


def loss(name: str, labels: Array, outputs: Array, **options: Any) -> float:
    """A loss of Keras on plain values: without the raw scores that TensorFlow keeps on a tensor."""
    import keras
    import tensorflow as tf

    given = [tf.constant(np.asarray(one, "float32")) for one in (labels, outputs)]
    return float(getattr(keras.losses, name)(**options)(*given))


def raw_loss(labels: Array, outputs: Array) -> float:
    import tensorflow as tf

    made = tf.nn.softmax_cross_entropy_with_logits(tf.constant(labels, "float32"), tf.constant(outputs))
    return float(tf.reduce_mean(made))


# Training: many models side by side, as the outputs of one, that share nothing but the inputs


class Start:
    """One model that begins with weights of its own."""

    def __init__(self, units: int, activation: str | None, loss: str, labels: Array, **options: Any) -> None:
        self.units, self.activation, self.loss, self.labels, self.options = units, activation, loss, labels, options


def trained(
    x: Array, starts: list[Start], *, epochs: int, rate: float, batch: int = 64, hidden: int = 0, asked: Array = None
) -> list[Array]:
    """What each model answers, on all samples or those that are `asked`, after training with Adam."""
    import keras

    keras.utils.set_random_seed(1)
    inputs = keras.Input(x.shape[1:])
    outputs = []
    for one in starts:
        layer = keras.layers.Dense(hidden, activation="relu")(inputs) if hidden else inputs
        made = keras.layers.Dense(one.units, activation=one.activation)(layer)
        outputs.append(keras.layers.Reshape((one.units,))(made) if one.options.get("reshaped") else made)
    model = keras.Model(inputs, outputs)
    losses = [
        getattr(keras.losses, one.loss)(**{name: told for name, told in one.options.items() if name != "reshaped"})
        for one in starts
    ]
    model.compile(keras.optimizers.Adam(rate), losses)
    order = np.concatenate([np.random.RandomState(epoch).permutation(len(x)) for epoch in range(epochs)])
    model.fit(x[order], [one.labels[order] for one in starts], batch_size=batch, shuffle=False, verbose=0)
    return [np.asarray(values) for values in model(x if asked is None else asked)]


def right(outputs: Array, ids: Array) -> float:
    answers = (outputs[:, 0] > 0.5) if outputs.shape[-1] == 1 else outputs.argmax(-1)
    return float((answers == ids).mean())


# Studies: what is measured, by name


@cache
def of_scores() -> dict[str, float]:
    one, ids = scored("one")
    found = {
        "accuracy": read("BinaryAccuracy", ids, sigmoid(one)),
        "precision of scores": read("Precision", ids, one),
        "precision": read("Precision", ids, sigmoid(one)),
        "recall of scores": read("Recall", ids, one),
        "recall": read("Recall", ids, sigmoid(one)),
        "area of scores": read("AUC", ids, one),
        "area": read("AUC", ids, sigmoid(one)),
        "area of two sigmoids": read("AUC", ids, sigmoid(one), from_logits=True),
        "signed accuracy": read("BinaryAccuracy", 2 * ids - 1, np.tanh(one)),
        "signed precision": read("Precision", 2 * ids - 1, np.tanh(one)),
        "signed recall": read("Recall", 2 * ids - 1, np.tanh(one)),
        "signed area": read("AUC", 2 * ids - 1, np.tanh(one)),
        "accuracy above nothing": read("BinaryAccuracy", ids, sigmoid(one), threshold=1e-7),
        "IoU of scores": read("MeanIoU", ids, sigmoid(one), num_classes=2),
        "IoU": read("BinaryIoU", ids, sigmoid(one)),
    }
    three, ids = scored("three")
    columns, shares = np.eye(3)[ids], softmax(three)
    found |= {
        "equal": read("Accuracy", ids, shares[:, :1]),
        "share of right answers": right(three, ids),
        "categorical of ids": read("CategoricalAccuracy", ids, shares),
        "categorical of a column": read("CategoricalAccuracy", ids[:, None], shares),
        "binary of three": read("BinaryAccuracy", columns, shares),
        "binary of a column": read("BinaryAccuracy", ids[:, None], shares),
        "two places of a column": read("TopKCategoricalAccuracy", ids[:, None], shares, k=2),
        "two places": read("SparseTopKCategoricalAccuracy", ids, shares, k=2),
        "F1 of a column": read("F1Score", ids[:, None], shares) if versions.installed() >= (3, 0) else np.nan,
        "F1": read("F1Score", columns, shares),
        "cross-entropy beside": read("SparseCategoricalCrossentropy", ids, three),
        "cross-entropy": read("SparseCategoricalCrossentropy", ids, three, from_logits=True),
    }
    labels, y = scored("labels")
    return found | {
        "greatest of labels": read("CategoricalAccuracy", y, sigmoid(labels)),
        "each label": read("BinaryAccuracy", y, sigmoid(labels)),
        "all labels": float(((labels > 0) == y).all(-1).mean()),
    }


@cache
def of_starts() -> dict[str, float]:
    one, two = started(2)
    z, ids = started(3)
    column, columns, shares = two[:, None], np.eye(3)[ids], softmax(z)
    return {
        "split at a half": read("BinaryAccuracy", two, one),
        "split at zero": read("BinaryAccuracy", two, sigmoid(one)),
        "tanh split at a half": read("BinaryAccuracy", two, np.tanh(one)),
        "right": loss("CategoricalCrossentropy", columns, shares),
        "twice": raw_loss(columns, shares),
        "broadcast": raw_loss(ids[:, None], z),
        "sigmoids": loss("CategoricalCrossentropy", columns, sigmoid(z)),
        "swapped": loss("CategoricalCrossentropy", shares, columns),
        "swapped scores": loss("CategoricalCrossentropy", z, columns, from_logits=True),
        "binary": loss("BinaryCrossentropy", column, sigmoid(one)),
        "binary swapped": loss("BinaryCrossentropy", sigmoid(one), column),
        "divergence": loss("KLDivergence", columns, shares),
        "divergence swapped": loss("KLDivergence", shares, columns),
        "counts": loss("Poisson", columns, shares),
        "counts swapped": loss("Poisson", shares, columns),
        "three on one": loss("BinaryCrossentropy", ids[:, None], sigmoid(z[:, :1])),
        "signed": loss("BinaryCrossentropy", 2 * column - 1, sigmoid(one)),
        "a class left out": float((ids != 2).mean()),
    }


C, S, N = "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BinaryCrossentropy"


def study(x: Array, models: dict[str, list[Start]], **how: Any) -> dict[str, list[Array]]:
    """What the models of each name answer when all are trained side by side."""
    outputs = iter(trained(x, [one for starts in models.values() for one in starts], **how))
    return {name: [next(outputs) for _ in starts] for name, starts in models.items()}


@cache
def of_groups() -> dict[str, float]:
    """200 steps on all samples of groups that do not overlap: every right pairing reaches 1.00."""
    x, ids = classes(3)
    columns, one = np.eye(3, dtype="float32")[ids], ids[:, None].astype("float32")
    made = study(x, {
        "raw": [Start(3, None, C, columns) for _ in range(10)],
        "raw focal": [Start(3, None, "CategoricalFocalCrossentropy", columns) for _ in range(10)],
        "raw divergence": [Start(3, None, "KLDivergence", columns) for _ in range(10)],
        "relu scores": [Start(3, "relu", C, columns, from_logits=True) for _ in range(10)],
        "tanh scores": [Start(3, "tanh", C, columns, from_logits=True)],
        "scores": [Start(3, None, C, columns, from_logits=True)],
        "sigmoid divergence": [Start(3, "sigmoid", "KLDivergence", columns) for _ in range(5)],
        "three on one": [Start(1, "sigmoid", N, one)],
        "bounded": [Start(1, "sigmoid", "MeanSquaredError", one)],
        "unbounded": [Start(1, None, "MeanSquaredError", one)],
        "ids": [Start(3, "softmax", name, one) for name in ("MeanSquaredError", "KLDivergence", "Hinge")],
        "vectors": [Start(3, "softmax", name, columns) for name in ("MeanSquaredError", "KLDivergence")],
    }, epochs=200, rate=0.05)  # fmt: skip
    found: dict[str, float] = {}
    for name in ("raw", "raw focal", "raw divergence", "relu scores"):
        reached = sorted(right(outputs, ids) for outputs in made[name])
        found |= {f"{name}, least": reached[0], f"{name}, median": float(np.median(reached))}
        found |= {f"{name}, most": reached[-1]}
    limited = {"from_logits": True}
    found |= {f"{name}, least": min(right(one, ids) for one in made[name]) for name in ("ids", "vectors")}
    found |= {f"{name}, most": max(right(one, ids) for one in made[name]) for name in ("ids", "vectors")}
    found |= {
        "scores, loss": loss(C, columns, made["scores"][0], **limited),
        "tanh scores, loss": loss(C, columns, made["tanh scores"][0], **limited),
        "relu scores, worst loss": max(loss(C, columns, outputs, **limited) for outputs in made["relu scores"]),
        "sigmoid divergence, mean": float(np.mean(made["sigmoid divergence"])),
        "three on one, loss": loss(N, one, made["three on one"][0]),
        "three on one, accuracy": right(made["three on one"][0], ids),
        "bounded, error": loss("MeanSquaredError", one, made["bounded"][0]),
        "unbounded, error": loss("MeanSquaredError", one, made["unbounded"][0]),
    }
    x, two = classes(2)
    columns, one = np.eye(2, dtype="float32")[two], two[:, None].astype("float32")
    made = study(x, {
        "raw": [Start(2, None, C, columns) for _ in range(10)],
        "from 1": [Start(1, "sigmoid", N, one + 1)],
        "signed": [Start(1, "sigmoid", N, 2 * one - 1)],
        "always 1": [Start(1, "softmax", N, one)],
        "sigmoid": [Start(1, "sigmoid", N, one)],
        "hinge": [Start(1, "sigmoid", "Hinge", one)],
    }, epochs=200, rate=0.05)  # fmt: skip
    reached = sorted(right(outputs, two) for outputs in made["raw"])
    return found | {
        "raw of two, least": reached[0],
        "raw of two, most": reached[-1],
        "from 1, loss": loss(N, one + 1, made["from 1"][0]),
        "from 1, accuracy": right(made["from 1"][0], two + 1),
        "signed, loss": loss(N, 2 * one - 1, made["signed"][0]),
        "signed, accuracy": right(made["signed"][0], 2 * two - 1),
        "always 1, accuracy": right(made["always 1"][0], two),
        "sigmoid, accuracy": right(made["sigmoid"][0], two),
        "hinge, accuracy": right(made["hinge"][0], two),
        "hinge, loss": loss("Hinge", one, made["hinge"][0]),
    }


@cache
def of_labels() -> dict[str, float]:
    """The same for three labels that may all be right."""
    x, y = several_labels()
    labels = y.astype("float32")
    made = study(x, {
        "softmax": [Start(3, "softmax", C, labels) for _ in range(5)],
        "sigmoid": [Start(3, "sigmoid", C, labels) for _ in range(5)],
        "focal": [Start(3, "sigmoid", "CategoricalFocalCrossentropy", labels) for _ in range(5)],
        "independent": [Start(3, "sigmoid", N, labels)],
    }, epochs=200, rate=0.05)  # fmt: skip
    every = {name: [float(((one > 0.5) == y).all(-1).mean()) for one in outputs] for name, outputs in made.items()}
    least = {f"{name}, least": min(shares) for name, shares in every.items()}
    return least | {f"{name}, most": max(shares) for name, shares in every.items()}


@cache
def of_digits(epochs: int) -> dict[str, float]:
    """Handwritten digits of scikit-learn, 32 hidden units: accuracy on 397 that were not trained on."""
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    x, y = datasets.load_digits(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(x))
    x, y = (x[order] / 16).astype("float32"), y[order]
    columns, high = np.eye(10, dtype="float32")[y], (y >= 5).astype("float32")[:, None]
    twice = {"from_logits": True, "reshaped": True}
    models = {
        "right": [Start(10, "softmax", S, y) for _ in range(3)],
        "twice": [Start(10, "softmax", S, y, **twice) for _ in range(3)],
        "raw": [Start(10, None, C, columns) for _ in range(5)],
        "relu": [Start(10, "relu", C, columns) for _ in range(3)],
        "tanh": [Start(10, "tanh", C, columns) for _ in range(5)],
        "binary": [Start(10, "softmax", N, columns)],
        "sigmoid": [Start(10, "sigmoid", C, columns)],
        "squares": [Start(10, "softmax", "MeanSquaredError", columns)],
        "eleven": [Start(11, "softmax", S, y)],
        "sigmoids twice": [Start(10, "sigmoid", N, columns, **twice) for _ in range(3)],
        "two": [Start(1, "sigmoid", N, high)],
        "two, twice": [Start(1, "sigmoid", N, high, **twice)],
        "two, raw": [Start(1, None, N, high) for _ in range(3)],
        "two, always 1": [Start(1, "softmax", N, high)],
    }
    fits = {name: [Start(o.units, o.activation, o.loss, o.labels[:1400], **o.options) for o in starts]
            for name, starts in models.items()}  # fmt: skip
    answers = trained_and_asked(x, fits, epochs)
    found: dict[str, float] = {}
    for name, starts in models.items():
        new = [
            right(outputs[1400:], (y >= 5)[1400:] if starts[0].units == 1 else y[1400:]) for outputs in answers[name]
        ]
        told = {"from_logits": True} if "from_logits" in starts[0].options else {}
        old = [loss(starts[0].loss, starts[0].labels[:1400], outputs[:1400], **told) for outputs in answers[name]]
        found |= {f"{name}, least": min(new), f"{name}, most": max(new), name: float(np.median(new))}
        found |= {f"{name}, loss": float(np.median(old)), f"{name}, NaN": float(np.isnan(old).all())}
    return found


def trained_and_asked(x: Array, models: dict[str, list[Start]], epochs: int) -> dict[str, list[Array]]:
    outputs = iter(
        trained(x[:1400], [one for starts in models.values() for one in starts],
                epochs=epochs, rate=1e-3, batch=32, hidden=32, asked=x)
    )  # fmt: skip
    return {name: [next(outputs) for _ in starts] for name, starts in models.items()}


@cache
def of_numbers() -> dict[str, float]:
    """Counts and amounts that depend on four inputs."""
    draw = np.random.RandomState(7)
    x = draw.randn(256, 4).astype("float32")
    rates = np.exp(x @ np.array([0.5, -0.3, 0.8, 0.1]) + 0.5)[:, None]
    counts = draw.poisson(rates).astype("float32")
    kinds = {"linear": None, "tanh": "tanh", "exponential": "exponential"}
    made = study(
        x,
        {name: [Start(1, one, "Poisson", counts) for _ in range(20)] for name, one in kinds.items()},
        epochs=30, rate=0.01, batch=32, hidden=16,
    )  # fmt: skip
    found: dict[str, float] = {}
    for name, outputs in made.items():
        found[f"{name}, NaN"] = float(sum(np.isnan(loss("Poisson", counts, one)) for one in outputs))
        found[f"{name}, error"] = float(np.median([((one - rates) ** 2).mean() for one in outputs]))
    amounts = x @ np.array([1, -2, 0.5, 0.3])
    amounts = (amounts - amounts.min() + 1).astype("float32")[:, None]
    made = study(
        x,
        {"cosine": [Start(1, None, "CosineSimilarity", amounts) for _ in range(6)],
         "squares": [Start(1, None, "MeanSquaredError", amounts) for _ in range(6)]},
        epochs=40, rate=0.01, batch=32, hidden=16,
    )  # fmt: skip
    for name, outputs in made.items():
        close = [float(np.corrcoef(one[:, 0], amounts[:, 0])[0, 1]) for one in outputs]
        found |= {f"{name}, least": min(close), f"{name}, most": max(close)}
    return found


# The figures

Study = Callable[[], dict[str, float]]


def of_five_epochs() -> dict[str, float]:
    return of_digits(5)


def of_fifteen_epochs() -> dict[str, float]:
    return of_digits(15)


EXACT, CLOSE, LOOSE = 0.0, 0.03, 0.12
"""How far a figure may be from what is measured, beside its last digit: what training leads to depends on the start."""

FIGURES: dict[str, dict[str, tuple[Study, str, float]]] = {
    "LG101": {
        "0.89": (of_five_epochs, "right", CLOSE), "0.74": (of_five_epochs, "twice, least", LOOSE),
        "0.79": (of_five_epochs, "twice, most", LOOSE), "0.95": (of_fifteen_epochs, "right", CLOSE),
        "0.93": (of_fifteen_epochs, "twice", CLOSE), "1.57": (of_fifteen_epochs, "twice, loss", CLOSE),
        "0.23": (of_fifteen_epochs, "right, loss", CLOSE),
    },
    "LG102": {
        "0.96": (of_fifteen_epochs, "two", CLOSE), "0.18": (of_fifteen_epochs, "two, loss", CLOSE),
        "0.95": (of_fifteen_epochs, "two, twice", CLOSE), "0.55": (of_fifteen_epochs, "two, twice, loss", CLOSE),
        "0.10 to": (of_fifteen_epochs, "sigmoids twice, least", LOOSE),
        "to 0.18": (of_fifteen_epochs, "sigmoids twice, most", LOOSE),
    },
    "LG103": {
        "0.04": (of_fifteen_epochs, "raw, least", LOOSE), "0.16": (of_fifteen_epochs, "raw, most", LOOSE),
        "0.95": (of_fifteen_epochs, "right", CLOSE), "0.00 and": (of_groups, "raw, least", LOOSE),
        "0.67": (of_groups, "raw, most", LOOSE), "0.50": (of_groups, "raw, median", LOOSE),
        "0.00 and 1": (of_groups, "raw of two, least", LOOSE), "1.00": (of_groups, "raw of two, most", CLOSE),
        "0.52": (of_groups, "raw focal, median", LOOSE), "0.97": (of_groups, "raw divergence, median", LOOSE),
        "0.34": (of_groups, "raw divergence, least", LOOSE), "0.94": (of_fifteen_epochs, "two, raw, least", CLOSE),
        "0.96": (of_fifteen_epochs, "two, raw, most", CLOSE),
    },
    "LG104": {
        "7.1": (of_fifteen_epochs, "tanh, loss", 2.0), "0.07": (of_fifteen_epochs, "tanh, least", LOOSE),
        "0.13": (of_fifteen_epochs, "tanh, most", LOOSE), "0.25": (of_groups, "tanh scores, loss", CLOSE),
        "0.01": (of_groups, "scores, loss", CLOSE),
    },
    "LG105": {"0.50": (of_groups, "always 1, accuracy", EXACT), "1.00": (of_groups, "sigmoid, accuracy", CLOSE)},
    "LG108": {
        "0.04": (of_fifteen_epochs, "binary, loss", CLOSE), "0.23": (of_fifteen_epochs, "right, loss", CLOSE),
        "0.93": (of_fifteen_epochs, "binary", CLOSE), "0.95": (of_fifteen_epochs, "right", CLOSE),
    },
    "LG109": {
        "0.94": (of_fifteen_epochs, "sigmoid", CLOSE), "0.95": (of_fifteen_epochs, "right", CLOSE),
        "0.60": (of_groups, "sigmoid divergence, mean", LOOSE), "1.29": (of_starts, "sigmoids", EXACT),
        "1.52": (of_starts, "right", EXACT),
    },
    "LG110": {"0.95": (of_fifteen_epochs, "squares", CLOSE), "against 0.95": (of_fifteen_epochs, "right", CLOSE)},
    "LG112": {"0.5 on": (of_groups, "hinge, loss", CLOSE), "1.0 on": (of_groups, "hinge, accuracy", CLOSE)},
    "LG113": {"0.34": (of_groups, "bounded, error", CLOSE), "0.07": (of_groups, "unbounded, error", CLOSE)},
    "LG114": {
        "18 of 20": (of_numbers, "linear, NaN", 3), "19 of 20": (of_numbers, "tanh, NaN", 3),
    },
    "LG115": {
        "-0.41": (of_numbers, "cosine, least", 0.5),
        "0.22": (of_numbers, "cosine, most", 0.6), "0.99": (of_numbers, "squares, least", CLOSE),
    },
    "LG201": {
        "0.09": (of_groups, "ids, least", LOOSE), "0.16": (of_groups, "ids, most", 0.2),
        "1.00": (of_groups, "vectors, least", CLOSE),
    },
    "LG203": {
        "0.49": (of_starts, "three on one", EXACT), "-3.9": (of_groups, "three on one, loss", 1.0),
        "0.55": (of_groups, "three on one, accuracy", LOOSE), "0.16": (of_groups, "from 1, accuracy", LOOSE),
    },
    "LG205": {
        "0.42": (of_labels, "softmax, least", LOOSE), "0.45": (of_labels, "softmax, most", LOOSE),
        "1.00": (of_labels, "independent, least", CLOSE), "0.25": (of_labels, "sigmoid, least", LOOSE),
        "0.28": (of_labels, "sigmoid, most", LOOSE), "0.95": (of_labels, "focal, least", CLOSE),
        "0.475": (of_scores, "greatest of labels", EXACT), "0.731": (of_scores, "each label", EXACT),
    },
    "LG206": {
        "0.05": (of_starts, "signed", EXACT), "-7.8": (of_groups, "signed, loss", 1.5),
        "0.44": (of_groups, "signed, accuracy", CLOSE),
    },
    "LG301": {"0.94": (of_fifteen_epochs, "eleven", CLOSE)},
    "LG302": {"0.67": (of_starts, "a class left out", EXACT)},
    "LG401": {
        "0.81": (of_starts, "split at a half", EXACT), "0.98": (of_starts, "split at zero", EXACT),
        "0.80 where": (of_starts, "tanh split at a half", EXACT), "0.87": (of_scores, "precision of scores", EXACT),
        "0.83": (of_scores, "recall of scores", EXACT), "0.80": (of_scores, "precision", EXACT),
        "0.93": (of_scores, "recall", EXACT), "0.90": (of_scores, "area of scores", EXACT),
        "0.93 and 0.93": (of_scores, "area", EXACT), "0.41": (of_scores, "signed accuracy", EXACT),
        "0.85": (of_scores, "accuracy", EXACT), "1.00": (of_scores, "signed precision", EXACT),
        "0.47": (of_scores, "signed recall", EXACT), "0.0 where": (of_scores, "signed area", EXACT),
        "2.37": (of_scores, "cross-entropy beside", EXACT), "0.74": (of_scores, "cross-entropy", EXACT),
    },
    "LG402": {"0.0 where": (of_scores, "equal", EXACT), "0.675": (of_scores, "share of right answers", EXACT)},
    "LG403": {
        "0.27": (of_scores, "categorical of ids", EXACT), "0.48": (of_scores, "categorical of a column", EXACT),
        "0.675": (of_scores, "share of right answers", EXACT), "0.78": (of_scores, "two places of a column", EXACT),
        "0.89": (of_scores, "two places", EXACT), "0.51": (of_scores, "F1 of a column", EXACT),
        "0.67 is": (of_scores, "F1", EXACT),
    },
    "LG404": {
        "0.79": (of_scores, "binary of three", EXACT), "0.675": (of_scores, "share of right answers", EXACT),
        "0.31": (of_scores, "binary of a column", EXACT),
    },
    "LG406": {
        "0.475": (of_scores, "greatest of labels", EXACT), "0.731": (of_scores, "each label", EXACT),
        "0.388": (of_scores, "all labels", EXACT),
    },
    "LG407": {
        "0.50": (of_scores, "accuracy above nothing", EXACT), "0.85": (of_scores, "accuracy", EXACT),
        "0.931": (of_scores, "area of two sigmoids", EXACT), "0.932": (of_scores, "area", EXACT),
    },
    "LG408": {"0.25": (of_scores, "IoU of scores", EXACT), "0.74": (of_scores, "IoU", EXACT)},
    "LG501": {
        "11.8": (of_starts, "swapped", EXACT), "1.52": (of_starts, "right", EXACT), "1.5,": (of_starts, "right", EXACT),
        "0.012": (of_starts, "swapped scores", EXACT), "5.4": (of_starts, "binary swapped", EXACT),
        "0.42": (of_starts, "binary", EXACT), "10.9": (of_starts, "divergence swapped", EXACT),
        "4.3": (of_starts, "counts swapped", EXACT), "0.84": (of_starts, "counts", EXACT),
    },
    "LG502": {"1.18": (of_starts, "twice", EXACT), "1.52": (of_starts, "right", EXACT)},
    "LG503": {"3.50": (of_starts, "broadcast", EXACT), "1.52": (of_starts, "right", EXACT)},
    "LG602": {"0.81": (of_starts, "split at a half", EXACT), "0.98": (of_starts, "split at zero", EXACT)},
}  # fmt: skip

NO_MEASUREMENT = {
    "0.5": "a threshold, or the sigmoid of 0", "0.0": "a threshold, or a bound", "1.0": "a bound", "0.73": "sigmoid(1)",
    "0.27": "sigmoid(-1)", "0.693": "ln 2", "0.69": "ln 2", "0.31": "ln(1 + 1 / e)", "1.46": "ln(1 + 9 / e)",
    "0.33": "a third", "0.3": "a score", "0.6": "a score", "0.9": "a target", "0.1": "an argument",
    "0.50": "about the mean of ln(1 + e^-1) and ln 2, or chance", "0.956": "printed in a published notebook",
    "0.764": "printed in a published notebook", "2.16": "a version", "3.0": "a version", "3.1": "a version",
    "3.2": "a version", "3.3": "a version", "3.4": "a version", "3.15": "a version",
}  # fmt: skip
"""Numbers that follow from the definition of something, or that others have published."""

FIGURE = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.]*\d)")


def prose(module: Any) -> str:
    """What a rule says: its documentation without programs, and its messages."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return re.sub(r"(?m)^    .*$", "", "\n".join(strings))


@pytest.mark.parametrize("module", ALL, ids=lambda module: module.RULE.name)
def test_every_figure_is_measured_or_follows_from_something(module: Any) -> None:
    known = {figure.strip("-") for text in FIGURES.get(module.RULE.code, ()) for figure in FIGURE.findall(text)}
    told = {figure.strip("-") for figure in FIGURE.findall(prose(module))}
    assert told - known - NO_MEASUREMENT.keys() == set()


OF_KERAS_3 = {("LG205", "0.95"), ("LG403", "0.51"), ("LG501", "5.4")}
"""Figures that Keras 2 gives otherwise: focal losses go back to the raw scores, F1 of ids raises, 1e-7 is added."""

ROWS = [(code, text) for code, figures in FIGURES.items() for text in figures]


@pytest.mark.parametrize(("code", "text"), ROWS)
def test_a_figure_is_told(code: str, text: str) -> None:
    assert text in re.sub(r"\s+", " ", prose(BY_CODE[code]))


@pytest.mark.keras
@pytest.mark.parametrize(("code", "text"), ROWS)
def test_a_figure_is_what_keras_gives(code: str, text: str) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
    study, name, distance = FIGURES[code][text]
    figure = re.findall(r"-?\d+(?:\.\d+)?", text)[0]
    last_digit = 10.0 ** -len(figure.partition(".")[2])
    agrees = abs(study()[name] - float(figure)) <= distance + 0.51 * last_digit
    assert agrees == (versions.installed() >= (3, 0) or (code, text) not in OF_KERAS_3)


@pytest.mark.keras
def test_relu_before_categorical_cross_entropy_is_nan() -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
    assert of_digits(15)["relu, NaN"]


@pytest.mark.keras
def test_an_exponential_unit_finds_counts_and_a_linear_one_does_not() -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
    found = of_numbers()
    assert found["exponential, NaN"] == 0
    assert found["linear, error"] > 50 * found["exponential, error"]
