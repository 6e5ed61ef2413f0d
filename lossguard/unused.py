"""Suppressions that suppress nothing, as findings with the edit that removes them (LG902)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lossguard.findings import Confidence, Diagnostic, Edit, Fix, Position
from lossguard.rules import find, unused_suppression
from lossguard.selection import unknown
from lossguard.source import split_lines
from lossguard.suppress import Comments, Name, Suppression

if TYPE_CHECKING:
    from lossguard.source import Source

_VERBS = ("ignore", "ignore-file")
_MISTAKEN = (*_VERBS, "disable", "noqa", "skip", "allow", "nolint")

Judged = Callable[[str], bool]
"""Whether the rule of this code was asked for, so that its silence means something."""


def unused(source: Source, comments: Comments, judged: Judged, *, every_rule: bool) -> Iterator[Diagnostic]:
    """What suppresses nothing in a file; `every_rule` says that all plain rules were asked for."""
    for one in comments.of(source.filename):
        if one.verb != "noqa" and one.verb not in _VERBS:
            if _is_mistaken(one.verb):
                yield _finding(
                    source, one, f"`lossguard: {one.verb}` suppresses nothing: write `lossguard: ignore[rule]`"
                )
        elif not one.listed:
            if one.verb != "noqa" and every_rule and (source.filename, one, "") not in comments.used:
                yield _finding(source, one, "there is no finding to suppress here", _without(source, one, ()))
        else:
            yield from _names(source, one, comments, judged)


def _is_mistaken(verb: str) -> bool:
    """Whether a word is meant to suppress; others may follow `lossguard:` in prose."""
    from difflib import get_close_matches

    return bool(get_close_matches(verb, _MISTAKEN, n=1))


def _names(source: Source, one: Suppression, comments: Comments, judged: Judged) -> Iterator[Diagnostic]:
    if not one.names:
        yield _finding(source, one, "this suppression names no rule", _without(source, one, ()))
        return
    idle: list[Name] = []
    for name in one.names:
        module = find(name.text)
        if module is None:
            if one.verb != "noqa":  # the codes of other tools are not judged
                yield _finding(source, one, unknown(name.text))
        elif (source.filename, one, name.text) not in comments.used and judged(module.RULE.code):
            idle.append(name)
    if idle:
        told = " or ".join(name.text for name in idle)
        yield _finding(
            source, one, f"there is no finding of {told} to suppress here", _without(source, one, tuple(idle))
        )


def _finding(source: Source, one: Suppression, message: str, fix: Fix | None = None) -> Diagnostic:
    rule = unused_suppression.RULE
    place = source.place(Position(one.row, one.start), Position(one.row, one.end))
    return Diagnostic(
        rule.code,
        rule.name,
        rule.severity,
        Confidence.CERTAIN,
        message,
        place,
        label="suppresses nothing",
        remedy="Remove it." if fix is not None else "Name a rule that lossguard knows, or remove it.",
        fix=fix,
    )


def _without(source: Source, one: Suppression, idle: tuple[Name, ...]) -> Fix:
    """The comment without these names; the whole comment where none is left."""
    left = [name.text for name in one.names if name not in idle]
    if left and idle:
        return _edit(source, one.row, one.names[0].start, one.names[-1].end, ", ".join(left))
    lines = split_lines(source.text)
    line = lines[one.row - 1]
    if one.stands_alone and one.row < len(lines):
        place = source.place(Position(one.row, 1), Position(one.row + 1, 1))
        return Fix(safe=True, message="Remove the suppression", edits=(Edit(place, ""),), way="suppression")
    after = line[one.end - 1 :]
    if after.strip():
        return _edit(source, one.row, one.start, one.end + len(after) - len(after.lstrip()), "")
    start = len(line[: one.start - 1].rstrip()) + 1
    return _edit(source, one.row, start, len(line) + 1, "")


def _edit(source: Source, row: int, start: int, end: int, content: str) -> Fix:
    place = source.place(Position(row, start), Position(row, end))
    message = "Remove what suppresses nothing" if content else "Remove the suppression"
    return Fix(safe=True, message=message, edits=(Edit(place, content),), way="suppression")
