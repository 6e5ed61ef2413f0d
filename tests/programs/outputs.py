"""Generated programs whose model has two outputs, each with its own labels, loss and metrics."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from programs.pairing import FEATURES, SAMPLES, Pairing, pairing, right
from programs.training import SIZE, TrainingWriter
from programs.writing import function, indented

HEADS = [("kind", "colour"), ("class_output", "value_output"), ("first", "second"), ("main", "aux")]
SHARE = FEATURES // 2
"""Each head reads so many of the features."""


def two_pairings(random: Random) -> tuple[Pairing, Pairing]:
    """A right pairing and one that may be wrong, in any order, both of few classes."""
    found = [_small(random, right), _small(random, pairing)]
    random.shuffle(found)
    return found[0], found[1]


def _small(random: Random, draw: object) -> Pairing:
    assert callable(draw)
    while True:
        drawn: Pairing = draw(random)
        metrics = tuple(name for name in drawn.metrics if "accuracy" in name and "@" not in name)
        plain = replace(drawn, container="arrays", tail="", metrics=metrics)
        if plain.classes <= SHARE and "@" not in "".join(plain.metrics):
            return plain


class OutputsWriter(TrainingWriter):
    """Writes a model of two outputs."""

    def __init__(self, random: Random, pairings: tuple[Pairing, Pairing]) -> None:
        super().__init__(random, pairings[0])
        self.pairings = pairings
        self.heads = self.one(HEADS)
        self.weights: tuple[float, ...] = ()
        self.plain = False
        self.parts = {"kind: several outputs"}

    def write(self) -> str:
        labels = [f"{head}_labels" for head in self.heads]
        form = self.way("outputs", ["list", "list", "dictionary", "subclass"])
        data = ["np.random.seed(5)", f"x = np.random.normal(size=({SAMPLES}, {FEATURES}))"]
        for number, (one, y) in enumerate(zip(self.pairings, labels, strict=True)):
            data += self.labels_of(one, y, SHARE * number)
        built = self.two_heads(form)
        trained = [self.compiling_two(form), self.fitting_two(form, labels)]
        self.name["x"], self.name["y"] = "x", ", ".join(labels)
        self.counted = ""
        text = self.way("shape", ["module", "module", "main", "function"])
        match text:
            case "main":
                parts = [function("main()", [*data, *built, *trained]), "main()"]
            case "function":
                make = function("build()", [*built, trained[0], f"return {self.name['model']}"])
                parts = [make, *data, f"{self.name['model']} = build()", trained[1]]
            case _:
                parts = [*data, *built, *trained]
        return self.page([*self.definitions, *parts])

    def labels_of(self, one: Pairing, y: str, start: int) -> list[str]:
        """Labels of one head, and what the features say of them."""
        self.parts.add(f"encoding: {one.encoding}")
        k = one.classes
        if one.task == "values":
            drawn = f"np.random.rand({SAMPLES})" if one.encoding == "unit" else f"np.random.randn({SAMPLES}) * 3.0"
            told = f"4.0 * {y} - 2.0" if one.encoding == "unit" else f"{y} / 2.0"
            return [f"{y} = {drawn}", f"x[:, {start}] = {told}"]
        if one.task == "labels":
            rows = [[1] * k, [0] * k, *([self.random.randrange(2) for _ in range(k)] for _ in range(4))]
            return [f"{y} = np.array({rows} * {SAMPLES // 6})", f"x[:, {start}:{start + k}] += 6.0 * {y} - 3.0"]
        lines = [f"{y} = np.random.randint(0, {k}, {SAMPLES})", f"x[np.arange({SAMPLES}), {start} + {y}] += 5.0"]
        encoded = {
            "column": [f"{y}.reshape(-1, 1)", f"{y}[:, None]"],
            "from-one": [f"{y} + 1"],
            "signed": [f"2 * {y} - 1", f"np.where({y} == 1, 1, -1)"],
            "one-hot": [f"{self.api('utils', 'to_categorical')}({y}, {k})", f"np.eye({k})[{y}]"],
        }
        options = encoded.get(one.encoding)
        return [*lines, f"{y} = {self.one(options)}"] if options else lines

    def units(self) -> str:
        return str(self.pairing.units)

    def of_head(self, number: int) -> list[str]:
        """The layers of one head, the last one under its name."""
        self.pairing = self.pairings[number]
        layers = self.head_layers()
        last = layers[-1].removesuffix(")")
        comma = "" if last.endswith("(") else ", "
        return [*layers[:-1], f'{last}{comma}name="{self.heads[number]}")']

    def two_heads(self, form: str) -> list[str]:
        shape, model = self.layer("Input", f"({FEATURES},)"), self.api("models", "Model")
        hidden = self.one([[], [self.layer("Dense", "16", 'activation="relu"')]])
        name = self.name["model"]
        if form == "subclass":
            return self.two_heads_in_a_class(model, hidden)
        lines = [f"inputs = {shape}", "shared = inputs", *(f"shared = {one}(shared)" for one in hidden)]
        for number, head in enumerate(self.heads):
            first, *others = self.of_head(number)
            lines += [f"{head} = {first}(shared)", *(f"{head} = {one}({head})" for one in others)]
        a, b = self.heads
        outputs = f'{{"{a}": {a}, "{b}": {b}}}' if form == "dictionary" else f"[{a}, {b}]"
        return [*lines, f"{name} = {model}(inputs=inputs, outputs={outputs})"]

    def two_heads_in_a_class(self, model: str, hidden: list[str]) -> list[str]:
        made, called = [], ["shared = t"]
        for number, one in enumerate(hidden):
            made.append(f"self.hidden{number} = {one}")
            called.append(f"shared = self.hidden{number}(shared)")
        for number, head in enumerate(self.heads):
            layers = self.of_head(number)
            made += [f"self.{head}_{place} = {one}" for place, one in enumerate(layers)]
            called.append(f"{head} = shared")
            called += [f"{head} = self.{head}_{place}({head})" for place in range(len(layers))]
        a, b = self.heads
        called.append(f'return {{"{a}": {a}, "{b}": {b}}}')
        init = function("__init__(self)", ["super().__init__()", *made])
        self.definitions.append(f"class TwoHeads({model}):\n{indented([init, function('call(self, t)', called)])}")
        return [f"{self.name['model']} = TwoHeads()"]

    def of_each(self, texts: list[str], *, named: bool) -> str:
        """One text for each head, by name or in order."""
        if named:
            return "{" + ", ".join(f'"{head}": {one}' for head, one in zip(self.heads, texts, strict=True)) + "}"
        return f"[{', '.join(texts)}]"

    def compiling_two(self, form: str) -> str:
        before, losses, metrics = list[str](), list[str](), list[str]()
        for one in self.pairings:
            self.pairing, self.branch = one, ""
            lines, loss = self.loss()
            if loss == self.name["loss"]:
                loss = lines.pop().partition(" = ")[2]
            before += lines
            losses.append(loss)
            metrics.append(f"[{', '.join(self.metric(name) for name in one.metrics)}]")
        named = form != "list" or self.maybe(0.5)
        arguments = ['"adam"', f"loss={self.of_each(losses, named=named)}"]
        if losses[0] == losses[1] and losses[0].startswith('"') and self.maybe(0.5):
            self.parts.add("losses: one for all")
            arguments[1] = f"loss={losses[0]}"
        elif self.maybe(0.3):
            self.parts.add("losses: weights")
            self.weights = (1.0, 0.5)
            arguments.append(f"loss_weights={self.of_each(['1.0', '0.5'], named=named)}")
        if any(one.metrics for one in self.pairings):
            arguments.append(f"metrics={self.of_each(metrics, named=named)}")
        return "\n".join([*before, f"{self.name['model']}.compile({', '.join(arguments)})"])

    def fitting_two(self, form: str, labels: list[str]) -> str:
        model, named = self.name["model"], form != "list"
        y = self.of_each(labels, named=named)
        if self.maybe(0.3):
            self.parts.add("container: dataset of several")
            y = y if named else f"({', '.join(labels)})"
            data = f"{self.tf()}.data.Dataset.from_tensor_slices((x, {y})).batch({SIZE})"
            return f"train_data = {data}\n{model}.fit(train_data, epochs=2)"
        return f"{model}.fit(x, {y}, epochs=2, batch_size={SIZE})"
