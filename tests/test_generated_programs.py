"""What lossguard says of generated programs is compared with what becomes of them on TensorFlow.

A finding must be borne out by the run (an error raises or can't learn, a warning is a wrong loss or metric), and a
program that trains rightly must have none. A program that raises must have one where it is written plainly.

`LOSSGUARD_GENERATED=2000` runs so many programs instead of a few, `LOSSGUARD_GENERATED=2000+500` five hundred
from the two thousandth on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")
pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install 'lossguard[test]'")

from programs_grammar import CROSS_ENTROPIES, Program, program
from programs_oracle import Outcome, applies, disagreements, measuring, missed

from lossguard.check import Options, check_source
from lossguard.facts import Target
from lossguard.findings import Diagnostic

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

HERE = Options(target=Target(frozenset({"tensorflow"}), frozenset({3})))
EVERYWHERE = Options(target=Target(frozenset({"tensorflow", "jax", "torch"}), frozenset({3})))

_FIRST, _, _COUNT = os.environ.get("LOSSGUARD_GENERATED", "40").rpartition("+")
SEEDS = range(int(_FIRST or 0), int(_FIRST or 0) + int(_COUNT))

Runs = Callable[[Program], Outcome]


@pytest.fixture(scope="module")
def run() -> Iterator[Runs]:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("measured on the TensorFlow backend of Keras")
    with measuring() as running:
        yield running


def _told(written: Program, findings: tuple[Diagnostic, ...], outcome: Outcome) -> str:
    """All that is needed to see who is wrong."""
    verdict = [f"  row {one.place.start.row}: {one.code} {one.severity.value}: {one.message}" for one in findings]
    lines = ["", f"seed {written.seed}: {written.pairing}", "", written.text, "lossguard:", *(verdict or ["  silent"])]
    return "\n".join([*lines, "Keras:", f"  {outcome}"])


@pytest.mark.parametrize("seed", SEEDS)
def test_verdict_is_what_happens(seed: int, run: Runs) -> None:
    written = program(seed)
    outcome = run(written)
    findings = check_source(written.text, "program.py", options=HERE).diagnostics
    story = _told(written, findings, outcome)
    assert disagreements(findings, outcome) == [], story
    if outcome.right:
        anywhere = check_source(written.text, "program.py", options=EVERYWHERE).diagnostics
        assert not [one.code for one in anywhere if applies(one, outcome)], story
    if written.plain and written.pairing.loss in CROSS_ENTROPIES:
        assert missed(findings, outcome) != "raises in the loss", story


@pytest.mark.parametrize("seed", range(0, 400, 20))
def test_a_seed_is_a_program(seed: int) -> None:
    written = program(seed)
    assert written == program(seed)
    compile(written.text, "program.py", "exec")
    assert check_source(written.text, "program.py").models


def test_right_and_wrong_pairings_are_both_frequent() -> None:
    found = [bool(check_source(program(seed).text, "program.py").diagnostics) for seed in range(60)]
    assert 12 < sum(found) < 48
