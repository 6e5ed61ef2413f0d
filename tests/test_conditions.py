"""The condition that a finding is told with is the one under which the program is wrong.

Small programs choose an activation by conditions that nobody knows beforehand. Each is run for many values of what it
depends on, and the finding's condition is evaluated beside it.
"""

from __future__ import annotations

import itertools
import os
from random import Random
from types import SimpleNamespace

import pytest

from lossguard.check import check_source
from lossguard.static import conditions

HEAD = """\
import os
import numpy as np
import keras

a = os.environ.get("A")
b = os.environ.get("B")
n = int(os.environ.get("N"))
activation = "softmax"
"""

TAIL = """
y = np.random.randint(0, 3, 60)
x = np.random.normal(size=(60, 6))
{model}
model.compile("adam", loss="sparse_categorical_crossentropy")
model.fit(x, y)
"""

MODELS = (
    "model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation=activation)])",
    """\
head = [keras.layers.Dense(3), keras.layers.Softmax()] if activation == "softmax" else [keras.layers.Dense(3)]
model = keras.Sequential([keras.Input((6,)), *head])""",
    """\
stack = [keras.Input((6,))]
if activation == "softmax":
    stack.append(keras.layers.Dense(3, activation="softmax"))
else:
    stack.append(keras.layers.Dense(3))
model = keras.Sequential(stack)""",
    """\
stack, head = [keras.Input((6,))], [keras.layers.Dense(3)]
if activation == "softmax":
    head = head + [keras.layers.Softmax()]
stack += head
model = keras.Sequential(stack)""",
    """\
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
if activation != "linear":
    model.add(keras.layers.Activation(activation))""",
    """\
inputs = keras.Input((6,))
outputs = keras.layers.Dense(3)(inputs)
if activation == "softmax":
    outputs = keras.layers.Softmax()(outputs)
model = keras.Model(inputs, outputs)""",
    """\
def build(kind):
    if kind == "softmax":
        return keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="softmax")])
    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])


model = build(activation)""",
)
"""Ways from the activation to a model."""

VALUES = [{"a": a, "b": b, "n": n} for a, b, n in itertools.product([None, "", "x", "z"], [None, "", "x"], [1, 2, 3])]

ATOMS = """\
a; b; not a; bool(a); n % 2; n == 2; n != 2; n > 2; n < 3; 2 < n; 0 < n < 3; 3 > n != 1; n in (1, 2); n not in (1, 2)
a == b; a != b; a is b; a is not b; a == 'x'; 'x' != b; a in (b, 'x'); a not in (b, 'x'); (a or b) == 'x'; a == b == 'x'
n == 1 or n == 3; len(b or '') > 0""".replace("\n", "; ").split("; ")


def condition(random: Random, depth: int = 0) -> str:
    """A condition of up to four atoms."""
    if depth > 1 or random.random() < 0.5:
        return random.choice(ATOMS)
    left, right = condition(random, depth + 1), condition(random, depth + 1)
    options = [f"{left} and {right}", f"({left}) and ({right})", f"{left} or {right}", f"({left}) or ({right})"]
    return random.choice([*options, *options, f"not ({left} and {right})", f"not ({left})"])


def choosing(random: Random, depth: int = 0, *, inside: bool = False) -> list[str]:
    """Statements that set the activation, or don't; `inside` a function, whose names nobody else knows."""
    lines: list[str] = []
    for _ in range(random.choice([1, 1, 2])):
        one, other = (f'activation = "{random.choice(["linear", "softmax"])}"' for _ in range(2))
        match random.choice(["expression", "match" if inside else "flag", "match", "if", "if", "if", "if"]):
            case "expression":
                lines.append(f"{one} if {condition(random)} else activation")
            case "flag":
                flag = f"flag{depth}{len(lines)}"
                lines += [f"{flag} = {condition(random)}", f"if {random.choice(['', 'not '])}{flag}:", f"    {one}"]
            case "match":
                pattern = random.choice(["2", "1 | 3", "3"])
                lines += ["match n:", f"    case {pattern}:", f"        {one}", "    case _:", f"        {other}"]
            case _:
                inner = choosing(random, depth + 1, inside=inside) if depth < 1 and random.random() < 0.4 else [one]
                lines += [f"if {condition(random)}:", *(f"    {line}" for line in inner)]
                if random.random() < 0.35:
                    lines += [f"elif {condition(random)}:", f"    {other}"]
                if random.random() < 0.4:
                    lines += ["else:", f"    {one}"]
    return lines


