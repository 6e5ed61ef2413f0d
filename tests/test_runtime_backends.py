"""The same findings with `tf_keras` and with Keras 3 on JAX and PyTorch, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")

pytestmark = pytest.mark.keras

ROOT = Path(__file__).parent.parent
PROGRAM = """
import json, sys, warnings
warnings.simplefilter("ignore")
import {keras} as keras
import numpy as np
import lossguard
from lossguard.runtime.batches import take
from lossguard.runtime.library import library_of
from lossguard.runtime.look import look

layers, rng = keras.layers, np.random.default_rng(0)
x, ids = rng.random((40, 4)).astype("float32"), rng.integers(0, 3, 40)
columns, yes = np.eye(3, dtype="float32")[ids], (ids > 1).astype("float32")

def sequential(*given, loss, metrics=None):
    model = keras.Sequential([layers.Input((4,)), *given])
    model.compile("sgd", loss, metrics=metrics)
    return model

def own(y, p):
    return 2 * keras.losses.categorical_crossentropy(y, p, from_logits=True)

class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = layers.Dense(3, activation="sigmoid")
    def call(self, inputs, training=None):
        return self.head(inputs)

subclassed = Model()
subclassed.compile("sgd", "categorical_crossentropy")
cases = dict(
    softmax=(sequential(layers.Dense(3, "softmax"), layers.Reshape((3,)), loss=own), columns),
    raw=(sequential(layers.Dense(1), loss="binary_crossentropy", metrics=["accuracy"]), yes),
    one=(sequential(layers.Dense(1), loss="categorical_crossentropy"), yes),
    metric=(sequential(layers.Dense(1), loss=keras.losses.BinaryCrossentropy(from_logits=True),
                       metrics=["accuracy"]), yes),
    subclassed=(subclassed, columns),
    good=(sequential(layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(3, "softmax"),
                     loss="sparse_categorical_crossentropy", metrics=["accuracy"]), ids),
)
def rounded(p):
    if hasattr(keras, "ops"):
        return keras.ops.round(p)
    return sys.modules["tensorflow"].round(p)

class Shares(layers.Layer):
    def call(self, inputs):
        squares = inputs * inputs + 0.01
        return squares / (squares[:, :1] + squares[:, 1:2] + squares[:, 2:])

zeros = dict(kernel_initializer="zeros")
cases.update(
    raises=(sequential(layers.Dense(3), loss="mse"), columns[:, :2]),
    missing=(sequential(layers.Dense(1), loss="mse"), yes * np.nan),
    rounded=(sequential(layers.Dense(1), loss=lambda y, p: abs(y - rounded(p))), 9 * yes),
    constant=(sequential(layers.Dense(8, "relu", **zeros), layers.Dense(1, **zeros), loss="mse"), yes),
    shares=(sequential(layers.Dense(3), Shares(),
                       loss=keras.losses.CategoricalCrossentropy(from_logits=True)), columns),
    name=(sequential(layers.Dense(3), loss="cce"), columns),
    normalised=(sequential(layers.Dense(8, "relu"), layers.BatchNormalization(), layers.Dropout(0.5),
                           layers.Dense(1, **zeros), loss="mae"), 1e5 * yes),
)
inputs = layers.Input((4,))
heads = [layers.Dense(3, "softmax", name="kind")(inputs), layers.Dense(1, name="size")(inputs)]
two = keras.Model(inputs, heads)
two.compile("sgd", ["categorical_crossentropy", "mse"])
seen = look(two, library_of(two), take(x, (columns, yes))).seen
assert all(one.numbers.gradient > 1e-3 for one in seen), seen

def loaded():
    return [name for name in ("tensorflow", "jax", "torch", "keras", "tf_keras") if name in sys.modules]

found, before_all = dict(), loaded()
for name, (model, y) in cases.items():
    model(x[:2])
    before = [np.asarray(one).tobytes() if not hasattr(one, "numpy") else one.numpy().tobytes()
              for one in model.trainable_weights]
    probed = lossguard.probe(model, x, y)
    after = [np.asarray(one).tobytes() if not hasattr(one, "numpy") else one.numpy().tobytes()
             for one in model.trainable_weights]
    assert before == after and len(before) > 0
    found[name] = [one.code for one in probed.diagnostics], [one.effect for one in probed.diagnostics]
imported = sorted(set(loaded()) - set(before_all))
recorded = []
cases["good"][0].fit(x, ids, verbose=0, callbacks=[lossguard.LossGuard(recorded.extend)])
assert not recorded
cases["raw"][0].fit(x, yes, verbose=0, callbacks=[lossguard.LossGuard(recorded.extend)])
assert [one.code for one in recorded] == ["LG103"]
if "{backend}" == "torch":
    import torch
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.tensor(x), torch.tensor(columns)), batch_size=8, shuffle=True)
    state = torch.get_rng_state()
    assert [one.code for one in lossguard.probe(cases["good"][0], loader).diagnostics] == ["LG202"]
    assert torch.equal(state, torch.get_rng_state())
json.dump(dict(found=found, imported=imported), sys.stdout)
"""


@pytest.mark.parametrize(("keras", "backend"), [("tf_keras", "tensorflow"), ("keras", "jax"), ("keras", "torch")])
def test_findings_are_the_same(keras: str, backend: str) -> None:
    if find_spec(keras) is None or find_spec(backend) is None:
        pytest.skip(f"{keras} on {backend} is not installed")
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    program = PROGRAM.replace("{keras}", keras).replace("{backend}", backend)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert {name: codes for name, (codes, _) in result["found"].items()} == {
        "softmax": ["LG101"], "raw": ["LG103"], "one": ["LG106"], "metric": ["LG401"], "subclassed": ["LG109"],
        "good": [], "raises": ["LG701"], "missing": ["LG702"], "rounded": ["LG703"], "constant": ["LG704"],
        "shares": ["LG705"], "name": ["LG505"], "normalised": [],
    }  # fmt: skip
    assert "gets no gradient" in result["found"]["one"][1][0]
    assert "the loss is" in result["found"]["raw"][1][0]
    assert result["imported"] == []
