"""The lines that have changed since a revision, as git tells them."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.config import Misconfigured
from lossguard.source import Unreadable, decode, is_notebook, split_lines

if TYPE_CHECKING:
    from lossguard.findings import Diagnostic, Place
    from lossguard.source import Source

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
Rows = frozenset[int] | None
"""Changed rows of a program; None for all of them."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The changed rows of each file, by absolute path."""

    revision: str
    rows: Mapping[Path, Rows]

    def touches(self, found: Diagnostic, sources: Mapping[str, Source]) -> bool:
        """Whether any place of a finding is in changed lines."""
        places = (found.place, *(related.place for related in found.related))
        return any(self._in(place, sources.get(place.filename)) for place in places)

    def _in(self, place: Place, source: Source | None) -> bool:
        path = source.path if source is not None and source.path is not None else Path.cwd() / place.filename
        path = path.resolve()
        if path not in self.rows:
            return False
        changed = self.rows[path]
        if changed is None or source is None:
            return True
        first = next((cell.first_row for cell in source.cells if cell.number == place.cell), 1)
        return any(row + first - 1 in changed for row in range(place.start.row, place.end.row + 1))


def changes(revision: str, folder: Path) -> Changes:
    """What has changed since the revision, or since it and the present commit parted; with what is not committed."""
    top = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n")).resolve()
    if revision.startswith("-"):
        raise Misconfigured(f"--diff-base: no revision: {revision!r}")
    _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    base = _base(folder, revision)
    told = _git(top, "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--unified=0", "-M", base, "--")
    rows: dict[Path, Rows] = {top / name: found for name, found in _hunks(told)}
    for path in [path for path in rows if is_notebook(path.name)]:
        rows[path] = _of_notebook(path, top, base)
    added = _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    rows.update({top / name: None for name in added.split("\0") if name})
    return Changes(revision, rows)


def _base(folder: Path, revision: str) -> str:
    try:
        return _git(folder, "merge-base", revision, "HEAD").strip()
    except Misconfigured:  # unrelated histories, or a clone that is not deep enough
        return revision


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  a fixed program
            ["git", "-C", str(folder), "-c", "core.quotepath=off", *arguments],  # noqa: S607  wherever it is
            capture_output=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise Misconfigured("--diff-base needs git, which was not found") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        unknown = "git does not know " + repr(arguments[-1].partition("^")[0])
        raise Misconfigured(f"--diff-base: {reason or unknown}") from error
    return done.stdout.decode("utf-8", "surrogateescape")


def _hunks(told: str) -> list[tuple[str, frozenset[int]]]:
    """Path and changed rows of each file that a diff without context names and that is still there."""
    found: list[tuple[str, frozenset[int]]] = []
    name, rows, in_header = "", set[int](), True
    for line in told.split("\n"):
        if line.startswith("diff --git "):
            found.append((name, frozenset(rows)))
            name, rows, in_header = "", set(), True
        elif in_header and line.startswith("+++ "):
            name = _name(line[4:])
        elif hunk := _HUNK.match(line):
            in_header = False
            first, count = int(hunk[1]), int(hunk[2] or 1)
            rows |= set(range(first, first + count)) if count else {first, first + 1}  # where lines were deleted
    return [(path, changed) for path, changed in [*found, (name, frozenset(rows))] if path]


def _name(text: str) -> str:
    """The path in `+++ b/path`; empty for a file that was deleted."""
    text = text.rstrip("\t")
    if text.startswith('"'):
        text = ast.literal_eval(f"b{text}").decode("utf-8", "surrogateescape")
    return text[2:] if text.startswith("b/") else ""


def _of_notebook(path: Path, top: Path, base: str) -> Rows:
    """The changed rows of a notebook's program, whatever has become of its outputs."""
    try:
        before = decode(_git(top, "show", f"{base}:{path.relative_to(top).as_posix()}").encode(), path.name)
        after = decode(path.read_bytes(), path.name)
    except (Misconfigured, Unreadable, OSError):
        return None
    if before is None or after is None:
        return None
    return frozenset(_changed(split_lines(before.text), split_lines(after.text)))


def _changed(before: list[str], after: list[str]) -> Iterable[int]:
    for kind, _, _, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from range(start + 1, end + 1) if end > start else (start, start + 1)
