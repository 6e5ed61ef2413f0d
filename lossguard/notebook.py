"""Notebooks: the code cells in their JSON, and IPython's own syntax made Python line for line."""

from __future__ import annotations

import json
import re

from lossguard.findings import Position
from lossguard.source import Unreadable, without_surrogates


def parse(text: str) -> dict[str, object]:
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"is not a notebook: {error.msg}", Position(error.lineno, error.colno)) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable("is not a notebook: its JSON can't be read") from error
    if not isinstance(notebook, dict):
        raise Unreadable("is not a notebook: it is JSON, but no object", Position(1, 1))
    return notebook


def code_cells(notebook: dict[str, object]) -> list[tuple[int, str]] | None:
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
_MAGIC = re.compile(r"(\s*)[%!?]|(\s*)[^#'\"=]*\?\s*$")
_TIMED = re.compile(r"\s*%time\s+(?!(?:async|class|def|for|if|match|try|while|with)\b|-)\S")
_ASSIGNED = re.compile(r"""((?:[\w.,:\s\[\]*()]|'[^']*'|"[^"]*")+)=\s*[!%]""")
_MAYBE_MAGIC = re.compile(r"^\s*[%!?]|=\s*[!%]|\?\s*$", re.MULTILINE)
_TOKEN = re.compile(r"\"{3}|'{3}|\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|#.*|[()\[\]{}]|\\$")
_STRING_END = {quote: re.compile(r"(?:\\.|[^\\])*?" + quote, re.DOTALL) for quote in ('"' * 3, "'" * 3)}


def as_python(lines: list[str]) -> tuple[int, list[str]]:
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
