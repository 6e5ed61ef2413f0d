"""The one door to LibCST: the tree that keeps every character, for programs that are about to be edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields
from functools import cache

import libcst as cst
from libcst._nodes.internal import CodegenState

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
_NOTHING = nullcontext()


def parse(text: str) -> cst.Module | None:
    """The tree of a program that Python can parse; None where LibCST can't."""
    if too_deep(text) is not None:
        return None
    try:
        with _unchecked():
            return cst.parse_module(text)
    except (cst.ParserSyntaxError, RecursionError):
        return None


@contextmanager
def _unchecked() -> Iterator[None]:
    """Within it no node asks whether it is put together rightly, which is a tenth of a parse: the parser's are."""
    cst.CSTNode.__post_init__ = lambda _: None  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        cst.CSTNode.__post_init__ = _CHECK  # type: ignore[method-assign]


_CHECK = cst.CSTNode.__post_init__


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


def dotted(node: cst.BaseExpression) -> str | None:
    """`a.b.c` as text, or None for any other expression."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    parts.append(node.value)
    return ".".join(reversed(parts))


def spans(tree: cst.Module, nodes: Iterable[cst.CSTNode]) -> dict[int, tuple[int, int]]:
    """Where the nodes begin and end, in characters, by `id`; one code generation for all of them."""
    state = _Spans(tree, frozenset(map(id, nodes)))
    tree._codegen(state)  # noqa: SLF001 - LibCST has no public way to generate code with an own state
    return state.spans


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
