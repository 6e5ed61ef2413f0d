"""Our frozen dataclasses behave like those of the standard library, but for who keeps them from being assigned to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

import pytest

from lossguard import frozen


def family(dataclass: Callable[..., Any]) -> dict[str, Any]:
    @dataclass(frozen=True, slots=True)
    class Plain:
        units: int
        name: str = "dense"

    @dataclass(frozen=True, slots=True)
    class Empty:
        pass

    @dataclass(frozen=True, slots=True)
    class Inherits(Plain):
        bias: bool = field(kw_only=True)

    @dataclass(frozen=True, slots=True)
    class Partial:
        units: int
        node: object = field(default=None, compare=False)
        note: str = field(default="", repr=False)

    @dataclass(frozen=True, slots=True)
    class Owned:
        units: int

        def __hash__(self) -> int:
            return 7

    @dataclass(frozen=True, slots=True, eq=False)
    class ByIdentity:
        units: int

    @dataclass(slots=True)
    class Mutable:
        units: int

    return {cls.__name__: cls for cls in (Plain, Empty, Inherits, Partial, Owned, ByIdentity, Mutable)}


OURS, THEIRS = family(frozen.dataclass), family(dataclasses.dataclass)

PAIRS = {
    "equal": lambda made: (made["Plain"](1), made["Plain"](1)),
    "unequal": lambda made: (made["Plain"](1), made["Plain"](1, "output")),
    "nothing in it": lambda made: (made["Empty"](), made["Empty"]()),
    "of another class": lambda made: (made["Plain"](1), made["Inherits"](1, bias=True)),
    "inherited fields": lambda made: (made["Inherits"](1, bias=True), made["Inherits"](2, bias=True)),
    "a field left out": lambda made: (made["Partial"](1, object(), "a"), made["Partial"](1, object(), "a")),
    "a hash of its own": lambda made: (made["Owned"](1), made["Owned"](1)),
    "by identity": lambda made: (made["ByIdentity"](1), made["ByIdentity"](1)),
    "another kind": lambda made: (made["Plain"](1), (1, "dense")),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_compared_and_hashed_alike(pair: Callable[[dict[str, Any]], tuple[Any, Any]]) -> None:
    (one, other), (known, known_other) = pair(OURS), pair(THEIRS)
    assert (one == other) == (known == known_other)
    assert (hash(one) == hash(other)) == (hash(known) == hash(known_other))


def test_what_may_change_has_no_hash() -> None:
    assert OURS["Mutable"](1) == OURS["Mutable"](1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(OURS["Mutable"](1))


def test_shown_matched_and_replaced_alike() -> None:
    for made in (OURS, THEIRS):
        one = made["Inherits"](3, "output", bias=False)
        assert repr(one).endswith("Inherits(units=3, name='output', bias=False)")
        assert repr(made["Partial"](3, "node", "note")).endswith("Partial(units=3, node='node')")
        assert replace(one, units=4) == made["Inherits"](4, "output", bias=False)
        assert made["Inherits"].__match_args__ == ("units", "name")
        assert not hasattr(one, "__dict__")


def test_what_holds_itself_can_be_shown() -> None:
    @frozen.dataclass(frozen=True, slots=True)
    class Node:
        inner: list[object]

    node = Node([])
    node.inner.append(node)
    assert "..." in repr(node)
