"""Assignment: names, attributes, elements and nested targets bound to values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from lossguard.static import imports
from lossguard.static.machine import Machine, key_of
from lossguard.static.subscripts import index_value, item, sequence, stored_name
from lossguard.static.values import (
    NONE,
    Api,
    Array,
    Class,
    Const,
    Dict,
    Guard,
    Instance,
    Lazy,
    List,
    Many,
    Model,
    Native,
    Pairs,
    Scope,
    Site,
    Table,
    Tensor,
    Tuple,
    Unknown,
    Value,
)


def assign(machine: Machine, target: ast.expr, value: Value, scope: Scope) -> None:
    """Bind a target, simple or nested, to a value."""
    match target:
        case ast.Name(id=name):
            assign_name(machine, name, value, scope)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            _unpack(machine, elements, value, scope, Site(scope.module, target))
        case ast.Attribute(value=owner, attr=attr):
            set_attribute(machine, machine.evaluate(owner, scope), attr, value)
        case ast.Subscript():
            _set_item(machine, target, value, scope)
        case ast.Starred(value=inner):
            assign(machine, inner, value, scope)


def assign_name(machine: Machine, name: str, value: Value, scope: Scope) -> None:
    """Bind a name where `global` and `nonlocal` say."""
    machine.worlds.write(_names(scope, name), name, value)


def _names(scope: Scope, name: str) -> dict[str, Value]:
    if name in scope.globals:
        return scope.module.scope.names
    if name in scope.nonlocals:
        outer = scope.parent
        while outer is not None and name not in outer.names:
            outer = outer.parent
        if outer is not None:
            return outer.names
    return scope.names


def _unpack(machine: Machine, elements: Sequence[ast.expr], value: Value, scope: Scope, site: Site) -> None:
    count = len(elements)
    starred = next((i for i, element in enumerate(elements) if isinstance(element, ast.Starred)), None)
    parts: list[list[tuple[Guard, Value]]] = [[] for _ in elements]
    options = machine.worlds.options(value)
    for guard, option in options:
        if option == NONE and len(options) > 1:
            continue  # a world in which this raises
        for i, part in enumerate(_parts(machine, option, count, starred, site)):
            parts[i].append((guard, part))
    for element, found in zip(elements, parts, strict=True):
        part = machine.worlds.join(found) if found else machine.unknown("no branch reaches here", site)
        assign(machine, element, part, scope)


def _parts(machine: Machine, value: Value, count: int, starred: int | None, site: Site) -> list[Value]:
    if isinstance(value, Tensor):
        return [machine.unknown("a part of a tensor", site) for _ in range(count)]
    contents = sequence(machine, value)
    if isinstance(contents, Tuple) and starred is None and len(contents.items) == count:
        return list(contents.items)
    if isinstance(contents, Tuple) and starred is not None and len(contents.items) >= count - 1:
        after = count - starred - 1
        middle = contents.items[starred : len(contents.items) - after]
        gathered = List(site, machine.serial(), {"items": Tuple(middle)})
        return [*contents.items[:starred], gathered, *contents.items[len(contents.items) - after :]]
    return [item(machine, value, Const(i), site) for i in range(count)]


def set_attribute(machine: Machine, owner: Value, name: str, value: Value) -> None:
    """`owner.name = value` in every world that the assumptions allow."""
    for guard, option in machine.worlds.options(owner):
        with machine.worlds.assuming(guard):
            match option:
                case Instance() | Model() | Native():
                    stored = value
                    if guard:
                        old = option.fields.get(name, machine.unknown(f"{name} differs between branches"))
                        stored = machine.worlds.join([(guard, value), (frozenset(), old)]) if old == value else old
                    machine.write(option, name, stored)
                case Table(columns=Dict() as columns):
                    _set_key(machine, columns, Const(name), value)
                case Unknown() | Api():
                    machine.worlds.write(machine.attributes, stored_name("attribute", key_of(option), name), value)
                case Lazy(path=path, name=None):
                    imports.namespace(machine, path)
                    module = machine.program.load(path)
                    if module is not None:
                        machine.worlds.write(module.scope.names, name, value)
                case Class():
                    machine.worlds.write(option.namespace, name, value)


def _set_item(machine: Machine, target: ast.Subscript, value: Value, scope: Scope) -> None:
    owner = machine.evaluate(target.value, scope)
    place = index_value(machine, target.slice, scope)
    index = None if isinstance(target.slice, ast.Tuple) else place
    for _, option in machine.worlds.options(owner):
        match option:
            case Dict():
                _set_key(machine, option, index, value)
            case List():
                _set_element(machine, option, index, value)
            case Array() if isinstance(target.value, (ast.Name, ast.Attribute)):
                filled = _with_elements(machine, option, place, value, Site(scope.module, target))
                assign(machine, target.value, filled, scope)
            case Table(columns=Dict() as columns):
                _set_key(machine, columns, None if option.indexer else index, value)
            case Unknown(key=key) if index is not None and (inner := key_of(index)) is not None:
                machine.worlds.write(machine.attributes, stored_name("item", key, inner), value)


Filling = Callable[[Machine, Array, Value, Value, Site], Value | None]
_filling: list[Filling] = []


def filling(overload: Filling) -> Filling:
    """Register what an array is after its elements at some index were set; None where that is not known."""
    _filling.append(overload)
    return overload


def _with_elements(machine: Machine, array: Array, index: Value, value: Value, site: Site) -> Value:
    for overload in _filling:
        found = overload(machine, array, index, value, site)
        if found is not None:
            return found
    return machine.unknown("some of its elements are set", site)


def _set_key(machine: Machine, target: Dict, index: Value | None, value: Value) -> None:
    pairs = target.fields["items"]
    if isinstance(pairs, Pairs) and index is not None and key_of(index) is not None and not machine.summarising:
        known = dict(pairs.items)
        known[index] = value
        machine.write(target, "items", Pairs(tuple(known.items()), pairs.complete))
    else:
        machine.write(target, "items", Pairs((), complete=False))


def _set_element(machine: Machine, target: List, index: Value | None, value: Value) -> None:
    contents = target.fields["items"]
    match contents, index:
        case Tuple(items=elements), Const(value=int() as number) if -len(elements) <= number < len(elements):
            changed = list(elements)
            changed[number] = value
            machine.write(target, "items", Tuple(tuple(changed)))
        case _:
            machine.write(target, "items", Many(machine.unknown("the list is changed at an unknown place")))
