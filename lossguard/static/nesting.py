"""How deeply a program is nested, by its tokens alone: the stack of LibCST has an end that nothing can catch.

So has that of Python's own parser before Python 3.11.
"""

from __future__ import annotations

import re

from lossguard.findings import Position

MAX_BRACKETS = 200
"""Python itself refuses more."""

MAX_CHAIN = 1000
"""So many operators, subscripts or calls may one operand have on its way to the whole expression."""

MAX_BRANCHES = 2000
"""So many `elif` may follow one `if`."""

MAX_PATTERN = 12
"""LibCST takes twice as long for each further level of a pattern's brackets."""

_TOKEN = re.compile(
    r"""\"{3}(?:[^"\\]|\\.|"(?!""))*(?:\"{3})?|'{3}(?:[^'\\]|\\.|'(?!''))*(?:'{3})?"""
    r"""|"(?:[^"\\\r\n]|\\(?:\r\n|.))*"?|'(?:[^'\\\r\n]|\\(?:\r\n|.))*'?"""
    r"|\#[^\r\n]*|\\(?:\r\n|\r|\n)|[\r\n]+|[()\[\]{},;.~@]|[-+*/%&|^]+|<<|>>"
    r"|\b(?:and|or|not|if|else|lambda|await|case)\b",
    re.DOTALL,
)
_BRANCH = re.compile(r"^([ \t]*)(?:elif|if|[^\s#])", re.MULTILINE)
_PATTERN = re.compile(r"^[ \t]*case\b", re.MULTILINE)
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")


def too_deep(text: str) -> Position | None:
    """Where the program is nested more deeply than a parser can take, else None."""
    offset = _deep_expression(text)
    if offset is None:
        offset = _long_branches(text)
    if offset is None:
        return None
    before = text[:offset]
    return Position(before.count("\n") + 1, offset - before.rfind("\n"))


def _may_be_deep(text: str) -> bool:
    """Whether there are enough marks for that at all, and not only commas between them."""
    if _PATTERN.search(text) is not None:
        return True
    opened = text.count("(") + text.count("[") + text.count("{")
    return opened > MAX_BRACKETS or len(text) > MAX_CHAIN


def _deep_expression(text: str) -> int | None:
    """The offset of the first token that is too deep in brackets or in a chain of operators."""
    if not _may_be_deep(text):
        return None
    links = 0
    outer: list[int] = []  # for each open bracket, the links up to it
    pattern = False
    for token in _TOKEN.finditer(text):
        mark = token[0]
        first = mark[0]
        if first in _OPENING:
            links += 1
            outer.append(links)
            if len(outer) > (MAX_PATTERN if pattern else MAX_BRACKETS):
                return token.start()
        elif first in _CLOSING:
            if outer:
                links = outer.pop()
        elif first in "\r\n":
            if not outer:
                links, pattern = 0, False
        elif first == ",":
            links = outer[-1] if outer else 0
        elif first == ";":
            links = 0
        elif first in "\"'#\\":
            continue
        elif mark == "case":
            pattern = pattern or not outer
        else:
            links += len(mark) if first in "-+~" else 1
        if links > MAX_CHAIN:
            return token.start()
    return None


def _long_branches(text: str) -> int | None:
    """The offset of an `elif` that has too many others before it."""
    if text.count("elif") <= MAX_BRANCHES:
        return None
    chains: dict[int, int] = {}
    for line in _BRANCH.finditer(text):
        depth = len(line[1])
        if line[0].endswith("elif"):
            chains[depth] = chains.get(depth, 0) + 1
            if chains[depth] > MAX_BRANCHES:
                return line.start()
        elif line[0].endswith("if"):
            chains[depth] = 0
    return None
