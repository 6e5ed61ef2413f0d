"""Fixes made and proved: each result is checked again before it counts, all in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lossguard.edits import Overlap, edited

if TYPE_CHECKING:
    from lossguard.check import Checked
    from lossguard.findings import Diagnostic, Edit
    from lossguard.source import Source

_ROUNDS = 10
_UNPARSABLE = "LG901"

Recheck = Callable[[frozenset[str], Mapping[str, str]], "Checked"]
"""Check these files again, by their reported names; the texts stand for what files hold."""


@dataclass(slots=True)
class Fixed:
    """What came of the fixes: the new texts by file, how many findings they fix, and what could not be done."""

    texts: dict[str, str] = field(default_factory=dict)
    number: int = 0
    problems: list[str] = field(default_factory=list)


class Fixer:
    """Makes fixes until nothing changes. `texts` are the files as they are, raw."""

    def __init__(self, texts: Callable[[str], str], recheck: Recheck, *, unsafe: bool) -> None:
        self._original = texts
        self._recheck = recheck
        self._unsafe = unsafe
        self._done = Fixed()
        self._refused: set[tuple[str, ...]] = set()

    def fix(self, checked: Checked) -> Fixed:
        """Fix what was found, one group of files after the other that have findings in common."""
        for files in _groups([found for found in checked.diagnostics if self._wanted(found)]):
            here = [found for found in checked.diagnostics if files >= files_of(found)]
            self._group(files, here, checked.sources)
        return self._done

    def _wanted(self, found: Diagnostic) -> bool:
        return found.fix is not None and (found.fix.safe or self._unsafe) and _identity(found) not in self._refused

    def _group(self, files: frozenset[str], found: Sequence[Diagnostic], sources: Mapping[str, Source]) -> None:
        before: Checked | None = None
        for _ in range(_ROUNDS):
            wanted = [one for one in found if self._wanted(one)]
            if not wanted:
                return
            before = before or self._recheck(files, self._done.texts)
            after = self._made(files, _apart(wanted), before, sources)
            if after is None:
                for one in wanted:
                    made = self._made(files, [one], before, sources)
                    if made is not None:
                        after = made
                        break
                    self._refused.add(_identity(one))
                    self._done.problems.append(
                        f"{one.place.filename}: {one.code} at line {one.place.start.row} is not fixed:"
                        " the result would not be right"
                    )
            if after is None:
                return
            before = after
            found, sources = after.diagnostics, after.sources

    def _made(
        self, files: frozenset[str], chosen: Sequence[Diagnostic], before: Checked, sources: Mapping[str, Source]
    ) -> Checked | None:
        """Make these fixes together; None, and nothing is changed, where the result is not what was wanted."""
        texts = dict(self._done.texts)
        edits: dict[str, list[Edit]] = {}
        for one in chosen:
            for edit in one.fix.edits if one.fix is not None else ():
                edits.setdefault(edit.place.filename, []).append(edit)
        try:
            for name, group in edits.items():
                texts[name] = edited(texts.get(name) or self._original(name), sources[name], group)
        except (Overlap, KeyError, IndexError, OSError, UnicodeError):
            return None
        after = self._recheck(files, texts)
        if not _is_better(before, after, chosen):
            return None
        self._done.texts = texts
        self._done.number += len(chosen)
        return after


def files_of(found: Diagnostic) -> frozenset[str]:
    """The files that a finding has to do with."""
    edits = found.fix.edits if found.fix is not None else ()
    places = [found.place, *(related.place for related in found.related), *(edit.place for edit in edits)]
    return frozenset(place.filename for place in places)


def _groups(diagnostics: Sequence[Diagnostic]) -> Iterator[frozenset[str]]:
    """The files that findings have in common, together."""
    groups: list[frozenset[str]] = []
    for found in diagnostics:
        joined = files_of(found)
        for group in [group for group in groups if group & joined]:
            groups.remove(group)
            joined |= group
        groups.append(joined)
    yield from sorted(groups, key=sorted)


def _apart(wanted: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Of these the first ones whose edits do not meet."""
    chosen: list[Diagnostic] = []
    taken: list[Edit] = []
    for found in wanted:
        edits = found.fix.edits if found.fix is not None else ()
        if not any(_meet(edit, other) for edit in edits for other in taken):
            chosen.append(found)
            taken += edits
    return chosen


def _meet(edit: Edit, other: Edit) -> bool:
    one, two = edit.place, other.place
    return (one.filename, one.cell) == (two.filename, two.cell) and one.start <= two.end and two.start <= one.end


def _identity(found: Diagnostic) -> tuple[str, ...]:
    return (*_kind(found), found.message)


def _kind(found: Diagnostic) -> tuple[str, ...]:
    return found.code, found.place.filename, str(found.place.cell)


def _is_better(before: Checked, after: Checked, fixed: Sequence[Diagnostic]) -> bool:
    """Whether each finding that was fixed is gone, and no other has come."""
    old, new = Counter(map(_kind, before.unsuppressed)), Counter(map(_kind, after.unsuppressed))
    if after.problems and not before.problems:
        return False
    gone = Counter(_kind(found) for found in fixed if found.code != "LG902")
    return all(new[kind] <= max(old[kind] - gone[kind], 0) for kind in old.keys() | new.keys()) and (
        after.models >= before.models
    )
