"""`lossguard.probe`: the questions of the linter, asked of a live model."""

# ruff: noqa: ANN401  (data of any library)

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lossguard.findings import Diagnostic
from lossguard.runtime.library import library_of
from lossguard.source import Source


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found in a live model.

    `notes` say how the model was looked at. `sources` has the model in a few lines of text, which the places of
    the diagnostics point into.
    """

    diagnostics: tuple[Diagnostic, ...]
    notes: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    outputs: int = 1

    def __str__(self) -> str:
        from lossguard.runtime.words import line

        return "\n".join(map(line, self.diagnostics)) or "No findings."


def probe(model: Any, x: Any = None, y: Any = None, *, select: Iterable[str] | None = None) -> Probed:
    """Look at a compiled Keras model and at one batch; the model is left as it was.

    `x` and `y` are what `fit` takes: arrays, a `tf.data.Dataset`, a `PyDataset`, a loader, a generator.
    Without `x` the model is run on made-up inputs; without labels the rules that need them stay silent. Of
    a generator one batch is taken, which does not come again. `select` names the rules, by code; all that
    are not opt-in, if None. Raises `lossguard.runtime.library.NotProbed` where there is nothing to look at.
    """
    from lossguard.runtime.batches import Batch, take
    from lossguard.runtime.look import look
    from lossguard.runtime.portrait import portrait
    from lossguard.runtime.verdicts import diagnostics

    library = library_of(model)
    batch = take(x, y) if x is not None else Batch(None, y, y, whole=True) if y is not None else None
    found = look(model, library, batch)
    enabled = None if select is None else frozenset(select)
    drawn = portrait(found)
    taken = (batch.note,) if batch is not None and batch.note else ()
    return Probed(
        diagnostics(found, drawn, enabled),
        (*found.notes, *taken),
        {drawn.filename: drawn.source},
        len(found.seen),
    )
