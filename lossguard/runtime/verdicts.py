"""From what was seen of a live model to diagnostics: the rules judge, the numbers are added."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from lossguard.facts import Fact
from lossguard.findings import Diagnostic, Finding, Place, RelatedPlace
from lossguard.rules import BY_CODE, judge
from lossguard.runtime.library import Library
from lossguard.runtime.look import Look
from lossguard.runtime.measure import Seen, differ
from lossguard.runtime.origins import Live

_DEAD = 1e-9
_OF_METRICS = "LG4"


class Places(Protocol):
    """Turns what a fact comes from into a place, and into words what the place does not show."""

    def place(self, origin: object) -> Place: ...

    def label(self, origin: object, label: str) -> str: ...


def diagnostics(look: Look, places: Places, enabled: frozenset[str] | None = None) -> tuple[Diagnostic, ...]:
    """What is wrong with a model, worst place first, each finding once."""
    found = [
        _diagnostic(finding, seen, places) for seen in look.seen for finding in _findings(seen, look.library, enabled)
    ]
    return tuple(dict.fromkeys(sorted(found, key=lambda one: (one.place.filename, one.place.start, one.code))))


def of_fact(fact: Fact, library: Library, places: Places, enabled: frozenset[str] | None) -> list[Diagnostic]:
    """What is wrong with something that is no output of a model: a call, or what ended the program."""
    return [_diagnostic(finding, None, places) for finding in judge(fact, library.target, enabled)]


def _findings(seen: Seen, library: Library, enabled: frozenset[str] | None) -> list[Finding]:
    """What the rules say of one output; of what was measured only where no cause of it is known, reported or not."""
    facts = (seen.setup, *seen.misuses)
    found = [finding for fact in facts for finding in judge(fact, library.target, enabled)]
    if seen.again is None:
        return found
    causes = [finding for fact in facts for finding in judge(fact, library.target)]
    if any(not one.code.startswith(_OF_METRICS) for one in causes):
        return found
    return found + judge(seen.again, library.target, enabled)


def measured(seen: Seen) -> list[str]:
    """The measurements that show that something is wrong."""
    numbers = seen.numbers
    told = _broken(seen)
    if numbers.loss is not None and numbers.reference is not None and differ(numbers.loss, numbers.reference):
        told.append(f"the loss is {numbers.loss:.4g} where {numbers.reference:.4g} is the cross-entropy of the outputs")
    return told


def _broken(seen: Seen) -> list[str]:
    """What can't be meant so."""
    numbers, values = seen.numbers, seen.measured.values
    told = []
    if numbers.failure:
        told.append(f"the loss raises {numbers.failure}")
    if numbers.loss is not None and not np.isfinite(numbers.loss):
        told.append("the loss is not finite")
    if numbers.gradient is not None and numbers.gradient < _DEAD:
        told.append("the output layer gets no gradient")
    if values is not None and values.size > 1 and values.dtype.kind == "f" and values.min() == values.max():
        told.append(f"every output is {float(values.min()):.3g}")
    return told


def _diagnostic(finding: Finding, seen: Seen | None, places: Places) -> Diagnostic:
    told = [
        (places.place(evidence.origin), places.label(evidence.origin, evidence.label)) for evidence in finding.evidence
    ]
    (place, label), *rest = told
    about_loss = any(isinstance(one.origin, Live) and one.origin.kind == "loss" for one in finding.evidence)
    facts = measured(seen) if seen is not None and about_loss and not BY_CODE[finding.code].RULE.measured else []
    effect = f"{finding.effect} Measured on this batch: {'; '.join(facts)}." if facts else finding.effect
    return Diagnostic(
        finding.code,
        finding.name,
        finding.severity,
        finding.confidence,
        finding.message,
        place,
        label,
        effect,
        finding.remedy,
        tuple(RelatedPlace(other, text) for other, text in rest),
        None,
        finding.also,
    )
