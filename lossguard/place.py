"""Where something stands: in a file, or in a cell of a notebook."""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """Row and column, both from 1; columns count characters."""

    row: int
    column: int


class Place(NamedTuple):
    """A stretch of source. `cell` counts a notebook's code cells from 1, `cell_index` all its cells;
    rows then count within the cell. `end` is exclusive."""

    filename: str
    start: Position
    end: Position
    cell: int | None = None
    cell_index: int | None = None
