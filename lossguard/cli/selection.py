"""Rules that the command line names; a word that names none ends the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lossguard import selection
from lossguard.cli.failure import Failure
from lossguard.rules import ALL

unknown_rule = selection.unknown


def known_rules() -> dict[str, str]:
    """The name of every code."""
    return {module.RULE.code: module.RULE.name for module in ALL}


def codes(words: Iterable[str], known: Mapping[str, str], option: str) -> frozenset[str]:
    """The codes among the known ones that these words name."""
    try:
        found = selection.codes(words) & known.keys()
    except selection.UnknownRule as unknown:
        raise Failure(f"{option}: {unknown}") from unknown
    if not found:
        raise Failure(f"{option} names no rule")
    return found
