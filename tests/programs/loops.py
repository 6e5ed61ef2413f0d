"""Generated programs that train in a loop of their own, with a gradient tape and a loss that is called."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from programs.pairing import CLASS_NAMES, CROSS_ENTROPIES, SPARSE, Pairing, pairing
from programs.training import TrainingWriter
from programs.writing import function, indented

ROUNDS = 100

RAW = {
    "categorical_crossentropy": "softmax_cross_entropy_with_logits",
    SPARSE: "sparse_softmax_cross_entropy_with_logits",
    "binary_crossentropy": "sigmoid_cross_entropy_with_logits",
}
"""Functions of `tf.nn` that take raw scores."""


def for_a_loop(random: Random) -> Pairing:
    """A pairing without metrics that learns at the pace of a fixed step size."""
    while True:
        drawn = replace(pairing(random), metrics=(), tail="", container="arrays")
        if drawn.task != "values" or drawn.encoding == "unit":
            return drawn


class LoopWriter(TrainingWriter):
    """Writes a training loop. `names` are those of the model, its inputs, the labels and the outputs in a step."""

    names = ("", "", "", "")

    def write(self) -> str:
        self.plain = False
        self.parts.add("kind: own loop")
        data = self.data()
        built = self.build()
        if self.branch:
            self.branch = ""
        ready = f"assert {self.name['model']} is not None"
        return self.whole(data, built, [ready, self.training()])

    def training(self) -> str:
        model, x, y = self.name["model"], self.name["x"], self.name["y"]
        adam = f"{self.api('optimizers', 'Adam')}(0.08)"
        before, call = self.called_loss()
        match self.way("loop", ["straight", "step", "step", "compiled step", "dataset"]):
            case "step" | "compiled step" as way:
                self.names = ("net", "a", "b", "scores")
                step = function("train_step(net, optimizer, a, b)", [*before, *self.step(call), "return value"])
                self.definitions.append(f"@{self.tf()}.function\n{step}" if way != "step" else step)
                rounds = f"value = train_step({model}, optimizer, {x}, {y})"
                return f"optimizer = {adam}\nfor epoch in range({ROUNDS}):\n    {rounds}"
            case "dataset":
                self.names = (model, "a", "b", "scores")
                data = f"{self.tf()}.data.Dataset.from_tensor_slices(({x}, {y})).batch(len({x}))"
                body = indented(indented(self.step(call)).splitlines())
                loop = f"for epoch in range({ROUNDS}):\n    for a, b in batches:\n{body}"
                return "\n".join([*before, f"optimizer = {adam}", f"batches = {data}", loop])
            case _:
                self.names = (model, x, y, "scores")
                loop = f"for epoch in range({ROUNDS}):\n{indented(self.step(call))}"
                return "\n".join([*before, f"optimizer = {adam}", loop])

    def step(self, call: str) -> list[str]:
        """One step, with the loss as it is called: `{y}` stands for the labels."""
        net, a, b, scores = self.names
        forward = f"{scores} = {net}({a}{self.one(['', ', training=True'])})"
        taped = [forward, f"value = {call.format(y=b, p=scores)}"]
        tape = f"with {self.tf()}.GradientTape() as tape:\n{indented(taped)}"
        variables = f"{net}.trainable_variables"
        apply = f"optimizer.apply_gradients(zip(gradients, {variables}))"
        return [tape, f"gradients = tape.gradient(value, {variables})", apply]

    def called_loss(self) -> tuple[list[str], str]:
        """What comes before, and the call with `{y}` and `{p}` for labels and predictions."""
        name, raw = self.pairing.loss, self.pairing.from_logits
        self.parts.add(f"loss: {name}{' from_logits' if raw else ''}")
        flag = "from_logits=True" if raw else ""
        swapped = self.maybe(0.08)
        y, p = ("{p}", "{y}") if swapped else ("{y}", "{p}")
        if swapped:
            self.parts.add("call: swapped")
        ways = ["instance", "instance", "made in place"]
        ways += (
            ["function", "function of the mean"] if name in {*CROSS_ENTROPIES, "mean_squared_error", "hinge"} else []
        )
        ways += ["tf.nn"] * 3 if name in RAW and raw and not swapped else []
        cls = self.api("losses", CLASS_NAMES[name])
        match self.way("called loss", ways):
            case "instance":
                return [f"loss_of = {cls}({flag})"], f"loss_of({y}, {p})"
            case "made in place":
                return [], f"{cls}({flag})({y}, {p})"
            case "tf.nn":
                return [], self.raw_call(RAW[name])
            case way:
                call = f"{self.loss_function(name)}({y}, {p}{f', {flag}' if flag else ''})"
                mean = f"{self.tf()}.reduce_mean({call})" if way == "function" else f"{self.api('ops', 'mean')}({call})"
                return [], mean

    def raw_call(self, name: str) -> str:
        tf = self.tf()
        dtype = "int32" if name.startswith("sparse") else "float32"
        labels = f"{tf}.cast({{y}}, {tf}.{dtype})"
        return f"{tf}.reduce_mean({tf}.nn.{name}(labels={labels}, logits={{p}}))"
