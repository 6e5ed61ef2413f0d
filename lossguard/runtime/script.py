"""The user's training script, run up to its first training step in a process of its own.

`python -m lossguard.runtime RESULT OPTIONS SCRIPT [ARGS]` writes what it found to the file RESULT.
"""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import json
import linecache
import pickle
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from lossguard.facts import Fact
from lossguard.findings import Diagnostic, Position
from lossguard.runtime.batches import Batch, take
from lossguard.runtime.calls import Answers, loss_call
from lossguard.runtime.intercept import watch
from lossguard.runtime.library import Library, NotProbed, library, library_of
from lossguard.runtime.look import look
from lossguard.runtime.postmortem import causes
from lossguard.runtime.spots import InProgram, Made, Program, Spot, here, users
from lossguard.runtime.verdicts import diagnostics, of_fact
from lossguard.runtime.words import location
from lossguard.source import Source, Unreadable, decode, read_bytes, reported_name, without_bad_cells


@dataclass(slots=True)
class Ran:
    """What came of a run. `error` is one line; a run with one has failed."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    models: int = 0
    error: str = ""


class _Enough(BaseException):
    """Ends the program where its training would begin; no `except Exception` of it gets in the way."""


@dataclass(slots=True)
class _Run:
    """Looks at every model that the program is about to train."""

    program: Program
    enabled: frozenset[str] | None
    goes_on: bool
    ran: Ran = field(default_factory=Ran)
    _made: Made = field(default_factory=Made)
    step_by_step: bool = True
    trains_itself: bool = False
    _answers: Answers = field(default_factory=Answers)
    _judged: set[Spot] = field(default_factory=set)
    _busy: bool = False

    def made(self, thing: Any, spot: Spot) -> None:
        if not self._busy:
            self._made.made(thing, spot)

    def compiled(self, model: Any, spot: Spot | None) -> None:
        self._made.compiled(model, spot)

    def fed(self, model: Any, how: str, x: Any, y: Any) -> Any:
        batch, use = None, here()
        try:
            batch = take(x, y, model)
            self._look(model, batch, use)
        except NotProbed as why:
            if not self.goes_on:
                where = self.program.place(use) if use is not None else None
                self.ran.error = f"{location(where)}: {why}" if where is not None else str(why)
                if why.__cause__ is not None:
                    sys.stderr.write(user_traceback(why.__cause__))
                raise _Enough from None
            self.ran.notes.append(f"{how}: {why}")
        except Exception:  # noqa: BLE001  it is not the program's, which must not catch it
            self._mistaken()
        if not self.goes_on:
            raise _Enough
        return x if batch is None or batch.data is None else batch.data

    def answered(self, model: Any, x: Any, result: Any, *, predicted: bool) -> None:
        if not self._busy:
            self._answers.note(model, x, result, predicted=predicted)

    def lost(self, loss: Any, target: Any, prediction: Any) -> None:
        """A loss that the program calls itself; each such place is looked at once."""
        spot = here()
        if self._busy or spot is None or spot in self._judged:
            return
        try:
            with self._undisturbed():
                found = loss_call(loss, target, prediction, self._answers)
        except Exception:  # noqa: BLE001  it is not the program's, which must not catch it
            self._mistaken()
        if found is None:
            return
        self._judged.add(spot)
        self._told(*found, spot)
        self.ran.models += 1

    def stepped(self) -> None:
        if not self._busy:
            self.trains_itself = True
            if not self.goes_on:
                raise _Enough

    def ended(self, error: BaseException) -> None:
        """The program has ended with this exception; it may be a rule that knows why."""
        for cause in causes(error, self.program):
            self._told(cause.fact, library(cause.package), cause.spot)

    def _told(self, fact: Fact, keras: Library, spot: Spot) -> None:
        where = InProgram(self.program, self._made.spots, spot, spot)
        told = of_fact(fact, keras, where, self.enabled)
        self.ran.diagnostics += [one for one in told if one not in self.ran.diagnostics]
        self.ran.sources |= self._made.sources(self.program, spot)

    def _mistaken(self) -> NoReturn:
        traceback.print_exc()
        self.ran.error = "this is a bug in lossguard; please report it with the lines above"
        raise _Enough from None

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """What is called meanwhile is called by us."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def unfed(self) -> None:
        """At the end of a program that trains nothing: the models that it compiled, on made-up inputs."""
        for model, spot in self._made.models():
            self._look(model, None, spot)

    def _look(self, model: Any, batch: Batch | None, use: Spot | None) -> None:
        with self._undisturbed():
            found = look(model, library_of(model), batch)
        where = InProgram(self.program, self._made.spots, self._made.compiled_at(model) or use, use)
        told = diagnostics(found, where, self.enabled)
        self.ran.diagnostics += [one for one in told if one not in self.ran.diagnostics]
        self.ran.notes += found.notes
        self.ran.models += 1
        self.ran.sources |= self._made.sources(self.program, use)


