"""Edits made in the text of a file: in Python as they are, in a notebook inside the strings of its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lossguard.frozen import dataclass
from lossguard.source import is_notebook

if TYPE_CHECKING:
    from lossguard.findings import Edit, Position
    from lossguard.source import Source

_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_CHARACTER = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.", re.DOTALL)
"""One character as JSON writes it: outside of the basic plane perhaps as a pair of surrogates."""

_LINE_ENDS = frozenset({"\\n", "\\u000a", "\\u000A", "\n"})
_ENDS = ("\r\n", "\n", "\r")


@dataclass(frozen=True, slots=True)
class _Span:
    """Replace the characters from `start` to `end` by `content`."""

    start: int
    end: int
    content: str


@dataclass(frozen=True, slots=True)
class _String:
    """A string in JSON: where its literal stands, and its characters as they are written there."""

    start: int
    end: int
    characters: tuple[str, ...]


class Overlap(Exception):  # noqa: N818  what the edits do
    """Edits that change the same characters."""


def edited(text: str, source: Source, edits: Iterable[Edit]) -> str:
    """The text of the file with these edits made; everything else stays as it is, to the byte."""
    if not is_notebook(source.filename):
        return _replaced(text, [_span(text, edit) for edit in edits])
    by_cell: dict[int, list[Edit]] = {}
    for edit in edits:
        by_cell.setdefault(edit.place.cell_index or 0, []).append(edit)
    strings = dict(enumerate(_sources(text), 1))
    spans = [span for index, group in by_cell.items() for span in _in_json(text, strings[index], group)]
    return _replaced(text, spans)


def replaced(text: str, edits: Iterable[Edit], first: int) -> str:
    """Some rows of a file or cell, of which the first has this number, with these edits made."""
    starts = _line_starts(text)

    def offset(position: Position) -> int:
        return min(starts[position.row - first] + position.column - 1, len(text))

    return _replaced(text, [_Span(offset(one.place.start), offset(one.place.end), one.content) for one in edits])


def _span(text: str, edit: Edit) -> _Span:
    starts = _line_starts(text)
    return _Span(_offset(starts, text, edit.place.start), _offset(starts, text, edit.place.end), edit.content)


def _line_starts(text: str) -> list[int]:
    starts, at = [0], 0
    while at < len(text):
        end = next((end for end in _ENDS if text.startswith(end, at)), "")
        at += len(end) or 1
        if end:
            starts.append(at)
    return starts


def _offset(starts: list[int], text: str, position: Position) -> int:
    if position.row > len(starts):
        return len(text)
    return min(starts[position.row - 1] + position.column - 1, len(text))


def _replaced(text: str, spans: Iterable[_Span]) -> str:
    parts, at = [], 0
    for span in sorted(set(spans), key=lambda span: (span.start, span.end)):
        if span.start < at:
            raise Overlap
        parts += [text[at : span.start], span.content]
        at = span.end
    return "".join([*parts, text[at:]])


def _in_json(text: str, strings: list[_String], edits: Iterable[Edit]) -> Iterator[_Span]:
    """The literals of one cell that change, with what they become."""
    code = "".join(str(json.loads(text[string.start : string.end], strict=False)) for string in strings)
    spans = sorted({_span(code, edit) for edit in edits}, key=lambda span: (span.start, span.end))
    first = 0
    for number, string in enumerate(strings):
        size, last = len(string.characters), number == len(strings) - 1
        here = [_within(span, first, size) for span in spans if _meets(span, first, size, last=last)]
        if here:
            yield _literals(text, strings, number, _written(string, here, ascii_only=text.isascii()))
        first += size


def _written(string: _String, spans: list[_Span], *, ascii_only: bool) -> list[str]:
    """The characters of a string after these edits, each as JSON writes it; the others as they were written."""
    parts: list[str] = []
    at = 0
    for span in spans:
        if span.start < at:
            raise Overlap
        inserted = json.dumps(span.content, ensure_ascii=ascii_only)[1:-1]
        parts += [*string.characters[at : span.start], *_CHARACTER.findall(inserted)]
        at = span.end
    return [*parts, *string.characters[at:]]


def _literals(text: str, strings: list[_String], number: int, characters: list[str]) -> _Span:
    """A changed string of a cell: one literal for each line, where the cell has it so; none where nothing is left."""
    string = strings[number]
    start, end = string.start, string.end
    before = text[strings[number - 1].end : start] if number else ""
    after = text[end : strings[number + 1].start] if number + 1 < len(strings) else ""
    lines = _lines(characters)
    by_lines = (before or after) and len(_lines(list(string.characters))) <= 1
    if by_lines and not lines:
        return _Span(start - len(before), end, "") if before else _Span(start, end + len(after), "")
    literals = [f'"{line}"' for line in lines] if by_lines else ['"' + "".join(characters) + '"']
    return _Span(start, end, (after or before).join(literals))


def _lines(characters: list[str]) -> list[str]:
    lines, at = [], 0
    for number, character in enumerate(characters, 1):
        if character in _LINE_ENDS or number == len(characters):
            lines.append("".join(characters[at:number]))
            at = number
    return lines


def _meets(span: _Span, first: int, size: int, *, last: bool) -> bool:
    after = first + size
    return first <= span.start < after or span.start < first < span.end or (last and span.start == after)


def _within(span: _Span, first: int, size: int) -> _Span:
    """The part of an edit in one string; what it inserts goes into the string in which it starts."""
    content = span.content if span.start >= first else ""
    return _Span(max(span.start - first, 0), min(span.end - first, size), content)


_CELLS = {("cells", "["), ("worksheets", "[", "cells", "[")}
_SOURCES = ("input", "source")
"""The keys of a cell's code, before version 4 of the format and since; the last one counts."""

