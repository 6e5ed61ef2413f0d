"""Several processes share the analysis of files, where that pays: files go there, findings come back, never trees."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossguard.frozen import dataclass

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

    from lossguard.options import Options

WORTH = 300_000
"""Bytes of programs for which another process pays: a second of work."""

MOST = 16
_START = 4
"""So many times as much where a process can't be forked and imports everything anew."""

_PATIENCE = 0.5
"""Seconds that a process which is done has to end by itself."""


@dataclass(frozen=True, slots=True)
class Task:
    """A file to analyse, how it is named, and its size in bytes."""

    path: Path
    name: str
    options: Options
    size: int


@dataclass(frozen=True, slots=True)
class Died:
    """What became of a file instead of an outcome: the process that had it ended with this status."""

    status: int | None


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    line: Connection
    number: int | None = None


def worth(sizes: Sequence[int]) -> int:
    """How many processes pay for files of these sizes in bytes on this machine; 1 is this one alone."""
    least = WORTH if _forks() else _START * WORTH
    return max(1, min(_processors(), MOST, len(sizes), sum(sizes) // least + 1 if sum(sizes) > least else 1))


def analyse(tasks: Sequence[Task], count: int, cwd: Path, *, digests: bool) -> Iterator[tuple[int, Any]]:
    """The number of each task with its outcome as plain data, or `Died`, as they are done; the largest are first.

    All processes have ended when the iterator is exhausted, closed or interrupted.
    """
    import gc
    from multiprocessing import connection, get_context

    context = get_context("fork" if _forks() else "spawn")
    if _forks():
        _import_everything()
        gc.collect()
        gc.freeze()  # pages that the collector leaves alone stay shared
    waiting = sorted(range(len(tasks)), key=lambda number: (tasks[number].size, -number))
    workers: list[_Worker] = []
    try:
        for _ in range(min(count, len(tasks))):
            workers.append(_started(context, workers, cwd, digests=digests))
            _give(workers[-1], waiting, tasks)
        while busy := {worker.line: worker for worker in workers if worker.number is not None}:
            for line in connection.wait(list(busy)):
                worker = busy[line]  # type: ignore[index]
                number = worker.number
                assert number is not None  # noqa: S101  it is busy
                try:
                    found = worker.line.recv()
                except (EOFError, OSError):
                    worker.process.join()
                    found = Died(worker.process.exitcode)
                    workers.remove(worker)
                    worker.line.close()
                    if waiting:
                        worker = _started(context, workers, cwd, digests=digests)
                        workers.append(worker)
                _give(worker, waiting, tasks)
                yield number, found
    finally:
        _end(workers)
        gc.unfreeze()


def _give(worker: _Worker, waiting: list[int], tasks: Sequence[Task]) -> None:
    """Hand the largest file that is left to a process."""
    worker.number = waiting.pop() if waiting else None
    if worker.number is None:
        return
    task = tasks[worker.number]
    with suppress(OSError):  # it has died; what it had is told when its line is read
        worker.line.send((task.path, task.name, task.options))


def _started(context: BaseContext, others: Sequence[_Worker], cwd: Path, *, digests: bool) -> _Worker:
    here, there = context.Pipe()
    inherited = [here, *(other.line for other in others)] if _forks() else []
    process = context.Process(target=_work, args=(there, inherited, cwd, digests), daemon=True)  # type: ignore[attr-defined]
    with _deaf_to_interrupts():
        process.start()
    there.close()
    return _Worker(process, here)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """What is started within it never hears of Ctrl-C: the first process ends the others."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(line: Connection, inherited: Sequence[Connection], cwd: Path, digests: bool) -> None:  # noqa: FBT001
    """Analyse what comes down the line until it is closed: the life of a process."""
    from lossguard.analysis import Analyst, rarely_collected
    from lossguard.outcome import as_data
    from lossguard.source import read_bytes

    for other in inherited:
        other.close()
    analyst = Analyst(read_bytes, cwd, digests=digests)
    with rarely_collected(), suppress(EOFError, OSError):
        while True:
            path, name, options = line.recv()
            line.send(as_data(analyst.file(path, name, options)))


def _end(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.line.close()
        if worker.number is not None:
            worker.process.kill()
    for worker in workers:
        worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _forks() -> bool:
    """Whether a process may be forked: not where libraries of the system have threads of their own, or we have."""
    return sys.platform == "linux" and threading.active_count() == 1


def _import_everything() -> None:
    from lossguard.rules import judge  # noqa: F401
    from lossguard.static.interpreter import understand  # noqa: F401
    from lossguard.static.verdicts import diagnostics  # noqa: F401


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1
