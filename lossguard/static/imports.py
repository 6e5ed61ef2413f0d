"""Import statements: library names become canonical, project files are loaded when first used."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from lossguard.catalog.names import canonical
from lossguard.static.machine import Frame, Machine
from lossguard.static.values import Api, Lazy, Scope, Unknown, Value


def import_modules(machine: Machine, node: ast.Import, scope: Scope) -> None:
    """`import a.b.c`, `import a.b as c`."""
    for alias in node.names:
        if alias.asname is not None:
            machine.worlds.write(scope.names, alias.asname, _module(machine, alias.name, scope))
        else:
            root = alias.name.partition(".")[0]
            machine.worlds.write(scope.names, root, _module(machine, root, scope))


def _module(machine: Machine, name: str, scope: Scope) -> Value:
    path = machine.program.find(name, scope.module)
    return Lazy(path, None, name) if path is not None else library(name)


def import_from(machine: Machine, node: ast.ImportFrom, scope: Scope) -> None:
    """`from a.b import c as d`, relative ones and `*`, too."""
    name, level = node.module or "", node.level
    path = machine.program.find(name, scope.module, level)
    if node.names[0].name == "*":
        _star(machine, name, level, path, scope)
        return
    for alias in node.names:
        found = _imported(machine, name, level, path, alias.name, scope)
        machine.worlds.write(scope.names, alias.asname or alias.name, found)


def _imported(machine: Machine, name: str, level: int, path: Path | None, imported: str, scope: Scope) -> Value:
    inner = machine.program.find(f"{name}.{imported}" if name else imported, scope.module, level)
    if path is None:
        if inner is not None:
            return Lazy(inner, None, f"{name}.{imported}")
        dotted = "." * level + (f"{name}.{imported}" if name else imported)
        return library(dotted)
    if inner is not None and path.name == "__init__.py" and inner != path:
        return Lazy(path, imported, f"{name}.{imported}", inner)
    return Lazy(path, imported, f"{name}.{imported}")


def _star(machine: Machine, name: str, level: int, path: Path | None, scope: Scope) -> None:
    if path is not None:
        names = namespace(machine, path)
        for key, value in (names or {}).items():
            if not key.startswith("_"):
                machine.worlds.write(scope.names, key, value)
        return
    if not level:
        scope.module.stars.append(canonical(name))


def namespace(machine: Machine, path: Path) -> dict[str, Value] | None:
    """The names of a project file after it has run; None where it can't be read."""
    module = machine.program.load(path)
    if module is None:
        return None
    if not module.loaded:
        module.loaded = True
        machine.frames.append(Frame(module))
        try:
            machine.execute(module.tree.body, module.scope)
        finally:
            machine.frames.pop()
    return module.scope.names


def resolve(machine: Machine, value: Lazy) -> Value:
    """What a lazily imported name stands for: a value, or the module itself."""
    if value.name is None:
        return value
    names = namespace(machine, value.path)
    if names is None:
        return Unknown(("import", str(value.path), value.name), f"{value.path.name} can't be read", value.name)
    found = names.get(value.name)
    if isinstance(found, Lazy) and found != value:
        return resolve(machine, found)
    if found is not None and not isinstance(found, Lazy):
        return found
    if value.submodule is not None:
        return Lazy(value.submodule, None, value.dotted)
    return Unknown(("import", str(value.path), value.name), f"{value.path.name} does not define it", value.name)


@cache
def library(dotted: str) -> Api:
    """A library name under its one canonical spelling."""
    return Api(canonical(dotted))
