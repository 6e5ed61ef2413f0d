"""What the static side understands of models: width, activation, range and rank of what reaches the loss."""

from __future__ import annotations

import pytest

from lossguard.facts import LogitsRepair, Output, Range, Target, TrainingSetup
from lossguard.rules.premises import needs_repair
from lossguard.source import Source
from lossguard.static import syntax
from lossguard.static.interpreter import understand
from lossguard.static.program import Program, Trees

IMPORTS = """
import keras
import tensorflow as tf
from keras import layers
from keras.layers import *
from keras.models import Sequential, Model
from keras.mixed_precision import DTypePolicy
num_classes = int(input())
"""


def setups(program: str) -> list[TrainingSetup]:
    text = IMPORTS + program
    trees = Trees(lambda _: None)
    found = understand(Program(Source(None, "program.py", text), syntax.parse(text), trees))
    return [case.fact for case in found.cases if isinstance(case.fact, TrainingSetup)]


def output(program: str) -> Output:
    (setup,) = setups(program)
    assert setup.output is not None
    return setup.output


SEQUENTIAL = "model = Sequential([{}])\nmodel.compile('adam', 'mse')"

LAST_LAYERS = [
    ("Dense(3, activation='softmax')", "3", "softmax", Range.SIMPLEX),
    ("Dense(units=3, activation=keras.activations.sigmoid)", "3", "sigmoid", Range.PROBABILITIES),
    ("Dense(3, 'relu')", "3", "relu", Range.NONNEGATIVE),
    ("Dense(3)", "3", "linear", Range.LOGITS),
    ("Dense(3, activation=None)", "3", "linear", Range.LOGITS),
    ("Dense(3, activation='linear')", "3", "linear", Range.LOGITS),
    ("Dense(3, activation=tf.nn.softmax)", "3", "softmax", Range.SIMPLEX),
    ("Dense(3, activation=lambda x: tf.nn.softmax(x))", "3", "softmax", Range.SIMPLEX),
    ("Dense(3, activation=layers.Softmax())", "3", "softmax", Range.SIMPLEX),
    ("Dense(output_dim=3, activation='tanh')", "3", "tanh", Range.SIGNED_UNIT),
    ("Dense(num_classes, 'softmax')", "num_classes", "softmax", Range.SIMPLEX),
    ("Dense(num_classes - 1, 'softmax')", "num_classes - 1", "softmax", Range.SIMPLEX),
    ("Dense(3), Activation('softmax')", "3", "softmax", Range.SIMPLEX),
    ("Dense(3), Softmax()", "3", "softmax", Range.SIMPLEX),
    ("Dense(3), Activation('softmax'), Activation('linear', dtype='float32')", "3", "softmax", Range.SIMPLEX),
    ("Dense(3), Softmax(), Reshape((3,))", "3", "softmax", Range.SIMPLEX),
    ("Dense(3, 'softmax'), Dropout(0.2)", "3", "softmax", Range.SIMPLEX),
    ("Dense(3, 'softmax'), BatchNormalization()", "3", "linear", Range.LOGITS),
    ("Dense(3), Lambda(lambda x: x * 100)", "3", "linear", Range.LOGITS),
    ("Dense(3, 'sigmoid'), Lambda(lambda x: x * 100)", "3", None, Range.UNKNOWN),
    ("Dense(3, activation=my_activation)", "3", None, Range.UNKNOWN),
    ("Dense(3, **options)", "3", None, Range.UNKNOWN),
    ("LSTM(4)", "4", "tanh", Range.SIGNED_UNIT),
    ("Bidirectional(LSTM(4))", "8", "tanh", Range.SIGNED_UNIT),
    ("TimeDistributed(Dense(3, 'softmax'))", "3", "softmax", Range.SIMPLEX),
    ("Conv2D(3, 1, activation='softmax')", "3", "softmax", Range.SIMPLEX),
    ("Sequential([Dense(3, 'softmax')])", "3", "softmax", Range.SIMPLEX),
    ("keras.applications.ResNet50(weights=None, classes=10)", "10", "softmax", Range.SIMPLEX),
    ("keras.applications.VGG16(include_top=False, pooling='avg')", "512", None, Range.UNKNOWN),
]


@pytest.mark.parametrize(("layers", "width", "activation", "range_"), LAST_LAYERS, ids=[row[0] for row in LAST_LAYERS])
def test_last_layer(layers: str, width: str, activation: str | None, range_: Range) -> None:
    found = output(SEQUENTIAL.format(layers))
    assert (str(found.width), found.activation, found.range) == (width, activation, range_)


