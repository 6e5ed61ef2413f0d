"""Labels as facts: their encoding, their range and their classes, from the values themselves."""

# ruff: noqa: ANN401  (arrays)

from __future__ import annotations

from typing import Any

import numpy as np

from lossguard.facts import EncodedAgain, Encoding, Labels, Width
from lossguard.runtime.library import to_numpy
from lossguard.runtime.origins import Live

_CLOSE = 1e-3


def labels_of(value: Any, output_shape: tuple[int, ...] = (), *, whole: bool, source: str = "") -> Labels | None:
    """What these labels are; None where they are no array.

    `output_shape` is that of the output they belong to. `whole` says that these are all labels, not those
    of one batch, in which a class may be missing.
    """
    array = to_numpy(value)
    if array is None or array.ndim == 0 or not array.size:
        return None
    where = Live("labels", source, value)
    if array.dtype.kind in "OSUT":
        numbers = _as_numbers(array)
        if numbers is None and not all(isinstance(one, (str, bytes)) for one in array.flat):
            return None
        if numbers is None:
            return Labels(Encoding.STRING, where, rank=array.ndim, dtype=str(array.dtype), source=source)
        array = numbers
    if array.dtype.kind not in "biuf":
        return None
    low, high = _bounds(array)
    encoding = _encoding(array, low, high, output_shape)
    width = Width(array.shape[-1]) if array.ndim > 1 else Width()
    classes = _classes(array, encoding, low, high, whole=whole)
    again = _again(array, encoding, output_shape, where, source) if array.ndim == len(output_shape) + 1 else None
    if again is not None:
        width = classes = Width()
    return Labels(encoding, where, classes, width, array.ndim, low, high, str(array.dtype), source, again)


def _again(
    array: Any, encoding: Encoding, output_shape: tuple[int, ...], where: Live, source: str
) -> EncodedAgain | None:
    """The encoding that gave these labels an axis more than the output has: of a column, or of one-hot labels."""
    if encoding is not Encoding.ONE_HOT or array.ndim < 3:  # noqa: PLR2004
        return None
    before = array.argmax(axis=-1)
    found = Encoding.INTEGER if before.shape[-1] == 1 else _encoding(before, 0.0, float(before.max()), output_shape)
    if found not in {Encoding.INTEGER, Encoding.ONE_HOT} or (before.shape[-1] > 1 and found is Encoding.INTEGER):
        return None
    first = Labels(found, where, width=Width(before.shape[-1]), rank=before.ndim, source=source)
    return EncodedAgain(first, where, source)


def _as_numbers(array: Any) -> Any:
    """Numbers that stand in a table of objects."""
    if array.dtype.kind != "O" or not all(isinstance(one, (bool, int, float, np.number)) for one in array.flat):
        return None
    return array.astype("float64")


def _bounds(array: Any) -> tuple[float | None, float | None]:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return None, None
    return float(array.min()), float(array.max())


def _encoding(array: Any, low: float | None, high: float | None, output_shape: tuple[int, ...]) -> Encoding:
    if low is None or high is None:
        return Encoding.UNKNOWN
    if array.dtype.kind == "f" and (array != np.round(array)).any():
        rows = array.ndim > 1 and array.shape[-1] > 1 and low >= 0
        if rows and np.allclose(array.sum(axis=-1, dtype="float64"), 1, atol=_CLOSE):
            return Encoding.DISTRIBUTION
        return Encoding.CONTINUOUS
    per_position = len(output_shape) > 2 and len(output_shape) == array.ndim + 1  # noqa: PLR2004
    columns = array.ndim > 1 and array.shape[-1] > 1 and not per_position
    if low == -1 and high == 1 and not columns and not (array == 0).any():
        return Encoding.SIGNED
    if low < 0 or high > 1:
        return Encoding.INTEGER
    if not columns:
        return Encoding.BINARY
    sums = array.sum(axis=-1, dtype="int64")
    if (sums == 1).all():
        return Encoding.ONE_HOT
    return Encoding.MULTI_HOT if (sums > 1).any() else Encoding.UNKNOWN


def _classes(array: Any, encoding: Encoding, low: float | None, high: float | None, *, whole: bool) -> Width:
    match encoding:
        case Encoding.BINARY | Encoding.SIGNED:
            return Width(2)
        case Encoding.ONE_HOT | Encoding.MULTI_HOT | Encoding.DISTRIBUTION:
            return Width(int(array.shape[-1]))
        case Encoding.INTEGER if low is not None and high is not None:
            occurring = int(np.unique(array).size)
            counted = int(high - low) + 1 if low in {0, 1} else occurring
            return Width(counted) if whole else Width(low=occurring)
    return Width()
