"""Switches: `TRAIN = False` at the top of a program keeps a part of it from running, until somebody turns it on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import libcst as cst

from lossguard.facts import Fact, LayerOutput
from lossguard.findings import Diagnostic
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
        nodes = [node for branch in branches for node in syntax.walk(branch)]
        assigned = values.get(name, [])
        if len(assigned) == 1 and any(map(_is_sink, nodes)) and found < MAX_SWITCHES:
            found += 1
            yield Switch(name, assigned[0] == "True", frozenset(map(id, nodes)))


def _literals(tree: cst.Module) -> dict[str, list[str]]:
    """What is assigned to each name, anywhere; only `True` and `False` keep their words."""
    found: dict[str, list[str]] = {}
    for node in syntax.walk(tree):
        if isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Name):
            found.setdefault(node.target.value, []).append("")
        elif isinstance(node, cst.Assign):
            for target in node.targets:
                if isinstance(target.target, cst.Name) and isinstance(node.value, cst.Name):
                    found.setdefault(target.target.value, []).append(node.value.value)
    return {name: [word for word in words if word] for name, words in found.items() if len(words) == 2}  # noqa: PLR2004


def _is_sink(node: cst.CSTNode) -> bool:
    match node:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))):
            return name in _SINKS
        case cst.Arg(keyword=cst.Name(value=name)):
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
