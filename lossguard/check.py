"""The pipeline: from paths to diagnostics. Few files are parsed, none is executed; what is known is not done again."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from lossguard.glance import Glance, glance
from lossguard.options import Options, OptionsOf, for_file
from lossguard.outcome import Outcome
from lossguard.sift import Hidden, Marked, sift
from lossguard.source import Source, Unreadable, decode, from_text, read_bytes, reported_name

if TYPE_CHECKING:
    from lossguard.baseline import Baseline, Known
    from lossguard.cache import Cache
    from lossguard.diff import Changes
    from lossguard.findings import Diagnostic, Position

__all__ = ["Checked", "Options", "OptionsOf", "check_paths", "check_source"]

FEW = 100
"""So many files are looked at sooner than what is remembered of them."""

Progress = Callable[[int, int], None]
"""Told after each file how many of how many are done."""


class Checked(NamedTuple):
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
    sources: Mapping[str, Source] = MappingProxyType({})
    notes: tuple[str, ...] = ()
    hidden: Hidden = Hidden()
    fixed: tuple[Known, ...] = ()
    unsuppressed: tuple[Diagnostic, ...] = ()


class _Result:
    """What one file gave. `marked` is its program where that has comments that may suppress findings,
    `judged` says that what these don't suppress is not there. `pending` is a file that is still to be analysed,
    of `size` bytes."""

    def __init__(self, path: Path, name: str, options: Options) -> None:
        self.path = path
        self.name = name
        self.options = options
        self.outcome = Outcome()
        self.keras = False
        self.marked: Source | None = None
        self.judged = False
        self.pending = False
        self.size = 0


def check_paths(
    paths: Sequence[str],
    *,
    options: Options | OptionsOf | None = None,
    baseline: Baseline | None = None,
    changes: Changes | None = None,
    progress: Progress | None = None,
    contents: Mapping[Path, bytes] | None = None,
    cache: Cache | None = None,
    workers: int | None = 1,
) -> Checked:
    """Check files and folders. Unknown and unreadable ones are told in `problems`, the others checked.

    No configuration is read; `lossguard.configured()` gives the `options` that the command would have.
    `contents` are those of files, by absolute path, that are to be checked as if they were written already.
    Outcomes are taken from the `cache` and put into it, where there is one. So many `workers` share the work, each
    a process; None starts as many as pay.
    """
    from lossguard.project import discover

    cwd = Path.cwd()
    options_of = _options_of(options)
    found = discover(paths, cwd=cwd, options_of=options_of)
    checker = _Checker(options_of, cwd, contents or {}, None if contents else cache, many=len(found.files) > FEW)
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, len(found.files))

    results = []
    for path in found.files:
        results.append(checker.begin(path))
        if not results[-1].pending:
            tell()
    pending = [result for result in results if result.pending]
    with closing(checker), closing(checker.finish(pending, 1 if contents else workers)) as finished:
        for _ in finished:
            tell()
    for result in results:
        result.judged = result.judged or result.path in found.whole
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
    from lossguard.analysis import Analyst, broken

    cwd = Path.cwd()
    path = None if filename.startswith("<") else cwd / filename
    where = path or cwd / "stdin.py"
    result = _Result(where, filename, for_file(_options_of(options)(where), where))
    result.keras = glance(text.encode("utf-8", "replace")).keras
    try:
        source = from_text(text, filename, path)
    except Unreadable as unreadable:
        result.outcome = broken(filename, unreadable, result.options)
    else:
        if source is not None:
            result.marked = source
            result.outcome = Analyst(read_bytes, cwd).source(source, result.options)
            result.judged = result.outcome.judged
    return _gathered([result], [], baseline, changes)


def _options_of(options: Options | OptionsOf | None) -> OptionsOf:
    if options is None or isinstance(options, Options):
        same = options or Options()
        return lambda _: same
    return options


def _gathered(
    results: Sequence[_Result], problems: Sequence[str], baseline: Baseline | None, changes: Changes | None
) -> Checked:
    outcomes = [result.outcome for result in results]
    found = {diagnostic: result.options for result in reversed(results) for diagnostic in result.outcome.diagnostics}
    sources: dict[str, Source] = {}
    for outcome in outcomes:
        sources.update(outcome.sources)
    marked = [Marked(result.marked, result.options, result.judged) for result in results if result.marked is not None]
    sources.update({one.source.filename: one.source for one in marked if one.source.filename not in sources})
    checked = {result.name: result.options for result in results}
    left = sift(found, sources, marked, checked, baseline, changes)
    return Checked(
        tuple(sorted(left.diagnostics, key=_order)),
        len(results),
        sum(result.keras for result in results),
        sum(outcome.models for outcome in outcomes),
        (*problems, *(problem for outcome in outcomes for problem in outcome.problems)),
        sources,
        tuple(note for outcome in outcomes for note in outcome.notes),
        left.hidden,
        left.fixed,
        tuple(sorted(left.unsuppressed, key=_order)),
    )


def _order(diagnostic: Diagnostic) -> tuple[str, int, Position, str, str]:
    place = diagnostic.place
    return place.filename, place.cell or 0, place.start, diagnostic.code, diagnostic.message


class _Checker:
    """What the files of one run share: options, the cache, and the trees of imported files."""

    def __init__(
        self, options_of: OptionsOf, cwd: Path, contents: Mapping[Path, bytes], cache: Cache | None, *, many: bool
    ) -> None:
        self._options_of = options_of
        self._cwd = cwd
        self._contents = contents
        self._cache = cache
        self._many = many

    def begin(self, path: Path) -> _Result:
        """What is known of a file without analysing it."""
        name = reported_name(path, self._cwd)
        result = _Result(path, name, for_file(self._options_of(path), path))
        try:
            seen, digested, result.size = self._glance(path)
            result.keras = seen.keras
            if seen.marked:
                result.marked = decode(self._read(path), name, path)
        except Unreadable as unreadable:
            result.outcome = _broken(name, unreadable, result.options)
            return result
        result.pending = seen.candidate
        if seen.candidate:
            found = self._recalled(result, digested)
            if found is not None:
                self._take(result, found)
        return result

    def _glance(self, path: Path) -> tuple[Glance, str, int]:
        """What is seen in a file at a glance, the digest of its content where there is a cache, and its size."""
        if self._cache is None:
            data = self._read(path)
            return glance(data), "", len(data)
        known = self._cache.glance(path) if self._many else None
        if known is not None:
            return known
        from lossguard.cache import digest

        try:
            before = os.stat(path)  # noqa: PTH116  a tenth of the time of `Path.stat`
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror or error}") from error
        data = self._read(path)
        seen = glance(data)
        digested = digest(data) if seen.candidate else ""
        if self._many:
            self._cache.keep_glance(path, before, seen, digested)
        return seen, digested, len(data)

    def _recalled(self, result: _Result, digested: str) -> Outcome | None:
        """The outcome as the cache has it."""
        if self._cache is None:
            return None
        from lossguard.cache import key, serves

        if not serves(result.options):
            return None
        return self._cache.load(key(result.path, result.name, digested, result.options), result.path, self._read)

    def _keep(self, result: _Result, found: Outcome) -> None:
        if self._cache is None:
            return
        from lossguard.cache import key, serves

        if serves(result.options):
            self._cache.store(key(result.path, result.name, found.digest, result.options), result.path, found)

    def finish(self, pending: Sequence[_Result], workers: int | None) -> Generator[_Result]:
        """Analyse files, here or in processes of their own; each as it is done."""
        if not pending:
            return
        if workers is None:
            from lossguard.workers import worth

            workers = worth([result.size for result in pending])
        analysed = self._analysed_here(pending) if workers == 1 else self._analysed_there(pending, workers)
        for result, found in analysed:
            self._keep(result, found)
            self._take(result, found)
            yield result

    def _analysed_here(self, pending: Sequence[_Result]) -> Iterator[tuple[_Result, Outcome]]:
        from lossguard.analysis import Analyst, rarely_collected

        analyst = Analyst(self._read, self._cwd, digests=self._cache is not None)
        with rarely_collected():
            for result in pending:
                yield result, analyst.file(result.path, result.name, result.options)

    def _analysed_there(self, pending: Sequence[_Result], workers: int) -> Iterator[tuple[_Result, Outcome]]:
        from lossguard.analysis import fault
        from lossguard.outcome import outcome
        from lossguard.workers import Died, Task, analyse

        tasks = [Task(result.path, result.name, result.options, result.size) for result in pending]
        for number, found in analyse(tasks, workers, self._cwd, digests=self._cache is not None):
            result = pending[number]
            if isinstance(found, Died):
                yield result, Outcome(problems=[fault(result.name, f"its process ended with {found.status}")])
            else:
                yield result, outcome(found, self._source)

    def _source(self, path: Path) -> Source | None:
        """The program of a file that diagnostics name, which was readable a moment ago."""
        try:
            return decode(self._read(path), reported_name(path, self._cwd), path)
        except Unreadable:
            return None

    def _take(self, result: _Result, outcome: Outcome) -> None:
        outcome.diagnostics = [one for one in outcome.diagnostics if not self._is_left_out(one, result.name, outcome)]
        result.outcome = outcome
        result.judged = outcome.judged
        result.pending = False

    def _is_left_out(self, found: Diagnostic, name: str, outcome: Outcome) -> bool:
        """Whether a finding in an imported file is ignored in that file."""
        source = outcome.sources.get(found.place.filename)
        if source is None or source.path is None or found.place.filename == name:
            return False
        return found.code in for_file(self._options_of(source.path), source.path).ignore

    def close(self) -> None:
        if self._cache is not None:
            self._cache.close()

    def _read(self, path: Path) -> bytes:
        return self._contents[path] if path in self._contents else read_bytes(path)


def _broken(name: str, unreadable: Unreadable, options: Options) -> Outcome:
    from lossguard.analysis import broken

    return broken(name, unreadable, options)
