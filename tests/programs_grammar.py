"""A grammar of small Keras programs: right and wrong pairings, written in the many ways in which people write them.

`program(seed)` is the same text for ever. What is paired (`Pairing`) is drawn first, then how it is written; the
pairing is what an execution is judged by, the text is all that the linter sees.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from textwrap import indent
from typing import TypeVar

T = TypeVar("T")

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


@dataclass(frozen=True, slots=True)
class Program:
    """`plain`: every part is written as the linter promises to understand it."""

    seed: int
    text: str
    pairing: Pairing
    plain: bool


def program(seed: int) -> Program:
    random = Random(seed)  # noqa: S311
    pairing = _pairing(random)
    writer = _Writer(random, pairing)
    text = writer.write()
    return Program(seed, text, pairing, writer.plain)


# What is paired


def _right(random: Random) -> Pairing:
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


def _pairing(random: Random) -> Pairing:
    pairing = _right(random)
    mistakes = random.choices([0, 1, 2], [9, 9, 2])[0]
    for _ in range(mistakes):
        pairing = _mistaken(random, pairing)
    if pairing.loss not in CROSS_ENTROPIES:
        pairing = replace(pairing, from_logits=False)
    metrics = _metrics(random, pairing)
    tail = random.choice(["linear", "reshape", "dropout", "flatten", "lambda"]) if random.random() < 0.15 else ""
    container = random.choices(["arrays", "dataset", "mapped", "generator", "sequence"], [12, 4, 4, 1, 1])[0]
    return replace(pairing, metrics=metrics, tail=tail, container=container)


def _mistaken(random: Random, right: Pairing) -> Pairing:
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


def _metrics(random: Random, pairing: Pairing) -> tuple[str, ...]:
    if pairing.task == "values":
        options = ["mae", "mae", "accuracy", "mse"]
    elif pairing.units == 1 or pairing.task == "labels":
        options = ["binary_accuracy", "binary_accuracy@0", "AUC", "AUC logits", "Precision", "Recall", "Accuracy"]
        options += ["MeanIoU", "Precision@0"] if pairing.units == 1 else []
    else:
        options = ["sparse_categorical_accuracy", "categorical_accuracy"]
        options += ["AUC"] if pairing.encoding == "one-hot" else []
    every = ["binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "Accuracy", "AUC", "Precision"]
    every += ["mae", "MeanIoU"]
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


# How it is written

_NAMES = {
    "x": ["x", "x_train", "X", "features", "inputs_array"],
    "ids": ["y", "labels", "targets", "classes"],
    "y": ["y_train", "Y", "encoded", "y_encoded", "train_labels"],
    "model": ["model", "net", "clf", "network"],
    "loss": ["loss", "loss_fn", "criterion"],
    "k": ["num_classes", "NUM_CLASSES", "n_classes", "K"],
}

_MODULES = {
    "layers": "keras.layers",
    "losses": "keras.losses",
    "metrics": "keras.metrics",
    "activations": "keras.activations",
    "optimizers": "keras.optimizers",
    "utils": "keras.utils",
    "models": "keras.models",
}


class _Writer:
    """Writes one program. What is random is drawn where it is written."""

    def __init__(self, random: Random, pairing: Pairing) -> None:
        self.random = random
        self.pairing = pairing
        self.plain = pairing.container in {"arrays", "dataset", "mapped"}
        self.imports: dict[str, set[str]] = defaultdict(set)
        self.plain_imports = {"import numpy as np"}
        self.style = random.choice(["keras", "tf.keras", "from", "direct", "keras layers"])
        self.name = {role: random.choice(names) for role, names in _NAMES.items()}
        self.definitions: list[str] = []
        self.counted = ""
        self.branch = ""

    # Small parts

    def maybe(self, probability: float) -> bool:
        return self.random.random() < probability

    def one(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def api(self, space: str, name: str) -> str:
        """A name of the Keras API, as this program imports it."""
        module = _MODULES[space]
        match self.style:
            case "direct":
                self.imports[f"tensorflow.{module}"].add(name)
                return name
            case "tf.keras":
                self.plain_imports.add("import tensorflow as tf")
                return f"tf.{module}.{name}"
            case "from":
                self.plain_imports.add("from tensorflow import keras")
                return f"{module}.{name}"
            case "keras layers" if space == "layers":
                self.plain_imports.add("from keras import layers")
                return f"layers.{name}"
            case _:
                self.plain_imports.add("import keras")
                return f"{module}.{name}"

    def tf(self) -> str:
        self.plain_imports.add("import tensorflow as tf")
        return "tf"

    def layer(self, name: str, *arguments: str) -> str:
        return f"{self.api('layers', name)}({', '.join(arguments)})"

    def write(self) -> str:
        data = self.data()
        built = self.build()
        trained = [self.compiling(), *self.more(), self.fitting()]
        match self.one(["module", "module", "module", "main", "functions", "trainer", "folds", "with"]):
            case "main":
                body = [*data, *built, *trained]
                parts = [*self.definitions, _function("main() -> None", body), 'if __name__ == "__main__":\n    main()']
            case "functions":
                parts = self.in_functions(data, built, trained)
            case "trainer":
                parts = self.in_a_class(data, built, trained)
            case "folds":
                body = [*built, *trained]
                parts = [*self.definitions, *data, "for fold in range(2):\n" + _indented([*body, "print(fold)"])]
            case "with":
                scope = f'with {self.tf()}.device("/cpu:0"):\n'
                parts = [*self.definitions, *data, scope + _indented([*built, trained[0]]), *trained[1:]]
            case _:
                parts = [*self.definitions, *data, *built, *trained]
        return self.head() + "\n\n" + "\n".join(self.with_noise(parts)) + "\n"

    def head(self) -> str:
        lines = sorted(self.plain_imports)
        lines += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self.imports.items())]
        return "\n".join(lines)

    # The data

    def data(self) -> list[str]:
        x, ids, k = self.name["x"], self.name["ids"], self.pairing.classes
        generator = self.maybe(0.2)
        lines = ["rng = np.random.default_rng(5)"] if generator else ["np.random.seed(5)"]
        normal = f"{'rng' if generator else 'np.random'}.normal(size=({SAMPLES}, {FEATURES}))"
        match self.pairing.task:
            case "classes":
                lines += self.class_ids(ids, k, generator=generator)
                if not self.blobs:
                    lines += [f"{x} = {normal}", f"{x}[np.arange({SAMPLES}), {ids}] += 5.0"]
                    lines += [f'{x} = {x}.astype("float32")'] if self.maybe(0.5) else []
            case "labels":
                lines += self.several(ids, k, generator=generator)
                lines += [f"{x} = {normal}", f"{x}[:, :{k}] += 6.0 * {ids} - 3.0"]
            case _:
                lines += self.values(x, ids, normal, generator=generator)
        return [*lines, *self.encoding()]

    blobs = False

    def several(self, ids: str, k: int, *, generator: bool) -> list[str]:
        """Several labels for a sample."""
        if self.maybe(0.3):
            self.plain = False
            draw = "rng.integers" if generator else "np.random.randint"
            return [f"{ids} = {draw}(0, 2, size=({SAMPLES}, {k}))"]
        rows = [[self.random.randrange(2) for _ in range(k)] for _ in range(4)]
        if self.maybe(0.3):
            self.plain_imports.add("from sklearn.preprocessing import MultiLabelBinarizer")
            tags = [tuple(f"tag {n}" for n, one in enumerate(row) if one) for row in [[1] * k, [0] * k, *rows]]
            return [f"tags = {tags} * {SAMPLES // 6}", f"{ids} = MultiLabelBinarizer().fit_transform(tags)"]
        return [f"{ids} = np.array({[[1] * k, [0] * k, *rows]} * {SAMPLES // 6})"]

    def class_ids(self, ids: str, k: int, *, generator: bool) -> list[str]:
        draw = "rng.integers" if generator else "np.random.randint"
        ways = ["drawn", "drawn", "drawn", "blobs", "made", "literal", "tiled", "modulo", "repeat"]
        ways += ["comprehension", "encoder", "table"]
        match self.one(ways):
            case "drawn":
                self.plain = self.plain and not generator
                return [f"{ids} = {draw}(0, {k}, {self.one(['size=', ''])}{SAMPLES})"]
            case "blobs":
                self.blobs = True
                self.plain_imports.add("from sklearn.datasets import make_blobs")
                x = self.name["x"]
                arguments = f"n_samples={SAMPLES}, centers={k}, n_features={FEATURES}, random_state=3"
                return [f"{x}, {ids} = make_blobs({arguments})", f"{x} = {x} / 4.0"]
            case "made":
                self.blobs = True
                self.plain = False
                self.plain_imports.add("from sklearn.datasets import make_classification")
                arguments = f"n_samples={SAMPLES}, n_features={FEATURES}, n_informative=4, n_redundant=0, n_classes={k}"
                more = "n_clusters_per_class=1, class_sep=4.0, flip_y=0, random_state=3"
                return [f"{self.name['x']}, {ids} = make_classification({arguments}, {more})"]
            case "comprehension":
                self.plain = False
                return [f"{ids} = np.array([number % {k} for number in range({SAMPLES})])"]
            case "encoder":
                self.plain = False
                self.plain_imports.add("from sklearn.preprocessing import LabelEncoder")
                names = [f"kind {number}" for number in range(k)]
                chosen = f"np.array({names})[{draw}(0, {k}, {SAMPLES})]"
                return [f"names = {chosen}", f"{ids} = LabelEncoder().fit_transform(names)"]
            case "table":
                self.plain = False
                self.plain_imports.add("import pandas as pd")
                column = f'"target": {draw}(0, {k}, {SAMPLES})'
                return [
                    f"table = pd.DataFrame({{{column}}})",
                    f'{ids} = table["target"].{self.one(["values", "to_numpy()"])}',
                ]
            case "literal":
                numbers = [number % k for number in range(SAMPLES)]
                return [f"{ids} = np.array({numbers})"]
            case "tiled":
                return (
                    [f"{ids} = np.array({list(range(k))} * {SAMPLES // k})[:{SAMPLES}]"]
                    if SAMPLES % k == 0
                    else [f"{ids} = {draw}({k}, size={SAMPLES})"]
                )
            case "modulo":
                self.plain = False
                return [f"{ids} = np.arange({SAMPLES}) % {k}"]
            case _:
                self.plain = False
                return [f"{ids} = np.repeat(np.arange({k}), {SAMPLES} // {k} + 1)[:{SAMPLES}]"]

    def values(self, x: str, y: str, normal: str, *, generator: bool) -> list[str]:
        if self.pairing.encoding == "unit":
            drawn = f"rng.random({SAMPLES})" if generator else self.one([f"np.random.rand({SAMPLES})"])
            return [f"{x} = {normal}", f"{y} = {drawn}", f"{x}[:, 0] = 4.0 * {y} - 2.0"]
        match self.one(["drawn", "made", "uniform"]):
            case "drawn":
                self.plain = self.plain and not generator
                draw = f"rng.normal(size={SAMPLES})" if generator else f"np.random.randn({SAMPLES})"
                return [f"{x} = {normal}", f"{y} = {draw} * 3.0", f"{x}[:, 0] = {y} / 2.0"]
            case "uniform":
                self.plain = False
                draw = f"{'rng' if generator else 'np.random'}.uniform(-3, 4, {SAMPLES})"
                return [f"{x} = {normal}", f"{y} = {draw}", f"{x}[:, 0] = {y} / 2.0"]
            case _:
                self.plain_imports.add("from sklearn.datasets import make_regression")
                arguments = f"n_samples={SAMPLES}, n_features={FEATURES}, random_state=3"
                return [f"{x}, {y} = make_regression({arguments})"]

    def encoding(self) -> list[str]:
        """The lines that make what is fitted out of class ids; empty where a dataset's `map` will do it."""
        ids, k = self.name["ids"], self.pairing.classes
        lines = self.class_count(ids)
        count = self.counted or str(k)
        self.mapping = ""
        mapped = self.pairing.container == "mapped"
        match self.pairing.encoding:
            case "ids" | "multi-hot":
                expression = self.one([ids, ids, f'{ids}.astype("int32")', f'{ids}.astype("float32")'])
            case "column":
                options = [f"{ids}.reshape(-1, 1)", f"{ids}[:, None]", f"np.expand_dims({ids}, -1)"]
                expression = self.one([*options, f"{ids}.reshape(({SAMPLES}, 1))", f"{ids}[:, np.newaxis]"])
            case "from-one":
                expression = f"{ids} + 1"
                self.mapping = "{0} + 1" if mapped else ""
            case "signed":
                where = f"np.where({ids} == 1, 1, -1)"
                expression = self.one([where, where, f"2 * {ids} - 1", f"{ids} * 2 - 1"])
                self.plain = self.plain and expression == where
                self.mapping = "2 * {0} - 1" if mapped else ""
            case "one-hot":
                expression = self.one_hot(ids, count)
                self.mapping = f"{self.tf()}.one_hot({{0}}, {count})" if mapped else ""
            case _:
                expression = self.one([ids, ids, f'{ids}.astype("float32")'])
        if self.mapping or (expression == ids and self.maybe(0.7)):
            self.name["y"] = ids
            return lines
        y = self.name["y"] = self.one([self.name["y"], self.name["y"], ids])
        if self.maybe(0.15) and self.pairing.encoding in {"one-hot", "from-one", "signed"}:
            helper = self.one(["encode", "prepare_labels", "to_targets"])
            body = re.sub(rf"\b{ids}\b", "values", expression)
            extra = f", {self.counted}" if self.counted and self.counted in expression else ""
            self.definitions.append(_function(f"{helper}(values{extra})", [f"return {body}"]))
            return [*lines, f"{y} = {helper}({ids}{extra})"]
        return [*lines, f"{y} = {expression}"]

    def class_count(self, ids: str) -> list[str]:
        """A name for the number of classes, perhaps one that only the run knows."""
        k = self.pairing.classes
        if self.pairing.task != "classes" or self.maybe(0.5):
            return []
        self.counted = self.name["k"]
        ways = [str(k), str(k), f"len({[f'class {number}' for number in range(k)]})", f"int({ids}.max()) + 1"]
        ways += [f"len(np.unique({ids}))", f"np.unique({ids}).size", f"len(set({ids}.tolist()))"]
        way = self.one(ways)
        if self.maybe(0.1):
            self.plain_imports.add("import os")
            way = f'int(os.environ.get("CLASSES", "{k}"))'
        self.plain = self.plain and way == str(k)
        return [f"{self.counted}{self.one(['', '', ': int'])} = {way}"]

    def one_hot(self, ids: str, count: str) -> str:
        options = [f"{self.api('utils', 'to_categorical')}({ids}, {count})"] * 3
        options += [f"{self.api('utils', 'to_categorical')}({ids})", f"np.eye({count})[{ids}]"]
        options += [f"{self.api('utils', 'to_categorical')}({ids}, num_classes={count})"]
        if self.maybe(0.25):
            self.plain = False
            return self.by_a_library(ids)
        if self.maybe(0.15):
            options = [f"{self.tf()}.one_hot({ids}, {count}).numpy()", f"{self.tf()}.one_hot({ids}, depth={count})"]
        elif self.maybe(0.1):
            self.plain = False
            return f"(np.arange({count}) == {ids}[:, None]).astype('float32')"
        return self.one(options)

    def by_a_library(self, ids: str) -> str:
        """One-hot labels from scikit-learn or pandas."""
        if self.pairing.classes > 2 and self.maybe(0.4):
            self.plain_imports.add("from sklearn.preprocessing import LabelBinarizer")
            return f"LabelBinarizer().fit_transform({ids})"
        if self.maybe(0.5):
            self.plain_imports.add("from sklearn.preprocessing import OneHotEncoder")
            return f"OneHotEncoder(sparse_output=False).fit_transform({ids}.reshape(-1, 1))"
        self.plain_imports.add("import pandas as pd")
        ending = self.one(['.values.astype("float32")', ".to_numpy(dtype=float)"])
        return f"pd.get_dummies({ids}){ending}"

    # The model

    def units(self) -> str:
        k, units = self.pairing.classes, self.pairing.units
        if self.counted and units > 1 and self.maybe(0.8):
            offset = units - k
            return self.counted if not offset else f"{self.counted} {'+' if offset > 0 else '-'} {abs(offset)}"
        if self.pairing.encoding == "one-hot" and not self.mapping and units == k > 1 and self.maybe(0.1):
            self.plain = False
            return f"{self.name['y']}.shape[1]"
        return str(units)

    def activation(self) -> tuple[list[str], list[str]]:
        """How the activation is given: an argument of the last dense layer, or a layer that follows."""
        name = self.pairing.activation
        if name == "linear":
            return self.one([[], [], ["activation=None"], ['activation="linear"']]), []
        function = self.one(["activations", "tf.nn"]) if name not in {"elu", "linear"} else "activations"
        match self.one(["string", "string", "string", "function", "layer", "own layer"]):
            case "function" if function == "tf.nn":
                return [f"activation={self.tf()}.nn.{name}"], []
            case "function":
                return [f"activation={self.api('activations', name)}"], []
            case "layer":
                return [], [self.layer("Activation", f'"{name}"')]
            case "own layer" if name in {"softmax", "relu", "elu"}:
                return [], [self.layer({"softmax": "Softmax", "relu": "ReLU", "elu": "ELU"}[name])]
            case _:
                return [f'activation="{name}"'], []

    def head_layers(self) -> list[str]:
        argument, follows = self.activation()
        units = self.units()
        dense = self.layer("Dense", self.one([units, units, f"units={units}"]), *argument)
        match self.pairing.tail:
            case "linear":
                follows.append(self.layer("Activation", '"linear"', 'dtype="float32"'))
            case "reshape":
                follows.append(self.layer("Reshape", f"({self.pairing.units},)"))
            case "dropout":
                follows.append(self.layer("Dropout", "0.1"))
            case "flatten":
                follows.append(self.layer("Flatten"))
            case "lambda":
                follows.append(self.layer("Lambda", "lambda t: t"))
        return [dense, *follows]

    def hidden_layers(self) -> list[str]:
        sizes = self.one([[], [], [8], [16], [16, 8]])
        return [self.layer("Dense", str(size), 'activation="relu"') for size in sizes]

    def build(self) -> list[str]:
        model = self.name["model"]
        styles = [
            "list",
            "list",
            "add",
            "add loop",
            "functional",
            "functional",
            "subclass",
            "branches",
            "nested",
            "own",
        ]
        style = self.one(styles)
        if style == "branches":
            return self.in_branches()
        hidden, last = self.hidden_layers(), self.head_layers()
        lines = self.model(model, style, hidden, last)
        if style != "subclass" and self.maybe(0.2) and not any(self.counted and self.counted in one for one in last):
            name = self.one(["build_model", "create_model", "get_network", "make"])
            self.definitions.append(_function(f"{name}()", [*lines, f"return {model}"]))
            return [f"{model} = {name}()"]
        return lines

    def model(self, model: str, style: str, hidden: list[str], last: list[str]) -> list[str]:
        shape = self.layer("Input", self.one([f"({FEATURES},)", f"shape=({FEATURES},)"]))
        sequential, functional = self.api("models", "Sequential"), self.api("models", "Model")
        match style:
            case "list":
                return [f"{model} = {sequential}([", *(f"    {one}," for one in [shape, *hidden, *last]), "])"]
            case "add":
                return [f"{model} = {sequential}()", *(f"{model}.add({one})" for one in [shape, *hidden, *last])]
            case "add loop":
                dense = self.layer("Dense", "size", 'activation="relu"')
                loop = f"for size in {self.one(['(8,)', '[16, 8]', 'range(8, 10)'])}:\n    {model}.add({dense})"
                return [
                    f"{model} = {sequential}()",
                    f"{model}.add({shape})",
                    loop,
                    *(f"{model}.add({i})" for i in last),
                ]
            case "nested":
                body = f"body = {sequential}([{', '.join([shape, *(hidden or [self.layer('Flatten')])])}])"
                return [body, f"{model} = {sequential}([", "    body,", *(f"    {one}," for one in last), "])"]
            case "own":
                self.plain = False
                added = [f"self.add({one})" for one in [shape, *hidden, *last]]
                init = _function("__init__(self)", ["super().__init__()", *added])
                return [f"class Stack({sequential}):\n{_indented([init])}", f"{model} = Stack()"]
            case "functional":
                x = self.one(["h", "t", "hidden"])
                lines = [f"inputs = {shape}", f"{x} = inputs"]
                if self.maybe(0.3):
                    lines.append(f"for layer in [{', '.join(hidden)}]:\n    {x} = layer({x})")
                else:
                    lines += [f"{x} = {one}({x})" for one in hidden]
                lines += [f"{x} = {one}({x})" for one in last]
                return [*lines, f"{model} = {functional}(inputs{self.one(['=inputs, outputs=', ', '])}{x})"]
            case _:
                return self.subclass(model, functional, hidden, last)

    def subclass(self, model: str, base: str, hidden: list[str], last: list[str]) -> list[str]:
        name = self.one(["Net", "Classifier", "MyModel"])
        self.plain = False
        attributes = [f"self.layer{number} = {one}" for number, one in enumerate([*hidden, *last])]
        parameter = f", {self.counted}" if self.counted and any(self.counted in one for one in last) else ""
        calls = [f"t = self.layer{number}(t)" for number in range(len(attributes))]
        init = _function(f"__init__(self{parameter})", ["super().__init__()", *attributes])
        call = _function("call(self, t)", [*calls, "return t"])
        if f"{self.name['y']}.shape" in "".join(last):
            return [f"class {name}({base}):\n{_indented([init, call])}", f"{model} = {name}()"]
        self.definitions.append(f"class {name}({base}):\n{_indented([init, call])}")
        return [f"{model} = {name}({parameter.removeprefix(', ')})"]

    def in_branches(self) -> list[str]:
        """Units, activation and loss are chosen by the number of classes, or by a flag; the other side is right too."""
        model, pairing, k = self.name["model"], self.pairing, self.pairing.classes
        chosen = _chosen(pairing, f'"{pairing.loss}"')
        self.branch = "chosen_loss"
        if pairing.task == "classes" and self.counted:
            other = (
                ("1", '"sigmoid"', '"binary_crossentropy"')
                if k > 2
                else (
                    self.counted,
                    '"softmax"',
                    f'"{SPARSE if pairing.encoding != "one-hot" else CATEGORICAL[0]}"',
                )
            )
            sides = (chosen, other) if k == 2 else (other, chosen)
            test = self.one([f"{self.counted} == 2", f"{self.counted} < 3", f"{self.counted} <= 2"])
        else:
            self.plain_imports.add("import os")
            test, sides = self.one(['os.environ.get("LARGE")', 'os.environ.get("MODE") == "other"']), (chosen, chosen)
        self.plain = False
        names = ("units", "head_activation", self.branch)
        yes, no = ([f"{name} = {value}" for name, value in zip(names, side, strict=True)] for side in sides)
        choice = f"if {test}:\n{_indented(yes)}\nelse:\n{_indented(no)}"
        dense = self.layer("Dense", "units", "activation=head_activation")
        return [choice, *self.model(model, self.one(["list", "add", "functional"]), self.hidden_layers(), [dense])]

    # Loss, metrics, training

    def loss(self) -> tuple[list[str], str]:
        pairing, lines = self.pairing, list[str]()
        if self.branch and not pairing.from_logits:
            return [], self.branch
        name, cls = pairing.loss, self.api("losses", CLASS_NAMES[pairing.loss])
        if pairing.from_logits:
            flag = self.one(["from_logits=True", "from_logits=True", "from_logits=1 == 1"])
            if self.maybe(0.15):
                lines.append(f"raw_scores = {self.one(['True', 'not False', '1 > 0'])}")
                flag = "from_logits=raw_scores"
            options = [f"{cls}({flag})"] * 4
            if name in {"binary_crossentropy", SPARSE, "categorical_crossentropy"} and self.maybe(0.3):
                self.plain = False
                function = self.api("losses", name)
                self.plain_imports.add("import functools")
                options = [f"functools.partial({function}, from_logits=True)", "own_loss"]
                body = f"return {function}(y_true, y_pred, from_logits=True)"
                self.definitions.append(_function("own_loss(y_true, y_pred)", [body]))
        else:
            function = self.loss_function(name) if self.maybe(0.15) else f'"{name}"'
            options = [f'"{name}"'] * 4 + [f"{cls}()"] * 2 + [function, cls]
            options += [f'"{SHORT_NAMES[name]}"'] if name in SHORT_NAMES else []
            options += [f"{cls}(from_logits=False)"] if name in CROSS_ENTROPIES else []
        expression = self.one(options)
        self.plain = self.plain and expression not in {"own_loss", cls}
        if self.maybe(0.3):
            lines.append(f"{self.name['loss']} = {expression}")
            return lines, self.name["loss"]
        return lines, expression

    def loss_function(self, name: str) -> str:
        return self.api("losses", name if self.style.startswith("keras") else CAPITALS.get(name, name))

    def metric(self, name: str) -> str:
        make = {
            "binary_accuracy": "BinaryAccuracy",
            "categorical_accuracy": "CategoricalAccuracy",
            "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
            "Accuracy": "Accuracy",
            "AUC": "AUC",
            "Precision": "Precision",
            "Recall": "Recall",
        }
        count = max(2, self.pairing.classes)
        match name:
            case "accuracy":
                return self.one(['"accuracy"', '"accuracy"', '"acc"'])
            case "mae" | "mse":
                return f'"{name}"'
            case "binary_accuracy@0":
                return f"{self.api('metrics', 'BinaryAccuracy')}(threshold={self.one(['0', '0.0'])})"
            case "Precision@0":
                return f"{self.api('metrics', 'Precision')}(thresholds=0)"
            case "MeanIoU":
                return f"{self.api('metrics', 'MeanIoU')}({self.one([str(count), f'num_classes={count}'])})"
            case "AUC logits":
                return f"{self.api('metrics', 'AUC')}(from_logits=True)"
            case _ if "accuracy" in name and self.maybe(0.6):
                return f'"{name}"'
            case _:
                return f"{self.api('metrics', make[name])}()"

    def compiling(self) -> str:
        before, loss = self.loss()
        metrics = [self.metric(name) for name in self.pairing.metrics]
        optimizer = self.one(['"adam"', '"adam"', f"{self.api('optimizers', 'Adam')}(0.01)"])
        optimizer = self.one([optimizer, f"optimizer={optimizer}"])
        arguments = [optimizer, f"loss={loss}"]
        if metrics:
            arguments.append(f"metrics=[{', '.join(metrics)}]")
        call = f"{self.name['model']}.compile({', '.join(arguments)})"
        if self.maybe(0.02 if metrics else 0.1):
            self.plain = False
            listed = f", [{', '.join(metrics)}]" if metrics else ""
            return "\n".join(
                [*before, f"{self.name['model']}.compile({optimizer.removeprefix('optimizer=')}, {loss}{listed})"]
            )
        if self.maybe(0.08):
            self.plain = False
            pairs = [f'"optimizer": {optimizer.removeprefix("optimizer=")}', f'"loss": {loss}']
            pairs += [f'"metrics": [{", ".join(metrics)}]'] if metrics else []
            return "\n".join([*before, f"options = {{{', '.join(pairs)}}}", f"{self.name['model']}.compile(**options)"])
        if len(call) > 110 or self.maybe(0.3):
            call = f"{self.name['model']}.compile(\n" + _indented([f"{one}," for one in arguments]) + "\n)"
        if self.maybe(0.05):
            call = f'{self.name["model"]}.compile("sgd", loss="mse")\n{call}'
        return "\n".join([*before, call])

    def more(self) -> list[str]:
        model = self.name["model"]
        options = [f'print("layers:", len({model}.layers))', f"assert {model} is not None", "epochs = 3"]
        return [one for one in options if self.maybe(0.15)]

    def fitting(self) -> str:
        model, x, y = self.name["model"], self.name["x"], self.name["y"]
        options = self.one(["epochs=2", "epochs=2, verbose=0", "batch_size=20, epochs=1", "epochs=1, shuffle=True"])
        size = 20
        kept = self.one(["", "", "history = "])
        match self.pairing.container:
            case "dataset" | "mapped" if self.pairing.container == "dataset" or self.mapping:
                data = f"{self.tf()}.data.Dataset.from_tensor_slices(({x}, {y}))"
                if self.mapping and self.maybe(0.5):
                    self.definitions.append(_function("encode_pair(a, b)", [f"return a, {self.mapping.format('b')}"]))
                    inner = self.counted and self.counted in self.mapping
                    data += ".map(encode_pair)" if not inner else f".map({self._lambda()})"
                    if inner:
                        self.definitions.pop()
                elif self.mapping:
                    data += f".map({self._lambda()})"
                data += self.one([f".batch({size})", f".shuffle({SAMPLES}).batch({size})"])
                data += self.one(["", ".prefetch(1)", ".prefetch(tf.data.AUTOTUNE)"])
                options = options.replace("batch_size=20, ", "").replace(", shuffle=True", "")
                return f"train_data = {data}\n{kept}{model}.fit(train_data, {options})"
            case "generator":
                loop = f"for start in range(0, {SAMPLES}, {size}):"
                slices = f"yield a[start:start + {size}], b[start:start + {size}]"
                body = ["while True:", f"    {loop}", f"        {slices}"]
                self.definitions.append(_function("batches(a, b)", body))
                return f"{kept}{model}.fit(batches({x}, {y}), steps_per_epoch={SAMPLES // size}, epochs=1)"
            case "sequence":
                init = _function("__init__(self, a, b)", ["super().__init__()", "self.a, self.b = a, b"])
                length = _function("__len__(self)", [f"return len(self.a) // {size}"])
                place = f"place = slice(index * {size}, (index + 1) * {size})"
                item = _function("__getitem__(self, index)", [place, "return self.a[place], self.b[place]"])
                base = self.api("utils", "PyDataset")
                self.definitions.append(f"class Batches({base}):\n{_indented([init, length, item])}")
                return f"{kept}{model}.fit(Batches({x}, {y}), epochs=1)"
            case _:
                if self.maybe(0.12):
                    self.plain_imports.add("from sklearn.model_selection import train_test_split")
                    names = "a_train, a_test, b_train, b_test"
                    split = f"{names} = train_test_split({x}, np.asarray({y}), test_size=0.25, random_state=1)"
                    return f"{split}\n{kept}{model}.fit(a_train, b_train, validation_data=(a_test, b_test), {options})"
                if self.maybe(0.15):
                    return f"{kept}{model}.fit({x}, {y}, validation_data=({x}, {y}), {options})"
                return f"{kept}{model}.fit({self.one([f'{x}, {y}', f'{x}, {y}', f'x={x}, y={y}'])}, {options})"

    def _lambda(self) -> str:
        return f"lambda a, b: (a, {self.mapping.format('b')})"

    # The whole

    def in_functions(self, data: list[str], built: list[str], trained: list[str]) -> list[str]:
        x, y, model = self.name["x"], self.name["y"], self.name["model"]
        returned = ", ".join([x, y, *([self.counted] if self.counted else [])])
        load = _function("load_data()", [*data, f"return {returned}"])
        parameters = [*([self.counted] if self.counted else []), y]
        make = _function(f"make_model({', '.join(parameters)})", [*built, *trained[:1], f"return {model}"])
        if self.branch or any("raw_scores" in line for line in trained):
            self.plain = False
        main = [f"{returned} = load_data()", f"{model} = make_model({', '.join(parameters)})", *trained[1:]]
        return [*self.definitions, load, make, *main]

    def in_a_class(self, data: list[str], built: list[str], trained: list[str]) -> list[str]:
        x, y, model = self.name["x"], self.name["y"], self.name["model"]
        self.plain = False
        counted = [self.counted] if self.counted else []
        store = [f"self.{name} = {name}" for name in [x, y, *counted]]
        load_names = [y, *counted]
        load = [f"{name} = self.{name}" for name in load_names]
        init = _function(f"__init__(self, {', '.join([x, y, *counted])})", store)
        build = _function("build(self)", [*load, *built, *trained[:1], f"self.model = {model}"])
        ready = [f"{name} = self.{name}" for name in [x, *load_names]]
        train = _function("train(self)", [f"{model} = self.model", *ready, *trained[1:]])
        cls = f"class Experiment:\n{_indented([init, build, train])}"
        use = [f"experiment = Experiment({', '.join([x, y, *counted])})", "experiment.build()", "experiment.train()"]
        return [*self.definitions, cls, *data, *use]

    def with_noise(self, parts: list[str]) -> list[str]:
        """Code that has nothing to do with the pairing, between the other statements."""
        noise = [
            "def moving_average(values, size=3):\n    return np.convolve(values, np.ones(size) / size)",
            "try:\n    import matplotlib_that_nobody_has as plt\nexcept ImportError:\n    plt = None",
            'settings = {"epochs": 2, "loss": "unused", "metrics": ["accuracy"]}',
            "for attempt in range(2):\n    last_attempt: int = attempt",
            'class Settings:\n    learning_rate = 0.01\n    loss = "mse"',
            "if False:\n    raise SystemExit(1)",
            'print(f"{1 + 1} things to do")',
            "squares = [number * number for number in range(4)]",
            "def unused(loss='categorical_crossentropy', units=7):\n    return loss, units",
            "# The labels were checked by hand.",
            'loss_names = ["mse", "hinge"]\nbest_loss = None',
            "with np.errstate(divide='ignore'):\n    ratio = 1 / 2",
            "global_step, y_pred = 0, None",
        ]
        dense = self.layer("Dense", "3", 'activation="softmax"')
        sequential = self.api("models", "Sequential")
        body = [f"other = {sequential}([{dense}])", f'other.compile("adam", loss="{SPARSE}")', "return other"]
        noise.append(_function("another_model()", body))
        noise.append(f"base = {sequential}([{dense}])")
        woven: list[str] = []
        for part in parts:
            if not part.startswith((" ", "])")) and self._at_statement(woven) and self.maybe(0.12):
                woven.append(self.one(noise))
            woven.append(part)
        return woven

    @staticmethod
    def _at_statement(lines: list[str]) -> bool:
        """Whether what has been written so far ends with a whole statement."""
        try:
            compile("\n".join(lines), "<written>", "exec")
        except SyntaxError:
            return False
        return not lines or not lines[-1].rstrip().endswith(":")


def _chosen(pairing: Pairing, loss: str) -> tuple[str, str, str]:
    activation = "None" if pairing.activation == "linear" else f'"{pairing.activation}"'
    return str(pairing.units), activation, loss


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(indent(line, "    ") for line in lines)


def _function(signature: str, body: Iterable[str]) -> str:
    return f"def {signature}:\n{_indented(body)}\n"
