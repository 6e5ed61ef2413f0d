"""The doors to the two parsers: the texts and places of nodes, and that both parsers see the same program."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path
from types import SimpleNamespace

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from lossguard.static import lossless, syntax
from lossguard.static.layout import Layout

PROGRAMS = sorted(Path(__file__).parent.parent.joinpath("fixtures").rglob("*.py"))
SAME = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Compare, ast.BinOp, ast.FunctionDef, ast.ClassDef)


def located(tree: syntax.Tree) -> list[ast.AST]:
    return [node for node in syntax.walk(*tree.body) if isinstance(node, (ast.expr, ast.stmt))]


@pytest.mark.parametrize("path", PROGRAMS[::20], ids=lambda path: path.stem)
def test_the_text_of_a_node_is_the_beginning_of_its_source(path: Path) -> None:
    tree = syntax.parse(path.read_text("utf-8"))
    for node in located(tree):
        whole = " ".join((ast.get_source_segment(tree.text, node) or "").split())
        shown = whole if len(whole) <= syntax.MAX_TEXT else whole[: syntax.MAX_TEXT - 1] + "…"
        assert syntax.text(tree, node) == shown


@pytest.mark.parametrize("blanks", [0, 1, 10, 100])
@pytest.mark.parametrize("length", [58, 59, 60, 61, 62])
def test_white_space_within_a_node_counts_once(blanks: int, length: int) -> None:
    source = f"f({' ' * blanks}'{'x' * (length - 5)}'{' ' * blanks})"
    tree = syntax.parse(source)
    (call,) = (node for node in syntax.walk(*tree.body) if isinstance(node, ast.Call))
    whole = " ".join(source.split())
    assert syntax.text(tree, call) == (whole if len(whole) <= 60 else whole[:59] + "…")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_columns_are_characters_whatever_stands_before_them(end: str) -> None:
    tree = syntax.parse(f"a = 1{end}é = 'ü😀'; model.compile(loss='mse'){end}")
    (call,) = (node for node in syntax.walk(*tree.body) if isinstance(node, ast.Call))
    start, stop = syntax.positions(tree, call)
    assert (start.row, start.column, stop.column) == (2, 11, 36)
    first, last = syntax.span(tree, call)
    assert tree.text[first:last] == "model.compile(loss='mse')"


@pytest.mark.parametrize(
    ("chain", "first"),
    [
        ("a and b(1) and c", "a and b(1)"),
        ("(a) and (b == 1) and c", "(a) and (b == 1)"),
        ("(a and ((b))\n and (c))", "a and ((b))"),
        ("(a and (b # here )\n  )\\\n and c)", "a and (b # here ) )"),
        ("é and ('ü' ) and c", "é and ('ü' )"),
    ],
)
def test_a_chain_of_conditions_is_taken_two_by_two(chain: str, first: str) -> None:
    tree = syntax.parse(chain)
    (statement,) = tree.body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.BoolOp)
    left, right = syntax.operands(tree, statement.value)
    assert ast.unparse(right) == "c"
    assert syntax.operands(tree, statement.value) == (left, right)
    assert syntax.text(tree, left) == first


def test_what_python_warns_of_in_the_checked_program_is_not_told() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        syntax.parse(r"x = '\d'; y = 1 if x is 'a' else 2")


def test_what_is_parsed_is_not_checked_but_what_others_make_still_is() -> None:
    tree = lossless.parse("f(x)\n")
    assert tree is not None
    assert tree.code == "f(x)\n"
    assert lossless.parse("f(\n") is None
    with pytest.raises(cst.CSTValidationError):
        cst.Name("")


@pytest.mark.parametrize("path", PROGRAMS[::20], ids=lambda path: path.stem)
def test_the_tree_is_the_one_that_libcst_makes(path: Path) -> None:
    source = path.read_text("utf-8")
    tree = lossless.parse(source)
    assert tree is not None
    assert tree.deep_equals(cst.parse_module(source))


@pytest.mark.parametrize("path", PROGRAMS[::20], ids=lambda path: path.stem)
def test_spans_are_those_that_libcst_gives(path: Path) -> None:
    source = path.read_text("utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source))
    places = wrapper.resolve(PositionProvider)
    nodes = [node for node in lossless.walk(wrapper.module) if node in places and node is not wrapper.module]
    spans = lossless.spans(wrapper.module, nodes)
    starts = syntax.line_starts(source)
    for node in nodes:
        place = places[node]
        ends = [(end.row, end.column - 1) for end in (syntax.position(starts, at) for at in spans[id(node)])]
        assert ends == [(place.start.line, place.start.column), (place.end.line, place.end.column)]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_both_parsers_find_each_other_s_nodes(path: Path) -> None:
    tree = syntax.parse(path.read_text("utf-8"))
    layout = Layout(SimpleNamespace(source=SimpleNamespace(text=tree.text), tree=tree))  # type: ignore[arg-type]
    indices = {id(node.slice) for node in located(tree) if isinstance(node, ast.Subscript)}
    for node in located(tree):
        if id(node) in indices and isinstance(node, ast.Tuple):
            continue  # `x[:, 0]`: no node of its own for LibCST
        if isinstance(node, SAME):
            there = layout.found(node)
            assert layout.code(there).rstrip() == ast.get_source_segment(tree.text, node)
        elif isinstance(node, (ast.Tuple, ast.GeneratorExp, ast.Constant, ast.List, ast.Dict, ast.JoinedStr)):
            layout.found(node)
