"""What a run has found: facts, each with the assumptions under which it holds and the place it is about."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from lossguard.facts import Fact
from lossguard.static.values import Literal


@dataclass(frozen=True, slots=True)
class Case:
    """A fact in one world. The worlds of one `group` cover everything that can happen there."""

    fact: Fact
    path: tuple[Literal, ...]
    group: Hashable
