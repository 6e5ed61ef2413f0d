"""Programs that do not parse: what is mended, what is left out, and that rows stay what they are."""

from __future__ import annotations

import pytest

from lossguard.check import check_source
from lossguard.static.recovery import recovered

MENDED = {
    "a comma left out": ("f(x, y epochs=50,\n  v=1)\n", "f(x, y, epochs=50,\n  v=1)\n"),
    "a bracket left open": (
        "model.add(Dense(10)\nmodel.add(Dense(3))\n",
        "model.add(Dense(10))\nmodel.add(Dense(3))\n",
    ),
    "a bracket left open over rows": ("m.compile(\n  loss='mse'\nm.fit(x)\n", "m.compile(\n  loss='mse')\nm.fit(x)\n"),
    "a bracket opened twice": ("m.fit((\n  x,\n  epochs=3)\n", "m.fit(\n  x,\n  epochs=3)\n"),
    "a bracket closed twice": ("model.add(Dense(10)))\nx = 1\n", "model.add(Dense(10))\nx = 1\n"),
    "a value on the next row": ("(a, b) =\n   f(x)\n", "(a, b) = \\\n   f(x)\n"),
    "a blank too many": (" x = 1\ny = 2\n", "x = 1\ny = 2\n"),
    "print as a statement": ("x = 1\nprint x\n", "x = 1\npass\n"),
}
LEFT_OUT = {
    "prose": ("Here is my code:\nx = 1\n", "pass\nx = 1\n"),
    "a word too many": ("x = 1\ny = f(x) of me\nz = 2\n", "x = 1\ny = þ\nz = 2\n"),
    "a statement too many": ("x = 1\nprint f(x) of me\nz = 2\n", "x = 1\npass\nz = 2\n"),
    "parameters of Python 2": (
        "def f((x, y), z):\n    return z\nw = 2\n",
        "def f(*þ, **þþ):\n    return z\nw = 2\n",
    ),
    "bases": ("class Net(a of b):\n    x = 1\n", "class Net:\n    x = 1\n"),
    "a value too many": ("def f():\n    return 1 of me\n", "def f():\n    return þ\n"),
}
HOLES = {
    "a value": ("x = ??\nz = 2\n", "x = þþ\nz = 2\n"),
    "an argument": ("x = f(a=??, b='?')  # ?\n", "x = f(a=þþ, b='?')  # ?\n"),
    "many": ("x = ?\n" * 40, "x = þ\n" * 40),
}


@pytest.mark.parametrize(
    ("text", "expected"), [*MENDED.values(), *LEFT_OUT.values(), *HOLES.values()], ids=[*MENDED, *LEFT_OUT, *HOLES]
)
def test_broken_programs(text: str, expected: str) -> None:
    assert recovered(text) == expected
    assert expected.count("\n") == text.count("\n")


def test_what_an_exercise_leaves_open_is_not_judged() -> None:
    program = """\
import keras
from keras.layers import Dense

inputs = keras.Input((4,))
outputs = Dense(10)(inputs)
outputs = ??
model = keras.Model(inputs, outputs)
model.compile("adam", "sparse_categorical_crossentropy")
model = keras.Sequential([keras.Input((4,)), Dense(10, activation=??)])
model.compile("adam", "sparse_categorical_crossentropy")
"""
    assert {one.code for one in check_source(program, "program.py").diagnostics} == {"LG901"}


def test_what_is_found_in_a_mended_program_is_likely() -> None:
    program = """\
import keras
from keras.layers import Dense

model = keras.Sequential([keras.Input((4,)), Dense(10, activation="softmax")])
model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.fit(x, y epochs=5)
"""
    found = {one.code: one for one in check_source(program, "program.py").diagnostics}
    assert set(found) == {"LG101", "LG901"}
    assert found["LG101"].confidence.value == "likely"
    assert found["LG101"].fix is None
