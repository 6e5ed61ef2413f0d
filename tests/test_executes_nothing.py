"""Linting neither runs nor imports anything of the project, whatever its files are called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MARK = "import os\nos.close(os.open(os.path.join(os.environ['MARK'], 'ran'), os.O_CREAT))\n"
LINTED = (
    "import keras\nfrom models import build\n"
    "model = keras.Sequential([build(), keras.layers.Dense(1, activation='softmax')])\n"
    "model.compile(loss='binary_crossentropy')\n"
)
# fmt: off
MODULES = (
    "conftest.py", "setup.py", "models.py", "keras.py", "tensorflow/__init__.py", "libcst/__init__.py",
    "rich/__init__.py",
    "pathspec.py", "json.py", "re.py", "tomllib.py", "tomli.py", "tokenize.py", "dataclasses.py", "ast.py",
    "argparse.py", "difflib.py", "multiprocessing/__init__.py", "concurrent/__init__.py", "hashlib.py", "numpy.py",
    "lossguard_plugin.py", "__init__.py", "__main__.py", "src/models.py", "noxfile.py", "tasks.py",
)
# fmt: on


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Every file of it that is executed leaves a mark."""
    root = tmp_path / "project"
    for name in MODULES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{MARK}{LINTED}\ndef build():\n    {'; '.join(MARK.splitlines())}\n")
    (root / "project.pth").write_text("; ".join(MARK.splitlines()) + "\n")
    (root / "train.py").write_text(MARK + LINTED)
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n'
        '[project]\nname = "x"\ndynamic = ["dependencies", "version"]\n'
        '[project.entry-points.lossguard]\nplugin = "lossguard_plugin"\n[tool.lossguard]\nroots = ["src", "."]\n'
    )
    (root / "setup.cfg").write_text("[options]\nversion = attr: models.VERSION\ninstall_requires = file: x.txt\n")
    output = {"output_type": "display_data", "data": {"text/html": "<script>", "application/javascript": MARK}}
    cell = {
        "cell_type": "code",
        "source": f"%run setup.py\n!touch $MARK/ran\n%%python\n{MARK}{LINTED}",
        "outputs": [output],
    }
    (root / "train.ipynb").write_text(json.dumps({"cells": [cell, {**cell, "source": MARK + LINTED}]}))
    return root


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["--fix", "--unsafe-fixes"], ["--diff"], ["--add-ignore=x"], ["--write-baseline", "b.json"],
        ["--show-models"], ["--output-format", "sarif"], ["--statistics"], ["--show-settings"],
    ],
    ids=lambda arguments: " ".join(arguments) or "check",
)  # fmt: skip
def test_nothing_is_executed(arguments: list[str], project: Path, tmp_path: Path) -> None:
    """Started in the project's folder, which Python itself would put among the places to import from."""
    done = subprocess.run(
        [sys.executable, "-m", "lossguard", ".", *arguments],
        cwd=project, env=os.environ | {"MARK": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert not (tmp_path / "ran").exists(), done.stderr
    assert done.returncode in {0, 1}, done.stderr
    assert done.stdout + done.stderr


def test_the_mark_is_left_by_who_imports(project: Path, tmp_path: Path) -> None:
    """The test above can fail."""
    program = "import sys; sys.path.insert(0, '.'); import keras"
    subprocess.run([sys.executable, "-c", program], cwd=project, env=os.environ | {"MARK": str(tmp_path)}, check=False)
    assert (tmp_path / "ran").exists()


def test_what_was_printed_before_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lossguard.check import check_paths

    cell = {"cell_type": "code", "source": "import keras\nloss = 1\n", "outputs": [{"text": LINTED, "data": LINTED}]}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell, {"cell_type": "raw", "source": LINTED}]}))
    monkeypatch.chdir(tmp_path)
    checked = check_paths(["."])
    assert (checked.diagnostics, checked.models) == ((), 0)
