"""One program, from its text to diagnostics: parsed, run abstractly, judged by the rules. Nothing of it is executed."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.facts import Target
from lossguard.findings import Confidence, Diagnostic, Place, Position
from lossguard.outcome import Outcome, Used
from lossguard.source import Source, Unreadable, decode, reported_name, without_bad_cells

if TYPE_CHECKING:
    from lossguard.facts import Fact
    from lossguard.findings import Finding
    from lossguard.options import Options
    from lossguard.static.program import Program, Trees
    from lossguard.static.syntax import SyntaxProblem, Tree

_STACK = 20_000 if sys.version_info >= (3, 11) else 10_000
"""Frames; before Python 3.11 each takes some hundred bytes of a stack whose end nothing can catch."""

Read = Callable[[Path], bytes]
"""The content of a file; raises `Unreadable`."""


_GARBAGE = 1_000_000
"""Bytes of programs after which what they left is collected: little, as a run is taken apart when it has ended."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Within it the collector runs only when an `Analyst` asks for it: trees have no cycles, and it costs a fifth."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    gc.freeze()  # what is there already is not looked through each time
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


@contextmanager
def _deep_stack() -> Iterator[None]:
    """Within it calls may be nested as deeply as a program nests its own."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _STACK))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class Analyst:
    """Analyses programs one after the other; what they import is parsed once for several of them.

    `digests` says that it will be asked what an outcome rests on.
    """

    def __init__(self, read: Read, cwd: Path, *, digests: bool = False) -> None:
        self._read = read
        self._cwd = cwd
        self._with_digests = digests
        self._digests: dict[Path, str | None] = {}
        self._trees: Trees | None = None
        self._since_collected = 0

    def file(self, path: Path, name: str, options: Options) -> Outcome:
        """Analyse a Python file or a notebook."""
        try:
            data = self._read(path)
            source = decode(data, name, path)
        except Unreadable as unreadable:
            return broken(name, unreadable, options)
        found = Outcome() if source is None else self.source(source, options)
        found.digest = self._digest(data)
        self._since_collected += len(data)
        if self._since_collected > _GARBAGE and not gc.isenabled():
            self._since_collected = 0
            gc.collect()
        return found

    def source(self, source: Source, options: Options) -> Outcome:
        """Analyse a program; what fails in it is a problem of this file alone."""
        try:
            with _deep_stack():
                return self._understand(source, options)
        except Exception as error:  # noqa: BLE001  on purpose, and only here: a fault of ours costs one file, not the run
            failed = Outcome(problems=[fault(source.filename, type(error).__name__)])
            if options.debug:
                import traceback

                failed.notes += "".join(traceback.format_exception(error)).splitlines()
            return failed

    def _understand(self, source: Source, options: Options) -> Outcome:
        """Parse a program, run it abstractly and judge what was found."""
        from lossguard.static import syntax

        try:
            tree = syntax.parse(source.text)
        except syntax.SyntaxProblem as problem:
            found = self._judge_rest(source, options)
            found.diagnostics = [*_unparsable_parts(source, problem, options), *found.diagnostics]
            found.sources[source.filename] = source
            return found
        found = self._judge(source, tree, options)
        self._judge_prose(found, source, tree, options)
        return found

    def _judge_prose(self, found: Outcome, source: Source, tree: Tree, options: Options) -> None:
        """Judge what the file shows between its code; it is read by people, and may leave things out."""
        from lossguard.static.fences import shown

        program = None if source.cells else shown(tree)
        if program is None:
            return
        part = self._judge(source._replace(text=program.tree.text), program.tree, options)
        found.diagnostics += [
            _likely(one, fixable=False) for one in part.diagnostics if one.place.start.row in program.rows
        ]
        found.sources = part.sources | found.sources | {source.filename: source}
        found.used = _both(found.used, part.used)

    def _judge_rest(self, source: Source, options: Options) -> Outcome:
        """Judge what is left of a broken program; nothing that is found in it is certain, and nothing is fixed."""
        from lossguard.static import syntax
        from lossguard.static.recovery import recovered

        text = recovered(source.text)
        rest = source._replace(text=text) if text is not None else without_bad_cells(source, _parses)[0]
        try:
            tree = syntax.parse(rest.text)
        except syntax.SyntaxProblem:
            return Outcome()
        found = self._judge(rest, tree, options)
        found.diagnostics = [_likely(one, fixable=bool(source.cells)) for one in found.diagnostics]
        found.judged = False
        return found

    def _judge(self, source: Source, tree: Tree, options: Options) -> Outcome:
        from lossguard.static.interpreter import let_go, understand
        from lossguard.static.program import Program
        from lossguard.static.switches import conditional, switches, within
        from lossguard.static.verdicts import diagnostics

        program = Program(source, tree, self._shared_trees(), options.roots)
        understanding = understand(program)

        @cache
        def asked() -> tuple[Target, frozenset[str]]:
            return target_for(source, options), options.codes()

        def judged(fact: Fact) -> list[Finding]:
            from lossguard.rules import judge  # most files have nothing to be judged

            return judge(fact, *asked())

        found = diagnostics(understanding, judged, options.fixable, options.prefer)
        programs = [program]
        for switch in switches(understanding):
            programs.append(Program(source, tree, self._shared_trees(), options.roots))
            turned = understand(programs[-1], frozenset({switch.name}))
            found += [conditional(one, switch) for one in diagnostics(within(turned, switch), judged, ())]
            let_go(turned)
        named = {place.filename for diagnostic in found for place in _places(diagnostic)}
        notes = []
        if not understanding.complete:
            notes.append(f"{source.filename}: not followed to its end, it takes too many steps")
        if options.show_models or options.verbose:
            from lossguard.static.story import story

            notes += story(understanding)
        outcome = Outcome(
            found,
            {
                one.source.filename: one.source
                for run in programs
                for one in run.modules
                if one.source.filename in named
            },
            notes,
            models=_understood(understanding.cases),
            judged=bool(understanding.cases) and understanding.complete,
            used=reduce(_both, map(self._used, programs)),
        )
        let_go(understanding)
        return outcome

    def _used(self, program: Program) -> Used:
        return Used(
            tuple((path, self._digests.get(path)) for path in program.read),
            tuple(program.looked_for.items()),
            tuple(program.rooted.items()),
        )

    def _shared_trees(self) -> Trees:
        from lossguard.static.program import Trees

        if self._trees is None:
            self._trees = Trees(self._read_imported)
        return self._trees

    def _read_imported(self, path: Path) -> Source | None:
        self._digests[path] = None
        try:
            data = self._read(path)
            self._digests[path] = self._digest(data)
            return decode(data, reported_name(path, self._cwd), path)
        except Unreadable:
            return None

    def _digest(self, data: bytes) -> str:
        if not self._with_digests:
            return ""
        from lossguard.cache import digest

        return digest(data)


def _both(one: Used, other: Used) -> Used:
    """What two runs together rest on."""
    return Used(
        tuple((dict(one.contents) | dict(other.contents)).items()),
        tuple((dict(one.files) | dict(other.files)).items()),
        tuple((dict(one.roots) | dict(other.roots)).items()),
    )


def broken(name: str, unreadable: Unreadable, options: Options) -> Outcome:
    """A file whose text is broken is a finding; one that can't be opened is a problem of the run."""
    if unreadable.position is None:
        return Outcome(problems=[f"{name} {unreadable.reason}"])
    place = Place(name, unreadable.position, unreadable.position)
    return Outcome([*_unparsable(place, f"this file {unreadable.reason}", options)])


