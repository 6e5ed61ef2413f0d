"""What a rule says: findings over facts, repairs as facts, and diagnostics with places.

A rule yields a `Finding`, whose places are still origins. A front-end turns it into a `Diagnostic`,
whose places are files, cells, rows and columns; reports read nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossguard.frozen import dataclass
from lossguard.levels import Confidence as Confidence
from lossguard.levels import Severity as Severity
from lossguard.place import Place as Place
from lossguard.place import Position as Position

if TYPE_CHECKING:
    from lossguard.facts import Encoding, Origin, Width


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
    """Give the metric, or the decision about predictions, this threshold. `metric` is the origin of the metric."""

    value: float
    metric: Origin = None


@dataclass(frozen=True, slots=True)
class SetMetricFromLogits:
    """Tell the metric of this origin that it gets raw scores."""

    metric: Origin


@dataclass(frozen=True, slots=True)
class SwapArguments:
    """Pass `y_true` first, `y_pred` second."""


@dataclass(frozen=True, slots=True)
class ReplaceMetric:
    """Use this metric instead of the one of this origin: a string such as `accuracy`, or a class of Keras."""

    name: str
    metric: Origin


@dataclass(frozen=True, slots=True)
class Rename:
    """Write this string, or this keyword, at the primary place."""

    name: str


@dataclass(frozen=True, slots=True)
class Instantiate:
    """Make an instance of the class at the primary place, or of the class of the function that is called there."""


@dataclass(frozen=True, slots=True)
class SetFlag:
    """Give the argument at the primary place this value."""

    value: bool


@dataclass(frozen=True, slots=True)
class EncodeLabels:
    """Let what loads the labels encode them so."""

    encoding: Encoding


@dataclass(frozen=True, slots=True)
class ReturnLastStep:
    """Let the recurrent layer before the output return its last step only."""


@dataclass(frozen=True, slots=True)
class NameArgument:
    """Pass the argument at the primary place by this keyword."""

    name: str


Repair = (
    SetFromLogits
    | SetActivation
    | ReplaceLoss
    | SetUnits
    | SetThreshold
    | SetMetricFromLogits
    | SwapArguments
    | NameArgument
    | ReplaceMetric
    | Rename
    | Instantiate
    | SetFlag
    | EncodeLabels
    | ReturnLastStep
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a finding: repairs that belong together, all made or none.

    `name` is by what it is chosen among several. `safe` says that it keeps the one meaning that the code can have.
    """

    name: str
    repairs: tuple[Repair, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One place that proves a finding, with its own short label ("softmax over 10 units")."""

    origin: Origin
    label: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one fact.

    `message` is one sentence that names the actual values; `effect` says what Keras will do,
    `remedy` the ways out in words, one sentence each. The first of `evidence` is the primary place; the first of
    `ways` is the one that is most likely meant.
    """

    code: str
    name: str
    severity: Severity
    message: str
    effect: str
    remedy: str
    evidence: tuple[Evidence, ...]
    ways: tuple[Way, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    also: tuple[str, ...] = ()


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
    """`safe`: the meaning is the one intended, with no choice to make; else `unsafe`. `way` names this way out."""

    safe: bool
    message: str
    edits: tuple[Edit, ...]
    way: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding with places; what every report format derives from.

    `alternatives` are the other ways out, which are only taken when they are chosen by name.
    """

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
    alternatives: tuple[Fix, ...] = ()
