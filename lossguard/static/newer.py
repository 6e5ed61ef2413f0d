"""Programs for a newer Python than the one that runs: what it can't parse is replaced by what means the same to us."""

from __future__ import annotations

import ast

import libcst as cst

from lossguard.static import lossless

_STAND_IN = 'f"{...}"'
"""A string of which nothing is known; no longer than any that a newer Python takes and this one refuses."""

_TemplatedString: type[cst.CSTNode] | None = getattr(cst, "TemplatedString", None)
"""Templates, for a LibCST that knows them."""


def lowered(text: str) -> str | None:
    """The program in older words, every row and column where it was; None where that can't be said.

    Type parameters and type aliases (PEP 695) are left out, `except*` (PEP 654) is `except`, and nothing is known of
    strings whose quotes are nested (PEP 701) or that are templates (PEP 750).
    """
    tree = lossless.parse(text)
    if tree is None:
        return None
    nodes = list(lossless.walk(tree))
    spans = lossless.spans(tree, nodes)
    found, done = "", 0
    for node in nodes:  # in source order, so that what lies within something that was replaced is passed over
        start, end = spans.get(id(node), (0, 0))
        if isinstance(node, cst.ExceptStarHandler):
            end = text.index("*", start) + 1
        words = _older(node, text[start:end]) if start >= done else None
        if words is not None:
            padded = _padded(words, text[start:end])
            if padded is None:
                return None
            found, done = found + text[done:start] + padded, end
    return found + text[done:]


def _older(node: cst.CSTNode, written: str) -> str | None:
    """What stands for a node that the running Python may not know; None for all that it knows."""
    match node:
        case cst.ExceptStarHandler():
            return written.replace("*", " ")
        case cst.TypeParameters():
            return ""
        case cst.TypeAlias():
            return "pass"
        case cst.FormattedString() if not _is_known(written):
            return _STAND_IN
    return _STAND_IN if _TemplatedString is not None and isinstance(node, _TemplatedString) else None


def _is_known(expression: str) -> bool:
    try:
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _padded(words: str, written: str) -> str | None:
    """The words in as many rows and columns; a row that goes on in the next one ends in a backslash."""
    if len(words) == len(written):
        return words
    rows = written.split("\n")
    if len(words) > len(rows[0]) - (len(rows) > 1) or "" in rows[:-1]:
        return None
    blanks = [" " * len(row) for row in rows]
    blanks[0] = words + blanks[0][len(words) :]
    return "\n".join([*(row[:-1] + "\\" for row in blanks[:-1]), blanks[-1]])