def _unparsable_parts(source: Source, problem: SyntaxProblem, options: Options) -> Iterator[Diagnostic]:
    """The place where the file stops being Python; in a notebook, each cell that is none."""
    if not source.cells:
        place = source.place(problem.position, problem.position)
        yield from _unparsable(place, f"this is not valid Python: {problem.reason}", options)
        return
    for cell in without_bad_cells(source, _parses)[1]:
        start = Position(cell.first_row, 1)
        yield from _unparsable(source.place(start, start), "this cell is not valid Python", options)


def _unparsable(place: Place, message: str, options: Options) -> Iterator[Diagnostic]:
    from lossguard.rules import unparsable

    rule = unparsable.RULE
    if rule.code not in options.ignore and (options.select is None or rule.code in options.select):
        yield Diagnostic(rule.code, rule.name, rule.severity, Confidence.CERTAIN, message, place)


def _likely(found: Diagnostic, *, fixable: bool) -> Diagnostic:
    """A finding in a program that was mended, or of which a part is missing."""
    fix = replace(found.fix, safe=False) if found.fix is not None else None
    others = found.alternatives if fixable else ()
    return replace(found, confidence=Confidence.LIKELY, fix=fix if fixable else None, alternatives=others)


def fault(name: str, what: str) -> str:
    """What is said of a file that lossguard itself failed on."""
    return f"{name} could not be checked; this is a bug in lossguard ({what}): please report it with what --debug shows"


def _parses(text: str) -> bool:
    from lossguard.static.recovery import runs_in_a_cell

    return runs_in_a_cell(text)


def _places(diagnostic: Diagnostic) -> list[Place]:
    fixes = (*([diagnostic.fix] if diagnostic.fix is not None else []), *diagnostic.alternatives)
    return [
        diagnostic.place,
        *(related.place for related in diagnostic.related),
        *(edit.place for fix in fixes for edit in fix.edits),
    ]


def _understood(cases: Sequence[object]) -> int:
    """Models of which both the output and the loss are known."""
    from lossguard.facts import TrainingSetup
    from lossguard.static.sinks import Case

    models = {
        case.group[0]
        for case in cases
        if isinstance(case, Case) and isinstance(case.group, tuple) and isinstance(case.fact, TrainingSetup)
        if case.fact.output is not None and case.fact.loss is not None
    }
    return len(models)


def target_for(source: Source, options: Options) -> Target:
    """What a program runs on: as configured, else as the project's dependencies or its imports tell."""
    if options.target is not None:
        return options.target
    imported = target_of(source.text)
    if source.path is None:
        return replace(imported, keras=options.keras or imported.keras, minors=options.minors)
    from lossguard.dependencies import declared

    said = declared(source.path)
    minors = options.minors if options.keras is not None else said.minors
    return Target(said.backends or imported.backends, options.keras or said.keras or imported.keras, minors)


def target_of(text: str) -> Target:
    """What the program runs on, where its imports tell: `tf.keras` runs on TensorFlow."""
    if "KERAS_BACKEND" in text or not re.search(r"\b(tensorflow|tf_keras)\b", text):
        return Target()
    return Target(backends=frozenset({"tensorflow"}))
