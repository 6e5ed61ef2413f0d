"""What is paired in a program: output, loss, labels and metrics, rightly or with a mistake or two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

SAMPLES = 60
FEATURES = 6

BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
CATEGORICAL = ("categorical_crossentropy", "categorical_focal_crossentropy")
SPARSE = "sparse_categorical_crossentropy"
CROSS_ENTROPIES = (*BINARY, *CATEGORICAL, SPARSE)
DISTANCES = ("mean_squared_error", "mean_absolute_error", "huber")
HINGES = ("hinge", "squared_hinge")
CLASS_NAMES = {
    "binary_crossentropy": "BinaryCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "kl_divergence": "KLDivergence",
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "huber": "Huber",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
}
SHORT_NAMES = {"binary_crossentropy": "bce", "mean_squared_error": "mse", "mean_absolute_error": "mae"}
CAPITALS = {"kl_divergence": "KLD", "mean_squared_error": "MSE", "mean_absolute_error": "MAE"}
"""Functions that `tf.keras.losses` has under these names, `keras.losses` under the full ones."""

VECTORS = ("one-hot", "multi-hot")
"""Encodings with a column for each class."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """What meets in a program. `task`: exclusive "classes", "labels" of which several hold, continuous "values".

    `encoding` is how the labels reach `fit`: "ids" (0..K-1), "column" (the same, of shape (n, 1)), "from-one"
    (1..K), "signed" (-1/+1), "one-hot", "multi-hot", "continuous" (any number), "unit" (numbers in [0, 1]).
    """

    task: str
    classes: int
    units: int
    activation: str
    loss: str
    from_logits: bool
    encoding: str
    metrics: tuple[str, ...] = ()
    tail: str = ""
    container: str = "arrays"


def right(random: Random) -> Pairing:
    """A pairing that every tutorial would agree with."""
    k = random.choice([2, 2, 3, 4, 5])
    ids = random.choice(["ids", "ids", "column"])
    sparse = [
        Pairing("classes", k, k, "softmax", SPARSE, False, ids),
        Pairing("classes", k, k, "linear", SPARSE, True, ids),
        Pairing("classes", k, k + 1, "softmax", SPARSE, False, random.choice(["ids", "from-one"])),
        Pairing("classes", k, k, "log_softmax", SPARSE, True, ids),
    ]
    vectors = [
        Pairing("classes", k, k, "softmax", CATEGORICAL[0], False, "one-hot"),
        Pairing("classes", k, k, "linear", CATEGORICAL[0], True, "one-hot"),
        Pairing("classes", k, k, "softmax", CATEGORICAL[1], False, "one-hot"),
        Pairing("classes", k, k, "softmax", "kl_divergence", False, "one-hot"),
        Pairing("classes", k, k, "sigmoid", "binary_crossentropy", False, "one-hot"),
        Pairing("classes", k, k, random.choice(["softmax", "linear"]), "mean_squared_error", False, "one-hot"),
    ]
    yes_or_no = [
        Pairing("classes", 2, 1, "sigmoid", "binary_crossentropy", False, ids),
        Pairing("classes", 2, 1, "linear", "binary_crossentropy", True, ids),
        Pairing("classes", 2, 1, "sigmoid", "binary_focal_crossentropy", False, "column"),
        Pairing("classes", 2, 1, random.choice(["tanh", "linear"]), random.choice(HINGES), False, "signed"),
        Pairing("classes", 2, 1, random.choice(["sigmoid", "linear"]), "mean_squared_error", False, ids),
    ]
    labels = [
        Pairing("labels", k, k, "sigmoid", "binary_crossentropy", False, "multi-hot"),
        Pairing("labels", k, k, "linear", "binary_crossentropy", True, "multi-hot"),
        Pairing("labels", k, k, "sigmoid", "binary_focal_crossentropy", False, "multi-hot"),
    ]
    values = [
        Pairing("values", 0, 1, "linear", random.choice(DISTANCES), False, "continuous"),
        Pairing("values", 0, 1, "sigmoid", random.choice(["mean_squared_error", BINARY[0]]), False, "unit"),
    ]
    groups = [sparse, sparse, vectors, vectors, yes_or_no, yes_or_no, labels, values]
    return random.choice(random.choice(groups))


def pairing(random: Random) -> Pairing:
    """A right pairing, or one with a mistake or two, and what goes with it."""
    drawn = right(random)
    mistakes = random.choices([0, 1, 2], [9, 9, 2])[0]
    for _ in range(mistakes):
        drawn = mistaken(random, drawn)
    if drawn.loss not in CROSS_ENTROPIES:
        drawn = replace(drawn, from_logits=False)
    metrics = fitting_metrics(random, drawn)
    tail = random.choice(["linear", "reshape", "dropout", "flatten", "lambda"]) if random.random() < 0.15 else ""
    container = random.choices(["arrays", "dataset", "mapped", "generator", "sequence"], [12, 4, 4, 1, 1])[0]
    return replace(drawn, metrics=metrics, tail=tail, container=container)


def mistaken(random: Random, right: Pairing) -> Pairing:
    """The pairing with one thing changed, which can leave it right."""
    k = right.classes
    match random.choice(["units", "activation", "activation", "loss", "loss", "flag", "encoding", "encoding"]):
        case "units":
            wider = {1, max(1, k - 1), k + 1, max(k, 1)}
            return replace(right, units=random.choice(sorted(wider)))
        case "activation":
            options = ["softmax", "sigmoid", "linear", "linear", "relu", "tanh", "elu", "softplus", "log_softmax"]
            return replace(right, activation=random.choice(options))
        case "loss":
            options = [*CROSS_ENTROPIES, *CROSS_ENTROPIES, "kl_divergence", "mean_squared_error", "hinge"]
            return replace(right, loss=random.choice(options), from_logits=random.random() < 0.2)
        case "flag":
            return replace(right, from_logits=not right.from_logits)
        case _:
            encodings = {
                "classes": ["ids", "column", "from-one", "one-hot", *(["signed"] if k == 2 else [])],
                "labels": ["multi-hot"],
                "values": ["continuous", "unit"],
            }
            return replace(right, encoding=random.choice(encodings[right.task]))


def fitting_metrics(random: Random, pairing: Pairing) -> tuple[str, ...]:
    """Metrics as people choose them; `name@0` with a threshold of 0, `AUC logits` with `from_logits=True`."""
    if pairing.task == "values":
        options = ["mae", "mae", "accuracy", "mse", "RootMeanSquaredError", "R2Score"]
    elif pairing.units == 1 or pairing.task == "labels":
        options = ["binary_accuracy", "binary_accuracy@0", "AUC", "AUC logits", "Precision", "Recall", "Accuracy"]
        options += ["MeanIoU", "Precision@0"] if pairing.units == 1 else ["F1Score"]
    else:
        options = ["sparse_categorical_accuracy", "categorical_accuracy", "top_k", "sparse_top_k"]
        options += ["AUC", "F1Score"] if pairing.encoding == "one-hot" else []
    every = ["binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "Accuracy", "AUC", "Precision"]
    every += ["mae", "MeanIoU", "F1Score", "top_k", "sparse_top_k"]
    match random.choices(["none", "accuracy", "fitting", "any"], [30, 35, 25, 10])[0]:
        case "none":
            return ()
        case "accuracy" if pairing.task != "values":
            return ("accuracy",)
        case "any":
            return (random.choice(every),)
        case _:
            chosen = random.sample(options, random.choice([1, 1, 2]))
            same = len({name.split(" ")[0].split("@")[0] for name in chosen}) < len(chosen)
            return tuple(chosen[:1] if same else chosen)


def places(pairing: Pairing) -> int:
    """Among how many of the greatest units the right class may be, for a metric that counts places."""
    return 2 if pairing.units > 2 else 1