Cells = list[dict[str, list[_String]]]


def _sources(text: str) -> list[list[_String]]:
    """The strings of the source of each cell, in order."""
    cells: Cells = []
    _value(text, 0, (), cells)
    return [cell.get("source", cell.get("input", [])) for cell in cells]


def _value(text: str, at: int, path: tuple[str, ...], cells: Cells) -> int:
    """Read a JSON value, collect the sources of cells in it, and say where it ends."""
    at = _blank(text, at)
    key = path[-2] if path[-1:] == ("[",) and len(path) > 1 else path[-1] if path else ""
    around = path[: -2 if path[-1:] == ("[",) else -1]
    match text[at]:
        case '"':
            literal = _LITERAL.match(text, at)
            if literal is None:
                return len(text)
            if key in _SOURCES and around in _CELLS:
                cells[-1][key].append(_String(at, literal.end(), tuple(_CHARACTER.findall(literal[1]))))
            return literal.end()
        case "{" | "[" as bracket:
            return _members(text, at, bracket, path, cells)
    while at < len(text) and text[at] not in ",]} \t\r\n":
        at += 1
    return at


def _members(text: str, at: int, bracket: str, path: tuple[str, ...], cells: Cells) -> int:
    is_cell = bracket == "{" and path in _CELLS
    if is_cell:
        cells.append({})
    at = _blank(text, at + 1)
    while text[at] not in "]}":
        key = "["
        if bracket == "{":
            key, at = _key(text, at)
            at = _blank(text, at) + 1  # the colon
            if is_cell and key in _SOURCES:
                cells[-1][key] = []
        at = _blank(text, _value(text, at, (*path, key), cells))
        if text[at] == ",":
            at = _blank(text, at + 1)
    return at + 1


def _key(text: str, at: int) -> tuple[str, int]:
    """The key whose literal starts here, and where it ends."""
    literal = _LITERAL.match(text, at)
    if literal is None:
        return "", len(text)
    return str(json.loads(literal[0], strict=False)), literal.end()


def _blank(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at
