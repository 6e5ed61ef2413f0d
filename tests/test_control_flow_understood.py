"""Worlds: branches on something unknown are followed on both sides and never mixed."""

from __future__ import annotations

import pytest

from lossguard.check import check_source

IMPORTS = """
import keras
from keras.layers import *
from keras import Sequential
n = int(input())
kind = input()
"""


def found(program: str) -> list[tuple[str, str | None]]:
    """Code and condition of every finding."""
    return [(diagnostic.code, diagnostic.when) for diagnostic in check_source(IMPORTS + program).diagnostics]


RIGHT = {
    "units, activation and loss by the number of classes": """
if n == 2:
    units, activation, loss = 1, 'sigmoid', 'binary_crossentropy'
else:
    units, activation, loss = n, 'softmax', 'categorical_crossentropy'
model = Sequential([Dense(units, activation=activation)])
model.compile('adam', loss)
""",
    "two tests of the same condition": """
model = Sequential()
if n == 2:
    model.add(Dense(1, 'sigmoid'))
else:
    model.add(Dense(n, 'softmax'))
print(model)
model.compile('adam', 'binary_crossentropy' if n == 2 else 'categorical_crossentropy')
""",
    "the same condition written the other way": """
activation = 'sigmoid' if n == 2 else 'softmax'
units = n if n != 2 else 1
loss = 'binary_crossentropy' if not n != 2 else 'categorical_crossentropy'
Sequential([Dense(units, activation)]).compile('adam', loss)
""",
    "conditions that follow from each other": """
if n > 2:
    model = Sequential([Dense(n, 'softmax')])
else:
    model = Sequential([Dense(1, 'sigmoid')])
model.compile('adam', 'categorical_crossentropy' if n >= 3 else 'binary_crossentropy')
""",
    "a flag": """
binary = n == 2
model = Sequential([Dense(1, 'sigmoid') if binary else Dense(n, 'softmax')])
model.compile('adam', 'binary_crossentropy' if binary else 'categorical_crossentropy')
""",
    "early return": """
def build(n):
    if n == 2:
        model = Sequential([Dense(1, 'sigmoid')])
        model.compile('adam', 'binary_crossentropy')
        return model
    model = Sequential([Dense(n, 'softmax')])
    model.compile('adam', 'categorical_crossentropy')
    return model
build(n).fit(x, y)
""",
    "an error rules the bad case out": """
if n < 2:
    raise ValueError(n)
units = 1 if n == 2 else n
model = Sequential([Dense(units, 'sigmoid' if units == 1 else 'softmax')])
model.compile('adam', 'binary_crossentropy' if n <= 2 else 'categorical_crossentropy')
""",
    "match": """
match kind:
    case 'binary':
        head, loss = Dense(1, 'sigmoid'), 'binary_crossentropy'
    case _:
        head, loss = Dense(n, 'softmax'), 'categorical_crossentropy'
Sequential([head]).compile('adam', loss)
""",
    "tables looked up by the same key": """
heads = {'binary': Dense(1, 'sigmoid'), 'classes': Dense(5, 'softmax')}
losses = {'binary': 'binary_crossentropy', 'classes': 'categorical_crossentropy'}
Sequential([heads[kind]]).compile('adam', losses[kind])
""",
    "a constant that a function changes": """
classes = 1
def load():
    global classes
    classes = 10
def train():
    Sequential([Dense(classes, 'softmax')]).compile('adam', 'categorical_crossentropy')
""",
    "pairs in a loop": """
for head, loss in [(Dense(1, 'sigmoid'), 'binary_crossentropy'), (Dense(5, 'softmax'), 'categorical_crossentropy')]:
    Sequential([head]).compile('adam', loss)
""",
    "dead code": """
DEBUG = False
if DEBUG:
    raise SystemExit
Sequential([Dense(5, 'softmax')]).compile('adam', 'categorical_crossentropy')
""",
}


@pytest.mark.parametrize("program", RIGHT.values(), ids=RIGHT)
def test_right_program(program: str) -> None:
    assert found(program) == []


