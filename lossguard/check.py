"""The pipeline: from paths to diagnostics. Files are read once; few are parsed; none is executed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.facts import Target
from lossguard.findings import Confidence, Diagnostic, Place, Position
from lossguard.options import Options, OptionsOf, for_file
from lossguard.sift import Hidden, Marked, sift
from lossguard.source import Source, Unreadable, decode, from_text, read_bytes, reported_name, without_bad_cells

if TYPE_CHECKING:
    import libcst as cst

    from lossguard.baseline import Baseline, Known
    from lossguard.diff import Changes
    from lossguard.facts import Fact
    from lossguard.findings import Finding
    from lossguard.static.program import Trees
    from lossguard.static.syntax import SyntaxProblem

__all__ = ["Checked", "Options", "OptionsOf", "check_paths", "check_source"]

_KERAS = re.compile(rb"keras|tensorflow|\btf\.")
_SINK = re.compile(rb"loss|compile\s*\(|cross_?entropy|\.fit\(")
_FOREIGN_SINK = re.compile(rb"(?<!\bre)\.compile\s*\([^()]{0,300}?(?:loss|optimizer|metrics|['\"]adam|['\"]sgd)")
_STACK = 20_000


Progress = Callable[[int, int], None]
"""Told after each file how many of how many are done."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a run found and what it looked at.

    `problems` are paths that could not be checked, one line each; `notes` say what was understood.
    `sources` has the program of every file that a diagnostic names, by its reported name. `hidden` counts
    the findings that are not among the diagnostics, `fixed` are entries of the baseline that no longer occur,
    `unsuppressed` all findings but the suppressed ones: what a baseline written now has to know.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: int
    keras_files: int
    models: int
    problems: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    hidden: Hidden = field(default_factory=Hidden)
    fixed: tuple[Known, ...] = ()
    unsuppressed: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class _Result:
    """What one file gave. `marked` is its program where that has comments that may suppress findings,
    `judged` says that what these don't suppress is not there."""

    options: Options
    name: str
    diagnostics: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    keras: bool = False
    models: int = 0
    marked: Source | None = None
    judged: bool = False


def check_paths(
    paths: Sequence[str],
    *,
    options: Options | OptionsOf | None = None,
    baseline: Baseline | None = None,
    changes: Changes | None = None,
    progress: Progress | None = None,
    contents: Mapping[Path, bytes] | None = None,
) -> Checked:
    """Check files and folders. Unknown and unreadable ones are told in `problems`, the others checked.

    No configuration is read; `lossguard.configured()` gives the `options` that the command would have.
    `contents` are those of files, by absolute path, that are to be checked as if they were written already.
    """
    from lossguard.project import discover

    cwd = Path.cwd()
    options_of = _options_of(options)
    found = discover(paths, cwd=cwd, options_of=options_of)
    checker = _Checker(options_of, cwd, contents or {})
    results = []
    for number, path in enumerate(found.files, 1):
        result = checker.file(path)
        result.judged = result.judged or path in found.whole
        results.append(result)
        if progress is not None:
            progress(number, len(found.files))
    problems = [f"{path}: no such file or folder" for path in found.missing] + list(found.problems)
    return _gathered(results, problems, baseline, changes)


def check_source(
    text: str,
    filename: str = "<stdin>",
    *,
    options: Options | OptionsOf | None = None,
    baseline: Baseline | None = None,
    changes: Changes | None = None,
) -> Checked:
    """Check one program given as text; a name that ends in `.ipynb` makes it a notebook."""
    cwd = Path.cwd()
    path = None if filename.startswith("<") else cwd / filename
    checker = _Checker(_options_of(options), cwd)
    result = checker.begin(path or cwd / "stdin.py", filename)
    result.keras = bool(_KERAS.search(text.encode("utf-8", "replace")))
    try:
        source = from_text(text, filename, path)
    except Unreadable as unreadable:
        checker.unreadable(result, filename, unreadable)
    else:
        if source is not None:
            result.marked = source
            checker.source(result, source)
    return _gathered([result], [], baseline, changes)


def _options_of(options: Options | OptionsOf | None) -> OptionsOf:
    if options is None or isinstance(options, Options):
        same = options or Options()
        return lambda _: same
    return options


