"""From cases to diagnostics: what the rules say in each world, joined to one finding with its condition."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from lossguard.facts import Encoding, Fact, Loss, LossCall, Output, TrainingSetup
from lossguard.findings import (
    Confidence,
    Diagnostic,
    Evidence,
    Finding,
    Fix,
    Place,
    RelatedPlace,
    Repair,
    ReplaceLoss,
    SetActivation,
    SetFromLogits,
    SetUnits,
    Way,
)
from lossguard.frozen import dataclass
from lossguard.static import syntax
from lossguard.static.interpreter import Understanding
from lossguard.static.places import places
from lossguard.static.sinks import Case
from lossguard.static.values import Literal, Site
from lossguard.static.worlds import Worlds

if TYPE_CHECKING:
    from lossguard.static.repairs import Repairer

Judge = Callable[[Fact], list[Finding]]
Path = frozenset[Literal]


@dataclass(slots=True)
class _Seen:
    """One finding, the fact that it is of, and the worlds in which it holds."""

    finding: Finding
    fact: Fact
    paths: list[Path] = field(default_factory=list)
    others: list[tuple[Finding, Fact]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A finding, the condition under which it holds, and its fact; `others` are the same in other worlds."""

    finding: Finding
    when: str | None
    fact: Fact
    others: tuple[tuple[Finding, Fact], ...] = ()


def diagnostics(
    understanding: Understanding, judge: Judge, fixable: Container[str] | None = None, prefer: Sequence[str] = ()
) -> list[Diagnostic]:
    """What is wrong with a program, with places; in no particular order.

    `fixable` None offers all fixes. `prefer` names ways out, which are put first where there are several.
    """
    worlds = understanding.machine.worlds
    findings = _best(list(_conditional(understanding, judge, worlds)))
    if not findings:
        return []
    from lossguard.static.repairs import Repairer  # and LibCST with it

    if understanding.machine.guessed:
        findings = [replace(one, finding=replace(one.finding, confidence=Confidence.LIKELY)) for one in findings]
    sites = [site for one in findings for evidence in one.finding.evidence if isinstance(site := evidence.origin, Site)]
    where = places(sites)
    repairer = Repairer()
    elsewhere = _Elsewhere(understanding.cases, judge)
    found = []
    for one in findings:
        finding = _if_finished(one.finding, where)
        offered = one.when is None and finding is one.finding and (fixable is None or finding.code in fixable)
        fix, others = _chosen(_in_all_worlds(one, repairer, elsewhere) if offered else [], finding, prefer)
        found.append(replace(_diagnostic(finding, one.when, where), fix=fix, alternatives=others))
    return found


def _in_all_worlds(one: _Verdict, repairer: Repairer, elsewhere: _Elsewhere) -> list[Fix | None]:
    """The ways out; None for those that are not right wherever what they change is used."""
    fixes = [
        fix if fix is not None and elsewhere.agrees(way, one.fact) else None
        for fix, way in zip(repairer.fixes(one.finding, one.fact), one.finding.ways, strict=True)
    ]
    for finding, fact in one.others:
        if any(fixes) and fact is not one.fact:
            there = {(fix.way, fix.edits) for fix in repairer.fixes(finding, fact) if fix is not None}
            fixes = [fix if fix is not None and (fix.way, fix.edits) in there else None for fix in fixes]
    return fixes


class _Elsewhere:
    """Where else the losses and layers of a program are used: by other models, in other worlds."""

    def __init__(self, cases: Iterable[Case], judge: Judge) -> None:
        self._judge = judge
        self._users: dict[Site, list[Fact]] = defaultdict(list)
        for fact in dict.fromkeys(case.fact for case in cases):
            for site in {*_sites(fact, ReplaceLoss("")), *_sites(fact, SetActivation(""))}:
                self._users[site].append(fact)

    def agrees(self, way: Way, fact: Fact) -> bool:
        """Whether all that use what a way out changes want the same change, or are the same with less known."""
        for repair in way.repairs:
            for site in _sites(fact, repair):
                for other in self._users[site]:
                    if not _is_poorer(other, fact) and not self._wants(other, repair):
                        return False
        return True

    def _wants(self, fact: Fact, repair: Repair) -> bool:
        return any(repair in way.repairs for finding in self._judge(fact) for way in finding.ways)


