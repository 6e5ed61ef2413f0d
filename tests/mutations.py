"""Programs made from others by a recipe of bytes: every recipe is a valid program, and a shorter one changes less."""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FIXTURES = Path(__file__).parents[1] / "fixtures"
_ODD = (
    r"""
0 | -1 | 1 | 2 ** 64 | 10 ** 10 ** 10 | 1e999 | -1e999 | float('nan') | 0.5 | 1j | True | None | ... | '' |
'softmax' | '\ud800' | b'x' | 'a' * 10 ** 12 | f'{x!r:>{y}}' | () | [] | {} | {1, 2} | [[]] * 5000 | x |
lambda *a, **k: a | lambda: lambda: 0 | range(10 ** 12) | [i for i in range(9) for j in range(9)] | {i: i for
i in x} | (yield) | print | super() | type('A', (), {}) | x if x else y | x and y or z | not x | x[1:2, ...] |
x[-1] | x[::-1] | *x | (a := 1) | len(x) | int | keras | keras.Model | keras.layers.Dense |
keras.losses.BinaryCrossentropy | keras.Input(()) | keras.Input(None) | keras.Sequential() | tf.data | np.eye
| np.zeros((2, 3))[..., None] | setattr(x, 'y') | getattr(x) | dict(x, y=1) | zip() | map(print) | sum() |
x.append() | x.add() | x.compile() | x.fit() | enumerate() | isinstance(x) | open(x).read() | str.join
""".replace("\n", " ")
    .strip()
    .split(" | ")
)
_AROUND = (
    "if x:\n    pass\nelse:\n    pass",
    "for i in range(3):\n    pass",
    "while x:\n    pass",
    "def f(x, *a, k=1):\n    pass",
    "try:\n    pass\nexcept E as e:\n    pass\nfinally:\n    pass",
    "with x as y:\n    pass",
    "class C(x):\n    pass",
    "for i, j in x:\n    pass\nelse:\n    pass",
    "async def f():\n    pass",
    "match x:\n    case [1, *_]:\n        pass",
)


