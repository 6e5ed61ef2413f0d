"""Arrays of labels: what is known of one, where a literal spells it out, and how library functions take it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import replace

from lossguard.facts import EncodedAgain, Encoding, Labels, Width
from lossguard.static import tensors  # noqa: F401  so that its models are there: they stay for what is no array
from lossguard.static.functions import FUNCTIONS, Call
from lossguard.static.machine import Machine, key_of
from lossguard.static.operators import items_of
from lossguard.static.values import (
    NONE,
    Array,
    Const,
    List,
    Many,
    Site,
    Truth,
    Tuple,
    Value,
    derived,
)

BINARY_CLASSES = 2
COLUMN_RANK = 2
ONE_PER_SAMPLE = frozenset({Encoding.INTEGER, Encoding.BINARY, Encoding.SIGNED, Encoding.CONTINUOUS, Encoding.STRING})
PER_CLASS = frozenset({Encoding.ONE_HOT, Encoding.MULTI_HOT, Encoding.DISTRIBUTION})


def made(
    site: Site, encoding: Encoding, key: Hashable, source: str, *, classes: Width | None = None,
    width: Width | None = None, rank: int | None = None, low: float | None = None, high: float | None = None,
    dtype: str | None = None, elements: Tuple | None = None,
) -> Array:  # fmt: skip
    """An array of labels made here."""
    labels = Labels(encoding, site, classes or Width(), width or Width(), rank, low, high, dtype, source)
    return Array(labels, key, elements)


def changed(array: Array, **changes: object) -> Array:
    """The array with its labels changed; the place they come from stays."""
    return Array(replace(array.labels, **changes), array.key)  # type: ignore[arg-type]


def plain(machine: Machine, array: Array) -> Array:
    """An array of which only the key is left."""
    return changed(
        array, encoding=Encoding.UNKNOWN, classes=Width(), width=Width(), rank=None, low=None, high=None, again=None
    )


def again(machine: Machine, array: Array, first: Value, site: Site) -> Array:
    """The array with the note that this encoding of `first` added an axis to two that were there."""
    if not isinstance(first, Array) or first.labels.rank != COLUMN_RANK:
        return array
    column = first.labels.encoding in ONE_PER_SAMPLE and first.labels.width.size == 1
    rows = first.labels.encoding in PER_CLASS and first.labels.width.is_(1) is not True
    if not column and not rows:
        return array
    return changed(array, rank=COLUMN_RANK + 1, again=EncodedAgain(first.labels, site, machine.text(site)))


def is_whole(labels: Labels) -> bool:
    """Whether the labels are known to be whole numbers."""
    return labels.encoding in {Encoding.INTEGER, Encoding.BINARY} or (labels.dtype or "").startswith("int")


# literals


def as_array(machine: Machine, value: Value, site: Site | None = None) -> Value:
    """The labels that a Python list of constants spells out; other values as they are."""
    if isinstance(value, Array):
        return value
    contents = items_of(machine, value)
    where = site or (value.site if isinstance(value, List) else None)
    if isinstance(contents, Many) and where is not None:
        return _of_options(machine, contents.element, where) or value
    if not isinstance(contents, Tuple) or not contents.items or where is None:
        return value
    rows = [items_of(machine, machine.pick(entry)) for entry in contents.items]
    flat = _numbers(rows)
    if flat is not None:
        return _literal(machine, flat, where, Tuple(tuple(rows)))
    table = [_numbers(list(row.items)) if isinstance(row, Tuple) else None for row in rows]
    known = [row for row in table if row]
    if len(known) != len(table) or len({len(row) for row in known}) != 1:
        return value
    return _table(machine, known, where)


def _of_options(machine: Machine, element: Value, site: Site) -> Array | None:
    """`[index_of[name] for name in names]`, `[1 if ... else 0 for ...]`: whatever each label may be."""
    options = [element] if isinstance(element, Truth) else machine.worlds.in_rounds(element)
    found = constants(options)
    numbers = {value for value in found or () if isinstance(value, int)}
    if found is None or len(numbers) < len(found) or len(numbers) < BINARY_CLASSES:
        return None
    encoding, classes = encoding_of(numbers)
    if encoding is Encoding.UNKNOWN:
        return None
    key, text = ("made", machine.serial()), machine.text(site)
    return made(site, encoding, key, text, rank=1, low=min(numbers), high=max(numbers), classes=classes)


def constants(values: Sequence[Value]) -> set[object] | None:
    """The constants among which a value is, True and False as 1 and 0; None where it may be something else."""
    if any(isinstance(value, Truth) for value in values):
        return {0, 1} if all(isinstance(value, Truth) for value in values) else None
    found = [
        int(value.value) if isinstance(value.value, bool) else value.value
        for value in values
        if isinstance(value, Const)
    ]
    return set(found) if len(found) == len(values) else None


def _numbers(entries: Sequence[Value]) -> list[float | str] | None:
    found = [
        entry.value for entry in entries if isinstance(entry, Const) and isinstance(entry.value, (int, float, str))
    ]
    return found if len(found) == len(entries) else None


def _literal(machine: Machine, numbers: list[float | str], site: Site, elements: Tuple | None, rank: int = 1) -> Array:
    key = ("literal", id(site.node))
    text = machine.text(site)
    width = Width(1) if rank > 1 else None
    if any(isinstance(number, str) for number in numbers):
        return made(site, Encoding.STRING, key, text, rank=rank, elements=elements, classes=Width(len(set(numbers))))
    values = {number for number in numbers if not isinstance(number, str)}
    encoding, classes = encoding_of(values)
    low, high = min(values), max(values)
    return made(
        site, encoding, key, text, rank=rank, low=low, high=high, width=width, classes=classes, elements=elements
    )


def encoding_of(values: Collection[float]) -> tuple[Encoding, Width]:
    """How labels of these values, one per sample, are written down, and the number of their classes."""
    low, high = min(values), max(values)
    if any(not float(number).is_integer() for number in values):
        return Encoding.CONTINUOUS, Width()
    if set(values) <= {0, 1}:
        return Encoding.BINARY, Width(BINARY_CLASSES)
    if set(values) == {-1, 1}:
        return Encoding.SIGNED, Width(BINARY_CLASSES)
    if low >= 0 and len(set(values)) == high - low + 1:
        return Encoding.INTEGER, Width(int(high - low) + 1)
    return Encoding.UNKNOWN, Width()


def _table(machine: Machine, rows: list[list[float | str]], site: Site) -> Value:
    if len(rows[0]) == 1:
        return _literal(machine, [row[0] for row in rows], site, None, rank=2)
    key, text, width = ("literal", id(site.node)), machine.text(site), Width(len(rows[0]))
    numbers = [[number for number in row if not isinstance(number, str)] for row in rows]
    values = {number for row in numbers for number in row}
    encoding = Encoding.UNKNOWN
    if values <= {0, 1} and any(values):
        encoding = Encoding.ONE_HOT if all(sum(row) == 1 for row in numbers) else Encoding.MULTI_HOT
    classes = width if encoding is Encoding.ONE_HOT else None
    return made(site, encoding, key, text, rank=2, width=width, classes=classes)


def for_arrays(names: Sequence[str], handler: Callable[[Call, Value], Value | None]) -> None:
    """Give library functions a model for arrays; for other arguments the model that they had stays."""
    for name in names:
        before = FUNCTIONS.get(name)
        FUNCTIONS[name] = _either(handler, before)


def _either(
    handler: Callable[[Call, Value], Value | None], before: Callable[[Call], Value] | None
) -> Callable[[Call], Value]:
    def model(request: Call) -> Value:
        first = (
            request.raw("", 0)
            if request.arguments.positional
            else next(iter(dict(request.arguments.keywords).values()), NONE)
        )
        value = as_array(request.machine, request.machine.pick(first), request.origin("", 0))
        found = handler(request, value)
        if found is not None:
            return found
        if before is not None:
            return before(request)
        from lossguard.static.functions import PREFIXED

        other = next((known for prefix, known in PREFIXED if request.name.startswith(prefix)), None)
        return other(request) if other is not None else request.unknown()

    return model


# classes


def key_for(machine: Machine, value: Value) -> Hashable:
    """The key of the classes in a value; a fresh one where it has none."""
    if isinstance(value, Array):
        return value.key
    found = key_of(value)
    return found if found is not None else ("fresh", machine.serial())


def class_count(machine: Machine, value: Value) -> Width:
    """The number of classes in labels, known or by symbol."""
    if isinstance(value, Array) and (value.labels.classes.size is not None or value.labels.classes.symbol is not None):
        return value.labels.classes
    return Width(symbol=derived("len", derived("unique", key_for(machine, value))), text="the number of classes")
