"""The one door to LibCST: parsing, an own walk, the text and the positions of nodes."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, fields
from functools import cache

import libcst as cst
from libcst._nodes.internal import CodegenState

from lossguard.findings import Position
from lossguard.static.nesting import too_deep

_LAYOUT = ("whitespace", "lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "comma", "semicolon", "dot")
_LAYOUT_FIELDS = {
    "leading_lines",
    "lines_after_decorators",
    "header",
    "footer",
    "equal",
    "colon",
    "first_colon",
    "second_colon",
    "indent",
}
MAX_TEXT = 60
_NOTHING = nullcontext()


@dataclass(frozen=True, slots=True)
class SyntaxProblem(Exception):  # noqa: N818 - a report on the checked file, not a fault of ours
    """The text is not Python: where and why."""

    position: Position
    reason: str


def parse(text: str) -> cst.Module:
    """The tree of a program.

    Raises:
        SyntaxProblem: the text is not Python that LibCST understands, or is nested too deeply.
    """
    deep = too_deep(text)
    if deep is not None:
        raise SyntaxProblem(deep, "the code is nested too deeply")
    try:
        with _unchecked():
            return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise _problem(text, error) from None
    except RecursionError:
        raise SyntaxProblem(Position(1, 1), "the code is nested too deeply") from None


@contextmanager
def _unchecked() -> Iterator[None]:
    """Within it no node asks whether it is put together rightly, which is a tenth of a parse: the parser's are."""
    cst.CSTNode.__post_init__ = lambda _: None  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        cst.CSTNode.__post_init__ = _CHECK  # type: ignore[method-assign]


_CHECK = cst.CSTNode.__post_init__


def _problem(text: str, error: cst.ParserSyntaxError) -> SyntaxProblem:
    """Where and why: in Python's own words, where it refuses the text too."""
    try:
        ast.parse(text)
    except SyntaxError as refusal:
        return SyntaxProblem(Position(refusal.lineno or 1, max(refusal.offset or 1, 1)), refusal.msg)
    except (ValueError, RecursionError, MemoryError):
        pass
    return SyntaxProblem(Position(max(error.raw_line, 1), error.raw_column + 1), "LibCST can't parse it")


@cache
def _semantic_fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(
        field.name for field in fields(kind) if not field.name.startswith(_LAYOUT) and field.name not in _LAYOUT_FIELDS
    )


def walk(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Every node below and with `root` but for white space and punctuation, in source order."""
    stack: list[cst.CSTNode] = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes right below a node but for white space and punctuation, in source order."""
    found: list[cst.CSTNode] = []
    for name in _semantic_fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found.extend(item for item in value if isinstance(item, cst.CSTNode))
    return found


def statements(body: cst.BaseSuite | cst.Module) -> Iterable[cst.BaseStatement | cst.BaseSmallStatement]:
    """The statements of a block, those that share a line one by one."""
    for statement in body.body:
        if type(statement) is cst.SimpleStatementLine:  # `isinstance` asks an abstract base class, which is slow
            yield from statement.body
        else:
            yield statement


def dotted(node: cst.BaseExpression | cst.Attribute | cst.Name) -> str | None:
    """`a.b.c` as text, or None for any other expression."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    parts.append(node.value)
    return ".".join(reversed(parts))


def text(tree: cst.Module, node: cst.CSTNode) -> str:
    """The source of a node on one line, shortened."""
    match node:
        case cst.Name() | cst.Integer() | cst.Float() | cst.SimpleString():
            found = node.value
        case _:
            found = _beginning(tree, node)
    return found if len(found) <= MAX_TEXT else found[: MAX_TEXT - 1] + "…"


def _beginning(tree: cst.Module, node: cst.CSTNode) -> str:
    """The source of a node with white space made single spaces, in full or beyond `MAX_TEXT` characters."""
    state = _Beginning(tree.default_indent, tree.default_newline)
    with suppress(_Enough):
        node._codegen(state)  # noqa: SLF001 - as in `spans`
    return " ".join("".join(state.tokens).split())


class _Enough(Exception):  # noqa: N818 - an end that is wanted
    """There is more text than is shown."""


class _Beginning(CodegenState):
    """Code generation that ends once there is enough text."""

    __slots__ = ("missing",)

    def __init__(self, default_indent: str, default_newline: str) -> None:
        super().__init__(default_indent, default_newline)
        self.missing = MAX_TEXT

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.missing -= sum(map(len, value.split()))
        if self.missing < 0:
            raise _Enough


class _Spans(CodegenState):
    """Code generation that notes where the wanted nodes begin and end, in characters."""

    __slots__ = ("offset", "spans", "starts", "wanted")

    def __init__(self, tree: cst.Module, wanted: frozenset[int]) -> None:
        super().__init__(tree.default_indent, tree.default_newline)
        self.wanted = wanted
        self.offset = 0
        self.starts: list[int] = []
        self.spans: dict[int, tuple[int, int]] = {}

    def add_indent_tokens(self) -> None:
        self.offset += sum(map(len, self.indent_tokens))

    def add_token(self, value: str) -> None:
        self.offset += len(value)

    def pop_trailing_newline(self) -> None:
        pass

    def before_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.wanted:
            self.starts.append(self.offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.wanted:
            start = self.starts.pop()
            self.spans.setdefault(id(node), (start, self.offset))

    def record_syntactic_position(  # type: ignore[override]
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> AbstractContextManager[None]:
        return self._without_parentheses(node, start_node, end_node) if id(node) in self.wanted else _NOTHING

    @contextmanager
    def _without_parentheses(
        self, node: cst.CSTNode, start_node: cst.CSTNode | None, end_node: cst.CSTNode | None
    ) -> Iterator[None]:
        start = self.offset
        yield
        first = self.spans.get(id(start_node), (start, 0))[0]
        last = self.spans.get(id(end_node), (0, self.offset))[1]
        self.spans[id(node)] = (first, last)


def positions(tree: cst.Module, source: str, nodes: Iterable[cst.CSTNode]) -> dict[int, tuple[Position, Position]]:
    """Where the nodes stand in the source, by `id`; one code generation for all of them."""
    starts = line_starts(source)
    return {
        number: (position(starts, first), position(starts, last))
        for number, (first, last) in spans(tree, nodes).items()
    }


def spans(tree: cst.Module, nodes: Iterable[cst.CSTNode]) -> dict[int, tuple[int, int]]:
    """Where the nodes begin and end, in characters, by `id`; one code generation for all of them."""
    state = _Spans(tree, frozenset(map(id, nodes)))
    tree._codegen(state)  # noqa: SLF001 - LibCST has no public way to generate code with an own state
    return state.spans


def line_starts(source: str) -> list[int]:
    """The offset of each line's first character; lines end at LF, CR or CR LF."""
    return [0, *(match.end() for match in re.finditer("\r\n|\r|\n", source))]


def position(starts: list[int], offset: int) -> Position:
    """The row and the column of a character."""
    row = bisect_right(starts, offset)
    return Position(row, offset - starts[row - 1] + 1)
