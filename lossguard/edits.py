"""Edits made in the text of a file: in Python as they are, in a notebook inside the strings of its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lossguard.source import is_notebook

if TYPE_CHECKING:
    from lossguard.findings import Edit, Position
    from lossguard.source import Source

_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
_ENDS = ("\r\n", "\n", "\r")


@dataclass(frozen=True, slots=True)
class _Span:
    """Replace the characters from `start` to `end` by `content`."""

    start: int
    end: int
    content: str


@dataclass(frozen=True, slots=True)
class _String:
    """A string in JSON: where its literal stands, and what it says."""

    start: int
    end: int
    text: str


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
    code = "".join(string.text for string in strings)
    spans = sorted({_span(code, edit) for edit in edits}, key=lambda span: (span.start, span.end))
    first = 0
    for number, string in enumerate(strings):
        last = number == len(strings) - 1
        here = [_within(span, first, string.text) for span in spans if _meets(span, first, string.text, last=last)]
        if here:
            changed = _replaced(string.text, here)
            ascii_only = text.isascii()
            yield _Span(string.start, string.end, json.dumps(changed, ensure_ascii=ascii_only))
        first += len(string.text)


def _meets(span: _Span, first: int, text: str, *, last: bool) -> bool:
    after = first + len(text)
    return first <= span.start < after or span.start < first < span.end or (last and span.start == after)


def _within(span: _Span, first: int, text: str) -> _Span:
    """The part of an edit in one string; what it inserts goes into the string in which it starts."""
    content = span.content if span.start >= first else ""
    return _Span(max(span.start - first, 0), min(span.end - first, len(text)), content)


def _sources(text: str) -> list[list[_String]]:
    """The strings of the source of each cell, in order."""
    found: list[list[_String]] = []
    _value(text, 0, (), found)
    return found


def _value(text: str, at: int, path: tuple[str, ...], found: list[list[_String]]) -> int:
    """Read a JSON value, collect the sources of cells in it, and say where it ends."""
    at = _blank(text, at)
    match text[at]:
        case '"':
            string, end = _string(text, at)
            if path[-2:] == ("[", "source") or path[-3:-1] == ("[", "source") or path[-2:] == ("[", "input"):
                found[-1].append(_String(at, end, string))
            return end
        case "{" | "[" as bracket:
            return _members(text, at, bracket, path, found)
    while at < len(text) and text[at] not in ",]} \t\r\n":
        at += 1
    return at


def _members(text: str, at: int, bracket: str, path: tuple[str, ...], found: list[list[_String]]) -> int:
    if bracket == "{" and path in {("cells", "["), ("worksheets", "[", "cells", "[")}:
        found.append([])
    at = _blank(text, at + 1)
    while text[at] not in "]}":
        key = "["
        if bracket == "{":
            key, at = _string(text, at)
            at = _blank(text, at) + 1  # the colon
        at = _blank(text, _value(text, at, (*path, key), found))
        if text[at] == ",":
            at = _blank(text, at + 1)
    return at + 1


def _string(text: str, at: int) -> tuple[str, int]:
    """The string whose literal starts here, and where it ends."""
    literal = _LITERAL.match(text, at)
    if literal is None:
        return "", len(text)
    return str(json.loads(literal[0], strict=False)), literal.end()


def _blank(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at
