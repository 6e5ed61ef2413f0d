"""`lossguard.probe`: the questions of the linter, asked of a live model."""

# ruff: noqa: ANN401  (data of any library)

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lossguard.findings import Diagnostic
from lossguard.runtime.library import library_of
from lossguard.source import Source

if TYPE_CHECKING:
    from lossguard.runtime.verdicts import Places


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found in a live model.

    `notes` say how the model was looked at, `portrait` is the model in a few lines of text. `sources` are what the
    places of the diagnostics point into: the portrait, or the program.
    """

    diagnostics: tuple[Diagnostic, ...]
    notes: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    outputs: int = 1
    portrait: str = ""

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
    return looked(model, x, y, select=select)


def looked(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    select: Iterable[str] | None = None,
    places: Places | None = None,
    sources: Mapping[str, Source] | None = None,
) -> Probed:
    """The same with findings that point into `sources`, where there is a program that made the model."""
    from lossguard.runtime.batches import Batch, take
    from lossguard.runtime.look import look
    from lossguard.runtime.portrait import portrait
    from lossguard.runtime.verdicts import diagnostics

    library = library_of(model)
    batch = take(x, y, model) if x is not None else Batch(None, y, y, whole=True) if y is not None else None
    found = look(model, library, batch)
    enabled = None if select is None else frozenset(select)
    drawn = portrait(found)
    taken = (batch.note,) if batch is not None and batch.note else ()
    return Probed(
        diagnostics(found, places if places is not None else drawn, enabled),
        (*found.notes, *taken),
        {drawn.filename: drawn.source} if sources is None else sources,
        len(found.seen),
        drawn.source.text,
    )
