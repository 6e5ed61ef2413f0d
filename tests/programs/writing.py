"""What all generated programs have in common: names, imports, and the shape of the whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from textwrap import indent
from typing import TypeVar

from programs.pairing import SPARSE, Pairing

T = TypeVar("T")

_NAMES = {
    "x": ["x", "x_train", "X", "features", "inputs_array"],
    "ids": ["y", "labels", "targets", "classes"],
    "y": ["y_train", "Y", "encoded", "y_encoded", "train_labels"],
    "model": ["model", "net", "clf", "network"],
    "loss": ["loss", "loss_fn", "criterion"],
    "k": ["num_classes", "NUM_CLASSES", "n_classes", "K"],
}

_SPACES = ("layers", "losses", "metrics", "activations", "optimizers", "utils", "models", "ops")

STYLES = [
    "keras",
    "keras",
    "tf.keras",
    "tf.keras",
    "from",
    "from",
    "direct",
    "direct",
    "keras layers",
    "spaces",
    "alias",
]
"""How Keras is imported: as a whole, from TensorFlow, name by name, module by module, under a short name."""

SHAPES = ["module", "module", "module", "main", "functions", "trainer", "folds", "with", "try"]
"""What stands around the statements."""


class Writer:
    """Writes one program. What is random is drawn where it is written.

    `parts` are the ways of writing that were taken, `plain` says that each is one that the linter promises to
    understand.
    """

    def __init__(self, random: Random, pairing: Pairing) -> None:
        self.random = random
        self.pairing = pairing
        self.plain = pairing.container in {"arrays", "dataset", "mapped"}
        self.parts = {f"container: {pairing.container}"}
        self.imports: dict[str, set[str]] = defaultdict(set)
        self.plain_imports = {"import numpy as np"}
        self.style = self.one(STYLES)
        self.parts.add(f"import: {self.style}")
        self.name = {role: random.choice(names) for role, names in _NAMES.items()}
        self.definitions: list[str] = []
        self.counted = ""
        self.branch = ""

    # Small parts

    def maybe(self, probability: float) -> bool:
        return self.random.random() < probability

    def one(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def way(self, kind: str, options: Sequence[str], *, plain: Iterable[str] | None = None) -> str:
        """One of several ways of writing, noted; only some of them may be plain."""
        chosen = self.one(options)
        self.parts.add(f"{kind}: {chosen}")
        self.plain = self.plain and (plain is None or chosen in plain)
        return chosen

    def api(self, space: str, name: str) -> str:
        """A name of the Keras API, as this program imports it."""
        assert space in _SPACES
        match self.style:
            case "direct" if space != "ops":
                self.imports[f"tensorflow.keras.{space}"].add(name)
                return name
            case "tf.keras":
                self.plain_imports.add("import tensorflow as tf")
                return f"tf.keras.{space}.{name}"
            case "from":
                self.plain_imports.add("from tensorflow import keras")
                return f"keras.{space}.{name}"
            case "spaces":
                self.imports["keras"].add(space)
                return f"{space}.{name}"
            case "alias":
                self.plain_imports.add("import tensorflow.keras as tfk")
                return f"tfk.{space}.{name}"
            case "keras layers" if space == "layers":
                self.plain_imports.add("from keras import layers")
                return f"layers.{name}"
            case _:
                self.plain_imports.add("import keras")
                return f"keras.{space}.{name}"

    def tf(self) -> str:
        self.plain_imports.add("import tensorflow as tf")
        return "tf"

    def layer(self, name: str, *arguments: str) -> str:
        return f"{self.api('layers', name)}({', '.join(arguments)})"

    # The whole

    def whole(self, data: list[str], built: list[str], trained: list[str]) -> str:
        """The program of three parts: the first of `trained` compiles."""
        match self.way("shape", SHAPES):
            case "main":
                body = [*data, *built, *trained]
                parts = [*self.definitions, function("main() -> None", body), 'if __name__ == "__main__":\n    main()']
            case "functions":
                parts = self.in_functions(data, built, trained)
            case "trainer":
                parts = self.in_a_class(data, built, trained)
            case "folds":
                body = [*built, *trained]
                parts = [*self.definitions, *data, "for fold in range(2):\n" + indented([*body, "print(fold)"])]
            case "with":
                scope = f'with {self.tf()}.device("/cpu:0"):\n'
                parts = [*self.definitions, *data, scope + indented([*built, trained[0]]), *trained[1:]]
            case "try":
                caught = "except MemoryError:\n    print('too large')\n    raise"
                parts = [*self.definitions, *data, *built, trained[0], f"try:\n{indented(trained[1:])}\n{caught}"]
            case _:
                parts = [*self.definitions, *data, *built, *trained]
        return self.page(parts)

    def page(self, parts: list[str]) -> str:
        """The text, under the imports that it needs."""
        body = "\n".join(self.with_noise(parts))
        return f"{self.head()}\n\n{body}\n"

    def head(self) -> str:
        lines = sorted(self.plain_imports)
        lines += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self.imports.items())]
        return "\n".join(lines)

    def in_functions(self, data: list[str], built: list[str], trained: list[str]) -> list[str]:
        x, y, model = self.name["x"], self.name["y"], self.name["model"]
        returned = ", ".join([x, y, *([self.counted] if self.counted else [])])
        load = function("load_data()", [*data, f"return {returned}"])
        parameters = [*([self.counted] if self.counted else []), y]
        make = function(f"make_model({', '.join(parameters)})", [*built, *trained[:1], f"return {model}"])
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
        init = function(f"__init__(self, {', '.join([x, y, *counted])})", store)
        build = function("build(self)", [*load, *built, *trained[:1], f"self.model = {model}"])
        ready = [f"{name} = self.{name}" for name in [x, *load_names]]
        train = function("train(self)", [f"{model} = self.model", *ready, *trained[1:]])
        cls = f"class Experiment:\n{indented([init, build, train])}"
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
        noise.append(function("another_model()", body))
        noise.append(f"spare = {sequential}([{dense}])")
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


def indented(lines: Iterable[str]) -> str:
    return "\n".join(indent(line, "    ") for line in lines)


def function(signature: str, body: Iterable[str]) -> str:
    return f"def {signature}:\n{indented(body)}\n"
