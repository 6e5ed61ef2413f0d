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

from lossguard.rules import BY_CODE

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")

pytestmark = pytest.mark.keras

ROOT = Path(__file__).parent.parent
FIXTURES = sorted((ROOT / "fixtures").glob("*/*.py"))
UNSEEN = {
    "LG601": "predictions are plain arrays: what is done with them after `predict` calls nothing of Keras",
    "LG602": "predictions are plain arrays: what is done with them after `predict` calls nothing of Keras",
    "LG901": "a file that can't be parsed ends the run with the syntax error",
    "LG902": "comments are judged where all code is read, not only what runs",
}
"""Rules that no look at a model, and no run of a script, can follow, and why."""
ELSEWHERE = {
    "loss-not-instantiated/bad_class": {"LG504"},
    "logits-as-probabilities/bad_class_instead_of_instance": {"LG504"},
}
"""What is wrong in Keras 2 only, while these are run in Keras 3."""


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
    name = f"{path.parent.name}/{path.stem}"
    expected, conditional = expected_codes(path)
    expected -= UNSEEN.keys() | ELSEWHERE.get(name, set())
    found = set(runs[name]["codes"])
    assert expected <= found, runs[name]
    assert found <= expected | conditional, runs[name]


def expected_codes(path: Path) -> tuple[set[str], set[str]]:
    """What the static side finds, and what it finds under a condition."""
    certain, conditional = set[str](), set[str]()
    for comment in re.findall(r"# expect: (.*)", path.read_text(encoding="utf-8")):
        (conditional if " when " in comment else certain).update(re.findall(r"LG\d{3}", comment))
    return certain, conditional


def test_every_rule_is_seen_live_or_there_is_a_reason(runs: dict[str, Any]) -> None:
    seen = {code for run in runs.values() for code in run["codes"]}
    assert set(BY_CODE) - seen == UNSEEN.keys() | {"LG504"} - seen
    assert not seen & UNSEEN.keys()


def test_most_fixtures_train_a_model(runs: dict[str, Any]) -> None:
    assert sum(run["models"] > 0 for run in runs.values()) > 0.95 * len(runs)
