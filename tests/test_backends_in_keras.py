"""What rules say of single backends, asked of each backend that is installed, in a process of its own.

One step of training with fixed weights: what it raises, its loss, and how far it moves the weights. Where the rules
tell TensorFlow, JAX and PyTorch apart, so does the table.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")

pytestmark = pytest.mark.keras

PROGRAM = """
import json, sys, warnings
warnings.simplefilter("ignore")
import keras
import numpy as np

layers, losses = keras.layers, keras.losses
C, S, N = losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy, losses.BinaryCrossentropy

def groups(number):
    draw = np.random.RandomState({2: 11, 3: 12}[number])
    ids = np.arange(64) % number
    centres = 2.5 * np.eye(number, 4)
    return (centres[ids] - centres.mean(0) + 0.5 * draw.randn(64, 4)).astype("float32"), ids

def step(units, activation, loss, x, y, *after):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation=activation), *after])
    draw = np.random.RandomState(1000)
    weights, bias = 0.5 * draw.randn(4, units), 0.1 * draw.randn(units)
    model.set_weights([weights.astype("float32"), bias.astype("float32")])
    before = [np.array(one) for one in model.get_weights()]
    model.compile(keras.optimizers.SGD(1.0), loss)
    try:
        value = model.fit(x, y, batch_size=64, shuffle=False, verbose=0).history["loss"][0]
    except Exception as error:
        return dict(raises=f"{type(error).__name__}: {error}")
    moved = [np.array(after) - then for after, then in zip(model.get_weights(), before)]
    return dict(loss=float(value), moved=float(max(abs(one).max() for one in moved)), bias=moved[1].tolist())