def _sites(fact: Fact, repair: Repair) -> list[Site]:
    """The places that a repair changes."""
    origins: list[object] = []
    match repair, fact:
        case ReplaceLoss() | SetFromLogits(), TrainingSetup(loss=Loss() as loss) | LossCall(loss=loss):
            origins = [loss.origin]
        case SetActivation() | SetUnits(), TrainingSetup(output=Output() as output) | LossCall(
            prediction=Output() as output
        ):
            origins = [output.origin]
    return [origin for origin in origins if isinstance(origin, Site)]


def _is_poorer(other: Fact, fact: Fact) -> bool:
    """Whether a fact is of the same loss and output, without labels of its own."""
    match other, fact:
        case TrainingSetup(output=output, loss=loss, labels=labels), TrainingSetup():
            same = output is not None and fact.output is not None and output.origin == fact.output.origin
            told = loss is not None and fact.loss is not None and loss.origin == fact.loss.origin
            unknown = labels is None or labels.encoding is Encoding.UNKNOWN
            return same and unknown and (told or (loss is None and other.origin == fact.origin))
    return other == fact


def _chosen(fixes: list[Fix | None], finding: Finding, prefer: Sequence[str]) -> tuple[Fix | None, tuple[Fix, ...]]:
    """The way that is taken, and the others: the preferred one, which leaves no choice to make, else the rule's first.

    A second way never takes the place of a first one that can't be made, without being asked for.
    """
    found = [fix for fix in fixes if fix is not None]
    wanted = sorted((fix for fix in found if fix.way in prefer), key=lambda fix: prefer.index(fix.way))
    taken = wanted[0] if wanted else fixes[0] if fixes else None
    others = tuple(fix for fix in found if fix is not taken)
    if taken is not None and wanted and finding.confidence is Confidence.CERTAIN:
        taken = replace(taken, safe=True)
    return taken, others


def _conditional(understanding: Understanding, judge: Judge, worlds: Worlds) -> Iterable[_Verdict]:
    groups: dict[Hashable, list[tuple[Path, Fact, list[Finding]]]] = defaultdict(list)
    partial = {case.group for case in understanding.cases if not case.whole}
    for case in understanding.cases:
        found = [_explained(finding, case, understanding) for finding in judge(case.fact)]
        groups[case.group].append((frozenset(case.path), case.fact, found))
    for group, cases in groups.items():
        seen: dict[Hashable, _Seen] = {}
        for path, fact, findings in cases:
            for finding in findings if not _supposes_nothing(path, worlds) else []:
                entry = seen.setdefault(_identity(finding), _Seen(finding, fact))
                entry.paths.append(path)
                entry.others.append((finding, fact))
        for entry in seen.values():
            if len(entry.paths) == len(cases) and len(cases) > 1 and group not in partial:
                yield _Verdict(entry.finding, None, entry.fact, tuple(entry.others))
                continue
            paths = simplify(entry.paths)
            literals = {literal for path in paths for literal in path}
            finding = entry.finding
            if any(worlds.condition_at(literal.condition).default for literal in literals):
                finding = replace(finding, confidence=Confidence.LIKELY)
            yield _Verdict(finding, _words(paths, worlds), entry.fact, tuple(entry.others))


def _supposes_nothing(path: Path, worlds: Worlds) -> bool:
    """Whether a world exists only if something unknown is None: the other side of a mere precaution."""
    for literal in path:
        comparison = worlds.condition_at(literal.condition).comparison
        if comparison is not None and comparison.constant is None and literal.holds:
            return True
    return False


