"""The same findings in the same order, whatever the order of files, hash seed, locale, folder and cache."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lossguard.cache import Cache
from lossguard.check import Checked, check_paths
from lossguard.report.json import render
from lossguard.static.values import forget_keys, numbered

FIXTURES = Path(__file__).parents[1] / "fixtures"
MODEL = "import keras\ndef build(n):\n    return keras.Sequential([keras.layers.Dense(n, activation='softmax')])\n"
TRAIN = "from models import build\nmodel = build(1)\nmodel.compile(loss='binary_crossentropy')\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One program of each rule, two that share a module, a notebook, and one file that is no Python."""
    root = tmp_path_factory.mktemp("project")
    for folder in sorted(FIXTURES.iterdir()):
        for path in sorted(folder.glob("bad*.py"))[:1] or sorted(folder.glob("*.py"))[:1]:
            (root / folder.name).mkdir()
            shutil.copy(path, root / folder.name)
    (root / "models.py").write_text(MODEL)
    (root / "train.py").write_text(TRAIN)
    (root / "Train.py").write_text(TRAIN)
    (root / "İstanbul.py").write_text(TRAIN, encoding="utf-8")
    (root / "train.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": TRAIN}] * 2}))
    (root / "broken.py").write_text(TRAIN + "x = (\n")
    return root


@pytest.fixture
def expected(project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(project)
    found = render(check_paths(["."]))
    assert found.count('"code"') > 30
    return found


def test_files_in_any_order(project: Path, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Backwards:
        def __init__(self, folder: str) -> None:
            self._scan = scandir(folder)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(list(self._scan)[::-1])

        def __exit__(self, *_: object) -> None:
            self._scan.close()

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", Backwards)
    assert render(check_paths(["."])) == expected
    names = sorted(path.name for path in project.iterdir())
    assert render(check_paths([*names[::-1], *names])) == expected


def test_any_working_directory(project: Path, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def places(checked: Checked, root: Path) -> list[tuple[str, Path, object, str]]:
        return [
            (found.code, (root / found.place.filename).resolve(), found.place.start, found.message)
            for found in checked.diagnostics
        ]

    here = places(check_paths(["."]), project)
    for folder in (project.parent, project / "one-hot-labels-sparse"):
        monkeypatch.chdir(folder)
        there = places(check_paths([str(project)]), folder)
        assert sorted(there, key=str) == sorted(here, key=str)
    monkeypatch.chdir(project.parent)
    assert places(check_paths([project.name]), project.parent) == here


def test_any_state_of_the_cache(expected: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    for _ in ("cold", "warm"):
        assert render(check_paths(["."], cache=Cache(folder, Path.cwd()))) == expected
    for number, entry in enumerate(sorted(folder.rglob("*.json"))):
        if number % 3 == 0:
            entry.unlink()
        elif number % 3 == 1:
            entry.write_bytes(entry.read_bytes()[: number % 50])
    assert render(check_paths(["."], cache=Cache(folder, Path.cwd()))) == expected


def test_each_file_alone_as_in_company(project: Path, expected: str) -> None:
    """What was found in a file does not depend on those checked before it."""
    alone = [
        json.loads(render(check_paths([str(path.relative_to(project))])))
        for path in sorted(project.rglob("*.py")) + sorted(project.rglob("*.ipynb"))
    ]
    together = json.loads(expected)
    unique = {json.dumps(found): found for findings in alone for found in findings}
    assert sorted(unique) == sorted(map(json.dumps, together))


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4294967295", "LC_ALL": "C"},
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR", "TZ": "Asia/Kathmandu", "PYTHONOPTIMIZE": "2"},
    ],
    ids=["a hash seed", "the plain locale", "Turkey"],
)
def test_any_environment(environment: dict[str, str], project: Path, expected: str) -> None:
    assert _run(["--output-format", "json"], project, environment) == expected


def test_text_in_any_environment(project: Path) -> None:
    """The text is for people; it differs where the terminal can't show a character, and nowhere else."""
    runs = [_run(["."], project, {"PYTHONHASHSEED": str(seed), "PYTHONUTF8": "1"}) for seed in (1, 2)]
    assert runs[0] == runs[1]


def _run(arguments: Sequence[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "lossguard", "--isolated", "--no-cache", *arguments],
        cwd=folder, env=os.environ | environment, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
    return done.stdout.decode()


def test_what_is_stored_is_not_told_apart_by_hashes() -> None:
    """-1 and -2 have the same hash."""
    forget_keys()
    assert numbered("item", "x", -1) != numbered("item", "x", -2)
    assert numbered("item", "x", -1) == numbered("item", "x", -1)
