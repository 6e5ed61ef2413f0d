"""Losses that are misnamed, not made, or given what they do not take; labels that are encoded twice."""

from __future__ import annotations

from textwrap import dedent

import pytest

from lossguard.catalog.spelling import closest, is_known, known_in, named
from lossguard.check import check_source
from lossguard.facts import Named
from lossguard.findings import Diagnostic

HEAD = """\
import keras
import numpy as np
import tensorflow as tf
from sys import argv

x = np.random.rand(60, 4)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
"""
CODES = {"LG207", "LG504", "LG505", "LG506"}


def found(program: str) -> list[Diagnostic]:
    checked = check_source(HEAD + dedent(program), "program.py")
    return [diagnostic for diagnostic in checked.diagnostics if diagnostic.code in CODES]


def codes(program: str) -> list[str]:
    return [diagnostic.code for diagnostic in found(program)]


@pytest.mark.parametrize(
    "program",
    [
        "keras.utils.get_custom_objects()['mine'] = lambda y, p: p\nmodel.compile('adam', 'mine')",
        "with keras.utils.custom_object_scope({'mine': len}):\n    model.compile('adam', 'mine')",
        "keras.losses.mine = lambda y, p: p\nmodel.compile('adam', 'mine')",
        "model.compile('adam', '____')",
        "model.compile('adam', 'YOUR LOSS HERE')",
        "model.compile('adam', 'cosine_proximity', metrics=['fmeasure', 'huber'])",
        "model.compile(optimizer='adam', loss='auto', metrics='auto')",
        "import pytest\nwith pytest.raises(ValueError):\n    model.compile('adam', 'cce')",
        "keras.layers.Dense(3, activation='LeakyReLU')",
    ],
    ids=["registered", "in scope", "set", "blank", "placeholder", "old", "automatic", "test", "class"],
)
def test_names_that_may_be_known(program: str) -> None:
    assert codes(program) == []


def test_names_are_suggested() -> None:
    (finding,) = found("model.compile('adam', 'Categorical-CrossEntropy')")
    assert finding.remedy == "Write `'categorical_crossentropy'`."
    (finding,) = found("model.compile('mse', 'adam')")
    assert finding.label == "the name of an optimizer"
    (finding,) = found("model.compile('adam', 'mse', metrics=['mae', 'quality_of_life'])")
    assert finding.label == "not known to Keras"


@pytest.mark.parametrize(
    ("kind", "text", "meant"),
    [
        (Named.LOSS, "scce", "sparse_categorical_crossentropy"),
        (Named.LOSS, "binary_cross_entropy", "binary_crossentropy"),
        (Named.LOSS, "sparse_categorical_crossentopy", "sparse_categorical_crossentropy"),
        (Named.METRIC, "f1", "F1Score"),
        (Named.METRIC, "f1-scor", "F1Score"),
        (Named.METRIC, "acuracy", "accuracy"),
        (Named.ACTIVATION, "Softmax ", "softmax"),
        (Named.ACTIVATION, "Sigmoid", "sigmoid"),
        (Named.ACTIVATION, "quux", None),
    ],
)
def test_closest_name(kind: Named, text: str, meant: str | None) -> None:
    assert not is_known(kind, text)
    assert closest(kind, text) == meant


@pytest.mark.parametrize(
    ("kind", "text", "known", "meant"),
    [
        (Named.LOSS, "logcosh", {2}, "log_cosh"),
        (Named.LOSS, "kullback_leibler_divergence", {2}, "kl_divergence"),
        (Named.LOSS, "crossentropy", {3}, None),
        (Named.LOSS, "dice", {3}, None),
        (Named.METRIC, "f1_score", {3}, "F1Score"),
        (Named.METRIC, "kld", {2}, "KLDivergence"),
        (Named.METRIC, "ce", {2}, None),
        (Named.ACTIVATION, "hard_swish", {3}, None),
    ],
)
def test_names_of_one_version(kind: Named, text: str, known: set[int], meant: str | None) -> None:
    assert known_in(kind, text) == known
    assert closest(kind, text) == meant


def test_what_else_a_string_names() -> None:
    assert named(Named.LOSS, "accuracy") is Named.METRIC
    assert named(Named.LOSS, "softmax") is Named.ACTIVATION
    assert named(Named.METRIC, "sgd") is Named.OPTIMIZER
    assert named(Named.LOSS, "quux") is None


def test_misspelt_activation_of_a_branch_is_conditional() -> None:
    (finding,) = found("kind = 'Relu' if len(argv) > 1 else 'tanh'\nkeras.layers.Dense(3, kind)")
    assert (finding.code, finding.when) == ("LG505", "len(argv) > 1")


