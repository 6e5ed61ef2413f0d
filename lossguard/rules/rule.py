"""What a rule is: its code, its name, its documentation, and a pure function from facts to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from lossguard.facts import Fact, Target
from lossguard.findings import Confidence, Evidence, Finding, Severity, Way
from lossguard.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is the bad pattern, so that "allow softmax-from-logits" reads right.

    `severity` is the worst that the rule reports. `supersedes` names codes whose finding on the same
    fact has the same cause and says less. `opt_in` rules run only when selected. `ways` names the ways
    out of which some finding of this rule offers the edits. `measured` rules need a model that runs: only
    `probe` and `run` find what they report.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    supersedes: tuple[str, ...] = ()
    opt_in: bool = False
    ways: tuple[str, ...] = ()
    measured: bool = False

    def finding(
        self,
        message: str,
        *evidence: Evidence,
        effect: str,
        remedy: str,
        severity: Severity | None = None,
        confidence: Confidence = Confidence.CERTAIN,
        ways: tuple[Way, ...] = (),
    ) -> Finding:
        """A finding of this rule; the first evidence is the primary place, ways out without repairs are left out."""
        return Finding(
            self.code,
            self.name,
            severity or self.severity,
            message,
            effect,
            remedy,
            evidence,
            tuple(way for way in ways if way.repairs),
            confidence,
        )


Check = Callable[[Fact, Target], Iterator[Finding]]


class RuleModule(Protocol):
    """A module of this package that is a rule; its docstring is the rule's documentation."""

    __doc__: str | None
    RULE: Rule

    def check(self, fact: Fact, target: Target) -> Iterator[Finding]: ...