@dataclass(slots=True)
class _Recipe:
    """Bytes read from the front; nothing but zeros at the end."""

    data: bytes
    at: int = 0

    def below(self, bound: int) -> int:
        """A number from 0 up to the bound, without it."""
        size = 1 if bound <= 256 else 2
        taken = self.data[self.at : self.at + size]
        self.at += size
        return int.from_bytes(taken, "little") % bound

    @property
    def used_up(self) -> bool:
        return self.at >= len(self.data)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Programs to start from, and the expressions and statements to put into them."""

    programs: tuple[ast.Module, ...]
    expressions: tuple[ast.expr, ...] = field(repr=False)
    statements: tuple[ast.stmt, ...] = field(repr=False)


def corpus(texts: Sequence[str] | None = None) -> Corpus:
    """What these programs give, by default the fixtures."""
    if texts is None:
        texts = [path.read_text(encoding="utf-8") for path in sorted(_FIXTURES.rglob("*.py"))]
    programs = [program for text in texts if (program := _parsed(text)) is not None]
    nodes = [node for program in programs for node in ast.walk(program)]
    odd = [ast.parse(f"f({text})").body[0] for text in _ODD]
    arguments = [one.value.args[0] for one in odd if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)]
    calls = [node for node in nodes if isinstance(node, (ast.Call, ast.List, ast.Tuple, ast.Subscript, ast.Lambda))]
    return Corpus(
        tuple(programs),
        (*arguments, *calls),
        tuple(node for node in nodes if isinstance(node, ast.stmt)),
    )


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:  # some fixtures are not meant to be valid
        return None


def program(recipe: bytes, of: Corpus) -> str:
    """The program that the recipe makes."""
    steps = _Recipe(recipe)
    made = copy.deepcopy(of.programs[steps.below(len(of.programs))])
    while not steps.used_up:
        _CHANGES[steps.below(len(_CHANGES))](made, steps, of)
    return ast.unparse(ast.fix_missing_locations(made))


def _expressions(made: ast.Module) -> list[tuple[ast.AST, str, int | None]]:
    """Where expressions stand that any other can replace: node, field, index."""
    found: list[tuple[ast.AST, str, int | None]] = []
    for node in ast.walk(made):
        if isinstance(node, (ast.JoinedStr, ast.FormattedValue, ast.pattern)):
            continue
        for name, value in ast.iter_fields(node):
            if name in {"target", "targets", "optional_vars", "annotation", "returns", "format_spec", "cls"}:
                continue
            if isinstance(value, ast.expr) and _is_read(value):
                found.append((node, name, None))
            elif isinstance(value, list):
                found += [(node, name, i) for i, one in enumerate(value) if isinstance(one, ast.expr) and _is_read(one)]
    return found


def _is_read(node: ast.expr) -> bool:
    return not isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))


def _lists(made: ast.Module) -> list[tuple[ast.AST, list[Any]]]:
    """Lists of statements, arguments and elements."""
    names = ("body", "orelse", "finalbody", "args", "keywords", "elts", "decorator_list", "bases", "names", "handlers")
    return [
        (node, value)
        for node in ast.walk(made)
        for name in names
        if isinstance(value := getattr(node, name, None), list) and value
    ]


def _get(slot: tuple[ast.AST, str, int | None]) -> ast.expr:
    node, name, index = slot
    value = getattr(node, name)
    found: ast.expr = value if index is None else value[index]
    return found


def _put(slot: tuple[ast.AST, str, int | None], new: ast.expr) -> None:
    node, name, index = slot
    if index is None:
        if isinstance(new, ast.Starred):
            new = new.value
        setattr(node, name, new)
    else:
        getattr(node, name)[index] = new


def _replace(made: ast.Module, steps: _Recipe, of: Corpus) -> None:
    if slots := _expressions(made):
        _put(slots[steps.below(len(slots))], copy.deepcopy(of.expressions[steps.below(len(of.expressions))]))


def _odd(made: ast.Module, steps: _Recipe, of: Corpus) -> None:
    if slots := _expressions(made):
        _put(slots[steps.below(len(slots))], copy.deepcopy(of.expressions[steps.below(len(_ODD))]))


def _swap(made: ast.Module, steps: _Recipe, of: Corpus) -> None:
    if slots := _expressions(made):
        one, two = slots[steps.below(len(slots))], slots[steps.below(len(slots))]
        first, second = copy.deepcopy(_get(one)), copy.deepcopy(_get(two))
        _put(one, second)
        _put(two, first)


def _delete(made: ast.Module, steps: _Recipe, of: Corpus) -> None:
    if lists := _lists(made):
        _, items = lists[steps.below(len(lists))]
        at = steps.below(len(items))
        if isinstance(items[0], ast.stmt) and len(items) == 1:
            items[0] = ast.Pass()
        elif not isinstance(items[at], (ast.alias, ast.ExceptHandler)) or len(items) > 1:
            del items[at]


def _double(made: ast.Module, steps: _Recipe, of: Corpus) -> None:
    if lists := _lists(made):
        _, items = lists[steps.below(len(lists))]
        at = steps.below(len(items))
        items.insert(steps.below(len(items) + 1), copy.deepcopy(items[at]))


def _insert(made: ast.Module, steps: _Recipe, of: Corpus) -> None:
    blocks = [items for _, items in _lists(made) if isinstance(items[0], ast.stmt)]
    if blocks:
        items = blocks[steps.below(len(blocks))]
        items.insert(steps.below(len(items) + 1), copy.deepcopy(of.statements[steps.below(len(of.statements))]))


def _enclose(made: ast.Module, steps: _Recipe, of: Corpus) -> None:
    blocks = [items for _, items in _lists(made) if isinstance(items[0], ast.stmt)]
    if blocks:
        items = blocks[steps.below(len(blocks))]
        at = steps.below(len(items))
        around = ast.parse(_AROUND[steps.below(len(_AROUND))]).body[0]
        inner = around.cases[0].body if isinstance(around, ast.Match) else getattr(around, "body")  # noqa: B009
        inner[:] = items[at : at + 1 + steps.below(4)]
        items[at : at + len(inner)] = [around]


_CHANGES = (_replace, _odd, _odd, _swap, _delete, _delete, _double, _insert, _enclose)
