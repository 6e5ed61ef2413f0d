"""Comments that suppress what is found, as edits: one for each line, with the names of its rules."""

from __future__ import annotations

import tokenize
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lossguard.findings import Edit, Place, Position
from lossguard.source import split_lines
from lossguard.suppress import Suppression, suppressions

if TYPE_CHECKING:
    from lossguard.findings import Diagnostic
    from lossguard.source import Source

_NEVER = frozenset({"LG901", "LG902"})


def ignores(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], reason: str) -> dict[str, list[Edit]]:
    """The edits by file; a finding whose lines can't take a comment gives none."""
    wanted: dict[tuple[str, int], dict[str, None]] = {}
    for found in diagnostics:
        source = sources.get(found.place.filename)
        row = _row(source, found.place) if source is not None and found.code not in _NEVER else None
        if row is not None:
            wanted.setdefault((found.place.filename, row), {})[found.name] = None
    edits: dict[str, list[Edit]] = {}
    for (filename, row), names in wanted.items():
        edits.setdefault(filename, []).append(_edit(sources[filename], row, list(names), reason))
    return edits


def _first_row(source: Source, place: Place) -> int:
    return next((cell.first_row for cell in source.cells if cell.number == place.cell), 1)


def _row(source: Source, place: Place) -> int | None:
    """The row of the program, of the first and the last of the place, whose end can take a comment."""
    first = _first_row(source, place) - 1
    rows = (first + place.start.row, first + place.end.row)
    return next((row for row in rows if row in _commentable(source)), None)


def _commentable(source: Source) -> frozenset[int]:
    """The rows that end outside of strings and are not continued by a backslash."""
    parts = [(cell.first_row, source.cell_text(cell)) for cell in source.cells] or [(1, source.text)]
    return frozenset(row + first - 1 for first, text in parts for row in _ends(text))


def _ends(text: str) -> Iterator[int]:
    lines = iter([line + "\n" for line in split_lines(text)])
    try:
        tokens = list(tokenize.generate_tokens(lambda: next(lines, "")))
    except (tokenize.TokenError, SyntaxError):
        return
    yield from (token.start[0] for token in tokens if token.type in {tokenize.NEWLINE, tokenize.NL})


def _edit(source: Source, row: int, names: list[str], reason: str) -> Edit:
    own = [one for one in suppressions(source) if one.row == row and one.verb == "ignore" and one.names]
    if own:
        return _joined(source, own[0], names)
    line = split_lines(source.text)[row - 1]
    start, end = len(line.rstrip()) + 1, len(line) + 1
    comment = f"  # lossguard: ignore[{', '.join(names)}]" + (f" {reason}" if reason else "")
    return Edit(source.place(Position(row, start), Position(row, end)), comment)


def _joined(source: Source, one: Suppression, names: list[str]) -> Edit:
    last = one.names[-1].end
    place = source.place(Position(one.row, last), Position(one.row, last))
    return Edit(place, "".join(f", {name}" for name in names))
