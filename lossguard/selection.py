"""Rules as users name them: codes, names, prefixes of codes, and ALL."""

from __future__ import annotations

from collections.abc import Iterable

from lossguard.rules import ALL, suggest


class UnknownRule(Exception):  # noqa: N818  what is named is unknown
    """A word that names no rule; its text is one line with the most similar name, where there is one."""


def plain() -> frozenset[str]:
    """The codes of all rules that are not opt-in."""
    return frozenset(module.RULE.code for module in ALL if not module.RULE.opt_in)


def measured() -> frozenset[str]:
    """The codes of the rules whose findings no check of the source can make."""
    return frozenset(module.RULE.code for module in ALL if module.RULE.measured)


def codes(words: Iterable[str]) -> frozenset[str]:
    """The codes that these words name."""
    return frozenset(code for word in words for code in _matching(word))


def _matching(word: str) -> list[str]:
    known = {module.RULE.code: module.RULE.name for module in ALL}
    if word.upper() == "ALL":
        return list(known)
    found = [code for code, name in known.items() if name == word.lower()]
    if not found and word.upper().startswith("LG"):
        found = [code for code in known if code.startswith(word.upper())]
    if not found:
        raise UnknownRule(unknown(word))
    return found


def unknown(word: str) -> str:
    """One line that says so, with the most similar name where there is one."""
    similar = suggest(word)[:1]
    return f"unknown rule {word!r}; " + (f"did you mean {similar[0]!r}?" if similar else "`lossguard rules` lists them")
