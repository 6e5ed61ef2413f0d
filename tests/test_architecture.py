"""The walls of the house: imports go one way, and only some rooms may touch some libraries."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lossguard"

ALLOWED = {
    "frozen": set(),
    "facts": {"frozen"},
    "levels": set(),
    "place": set(),
    "findings": {"facts", "frozen", "levels", "place"},
    "catalog": {"facts", "frozen"},
    "rules": {"facts", "findings", "frozen"},
    "source": {"place", "notebook"},
    "glance": set(),
    "outcome": {"findings", "source", "place"},
    "static": {"facts", "findings", "frozen", "catalog", "source"},
}
"""Room -> the rooms of ours that it may import."""

FOREIGN = {
    "libcst": {"static"},
    "rich": {"report", "cli"},
    "tensorflow": {"runtime"},
    "keras": {"runtime"},
    "tf_keras": {"runtime"},
    "tomllib": {"config"},
    "tomli": {"config"},
}
"""Library -> the rooms that may import it."""


EDITING = {"lossless", "layout", "repairs", "spelling", "newer"}
"""Only where text is edited the tree that keeps every character is wanted; parsing takes twelve times as long."""


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
            if node.module == "lossguard":
                names += [f"lossguard.{alias.name}" for alias in node.names]
    return names


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    own = room(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "lossguard" and len(parts) > 1 and own in ALLOWED:
            assert parts[1] in ALLOWED[own] | {own}, f"{own} must not import {name}"
        if parts[0] in FOREIGN:
            assert own in FOREIGN[parts[0]], f"{own} must not import {name}"
            assert parts[0] != "libcst" or path.stem in EDITING, f"{path.stem} must not import {name}"


@pytest.mark.parametrize("path", [path for path in MODULES if room(path) not in {"__main__", "cli", "runtime"}])
def test_only_the_command_line_prints_and_exits(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"print", "exit", "quit"}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) != ("sys", "exit")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_opens_with_one_sentence_that_says_its_job(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path
