"""Several processes: the same findings, and no end of one of them is the end of the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lossguard import workers
from lossguard.analysis import Analyst
from lossguard.cache import Cache
from lossguard.check import Options, check_paths
from lossguard.cli import main
from lossguard.workers import worth

FIXTURES = Path(__file__).parent.parent / "fixtures"
WRONG = """
from tensorflow import keras
model = keras.Sequential([keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
"""
forked = pytest.mark.skipif(sys.platform != "linux", reason="what is patched here is not patched in a new process")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for number in range(8):
        (tmp_path / f"a{number}.py").write_text(WRONG + "# more\n" * number, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_findings_are_the_same() -> None:
    options = Options(show_models=True)
    alone = check_paths([str(FIXTURES)], options=options)
    assert len(alone.diagnostics) > 50
    assert check_paths([str(FIXTURES)], options=options, workers=3) == alone


def test_findings_are_the_same_where_processes_are_started_anew(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = check_paths(["."])
    monkeypatch.setattr(workers, "_forks", lambda: False)
    assert check_paths(["."], workers=2) == alone


def test_more_processes_than_files_do_no_harm(root: Path) -> None:
    assert check_paths(["a1.py", "a2.py"], workers=9) == check_paths(["a1.py", "a2.py"])
    assert check_paths([], workers=9).files == 0


def test_what_they_find_is_kept_in_the_cache(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cold = check_paths(["."], cache=Cache(root / "cache", root), workers=2)
    monkeypatch.setattr(Analyst, "file", None)
    assert check_paths(["."], cache=Cache(root / "cache", root), workers=2) == cold


def test_files_that_are_checked_as_if_they_were_written_are(root: Path) -> None:
    assert not check_paths(["a1.py"], contents={root / "a1.py": b"x = 1\n"}, workers=4).diagnostics


@forked
@pytest.mark.parametrize("how", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os._exit(3)])
@pytest.mark.parametrize("count", [2, 4])
def test_a_process_that_dies_costs_its_file_alone(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: Callable[[], object],
    count: int,
) -> None:
    analyse = Analyst.file

    def file(self: Analyst, path: Path, name: str, options: Options) -> Any:  # noqa: ANN401
        return how() if name in {"a3.py", "a7.py", "a0.py"} else analyse(self, path, name, options)

    monkeypatch.setattr(Analyst, "file", file)
    found = check_paths(["."], workers=count, cache=Cache(root / "cache", root))
    assert [one.place.filename for one in found.diagnostics] == ["a1.py", "a2.py", "a4.py", "a5.py", "a6.py"]
    assert [problem.split()[0] for problem in found.problems] == ["a0.py", "a3.py", "a7.py"]
    assert all("this is a bug in lossguard (its process ended with" in problem for problem in found.problems)
    monkeypatch.undo()
    monkeypatch.chdir(root)
    assert len(check_paths(["."], cache=Cache(root / "cache", root)).diagnostics) == 8


@forked
def test_the_deaths_of_all_end_the_run(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Analyst, "file", lambda *_: os._exit(1))
    assert main(["--workers", "2", "--output-format", "json"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == []
    assert said.err.count("this is a bug in lossguard") == 8


@forked
def test_a_fault_of_ours_is_told_with_its_traceback(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Analyst, "_understand", lambda *_: dict[str, int]()["no such key"])
    found = check_paths(["."], workers=2, options=Options(debug=True))
    assert len(found.problems) == 8
    assert any("KeyError: 'no such key'" in note for note in found.notes)


ENDLESS = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may run where it is ignored
from lossguard.analysis import Analyst
from lossguard.cli import main
def file(*_):
    os.write(1, b"working\\n")  # at once: two processes write
    time.sleep(60)
Analyst.file = file
sys.exit(main(["--workers", "2", "--no-cache"]))
"""


def _is_empty(group: int) -> bool:
    """Whether no process of the group is left, once those that have ended are cleared away."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@forked
def test_an_interrupt_ends_all_of_them(root: Path) -> None:
    command = [sys.executable, "-c", ENDLESS]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert run.stdout is not None
    assert [run.stdout.readline() for _ in range(2)] == ["working\n"] * 2
    time.sleep(0.5)  # the first process waits for the others by then
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: all of them get it
    out, err = run.communicate(timeout=30)  # half of what the others would take
    assert (run.returncode, out, err) == (130, "", "lossguard: interrupted\n")
    assert _is_empty(run.pid)


@forked
def test_they_end_with_the_process_that_started_them(root: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", ENDLESS.replace("60", "2")], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    run.stdout.readline()
    run.kill()
    run.stdout.read()  # until nobody holds the other end
    run.wait()
    run.stdout.close()


def test_they_are_started_where_they_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_processors", lambda: 4)
    monkeypatch.setattr(workers, "_forks", lambda: True)
    assert worth([]) == 1
    assert worth([1000] * 100) == 1
    assert worth([5_000_000]) == 1
    assert worth([200_000] * 2) == 2
    assert worth([200_000] * 4) == 3
    assert worth([200_000] * 100) == 4
    monkeypatch.setattr(workers, "_forks", lambda: False)
    assert worth([200_000] * 4) == 1
    assert worth([200_000] * 8) == 2
    monkeypatch.setattr(workers, "_processors", lambda: 1)
    assert worth([200_000] * 100) == 1


def test_a_small_run_knows_nothing_of_them(root: Path) -> None:
    code = "import sys; from lossguard.cli import main; main(['--no-cache']); print(*sys.modules, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "libcst" in run.stderr.split()
    assert "multiprocessing.connection" not in run.stderr.split()


@pytest.mark.parametrize("given", ["0", "-1", "x", "", "1.5"])
def test_a_number_that_is_none_is_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workers", given]) == 2
    assert "it is auto, or a number from 1" in capsys.readouterr().err
