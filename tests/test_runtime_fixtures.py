"""Runtime and static side agree: every fixture is run, and gives the codes that its comments expect."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")

pytestmark = pytest.mark.keras

ROOT = Path(__file__).parent.parent
FIXTURES = sorted((ROOT / "fixtures").glob("*/*.py"))
SEEN_LIVE = re.compile(r"LG(?!207)[1-4]\d\d")
"""Rules about models; a loss that is called directly, what is done with predictions, and how labels came to be
encoded are not intercepted."""


@pytest.fixture(scope="module")
def runs() -> dict[str, Any]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, str(ROOT / "tests" / "data" / "run_fixtures.py"), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_same_codes(path: Path, runs: dict[str, Any]) -> None:
    expected, conditional = set[str](), set[str]()
    for comment in re.findall(r"# expect: (.*)", path.read_text(encoding="utf-8")):
        (conditional if " when " in comment else expected).update(SEEN_LIVE.findall(comment))
    run = runs[f"{path.parent.name}/{path.stem}"]
    found = set(run["codes"])
    assert expected <= found, run
    assert found <= expected | conditional, run


def test_most_fixtures_train_a_model(runs: dict[str, Any]) -> None:
    assert sum(run["models"] > 0 for run in runs.values()) > 0.9 * len(runs)
