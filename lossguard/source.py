"""One program as it was read: a Python file, standard input, or all code cells of a notebook."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lossguard.place import Place, Position

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE_LIMIT = 50_000_000
"""Bytes that are read; notebooks hold pictures."""

PROGRAM_LIMIT = 1_000_000
"""Characters; a larger program is data, and its tree takes gigabytes."""

_NEWLINE = re.compile(r"\r\n|\r|\n")  # not `splitlines`, which also splits at form feeds; parsers don't
_TRANSFORMATIONS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
"""Python has them among its encodings; some take time that grows with the square of the size."""

_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(Exception):  # noqa: N818  what is read is unreadable; it is no error of ours
    """A file that can't be made a program; `reason` is one sentence, `position` counts in the file."""

    def __init__(self, reason: str, position: Position | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


class Cell(NamedTuple):
    """A code cell: where it starts in the program, its lines as written, and its numbers.

    `number` counts the code cells, `ordinal` all cells, both from 1. `indent` columns were taken away
    from the left, as IPython does.
    """

    first_row: int
    rows: int
    number: int
    ordinal: int
    lines: tuple[str, ...] = ()
    indent: int = 0


class Source(NamedTuple):
    """`filename` is the one that reports show; `text` is the program that is parsed."""

    path: Path | None
    filename: str
    text: str
    cells: tuple[Cell, ...] = ()

    def place(self, start: Position, end: Position) -> Place:
        """The place in the file, or in the notebook's cell, of a stretch of the program."""
        cell = self._cell_at(start.row)
        if cell is None:
            return Place(self.filename, start, end)
        return Place(self.filename, _inside(cell, start), _inside(cell, end), cell.number, cell.ordinal)

    def lines(self, place: Place) -> list[str]:
        """The lines of the file or of the cell that the place is in, as they were written."""
        if place.cell is None:
            return split_lines(self.text)
        return next((list(cell.lines) for cell in self.cells if cell.number == place.cell), [])

    def stretch(self, place: Place) -> str:
        """The code at a place, each run of white space as one space."""
        lines = self.lines(place)[place.start.row - 1 : place.end.row]
        if len(lines) == place.end.row - place.start.row + 1:
            lines[-1] = lines[-1][: place.end.column - 1]
        if lines:
            lines[0] = lines[0][place.start.column - 1 :]
        return " ".join(" ".join(lines).split())

    def cell_text(self, cell: Cell) -> str:
        """What the program holds of this cell."""
        rows = self.text.split("\n")[cell.first_row - 1 : cell.first_row - 1 + cell.rows]
        return "".join(row + "\n" for row in rows)

    def _cell_at(self, row: int) -> Cell | None:
        found = [cell for cell in self.cells if cell.rows and cell.first_row <= row]
        return found[-1] if found else None


def _inside(cell: Cell, position: Position) -> Position:
    row = position.row - cell.first_row + 1
    if row > cell.rows:  # the end of a last statement can be the start of the next row
        return Position(cell.rows, len(cell.lines[-1]) + 1 if cell.lines else 1)
    line = cell.lines[row - 1] if row <= len(cell.lines) else ""
    indented = cell.indent and not line[: cell.indent].strip()
    return Position(row, position.column + (cell.indent if indented else 0))


def split_lines(text: str) -> list[str]:
    """The lines as Python counts them, without their ends."""
    return _NEWLINE.split(text)


def reported_name(path: Path, cwd: Path) -> str:
    """The path relative to the working directory where it lies below it, with forward slashes."""
    try:
        return path.relative_to(cwd).as_posix()
    except ValueError:
        return path.as_posix()


def read_bytes(path: Path, *, limit: int | None = None) -> bytes:
    """The content of a regular file of bounded size."""
    bound = limit or SIZE_LIMIT
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for its other end
            raise Unreadable("is not a regular file")
        if found.st_size > bound:
            raise Unreadable(f"is larger than {bound / 1e6:g} MB and was not checked")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from error


def decode(data: bytes, filename: str, path: Path | None = None) -> Source | None:
    """The program in these bytes; None for a notebook in another language."""
    return from_text(decode_text(data, filename), filename, path)


def decode_text(data: bytes, filename: str) -> str:
    """The text of a Python file (by its byte order mark or coding comment) or of a notebook (UTF-8)."""
    if data.startswith(_UTF16):
        raise Unreadable("is encoded as UTF-16, which Python does not read; save it as UTF-8")
    if b"\0" in data:
        raise Unreadable("contains null bytes: it is a binary file, or encoded as UTF-16 or UTF-32", _row(data, b"\0"))
    encoding = encoding_of(data, filename)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        byte = error.object[error.start : error.start + 1].hex()
        raise Unreadable(f"is not valid {name}: byte 0x{byte}", _undecodable(error, encoding)) from error
    except (UnicodeError, LookupError) as error:
        raise Unreadable(f"declares the encoding {encoding!r}, which can't decode it") from error


def encoding_of(data: bytes, filename: str) -> str:
    """The encoding to read and to write a file with: `utf-8-sig` has a byte order mark."""
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    return "utf-8" if is_notebook(filename) else _declared_encoding(data)


def _declared_encoding(data: bytes) -> str:
    if data.isascii() and b"coding" not in data[:400]:  # spares most files the import
        return "utf-8"
    start = b"\n".join(data.split(b"\n", 2)[:2])  # in the encoding that it declares, not in UTF-8
    from codecs import lookup
    from io import BytesIO
    from tokenize import detect_encoding

    try:
        encoding = detect_encoding(BytesIO(_NOT_ASCII.sub(b"?", start)).readline)[0]
    except SyntaxError as error:
        raise Unreadable(f"has no readable encoding: {error.msg}", Position(1, 1)) from error
    if lookup(encoding).name in _TRANSFORMATIONS:
        raise Unreadable(f"declares {encoding!r}, which is no encoding for programs", Position(1, 1))
    return encoding


def _row(data: bytes, wanted: bytes) -> Position:
    return Position(data.count(b"\n", 0, data.index(wanted)) + 1, 1)


def _undecodable(error: UnicodeDecodeError, encoding: str) -> Position:
    before = error.object[: error.start].decode(encoding, "replace")
    lines = split_lines(before)
    return Position(len(lines), len(lines[-1]) + 1)


def is_notebook(filename: str) -> bool:
    return filename.lower().endswith(".ipynb")


def from_text(text: str, filename: str, path: Path | None = None) -> Source | None:
    """The program in this text; None for a notebook in another language."""
    text = without_surrogates(text)
    source = _of_notebook(text, filename, path) if is_notebook(filename) else Source(path, filename, text)
    if source is not None and len(source.text) > PROGRAM_LIMIT:
        raise Unreadable(f"has more than {PROGRAM_LIMIT:,} characters of code and was not checked")
    return source


def _of_notebook(text: str, filename: str, path: Path | None) -> Source | None:
    from lossguard.notebook import as_python, code_cells, parse

    cells = code_cells(parse(text))
    if cells is None:
        return None
    laid, program, row = [], [], 1
    for number, (index, code) in enumerate(cells, 1):
        lines = split_lines(code) if code else []
        indent, rows = as_python(lines)
        laid.append(Cell(row, len(lines), number, index, tuple(lines), indent))
        program += rows
        row += len(rows)
    return Source(path, filename, "".join(line + "\n" for line in program), tuple(laid))


def without_surrogates(text: str) -> str:
    """The text with halves of surrogate pairs, which no parser takes, made replacement characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def without_bad_cells(source: Source, parses: Callable[[str], bool]) -> tuple[Source, tuple[Cell, ...]]:
    """The program with the cells blanked that don't parse on their own, and which these are."""
    rows = source.text.split("\n")
    bad = [cell for cell in source.cells if not parses(source.cell_text(cell))]
    for cell in bad:
        start = cell.first_row - 1
        rows[start : start + cell.rows] = [""] * cell.rows
    return source._replace(text="\n".join(rows)), tuple(bad)
