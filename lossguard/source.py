"""One program as it was read: a Python file, standard input, or all code cells of a notebook."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.findings import Place, Position

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE_LIMIT = 5_000_000
NOTEBOOK_SIZE_LIMIT = 50_000_000
"""Bytes; a larger Python file is data and takes minutes to parse; notebooks hold pictures."""

_NEWLINE = re.compile(r"\r\n|\r|\n")  # not `splitlines`, which also splits at form feeds; parsers don't
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(Exception):  # noqa: N818  what is read is unreadable; it is no error of ours
    """A file that can't be made a program; `reason` is one sentence, `position` counts in the file."""

    def __init__(self, reason: str, position: Position | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: where it starts in the program, its lines as written, and its numbers.

    `number` counts the code cells, `index` all cells, both from 1. `indent` columns were taken away
    from the left, as IPython does.
    """

    first_row: int
    rows: int
    number: int
    index: int
    lines: tuple[str, ...] = ()
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Source:
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
        return Place(self.filename, _inside(cell, start), _inside(cell, end), cell.number, cell.index)

    def lines(self, place: Place) -> list[str]:
        """The lines of the file or of the cell that the place is in, as they were written."""
        if place.cell is None:
            return split_lines(self.text)
        return next((list(cell.lines) for cell in self.cells if cell.number == place.cell), [])

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
    bound = limit or (NOTEBOOK_SIZE_LIMIT if is_notebook(path.name) else SIZE_LIMIT)
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
    encoding = "utf-8-sig" if is_notebook(filename) else _declared_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        byte = error.object[error.start : error.start + 1].hex()
        raise Unreadable(f"is not valid {name}: byte 0x{byte}", _undecodable(error, encoding)) from error
    except (UnicodeError, LookupError) as error:
        raise Unreadable(f"declares the encoding {encoding!r}, which can't decode it") from error


def _declared_encoding(data: bytes) -> str:
    if data.isascii() and b"coding" not in data[:400]:  # spares most files the import
        return "utf-8"
    from io import BytesIO
    from tokenize import detect_encoding

    try:
        return detect_encoding(BytesIO(data).readline)[0]
    except SyntaxError as error:
        if "declaration" in str(error.msg):  # there is none: the first lines are not UTF-8
            return "utf-8-sig"
        raise Unreadable(f"has no readable encoding: {error.msg}", Position(1, 1)) from error


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
    if not is_notebook(filename):
        return Source(path, filename, text)
    cells = _code_cells(_parse_json(text))
    if cells is None:
        return None
    laid, program, row = [], [], 1
    for number, (index, code) in enumerate(cells, 1):
        lines = split_lines(code) if code else []
        indent, rows = _as_python(lines)
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
    return replace(source, text="\n".join(rows)), tuple(bad)


def _parse_json(text: str) -> dict[str, object]:
    import json

    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"is not a notebook: {error.msg}", Position(error.lineno, error.colno)) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable("is not a notebook: its JSON can't be read") from error
    if not isinstance(notebook, dict):
        raise Unreadable("is not a notebook: it is JSON, but no object", Position(1, 1))
    return notebook


def _code_cells(notebook: dict[str, object]) -> list[tuple[int, str]] | None:
    """Index among all cells and code of each code cell; None where the language is another one."""
    metadata = _dict(notebook.get("metadata"))
    language = _dict(metadata.get("language_info")).get("name") or _dict(metadata.get("kernelspec")).get("language")
    if not _is_python(language):
        return None
    cells = notebook.get("cells")
    if not isinstance(cells, list):  # before version 4 of the format
        sheets = notebook.get("worksheets")
        if not isinstance(sheets, list):
            raise Unreadable("is not a notebook: it has no cells", Position(1, 1))
        cells = [cell for sheet in sheets for cell in _list(_dict(sheet).get("cells"))]
    return [
        (index, _code(_dict(cell))) for index, cell in enumerate(cells, 1) if _dict(cell).get("cell_type") == "code"
    ]


def _code(cell: dict[str, object]) -> str:
    vscode = _dict(_dict(cell.get("metadata")).get("vscode"))
    if not _is_python(cell.get("language")) or not _is_python(vscode.get("languageId")):
        return ""
    code = cell.get("source", cell.get("input"))
    text = code if isinstance(code, str) else "".join(part for part in _list(code) if isinstance(part, str))
    return without_surrogates(text)


def _is_python(language: object) -> bool:
    return not isinstance(language, str) or "python" in language.lower()


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


_CELL_MAGIC = re.compile(r"%%(\w+)\s*(.*)")
_PYTHON_CELLS = frozenset({"capture", "memit", "mprun", "prun", "pypy", "python", "python3", "time", "timeit"})
_MAGIC = re.compile(r"(\s*)[%!?]|(\s*)[^#'\"]*\?\s*$")
_TIMED = re.compile(r"\s*%time\s+(?!(?:async|class|def|for|if|match|try|while|with)\b|-)\S")
_ASSIGNED = re.compile(r"""((?:[\w.,:\s\[\]*()]|'[^']*'|"[^"]*")+)=\s*[!%]""")
_MAYBE_MAGIC = re.compile(r"^\s*[%!?]|=\s*[!%]|\?\s*$", re.MULTILINE)
_TOKEN = re.compile(r"\"{3}|'{3}|\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|#.*|[()\[\]{}]|\\$")
_STRING_END = {quote: re.compile(r"(?:\\.|[^\\])*?" + quote, re.DOTALL) for quote in ('"' * 3, "'" * 3)}


def _as_python(lines: list[str]) -> tuple[int, list[str]]:
    """The cell with IPython's own syntax made Python line for line, and the indentation taken away."""
    first = next((row for row, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return 0, [""] * len(lines)
    margin = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    rows = [line.removeprefix(margin) for line in lines]
    if cell_magic := _CELL_MAGIC.match(rows[first]):
        name, argument = cell_magic.groups()
        python = name in _PYTHON_CELLS or (name in {"writefile", "file"} and argument.strip().endswith(".py"))
        if not python:
            return len(margin), [""] * len(rows)
    if _MAYBE_MAGIC.search("\n".join(rows)):
        rows = _without_magics(rows)
    return len(margin), rows


def _without_magics(rows: list[str]) -> list[str]:
    """Magics and shell lines replaced where a statement starts, not inside brackets or strings."""
    result: list[str] = []
    depth, quote, continued, shell = 0, "", False, False
    for row in rows:
        if shell:
            shell = row.endswith("\\")
            result.append("")
            continue
        python = row if depth or quote or continued else _statement(row)
        shell = python is not row and row.endswith("\\")
        result.append(python)
        depth, quote, continued = _scan(python, depth, quote)
    return result


def _statement(row: str) -> str:
    if _TIMED.match(row):  # keeps the columns of what is timed
        return row.replace("%time ", "pass; ", 1)
    if found := _MAGIC.match(row):
        return (found[1] or found[2] or "") + "pass"
    if found := _ASSIGNED.match(row):
        return found[1] + "= None"
    return row


def _scan(row: str, depth: int, quote: str) -> tuple[int, str, bool]:
    """Bracket depth, open triple quote and whether a backslash continues the line, after this row."""
    at = 0
    while True:
        if quote:
            end = _STRING_END[quote].match(row, at)
            if end is None:
                return depth, quote, False
            at, quote = end.end(), ""
        token = _TOKEN.search(row, at)
        if token is None:
            return depth, quote, False
        at, text = token.end(), token[0]
        if text in _STRING_END:
            quote = text
        elif text in {"(", "[", "{"}:
            depth += 1
        elif text in {")", "]", "}"}:
            depth = max(0, depth - 1)
        elif text == "\\":
            return depth, quote, True
