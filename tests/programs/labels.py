"""How generated programs come by their data and encode their labels."""

from __future__ import annotations

import re

from programs.pairing import FEATURES, SAMPLES
from programs.writing import Writer, function


class LabelsWriter(Writer):
    """Writes data and labels. `mapping` is what a dataset's `map` does to the labels, if that encodes them."""

    mapping = ""
    blobs = False
    """The features are made together with the class ids."""

    def data(self) -> list[str]:
        x, ids, k = self.name["x"], self.name["ids"], self.pairing.classes
        generator = self.maybe(0.2)
        lines = ["rng = np.random.default_rng(5)"] if generator else ["np.random.seed(5)"]
        normal = f"{'rng' if generator else 'np.random'}.normal(size=({SAMPLES}, {FEATURES}))"
        self.parts.add(f"task: {self.pairing.task}")
        match self.pairing.task:
            case "classes":
                lines += self.class_ids(ids, k, generator=generator)
                if not self.blobs:
                    lines += [f"{x} = {normal}", f"{x}[np.arange({SAMPLES}), {ids}] += 5.0"]
                    lines += [f'{x} = {x}.astype("float32")'] if self.maybe(0.5) else []
                lines += self.split(x, ids) if self.maybe(0.12) else []
            case "labels":
                lines += self.several(ids, k, generator=generator)
                lines += [f"{x} = {normal}", f"{x}[:, :{k}] += 6.0 * {ids} - 3.0"]
            case _:
                lines += self.values(x, ids, normal, generator=generator)
        return [*lines, *self.encoding()]

    def split(self, x: str, ids: str) -> list[str]:
        """Some samples are kept for later, before the labels are encoded."""
        self.parts.add("labels: encoded after a split")
        self.plain_imports.add("from sklearn.model_selection import train_test_split")
        names = f"{x}, x_held, {ids}, held_out"
        return [f"{names} = train_test_split({x}, {ids}, test_size=0.2, random_state=1, stratify={ids})"]

    def several(self, ids: str, k: int, *, generator: bool) -> list[str]:
        """Several labels for a sample."""
        rows = [[self.random.randrange(2) for _ in range(k)] for _ in range(4)]
        every = [[1] * k, [0] * k, *rows]
        tags = [tuple(f"tag {n}" for n, one in enumerate(row) if one) for row in every]
        match self.way("several", ["drawn", "literal", "literal", "binarizer", "compared", "table"]):
            case "drawn":
                self.plain = False
                draw = "rng.integers" if generator else "np.random.randint"
                return [f"{ids} = {draw}(0, 2, size=({SAMPLES}, {k}))"]
            case "binarizer":
                self.plain_imports.add("from sklearn.preprocessing import MultiLabelBinarizer")
                return [f"tags = {tags} * {SAMPLES // 6}", f"{ids} = MultiLabelBinarizer().fit_transform(tags)"]
            case "compared":
                self.plain = False
                draw = "rng.random" if generator else "np.random.random"
                return [f"{ids} = ({draw}(({SAMPLES}, {k})) > 0.5).astype(int)"]
            case "table":
                self.plain = False
                self.plain_imports.add("import pandas as pd")
                columns = {f"tag {n}": [row[n] for row in every] * (SAMPLES // 6) for n in range(k)}
                return [f"table = pd.DataFrame({columns})", f"{ids} = table[{list(columns)}].values"]
            case _:
                return [f"{ids} = np.array({every} * {SAMPLES // 6})"]

    def class_ids(self, ids: str, k: int, *, generator: bool) -> list[str]:
        draw = "rng.integers" if generator else "np.random.randint"
        ways = ["drawn", "drawn", "drawn", "blobs", "made", "literal", "tiled", "modulo", "repeat", "comprehension"]
        ways += ["encoder", "table", "factorize", "categories", "choice", "scores", "dictionary"]
        way = self.way("ids", ways, plain=("drawn", "blobs", "literal", "tiled"))
        names = [f"kind {number}" for number in range(k)]
        several = f"np.array({names})[np.arange({SAMPLES}) % {k}]"
        match way:
            case "drawn":
                self.plain = self.plain and not generator
                return [f"{ids} = {draw}(0, {k}, {self.one(['size=', ''])}{SAMPLES})"]
            case "blobs" | "made":
                return self.made_together(way, ids, k)
            case "literal":
                return [f"{ids} = np.array({[number % k for number in range(SAMPLES)]})"]
            case "tiled" if SAMPLES % k == 0:
                return [f"{ids} = np.array({list(range(k))} * {SAMPLES // k})[:{SAMPLES}]"]
            case "modulo":
                return [f"{ids} = np.arange({SAMPLES}) % {k}"]
            case "repeat":
                return [f"{ids} = np.repeat(np.arange({k}), {SAMPLES} // {k} + 1)[:{SAMPLES}]"]
            case "comprehension":
                return [f"{ids} = np.array([number % {k} for number in range({SAMPLES})])"]
            case "encoder":
                self.plain_imports.add("from sklearn.preprocessing import LabelEncoder")
                chosen = f"np.array({names})[{draw}(0, {k}, {SAMPLES})]"
                return [f"names = {chosen}", f"{ids} = LabelEncoder().fit_transform(names)"]
            case "table":
                self.plain_imports.add("import pandas as pd")
                column = f'"target": {draw}(0, {k}, {SAMPLES})'
                ending = self.one(["values", "to_numpy()"])
                return [f"table = pd.DataFrame({{{column}}})", f'{ids} = table["target"].{ending}']
            case "factorize":
                self.plain_imports.add("import pandas as pd")
                return [f"names = {several}", f"{ids}, kinds = pd.factorize(names)"]
            case "categories":
                self.plain_imports.add("import pandas as pd")
                codes = '["kind"].astype("category").cat.codes.to_numpy().astype(int)'
                return [f'table = pd.DataFrame({{"kind": {several}}})', f"{ids} = table{codes}"]
            case "choice":
                return [f"{ids} = {'rng' if generator else 'np.random'}.choice({k}, size={SAMPLES})"]
            case "scores":
                normal = f"{'rng' if generator else 'np.random'}.normal(size=({SAMPLES}, {k}))"
                return [f"{ids} = np.argmax({normal}, axis=1)"]
            case "dictionary":
                index = {name: number for number, name in enumerate(names)}
                return [f"index_of = {index}", f"{ids} = np.array([index_of[name] for name in {several}])"]
            case _:
                return [f"{ids} = {draw}({k}, size={SAMPLES})"]

    def made_together(self, way: str, ids: str, k: int) -> list[str]:
        """Features and class ids from scikit-learn."""
        self.blobs = True
        x = self.name["x"]
        if way == "blobs":
            self.plain_imports.add("from sklearn.datasets import make_blobs")
            arguments = f"n_samples={SAMPLES}, centers={k}, n_features={FEATURES}, random_state=3"
            return [f"{x}, {ids} = make_blobs({arguments})", f"{x} = {x} / 4.0"]
        self.plain_imports.add("from sklearn.datasets import make_classification")
        arguments = f"n_samples={SAMPLES}, n_features={FEATURES}, n_informative=4, n_redundant=0, n_classes={k}"
        more = "n_clusters_per_class=1, class_sep=4.0, flip_y=0, random_state=3"
        return [f"{x}, {ids} = make_classification({arguments}, {more})"]

    def values(self, x: str, y: str, normal: str, *, generator: bool) -> list[str]:
        if self.pairing.encoding == "unit":
            drawn = f"rng.random({SAMPLES})" if generator else self.one([f"np.random.rand({SAMPLES})"])
            return [f"{x} = {normal}", f"{y} = {drawn}", f"{x}[:, 0] = 4.0 * {y} - 2.0"]
        match self.way("values", ["drawn", "made", "uniform"]):
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

    # Encodings

    def encoding(self) -> list[str]:
        """The lines that make what is fitted out of class ids; empty where a dataset's `map` will do it."""
        ids, k = self.name["ids"], self.pairing.classes
        lines = self.class_count(ids)
        count = self.counted or str(k)
        mapped = self.pairing.container == "mapped"
        self.parts.add(f"encoding: {self.pairing.encoding}")
        match self.pairing.encoding:
            case "ids" | "multi-hot":
                expression = self.one([ids, ids, f'{ids}.astype("int32")', f'{ids}.astype("float32")'])
            case "column":
                options = [f"{ids}.reshape(-1, 1)", f"{ids}[:, None]", f"np.expand_dims({ids}, -1)"]
                expression = self.one([*options, f"{ids}.reshape((-1, 1))", f"{ids}[:, np.newaxis]"])
            case "from-one":
                expression = f"{ids} + 1"
                self.mapping = "{0} + 1" if mapped else ""
            case "signed":
                where = f"np.where({ids} == 1, 1, -1)"
                expression = self.one([where, where, f"2 * {ids} - 1", f"{ids} * 2 - 1"])
                self.plain = self.plain and expression == where
                self.mapping = "2 * {0} - 1" if mapped else ""
            case "one-hot":
                if not mapped and self.maybe(0.08):
                    return [*lines, *self.filled_in(ids, count)]
                expression = self.one_hot(ids, count)
                self.mapping = f"{self.tf()}.one_hot({{0}}, {count})" if mapped else ""
            case _:
                expression = self.one([ids, ids, f'{ids}.astype("float32")'])
        if self.mapping or (expression == ids and self.maybe(0.7)):
            self.name["y"] = ids
            return lines
        y = self.name["y"] = self.one([self.name["y"], self.name["y"], ids])
        encodes = self.pairing.encoding in {"one-hot", "from-one", "signed"} and "classes=" not in expression
        if encodes and self.maybe(0.15):
            self.parts.add("labels: encoded in a function")
            encoder = self.one(["encode", "prepare_labels", "to_targets"])
            body = re.sub(rf"\b{ids}\b", "values", expression)
            extra = f", {self.counted}" if self.counted and self.counted in expression else ""
            self.definitions.append(function(f"{encoder}(values{extra})", [f"return {body}"]))
            return [*lines, f"{y} = {encoder}({ids}{extra})"]
        return [*lines, f"{y} = {expression}"]

    def filled_in(self, ids: str, count: str) -> list[str]:
        """One-hot labels, written one by one into zeros."""
        self.plain = False
        self.parts.add("one-hot: zeros")
        y = self.name["y"]
        return [f"{y} = np.zeros((len({ids}), {count}))", f"{y}[np.arange(len({ids})), {ids}] = 1"]

    def class_count(self, ids: str) -> list[str]:
        """A name for the number of classes, perhaps one that only the run knows."""
        k = self.pairing.classes
        if self.pairing.task != "classes" or self.maybe(0.5):
            return []
        self.counted = self.name["k"]
        written = {
            "number": str(k),
            "names": f"len({[f'class {number}' for number in range(k)]})",
            "greatest": f"int({ids}.max()) + 1",
            "unique": self.one([f"len(np.unique({ids}))", f"np.unique({ids}).size"]),
            "set": f"len(set({ids}.tolist()))",
            "environment": f'int(os.environ.get("CLASSES", "{k}"))',
        }
        way = self.way("count", [*written, "number", "number"], plain=("number",))
        if way == "environment":
            self.plain_imports.add("import os")
        return [f"{self.counted}{self.one(['', '', ': int'])} = {written[way]}"]

    def one_hot(self, ids: str, count: str) -> str:
        ways = ["to_categorical"] * 4 + ["to_categorical alone", "eye", "library", "library", "tf.one_hot"]
        way = self.way("one-hot", [*ways, "compared", "identity", "keras.ops", "layer"])
        self.plain = self.plain and way in {"to_categorical", "to_categorical alone", "eye", "tf.one_hot"}
        categorical = self.api("utils", "to_categorical") if way.startswith("to_categorical") else ""
        match way:
            case "to_categorical":
                return f"{categorical}({ids}, {self.one(['', 'num_classes='])}{count})"
            case "to_categorical alone":
                return f"{categorical}({ids})"
            case "eye":
                return f"np.eye({count})[{ids}]"
            case "identity":
                return f"np.identity({count})[{ids}]"
            case "tf.one_hot":
                return self.one([f"{self.tf()}.one_hot({ids}, {count}).numpy()", f"tf.one_hot({ids}, depth={count})"])
            case "keras.ops":
                return f"np.array({self.api('ops', 'one_hot')}({ids}, {count}))"
            case "layer":
                layer = self.layer("CategoryEncoding", f"num_tokens={count}", 'output_mode="one_hot"')
                return f"np.array({layer}({ids}))"
            case "compared":
                return f"(np.arange({count}) == {ids}[:, None]).astype('float32')"
            case _:
                return self.by_a_library(ids)

    def by_a_library(self, ids: str) -> str:
        """One-hot labels from scikit-learn or pandas."""
        options = ["OneHotEncoder", "get_dummies"]
        options += ["LabelBinarizer", "label_binarize"] if self.pairing.classes > 2 else []
        chosen = self.way("library", options)
        if chosen == "get_dummies":
            self.plain_imports.add("import pandas as pd")
            ending = self.one(['.values.astype("float32")', ".to_numpy(dtype=float)"])
            return f"pd.get_dummies({ids}){ending}"
        self.plain_imports.add(f"from sklearn.preprocessing import {chosen}")
        match chosen:
            case "LabelBinarizer":
                return f"LabelBinarizer().fit_transform({ids})"
            case "label_binarize":
                return f"label_binarize({ids}, classes={list(range(self.pairing.classes))})"
            case _:
                return f"OneHotEncoder(sparse_output=False).fit_transform({ids}.reshape(-1, 1))"
