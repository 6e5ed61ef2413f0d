"""A run that is killed, or that finds the disk full, leaves every file old or new, never between.

LOSSGUARD_KILLS=300 makes a long run of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from lossguard import files
from lossguard.cache import Cache
from lossguard.check import check_paths
from lossguard.cli import main
from lossguard.report.json import render

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

KILLS = int(os.environ.get("LOSSGUARD_KILLS", "12"))
FILES = 2
BAD = """from tensorflow import keras
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax")])
model.compile("adam", loss=keras.losses.{}CategoricalCrossentropy(from_logits=True))
"""
LONG = "# " + "x" * 20_000 + "\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "lossguard.toml").write_text("")
    for number in range(FILES):
        (root / f"train{number}.py").write_text(BAD.format("Sparse" if number % 2 else "") + LONG)
    monkeypatch.chdir(root)
    return root


COMMANDS = {
    "--fix": ["--fix", "--unsafe-fixes", "--no-cache", "."],
    "--add-ignore": ["--add-ignore=known", "--no-cache", "."],
    "--write-baseline": ["--write-baseline", "baseline.json", "--no-cache", "."],
    "--output-file": ["--output-file", "report.json", "--output-format", "json", "--no-cache", "."],
}


def contents(root: Path) -> dict[str, bytes]:
    """The files of the project; not those that begin with a dot, which a killed run may leave."""
    return {path.name: path.read_bytes() for path in root.iterdir() if path.is_file() and not path.name.startswith(".")}


def in_a_child(run: Callable[[], object]) -> int:
    """The process id of a child that does it and says nothing."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        run()
    finally:
        os._exit(0)


