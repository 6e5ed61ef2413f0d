"""Programs made to be expensive end soon, without a crash."""

from __future__ import annotations

import time

import pytest

from lossguard.check import check_source

HOSTILE = {
    "lists doubled": "x = [1, 2]\n" + "x = x + x\n" * 60,
    "lists doubled in place": "x = [1, 2]\n" + "x += x\n" * 60,
    "lists spread twice": "x = [1, 2]\n" + "x = [*x, *x]\n" * 60,
    "texts doubled": "x = 'ab'\n" + "x = x + x\n" * 60,
    "texts formatted": "x = 'ab'\n" + "x = f'{x}{x}'\n" * 60,
    "a huge power": "x = 10**10**10\n",
    "a huge product": "x = 'a' * 10**12\ny = [0] * 10**12\n",
    "infinity": "x = float('inf')\ndef f(o):\n    if o != o:\n        return 1\n    elif o == x:\n        return 2\n",
    "branches": "\n".join(f"if input():\n    x{i} = {i}\nelse:\n    x{i} = -{i}" for i in range(300)),
    "mutual recursion": "def a(n):\n    return b(n) + b(n)\ndef b(n):\n    return a(n) + a(n)\na(1)\n",
    "loops in loops": "".join(f"{'    ' * i}for i{i} in range(30):\n" for i in range(9)) + "    " * 9 + "x = 1\n",
    "many layers": "m = keras.Sequential()\n" + "m.add(keras.layers.Dense(4))\n" * 3000,
}


@pytest.mark.parametrize("program", HOSTILE.values(), ids=HOSTILE)
def test_ends_soon(program: str) -> None:
    start = time.process_time()
    check_source("import keras\n" + program + "\nkeras.Sequential().compile(loss='mse')\n")
    assert time.process_time() - start < 10  # seconds, with room for a slow machine


DEEP = {
    "brackets": "(" * 10_000 + "1" + ")" * 10_000,
    "lists": "[" * 10_000 + "]" * 10_000,
    "operators": "+".join(["1"] * 10_000),
    "lambdas": "lambda: " * 10_000 + "1",
    "not": "not " * 10_000 + "1",
}


@pytest.mark.parametrize("expression", DEEP.values(), ids=DEEP)
def test_deep_nesting_is_told(expression: str) -> None:
    checked = check_source(f"import keras\nx = {expression}\nloss = 1\n")
    assert [diagnostic.code for diagnostic in checked.diagnostics] in (["LG901"], [])
