"""Pairings that are unusual, and that no rule reports since they learn: each with the reason, and trained in Keras.

All of them are trained side by side, as the outputs of one model, on two or three classes that a line divides.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from lossguard.catalog.activations import activation_range
from lossguard.catalog.losses import CLASSES, LOSSES
from lossguard.facts import Encoding, Labels, LogitsRepair, Loss, Output, Range, Spelling, Target, TrainingSetup, Width
from lossguard.rules import judge


@dataclass(frozen=True)
class Pairing:
    """One output layer with one loss; `labels` are `ids`, `signed`, `one-hot`, or `from 1`."""

    loss: str
    activation: str
    units: int
    labels: str
    from_logits: bool | None = None

    def __str__(self) -> str:
        told = f", from_logits={self.from_logits}" if self.from_logits is not None else ""
        return f"{self.activation} on {self.units} with {self.loss}{told}, {self.labels}"

    @property
    def classes(self) -> int:
        return {"one-hot": self.units, "from 1": self.units - 1}.get(self.labels, 2)


def pairings(losses: str, activations: str, *shapes: tuple[int, str], from_logits: bool | None = None) -> list[Pairing]:
    return [
        Pairing(loss, activation, units, labels, from_logits)
        for loss, activation, (units, labels) in product(losses.split(), activations.split(), shapes)
    ]


ONE, SIGNED, TWO, THREE, SPARE = (1, "ids"), (1, "signed"), (2, "one-hot"), (3, "one-hot"), (4, "from 1")

SILENT: dict[str, list[Pairing]] = {
    "least squares on class labels, the Brier score among them: a choice (LG110, opt-in, reports it after a softmax)": [
        *pairings("MeanSquaredError MeanAbsoluteError Huber", "linear sigmoid tanh", ONE, TWO, THREE),
        *pairings("MeanSquaredError MeanAbsoluteError Huber", "linear tanh", SIGNED),
        *pairings("MeanSquaredError MeanAbsoluteError Huber", "softmax", TWO, THREE),
    ],
    "a margin, no probability, is what hinge losses are for; labels 0 and 1 are turned into -1 and +1": [
        *pairings("Hinge SquaredHinge", "linear tanh", ONE, SIGNED, TWO, THREE),
        *pairings("CategoricalHinge", "linear sigmoid tanh", ONE, SIGNED, TWO, THREE),
        *pairings("CategoricalHinge", "softmax", TWO, THREE),
    ],
    "a focal loss weighs samples on purpose": [
        *pairings("BinaryFocalCrossentropy", "linear", ONE, TWO, THREE, from_logits=True),
        *pairings("BinaryFocalCrossentropy", "sigmoid", ONE, TWO, THREE, from_logits=False),
        *pairings("BinaryFocalCrossentropy", "softmax", TWO, from_logits=False),
        *pairings("CategoricalFocalCrossentropy", "linear", TWO, THREE, from_logits=True),
        *pairings("CategoricalFocalCrossentropy", "softmax", TWO, THREE, from_logits=False),
    ],
    "the direction of a one-hot vector is its class": pairings(
        "CosineSimilarity", "linear sigmoid softmax tanh", TWO, THREE
    ),
    "a Poisson loss on values above zero is least where they are the frequencies of the labels": [
        *pairings("Poisson", "sigmoid", ONE, TWO, THREE),
        *pairings("Poisson", "softmax", TWO, THREE),
    ],
    "labels from 1 with a spare unit for 0": [
        *pairings("SparseCategoricalCrossentropy", "linear", SPARE, from_logits=True),
        *pairings("SparseCategoricalCrossentropy", "softmax", SPARE, from_logits=False),
    ],
}
ALL = [pairing for pairings_ in SILENT.values() for pairing in pairings_]


def setup(pairing: Pairing) -> TrainingSetup:
    name = CLASSES[pairing.loss]
    several = Width(pairing.classes)
    labels = {
        "ids": Labels(Encoding.BINARY, "y", classes=several, rank=1, low=0, high=1),
        "signed": Labels(Encoding.SIGNED, "y", classes=several, rank=1, low=-1, high=1),
        "one-hot": Labels(Encoding.ONE_HOT, "y", classes=several, width=several, rank=2, low=0, high=1),
        "from 1": Labels(Encoding.INTEGER, "y", classes=several, rank=1, low=1, high=pairing.classes),
    }[pairing.labels]
    kept = LogitsRepair.KEPT if pairing.activation in {"sigmoid", "softmax"} else LogitsRepair.LOST
    values = activation_range(pairing.activation)
    output = Output(Width(pairing.units), values, pairing.activation, "layer", rank=2, repair=kept)
    loss = Loss(name, LOSSES[name].family, bool(pairing.from_logits), Spelling.INSTANCE, "loss", pairing.loss)
    return TrainingSetup(output, loss, labels, (), "compile")


@pytest.mark.parametrize("pairing", ALL, ids=str)
def test_no_rule_reports_it(pairing: Pairing) -> None:
    assert judge(setup(pairing), Target()) == []
    assert activation_range(pairing.activation) is not Range.UNKNOWN


@pytest.fixture(scope="module")
def reached() -> dict[Pairing, float]:
    """The share of samples that each output tells right after 120 steps on all of them."""
    np: Any = pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
    import keras

    keras.utils.set_random_seed(3)
    draw = np.random.default_rng(8)
    ids = np.arange(96) % 3
    centres = np.array([[2.0, 0, 0, 0.5], [-1.0, 1.7, 0, -0.5], [-1.0, -1.7, 0, 0]])
    x = (centres[ids] + draw.normal(0, 0.3, (96, 4))).astype("float32")

    def labels(pairing: Pairing) -> Any:  # noqa: ANN401
        classes = np.minimum(ids, pairing.classes - 1)
        match pairing.labels:
            case "one-hot":
                return np.eye(pairing.units, dtype="float32")[classes]
            case "signed":
                return (2.0 * classes - 1).astype("float32")
            case "from 1":
                return classes + 1
        return classes.astype("float32")

    inputs = keras.Input((4,))
    heads = [keras.layers.Dense(one.units, activation=one.activation)(inputs) for one in ALL]
    model = keras.Model(inputs, heads)
    told = [{} if one.from_logits is None else {"from_logits": one.from_logits} for one in ALL]
    losses = [getattr(keras.losses, one.loss)(**more) for one, more in zip(ALL, told, strict=True)]
    model.compile(keras.optimizers.Adam(0.05), losses)
    steps = 120  # one epoch of many steps has less to prepare than many epochs
    again = [np.concatenate([labels(one)] * steps) for one in ALL]
    model.fit(np.concatenate([x] * steps), again, batch_size=96, shuffle=False, verbose=0)
    outputs = [np.asarray(values) for values in model(x)]

    def right(pairing: Pairing, values: Any) -> float:  # noqa: ANN401
        y = labels(pairing)
        if pairing.units > 1:
            return float((values.argmax(axis=-1) == (y.argmax(axis=-1) if y.ndim > 1 else y)).mean())
        return float(max((((values[:, 0] > limit) == (y > 0)).mean()) for limit in values[:, 0]))

    return {one: right(one, values) for one, values in zip(ALL, outputs, strict=True)}


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("pairing", ALL, ids=str)
def test_it_learns(pairing: Pairing, reached: dict[Pairing, float]) -> None:
    assert reached[pairing] > 0.95
