"""What the fixes make, asked of Keras: every fixed fixture runs, and is no longer what its rule says is wrong."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

import versions
from lossguard.check import Checked, check_source
from lossguard.fix import Fixer
from lossguard.rules import BY_CODE

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


NOT_JUDGED = {("LG102", "sigmoid-from-logits/bad_focal"), ("LG109", "loss"), ("LG401", "activation")}
"""By fixture or by way out: the claims compute the plain cross-entropy, ask for a distribution, split raw scores."""


def doubled(run: Any) -> bool:  # noqa: ANN401  Keras is not typed
    """Wrong as one distribution, as independent probabilities and as their raw scores: whichever is meant."""
    return bool(
        keras_tests.loss_is_wrong(run) and keras_tests.independent_sigmoids_are_doubled(run) and scores_are_misread(run)
    )


def do_not_fit(run: Any) -> bool:  # noqa: ANN401
    """It raises, or labels and outputs differ in shape, other than class ids and units."""
    compared = [fit for fit in run.fits if "sparse" not in str(fit.model.loss)]
    differ = any(fit.labels.ndim > 1 and fit.labels.shape != fit.predictions.shape for fit in compared)
    return bool(keras_tests.raises(run) or differ)


def scores_are_misread(run: Any) -> bool:  # noqa: ANN401
    for fit in run.fits:
        outputs = keras_tests.sigmoid(fit.predictions)
        right = keras_tests.cross_entropy(fit.labels.reshape(-1, 1), outputs.reshape(-1, 1))
        if abs(fit.loss_of(fit.predictions) - right) > right * 1e-2:
            return True
    return False


def check(text: str, *prefer: str) -> Checked:
    return check_source(text, "a.py", options=versions.options(select=frozenset(BY_CODE), prefer=prefer))


def ways(text: str) -> set[str]:
    """The names of all ways out that are offered for a program."""
    found = [fix for one in check(text).diagnostics for fix in (one.fix, *one.alternatives)]
    return {fix.way for fix in found if fix is not None}


def repaired(text: str, way: str) -> tuple[str, frozenset[str], bool]:
    """The program with all of its fixes made, the rules that are silent now, and whether all are."""

    def again(texts: dict[str, str]) -> Checked:
        return check(texts.get("a.py", text), way)

    before = again({})
    made = Fixer(lambda _: text, lambda _, texts: again(dict(texts)), unsafe=True).fix(before)
    left = {found.code for found in again(made.texts).diagnostics}
    return made.texts.get("a.py", text), frozenset({found.code for found in before.diagnostics} - left), not left


FIXED = {
    (f"{path.parent.name}/{path.stem}", way): repaired(text, way)
    for path in sorted(FIXTURES.glob("*/bad_*.py"))
    for text in [path.read_text("utf-8")]
    for way in sorted(ways(text))
}
BAD = {key: (text, codes) for key, (text, codes, clean) in FIXED.items() if clean}


def test_few_programs_have_more_than_their_fixes_mend() -> None:
    assert len(FIXED) - len(BAD) <= 2


def test_every_way_out_of_every_rule_is_tried() -> None:
    tried = {(code, way) for (_, way), (_, codes) in BAD.items() for code in codes}
    declared = {(code, way) for code, module in BY_CODE.items() for way in module.RULE.ways}
    older = {("LG507", "argument")} if versions.installed() < (3, 0) else set()
    assert declared - tried == {("LG902", "suppression")} | older


@pytest.mark.parametrize(("name", "way"), BAD)
def test_fixed_fixture_is_right(name: str, way: str, fits: list[Any]) -> None:
    text, codes = BAD[name, way]
    assert codes
    result = keras_tests.run(text, str(FIXTURES / f"{name}.py"), fits)
    if isinstance(result.error, FileNotFoundError):
        pytest.skip("reads files that are not there")
    assert keras_tests.went_well(result)
    claims = keras_tests.CLAIMS | dict.fromkeys(("LG102", "LG103", "LG108"), doubled) | {"LG301": do_not_fit}
    wrong = {code for code in codes if claims[code](result) and not {(code, name), (code, way)} & NOT_JUDGED}
    assert wrong == set()
