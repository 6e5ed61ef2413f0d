"""The door to LibCST: the texts of nodes, and what parsing leaves as it was."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest

from lossguard.static import syntax

PROGRAMS = sorted(Path(__file__).parent.parent.joinpath("fixtures").rglob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS[::20], ids=lambda path: path.stem)
def test_the_text_of_a_node_is_the_beginning_of_its_source(path: Path) -> None:
    tree = syntax.parse(path.read_text("utf-8"))
    for node in syntax.walk(tree):
        whole = " ".join(tree.code_for_node(node).split())
        shown = whole if len(whole) <= syntax.MAX_TEXT else whole[: syntax.MAX_TEXT - 1] + "…"
        assert syntax.text(tree, node) == shown


@pytest.mark.parametrize("blanks", [0, 1, 10, 100])
@pytest.mark.parametrize("length", [58, 59, 60, 61, 62])
def test_white_space_within_a_node_counts_once(blanks: int, length: int) -> None:
    source = f"f({' ' * blanks}'{'x' * (length - 5)}'{' ' * blanks})"
    tree = syntax.parse(source)
    (call,) = (node for node in syntax.walk(tree) if isinstance(node, cst.Call))
    whole = " ".join(source.split())
    assert syntax.text(tree, call) == (whole if len(whole) <= 60 else whole[:59] + "…")


def test_what_is_parsed_is_not_checked_but_what_others_make_still_is() -> None:
    assert syntax.parse("f(x)\n").code == "f(x)\n"
    with pytest.raises(syntax.SyntaxProblem):
        syntax.parse("f(\n")
    with pytest.raises(cst.CSTValidationError):
        cst.Name("")


@pytest.mark.parametrize("path", PROGRAMS[::20], ids=lambda path: path.stem)
def test_the_tree_is_the_one_that_libcst_makes(path: Path) -> None:
    source = path.read_text("utf-8")
    assert syntax.parse(source).deep_equals(cst.parse_module(source))
