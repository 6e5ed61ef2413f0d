"""How generated programs compile and fit their models, and read the predictions."""

from __future__ import annotations

from programs.models import ModelWriter
from programs.pairing import (
    CAPITALS,
    CLASS_NAMES,
    CROSS_ENTROPIES,
    HINGES,
    SAMPLES,
    SHORT_NAMES,
    SPARSE,
    VECTORS,
    places,
)
from programs.writing import function, indented

SIZE = 20
"""Samples of a batch."""


class TrainingWriter(ModelWriter):
    """Writes a program that compiles and fits."""

    def write(self) -> str:
        data = self.data()
        built = self.build()
        trained = [self.compiling(), *self.more(), self.fitting(), *self.decoding()]
        return self.whole(data, built, trained)

    # The loss

    def loss(self) -> tuple[list[str], str]:
        pairing, lines = self.pairing, list[str]()
        self.parts.add(f"loss: {pairing.loss}{' from_logits' if pairing.from_logits else ''}")
        if self.branch and not pairing.from_logits:
            return [], self.branch
        expression = self.raw_loss(lines) if pairing.from_logits else self.plain_loss()
        if self.maybe(0.3):
            lines.append(f"{self.name['loss']} = {expression}")
            return lines, self.name["loss"]
        return lines, expression

    def plain_loss(self) -> str:
        name, cls = self.pairing.loss, self.api("losses", CLASS_NAMES[self.pairing.loss])
        ways = ["string"] * 4 + ["instance", "instance", "class", "function"]
        ways += ["get", "get a configuration"] if self.style != "direct" else []
        ways += ["short"] if name in SHORT_NAMES else []
        ways += ["from_logits=False", "lambda"] if name in CROSS_ENTROPIES else []
        function_of = self.loss_function(name)
        match self.way("loss", ways, plain=("string", "instance", "short", "function", "from_logits=False")):
            case "instance":
                return f"{cls}()"
            case "class":
                return cls
            case "function":
                return function_of
            case "short":
                return f'"{SHORT_NAMES[name]}"'
            case "get":
                return f'{self.api("losses", "get")}("{name}")'
            case "get a configuration":
                settings = {"class_name": CLASS_NAMES[name], "config": {}}
                return f"{self.api('losses', 'get')}({settings})"
            case "from_logits=False":
                return f"{cls}(from_logits=False)"
            case "lambda":
                return f"lambda y_true, y_pred: {function_of}(y_true, y_pred)"
            case _:
                return f'"{name}"'

    def raw_loss(self, lines: list[str]) -> str:
        name, cls = self.pairing.loss, self.api("losses", CLASS_NAMES[self.pairing.loss])
        ways = ["keyword"] * 4 + ["computed", "named", "settings"]
        ways += ["configuration"] if self.style != "direct" else []
        if name in {"binary_crossentropy", SPARSE, "categorical_crossentropy"}:
            ways += ["position", "partial", "function", "lambda", "subclass"]
        function_of = self.api("losses", name) if name in CROSS_ENTROPIES else ""
        match self.way("raw loss", ways, plain=("keyword", "computed", "named", "position")):
            case "computed":
                return f"{cls}(from_logits=1 == 1)"
            case "named":
                lines.append(f"raw_scores = {self.one(['True', 'not False', '1 > 0'])}")
                return f"{cls}(from_logits=raw_scores)"
            case "settings":
                lines.append('loss_settings = {"from_logits": True}')
                return f"{cls}(**loss_settings)"
            case "configuration":
                settings = {"class_name": CLASS_NAMES[name], "config": {"from_logits": True}}
                return f"{self.api('losses', 'get')}({settings})"
            case "position" if name != SPARSE:
                return f"{cls}(True)"
            case "partial":
                self.plain_imports.add("import functools")
                return f"functools.partial({function_of}, from_logits=True)"
            case "function":
                body = f"return {function_of}(y_true, y_pred, from_logits=True)"
                self.definitions.append(function("own_loss(y_true, y_pred)", [body]))
                return "own_loss"
            case "lambda":
                return f"lambda y_true, y_pred: {function_of}(y_true, y_pred, from_logits=True)"
            case "subclass":
                returned = f"return {function_of}(y_true, y_pred, from_logits=True)"
                inner = function("call(self, y_true, y_pred)", [returned])
                self.definitions.append(f"class OwnLoss({self.api('losses', 'Loss')}):\n{indented([inner])}")
                return "OwnLoss()"
            case _:
                return f"{cls}(from_logits=True)"

    def loss_function(self, name: str) -> str:
        whole = self.style in {"keras", "keras layers", "spaces"}
        return self.api("losses", name if whole else CAPITALS.get(name, name))

    # Metrics and compiling

    def metric(self, name: str) -> str:
        make = {
            "binary_accuracy": "BinaryAccuracy",
            "categorical_accuracy": "CategoricalAccuracy",
            "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
        }
        count = max(2, self.pairing.classes)
        self.parts.add(f"metric: {name}")
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
            case "top_k":
                return f"{self.api('metrics', 'TopKCategoricalAccuracy')}(k={places(self.pairing)})"
            case "sparse_top_k":
                return f"{self.api('metrics', 'SparseTopKCategoricalAccuracy')}(k={places(self.pairing)})"
            case "F1Score":
                several = self.pairing.task == "classes" and self.pairing.units > 1
                threshold = "" if several else ", threshold=0.5"
                return f'{self.api("metrics", "F1Score")}(average="macro"{threshold})'
            case _ if "accuracy" in name and self.maybe(0.6):
                return f'"{name}"'
            case _:
                return f"{self.api('metrics', make.get(name, name))}()"

    def compiling(self) -> str:
        before, loss = self.loss()
        metrics = [self.metric(name) for name in self.pairing.metrics]
        adam = self.one(['"adam"', '"adam"', f"{self.api('optimizers', 'Adam')}(0.01)"])
        model, listed = self.name["model"], f"[{', '.join(metrics)}]"
        ways = ["keywords"] * 12 + ["lines"] * 5 + ["options", "function", "parameters", "twice", "record", "table"]
        ways += ["configurations", "loss in a list"]
        way = self.way("compile", ways if not self.maybe(0.04) else ["positions"])
        self.plain = self.plain and way in {"keywords", "lines", "twice"}
        arguments = [self.one([adam, f"optimizer={adam}"]), f"loss={loss}", *([f"metrics={listed}"] if metrics else [])]
        call = f"{model}.compile({', '.join(arguments)})"
        match way:
            case "positions":
                call = f"{model}.compile({adam}, {loss}{f', {listed}' if metrics else ''})"
            case "options":
                pairs = [f'"optimizer": {adam}', f'"loss": {loss}', *([f'"metrics": {listed}'] if metrics else [])]
                call = f"options = {{{', '.join(pairs)}}}\n{model}.compile(**options)"
            case "function":
                body = [f"model.compile({adam}, loss=loss, metrics=metrics)", "return model"]
                self.definitions.append(function("prepare(model, loss, metrics=None)", body))
                call = f"{model} = prepare({model}, {loss}{f', metrics={listed}' if metrics else ''})"
            case "parameters":
                body = [f"network.compile({adam}, loss=chosen, **more)"]
                self.definitions.append(function("set_up(network, *, chosen, **more)", body))
                call = f"set_up({model}, chosen={loss}{f', metrics={listed}' if metrics else ''})"
            case "record":
                call = self.from_a_record(model, adam, loss, listed)
            case "table":
                lines = [
                    f'known_losses = {{"first": {loss}, "other": "mse"}}',
                    f'{model}.compile({adam}, loss=known_losses["first"]',
                ]
                call = "\n".join(lines) + (f", metrics={listed})" if metrics else ")")
            case "configurations":
                more = f", metrics={listed}" if metrics else ""
                call = f"for chosen_optimizer, one_loss in [({adam}, {loss})]:\n"
                call += f"    {model}.compile(chosen_optimizer, loss=one_loss{more})"
            case "loss in a list":
                call = call.replace(f"loss={loss}", f"loss=[{loss}]")
            case "twice":
                call = f'{model}.compile("sgd", loss="mse")\n{call}'
            case "lines":
                call = f"{model}.compile(\n" + indented([f"{one}," for one in arguments]) + "\n)"
        return "\n".join([*before, call])

    def from_a_record(self, model: str, adam: str, loss: str, listed: str) -> str:
        """The settings are the fields of an object."""
        self.imports["dataclasses"].add("dataclass")
        self.imports["typing"].add("Any")
        fields = ["loss: Any", "optimizer: Any = 'sgd'", "metrics: Any = None"]
        self.definitions.append("@dataclass\nclass Setup:\n" + indented(fields) + "\n")
        made = f"setup = Setup({loss}, optimizer={adam}, metrics={listed})"
        return f"{made}\n{model}.compile(optimizer=setup.optimizer, loss=setup.loss, metrics=setup.metrics)"

    def more(self) -> list[str]:
        model = self.name["model"]
        options = [f'print("layers:", len({model}.layers))', f"assert {model} is not None", "epochs = 3"]
        return [one for one in options if self.maybe(0.15)]

    # Fitting

    def fitting(self) -> str:
        model, x, y = self.name["model"], self.name["x"], self.name["y"]
        options = self.one(["epochs=2", "epochs=2, verbose=0", "batch_size=20, epochs=1", "epochs=1, shuffle=True"])
        options += self.class_weight()
        kept = self.one(["", "", "history = "])
        match self.pairing.container:
            case "dataset" | "mapped" if self.pairing.container == "dataset" or self.mapping:
                return self.from_a_dataset(f"{kept}{model}", options)
            case "generator":
                loop = f"for start in range(0, {SAMPLES}, {SIZE}):"
                slices = f"yield a[start:start + {SIZE}], b[start:start + {SIZE}]"
                body = ["while True:", f"    {loop}", f"        {slices}"]
                self.definitions.append(function("batches(a, b)", body))
                return f"{kept}{model}.fit(batches({x}, {y}), steps_per_epoch={SAMPLES // SIZE - 1}, epochs=1)"
            case "sequence":
                init = function("__init__(self, a, b)", ["super().__init__()", "self.a, self.b = a, b"])
                length = function("__len__(self)", [f"return len(self.a) // {SIZE}"])
                place = f"place = slice(index * {SIZE}, (index + 1) * {SIZE})"
                item = function("__getitem__(self, index)", [place, "return self.a[place], self.b[place]"])
                base = self.api("utils", self.one(["PyDataset", "Sequence"]))
                self.definitions.append(f"class Batches({base}):\n{indented([init, length, item])}")
                return f"{kept}{model}.fit(Batches({x}, {y}), epochs=1)"
        match self.way("fit", ["plain"] * 8 + ["split", "validation", "share", "function", "copies", "evaluated"]):
            case "split":
                self.plain_imports.add("from sklearn.model_selection import train_test_split")
                names = "a_train, a_test, b_train, b_test"
                split = f"{names} = train_test_split({x}, np.asarray({y}), test_size=0.25, random_state=1)"
                return f"{split}\n{kept}{model}.fit(a_train, b_train, validation_data=(a_test, b_test), {options})"
            case "validation":
                return f"{kept}{model}.fit({x}, {y}, validation_data=({x}, {y}), {options})"
            case "share":
                return f"{kept}{model}.fit({x}, {y}, validation_split=0.1, {options})"
            case "function":
                self.definitions.append(function("teach(network, a, b, **more)", ["return network.fit(a, b, **more)"]))
                return f"teach({model}, {x}, {y}, {options})"
            case "copies":
                return f"order = np.arange(len({x}))\n{kept}{model}.fit({x}[order], np.asarray({y})[order], {options})"
            case _:
                return f"{kept}{model}.fit({self.one([f'{x}, {y}', f'{x}, {y}', f'x={x}, y={y}'])}, {options})"

    def class_weight(self) -> str:
        exclusive = self.pairing.task == "classes" and self.pairing.encoding in {"ids", "column", "one-hot"}
        if not exclusive or not self.maybe(0.08):
            return ""
        self.parts.add("fit: class weights")
        return f", class_weight={ {number: 1.0 + number / 2 for number in range(self.pairing.classes)} }"

    def from_a_dataset(self, fitted: str, options: str) -> str:
        x, y = self.name["x"], self.name["y"]
        data = f"{self.tf()}.data.Dataset.from_tensor_slices(({x}, {y}))"
        if self.mapping and self.maybe(0.5):
            self.definitions.append(function("encode_pair(a, b)", [f"return a, {self.mapping.format('b')}"]))
            inner = self.counted and self.counted in self.mapping
            data += ".map(encode_pair)" if not inner else f".map({self._lambda()})"
            if inner:
                self.definitions.pop()
        elif self.mapping:
            data += f".map({self._lambda()})"
        match self.way("dataset", ["batch", "batch", "shuffle", "zip"]):
            case "shuffle":
                data += f".shuffle({SAMPLES})"
            case "zip" if not self.mapping:
                sets = "tf.data.Dataset.from_tensor_slices"
                data = f"tf.data.Dataset.zip(({sets}({x}), {sets}({y})))"
        data += f".batch({SIZE})" + self.one(["", ".prefetch(1)", ".prefetch(tf.data.AUTOTUNE)", ".cache()"])
        options = options.replace("batch_size=20, ", "").replace(", shuffle=True", "")
        return f"train_data = {data}\n{fitted}.fit(train_data, {options})"

    def _lambda(self) -> str:
        return f"lambda a, b: (a, {self.mapping.format('b')})"

    # Predictions

    def decoding(self) -> list[str]:
        """The predictions, read as answers and compared with the labels."""
        pairing = self.pairing
        one_unit = pairing.units == 1
        if pairing.task == "values" or pairing.container not in {"arrays", "dataset"} or not self.maybe(0.15):
            return []
        if pairing.encoding in {"signed", "from-one"} or (one_unit and pairing.encoding in VECTORS):
            return []
        if "fit: split" in self.parts:
            return []
        model, x, y = self.name["model"], self.name["x"], self.name["y"]
        predicted = self.one([f"{model}.predict({x})", f"{model}.predict({x}, verbose=0)"])
        lines = [f"predicted = {predicted}"]
        several = pairing.task == "labels" or one_unit
        zero = pairing.from_logits or pairing.loss in HINGES or pairing.activation in {"linear", "tanh"}
        split = self.one([">", ">="]) + (" 0" if zero and self.maybe(0.6) else self.one([" 0.5", " .5"]))
        ways = ["argmax", "argmax"] if not several else ["split", "split", "round"] + (["argmax"] if one_unit else [])
        match self.way("decode", ways):
            case "argmax":
                lines.append("answers = " + self.one(["np.argmax(predicted, axis=1)", "predicted.argmax(axis=-1)"]))
            case "round":
                lines.append("answers = np.round(predicted)")
            case _:
                lines.append(
                    "answers = " + self.one([f"(predicted {split}).astype(int)", f"np.where(predicted {split}, 1, 0)"])
                )
        truth = f"np.asarray({y})"
        if pairing.encoding == "one-hot":
            truth = f"np.argmax({truth}, axis=1)"
        if pairing.task != "labels":
            lines.append(f"share = np.mean(answers.reshape(-1) == {truth}.reshape(-1))")
        else:
            lines.append(f"share = np.mean(answers == {truth})")
        return [*lines, 'print("right answers:", share)']
