"""Conditions in the words of the source: turned round, and one beside the other."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_TURNED: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
"""Comparisons with an exact opposite. An order has none: of NaN neither `<` nor `>=` holds."""

_LOOSE = (ast.BoolOp, ast.IfExp, ast.Lambda, ast.NamedExpr)
"""Expressions that bind less than a comparison does, but for `not`."""


def negated(text: str) -> str:
    """The condition that holds where this one does not; words that are no expression are set after a `not`."""
    match _parsed(text):
        case ast.UnaryOp(op=ast.Not(), operand=turned):
            return _source(text, turned)
        case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _TURNED:
            return f"{operand(_source(text, left))} {_TURNED[type(sign)]} {operand(_source(text, right))}"
        case ast.Name() | ast.Attribute() | ast.Call() | ast.Subscript() | ast.Constant():
            return f"not {text}"
    return f"not ({text})"


def bare(text: str) -> str:
    """The condition without parentheses around the whole."""
    node = _parsed(text)
    return text if node is None else _source(text, node)


def compared(text: str, relation: str, constant: object) -> str:
    """A comparison with a constant."""
    if constant is None:
        relation = {"==": "is", "!=": "is not"}.get(relation, relation)
    return f"{operand(text)} {relation} {constant!r}"


def operand(text: str) -> str:
    """What stands beside a comparison sign."""
    node = _parsed(text)
    loose = isinstance(node, (*_LOOSE, ast.Compare)) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
    return f"({text})" if loose else text


def both(texts: Iterable[str]) -> str:
    """All the conditions at once."""
    found = list(texts)
    return found[0] if len(found) == 1 else " and ".join(map(_beside_and, found))


def _beside_and(text: str) -> str:
    node = _parsed(text)
    tight = isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And)
    return f"({text})" if isinstance(node, _LOOSE) and not tight else text


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(f"({text})", mode="eval").body
    except SyntaxError:
        return None


def _source(text: str, node: ast.expr) -> str:
    return ast.get_source_segment(f"({text})", node) or text