WRONG = {
    "one branch forgets the activation": (
        """
model = Sequential()
if n == 2:
    model.add(Dense(1, 'sigmoid'))
    loss = 'binary_crossentropy'
else:
    model.add(Dense(n))
    loss = 'categorical_crossentropy'
model.compile('adam', loss)
""",
        [("LG103", "n != 2")],
    ),
    "one branch has the wrong loss": (
        """
units = 1 if n == 2 else n
activation = 'sigmoid' if n == 2 else 'softmax'
Sequential([Dense(units, activation)]).compile('adam', 'categorical_crossentropy')
""",
        [("LG106", "n == 2")],
    ),
    "softmax over what is one in this branch": (
        """
if n == 1:
    Sequential([Dense(n, 'softmax')]).compile('adam', 'categorical_crossentropy')
""",
        [("LG105", "n == 1")],
    ),
    "wrong whatever the condition": (
        """
if n == 2:
    loss = 'categorical_crossentropy'
else:
    loss = 'sparse_categorical_crossentropy'
Sequential([Dense(4, 'sigmoid')]).compile('adam', loss)
""",
        [("LG109", None)],
    ),
    "a default": (
        """
def build(units=1):
    model = Sequential([Dense(units, 'softmax')])
    model.compile('adam', 'categorical_crossentropy')
    return model
""",
        [("LG105", "build() is called with its defaults")],
    ),
    "a default of the command line": (
        """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument('--activation', default='sigmoid')
args = parser.parse_args()
Sequential([Dense(5, args.activation)]).compile('adam', 'categorical_crossentropy')
""",
        [("LG109", "--activation is left at its default")],
    ),
    "nested conditions": (
        """
if n == 2:
    if kind == 'small':
        head = Dense(1, 'softmax')
    else:
        head = Dense(2, 'softmax')
else:
    head = Dense(5, 'softmax')
Sequential([head]).compile('adam', 'categorical_crossentropy')
""",
        [("LG105", "n == 2 and kind == 'small'")],
    ),
    "a step of its own, with a loss that comes by compile": (
        """
class GAN(keras.Model):
    def __init__(self, discriminator):
        super().__init__()
        self.discriminator = discriminator
    def compile(self, loss_fn):
        super().compile()
        self.loss_fn = loss_fn
    def train_step(self, images):
        return {'loss': self.loss_fn(labels, self.discriminator(images))}
gan = GAN(Sequential([Dense(1, activation='sigmoid')]))
gan.compile(keras.losses.BinaryCrossentropy(from_logits=True))
gan.fit(images)
""",
        [("LG502", None)],
    ),
    "one of several names, and nothing for the others": (
        """
def settings(data):
    if data == 'digits':
        return 28, 10
    elif data == 'letters':
        return 32, 1
    elif data == 'photos':
        return 64, 100
shape, classes = settings(kind)
Sequential([Dense(classes, 'softmax')]).compile('adam', 'categorical_crossentropy')
""",
        [("LG105", "data == 'letters'")],
    ),
    "many conditions that do not matter": (
        "\n".join(f"if input() == '{i}':\n    print({i})\n    a{i} = {i}\nelse:\n    a{i} = -{i}" for i in range(40))
        + "\nSequential([Dense(1, 'softmax')]).compile('adam', 'binary_crossentropy')",
        [("LG105", None)],
    ),
}


@pytest.mark.parametrize(("program", "expected"), WRONG.values(), ids=WRONG)
def test_wrong_program(program: str, expected: list[tuple[str, str | None]]) -> None:
    assert found(program) == expected


@pytest.mark.parametrize(
    ("top", "test", "expected"),
    [
        ("TRAIN = False", "if TRAIN:", [("LG107", "TRAIN")]),
        ("LOAD = True", "if not LOAD:", [("LG107", "not LOAD")]),
        ("TRAIN = True", "if TRAIN:", [("LG107", None)]),
        ("TRAIN = False\nTRAIN = len('a') > 0", "if TRAIN:", [("LG107", None)]),
        ("TRAIN = False\nfor TRAIN in [0]: pass\nTRAIN = False", "if TRAIN:", []),
        ("", "if False:", []),
    ],
)
def test_parts_that_a_switch_leaves_out(top: str, test: str, expected: list[tuple[str, str | None]]) -> None:
    program = f"""
{top}
{test}
    model = Sequential([Dense(1, 'sigmoid')])
    model.compile('adam', 'sparse_categorical_crossentropy')
else:
    model = keras.models.load_model('saved.keras')
"""
    assert found(program) == expected


def test_a_switch_is_turned_everywhere_at_once() -> None:
    program = """
LOGITS = False
model = Sequential([Dense(3, None if LOGITS else 'softmax')])
if LOGITS:
    model.compile('adam', keras.losses.CategoricalCrossentropy(from_logits=LOGITS))
"""
    assert found(program) == []


@pytest.mark.parametrize(
    ("test", "when"),
    [
        ("if flag:", "flag"),
        ("if not flag:", "not flag"),
        ("if not (flag):", "not flag"),
        ("if not n == 2:", "n != 2"),
        ("if not not flag:", "flag"),
    ],
)
def test_conditions_are_told_the_right_way_round(test: str, when: str) -> None:
    program = f"""
flag = input()
{test}
    activation = 'softmax'
else:
    activation = 'sigmoid'
Sequential([Dense(1, activation)]).compile('adam', 'mse')
"""
    assert found(program) == [("LG105", when)]
