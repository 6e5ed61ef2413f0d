"""Whatever a file holds: it is analysed soon, without a fault, and every format can tell what was found.

LOSSGUARD_FUZZ_EXAMPLES=20000 makes a long run of it; `tests/fuzz/coverage_guided.py` looks further.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import mutations
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import grammar

from lossguard.analysis import Analyst
from lossguard.check import check_source
from lossguard.options import Options
from lossguard.report import renderer
from lossguard.settings import FORMATS

EXAMPLES = int(os.environ.get("LOSSGUARD_FUZZ_EXAMPLES", "40"))
SECONDS = 20.0

modest = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)

# fmt: off
FRAGMENTS = (
    "import keras\n", "from keras import layers as L\n",
    "model = ", "keras.Sequential([", "Dense(1, 'softmax')",
    "])", ".compile(", "loss=", "'binary_crossentropy'", ")\n", "(", ")", "[", "]", "{", "}", ":\n", "\n", "    ",
    "\t", "\\\n", "if ", "else", "for i in ", "def f(", "class A(", "lambda x: ", "return ", "yield ", "await ",
    "async ",
    "match x:\n", "case [", "with ", "try:\n", "except* E:\n", "f'{", "!r:>{", "}'", '"""', "'", "b''", "0x", "1e9",
    "*", "**",
    ":=", "->", "@", "...", ",", ";", "#", "# lossguard: ignore[", "# noqa: LG101", "\x0c", "\r", "\u2028", "\ufeff",
    "\0", "é", "%%time\n", "%matplotlib inline\n", "!pip install x\n", "?x\n", "x?\n", "from . import *\n", "del x\n",
    "global x\n",
)
# fmt: on
code = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=40).map("".join)
FIXTURES = mutations.corpus()
GRAMMAR = mutations.corpus([grammar.program(seed).text for seed in range(60)])


def analysed(data: bytes, name: str) -> None:
    """Assert that the file is analysed within the time, and that no fault of ours is told."""
    started = time.process_time()
    found = Analyst(lambda _: data, Path.cwd()).file(Path.cwd() / name, name, Options(debug=True))
    assert time.process_time() - started < SECONDS
    assert not [problem for problem in found.problems if "bug" in problem], found.notes


def reported(text: str, name: str) -> None:
    """The same, and that what is found can be written in every format."""
    started = time.process_time()
    checked = check_source(text, name, options=Options(debug=True))
    assert not [problem for problem in checked.problems if "bug" in problem], checked.notes
    for form in FORMATS:
        if form != "text":
            renderer(form)(checked).encode()
    assert time.process_time() - started < SECONDS


@modest
@given(st.binary(max_size=200), st.sampled_from(["a.py", "a.ipynb"]))
def test_bytes(data: bytes, name: str) -> None:
    analysed(data, name)


@modest
@given(code, st.sampled_from(["utf-8", "utf-16", "latin-1", "utf-7", "cp037"]))
def test_source_text(text: str, encoding: str) -> None:
    analysed(text.encode(encoding, "replace"), "a.py")
    reported(text, "a.py")


@modest
@given(st.binary(min_size=2, max_size=80))
def test_programs(recipe: bytes) -> None:
    reported(mutations.program(recipe, FIXTURES), "a.py")


@modest
@given(st.binary(min_size=2, max_size=80))
def test_programs_of_the_grammar(recipe: bytes) -> None:
    reported(mutations.program(recipe, GRAMMAR), "a.py")


@modest
@given(
    st.binary(min_size=2, max_size=20), st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 40), code), max_size=3)
)
def test_broken_programs(recipe: bytes, cuts: list[tuple[int, int, str]]) -> None:
    text = mutations.program(recipe, FIXTURES)
    for at, length, put in cuts:
        text = text[:at] + put + text[at + length :]
    reported(text, "a.py")


_plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | code
_values = st.recursive(_plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner))
_cell = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.just("code") | _values,
        "source": code | st.lists(code, max_size=4) | _values,
        "input": code | _values,
        "language": st.sampled_from(["python", "R"]) | _values,
        "metadata": st.fixed_dictionaries({}, optional={"vscode": _values}) | _values,
        "outputs": _values,
    },
)
_notebook = st.fixed_dictionaries(
    {},
    optional={
        "cells": st.lists(_cell | _values, max_size=5) | _values,
        "worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(_cell, max_size=3)}) | _values) | _values,
        "metadata": st.fixed_dictionaries({}, optional={"kernelspec": _values, "language_info": _values}) | _values,
    },
)


@modest
@given(_notebook | _values)
def test_notebooks(notebook: object) -> None:
    reported(json.dumps(notebook), "a.ipynb")


@modest
@given(st.lists(st.binary(min_size=2, max_size=20), min_size=1, max_size=3), st.lists(code, max_size=3))
def test_notebooks_of_programs(recipes: list[bytes], others: list[str]) -> None:
    sources = [*(mutations.program(recipe, FIXTURES) for recipe in recipes), *others]
    reported(json.dumps({"cells": [{"cell_type": "code", "source": source} for source in sources]}), "a.ipynb")


@pytest.mark.parametrize("recipe", [b"", b"\0", bytes(40), b"\xff" * 40], ids=range(4))
def test_every_recipe_is_a_program(recipe: bytes) -> None:
    compile(mutations.program(recipe, FIXTURES), "made", "exec", flags=0x2000 | 0x400)
