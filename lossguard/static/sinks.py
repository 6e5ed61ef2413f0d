"""What a run has found: facts, each with the assumptions under which it holds and the place it is about."""

from __future__ import annotations

from collections.abc import Hashable

from lossguard.facts import Fact
from lossguard.frozen import dataclass
from lossguard.static.values import Literal, Site


@dataclass(frozen=True, slots=True)
class Case:
    """A fact in one world. The worlds of one `group` cover everything that can happen there, if it is `whole`.

    `via` is the call in the checked file that leads to what lies in another file.
    """

    fact: Fact
    path: tuple[Literal, ...]
    group: Hashable
    via: Site | None = None
    whole: bool = True
