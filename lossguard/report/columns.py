"""One source line on the screen: where each of its characters stands, and the part of it that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from lossguard.report.words import clean

CUT = "..."
"""Stands for what was cut off."""

_TAB = 4
_LEAD = 16  # columns to show before the first mark where the start of a line is cut off


@dataclass(frozen=True, slots=True)
class Shown:
    """A source line as drawn: its text, and the column at which each of its characters starts."""

    text: str
    columns: Sequence[int]

    def column(self, position: int) -> int:
        """The column of a position in the source, which counts characters from 1."""
        return self.columns[min(max(position - 1, 0), len(self.columns) - 1)]


def shown(line: str) -> Shown:
    """The line with tabs as spaces and control characters as escapes."""
    if line.isascii() and line.isprintable():  # a long line of data is drawn as fast as it is read
        return Shown(line.rstrip(), range(len(line) + 1))
    parts: list[str] = []
    columns = [0]
    for character in line:
        at = columns[-1]
        part = " " * (_TAB - at % _TAB) if character == "\t" else clean(character)
        parts.append(part)
        columns.append(at + (len(part) if part.isascii() else cell_len(part)))
    return Shown("".join(parts).rstrip(), columns)


def crop(line: Shown, focus: tuple[int, int] | None, room: int) -> tuple[str, int]:
    """The part of the line around the focus that fits, and how many columns were taken at the left."""
    total = cell_len(line.text)
    if total <= room:
        return line.text, 0
    offset = 0
    if focus is not None and focus[1] > room - len(CUT):
        start, end = focus
        offset = max(start - len(CUT) - _LEAD, min(end + len(CUT) - room, start - len(CUT)), 0)
    offset = offset if offset > len(CUT) else 0
    first = offset + len(CUT) if offset else 0
    last = total if total <= offset + room else offset + room - len(CUT)
    parts: list[str] = []
    column = 0
    for character in line.text:
        after = column + cell_len(character)
        if first <= column and after <= last:
            parts.append(character)
        elif column < first < after:
            parts.append(" ")  # half of a wide character
        column = after
    return (CUT if offset else "") + "".join(parts) + (CUT if last < total else ""), offset
