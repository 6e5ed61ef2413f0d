"""Patterns of paths, written as in `.gitignore`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_MOST_STARS = 5
"""In one part of a path; each more multiplies the time that a long name takes."""


def spec(patterns: Iterable[str]) -> GitIgnoreSpec:
    """What tells whether these patterns name a path. What is no pattern names none, as for git."""
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec([made for pattern in patterns for made in _made(pattern)])


def is_pattern(text: str) -> bool:
    """Whether this can name a path at all."""
    return bool(_made(text))


@cache
def _made(pattern: str) -> tuple[Any, ...]:
    from pathspec import GitIgnoreSpec

    if any(len(re.findall(r"\*+", part)) > _MOST_STARS for part in pattern.split("/")):
        return ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sets of characters that may mean something else one day
        try:
            return tuple(GitIgnoreSpec.from_lines([pattern]).patterns)
        except (ValueError, re.error):
            return ()
