"""Comments that suppress findings: `# lossguard: ignore[rule] reason`, `ignore-file[...]`, `# noqa: LG101`."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lossguard.findings import Position
from lossguard.frozen import dataclass
from lossguard.source import split_lines

if TYPE_CHECKING:
    from lossguard.findings import Diagnostic, Place
    from lossguard.source import Source

_OWN = re.compile(r"(?i:#\s*lossguard):\s*(?P<verb>[\w-]+)[ \t]*(?P<list>\[(?P<names>[^\]\n]*)\]?)?[^#\n]*")
_NOQA = re.compile(
    r"#\s*noqa(?![\w-])(?:\s*:\s*(?P<names>[A-Z][A-Z]*[0-9]+(?:[,\s]+[A-Z][A-Z]*[0-9]+)*))?[^#\n]*", re.IGNORECASE
)
_NAME = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class Name:
    """A rule as a comment names it, and its columns."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment that suppresses. Row and columns count in the program, from 1; `end` is exclusive.

    `verb` is `ignore`, `ignore-file`, `noqa`, or what is written there by mistake. Without `listed` it
    stands for every rule. `stands_alone` says that nothing else is in its row.
    """

    row: int
    start: int
    end: int
    verb: str
    names: tuple[Name, ...] = ()
    listed: bool = False
    stands_alone: bool = False

    @property
    def whole_file(self) -> bool:
        return self.verb == "ignore-file"


def is_marked(data: bytes) -> bool:
    """Whether there may be such a comment in a file."""
    return b"lossguard:" in data.lower() or b"noqa" in data.lower()


def suppressions(source: Source) -> tuple[Suppression, ...]:
    """The comments of a program that suppress, in order."""
    if not is_marked(source.text.encode("utf-8", "replace")):
        return ()
    if not source.cells:
        return tuple(_in_text(source.text, 1))
    return tuple(one for cell in source.cells for one in _in_text(source.cell_text(cell), cell.first_row))


def _in_text(text: str, first_row: int) -> Iterator[Suppression]:
    if not is_marked(text.encode("utf-8", "replace")):
        return
    lines = split_lines(text)
    for row, column, comment in _comments(lines):
        alone = not lines[row - 1][:column].strip()
        yield from _read(comment, row + first_row - 1, column + 1, alone=alone)


def _comments(lines: list[str]) -> list[tuple[int, int, str]]:
    """Row (from 1), column (from 0) and text of each comment; by their looks where the text is no Python."""
    rows = iter([line + "\n" for line in lines])
    try:
        tokens = list(tokenize.generate_tokens(lambda: next(rows, "")))
    except (tokenize.TokenError, SyntaxError):
        return [(row, line.index("#"), line[line.index("#") :]) for row, line in enumerate(lines, 1) if "#" in line]
    return [(*token.start, token.string) for token in tokens if token.type == tokenize.COMMENT]


def _read(comment: str, row: int, column: int, *, alone: bool) -> Iterator[Suppression]:
    found = [*_OWN.finditer(comment), *_NOQA.finditer(comment)]
    for match in sorted(found, key=lambda match: match.start()):
        text = match[0].rstrip()
        written = match["names"] or ""
        at = column + (match.start("names") if written else 0)
        names = tuple(Name(one[0], at + one.start(), at + one.end()) for one in _NAME.finditer(written))
        own = match.re is _OWN
        yield Suppression(
            row,
            column + match.start(),
            column + match.start() + len(text),
            match["verb"].lower() if own else "noqa",
            names,
            listed=bool(match["list"]) if own else bool(names),
            stands_alone=alone and text == comment.rstrip(),
        )


class Comments:
    """The suppressions of the files of a run, and which names in them have suppressed something."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._in: dict[str, _InFile] = {}
        self.used: set[tuple[str, Suppression, str]] = set()

    def of(self, filename: str) -> tuple[Suppression, ...]:
        """All suppressions of a file."""
        return self._file(filename).all

    def suppress(self, found: Diagnostic, *, by_name: bool = False) -> bool:
        """Whether a finding is suppressed, in the row of any of its places or in its whole file.

        With `by_name` only what names its rule counts, not what stands for every rule.
        """
        filename = found.place.filename
        hits = [(filename, one) for one in self._file(filename).all if one.whole_file]
        for place in (found.place, *(related.place for related in found.related)):
            hits += [(place.filename, one) for one in self._at(place)]
        if by_name:
            hits = [(filename, one) for filename, one in hits if one.listed]
        return any([self._takes(filename, one, found) for filename, one in hits])  # noqa: C419  all are asked

    def _takes(self, filename: str, one: Suppression, found: Diagnostic) -> bool:
        """Whether a suppression is meant for a finding; one for what the finding explains too is of use."""
        taken = not one.listed
        if taken:
            self.used.add((filename, one, ""))
        for name in one.names:
            meant = name.text.upper() == found.code or name.text.lower() == found.name
            if meant or _rule_name(name.text) in found.also:
                self.used.add((filename, one, name.text))
            taken = taken or meant
        return taken

    def _at(self, place: Place) -> list[Suppression]:
        """In the first or the last row of a place."""
        rows = self._file(place.filename).rows
        last = place.end.row - (1 if place.end.column == 1 and place.end.row > place.start.row else 0)
        return [one for row in sorted({place.start.row, last}) for one in rows.get((place.cell, row), ())]

    def _file(self, filename: str) -> _InFile:
        if filename not in self._in:
            source = self._sources.get(filename)
            self._in[filename] = _InFile((), {}) if source is None else _in_file(source)
        return self._in[filename]


@dataclass(frozen=True, slots=True)
class _InFile:
    """The suppressions of one file, and those that count for a row by cell and row."""

    all: tuple[Suppression, ...]
    rows: dict[tuple[int | None, int], list[Suppression]]


def _in_file(source: Source) -> _InFile:
    found = suppressions(source)
    rows: dict[tuple[int | None, int], list[Suppression]] = {}
    for one in found:
        if one.verb in {"ignore", "noqa"}:
            place = source.place(Position(one.row, one.start), Position(one.row, one.end))
            rows.setdefault((place.cell, place.start.row), []).append(one)
    return _InFile(found, rows)


def _rule_name(name_or_code: str) -> str:
    from lossguard.rules import find

    module = find(name_or_code)
    return module.RULE.name if module is not None else ""
