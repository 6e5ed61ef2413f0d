"""Tables of pandas: which of their columns become labels, and in what shape."""

from __future__ import annotations

from collections.abc import Hashable

from lossguard.facts import Encoding, Width
from lossguard.static import encoders as _encoders  # noqa: F401 - its model of `get_dummies` is wrapped here
from lossguard.static.array_functions import expanded
from lossguard.static.arrays import as_array, constants, made
from lossguard.static.functions import ATTRIBUTES, FUNCTIONS, Call, call, function, method
from lossguard.static.machine import Machine, key_of
from lossguard.static.operators import items_of, overload
from lossguard.static.subscripts import is_slice, items
from lossguard.static.values import (
    FALSE,
    NONE,
    Arguments,
    Array,
    Const,
    Dict,
    Function,
    Native,
    Pairs,
    Site,
    Table,
    Tuple,
    Unknown,
    Value,
    derived,
)


def _table(machine: Machine, key: Hashable, site: Site, columns: Pairs | None = None) -> Table:
    """A table of its own, with the columns that are known."""
    return Table(key, columns=Dict(site, machine.serial(), {"items": columns or Pairs((), complete=False)}))


def _columns(machine: Machine, table: Table) -> Pairs:
    found = machine.pick(machine.field(table.columns, "items")) if table.columns is not None else NONE
    return found if isinstance(found, Pairs) else Pairs((), complete=False)


def _forget(machine: Machine, table: Table) -> None:
    """Nothing is known of the columns any more."""
    if table.columns is not None:
        machine.write(table.columns, "items", Pairs((), complete=False))


_READERS = (
    "clipboard",
    "csv",
    "excel",
    "feather",
    "fwf",
    "gbq",
    "json",
    "orc",
    "parquet",
    "sas",
    "spss",
    "sql",
    "sql_query",
    "sql_table",
    "stata",
    "table",
)


@function(*(f"pandas.read_{kind}" for kind in _READERS), "pandas.DataFrame")
def _read(request: Call) -> Value:
    machine = request.machine
    data = request.get("data", 0) if request.name.endswith("DataFrame") else None
    known = machine.pick(machine.field(data, "items")) if isinstance(data, Dict) else NONE
    columns = known if isinstance(known, Pairs) and request.get("columns", 2) is None else None
    return _table(machine, ("table", machine.serial()), request.site, columns)


@function("pandas.concat")
def _concat(request: Call) -> Value:
    parts = items_of(request.machine, request.get("objs", 0) or NONE)
    if isinstance(parts, Tuple) and parts.items:
        picked = [request.machine.pick(part) for part in parts.items]
        if isinstance(picked[0], Table) and all(isinstance(part, Table) for part in picked):
            return _table(request.machine, picked[0].key, request.site)
        if all(isinstance(part, Array) for part in picked) and request.get("axis", 1) in {None, Const(0)}:
            return picked[0] if all(part == picked[0] for part in picked) else request.unknown("columns put together")
    return request.unknown("tables put together")


def _dummies(request: Call) -> Value:
    """`get_dummies(table)`: other columns than before."""
    machine = request.machine
    data = machine.pick(request.raw("data", 0) or NONE)
    return (
        _table(machine, ("table", machine.serial()), request.site) if isinstance(data, Table) else _of_column(request)
    )


_of_column = FUNCTIONS["pandas.get_dummies"]
FUNCTIONS["pandas.get_dummies"] = _dummies


@function("numpy.loadtxt", "numpy.genfromtxt")
def _load_text(request: Call) -> Value:
    return Table(("table", request.machine.serial()), plain=True)


_OF_ROWS = ["dropna", "sample", "copy", "reset_index", "sort_values", "drop_duplicates", "head", "tail", "drop"]
"""Methods that leave the columns as they are, or leave some of them out."""

_KEEPING = [
    *_OF_ROWS,
    "fillna",
    "astype",
    "rename",
    "query",
    "assign",
    "set_index",
    "replace",
    "interpolate",
    "ffill",
    "bfill",
    "reindex",
    "merge",
    "join",
    "select_dtypes",
]


