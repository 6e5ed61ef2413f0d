"""Worlds: options exclude each other, and an operation is looked at in a bounded number of them."""

from __future__ import annotations

import random
from itertools import product

import pytest

from lossguard.static.values import Choice, Const, Guard, Literal, Unknown, Value
from lossguard.static.worlds import MAX_WORLDS, NO_ASSUMPTION, Crowded, Worlds, exclusive

CONDITIONS = 4


def holds(guard: Guard, world: tuple[bool, ...]) -> bool:
    return all(world[literal.condition] is literal.holds for literal in guard)


@pytest.mark.parametrize("seed", range(50))
def test_each_world_has_the_first_option_that_it_allows(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  nothing secret
    options: list[tuple[Guard, Value]] = []
    for number in range(chance.randint(1, 4)):
        chosen = chance.sample(range(CONDITIONS), chance.randint(0, 3))
        options.append((frozenset(Literal(one, chance.random() < 0.5) for one in chosen), Const(number)))
    apart = exclusive(options)
    assert apart is not None
    for world in product([False, True], repeat=CONDITIONS):
        expected = next((value for guard, value in options if holds(guard, world)), None)
        found = [value for guard, value in apart if holds(guard, world)]
        assert found == ([] if expected is None else [expected])


def test_too_many_guards_are_refused() -> None:
    returns = [
        (frozenset(Literal(4 * number + one, holds=True) for one in range(4)), Const(number)) for number in range(4)
    ]
    assert exclusive([*returns, (NO_ASSUMPTION, Const(None))]) is None


def worlds() -> Worlds:
    return Worlds(lambda: 0, str, lambda: None)


def choices(among: Worlds, count: int) -> list[Choice]:
    literals = [among.literal(number, f"c{number}") for number in range(count)]
    return [Choice(((frozenset({one}), Const(1)), (frozenset({one.negated()}), Const(2)))) for one in literals]


def several(among: Worlds, name: str, count: int) -> Choice:
    """A choice of so many constants by conditions of its own."""
    literals = [among.literal((name, number), f"{name}{number}") for number in range(count)]
    apart = exclusive((frozenset({one}), Const(one.condition)) for one in literals)
    assert apart is not None
    return Choice(tuple(apart))


def test_an_operation_runs_once_in_each_world() -> None:
    among = worlds()
    given = choices(among, 3)
    seen: list[tuple[Value, ...]] = []

    def operation() -> Value:
        seen.append(tuple(map(among.pick, given)))
        return Const(len(seen))

    assert isinstance(among.explore(operation), Choice)
    assert len(seen) == len(set(seen)) == 8


def test_what_too_many_worlds_write_is_unknown() -> None:
    among = worlds()
    given = [several(among, f"a{number}", 8) for number in range(3)]
    state: dict[str, Value] = {"x": Const(0)}
    runs = 0

    def operation() -> Value:
        nonlocal runs
        runs += 1
        among.write(state, "x", Const(runs))
        return Const(sum(bool(among.pick(value)) for value in given))

    with pytest.raises(Crowded):
        among.explore(operation)
    assert runs < 2 * MAX_WORLDS
    assert isinstance(state["x"], Unknown)
    assert not among.path