def ended(child: int) -> int:
    """The signal that has ended the child, or 0."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def outcomes(
    project: Path, request: pytest.FixtureRequest
) -> tuple[list[str], dict[str, bytes], dict[str, bytes], float]:
    """A command, the files before and after it, and how long it takes."""
    arguments = COMMANDS[request.param]
    if request.param in {"--write-baseline", "--output-file"}:
        (project / arguments[1]).write_text('{"version": 1, "findings": []}')
    old = contents(project)
    started = time.monotonic()
    assert ended(in_a_child(lambda: main(arguments))) == 0
    took = time.monotonic() - started
    new = contents(project)
    assert new != old
    return arguments, old, new, took


def restore(root: Path, files: dict[str, bytes]) -> None:
    for path in root.iterdir():
        if path.is_file() and path.name not in files:
            path.unlink()
    for name, data in files.items():
        (root / name).write_bytes(data)


def assert_whole(root: Path, old: dict[str, bytes], new: dict[str, bytes]) -> None:
    found = contents(root)
    assert found.keys() == new.keys()
    for name, data in found.items():
        assert data in (old[name], new[name]), f"{name} is neither the old nor the new one"


@pytest.mark.parametrize("outcomes", COMMANDS, indirect=True)
def test_killed_at_any_time(
    project: Path, outcomes: tuple[list[str], dict[str, bytes], dict[str, bytes], float]
) -> None:
    arguments, old, new, took = outcomes
    dice = random.Random(9)  # noqa: S311
    for _ in range(KILLS):
        restore(project, old)
        child = in_a_child(lambda: main(arguments))
        time.sleep(dice.random() * took)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        ended(child)
        assert_whole(project, old, new)
    main(arguments)
    assert contents(project) == new


POINTS = ("fdopen", "fsync", "chmod", "replace", "after replace")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("outcomes", ["--fix", "--write-baseline"], indirect=True)
def test_killed_at_the_worst_time(
    project: Path, outcomes: tuple[list[str], dict[str, bytes], dict[str, bytes], float], point: str
) -> None:
    """Before and after each step of each write, one after the other."""
    arguments, old, new, _ = outcomes
    for number in range(1, FILES + 2):
        restore(project, old)
        killed = ended(in_a_child(partial(_run_until, point, number, arguments))) == -signal.SIGKILL
        assert_whole(project, old, new)
        if not killed:
            assert contents(project) == new
            return
    pytest.fail("it writes more often than there are files")


def _run_until(point: str, number: int, arguments: list[str]) -> None:
    _kill_at(point, number)
    main(arguments)


def _kill_at(point: str, number: int) -> None:
    """End this process at the so many-th step of this kind."""
    after, name = point.startswith("after "), point.removeprefix("after ")
    left = [number]
    for owner in (os, Path):
        step = getattr(owner, name, None)
        if step is None or (owner is os and name in {"chmod", "replace"}):
            continue

        def stepped(*arguments: object, step: Callable[..., object] = step, **named: object) -> object:
            left[0] -= 1
            if left[0] == 0 and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            done = step(*arguments, **named)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        setattr(owner, name, stepped)


def test_a_cache_whose_writer_is_killed_serves_the_next(project: Path) -> None:
    expected = render(check_paths(["."]))
    folder = project / ".lossguard_cache"
    dice = random.Random(9)  # noqa: S311
    started = time.monotonic()
    check_paths(["."])
    took = time.monotonic() - started
    for number in range(KILLS):
        children = [in_a_child(lambda: check_paths(["."], cache=Cache(folder, Path.cwd()))) for _ in range(2)]
        time.sleep(dice.random() * took)
        for child in children:
            os.kill(child, signal.SIGKILL)
            ended(child)
        if number % 4 == 0:
            assert render(check_paths(["."], cache=Cache(folder, Path.cwd()))) == expected
    assert render(check_paths(["."], cache=Cache(folder, Path.cwd()))) == expected


# full disks and folders that may not be written


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow beyond some bytes, as on a disk that is full."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@contextlib.contextmanager
def read_only() -> Iterator[None]:
    """No file can be made."""
    with pytest.MonkeyPatch.context() as patched:

        def refuse(*_: object, dir: object = "", **__: object) -> object:  # noqa: A002
            raise PermissionError(13, "Permission denied", str(dir))

        patched.setattr("tempfile.mkstemp", refuse)
        patched.setattr("os.makedirs", refuse)
        yield


REASONS = {"full disk": (full_disk, "File too large"), "read-only folder": (read_only, "Permission denied")}


@pytest.mark.parametrize(("obstacle", "reason"), REASONS.values(), ids=REASONS)
class TestWhatCannotBeWritten:
    def test_fixes(
        self, obstacle: Callable[[], contextlib.AbstractContextManager[None]], reason: str, project: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        old = contents(project)
        with obstacle():
            assert main(["--fix", "--unsafe-fixes", "--no-cache", "--output-format", "concise", "."]) == 2
        output, errors = capsys.readouterr()
        assert contents(project) == old
        for number in range(FILES):
            assert f"lossguard: error: train{number}.py cannot be written: {reason}\n" in errors
            assert f"train{number}.py:3:" in output
        assert f"Wrote the fixes of 0 of {FILES} files.\n" in errors
        assert not list(project.glob(".*"))

    def test_one_of_several_fixes(
        self, obstacle: Callable[[], contextlib.AbstractContextManager[None]], reason: str, project: Path,
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        write = files.write_whole

        def refuses(path: Path, data: bytes) -> None:
            with obstacle() if path.name == "train1.py" else contextlib.nullcontext():
                write(path, data)

        monkeypatch.setattr("lossguard.cli.fix.write_whole", refuses)
        old = contents(project)
        assert main(["--fix", "--unsafe-fixes", "--no-cache", "."]) == 2
        now = contents(project)
        assert sorted(name for name in old if old[name] == now[name]) == ["lossguard.toml", "train1.py"]
        assert f"train1.py cannot be written: {reason}\n" in capsys.readouterr().err

    def test_comments(
        self, obstacle: Callable[[], contextlib.AbstractContextManager[None]], reason: str, project: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        old = contents(project)
        with obstacle():
            assert main(["--add-ignore=x", "--no-cache", "."]) == 2
        output, errors = capsys.readouterr()
        assert contents(project) == old
        assert output == "Wrote 0 comments in 0 files.\n"
        assert errors.count(f"cannot be written: {reason}\n") == FILES

    @pytest.mark.parametrize("option", ["--write-baseline", "--output-file"])
    def test_reports(
        self, obstacle: Callable[[], contextlib.AbstractContextManager[None]], reason: str, project: Path,
        capsys: pytest.CaptureFixture[str], option: str,
    ) -> None:  # fmt: skip
        (project / "old").write_text("old")
        with obstacle():
            assert main([option, "old", "--no-cache", "."]) == 2
        assert (project / "old").read_text() == "old"
        errors = capsys.readouterr().err
        assert errors.startswith("lossguard: error: ")
        assert errors.endswith(f"{reason}\n")

    def test_the_cache(
        self, obstacle: Callable[[], contextlib.AbstractContextManager[None]], reason: str, project: Path
    ) -> None:
        """It is no matter to the findings."""
        expected = render(check_paths(["."]))
        with obstacle():
            assert render(check_paths(["."], cache=Cache(project / ".lossguard_cache", Path.cwd()))) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is full")
@pytest.mark.parametrize("arguments", [["."], [".", "--output-format", "json"], ["rules"], ["."] * 3])
def test_output_that_cannot_be_written(arguments: list[str], project: Path) -> None:
    import subprocess

    command = [sys.executable, "-m", "lossguard", *arguments]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        both = subprocess.run(command, stdout=full, stderr=full, check=False)
    assert (done.returncode, both.returncode) == (2, 2)
    assert done.stderr.startswith("lossguard: error: ")
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(closed: str, project: Path) -> None:
    import subprocess

    done = subprocess.run(
        ["/bin/sh", "-c", f"'{sys.executable}' -m lossguard . {closed}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_the_owner_and_the_mode_stay(project: Path) -> None:
    path = project / "train0.py"
    path.chmod(0o640)
    before = path.stat()
    assert main(["--fix", "--unsafe-fixes", "--no-cache", "."]) in {0, 1}
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino


def test_what_may_not_be_written_is_not_replaced(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that may be written lets its files be replaced, those that are protected too."""
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("train0.py") and access(path, mode))
    old = contents(project)
    assert main(["--fix", "--unsafe-fixes", "--no-cache", "."]) == 2
    assert sorted(name for name, data in contents(project).items() if data == old[name]) == [
        "lossguard.toml",
        "train0.py",
    ]
    assert "train0.py cannot be written: Permission denied\n" in capsys.readouterr().err


def test_a_baseline_is_read_as_it_was_written(project: Path) -> None:
    main(["--write-baseline", "baseline.json", "--no-cache", "."])
    assert len(json.loads((project / "baseline.json").read_text())["findings"]) == FILES
