"""Elements of sequences, dicts and whatever else can be subscripted or run through."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable

from lossguard.static import operators
from lossguard.static.machine import Machine, key_of
from lossguard.static.values import (
    NONE,
    Api,
    Array,
    Const,
    Dataset,
    Dict,
    Guard,
    List,
    Many,
    Pairs,
    Scope,
    Site,
    Truth,
    Tuple,
    Unknown,
    Value,
    derived,
    numbered,
)

SLICE = Api("builtins.slice")


def index_value(machine: Machine, node: ast.expr, scope: Scope) -> Value:
    """What stands between the brackets; a slice is a tuple that begins with `SLICE`."""
    match node:
        case ast.Slice(lower=lower, upper=upper, step=step):
            bounds = [NONE if bound is None else machine.evaluate(bound, scope) for bound in (lower, upper, step)]
            return Tuple((SLICE, *bounds))
        case ast.Tuple(elts=elements):
            return Tuple(tuple(index_value(machine, element, scope) for element in elements))
    return machine.evaluate(node, scope)


Items = Callable[[Machine, Value, Value, Site], Value | None]
_item_overloads: list[Items] = []


def items(overload: Items) -> Items:
    """Register what a subscript does to values that are not plain Python: tensors, arrays, frames."""
    _item_overloads.append(overload)
    return overload


def is_slice(index: Value) -> bool:
    return isinstance(index, Tuple) and bool(index.items) and index.items[0] == SLICE


def item(machine: Machine, owner: Value, index: Value, site: Site) -> Value:
    """The value of `owner[index]`."""
    contents = operators.items_of(machine, owner)
    match contents, index:
        case Tuple(items=elements), Const(value=int() as number) if not isinstance(number, bool):
            if -len(elements) <= number < len(elements):
                return elements[number]
            return machine.unknown("the index is out of range", site)
        case Tuple(items=elements), Tuple() if is_slice(index):
            cut = _slice(index)
            if cut is not None:
                part = Tuple(elements[cut])
                return List(site, machine.serial(), {"items": part}) if isinstance(owner, List) else part
        case Tuple(items=elements), Unknown() if elements and all(element == elements[0] for element in elements):
            return elements[0]
        case Many(element=element), _:
            return contents if is_slice(index) else element
    if isinstance(owner, Dict):
        pairs = machine.pick(machine.field(owner, "items"))
        found = _dict_item(machine, pairs, index, site)
        if found is not None:
            return found
    if (
        isinstance(owner, Const)
        and isinstance(owner.value, str)
        and isinstance(index, Const)
        and isinstance(index.value, int)
    ):
        if -len(owner.value) <= index.value < len(owner.value):
            return Const(owner.value[index.value])
        return machine.unknown("the index is out of range", site)
    for overload in _item_overloads:
        value = overload(machine, owner, index, site)
        if value is not None:
            return value
    keys = key_of(owner), key_of(index)
    stored = machine.attributes.get(stored_name("item", keys[0], keys[1])) if None not in keys else None
    return stored or machine.unknown(
        "an element of an unknown value", site, None if None in keys else derived("item", *keys)
    )


def _dict_item(machine: Machine, pairs: Value, index: Value, site: Site) -> Value | None:
    if not isinstance(pairs, Pairs):
        return None
    value = pairs.get(index)
    if value is not None:
        return value
    if not isinstance(index, Unknown) or not pairs.complete or not pairs.items:
        return None
    options: list[tuple[Guard, Value]] = []
    for key, option in pairs.items:
        if not isinstance(key, Const):
            return None
        truth = operators.compare(machine, ast.Eq(), index, key, operators.Comparing(site, site))
        if isinstance(truth, Truth):
            options.append((frozenset({truth.literal}), option))
        elif truth == Const(True):
            return option
    return machine.worlds.join(options) if options else None


def _slice(index: Value) -> slice | None:
    assert isinstance(index, Tuple)
    bounds = [bound.value if isinstance(bound, Const) else ... for bound in index.items[1:]]
    if all(bound is None or isinstance(bound, int) for bound in bounds) and 0 not in bounds[2:]:
        return slice(*bounds)
    return None


def stored_name(kind: str, owner: Hashable, name: Hashable) -> str:
    """Where the machine keeps what the program wrote to an attribute or element of an unknown value."""
    return numbered(kind, owner, name)


def sequence(machine: Machine, value: Value) -> Value:
    """What a loop over the value runs through: a `Tuple` of its elements, a `Many`, or the value itself."""
    value = operators.items_of(machine, value)
    if isinstance(value, Dict):
        pairs = machine.pick(machine.field(value, "items"))
        if isinstance(pairs, Pairs) and pairs.complete:
            return Tuple(tuple(key for key, _ in pairs.items))
        return machine.unknown("the keys of the dict are unknown")
    if isinstance(value, Const) and isinstance(value.value, str):
        return Tuple(tuple(map(Const, value.value)))
    if isinstance(value, Array) and value.elements is not None:
        return value.elements
    return value


def element_of(machine: Machine, value: Value, site: Site) -> Value:
    """An element that stands for all of a sequence."""
    options = machine.worlds.options(value)
    value = sequence(machine, options[0][1]) if len(options) == 1 else value
    match value:
        case Tuple(items=elements) if elements and all(element == elements[0] for element in elements):
            return elements[0]
        case Many(element=element) | Dataset(element=element):
            return element
    return machine.unknown("an element of an unknown sequence", site)
