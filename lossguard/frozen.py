"""Frozen dataclasses for values that are made by the hundred thousand: mypy alone keeps them from being assigned to.

The constructor of a dataclass that freezes itself takes three times as long, which was a tenth of a whole run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

_Class = TypeVar("_Class", bound=type)

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool = False, eq: bool = True, **options: Any) -> Callable[[_Class], _Class]:  # noqa: ANN401
        """A dataclass that compares and hashes like a frozen one."""

        def made(cls: _Class) -> _Class:
            hashed = frozen and eq and "__hash__" not in vars(cls)
            return dataclasses.dataclass(eq=eq, unsafe_hash=hashed, **options)(cls)

        return made


__all__ = ["dataclass"]
