"""One line a finding, `path:row:column: code name message`, as editors and `grep` read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossguard.report.words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossguard.check import Checked
    from lossguard.findings import Diagnostic, Place


def render(checked: Checked) -> str:
    return concise(checked.diagnostics)


def concise(diagnostics: Iterable[Diagnostic]) -> str:
    return "".join(clean(_line(found)) + "\n" for found in diagnostics)


def _line(found: Diagnostic) -> str:
    when = f" [when {found.when}]" if found.when else ""
    return f"{location(found.place)}: {found.code} {found.name} {found.message}{when}"


def location(place: Place) -> str:
    """`train.py:42:15`, or `train.ipynb:cell 3:2:15` by the number among the code cells."""
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{place.filename}:{cell}{place.start.row}:{place.start.column}"
