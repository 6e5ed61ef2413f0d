"""Programs in the prose: guides that are Python files show code between ```python fences, in strings of their own."""

from __future__ import annotations

import ast
import re

from lossguard.frozen import dataclass
from lossguard.static.syntax import SyntaxProblem, Tree, parse

_OPENING = re.compile(r"```(?:py|python|python3)\s*$")
_CLOSING = re.compile(r"```\s*$")


@dataclass(frozen=True, slots=True)
class Shown:
    """The program as its reader would run it, with the code of the prose in its place; `rows` are those of the prose.

    Rows, from 1, and columns are those of the file.
    """

    tree: Tree
    rows: frozenset[int]


def shown(tree: Tree) -> Shown | None:
    """What a Python file shows between fences; None where it shows nothing, or no Python."""
    if "```py" not in tree.text:
        return None
    rows = tree.text.split("\n")
    found: set[int] = set()
    for statement in tree.body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=int() as last):
                inside = set(_fenced(rows, first, last))
                for row in range(first, last + 1):
                    if row not in inside:
                        rows[row - 1] = ""
                found |= inside
    if not found:
        return None
    try:
        return Shown(parse("\n".join(rows)), frozenset(found))
    except SyntaxProblem:
        return None


def _fenced(rows: list[str], first: int, last: int) -> list[int]:
    """The rows between the fences that stand at the beginning of a row."""
    inside: list[int] = []
    opened = False
    for row in range(first, last):
        line = rows[row - 1]
        if opened and _CLOSING.match(line):
            opened = False
        elif opened:
            inside.append(row)
        else:
            opened = _OPENING.match(line) is not None
    return inside