x, ids = groups(3)
columns = np.eye(3, dtype="float32")[ids]
x2, two = groups(2)
yes = two.astype("float32")
json.dump(dict(
    right=step(3, "softmax", S(), x, ids),
    doubled=step(3, "softmax", S(from_logits=True), x, ids),
    reshaped=step(3, "softmax", S(from_logits=True), x, ids, layers.Reshape((3,))),
    focal=step(3, "softmax", losses.CategoricalFocalCrossentropy(from_logits=True), x, columns),
    focal_right=step(3, None, losses.CategoricalFocalCrossentropy(from_logits=True), x, columns),
    doubled_sigmoid=step(1, "sigmoid", N(from_logits=True), x2, yes),
    sigmoid=step(1, "sigmoid", N(), x2, yes),
    raw=step(3, None, S(), x, ids),
    raw_columns=step(3, None, C(), x, columns),
    always_1=step(1, "softmax", N(), x2, yes),
    one_unit=step(1, "sigmoid", C(), x2, yes),
    one_unit_of_zeros=step(1, "sigmoid", C(), x2, 0 * yes),
    one_unit_of_ones=step(1, "sigmoid", C(), x2, 0 * yes + 1),
    one_unit_of_ids=step(1, None, S(from_logits=True), x2, two),
    exclusive=step(3, "softmax", N(), x, columns),
    independent=step(3, "sigmoid", C(), x, columns),
    above_1=step(1, "sigmoid", N(), x, ids.astype("float32")),
    above_1_raw=step(1, None, N(from_logits=True), x, ids.astype("float32")),
    signed=step(1, "sigmoid", N(), x2, 2 * yes - 1),
    too_few=step(2, "softmax", S(), x, ids),
    from_1=step(3, "softmax", S(), x, ids + 1),
    counts=step(1, None, "poisson", x2, yes),
    cosine=step(1, None, "cosine_similarity", x2, yes),
), sys.stdout)
"""


@cache
def steps(backend: str) -> dict[str, dict[str, Any]]:
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, cwd=Path.cwd(), check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


TENSORFLOW, JAX, TORCH = "tensorflow", "jax", "torch"
ELSEWHERE = {JAX, TORCH}
RIGHT, TWICE = 1.5235, 1.1821

LOSSES: dict[str, dict[str, float]] = {
    "right": dict.fromkeys((TENSORFLOW, JAX, TORCH), RIGHT),
    "doubled": {TENSORFLOW: RIGHT, JAX: TWICE, TORCH: TWICE},
    "reshaped": dict.fromkeys((TENSORFLOW, JAX, TORCH), TWICE),
    "sigmoid": dict.fromkeys((TENSORFLOW, JAX, TORCH), 0.4175),
    "doubled_sigmoid": {TENSORFLOW: 0.4175, JAX: 0.6451, TORCH: 0.6451},
    "exclusive": {TENSORFLOW: 0.8164, JAX: 0.8501, TORCH: 0.8501},
    "independent": {TENSORFLOW: RIGHT, JAX: 1.2917, TORCH: 1.2917},
    "one_unit": dict.fromkeys((TENSORFLOW, JAX, TORCH), 0.0),
}
"""The loss of the first step: where the rules say that one backend does otherwise, it does."""

STILL: dict[str, set[str]] = {
    "always_1": ELSEWHERE,
    "one_unit": ELSEWHERE,
    "one_unit_of_ids": {JAX},
    "cosine": {TENSORFLOW, JAX, TORCH},
}
"""Where the gradient is zero, but for errors of rounding, and nothing is learnt."""

RAISES: dict[str, dict[str, str]] = {
    "one_unit_of_ids": {TENSORFLOW: "outside the valid range", TORCH: "out of bounds"},
    "too_few": {TENSORFLOW: "outside the valid range", TORCH: "out of bounds"},
    "from_1": {TENSORFLOW: "outside the valid range", TORCH: "out of bounds"},
    "above_1": {TORCH: "should be between 0 and 1"},
    "signed": {TORCH: "should be between 0 and 1"},
}
SILENT = {"above_1": {TENSORFLOW, JAX}, "above_1_raw": {TENSORFLOW, JAX, TORCH}, "too_few": {JAX}, "from_1": {JAX}}

backends = pytest.mark.parametrize("backend", [TENSORFLOW, JAX, TORCH])


def asked(backend: str) -> dict[str, dict[str, Any]]:
    if find_spec("keras") is None or find_spec(backend) is None:
        pytest.skip(f"Keras on {backend} is not installed")
    return steps(backend)


@backends
@pytest.mark.parametrize("name", LOSSES)
def test_loss(name: str, backend: str) -> None:
    assert asked(backend)[name]["loss"] == pytest.approx(LOSSES[name][backend], rel=2e-3, abs=1e-5)


@backends
@pytest.mark.parametrize("name", STILL)
def test_gradient(name: str, backend: str) -> None:
    found = asked(backend)[name]
    if backend in STILL[name]:
        assert found["moved"] < 1e-5
    else:
        assert "raises" in found or found["moved"] > 1e-3


@backends
@pytest.mark.parametrize("name", sorted({*RAISES, *SILENT}))
def test_labels_out_of_range(name: str, backend: str) -> None:
    found = asked(backend)[name]
    words = RAISES.get(name, {}).get(backend)
    assert words in found["raises"] if words is not None else "loss" in found
    assert words is None or backend not in SILENT.get(name, set())


@backends
def test_focal_losses_have_no_repair(backend: str) -> None:
    found = asked(backend)
    assert found["focal"]["loss"] != pytest.approx(found["focal_right"]["loss"], rel=1e-2)


@backends
def test_raw_scores_are_normalised_but_on_tensorflow(backend: str) -> None:
    found = asked(backend)
    same = found["raw"]["loss"] == pytest.approx(found["raw_columns"]["loss"], rel=1e-3)
    assert same == (backend in ELSEWHERE)


@backends
def test_a_single_unit_is_pushed_down_for_class_0_only(backend: str) -> None:
    found = asked(backend)
    pushed = found["one_unit_of_zeros"]["bias"][0]
    assert pushed < -0.1 if backend == TENSORFLOW else abs(pushed) < 1e-5
    assert found["one_unit_of_ones"]["moved"] < 1e-5


@backends
def test_counts_below_zero_are_nan_and_their_gradient_is_not(backend: str) -> None:
    found = asked(backend)["counts"]
    assert found["loss"] != found["loss"]  # NaN
    assert found["moved"] == found["moved"]
