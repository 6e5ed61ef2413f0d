"""Generated programs over sequences: an answer for each step, or one for the whole."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from programs.pairing import FEATURES, SAMPLES, Pairing, pairing
from programs.training import TrainingWriter

LENGTH = 7
"""Steps of a sequence."""


def for_a_sequence(random: Random) -> Pairing:
    """A pairing of classes, with metrics that are counted step by step."""
    while True:
        drawn = pairing(random)
        metrics = tuple(name for name in drawn.metrics if "accuracy" in name and "@" not in name)
        if drawn.task == "classes":
            return replace(drawn, metrics=metrics, tail="", container="arrays")


class SequenceWriter(TrainingWriter):
    """Writes a model over sequences. `steps` says whether the labels have an axis of steps."""

    shape = f"({LENGTH}, {FEATURES})"
    steps = False

    def write(self) -> str:
        self.plain = False
        self.steps = self.maybe(0.5)
        self.parts.add(f"kind: sequences, {'each step' if self.steps else 'the whole'}")
        data = self.sequences()
        built = self.build()
        return self.whole(data, built, [self.compiling(), self.fitting()])

    def sequences(self) -> list[str]:
        x, ids, k = self.name["x"], self.name["ids"], self.pairing.classes
        self.parts.add(f"encoding: {self.pairing.encoding}")
        size = f"({SAMPLES}, {LENGTH})" if self.steps else str(SAMPLES)
        told = f"np.eye({FEATURES})[{ids}]" + ("" if self.steps else "[:, None, :]")
        lines = [
            "np.random.seed(5)",
            f"{ids} = np.random.randint(0, {k}, size={size})",
            f"{x} = np.random.normal(size=({SAMPLES}, {LENGTH}, {FEATURES})) + 5.0 * {told}",
        ]
        encoded = {
            "column": [f"{ids}[..., None]", f"np.expand_dims({ids}, -1)"],
            "from-one": [f"{ids} + 1"],
            "signed": [f"2 * {ids} - 1", f"np.where({ids} == 1, 1, -1)"],
            "one-hot": [f"{self.api('utils', 'to_categorical')}({ids}, {k})", f"np.eye({k})[{ids}]"],
        }
        if self.pairing.encoding not in encoded:
            self.name["y"] = ids
            return lines
        return [*lines, f"{self.name['y']} = {self.one(encoded[self.pairing.encoding])}"]

    def hidden_layers(self) -> list[str]:
        """Layers up to the head; now and then they keep the steps where they should not, or lose them."""
        keep = self.steps if not self.maybe(0.12) else not self.steps
        self.parts.add(f"steps: {'kept' if keep else 'gathered'}{'' if keep is self.steps else ' by mistake'}")
        relu = 'activation="relu"'
        if keep:
            recurrent = self.layer(self.one(["SimpleRNN", "GRU"]), "8", "return_sequences=True")
            convolution = self.layer("Conv1D", "8", "3", 'padding="same"', relu)
            return self.one([[], [self.layer("Dense", "8", relu)], [recurrent], [convolution]])
        recurrent = self.layer(self.one(["SimpleRNN", "GRU"]), "8")
        both = self.layer("Bidirectional", self.layer("SimpleRNN", "8"))
        pooled = self.layer(self.one(["GlobalAveragePooling1D", "GlobalMaxPooling1D", "Flatten"]))
        return self.one([[recurrent], [both], [pooled], [self.layer("Dense", "8", relu), pooled]])

    def head_layers(self) -> list[str]:
        layers = super().head_layers()
        if self.steps and "steps: kept" in self.parts and self.maybe(0.3):
            self.parts.add("head: time distributed")
            return [self.layer("TimeDistributed", layers[0]), *layers[1:]]
        return layers

    def units(self) -> str:
        return str(self.pairing.units)

    def class_weight(self) -> str:
        return ""

    def build(self) -> list[str]:
        hidden, last = self.hidden_layers(), self.head_layers()
        style = self.way("model", ["list", "add", "functional", "functional", "subclass"])
        return self.model(self.name["model"], style, hidden, last)