@method(Table, *_KEEPING)
def _kept(request: Call) -> Value:
    table, machine = request.receiver, request.machine
    assert isinstance(table, Table)
    keeps = request.name in _OF_ROWS
    if request.get("inplace") not in {None, FALSE}:
        if not keeps:
            _forget(machine, table)
        return table
    return _table(machine, table.key, request.site, _columns(machine, table) if keeps else None)


@method(Table, "to_numpy", "numpy", "as_matrix", "get_values")
def _values(request: Call) -> Value:
    assert isinstance(request.receiver, Table)
    return Table(request.receiver.key, plain=True)


@method(Table, "pop", "get")
def _pop(request: Call) -> Value:
    assert isinstance(request.receiver, Table)
    return _column(request.machine, request.receiver, request.get("item", 0) or NONE, request.site)


@method(Table, "*")
def _other(request: Call) -> Value:
    return request.unknown("a method of a table")


def _column(machine: Machine, table: Table, name: Value, site: Site) -> Array:
    known = next((value for key, value in _columns(machine, table).items if key == name), None)
    if known is not None:
        column = as_array(machine, machine.pick(known), site)
        if isinstance(column, Array):
            return column
    inner = key_of(name)
    key: Hashable = derived("item", table.key, inner) if inner is not None else ("fresh", machine.serial())
    return made(site, Encoding.UNKNOWN, key, machine.text(site), rank=1)


_ATTRIBUTES = frozenset({"columns", "shape", "index", "dtypes", "size", "str", "ndim"})


def _attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    assert isinstance(owner, Table)
    match name:
        case "values":
            return Table(owner.key, plain=True)
        case "iloc" | "loc" | "ix" | "at":
            return Table(owner.key, owner.plain, name, owner.columns)
        case "T":
            return machine.unknown("a transposed table", site)
        case _ if name in _ATTRIBUTES:
            return machine.unknown(f"{name} of a table", site, derived("attribute", owner.key, name))
    if owner.plain or name in _TABLE_METHODS or name.startswith("_"):
        return None
    return _column(machine, owner, Const(name), site)


_TABLE_METHODS = frozenset(
    (
        *_KEEPING,
        "to_numpy",
        "numpy",
        "as_matrix",
        "get_values",
        "pop",
        "get",
        "describe",
        "info",
        "groupby",
        "apply",
        "plot",
        "hist",
        "corr",
        "mean",
        "std",
        "min",
        "max",
        "sum",
        "count",
        "isnull",
        "isna",
        "notnull",
        "iterrows",
        "itertuples",
        "to_csv",
        "append",
        "applymap",
        "map",
        "items",
        "keys",
        "pivot",
        "pivot_table",
        "melt",
        "stack",
        "median",
        "mode",
        "nunique",
        "value_counts",
        "insert",
        "update",
        "where",
        "mask",
        "agg",
        "aggregate",
        "transform",
        "boxplot",
        "to_dict",
        "eval",
        "filter",
        "any",
        "all",
        "cumsum",
        "diff",
        "shift",
        "rolling",
        "round",
        "clip",
        "nlargest",
        "nsmallest",
        "quantile",
        "var",
        "skew",
        "abs",
        "equals",
        "explode",
        "style",
        "memory_usage",
    )
)

ATTRIBUTES[Table] = _attribute


@items
def _item(machine: Machine, owner: Value, index: Value, site: Site) -> Value | None:
    if not isinstance(owner, Table):
        return None
    if isinstance(index, Tuple) and not is_slice(index) and len(index.items) == 2:  # noqa: PLR2004
        return _of_columns(machine, owner, index.items[0], index.items[1], site)
    if owner.plain or owner.indexer:
        return _rows(machine, owner, site) if not isinstance(index, Const) else machine.unknown("a row", site)
    if isinstance(index, Const):
        return _column(machine, owner, index, site)
    names = items_of(machine, index)
    if isinstance(names, Tuple) and not is_slice(index):
        if len(names.items) == 1:
            return expanded(_column(machine, owner, names.items[0], site), Const(1))
        return _table(machine, _part(machine, owner, names), site)
    if isinstance(index, Unknown) and not _is_mask(index):
        return machine.unknown("a part of a table", site, derived("item", owner.key, index.key))
    return _rows(machine, owner, site)


def _rows(machine: Machine, owner: Table, site: Site) -> Table:
    """Some rows of a table; those that are left out may be all of a class."""
    return Table(owner.key, owner.plain) if owner.plain else _table(machine, owner.key, site)


