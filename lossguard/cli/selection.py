"""Rules as users name them: codes, names and prefixes of codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lossguard.cli.failure import Failure
from lossguard.rules import ALL, suggest


def known_rules() -> dict[str, str]:
    """The name of every code."""
    return {module.RULE.code: module.RULE.name for module in ALL}


def codes(words: Iterable[str], known: Mapping[str, str], option: str) -> frozenset[str]:
    """The codes that these words name; a word that names none ends the run."""
    found = frozenset(code for word in words for code in _matching(word, known, option))
    if not found:
        raise Failure(f"{option} names no rule")
    return found


def _matching(word: str, known: Mapping[str, str], option: str) -> list[str]:
    if word.upper() == "ALL":
        return list(known)
    found = [code for code, name in known.items() if name == word.lower()]
    if not found and word.upper().startswith("LG"):
        found = [code for code in known if code.startswith(word.upper())]
    if not found:
        raise Failure(f"{option}: {unknown_rule(word)}")
    return found


def unknown_rule(word: str) -> str:
    """One line that says so, with the most similar name where there is one."""
    similar = suggest(word)[:1]
    return f"unknown rule {word!r}; " + (f"did you mean {similar[0]!r}?" if similar else "`lossguard rules` lists them")
