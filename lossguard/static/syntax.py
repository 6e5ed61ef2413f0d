"""Python's syntax tree: parsing, a walk in source order, the texts and the positions of nodes."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import field
from itertools import pairwise

from lossguard.findings import Position
from lossguard.frozen import dataclass
from lossguard.static.nesting import too_deep

MAX_TEXT = 60
_RECURSION = 1000
_KEEPS_A_LIMIT = sys.version_info >= (3, 11)
"""Whether Python's parser minds the recursion limit; the older one ends the process in a tree that is too deep."""

_CLOSING = re.compile(rb"[ \t\f]*\)")
_NOTHING = re.compile(rb"[ \t\f]*(?:#.*|\\)?[\r\n]*")
_LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class SyntaxProblem(Exception):  # noqa: N818 - a report on the checked file, not a fault of ours
    """The text is not Python: where and why."""

    position: Position
    reason: str


@dataclass(slots=True, eq=False)
class Tree:
    """A program as Python parses it, with the text that its positions refer to."""

    text: str
    body: list[ast.stmt]
    _lines: list[str] = field(default_factory=list, repr=False)

    @property
    def lines(self) -> list[str]:
        """The lines with their ends: LF, CR or CR LF."""
        if not self._lines:
            starts = [*line_starts(self.text), len(self.text)]
            self._lines = [self.text[first:last] for first, last in pairwise(starts)]
        return self._lines


def parse(text: str) -> Tree:
    """The tree of a program, which may be for a newer Python than the one that runs.

    Raises:
        SyntaxProblem: the text is not Python, or is nested too deeply.
    """
    if not _KEEPS_A_LIMIT and (deep := too_deep(text)) is not None:
        raise SyntaxProblem(deep, "the code is nested too deeply")
    try:
        return Tree(text, _body(text))
    except SyntaxError as refusal:
        from lossguard.static.newer import lowered  # and LibCST with it

        older = lowered(text)
        if older is not None:
            with suppress(SyntaxError, RecursionError, MemoryError):
                return Tree(older, _body(older))
        raise SyntaxProblem(Position(refusal.lineno or 1, max(refusal.offset or 1, 1)), refusal.msg) from None
    except ValueError as refusal:
        raise SyntaxProblem(Position(1, 1), str(refusal)) from None
    except (RecursionError, MemoryError):
        raise SyntaxProblem(Position(1, 1), "the code is nested too deeply") from None


def _body(text: str) -> list[ast.stmt]:
    with warnings.catch_warnings(), _limited_recursion():
        warnings.simplefilter("ignore")  # of escapes and the like: they are not ours to tell
        return ast.parse(text).body


@contextmanager
def _limited_recursion() -> Iterator[None]:
    """Within it the parser gives up with a `RecursionError` before its stack ends."""
    limit = sys.getrecursionlimit()
    with suppress(RecursionError):  # of a caller that is deeper itself
        sys.setrecursionlimit(min(limit, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def walk(*roots: ast.AST) -> Iterator[ast.AST]:
    """Every node below and with `roots`, in source order."""
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(ast.iter_child_nodes(node))))


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` as text, or None for any other expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def operands(tree: Tree, node: ast.BoolOp) -> tuple[ast.expr, ast.expr]:
    """The two sides of `and` and `or`: `a and b and c` is `(a and b) and c`, and its node says so from now on."""
    if len(node.values) > 2:  # noqa: PLR2004
        *firsts, last = node.values
        left = ast.BoolOp(node.op, firsts)
        left.lineno, left.col_offset = node.lineno, node.col_offset
        left.end_lineno, left.end_col_offset = _closed(tree, firsts[-1])
        node.values = [left, last]
    return node.values[0], node.values[1]


def _closed(tree: Tree, node: ast.expr) -> tuple[int, int]:
    """Where an operand ends that another follows, with the parentheses around it."""
    row, column = node.end_lineno, node.end_col_offset
    assert row is not None and column is not None  # noqa: PT018  it was parsed
    at = row, column
    while True:
        rest = tree.lines[at[0] - 1].encode()[at[1] :]
        closing = _CLOSING.match(rest)
        if closing is not None:
            row, column = at = at[0], at[1] + closing.end()
        elif _NOTHING.fullmatch(rest):
            at = at[0] + 1, 0
        else:
            return row, column


def text(tree: Tree, node: ast.AST) -> str:
    """The source of a node on one line, with white space made single spaces, shortened."""
    start, end = positions(tree, node)
    words: list[str] = []
    missing = MAX_TEXT
    for row in range(start.row, end.row + 1):
        line = tree.lines[row - 1]
        first = start.column - 1 if row == start.row else 0
        found = line[first : end.column - 1 if row == end.row else None].split()
        words += found
        missing -= sum(map(len, found))
        if missing < 0:
            break
    joined = " ".join(words)
    return joined if len(joined) <= MAX_TEXT else joined[: MAX_TEXT - 1] + "…"


def positions(tree: Tree, node: ast.AST) -> tuple[Position, Position]:
    """Where a node begins and ends, without parentheses around it; the node must be an expression or a statement."""
    row, column, end_row, end_column = (
        getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")
    )
    return _position(tree, row, column), _position(tree, end_row, end_column)


def _position(tree: Tree, row: int, column: int) -> Position:
    """The position of a column that Python counts from 0, in bytes of UTF-8."""
    line = tree.lines[row - 1]
    return Position(row, (column if line.isascii() else len(line.encode()[:column].decode())) + 1)


def span(tree: Tree, node: ast.AST) -> tuple[int, int]:
    """Where a node begins and ends, in characters of the text."""
    starts = line_starts(tree.text)
    start, end = positions(tree, node)
    return starts[start.row - 1] + start.column - 1, starts[end.row - 1] + end.column - 1


def line_starts(source: str) -> list[int]:
    """The offset of each line's first character; lines end at LF, CR or CR LF."""
    return [0, *(match.end() for match in _LINE_END.finditer(source))]


def position(starts: list[int], offset: int) -> Position:
    """The row and the column of a character."""
    row = bisect_right(starts, offset)
    return Position(row, offset - starts[row - 1] + 1)
