"""What the fixes make, asked of Keras: every fixed fixture runs, and is no longer what its rule says is wrong."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from lossguard.check import Checked, check_source
from lossguard.fix import Fixer

pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")

_SPEC = importlib.util.spec_from_file_location("rules_in_keras", Path(__file__).with_name("test_rules_in_keras.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
keras_tests: Any = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = keras_tests
_SPEC.loader.exec_module(keras_tests)
fits = keras_tests.fits

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

FIXTURES = Path(__file__).parent.parent / "fixtures"


NOT_JUDGED = {("sigmoid-from-logits/bad_focal", "LG102")}
"""The claim computes the plain cross-entropy."""


def doubled(run: Any) -> bool:  # noqa: ANN401  Keras is not typed
    """Wrong both as one distribution and as independent probabilities: whichever is meant."""
    return bool(keras_tests.loss_is_wrong(run) and keras_tests.independent_sigmoids_are_doubled(run))


def repaired(text: str) -> tuple[str, frozenset[str]]:
    """The program with all of its fixes made, and the rules that have nothing to say of it any more."""

    def again(texts: dict[str, str]) -> Checked:
        return check_source(texts.get("a.py", text), "a.py")

    before = again({})
    made = Fixer(lambda _: text, lambda _, texts: again(dict(texts)), unsafe=True).fix(before)
    left = {found.code for found in again(made.texts).diagnostics}
    return made.texts.get("a.py", text), frozenset({found.code for found in before.diagnostics} - left)


BAD = {
    f"{path.parent.name}/{path.stem}": result
    for path in sorted(FIXTURES.glob("*/bad_*.py"))
    if (result := repaired(path.read_text("utf-8")))[1]
}


def test_most_kinds_of_mistakes_have_a_fix() -> None:
    assert len({code for _, codes in BAD.values() for code in codes}) > 15


@pytest.mark.parametrize("name", BAD)
def test_fixed_fixture_is_right(name: str, fits: list[Any]) -> None:
    text, codes = BAD[name]
    result = keras_tests.run(text, name, fits)
    if isinstance(result.error, FileNotFoundError):
        pytest.skip("reads files that are not there")
    assert keras_tests.went_well(result)
    claims = keras_tests.CLAIMS | {"LG102": doubled}
    assert {code for code in codes if claims[code](result) and (name, code) not in NOT_JUDGED} == set()
