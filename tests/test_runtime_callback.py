"""The callback, and the helper for tests of model builders."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import lossguard
from lossguard.findings import Diagnostic
from lossguard.runtime.callback import LossMisuse, LossMisuseWarning
from lossguard.testing import assert_consistent

np = pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")
tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
keras: Any = pytest.importorskip("keras")

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

X = np.random.default_rng(0).random((40, 4)).astype("float32")
IDS = np.random.default_rng(1).integers(0, 3, 40)


def bad() -> Any:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="head")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def good() -> Any:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def batches() -> Iterator[Any]:
    while True:
        yield X[:8], IDS[:8]


def collected(model: Any, *data: Any, **options: Any) -> list[str]:
    found: list[Diagnostic] = []
    guard = lossguard.LossGuard(found.extend)
    model.fit(*data, epochs=1, verbose=0, callbacks=[guard], **options)
    assert guard.probed is not None
    return [one.code for one in found]


def test_it_warns_and_points_at_the_call_of_fit() -> None:
    with pytest.warns(LossMisuseWarning) as caught:
        bad().fit(X, IDS, epochs=1, verbose=0, callbacks=[lossguard.LossGuard()])
    text = str(caught[0].message)
    assert "LG103 logits-as-probabilities" in text
    assert "test_runtime_callback.py:" in text
    assert "Measured on this batch" in text


def test_it_raises_before_the_first_step() -> None:
    model = bad()
    before = [keras.ops.convert_to_numpy(one).tobytes() for one in model.variables]
    with pytest.raises(LossMisuse, match="LG103") as caught:
        model.fit(X, IDS, epochs=1, verbose=0, callbacks=[lossguard.LossGuard("raise")])
    assert [one.code for one in caught.value.diagnostics] == ["LG103"]
    assert [keras.ops.convert_to_numpy(one).tobytes() for one in model.variables] == before


def test_it_records_with_a_function() -> None:
    assert collected(bad(), X, IDS) == ["LG103"]
    assert collected(good(), X, IDS) == []


def test_it_is_silent_on_a_good_model() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", LossMisuseWarning)
        good().fit(X, IDS, epochs=1, verbose=0, callbacks=[lossguard.LossGuard()])


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="PyTorch raises at such labels")
def test_it_sees_the_labels_of_whatever_fit_is_given() -> None:
    signed = np.where(IDS > 1, 1, -1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    assert collected(model, X, signed) == ["LG206"]
    assert collected(model, tf.data.Dataset.from_tensor_slices((X, signed)).batch(8)) == ["LG206"]
    produced = []

    def numbered() -> Iterator[Any]:
        for number in range(4):
            produced.append(number)
            yield X[:8], signed[:8]

    assert collected(model, numbered(), steps_per_epoch=4) == ["LG206"]
    assert produced == [0, 1, 2, 3]


def test_data_can_be_given() -> None:
    found: list[Diagnostic] = []
    guard = lossguard.LossGuard(found.extend, x=X, y=IDS)
    bad().fit(batches(), steps_per_epoch=1, epochs=1, verbose=0, callbacks=[guard])
    assert [one.code for one in found] == ["LG103"]


def test_a_wrong_option_is_refused() -> None:
    with pytest.raises(ValueError, match="on_finding is 'warn', 'raise' or a function, not 'warm'"):
        lossguard.LossGuard("warm")


def test_assert_consistent() -> None:
    assert_consistent(good(), X, IDS)
    with pytest.raises(AssertionError, match=r"LG103 logits-as-probabilities .*\n.*Measured on this batch"):
        assert_consistent(bad(), X, IDS)
    assert_consistent(bad(), X, IDS, allow=["logits-as-probabilities"])
    with pytest.raises(ValueError, match="did you mean 'logits-as-probabilities'"):
        assert_consistent(bad(), allow=["logits-as-probability"])


def test_pytest_plugin(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from lossguard.runtime import pytest_plugin

    assert "keras" not in vars(pytest_plugin)
    fixture: Any = pytest_plugin._assert_consistent
    function = getattr(fixture, "__wrapped__", None) or fixture.__pytest_wrapped__.obj
    assert function() is assert_consistent


def test_without_keras_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from lossguard.runtime import library

    monkeypatch.setattr(library, "PACKAGES", ("keras_that_is_not_there",))
    install = r"Keras is not installed: pip install 'lossguard\[runtime\]'"
    with pytest.raises(ImportError, match=install):
        lossguard.LossGuard()
    with pytest.raises(library.NotProbed, match=install):
        lossguard.probe(object())
    assert "keras_that_is_not_there" not in sys.modules