def test_misspelt_loss_of_a_branch_is_conditional() -> None:
    (finding,) = found("loss = 'cce' if len(argv) > 1 else 'kld'\nmodel.compile('adam', loss)\nmodel.fit(x, x)")
    assert (finding.code, finding.when) == ("LG505", "len(argv) > 1")


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("def f(a):\n    return lambda y, p: p\nmodel.compile('adam', f)", ["LG504"]),
        ("def f(a):\n    return keras.losses.Huber(a)\nmodel.compile('adam', f)", ["LG504"]),
        (
            "class F:\n    def g(self):\n        return lambda y, p: p\nmodel.compile('adam', F().g)",
            ["LG504"],
        ),
        (
            "class F(keras.losses.Loss):\n    def call(self, y, p):\n        return p\nmodel.compile('adam', F)",
            ["LG504"],
        ),
        ("def f(a):\n    if a:\n        return lambda y, p: p\n    return 0\nmodel.compile('adam', f)", []),
        ("def f(a, b):\n    return keras.losses.huber(a, b)\nmodel.compile('adam', f)", []),
        ("keras.losses.huber()", ["LG504"]),
        ("keras.losses.huber(*argv)", []),
        ("keras.losses.huber(x)", []),
        ("import pytest\nwith pytest.raises(TypeError):\n    keras.losses.huber()", []),
    ],
)
def test_what_is_no_loss(program: str, expected: list[str]) -> None:
    assert codes(program) == expected


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("keras.losses.CategoricalCrossentropy(from_logit=True)", ["LG506"]),
        ("keras.losses.BinaryCrossentropy('my_loss')", ["LG506"]),
        ("keras.losses.BinaryCrossentropy(from_logits='True')", []),
        ("keras.losses.BinaryCrossentropy(from_logits='')", []),
        ("keras.losses.CategoricalCrossentropy(True, 0.1, name='x', reduction='sum', dtype='float32')", []),
        ("tf.losses.mean_squared_error(labels=x, predictions=x, weights=x)", []),
        ("tf.losses.mean_squared_error(x, x, weights=x)", []),
        ("tf.metrics.mean_absolute_error(x, x, name='mae')", []),
        ("keras.losses.huber(x, x, sample_weight=x)", ["LG506"]),
        ("try:\n    keras.losses.Huber(power=2)\nexcept TypeError:\n    pass", []),
    ],
)
def test_arguments_of_losses(program: str, expected: list[str]) -> None:
    assert codes(program) == expected


FIT = "model.compile('adam', 'categorical_crossentropy')\nmodel.fit(x, y)\n"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("y = np.random.randint(0, 3, (60, 1))\ny = tf.one_hot(y, 3)", ["LG207"]),
        ("y = np.random.randint(0, 3, (60, 1))\ny = keras.ops.one_hot(y, 3)[:50]", ["LG207"]),
        ("y = np.random.randint(0, 3, (60, 1))\ny = tf.one_hot(y[:, 0], 3)", []),
        ("y = np.random.randint(0, 3, (60, 1))\ny = np.squeeze(np.eye(3)[y])", []),
        ("y = np.random.randint(0, 3, (60, 1))\ny = np.eye(3)[y.ravel()]", []),
        ("y = np.random.randint(0, 3, (60, 1))\ny = np.eye(3)[y][:, 0, :]", []),
        ("y = np.eye(3)[np.arange(60) % 3]\ny = keras.utils.to_categorical(y)", ["LG207"]),
        ("y = keras.utils.to_categorical(np.random.randint(0, 3, 60))\ny = keras.utils.to_categorical(y)", ["LG207"]),
        ("y = keras.utils.to_categorical(np.random.randint(0, 3, 60))\nz = keras.utils.to_categorical(y)", []),
    ],
)
def test_labels_of_three_axes(program: str, expected: list[str]) -> None:
    assert codes(program + "\n" + FIT) == expected


def test_labels_encoded_twice_in_a_dataset() -> None:
    program = """
        (a, b), _ = keras.datasets.cifar10.load_data()
        data = tf.data.Dataset.from_tensor_slices((a, b)).map(lambda a, b: (a, tf.one_hot(b, 10))).batch(8)
        model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(data)
    """
    assert codes(program) == ["LG207"]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("Dense(1, activation='softmax')", ["LG105"]),
        ("Dense(output_dim=1, activation='softmax')", ["LG105"]),
        ("Conv1D(1, 3, activation='softmax')", ["LG105"]),
        ("Conv1D(1, 3, activation='softmax', data_format='channels_first')", []),
        ("Dense(1, activation='sigmoid')", []),
        ("Dense(2, activation='softmax')", []),
        ("Dense(1, activation=lambda x: keras.ops.softmax(x, axis=1))", []),
    ],
)
def test_a_layer_that_no_model_here_is_made_of(layer: str, expected: list[str]) -> None:
    program = f"import keras\nfrom keras.layers import Conv1D, Dense\nCONFIG = {{'layers': [{layer}], 'loss': 'mse'}}\n"
    assert [diagnostic.code for diagnostic in check_source(program, "program.py").diagnostics] == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("self.loss(prediction, label)", ["LG501"]),
        ("self.loss(prediction, y_true)", ["LG501"]),
        ("self.loss(label, prediction)", []),
        ("self.loss(prediction, teacher)", []),
        ("keras.losses.MeanSquaredError()(prediction, label)", []),
    ],
)
def test_arguments_that_are_swapped_by_their_names(call: str, expected: list[str]) -> None:
    program = f"""
import tensorflow as tf, keras
class Trainer(tf.Module):
    def __init__(self):
        self.weights = tf.Variable(tf.zeros((4, 3)))
        self.loss = keras.losses.CategoricalCrossentropy()
    def step(self, features, label, y_true, teacher):
        prediction = tf.nn.softmax(tf.matmul(features, self.weights))
        return {call}
"""
    checked = check_source(program, "program.py").diagnostics
    assert [(one.code, one.confidence.value) for one in checked] == [(code, "likely") for code in expected]
