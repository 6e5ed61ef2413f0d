"""A grammar of small Keras programs: right and wrong pairings, written in the many ways in which people write them.

`program(seed)` is the same text in every run. What is paired (`Pairing`) is drawn first, then how it is written; the
pairing is what an execution is judged by, the text is all that the linter sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from programs.loops import LoopWriter, for_a_loop
from programs.outputs import OutputsWriter, two_pairings
from programs.pairing import Pairing, pairing
from programs.sequences import SequenceWriter, for_a_sequence
from programs.training import TrainingWriter


@dataclass(frozen=True, slots=True)
class Loop:
    """What a training loop of its own calls the model and what goes through it."""

    model: str
    inputs: str
    labels: str
    outputs: str


@dataclass(frozen=True, slots=True)
class Program:
    """`pairings` has one for each of `heads`, the outputs; `plain`: every part is written as the linter promises to
    understand it; `parts` are the ways of writing that were taken. `weights` are those of the losses of the heads.
    """

    seed: int
    text: str
    pairings: tuple[Pairing, ...]
    plain: bool
    parts: frozenset[str]
    heads: tuple[str, ...] = ("output",)
    weights: tuple[float, ...] = ()
    loop: Loop | None = None


def program(seed: int) -> Program:
    """The program of a seed: most fit a model of one output, some do otherwise."""
    random = Random(seed)  # noqa: S311
    match random.choices(["one output", "outputs", "loop", "sequence"], [68, 12, 12, 8])[0]:
        case "outputs":
            several = OutputsWriter(random, two_pairings(random))
            text, parts = several.write(), frozenset(several.parts)
            return Program(seed, text, several.pairings, several.plain, parts, several.heads, several.weights)
        case "loop":
            own = LoopWriter(random, for_a_loop(random))
            text = own.write()
            return Program(seed, text, (own.pairing,), own.plain, frozenset(own.parts), loop=Loop(*own.names))
        case kind:
            plain = kind == "one output"
            writer = (
                TrainingWriter(random, pairing(random)) if plain else SequenceWriter(random, for_a_sequence(random))
            )
            text = writer.write()
            return Program(seed, text, (writer.pairing,), writer.plain, frozenset(writer.parts))