def _explained(finding: Finding, case: Case, understanding: Understanding) -> Finding:
    """The finding with the places that lead to it, where the rule names none of them."""
    fact = case.fact
    if not isinstance(fact, TrainingSetup) or not isinstance(fact.origin, Site):
        return finding
    told = [evidence.origin for evidence in finding.evidence if isinstance(evidence.origin, Site)]
    within = {id(node) for node in syntax.walk(fact.origin.node)}
    added = []
    if not any(id(site.node) in within for site in told):
        added.append(Evidence(fact.origin, "compiled here"))
    main = understanding.machine.program.main
    if case.via is not None and all(site.module is not main for site in (*told, fact.origin)):
        added.append(Evidence(case.via, "called from here"))
    return replace(finding, evidence=(*finding.evidence, *added))


def _identity(finding: Finding) -> Hashable:
    return finding.code, tuple(
        id(evidence.origin.node) for evidence in finding.evidence[:1] if isinstance(evidence.origin, Site)
    )


def simplify(paths: list[Path]) -> list[Path]:
    """The same worlds with fewer literals: two paths that differ in one side only become one."""
    found = list(dict.fromkeys(paths))
    changed = True
    while changed:
        changed = False
        for i, path in enumerate(found):
            for j in range(i + 1, len(found)):
                difference = path ^ found[j]
                if len(difference) == 2 and len({literal.condition for literal in difference}) == 1:  # noqa: PLR2004
                    joined = path & found[j]
                    found = [other for k, other in enumerate(found) if k not in {i, j} and not joined <= other]
                    found.append(joined)
                    changed = True
                    break
            if changed:
                break
    return [path for path in found if not any(other < path for other in found)]


def _words(paths: list[Path], worlds: Worlds) -> str | None:
    if any(not path for path in paths):
        return None
    told = [worlds.tell(sorted(path, key=lambda literal: literal.condition)) for path in paths]
    return " or ".join(dict.fromkeys(told))


def _best(findings: list[_Verdict]) -> list[_Verdict]:
    """One finding for each rule and place: the unconditional one, then the one with most evidence."""
    kept: dict[Hashable, _Verdict] = {}
    for one in findings:
        identity = _identity(one.finding)
        other = kept.get(identity)
        if other is None or _weight(one) > _weight(other):
            kept[identity] = one
    return list(kept.values())


def _weight(one: _Verdict) -> tuple[bool, bool, int]:
    return one.when is None, one.finding.confidence is Confidence.CERTAIN, len(one.finding.evidence)


_BLANK = re.compile(
    r"#\s*(TODO|FIXME|YOUR CODE|Your code|START CODE|END CODE|(?:Add|Insert|Put|Write|Complete|Define)\b.*\bhere\b)"
)


def _if_finished(finding: Finding, where: dict[Site, Place]) -> Finding:
    """A finding next to a blank that somebody is still to fill is not certain."""
    for evidence in finding.evidence:
        site = evidence.origin
        if isinstance(site, Site) and _BLANK.search(site.module.source.text):
            place = where[site]
            lines = site.module.source.lines(place)
            if any(map(_BLANK.search, lines[max(0, place.start.row - 4) : place.end.row + 3])):
                return replace(finding, confidence=Confidence.LIKELY)
    return finding


def _diagnostic(finding: Finding, when: str | None, where: dict[Site, Place]) -> Diagnostic:
    told = [
        (where[evidence.origin], evidence.label) for evidence in finding.evidence if isinstance(evidence.origin, Site)
    ]
    place, label = told[0]
    return Diagnostic(
        finding.code,
        finding.name,
        finding.severity,
        finding.confidence,
        finding.message,
        place,
        label,
        finding.effect,
        finding.remedy,
        tuple(RelatedPlace(other, text) for other, text in told[1:]),
        when,
        finding.also,
    )
