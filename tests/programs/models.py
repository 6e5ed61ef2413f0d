"""How generated programs build their models."""

from __future__ import annotations

import re

from programs.labels import LabelsWriter
from programs.pairing import CATEGORICAL, FEATURES, SPARSE, Pairing
from programs.writing import function, indented

STYLES = ["list", "list", "add", "add loop", "functional", "functional", "functional", "subclass", "subclass"]
RARE_STYLES = ["branches", "nested", "own", "popped", "truncated", "cloned", "extended", "dictionary", "class method"]


class ModelWriter(LabelsWriter):
    """Writes the model."""

    shape = f"({FEATURES},)"
    """The shape of one sample."""

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
        self.parts.add(f"activation: {name}")
        if name == "linear":
            return self.one([[], [], ["activation=None"], ['activation="linear"']]), []
        ways = ["string", "string", "string", "string", "keras function", "tf.nn", "layer", "layer", "own layer"]
        ways += ["lambda", "lambda layer", "function in a layer", "layer as an activation", "get"]
        if name == "elu" or self.style == "direct":
            ways = [way for way in ways if way != "get"]
        if name == "elu":
            ways = [way for way in ways if way not in {"tf.nn", "lambda", "lambda layer"}]
        plain = {"string", "keras function", "tf.nn", "layer", "own layer", "function in a layer"}
        match self.way("activation", ways, plain=plain):
            case "tf.nn":
                return [f"activation={self.tf()}.nn.{name}"], []
            case "keras function":
                return [f"activation={self.api('activations', name)}"], []
            case "layer":
                return [], [self.layer("Activation", f'"{name}"')]
            case "function in a layer":
                return [], [self.layer("Activation", self.api("activations", name))]
            case "own layer" if name in {"softmax", "relu", "elu"}:
                return [], [self.layer({"softmax": "Softmax", "relu": "ReLU", "elu": "ELU"}[name])]
            case "lambda":
                return [f"activation=lambda t: {self.tf()}.nn.{name}(t)"], []
            case "lambda layer":
                return [], [self.layer("Lambda", f"lambda t: {self.tf()}.nn.{name}(t)")]
            case "layer as an activation" if name in {"softmax", "relu"}:
                return [f"activation={self.layer({'softmax': 'Softmax', 'relu': 'ReLU'}[name])}"], []
            case "get":
                return [f'activation={self.api("activations", "get")}("{name}")'], []
            case _:
                return [f'activation="{name}"'], []

    def head_layers(self) -> list[str]:
        argument, follows = self.activation()
        units = self.units()
        dense = self.layer("Dense", self.one([units, units, f"units={units}"]), *argument)
        self.parts.add(f"tail: {self.pairing.tail}")
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
        style = self.way("model", [*STYLES, *STYLES, *RARE_STYLES])
        if style == "branches":
            return self.in_branches()
        hidden, last = self.hidden_layers(), self.head_layers()
        if style == "cloned" and re.search(r"lambda|tf\.nn", "".join(last)):
            style = "list"
        lines = self.model(model, style, hidden, last)
        seen = [name for name in (self.counted, self.name["y"]) if name and any(name in one for one in last)]
        if style not in {"subclass", "class method"} and not seen and self.maybe(0.2):
            self.parts.add("model: in a function")
            name = self.one(["build_model", "create_model", "get_network", "make"])
            self.definitions.append(function(f"{name}()", [*lines, f"return {model}"]))
            return [f"{model} = {name}()"]
        return lines

    def model(self, model: str, style: str, hidden: list[str], last: list[str]) -> list[str]:
        shape = self.layer("Input", self.one([self.shape, f"shape={self.shape}"]))
        sequential, functional = self.api("models", "Sequential"), self.api("models", "Model")
        whole = [f"{model} = {sequential}([", *(f"    {one}," for one in [shape, *hidden, *last]), "])"]
        match style:
            case "list":
                return whole
            case "add":
                return [f"{model} = {sequential}()", *(f"{model}.add({one})" for one in [shape, *hidden, *last])]
            case "add loop":
                dense = self.layer("Dense", "size", 'activation="relu"')
                loop = f"for size in {self.one(['(8,)', '[16, 8]', 'range(8, 10)'])}:\n    {model}.add({dense})"
                added = (f"{model}.add({one})" for one in last)
                return [f"{model} = {sequential}()", f"{model}.add({shape})", loop, *added]
            case "nested":
                body = f"body = {sequential}([{', '.join([shape, *(hidden or [self.layer('Dense', '8')])])}])"
                return [body, f"{model} = {sequential}([", "    body,", *(f"    {one}," for one in last), "])"]
            case "own":
                self.plain = False
                added = (f"self.add({one})" for one in [shape, *hidden, *last])
                init = function("__init__(self)", ["super().__init__()", *added])
                return [f"class Stack({sequential}):\n{indented([init])}", f"{model} = Stack()"]
            case "popped":
                self.plain = False
                return [*whole, f"{model}.add({self.layer('Dense', '7')})", f"{model}.pop()"]
            case "cloned":
                self.plain = False
                return [*whole, f"{model} = {self.api('models', 'clone_model')}({model})"]
            case "truncated":
                self.plain = False
                old = self.layer("Dense", "7", 'activation="softmax"')
                layers = ", ".join([shape, *(hidden or [self.layer("Dense", "8")]), old])
                base = f"base = {sequential}([{layers}])"
                return [
                    base,
                    "t = base.layers[-2].output",
                    *(f"t = {one}(t)" for one in last),
                    f"{model} = {functional}(base.inputs, t)",
                ]
            case "extended":
                body = f"body = {sequential}([{', '.join([shape, *(hidden or [self.layer('Dense', '8')])])}])"
                calls = [f"inputs = {shape}", "t = body(inputs)", *(f"t = {one}(t)" for one in last)]
                return [body, *calls, f"{model} = {functional}(inputs, t)"]
            case "dictionary":
                self.plain = False
                named = ", ".join(f'"{number}": {one}' for number, one in enumerate([*hidden, *last]))
                parts = [f"parts = {{{named}}}", f"inputs = {shape}", "t = inputs"]
                return [*parts, "for part in parts.values():\n    t = part(t)", f"{model} = {functional}(inputs, t)"]
            case "functional":
                return self.functional(model, functional, shape, hidden, last)
            case "class method":
                return self.by_a_class(model, sequential, [shape, *hidden, *last])
            case _:
                return self.subclass(model, functional, hidden, last)

    def functional(self, model: str, base: str, shape: str, hidden: list[str], last: list[str]) -> list[str]:
        x = self.one(["h", "t", "hidden"])
        lines = [f"inputs = {shape}", f"{x} = inputs"]
        if self.maybe(0.3):
            lines.append(f"for layer in [{', '.join(hidden)}]:\n    {x} = layer({x})")
        else:
            lines += [f"{x} = {one}({x})" for one in hidden]
        lines += [f"{x} = {one}({x})" for one in last]
        return [*lines, f"{model} = {base}(inputs{self.one(['=inputs, outputs=', ', '])}{x})"]

    def by_a_class(self, model: str, sequential: str, layers: list[str]) -> list[str]:
        """A class whose method makes the model."""
        self.plain = False
        made = [f"model = {sequential}([", *(f"    {one}," for one in layers), "])", "return model"]
        decorated = self.one(["@staticmethod\n", "@classmethod\n"])
        first = "cls" if "class" in decorated else ""
        make = decorated + function(f"make({first})", made)
        return [f"class Builder:\n{indented([make])}", f"{model} = Builder.make()"]

    def subclass(self, model: str, base: str, hidden: list[str], last: list[str]) -> list[str]:
        name = self.one(["Net", "Classifier", "MyModel"])
        self.plain = False
        attributes = [f"self.layer{number} = {one}" for number, one in enumerate([*hidden, *last])]
        parameter = f", {self.counted}" if self.counted and any(self.counted in one for one in last) else ""
        match self.way("call", ["one by one", "list", "training"]):
            case "list":
                attributes = [f"self.parts = [{', '.join([*hidden, *last])}]"]
                call = function("call(self, t)", ["for part in self.parts:\n    t = part(t)", "return t"])
            case "training":
                calls = [f"t = self.layer{number}(t)" for number in range(len(attributes))]
                noise = "if training:\n    t = t * 1.0"
                call = function("call(self, t, training=False)", [noise, *calls, "return t"])
            case _:
                calls = [f"t = self.layer{number}(t)" for number in range(len(attributes))]
                call = function("call(self, t)", [*calls, "return t"])
        init = function(f"__init__(self{parameter})", ["super().__init__()", *attributes])
        if f"{self.name['y']}.shape" in "".join(last):
            return [f"class {name}({base}):\n{indented([init, call])}", f"{model} = {name}()"]
        self.definitions.append(f"class {name}({base}):\n{indented([init, call])}")
        return [f"{model} = {name}({parameter.removeprefix(', ')})"]

    def in_branches(self) -> list[str]:
        """Units, activation and loss are chosen by the number of classes, or by a flag; the other side is right too."""
        model, pairing, k = self.name["model"], self.pairing, self.pairing.classes
        chosen = _chosen(pairing, f'"{pairing.loss}"')
        self.branch = "chosen_loss"
        if pairing.task == "classes" and self.counted:
            vectors = f'"{CATEGORICAL[0] if pairing.encoding == "one-hot" else SPARSE}"'
            other = ("1", '"sigmoid"', '"binary_crossentropy"') if k > 2 else (self.counted, '"softmax"', vectors)
            sides = (chosen, other) if k == 2 else (other, chosen)
            test = self.one([f"{self.counted} == 2", f"{self.counted} < 3", f"{self.counted} <= 2"])
        else:
            self.plain_imports.add("import os")
            test, sides = self.one(['os.environ.get("LARGE")', 'os.environ.get("MODE") == "other"']), (chosen, chosen)
        self.plain = False
        names = ("units", "head_activation", self.branch)
        yes, no = ([f"{name} = {value}" for name, value in zip(names, side, strict=True)] for side in sides)
        choice = f"if {test}:\n{indented(yes)}\nelse:\n{indented(no)}"
        dense = self.layer("Dense", "units", "activation=head_activation")
        return [choice, *self.model(model, self.one(["list", "add", "functional"]), self.hidden_layers(), [dense])]


def _chosen(pairing: Pairing, loss: str) -> tuple[str, str, str]:
    activation = "None" if pairing.activation == "linear" else f'"{pairing.activation}"'
    return str(pairing.units), activation, loss