REPAIRS = [
    ("Dense(3, 'softmax')", LogitsRepair.KEPT),
    ("Dense(3, activation=tf.nn.softmax)", LogitsRepair.GRAPH_ONLY),
    ("Dense(3, 'softmax'), Activation('linear')", LogitsRepair.KEPT),
    ("Dense(3, 'softmax'), Reshape((3,))", LogitsRepair.LOST),
    ("Dense(3, 'softmax'), Dropout(0.5)", LogitsRepair.LOST),
    ("Dense(3, 'softmax'), Dropout(0)", LogitsRepair.KEPT),
    ("TimeDistributed(Dense(3, 'softmax'))", LogitsRepair.LOST),
]


@pytest.mark.parametrize(("layers", "repair"), REPAIRS, ids=[row[0] for row in REPAIRS])
def test_what_is_left_of_the_logits_on_tensorflow(layers: str, repair: LogitsRepair) -> None:
    assert output(SEQUENTIAL.format(layers)).repair is repair


RANKS = [
    ("Input((4,)), Dense(3)", 2),
    ("Input((5, 4)), LSTM(4, return_sequences=True), Dense(3)", 3),
    ("Input((5, 4)), LSTM(4), Dense(3)", 2),
    ("Dense(3, input_shape=(7,))", 2),
    ("Dense(3, input_dim=7)", 2),
    ("Conv2D(8, 3), GlobalAveragePooling2D(), Dense(3)", 2),
    ("Conv2D(8, 3), Flatten(), Dense(3)", 2),
    ("Conv2D(8, 3)", 4),
    ("Dense(3)", None),
]


@pytest.mark.parametrize(("layers", "rank"), RANKS, ids=[row[0] for row in RANKS])
def test_rank(layers: str, rank: int | None) -> None:
    assert output(SEQUENTIAL.format(layers)).rank == rank


STYLES = {
    "add": "model = Sequential()\nmodel.add(Dense(8))\nmodel.add(Dense(3, 'softmax'))",
    "add and pop": "model = Sequential([Dense(3, 'softmax'), Dense(9)])\nmodel.pop()",
    "add in a loop": "model = Sequential()\nfor units in [8, 4, 3]:\n    model.add(Dense(units, 'softmax'))",
    "add in an unknown loop": (
        "model = Sequential()\nfor i in range(num_classes):\n    model.add(Dense(9))\nmodel.add(Dense(3, 'softmax'))"
    ),
    "functional": "x = keras.Input((4,))\ny = Dense(8)(x)\nmodel = Model(x, Dense(3, 'softmax')(y))",
    "functional by keyword": "x = Input((4,))\nmodel = Model(inputs=x, outputs=Dense(3, activation='softmax')(x))",
    "Keras 1": "x = Input((4,))\nmodel = Model(input=x, output=Dense(3, activation='softmax')(x))",
    "tensor function": "x = Input((4,))\nmodel = Model(x, tf.nn.softmax(Dense(3)(x)))",
    "subclass": (
        "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.head = Dense(3, 'softmax')\n    def call(self, x):\n        return self.head(x)\nmodel = Net()"
    ),
    "subclass of Sequential": (
        "class Net(Sequential):\n    def __init__(self):\n        super().__init__()\n"
        "        self.add(Dense(3, 'softmax'))\nmodel = Net()"
    ),
    "builder": "def build(n):\n    return Sequential([Dense(n, 'softmax')])\nmodel = build(3)",
    "builder with a default": "def build(n=3):\n    return Sequential([Dense(n, 'softmax')])\nmodel = build()",
    "builder that is nested": (
        "def head(n):\n    def inner(x):\n        return Dense(n, 'softmax')(x)\n    return inner\n"
        "x = Input((4,))\nmodel = Model(x, head(3)(x))"
    ),
    "clone": "model = keras.models.clone_model(Sequential([Dense(3, 'softmax')]))",
    "list of layers": "stack = [Dense(8)]\nstack.append(Dense(3, 'softmax'))\nmodel = Sequential(stack)",
    "comprehension": "model = Sequential([Dense(n) for n in (8, 4)] + [Dense(3, 'softmax')])",
    "surgery": "base = Sequential([Dense(8)])\nmodel = Model(base.input, Dense(3, 'softmax')(base.output))",
    "strategy scope": "with strategy.scope():\n    model = Sequential([Dense(3, 'softmax')])",
    "dict of settings": "cfg = {'n': 3, 'act': 'softmax'}\nmodel = Sequential([Dense(cfg['n'], cfg['act'])])",
    "keyword dict": "cfg = dict(units=3, activation='softmax')\nmodel = Sequential([Dense(**cfg)])",
    "partial": (
        "from functools import partial\nHead = partial(Dense, activation='softmax')\nmodel = Sequential([Head(3)])"
    ),
    "loaded and given a head": (
        "model = keras.models.load_model('x.keras')\nmodel.pop()\nmodel.add(Dense(3, 'softmax'))"
    ),
    "attribute of a library": "tf.model = Sequential([Dense(3, 'softmax')])\nmodel = tf.model",
    "dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass Base:\n    n: int\n    act: str = None\n"
        "    def build(self):\n        return Sequential([Dense(self.units, self.act)])\n"
        "    def __post_init__(self):\n        self.units = self.n + 1\n"
        "class Net(Base):\n    pass\nmodel = Net(2, act='softmax').build()"
    ),
    "method": (
        "class Trainer:\n    def __init__(self, n):\n        self.n = n\n    def build(self):\n"
        "        return Sequential([Dense(self.n, 'softmax')])\nmodel = Trainer(3).build()"
    ),
}


