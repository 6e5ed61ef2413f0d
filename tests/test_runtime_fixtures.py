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

import versions
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
FUNCTIONS = {"labels-in-call/bad_flat_labels"}
"""Programs that call the function of a loss: only instances and functions of TensorFlow are seen."""
STEPS = {"labels-in-call/bad_own_train_step"}
"""Programs whose own `train_step` is wrong: it runs within `fit`, which these runs leave out."""
CLASSES = {"loss-not-instantiated/bad_class", "logits-as-probabilities/bad_class_instead_of_instance"}
"""Programs with a loss class, of which Keras makes an instance from 3.3 on."""


@pytest.fixture(scope="module")
def runs() -> dict[str, Any]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    environment["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    command = [sys.executable, str(ROOT / "tests" / "data" / "run_fixtures.py"), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_same_codes(path: Path, runs: dict[str, Any]) -> None:
    name = f"{path.parent.name}/{path.stem}"
    expected, conditional = expected_codes(path)
    found = set(runs[name]["codes"])
    if (known := versions.otherwise(name)) is not None:
        assert found <= ({"LG505", "LG701"} if known.error else set())  # a name is not known, the loss raises
        return
    expected = set() if name in FUNCTIONS | STEPS else expected - UNSEEN.keys()
    if name in CLASSES:
        expected -= (
            {"LG504"} if versions.installed() >= (3, 3) else {"LG103"} if versions.installed() < (3, 0) else set()
        )
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
    other = [path for path in FIXTURES if versions.otherwise(f"{path.parent.name}/{path.stem}") is not None]
    assert set(BY_CODE) - seen - UNSEEN.keys() <= set[str]().union(*(expected_codes(path)[0] for path in other))
    assert not seen & UNSEEN.keys()


def test_most_fixtures_train_a_model(runs: dict[str, Any]) -> None:
    assert sum(run["models"] > 0 for run in runs.values()) > 0.9 * len(runs)
