"""How a file reaches `keras.losses` and `keras.metrics`: by which prefix, or by which new import."""

from __future__ import annotations

import re

import libcst as cst

from lossguard.frozen import dataclass
from lossguard.static import lossless
from lossguard.static.layout import Change, Layout, NoFix

_TF_KERAS = re.compile(r"\b(?:tf|tensorflow)\.keras\b")
_ROOTS = ("tensorflow.keras", "tf_keras", "keras")


@dataclass(frozen=True, slots=True)
class _Prefix:
    """An expression for the module that is wanted, and the Keras that it belongs to."""

    root: str
    text: str


def spelled(layout: Layout, space: str, name: str) -> tuple[str, list[Change]]:
    """An expression for `keras.<space>.<name>` in this file, and the change of its imports that it needs."""
    roots = _roots(layout)
    found = list(_prefixes(layout, space))
    if len(roots) > 1 or any(one.source.startswith("tensorflow.python") for one in layout.imported):
        raise NoFix
    wanted = next(iter(roots)) if roots else "tensorflow.keras"
    for one in layout.imported:
        if one.source == f"{wanted}.{space}" and one.bound == name and layout.is_at_top(one.statement):
            return name, []
    for prefix in sorted(found, key=lambda one: one.text.count(".")):
        if prefix.root == wanted:
            return f"{prefix.text}.{name}", []
    return name, [_import(layout, wanted, space, name)]


def _import(layout: Layout, root: str, space: str, name: str) -> Change:
    """A new name in the import of its module, or else a new import before the first one of the same Keras."""
    if name in layout.names:
        raise NoFix
    for one in reversed(layout.imported):
        if one.source == f"{root}.{space}" and layout.is_at_top(one.statement):
            end = layout.span(one.alias)[1]
            if layout.text[:end].endswith(","):
                break
            return Change(end, end, f", {name}")
    for one in layout.imported:
        if _root(one.source) == root and layout.is_at_top(one.statement):
            start = layout.span(one.statement)[0]
            return Change(start, start, f"from {root}.{space} import {name}{layout.tree.default_newline}")
    raise NoFix


def _root(module: str) -> str | None:
    return next((root for root in _ROOTS if module == root or module.startswith(f"{root}.")), None)


def _roots(layout: Layout) -> set[str]:
    """Which Keras the file uses."""
    found = {_root(one.source) for one in layout.imported}
    found |= {
        "tensorflow.keras" for one in layout.imported if one.source == "tensorflow" and _name(one.alias) == "keras"
    }
    found |= {_root(_name(alias)) for statement in layout.imports for alias in statement.names}
    if _TF_KERAS.search(layout.text):
        found.add("tensorflow.keras")
    return {root for root in found if root is not None}


def _prefixes(layout: Layout, space: str) -> list[_Prefix]:
    found = []
    for statement in layout.imports:
        for alias in statement.names if layout.is_at_top(statement) else ():
            name = _name(alias)
            bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else None
            if name == "tensorflow":
                found.append(_Prefix("tensorflow.keras", f"{bound or name}.keras.{space}"))
            elif name in _ROOTS:
                found.append(_Prefix(name, f"{bound or name}.{space}"))
            elif (root := _root(name)) is not None and name == f"{root}.{space}":
                found.append(_Prefix(root, bound or name))
    for one in layout.imported:
        if not layout.is_at_top(one.statement):
            continue
        if one.source == "tensorflow" and _name(one.alias) == "keras":
            found.append(_Prefix("tensorflow.keras", f"{one.bound}.{space}"))
        elif one.source in _ROOTS and _name(one.alias) == space:
            found.append(_Prefix(one.source, one.bound))
    return found


def _name(alias: cst.ImportAlias) -> str:
    return lossless.dotted(alias.name) or ""
