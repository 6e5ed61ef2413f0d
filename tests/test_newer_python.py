"""Programs in the words of a newer Python than the oldest that lossguard runs on."""

from __future__ import annotations

import ast

import pytest

from lossguard.check import check_source
from lossguard.static.newer import lowered

NEWER = {
    "groups of exceptions": ("try:\n    f(2 * x)\nexcept* (A) as e:\n    a * b\n", "except  (A) as e:"),
    "groups of exceptions, spaced": ("try:\n    f()\nexcept * A:\n    pass\n", "except   A:"),
    "a generic function": ("def f[T: int](x: T) -> T:\n    return x\n", "def f        (x: T) -> T:"),
    "a generic class over two rows": ("class A[T,\n        B]:\n    pass\n", "class A  \\\n          :\n"),
    "a type alias": ("type Rows[T] = list[T]\nx = 1\n", "pass                  \nx = 1"),
    "the same quotes within a string": ('x = f"{d["a"]}", 3\n', 'x = f"{...}"   , 3'),
    "a string within a string within a string": ('x = f"{f"{f"{1}"}"}"\n', 'x = f"{...}"        \n'),
    "a backslash within a string": ('x = f"{"\\n".join(a)}"\n', 'x = f"{...}"         \n'),
}
OLD = "try:\n    x = f'{a!r:>{w}}' f\"{b['c']}\"\nexcept (A, B) as e:\n    raise\n"
SETUP = """\
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "binary_crossentropy")
"""


@pytest.mark.parametrize(("text", "expected"), NEWER.values(), ids=NEWER)
def test_is_said_in_older_words(text: str, expected: str) -> None:
    found = lowered(text)
    assert found is not None
    assert [len(row) for row in found.split("\n")] == [len(row) for row in text.split("\n")]
    ast.parse(found, feature_version=(3, 10))
    assert _is_known(text) or expected in found


def _is_known(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def test_columns_count_characters_behind_what_is_replaced() -> None:
    setup = SETUP.replace("\nmodel.compile", '\nx = f"{d["é"]}"; model.compile')
    (finding,) = check_source(setup, "train.py").diagnostics
    (plain,) = check_source(SETUP, "train.py").diagnostics
    rows = {related.place.start.row: related.place.start.column for related in finding.related}
    expected = {related.place.start.row: related.place.start.column for related in plain.related}
    shifted = {row: column + (len('x = f"{d["é"]}"; ') if row == 3 else 0) for row, column in expected.items()}
    assert rows == shifted
    assert any(row == 3 for row in (*rows, finding.place.start.row))


def test_what_every_python_knows_stays() -> None:
    assert lowered(OLD) == OLD


@pytest.mark.parametrize("text", [text for text, _ in NEWER.values()], ids=NEWER)
def test_the_program_is_judged_like_any_other(text: str) -> None:
    (plain,) = check_source(SETUP, "train.py").diagnostics
    (finding,) = check_source(text + SETUP, "train.py").diagnostics
    assert (finding.code, finding.message, finding.confidence) == (plain.code, plain.message, plain.confidence)
    assert finding.place.start.row == plain.place.start.row + text.count("\n")
    assert finding.alternatives == () or finding.alternatives[0].edits
    assert (finding.fix is None) == (plain.fix is None)


def test_what_is_no_python_at_all() -> None:
    assert lowered("x = = 1\n") is None
    assert lowered('x = f"{\n    y\n}"\n') is None or _is_known('x = f"{\n    y\n}"\n')
