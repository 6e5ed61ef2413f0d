"""What a rule says: findings over facts, repairs as facts, and diagnostics with places.

A rule yields a `Finding`, whose places are still origins. A front-end turns it into a `Diagnostic`,
whose places are files, cells, rows and columns; reports read nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lossguard.facts import Origin, Width


class Severity(Enum):
    """`error`: raises or cannot learn; `warning`: trains, but loss or metric is wrong; `info`."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(Enum):
    """`certain`: there is no reading of the code in which it is right."""

    CERTAIN = "certain"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class SetFromLogits:
    """Give the loss this value of `from_logits`."""

    value: bool


@dataclass(frozen=True, slots=True)
class SetActivation:
    """Give the output layer this activation (`linear` removes it)."""

    name: str


@dataclass(frozen=True, slots=True)
class ReplaceLoss:
    """Use this loss instead (snake-case Keras name)."""

    name: str


@dataclass(frozen=True, slots=True)
class SetUnits:
    """Give the output layer this width."""

    width: Width


@dataclass(frozen=True, slots=True)
class SetThreshold:
    """Give the metric this threshold."""

    value: float


@dataclass(frozen=True, slots=True)
class SwapArguments:
    """Pass `y_true` first, `y_pred` second."""


@dataclass(frozen=True, slots=True)
class ReplaceMetric:
    """Use this metric instead of the one at the primary place (a string that Keras knows)."""

    name: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Write this string at the primary place."""

    name: str


@dataclass(frozen=True, slots=True)
class Instantiate:
    """Call the class at the primary place, without arguments."""


Repair = (
    SetFromLogits
    | SetActivation
    | ReplaceLoss
    | SetUnits
    | SetThreshold
    | SwapArguments
    | ReplaceMetric
    | Rename
    | Instantiate
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One place that proves a finding, with its own short label ("softmax over 10 units")."""

    origin: Origin
    label: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one fact.

    `message` is one sentence that names the actual values; `effect` says what Keras will do,
    `remedy` the way out, one sentence each. The first of `evidence` is the primary place. `safe` says that
    the repairs keep the one meaning that the code can have.
    """

    code: str
    name: str
    severity: Severity
    message: str
    effect: str
    remedy: str
    evidence: tuple[Evidence, ...]
    repairs: tuple[Repair, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    also: tuple[str, ...] = ()
    safe: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Row and column, both from 1; columns count characters."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of source. `cell` counts a notebook's code cells from 1, `cell_index` all its cells;
    rows then count within the cell. `end` is exclusive."""

    filename: str
    start: Position
    end: Position
    cell: int | None = None
    cell_index: int | None = None


@dataclass(frozen=True, slots=True)
class RelatedPlace:
    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the stretch at `place` by `content`."""

    place: Place
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """`safe`: the meaning is the one intended, with no choice to make; else `unsafe`."""

    safe: bool
    message: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding with places; what every report format derives from."""

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    place: Place
    label: str = ""
    effect: str = ""
    remedy: str = ""
    related: tuple[RelatedPlace, ...] = ()
    when: str | None = None
    also: tuple[str, ...] = ()
    fix: Fix | None = None