def _part(machine: Machine, table: Table, columns: Value) -> Hashable:
    """The key of some columns of a table."""
    key = key_of(columns)
    return derived("item", table.key, key if key is not None else machine.serial())


def _is_mask(index: Unknown) -> bool:
    return "compare" in str(getattr(index.key, "parts", ""))[:40]


def _of_columns(machine: Machine, owner: Table, rows: Value, columns: Value, site: Site) -> Value:
    """`values[:, 4]`, `iloc[:, :-1]`, `loc[:, 'y']`."""
    if isinstance(rows, Const):
        return machine.unknown("a row of a table", site)
    if isinstance(columns, Const) and columns != NONE:
        return _column(machine, owner, columns, site)
    names = items_of(machine, columns)
    if isinstance(names, Tuple) and not is_slice(columns) and len(names.items) == 1:
        return expanded(_column(machine, owner, names.items[0], site), Const(1))
    if is_slice(columns) or isinstance(names, Tuple):
        return Table(_part(machine, owner, columns), plain=True)
    return machine.unknown("a part of a table", site)


# what people do to columns


@method(Array, "map", "replace", "apply")
def _map(request: Call) -> Value:
    """New labels for old: by a dict, or by a function that gives constants."""
    machine = request.machine
    assert isinstance(request.receiver, Array)
    labels = request.receiver.labels
    given = request.get("arg", 0) or request.get("to_replace") or request.get("func") or NONE
    found: set[object] | None = None
    if isinstance(given, Dict):
        pairs = machine.pick(given.fields["items"])
        if isinstance(pairs, Pairs) and pairs.complete:
            found = constants([value for _, value in pairs.items])
            strings = all(isinstance(key, Const) and isinstance(key.value, str) for key, _ in pairs.items)
            found = found if request.name == "map" or strings else None
    elif isinstance(given, Function) and request.name != "replace":
        probe = machine.unknown("an element of a column", request.site)
        result = call(machine, given, Arguments((probe,)), request.site, request.scope)
        found = constants([option for _, option in machine.worlds.options(result)])
    else:
        old, new = (items_of(machine, request.get(name, i) or NONE) for i, name in enumerate(("to_replace", "value")))
        if (
            isinstance(old, Tuple)
            and isinstance(new, Tuple)
            and all(isinstance(v, Const) and isinstance(v.value, str) for v in old.items)
        ):
            found = constants(list(new.items))
    key = ("made", machine.serial())
    text = machine.text(request.site)
    if not found or not all(isinstance(value, int) for value in found):
        return made(request.site, Encoding.UNKNOWN, key, text, rank=labels.rank, width=labels.width)
    numbers = sorted(int(value) for value in found if isinstance(value, int))
    low, high = numbers[0], numbers[-1]
    if set(numbers) <= {0, 1}:
        encoding = Encoding.BINARY
    elif numbers == [-1, 1]:
        encoding = Encoding.SIGNED
    elif low >= 0 and len(numbers) == high - low + 1:
        encoding = Encoding.INTEGER
    else:
        return made(request.site, Encoding.UNKNOWN, key, text, rank=labels.rank, width=labels.width)
    return made(
        request.site,
        encoding,
        key,
        text,
        rank=labels.rank,
        width=labels.width,
        low=low,
        high=high,
        classes=Width(len(numbers)),
    )


@method(Array, "fillna", "dropna", "str", "cat")
def _filled(request: Call) -> Value:
    return request.receiver


def _codes(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    assert isinstance(owner, Array)
    if name == "cat":
        made_ = Native("pandas.Categorical", Arguments(), site, machine.serial())
        machine.write(made_, "codes", made(site, Encoding.INTEGER, owner.key, machine.text(site), rank=1, low=0))
        return made_
    return _before(machine, owner, name, site)


_before = ATTRIBUTES[Array]
ATTRIBUTES[Array] = _codes


@overload
def _arithmetic(machine: Machine, symbol: str, left: Value, right: Value, site: Site) -> Value | None:
    table = left if isinstance(left, Table) else right if isinstance(right, Table) else None
    if table is None:
        return None
    return Table(table.key, table.plain) if symbol in "+-*/" else machine.unknown("a comparison of a table", site)
