"""Places in the user's own program, read from the stack while it runs."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType

from lossguard.findings import Place, Position
from lossguard.runtime.origins import Live
from lossguard.source import Source, Unreadable, decode, read_bytes, reported_name, split_lines

_NOT_THEIRS = tuple(
    {str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib")}
    | {str(Path(__file__).resolve().parent.parent)}
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A call in the user's program: the file as Python names it, and its rows and byte columns."""

    filename: str
    first_row: int
    last_row: int
    first_column: int | None
    last_column: int | None


def users(filename: str) -> bool:
    """Whether a file is the user's: neither Python's nor an installed package's nor ours."""
    if filename.startswith("<"):
        return False
    path = str(Path(filename).resolve())
    return not path.startswith(_NOT_THEIRS) and "site-packages" not in path


def here() -> Spot | None:
    """The call in the user's program that led to where we are."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None and not users(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None else spot_of(frame.f_code, frame.f_lasti, frame.f_lineno)


def called_by_user(depth: int) -> bool:
    """Whether the caller of the function that asks, so many frames up, is in the user's program."""
    return users(sys._getframe(depth + 1).f_code.co_filename)  # noqa: SLF001


def spot_of(code: CodeType, instruction: int, row: int) -> Spot:
    """The call that this instruction is."""
    positions = getattr(code, "co_positions", None)  # since Python 3.11
    found = next(islice(positions(), instruction // 2, None), None) if positions is not None else None
    if found is None or found[0] is None or found[1] is None:
        return Spot(code.co_filename, row, row, None, None)
    return Spot(code.co_filename, *found)


@dataclass(slots=True)
class Program:
    """The user's files, as far as places in them were asked for. `main` is the program that was started."""

    main: Source | None = None
    _sources: dict[str, Source | None] = field(default_factory=dict)

    def source(self, filename: str) -> Source | None:
        if self.main is not None and filename == str(self.main.path):
            return self.main
        if filename not in self._sources:
            path = Path(filename)
            try:
                self._sources[filename] = decode(read_bytes(path), reported_name(path.resolve(), Path.cwd()), path)
            except Unreadable:
                self._sources[filename] = None
        return self._sources[filename]

    def place(self, spot: Spot) -> Place:
        """The place in the file, or in the notebook's cell."""
        source = self.source(spot.filename)
        if source is None:
            start = Position(spot.first_row, 1)
            return Place(reported_name(Path(spot.filename), Path.cwd()), start, start)
        lines = split_lines(source.text)
        first, last = _line(lines, spot.first_row), _line(lines, spot.last_row)
        left = len(first) - len(first.lstrip()) if spot.first_column is None else _characters(first, spot.first_column)
        right = len(last) if spot.last_column is None else _characters(last, spot.last_column)
        return source.place(Position(spot.first_row, left + 1), Position(spot.last_row, right + 1))


@dataclass(frozen=True, slots=True)
class InProgram:
    """Places in the user's program: where a thing was made, else the `compile` or the `fit` that uses it."""

    program: Program
    spots: Mapping[int, tuple[object, Spot]]
    compiled: Spot | None
    used: Spot | None

    def _spot(self, origin: object) -> Spot | None:
        if isinstance(origin, Live):
            if origin.kind == "labels":
                return self.used or self.compiled
            code = getattr(origin.thing, "__code__", None)
            if origin.kind == "function" and code is not None and users(code.co_filename):
                return Spot(code.co_filename, code.co_firstlineno, code.co_firstlineno, None, None)
            known = self.spots.get(id(origin.thing))
            if known is not None and known[0] is origin.thing and origin.kind != "compile":
                return known[1]
        return self.compiled or self.used

    def place(self, origin: object) -> Place:
        spot = self._spot(origin)
        main = self.program.main
        known = spot or Spot(str(main.path) if main is not None else "<unknown>", 1, 1, None, None)
        return self.program.place(known)

    def label(self, origin: object, label: str) -> str:
        """The layer by its name, too."""
        named = isinstance(origin, Live) and origin.kind == "layer" and origin.name
        return f"{label}, layer {origin.name!r}" if named and isinstance(origin, Live) else label


def _line(lines: list[str], row: int) -> str:
    return lines[row - 1] if 1 <= row <= len(lines) else ""


def _characters(line: str, column: int) -> int:
    return len(line.encode()[:column].decode(errors="replace"))
