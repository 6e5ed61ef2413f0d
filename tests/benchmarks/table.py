"""Times lossguard against Python, LibCST and other linters on the same files, in one run, and prints the table.

    pip install 'lossguard[benchmark]'
    git clone --depth 1 https://github.com/keras-team/keras-hub
    python tests/benchmarks/table.py keras-hub [--rounds 5] [--only NAME ...]

Each PATH is a folder of Keras code. Every ratio is one of two commands that were run in turn in the same round;
the median of the rounds is printed with the least and the greatest. A ratio `at most` its target is met below it,
one `at least` above. CPU time is that of a command and all its processes. Peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lossguard.glance import glance, is_candidate
from lossguard.project import discover
from lossguard.source import Unreadable, read_bytes

CHECK = (sys.executable, "-m", "lossguard", "check", "--quiet", "--output-format", "json")
PASS = (sys.executable, "-c", "pass")
PARSE = """
import sys
from pathlib import Path
import libcst
from lossguard.source import decode, Unreadable
sys.setrecursionlimit(20_000)
for name in sys.stdin.read().splitlines():
    path = Path(name)
    try:
        source = decode(path.read_bytes(), path.name, path)
        if source is not None:
            libcst.parse_module(source.text)
    except (libcst.ParserSyntaxError, Unreadable, RecursionError):
        pass
"""
SAMPLE = 60
"""Files of a tree on which the slow peers are measured."""

MANY = 10_000


@dataclass(frozen=True)
class Run:
    """A command with its input and the folder where it runs."""

    command: Sequence[str]
    folder: Path = field(default_factory=Path.cwd)
    given: str = ""


@dataclass(frozen=True)
class Cost:
    """Seconds of processors and of the clock, and kilobytes at the peak of the largest process."""

    cpu: float
    wall: float
    peak: float


@dataclass(frozen=True)
class Row:
    """One line of the table: a ratio of two runs, and the target that it is to keep.

    `ours / theirs` is to be at most the target, or, where that is what others cost, `theirs / ours` at least.
    """

    name: str
    against: str
    ours: Run
    theirs: Run
    target: float
    what: Callable[[Cost], float] = lambda cost: cost.cpu
    at_least: bool = False
    rounds: int | None = None


def cost(run: Run) -> Cost:
    """What one run costs."""
    with tempfile.TemporaryFile("w+") as given:
        given.write(run.given)
        given.seek(0)
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        started = time.perf_counter()
        process = subprocess.Popen(
            run.command,
            cwd=run.folder,
            stdin=given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - started, used.ru_maxrss)


def ratios(row: Row, rounds: int) -> Iterator[float]:
    """The ratio of each round; one round before them is not counted."""
    for number in range((row.rounds or rounds) + 1):
        ours, theirs = row.what(cost(row.ours)), row.what(cost(row.theirs))
        if number:
            yield theirs / ours if row.at_least else ours / theirs


def candidates(folder: Path) -> list[Path]:
    """The files that the search for bytes lets through."""
    found = []
    for file in discover([str(folder)], cwd=Path.cwd()).files:
        try:
            if is_candidate(read_bytes(file)):
                found.append(file)
        except Unreadable:
            continue
    return found


def parse(files: Iterable[Path]) -> Run:
    """Reading and parsing these files, and nothing else."""
    return Run((sys.executable, "-c", PARSE), given="\n".join(str(file.absolute()) for file in files))


def wall(measured: Cost) -> float:
    return measured.wall


def peak(measured: Cost) -> float:
    return measured.peak


def start_up(scratch: Path) -> Iterator[Row]:
    empty = scratch / "empty"
    empty.mkdir()
    (empty / "a.py").write_text("print('no model')\n")
    bare = "python -c pass"
    yield Row("lossguard --version", bare, Run((sys.executable, "-m", "lossguard", "--version")), Run(PASS), 2)
    yield Row("a folder without Keras", bare, Run((*CHECK, "."), empty), Run(PASS), 4)


def one_file(scratch: Path, files: Sequence[Path]) -> Iterator[Row]:
    python = [file for file in files if file.suffix == ".py"]
    if not python:
        return
    chosen = min(python, key=lambda file: abs(len(file.read_bytes().splitlines()) - 300))
    one = scratch / "one"
    one.mkdir()
    file = shutil.copy(chosen, one / "train.py")
    code = "import libcst, pathlib; libcst.parse_module(pathlib.Path('train.py').read_bytes())"
    cold = Run((*CHECK, "--no-cache", "."), one)
    yield Row("one file of 300 lines, cold", "libcst.parse_module", cold, Run((sys.executable, "-c", code), one), 1.2)
    warm = Run((*CHECK, "--exit-zero", str(file)), one)
    yield Row("one file of 300 lines, warm", "python -c pass", warm, Run(PASS), 5)


def tree(folder: Path, files: Sequence[Path], scratch: Path) -> Iterator[Row]:
    """The rows of one tree of Keras code."""
    here = str(folder.absolute())
    cold = Run((*CHECK, "--no-cache", "--workers", "1", here))
    yield Row(f"{folder.name}, cold", "libcst.parse_module", cold, parse(files), 1.15)
    two = Run((*CHECK, "--no-cache", "--workers", "2", here))
    yield Row(f"{folder.name}, cold, two processes", "one process", two, cold, 1.6, wall, at_least=True)
    ruff = shutil.which("ruff", path=scripts())
    if ruff is not None:
        warm = Run((*CHECK, "--cache-dir", str(scratch / f"cache-{folder.name}"), here))
        against = Run((ruff, "check", "--no-cache", "--isolated", here))
        yield Row(f"{folder.name}, warm", "ruff check --no-cache", warm, against, 1, wall)
    by_kind = {file.suffix: file for file in sorted(files, key=lambda file: file.stat().st_size)}
    largest = parse(list(by_kind.values()))  # notebooks may be mostly pictures: only parsing tells which takes most
    yield Row(f"{folder.name}, peak memory", "its largest file parsed", cold, largest, 1.5, peak)


def peers(folder: Path, scratch: Path) -> Iterator[Row]:
    """Other linters on a sample of the tree, each in one process; TorchFix parses what names torch."""
    files = [file for file in discover([str(folder)], cwd=Path.cwd()).files if file.suffix == ".py"]
    sample = scratch / f"sample-{folder.name}"
    sample.mkdir()
    for number, file in enumerate(files[:: max(1, len(files) // SAMPLE)][:SAMPLE]):
        (sample / f"sample_{number:03}.py").write_bytes(file.read_bytes() + b"\n# torch\n")
    ours = Run((*CHECK, "--no-cache", "--workers", "1", "."), sample)
    commands = {
        "flake8": (("-j1", "--isolated", "."), 5.0),
        "pylint": (("-j1", "--disable=all", "--enable=unused-import", "--recursive=y", "."), 10.0),
        "fixit": (("--rules", "fixit.rules.no_static_if_condition", "lint", "."), 25.0),
        "torchfix": (("--select=ALL", "."), 50.0),
    }
    for name, (arguments, target) in commands.items():
        program = shutil.which(name, path=scripts())
        if program is not None:
            theirs = Run((program, *arguments), sample)
            yield Row(f"{SAMPLE} files of {folder.name}, cold", name, ours, theirs, target, at_least=True, rounds=1)


def without_keras(scratch: Path) -> Iterator[Row]:
    """Ten thousand files of Python's own library."""
    ruff = shutil.which("ruff", path=scripts())
    if ruff is None:
        return
    library = Path(sysconfig.get_path("stdlib"))
    found = (file for file in sorted(library.rglob("*.py")) if "site-packages" not in file.parts)
    sources = [file for file in found if not glance(file.read_bytes()).candidate][:1000]
    many = scratch / "many"
    for number in range(MANY):
        target = many / f"p{number % 100}" / f"m{number}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sources[number % len(sources)], target)
    ours = Run((*CHECK, "--no-cache", "."), many)
    theirs = Run((ruff, "check", "--no-cache", "--isolated", "--select", "F", "."), many)
    yield Row(f"{MANY:,} files without Keras", "ruff check --select F", ours, theirs, 1, wall, rounds=3)


