"""What lossguard says of generated programs is compared with what becomes of them on TensorFlow.

A finding must be borne out by the run (an error raises or can't learn, a warning is a wrong loss or metric), and a
program that trains rightly must have none. A program that raises must have one where it is written plainly.

`LOSSGUARD_GENERATED=2000` runs so many programs instead of a few, `LOSSGUARD_GENERATED=2000+500` five hundred
from the two thousandth on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest

pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")
pytest.importorskip("pandas", reason="pandas is not installed: pip install 'lossguard[test]'")
pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install 'lossguard[test]'")

from programs.grammar import Program, program
from programs.judgement import judged
from programs.oracle import Outcome, Run, measuring
from programs.pairing import CROSS_ENTROPIES

from lossguard.check import Options, check_source
from lossguard.facts import Target
from lossguard.findings import Diagnostic

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

HERE = Options(target=Target(frozenset({"tensorflow"}), frozenset({3})))
EVERYWHERE = Options(target=Target(frozenset({"tensorflow", "jax", "torch"}), frozenset({3})))

_FIRST, _, _COUNT = os.environ.get("LOSSGUARD_GENERATED", "40").rpartition("+")
SEEDS = range(int(_FIRST or 0), int(_FIRST or 0) + int(_COUNT))


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("measured on the TensorFlow backend of Keras")
    with measuring() as running:
        yield running


def _told(written: Program, findings: Sequence[Diagnostic], outcome: Outcome) -> str:
    """All that is needed to see who is wrong."""
    verdict = [f"  row {one.place.start.row}: {one.code} {one.severity.value}: {one.message}" for one in findings]
    lines = ["", f"seed {written.seed}: {written.pairings}", "", written.text]
    return "\n".join([*lines, "lossguard:", *(verdict or ["  silent"]), "Keras:", f"  {outcome}"])


@pytest.mark.parametrize("seed", SEEDS)
def test_verdict_is_what_happens(seed: int, run: Run) -> None:
    written = program(seed)
    findings = check_source(written.text, "program.py", options=HERE).diagnostics
    anywhere = check_source(written.text, "program.py", options=EVERYWHERE).diagnostics
    outcome, disagreements, missed = judged(written, findings, run, anywhere)
    story = _told(written, findings, outcome)
    assert disagreements == [], story
    if written.plain and all(pairing.loss in CROSS_ENTROPIES for pairing in written.pairings):
        assert missed != "raises in the loss", story


@pytest.mark.parametrize("seed", range(0, 400, 20))
def test_a_seed_is_a_program(seed: int) -> None:
    written = program(seed)
    assert written == program(seed)
    compile(written.text, "program.py", "exec")
    assert written.loop is not None or check_source(written.text, "program.py").models


def test_right_and_wrong_pairings_are_both_frequent() -> None:
    found = [bool(check_source(program(seed).text, "program.py").diagnostics) for seed in range(60)]
    assert 12 < sum(found) < 48
