"""Frozen dataclasses that cost little: mypy alone keeps them from being assigned to.

The constructor of a dataclass that freezes itself takes three times as long, which was a tenth of a whole run.
Comparing, hashing and showing are not compiled for each class but shared, which was half of importing the analysis.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar

_Class = TypeVar("_Class", bound=type)

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool = False, eq: bool = True, **options: Any) -> Callable[[_Class], _Class]:  # noqa: ANN401
        """A dataclass that compares, hashes and shows itself like a frozen one."""

        def made(cls: _Class) -> _Class:
            found = dataclasses.dataclass(eq=False, repr=False, **options)(cls)
            if "__repr__" not in vars(found):
                found.__repr__ = _repr
            if eq:
                _compare(found, hashed=frozen)
            return found

        return made


def _compare(cls: Any, *, hashed: bool) -> None:  # noqa: ANN401  any class
    """Give a class the comparison by its fields, and a hash by them; what it defines itself stays."""
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    content: Callable[[object], object] = attrgetter(*names) if names else _nothing
    own = vars(cls)

    def equals(self: object, other: object) -> bool:
        return content(self) == content(other) if other.__class__ is self.__class__ else NotImplemented

    def digest(self: object) -> int:
        return hash(content(self))

    if "__eq__" not in own:
        cls.__eq__ = equals
    if own.get("__hash__") is None:
        cls.__hash__ = digest if hashed else None


def _nothing(_: object) -> tuple[()]:
    return ()


@recursive_repr()
def _repr(self: Any) -> str:  # noqa: ANN401  any of these classes
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


__all__ = ["dataclass"]