def _gathered(
    results: Sequence[_Result], problems: Sequence[str], baseline: Baseline | None, changes: Changes | None
) -> Checked:
    found = {diagnostic: result.options for result in reversed(results) for diagnostic in result.diagnostics}
    sources: dict[str, Source] = {}
    for result in results:
        sources.update(result.sources)
    marked = [Marked(result.marked, result.options, result.judged) for result in results if result.marked is not None]
    sources.update({one.source.filename: one.source for one in marked if one.source.filename not in sources})
    checked = {result.name: result.options for result in results}
    left = sift(found, sources, marked, checked, baseline, changes)
    return Checked(
        tuple(sorted(left.diagnostics, key=_order)),
        len(results),
        sum(result.keras for result in results),
        sum(result.models for result in results),
        (*problems, *(problem for result in results for problem in result.problems)),
        sources,
        tuple(note for result in results for note in result.notes),
        left.hidden,
        left.fixed,
        tuple(sorted(left.unsuppressed, key=_order)),
    )


def _order(diagnostic: Diagnostic) -> tuple[str, int, Position, str, str]:
    place = diagnostic.place
    return place.filename, place.cell or 0, place.start, diagnostic.code, diagnostic.message


def is_candidate(data: bytes) -> bool:
    """Whether the file could give a finding: it has a loss or a `compile`, and Keras or somebody's model."""
    return bool(_SINK.search(data)) and bool(_KERAS.search(data) or _FOREIGN_SINK.search(data))


def _is_marked(data: bytes) -> bool:
    """Whether there may be a suppression of ours in the file."""
    return b"lossguard:" in data or (b"noqa" in data.lower() and b"LG" in data.upper())


