"""Programs that do not parse: slips of the pen are mended, lines that Python refuses are blanked, the rest is read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

MAX_ATTEMPTS = 25
MAX_MENDED = 100_000
"""Characters; in larger programs lines are only blanked, since every attempt parses the whole."""

MAX_HOLES = 100

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_CALL_ROWS = 40
_OPENER = re.compile(r"on line (\d+)")
_PRINT = re.compile(r"^([ \t]*)print[ \t]+(?![=(,.)\]])[^\n]*[^\\,(\n]$", re.MULTILINE)
"""The `print` statement of Python 2, on one line."""

_SHELL = re.compile(
    r"^([ \t]*)(?:apt-get|bash|cat|cd|conda|cp|curl|echo|gcloud|git|gsutil|head|ls|mkdir|mv|nvidia-smi|pip3?|pwd"
    r"|python3?|rm|sh|sudo|tail|tar|unzip|wget)\b(?!\s*[=(.,\[]).*$",
    re.MULTILINE,
)
"""Commands of the shell that IPython takes without a `!`."""

UNREAD = "þ"
"""A name that no program has: for what can't be read."""

_HOLE = re.compile(r"\?+")
"""What exercises leave for the reader to fill in."""

_BOUND = re.compile(r"([ \t]*(?:return\b|[A-Za-z_][\w.]*(?:[ \t]*,[ \t]*[A-Za-z_][\w.]*)*[ \t]*=(?!=)))")
"""The start of a line that binds names, or ends a function with a value."""

_BLOCK = re.compile(r"\s*(if|for|while|with|def|class|else|elif|try|except|finally|async)\b.*:")


_NAMED = re.compile(r"[ \t]*(?:async[ \t]+)?(def|class)[ \t]+(\w+)")
_UNREAD_HEADERS = {"def": f"(*{UNREAD}, **{UNREAD * 2}):", "class": ":"}
"""What stands for parameters and bases that can't be read."""


def recovered(text: str) -> str | None:
    """The program with slips mended and every other refused line made `pass`; None where too little would be left.

    Rows stay what they are. What is found in such a program is never certain.
    """
    rows = _PRINT.sub(r"\1pass", text).split("\n") if refused_row(text) is not None else text.split("\n")
    if len(text) <= MAX_MENDED:
        _fill_holes(rows)
    for _ in range(MAX_ATTEMPTS):
        refused = refused_row("\n".join(rows))
        if refused is None:
            return "\n".join(rows)
        if len(text) <= MAX_MENDED and (mended := _mended(rows)) is not None:
            rows = mended
        elif not _blank(rows, refused):
            return None
    return None


def _fill_holes(rows: list[str]) -> None:
    """Make every `??` that Python refuses a name."""
    for _ in range(MAX_HOLES):
        error = _error("\n".join(rows))
        if error is None or not error.lineno or not error.offset or error.lineno > len(rows):
            return
        line, column = rows[error.lineno - 1], error.offset - 1
        hole = _HOLE.match(line, column)
        if hole is None:
            return
        rows[error.lineno - 1] = f"{line[:column]}{UNREAD * len(hole[0])}{line[hole.end() :]}"


def _mended(rows: list[str]) -> list[str] | None:
    """The program without its first error, where a bracket, a comma or a blank too many or too few is the cause."""
    error = _error("\n".join(rows))
    if error is None or error.lineno is None or error.offset is None or error.lineno > len(rows):
        return None
    best, reach = None, error.lineno
    for candidate in _mendings(rows, error, error.lineno - 1, max(0, error.offset - 1)):
        refused = refused_row("\n".join(candidate))
        if refused is None:
            return candidate
        if refused > reach:
            best, reach = candidate, refused
    return best


def _mendings(rows: list[str], error: SyntaxError, row: int, column: int) -> Iterator[list[str]]:
    line = rows[row]

    def with_line(text: str, index: int = row) -> list[str]:
        return [*rows[:index], text, *rows[index + 1 :]]

    if "forgot a comma" in error.msg and error.end_lineno == error.lineno and error.end_offset is not None:
        for blank in re.finditer(r"\s+", line[column : error.end_offset - 1]):
            yield with_line(f"{line[: column + blank.start()]},{line[column + blank.start() :]}")
    elif error.msg.endswith("was never closed") and line[column : column + 1] in _CLOSERS:
        for index in range(row, min(len(rows), row + _CALL_ROWS)):
            yield with_line(rows[index] + _CLOSERS[line[column]], index)
        yield with_line(line[:column] + line[column + 1 :])
    elif error.msg.startswith("unmatched"):
        yield with_line(line[:column] + line[column + 1 :])
    elif error.msg == "unexpected indent":
        before = next((other for other in reversed(rows[:row]) if other.strip()), "")
        yield with_line(before[: len(before) - len(before.lstrip())] + line.lstrip())
    elif line.rstrip().endswith("=") and row + 1 < len(rows):
        yield with_line(f"{line.rstrip()} \\")


def _error(text: str) -> SyntaxError | None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def runs_in_a_cell(text: str) -> bool:
    """Whether IPython runs the cell: Python, or commands of the shell without a mark."""
    return refused_row(text) is None or refused_row(_SHELL.sub(r"\1pass", text)) is None


def refused_row(text: str) -> int | None:
    """The row, from 1, that keeps Python from parsing the text; None where it parses."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        opener = _OPENER.search(error.msg)
        if opener is not None and "expected an indented block" in error.msg:
            return int(opener[1])
        return error.lineno or 1
    except (ValueError, RecursionError, MemoryError):
        return 1
    return None


def _blank(rows: list[str], row: int) -> bool:
    """Make a line harmless; the last line with code before it, if it is empty already."""
    index = min(row, len(rows)) - 1
    while index >= 0 and rows[index].strip() in {"", "pass"}:
        index -= 1
    if index < 0:
        return False
    line = rows[index]
    indentation = line[: len(line) - len(line.lstrip())]
    follows = next((other for other in rows[index + 1 :] if other.strip()), "")
    deeper = len(follows) - len(follows.lstrip()) > len(indentation)
    if _BLOCK.match(line) and deeper:
        named = _NAMED.match(line)
        header = "if True:" if named is None else f"{named[1]} {named[2]}{_UNREAD_HEADERS[named[1]]}"
        rows[index] = f"{indentation}{header}" if f"{indentation}{header}" != line else f"{indentation}if True:"
        return rows[index] != line
    blank = ""
    if _same_depth(rows, index, indentation):
        bound = _BOUND.match(line)
        blank = f"{bound[1]} {UNREAD}" if bound else ""
        blank = blank if bound and blank != line else f"{indentation}pass"
    rows[index] = blank
    return True


def _same_depth(rows: list[str], index: int, indentation: str) -> bool:
    """Whether a statement of this indentation may stand here."""
    before = next((other for other in reversed(rows[:index]) if other.strip()), "")
    own = len(before) - len(before.lstrip())
    return own == len(indentation) or (before.rstrip().endswith(":") and len(indentation) > own)
