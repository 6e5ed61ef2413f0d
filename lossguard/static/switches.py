"""Switches: `TRAIN = False` at the top of a program keeps a part of it from running, until somebody turns it on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from lossguard.facts import Fact, LayerOutput
from lossguard.findings import Diagnostic
from lossguard.frozen import dataclass
from lossguard.static import conditions, syntax
from lossguard.static.interpreter import Understanding
from lossguard.static.values import Site

MAX_SWITCHES = 3
_SINKS = frozenset({"compile", "fit", "loss"})


@dataclass(frozen=True, slots=True)
class Switch:
    """A name that is True or False once and for all at the top of the program, and what it leaves out."""

    name: str
    value: bool
    left_out: frozenset[int]

    @property
    def when(self) -> str:
        """The condition under which what is left out runs."""
        return f"not {self.name}" if self.value else self.name


def switches(understanding: Understanding) -> Iterator[Switch]:
    """The switches of a program that leave a training setup out."""
    machine = understanding.machine
    noted = machine.switches
    values = _literals(machine.program.main.tree) if noted else {}
    found = 0
    for name, branches in noted.items():
        nodes = [node for branch in branches for node in syntax.walk(*branch)]
        if name in values and any(map(_is_sink, nodes)) and found < MAX_SWITCHES:
            found += 1
            yield Switch(name, values[name], frozenset(map(id, nodes)))


def _literals(tree: syntax.Tree) -> dict[str, bool]:
    """The names that are assigned once in the whole program: True or False."""
    found: dict[str, list[ast.expr]] = {}
    for node in syntax.walk(*tree.body):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(node.value)
    return {
        name: values[0].value
        for name, values in found.items()
        if len(values) == 1 and isinstance(values[0], ast.Constant) and isinstance(values[0].value, bool)
    }


def _is_sink(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.keyword(arg=name):
            return name in _SINKS
    return False


def within(understanding: Understanding, switch: Switch) -> Understanding:
    """Of a run with the switch turned, what was found in the part that it leaves out."""
    kept = tuple(case for case in understanding.cases if _lies_in(case.fact, switch.left_out))
    return replace(understanding, cases=kept)


def _lies_in(fact: Fact, nodes: frozenset[int]) -> bool:
    origin = fact.output.origin if isinstance(fact, LayerOutput) else fact.origin
    return isinstance(origin, Site) and id(origin.node) in nodes


def conditional(found: Diagnostic, switch: Switch) -> Diagnostic:
    """The finding with the switch as its condition."""
    return replace(
        found, when=switch.when if found.when is None else conditions.both((switch.when, found.when)), fix=None
    )