class _Checker:
    """What the files of one run share: options and the trees of imported files."""

    def __init__(self, options_of: OptionsOf, cwd: Path, contents: Mapping[Path, bytes] | None = None) -> None:
        self._contents = contents or {}
        self._options_of = options_of
        self._options = Options()
        self._cwd = cwd
        self._trees: Trees | None = None

    def begin(self, path: Path, name: str) -> _Result:
        """An empty result; from here on the options are those of this file."""
        self._options = for_file(self._options_of(path), path)
        return _Result(self._options, name)

    def file(self, path: Path) -> _Result:
        name = reported_name(path, self._cwd)
        result = self.begin(path, name)
        try:
            data = self._read(path)
            result.keras = bool(_KERAS.search(data))
            candidate, marked = is_candidate(data), _is_marked(data)
            if not candidate and not marked:
                return result
            source = decode(data, name, path)
        except Unreadable as unreadable:
            self.unreadable(result, name, unreadable)
            return result
        if source is not None:
            result.marked = source if marked else None
            if candidate:
                self.source(result, source)
                result.diagnostics = [one for one in result.diagnostics if not self._is_left_out(one, result)]
        return result

    def _is_left_out(self, found: Diagnostic, result: _Result) -> bool:
        """Whether a finding in an imported file is ignored in that file."""
        source = result.sources.get(found.place.filename)
        if source is None or source.path is None or found.place.filename == result.name:
            return False
        return found.code in for_file(self._options_of(source.path), source.path).ignore

    def unreadable(self, result: _Result, name: str, unreadable: Unreadable) -> None:
        """A file whose text is broken is a finding; one that can't be opened is a problem of the run."""
        if unreadable.position is None:
            result.problems.append(f"{name} {unreadable.reason}")
            return
        place = Place(name, unreadable.position, unreadable.position)
        result.diagnostics += self._unparsable(place, f"this file {unreadable.reason}")

    def _unparsable(self, place: Place, message: str) -> Iterator[Diagnostic]:
        from lossguard.rules import unparsable

        rule = unparsable.RULE
        if self._enabled(rule.code):
            yield Diagnostic(rule.code, rule.name, rule.severity, Confidence.CERTAIN, message, place)

    def _enabled(self, code: str) -> bool:
        selected = self._options.select
        return code not in self._options.ignore and (selected is None or code in selected)

    def source(self, result: _Result, source: Source) -> None:
        """Check a program; what fails in it is a problem of this file alone."""
        try:
            self._understand(result, source)
        except Exception as error:  # noqa: BLE001  on purpose, and only here: a fault of ours costs one file, not the run
            result.problems.append(_fault(source.filename, error))
            if self._options.debug:
                import traceback

                result.notes += "".join(traceback.format_exception(error)).splitlines()

    def _understand(self, result: _Result, source: Source) -> None:
        """Parse a program, run it abstractly and judge what was found."""
        import sys

        from lossguard.static import syntax

        sys.setrecursionlimit(max(sys.getrecursionlimit(), _STACK))
        try:
            tree = syntax.parse(source.text)
        except syntax.SyntaxProblem as problem:
            result.sources[source.filename] = source
            result.diagnostics += self._unparsable_parts(source, problem)
            self._judge_rest(result, source)
        else:
            self._judge(result, source, tree)

    def _unparsable_parts(self, source: Source, problem: SyntaxProblem) -> Iterator[Diagnostic]:
        """The place where the file stops being Python; in a notebook, each cell that is none."""
        if not source.cells:
            place = source.place(problem.position, problem.position)
            yield from self._unparsable(place, f"this is not valid Python: {problem.reason}")
            return
        for cell in without_bad_cells(source, _parses)[1]:
            start = Position(cell.first_row, 1)
            yield from self._unparsable(source.place(start, start), "this cell is not valid Python")

    def _judge_rest(self, result: _Result, source: Source) -> None:
        """Judge what is left of a broken program; nothing that is found in it is certain, and nothing is fixed."""
        from lossguard.static import syntax
        from lossguard.static.recovery import recovered

        text = recovered(source.text)
        rest = replace(source, text=text) if text is not None else without_bad_cells(source, _parses)[0]
        try:
            tree = syntax.parse(rest.text)
        except syntax.SyntaxProblem:
            return
        part = _Result(result.options, result.name)
        self._judge(part, rest, tree)
        result.diagnostics += [_likely(one, fixable=bool(source.cells)) for one in part.diagnostics]
        result.sources = part.sources | {source.filename: source}
        result.notes += part.notes
        result.models = part.models

    def _judge(self, result: _Result, source: Source, tree: cst.Module) -> None:
        from lossguard.rules import judge
        from lossguard.static.interpreter import understand
        from lossguard.static.program import Program
        from lossguard.static.verdicts import diagnostics

        understanding = understand(Program(source, tree, self._shared_trees(), self._options.roots))
        target = self._target(source)
        enabled = self._options.codes()

        def judged(fact: Fact) -> list[Finding]:
            return judge(fact, target, enabled)

        found = diagnostics(understanding, judged, self._options.fixable, self._options.prefer)
        result.diagnostics += found
        result.judged = bool(understanding.cases) and understanding.complete
        named = {place.filename for diagnostic in found for place in _places(diagnostic)}
        result.sources |= {
            module.source.filename: module.source
            for module in understanding.machine.program.modules
            if module.source.filename in named
        }
        result.models = _understood(understanding.cases)
        if not understanding.complete:
            result.notes.append(f"{source.filename}: not followed to its end, it takes too many steps")
        if self._options.show_models or self._options.verbose:
            from lossguard.static.story import story

            result.notes += story(understanding)

    def _target(self, source: Source) -> Target:
        """What the program runs on: as configured, else as the project's dependencies or its imports tell."""
        if self._options.target is not None:
            return self._options.target
        imported = target_of(source.text)
        if source.path is None:
            return replace(imported, keras=self._options.keras or imported.keras)
        from lossguard.dependencies import declared

        said = declared(source.path)
        return Target(said.backends or imported.backends, self._options.keras or said.keras or imported.keras)

    def _shared_trees(self) -> Trees:
        from lossguard.static.program import Trees

        if self._trees is None:
            self._trees = Trees(self._read_imported)
        return self._trees

    def _read_imported(self, path: Path) -> Source | None:
        try:
            return decode(self._read(path), reported_name(path, self._cwd), path)
        except Unreadable:
            return None

    def _read(self, path: Path) -> bytes:
        return self._contents[path] if path in self._contents else read_bytes(path)


def _likely(found: Diagnostic, *, fixable: bool) -> Diagnostic:
    """A finding in a program that was mended, or of which a part is missing."""
    fix = replace(found.fix, safe=False) if found.fix is not None else None
    others = found.alternatives if fixable else ()
    return replace(found, confidence=Confidence.LIKELY, fix=fix if fixable else None, alternatives=others)


def _fault(name: str, error: Exception) -> str:
    kind = type(error).__name__
    return f"{name} could not be checked; this is a bug in lossguard ({kind}): please report it with what --debug shows"


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


def target_of(text: str) -> Target:
    """What the program runs on, where its imports tell: `tf.keras` runs on TensorFlow."""
    if "KERAS_BACKEND" in text or not re.search(r"\b(tensorflow|tf_keras)\b", text):
        return Target()
    return Target(backends=frozenset({"tensorflow"}))
