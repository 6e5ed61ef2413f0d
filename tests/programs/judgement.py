"""What a finding about a generated program has a right to say, and what nobody found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lossguard.findings import Diagnostic, Severity
from programs.grammar import Program
from programs.oracle import Outcome, Run

STARTS = 5
"""Initial weights that are tried where the first ones contradict a finding, or nothing was found: some starts are
lucky (raw scores divided by their sum lead now and then to the right answer), and some are not."""

FEW = 2
"""So many starts that fail bear an error out: a right pairing fails from none."""

EASY = frozenset({"LG102", "LG106"})
"""Errors that data as easy as these survive: a sigmoid of a sigmoid finds classes that do not overlap, and so does
one unit for each step of a sequence that is compared with the labels of all steps."""

Claim = Callable[[Outcome], bool]


def _hopeless(outcome: Outcome) -> bool:
    return outcome.raises or not outcome.learns or outcome.unbounded


def _trained_wrongly(outcome: Outcome) -> bool:
    return outcome.loss_is_wrong or outcome.raises


def _misread(outcome: Outcome) -> bool:
    return outcome.decoding_is_wrong or _hopeless(outcome)


CLAIMS: dict[str, Claim] = {
    "LG101": lambda it: it.loss_is_wrong or bool(it.warned),
    "LG102": lambda it: it.loss_is_wrong or bool(it.warned),
    "LG103": _trained_wrongly,
    "LG104": _trained_wrongly,
    "LG105": lambda it: it.constant,
    "LG106": lambda it: it.raises or not it.learns or it.vanishes or it.loss_is_wrong,
    "LG107": _hopeless,
    "LG108": _trained_wrongly,
    "LG109": lambda it: it.raises or not it.distribution,
    "LG111": lambda it: it.raises or it.unbounded or not it.learns,
    "LG112": lambda it: it.raises or it.loss_is_wrong,
    "LG113": lambda it: it.raises or it.out_of_reach,
    "LG201": _hopeless,
    "LG202": lambda it: it.raises,
    "LG203": lambda it: it.raises or it.unbounded,
    "LG204": _hopeless,
    "LG205": lambda it: it.loss_is_wrong or _hopeless(it),
    "LG206": lambda it: it.raises or it.unbounded or it.loss_is_wrong,
    "LG301": _hopeless,
    "LG302": _hopeless,
    "LG303": lambda it: it.raises or it.loss_is_wrong,
    "LG401": lambda it: it.metric_is_wrong or it.raises or it.constant,
    "LG402": lambda it: it.metric_is_wrong or it.raises,
    "LG403": lambda it: it.metric_is_wrong or _hopeless(it),
    "LG404": lambda it: it.metric_is_wrong or it.raises,
    "LG405": lambda it: it.metric_is_wrong or it.raises,
    "LG406": lambda it: it.metric_is_wrong or it.raises,
    "LG407": lambda it: it.metric_is_wrong or it.raises,
    "LG408": lambda it: it.metric_is_wrong or it.raises or it.constant,
    "LG501": _trained_wrongly,
    "LG502": lambda it: _trained_wrongly(it) or bool(it.warned),
    "LG503": lambda it: _trained_wrongly(it) or it.unbounded,
    "LG601": _misread,
    "LG602": lambda it: it.decoding_is_wrong or it.raises,
    "LG507": lambda it: it.raises,
}
"""What must have happened for a finding to be true. Where the program raises, nothing else can be seen of it."""


def holds(finding: Diagnostic, outcome: Outcome) -> bool | None:
    """Whether the condition of a finding holds in the run; None where it can't be asked.

    Words that are no expression (a default that is kept) can't be, nor names that the run has not met.
    """
    if finding.when is None:
        return True
    try:
        return bool(eval(finding.when, dict(outcome.names)))  # noqa: S307
    except (NameError, SyntaxError):
        return None


def applies(finding: Diagnostic, outcome: Outcome) -> bool:
    """Whether a finding is about what was run."""
    return holds(finding, outcome) is True


def unanswered(findings: Sequence[Diagnostic], outcome: Outcome) -> list[str]:
    """The conditions that can't be asked."""
    return [str(finding.when) for finding in findings if holds(finding, outcome) is None]


def judged(
    program: Program, findings: Sequence[Diagnostic], run: Run, elsewhere: Sequence[Diagnostic] = ()
) -> tuple[Outcome, list[str], str | None]:
    """The first outcome, what the findings say that no run bears out, and what they miss.

    `elsewhere` are findings for other backends: they have to be silent where the program is right.
    """
    outcomes = [run(program)]
    doubtful = disagreements(findings, outcomes, elsewhere) or missed(findings, outcomes) == LEARNS_NOT
    if doubtful and not outcomes[0].raises:
        outcomes += [run(program, start) for start in range(1, STARTS)]
    return outcomes[0], disagreements(findings, outcomes, elsewhere), missed(findings, outcomes)


def disagreements(
    findings: Sequence[Diagnostic], outcomes: Sequence[Outcome], elsewhere: Sequence[Diagnostic] = ()
) -> list[str]:
    """What the findings say that the runs do not bear out; empty where they agree."""
    first = outcomes[0]
    needed = min(FEW, len(outcomes))
    found = []
    if first.raises and not first.fitted:
        found.append("the program ends before it is fitted")
    right = all(outcome.right for outcome in outcomes)
    for finding in findings:
        if not applies(finding, first):
            continue
        claim = CLAIMS.get(finding.code)
        if not first.raises and claim is not None and sum(map(claim, outcomes)) < needed:
            found.append(f"{finding.code} is reported, but is not what happens")
        useless = _misread if finding.code == "LG601" else _hopeless
        if finding.severity is Severity.ERROR and finding.code not in EASY and sum(map(useless, outcomes)) < needed:
            found.append(f"{finding.code} is reported as an error, but the program learns")
        if right:
            found.append(f"{finding.code} is reported, but the program is right")
    if right:
        found += [
            f"{one.code} is reported elsewhere, but the program is right" for one in elsewhere if applies(one, first)
        ]
    return found


LEARNS_NOT = "does not learn"


def missed(findings: Sequence[Diagnostic], outcomes: Sequence[Outcome]) -> str | None:
    """What went wrong in a program without findings, in a few words."""
    first = outcomes[0]
    if any(holds(finding, first) is not False for finding in findings) or any(one.right for one in outcomes):
        return None
    if first.raises:
        return "raises in the loss" if np.isnan(first.plain) else "raises in a metric"
    if not first.finite or first.unbounded:
        return "diverges"
    if not first.learns:
        return LEARNS_NOT
    if first.loss_is_wrong:
        return "loss"
    return "metric" if first.metric_is_wrong else "reach" if first.out_of_reach else "decoding"