def chosen_by(random: Random) -> str:
    """Statements after which the activation is chosen: as they are, or in a function that may return early."""
    if random.random() < 0.6:
        return "\n".join(choosing(random))
    lines = choosing(random, inside=True)
    for _ in range(random.choice([0, 1, 1, 2])):
        early = random.choice(["    return 'linear'", "    return 'softmax'", "    return activation"])
        lines += [
            f"if {condition(random)}:",
            early,
            *(choosing(random, 1, inside=True) if random.random() < 0.5 else []),
        ]
    body = [f"    {line}" for line in (*lines, "return activation")]
    return "\n".join(["def choose(a, b, n, activation):", *body, "", "", "activation = choose(a, b, n, activation)"])


def said(when: str | None, names: dict[str, object]) -> bool:
    given = {"A": names["a"], "B": names["b"], "N": names["n"]}
    return when is None or bool(eval(when, {**names, "os": SimpleNamespace(environ=given)}))  # noqa: S307


@pytest.mark.parametrize("seed", range(int(os.environ.get("LOSSGUARD_CONDITIONS", "120"))))
def test_a_condition_holds_where_the_program_is_wrong(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    chosen, model = chosen_by(random), random.choice(MODELS)
    program = HEAD + chosen + TAIL.format(model=model)
    found = [one for one in check_source(program, "train.py").diagnostics if one.code == "LG103"]
    if any("…" in (one.when or "") for one in found):
        pytest.skip("the condition is told shortened")
    code = compile(chosen, "train.py", "exec")
    for values in VALUES:
        names: dict[str, object] = {**values, "activation": "softmax"}
        exec(code, names)  # noqa: S102
        names["kind"] = names["activation"]  # as the function calls it that builds the model
        wrong = names["activation"] == "linear"
        try:
            told = any(said(one.when, names) for one in found)
        except NameError:
            pytest.skip("the condition says by a flag, which is not there in every world, what it is computed from")
        assert not found or told is wrong, (chosen, model, found[0].when, values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "not a"),
        ("not a", "a"),
        ("not a or b", "not (not a or b)"),
        ("not (a or b)", "a or b"),
        ("a == b", "a != b"),
        ("a not in b", "a in b"),
        ("(a or b) is c", "(a or b) is not c"),
        ("a < b", "not (a < b)"),
        ("a == b == c", "not (a == b == c)"),
        ("a + 1", "not (a + 1)"),
        ("main() is called with its defaults", "not (main() is called with its defaults)"),
    ],
)
def test_a_condition_is_turned_round(text: str, expected: str) -> None:
    assert conditions.negated(text) == expected


def test_conditions_side_by_side_keep_their_meaning() -> None:
    assert conditions.both(["a"]) == "a"
    assert conditions.both(["a or b"]) == "a or b"
    assert conditions.both(["a or b", "c and d", "not e"]) == "(a or b) and c and d and not e"
    assert conditions.both(["a if b else c", "d"]) == "(a if b else c) and d"


def test_constants_are_compared_as_people_write_it() -> None:
    assert conditions.compared("kind", "==", "a") == "kind == 'a'"
    assert conditions.compared("kind", "!=", None) == "kind is not None"
    assert conditions.compared("a or b", "==", 2) == "(a or b) == 2"