def main(arguments: list[str]) -> int:
    """Run a script; the exit status says only whether the result was written."""
    result, options, script, *rest = arguments
    asked: dict[str, Any] = json.loads(options)
    ran = Ran()
    try:
        source = _source(Path(script))
        run = _Run(Program(source), None if asked["select"] is None else frozenset(asked["select"]), asked["continue"])
        run.step_by_step = not run.goes_on
        ran = run.ran
        watch(run)
        _execute(source, script, rest, run)
    except (NotProbed, Unreadable) as why:
        ran.error = why.reason if isinstance(why, Unreadable) else str(why)
        if why.__cause__ is not None:
            sys.stderr.write(user_traceback(why.__cause__))
    ran.diagnostics.sort(key=lambda one: (one.place.filename, one.place.cell or 0, one.place.start, one.code))
    Path(result).write_bytes(pickle.dumps(ran))
    return 0


def _source(path: Path) -> Source:
    path = path.resolve()
    source = decode(read_bytes(path), reported_name(path, Path.cwd()), path)
    if source is None:
        raise NotProbed(f"{path.name} is a notebook in another language than Python")
    if source.cells:
        source, _ = without_bad_cells(source, _parses)
    return source


def _parses(text: str) -> bool:
    try:
        compile(text, "cell", "exec")
    except SyntaxError:
        return False
    return True


def _execute(source: Source, script: str, arguments: list[str], run: _Run) -> None:
    path = str(source.path)
    module = ModuleType("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(path).parent)
    if source.cells:  # tracebacks show the program, not the notebook's JSON
        linecache.cache[path] = len(source.text), None, source.text.splitlines(keepends=True), path
        vars(module)["display"] = _display
    try:
        exec(compile(source.text, path, "exec"), module.__dict__)  # noqa: S102  that is what was asked for
    except _Enough:
        pass
    except NotProbed:
        raise
    except SystemExit as stop:
        if stop.code not in {None, 0} and not run.ran.models:
            raise NotProbed(f"{source.filename} ended with status {stop.code} before it trained a model") from None
    except BaseException as error:  # noqa: BLE001  whatever ends the user's program
        sys.stderr.write(user_traceback(error))
        run.ended(error)
        if not run.ran.diagnostics:  # which explain it, most likely
            before = " before it trained a model" if not run.ran.models else ""
            raise NotProbed(f"{source.filename} failed{_cell(error, source)}{before}") from None
        run.ran.notes.append(f"{source.filename} failed: {type(error).__name__}")
        return
    if not run.ran.models and not run.ran.error:
        _without_fit(source, run)


def _without_fit(source: Source, run: _Run) -> None:
    """A program that has handed no model its data."""
    run.unfed()
    if run.ran.models:
        return
    if run.trains_itself:
        raise NotProbed(f"{source.filename} trains in a loop of its own, with a loss that could not be looked at")
    raise NotProbed(f"{source.filename} ended without compiling or training a Keras model")


def _display(*things: object, **_: object) -> None:
    """What notebooks have without an import."""
    for thing in things:
        sys.stdout.write(f"{thing!r}\n")


def _cell(error: BaseException, source: Source) -> str:
    """Where in a notebook the program was when it failed; nothing for a script, whose traceback tells."""
    rows = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(source.path)]
    if not source.cells or not rows or rows[-1] is None:
        return ""
    place = source.place(Position(rows[-1], 1), Position(rows[-1], 1))
    return f" in line {place.start.row} of cell {place.cell}"


def has_own_frames(error: BaseException) -> bool:
    """Whether the exception passed through the user's own files."""
    return any(users(frame.filename) for frame in traceback.extract_tb(error.__traceback__))


def user_traceback(error: BaseException) -> str:
    """The exception as Python shows it, with the frames of the user's own files."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if users(frame.filename)]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(own)] if own else []
    return "".join([*lines, *traceback.format_exception_only(type(error), error)])
