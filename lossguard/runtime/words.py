"""Findings in plain lines, for exceptions and warnings."""

from __future__ import annotations

from collections.abc import Iterable

from lossguard.findings import Diagnostic, Place


def location(place: Place) -> str:
    """`train.py:42:15`, as editors read it."""
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{place.filename}:{cell}{place.start.row}:{place.start.column}"


def line(found: Diagnostic) -> str:
    return f"{location(found.place)}: {found.code} {found.name} {found.message}"


def told(diagnostics: Iterable[Diagnostic]) -> str:
    """What is wrong, what happens, the way out."""
    return "\n".join(f"{line(one)}\n    {one.effect}\n    {one.remedy}" for one in diagnostics)
