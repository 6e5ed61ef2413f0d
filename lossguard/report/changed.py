"""The lines that a fix changes, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossguard.edits import Overlap, replaced
from lossguard.report.concise import location

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossguard.findings import Edit, Fix
    from lossguard.source import Source

_MOST = 6


def changed(fix: Fix, sources: Mapping[str, Source], filename: str) -> Iterator[tuple[str, str]]:
    """Signs and lines: `-` before, `+` after, a blank for the name of a file that is not `filename`."""
    for near in _clusters(fix):
        place = near[0].place
        source = sources.get(place.filename)
        first, last = place.start.row, max(edit.place.end.row for edit in near)
        before = source.lines(place)[first - 1 : last] if source is not None else []
        if len(before) != last - first + 1:
            continue
        try:
            text = replaced("\n".join(before), near, first)
        except Overlap:
            continue
        after = text.split("\n")
        while before and after and before[-1] == after[-1]:
            before, after = before[:-1], after[:-1]
        while before and after and before[0] == after[0]:
            before, after = before[1:], after[1:]
        if place.filename != filename:
            yield " ", location(place)
        for sign, lines in (("-", before), ("+", after)):
            yield from ((sign, line) for line in lines[:_MOST])
            if len(lines) > _MOST:
                yield sign, "..."


def _clusters(fix: Fix) -> list[list[Edit]]:
    """The edits whose rows meet or follow each other, together."""
    found: list[list[Edit]] = []
    for edit in sorted(fix.edits, key=lambda edit: (edit.place.filename, edit.place.cell or 0, edit.place.start)):
        last = found[-1][-1].place if found else None
        here = edit.place
        if last and (last.filename, last.cell) == (here.filename, here.cell) and here.start.row <= last.end.row + 1:
            found[-1].append(edit)
        else:
            found.append([edit])
    return found