def scripts() -> str:
    """Where programs are looked for: beside this Python first."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))


def rows(paths: Sequence[Path], scratch: Path) -> Iterator[Row]:
    yield from start_up(scratch)
    for number, path in enumerate(paths):
        files = candidates(path)
        size = sum(file.stat().st_size for file in files) / 1e6
        print(f"{path.name}: {len(files)} files to parse, {size:.2f} MB")
        if not files:
            continue
        if not number:
            yield from one_file(scratch, files)
        yield from tree(path, files, scratch)
        yield from peers(path, scratch)
    yield from without_keras(scratch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", metavar="WORDS", help="rows whose text has these words")
    asked = parser.parse_args()
    print(f"{'what':44} {'against':24} {'target':>8} {'median':>8}   least to greatest")
    with tempfile.TemporaryDirectory() as scratch:
        for row in rows(asked.paths, Path(scratch)):
            if asked.only and not any(words in f"{row.name} {row.against}" for words in asked.only):
                continue
            found = list(ratios(row, asked.rounds))
            median = statistics.median(found)
            met = median >= row.target if row.at_least else median <= row.target
            target = f"{'>=' if row.at_least else '<='} {row.target:g}"
            verdict = "" if met else "  missed"
            spread = f"{min(found):.2f} to {max(found):.2f}"
            print(f"{row.name:44} {row.against:24} {target:>8} {median:8.2f}   {spread}{verdict}", flush=True)


if __name__ == "__main__":
    main()
