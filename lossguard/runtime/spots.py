"""Places in the user's own program, read from the stack while it runs."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
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


_ARGUMENTS = {"loss": "loss", "metric": "metrics"}
"""What `compile` calls a part of the setup."""
_POSITIONS = {"optimizer": 0, "loss": 1}


@dataclass(frozen=True, slots=True)
class Spot:
    """A call in the user's program: the file as Python names it, and its rows and byte columns."""

    filename: str
    first_row: int
    last_row: int
    first_column: int | None
    last_column: int | None


@cache
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

    def call(self, spot: Spot) -> tuple[ast.Call | None, str]:
        """The call at this place, where it can be told, and how the program writes it."""
        source = self.source(spot.filename)
        if source is None or spot.first_column is None or spot.last_column is None:
            return None, ""
        lines = [line.encode() for line in split_lines(source.text)[spot.first_row - 1 : spot.last_row]]
        if not lines:
            return None, ""
        lines[-1] = lines[-1][: spot.last_column]
        lines[0] = lines[0][spot.first_column :]
        text = b"\n".join(lines).decode(errors="replace")
        try:
            node = ast.parse(f"({text})", mode="eval").body
        except SyntaxError:
            return None, text
        return (node if isinstance(node, ast.Call) else None), text

    def argument(self, spot: Spot, name: str, thing: object) -> Spot:
        """Where this argument of the call is written, or the string in it that is meant; the call where it is not."""
        call, _ = self.call(spot)
        if call is None or spot.first_column is None:
            return spot
        given: ast.expr | None = next((one.value for one in call.keywords if one.arg == name), None)
        position = _POSITIONS.get(name, len(call.args))
        if given is None and position < len(call.args):
            given = call.args[position]
        if given is None or isinstance(given, ast.Starred):
            return spot
        meant = [one for one in ast.walk(given) if isinstance(one, ast.Constant) and one.value == thing]
        node = meant[0] if len(meant) == 1 and isinstance(thing, str) else given
        if node.end_lineno is None or node.end_col_offset is None:
            return spot
        return Spot(
            spot.filename,
            spot.first_row + node.lineno - 1,
            spot.first_row + node.end_lineno - 1,
            node.col_offset + (spot.first_column - 1 if node.lineno == 1 else 0),
            node.end_col_offset + (spot.first_column - 1 if node.end_lineno == 1 else 0),
        )


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
        if isinstance(origin, Live) and self.compiled is not None and origin.kind in _ARGUMENTS:
            return self.program.argument(self.compiled, _ARGUMENTS[origin.kind], origin.thing)
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


@dataclass(slots=True)
class Made:
    """Where the parts of models were made, as far as the program made them, and where models were compiled."""

    spots: dict[int, tuple[object, Spot]] = field(default_factory=dict)
    _compiled: dict[int, tuple[object, Spot | None]] = field(default_factory=dict)

    def made(self, thing: object, spot: Spot) -> None:
        self.spots.setdefault(id(thing), (thing, spot))

    def compiled(self, model: object, spot: Spot | None) -> None:
        self._compiled[id(model)] = model, spot

    def compiled_at(self, model: object) -> Spot | None:
        return self._compiled.get(id(model), (model, None))[1]

    def models(self) -> list[tuple[object, Spot | None]]:
        """The models that were compiled, and where last."""
        return list(self._compiled.values())

    def sources(self, program: Program, *spots: Spot | None) -> dict[str, Source]:
        """The files of these places and of all parts, by their names."""
        every = (*spots, *(spot for _, spot in self.spots.values()), *(spot for _, spot in self._compiled.values()))
        names = {spot.filename for spot in every if spot is not None}
        found = [source for name in sorted(names) if (source := program.source(name)) is not None]
        return {source.filename: source for source in found}