@pytest.mark.parametrize("program", STYLES.values(), ids=STYLES)
def test_style(program: str) -> None:
    found = output(program + "\nmodel.compile('adam', 'mse')")
    assert (found.width.size, found.activation) == (3, "softmax")


def test_several_outputs_each_with_its_loss() -> None:
    found = setups(
        "x = Input((4,))\n"
        "a = Dense(3, 'softmax', name='kind')(x)\n"
        "b = Dense(1, name='size')(x)\n"
        "model = Model(x, [a, b])\n"
        "model.compile('adam', {'kind': 'categorical_crossentropy', 'size': 'mse'})\n"
    )
    assert [(setup.output.name, setup.loss.name) for setup in found if setup.output and setup.loss] == [
        ("kind", "categorical_crossentropy"),
        ("size", "mean_squared_error"),
    ]


def test_last_compile_before_fit_counts() -> None:
    (found,) = setups(
        "model = Sequential([Dense(3)])\nmodel.compile('adam', 'mse')\nmodel.compile('adam', 'mae')\nmodel.fit(x, y)"
    )
    assert found.loss is not None
    assert found.loss.name == "mean_absolute_error"


def test_a_name_bound_to_one_model_after_another() -> None:
    found = setups(
        "model = Sequential([Dense(3)])\nmodel.compile('adam', 'mse')\nmodel.fit(x, y)\n"
        "model = Sequential([Dense(5)])\nmodel.compile('adam', 'mae')\nmodel.fit(x, y)\n"
    )
    assert [(setup.output.width.size, setup.loss.name) for setup in found if setup.output and setup.loss] == [
        (3, "mean_squared_error"),
        (5, "mean_absolute_error"),
    ]


UNKNOWN_MODELS = {
    "a layer too many": "x = Input((4,))\nmodel = Model(x, Dense(9)(x))\nmodel.add(Dense(3, 'softmax'))",
    "built elsewhere": "from elsewhere import build\nmodel = build()",
    "changed elsewhere": "from elsewhere import add_head\nmodel = Sequential([Dense(3)])\nadd_head(model)",
    "own train_step": (
        "class Net(keras.Model):\n    def call(self, x):\n        return Dense(3)(x)\n"
        "    def train_step(self, data):\n        return {}\nmodel = Net()"
    ),
}


@pytest.mark.parametrize("program", UNKNOWN_MODELS.values(), ids=UNKNOWN_MODELS)
def test_silent_about_what_is_not_understood(program: str) -> None:
    for setup in setups(program + "\nmodel.compile('adam', 'categorical_crossentropy')"):
        assert setup.output is None


@pytest.mark.parametrize(
    ("policy", "layer", "lost"),
    [
        ("keras.mixed_precision.set_global_policy('mixed_float16')", "Dense(3, 'softmax')", True),
        ("keras.config.set_dtype_policy(DTypePolicy('bfloat16'))", "Dense(3, 'softmax')", True),
        ("keras.config.set_dtype_policy('float16')", "Dense(3), Activation('softmax')", True),
        ("keras.config.set_dtype_policy('mixed_float16')", "Dense(3, 'softmax', dtype='float32')", False),
        ("keras.config.set_dtype_policy('float32')", "Dense(3, 'softmax')", False),
        ("keras.config.set_dtype_policy(policy)", "Dense(3, 'softmax')", False),
        ("", "Dense(3, 'softmax', dtype='float16')", True),
    ],
)
def test_half_precision_loses_the_raw_scores_in_keras_3(policy: str, layer: str, lost: bool) -> None:  # noqa: FBT001
    (setup,) = setups(f"{policy}\n{SEQUENTIAL.format(layer).replace('mse', 'categorical_crossentropy')}")
    assert setup.output is not None
    assert setup.loss is not None
    left = {major: needs_repair(setup.output, setup.loss, Target(keras=frozenset({major}))) for major in (2, 3)}
    assert left == {2: LogitsRepair.KEPT, 3: LogitsRepair.LOST if lost else LogitsRepair.KEPT}
