"""Statements: one executor for each kind of node, branches on something unknown taken on both sides."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from lossguard.frozen import dataclass
from lossguard.static import operators, syntax
from lossguard.static.expressions import MAX_ROUNDS, default_values, evaluate
from lossguard.static.imports import import_from, import_modules
from lossguard.static.machine import NEXT, Exit, Flow, Frame, Machine, Pending
from lossguard.static.subscripts import element_of, sequence
from lossguard.static.targets import assign, assign_name
from lossguard.static.values import (
    FALSE,
    NONE,
    TRUE,
    UNBOUND,
    Api,
    Class,
    Const,
    Function,
    Guard,
    List,
    Literal,
    Many,
    Scope,
    Site,
    Truth,
    Tuple,
    Unknown,
    Value,
)
from lossguard.static.worlds import Fork, Written

Executor = Callable[[Machine, Any, Scope], Flow]
Assuming = Callable[[Guard], AbstractContextManager[bool]]

MAX_ALTERNATIVES = 20
"""A pattern of more alternatives is one condition of its own."""

MAX_NESTED_FORKS = 3
"""A statement that tells more worlds apart than so many choices make is passed over."""


def execute(machine: Machine, body: Sequence[ast.stmt], scope: Scope) -> Flow:
    """Run a block; how it ended."""
    for statement in body:
        machine.step()
        executor = _EXECUTORS.get(type(statement))
        if executor is None:
            continue
        flow = _run(machine, executor, statement, scope, 0)
        if flow.exit is not Exit.NEXT:
            return flow
    return NEXT


def _run(machine: Machine, executor: Executor, statement: ast.stmt, scope: Scope, depth: int) -> Flow:
    """Run a statement; one that needs a single value where the worlds have several, once in each."""
    try:
        return executor(machine, statement, scope)
    except Fork as fork:
        choice = fork.choice
    if depth == MAX_NESTED_FORKS:
        return NEXT

    def again() -> Flow:
        return _run(machine, executor, statement, scope, depth + 1)

    assuming = machine.worlds.telling
    return branch(machine, [(guard, again) for guard, _ in machine.worlds.options(choice)], assuming)


# branches


def branch(
    machine: Machine, sides: Sequence[tuple[Guard, Callable[[], Flow]]], assuming: Assuming | None = None
) -> Flow:
    """Run each side under its guard and join what they did."""
    assuming = assuming or machine.worlds.assuming
    if not sides:
        return NEXT
    if len(sides) == 1:
        return sides[0][1]()
    outcomes: list[tuple[Guard, Flow, Written]] = []
    for guard, run in sides:
        with assuming(guard) as possible:
            if not possible:
                continue
            machine.worlds.open()
            depth = len(machine.frame.pending)
            try:
                flow = unwind(machine, machine.frame, depth, run())
            except BaseException:
                for _ in range(len(machine.frame.pending) - depth):
                    machine.worlds.close()
                del machine.frame.pending[depth:]
                machine.worlds.close()
                raise
            outcomes.append((guard, flow, machine.worlds.close()))
    return _settle(machine, outcomes)


def _settle(machine: Machine, outcomes: list[tuple[Guard, Flow, Written]]) -> Flow:
    if not outcomes:
        return NEXT
    alive = [outcome for outcome in outcomes if outcome[1].exit is not Exit.RAISE]
    if not alive:
        return Flow(Exit.RAISE)
    going = [outcome for outcome in alive if outcome[1].exit is Exit.NEXT]
    ended = [outcome for outcome in alive if outcome[1].exit is not Exit.NEXT]
    if not going:
        machine.worlds.merge([(guard, written) for guard, _, written in ended])
        value = machine.worlds.join([(guard, flow.value) for guard, flow, _ in ended])
        return Flow(ended[0][1].exit, value)
    if ended:
        exits = tuple((guard, flow, written) for guard, flow, written in ended)
        survivors = tuple(guard for guard, _, _ in going)
        machine.frame.pending.append(Pending(exits, survivors, machine.worlds.mark()))
        machine.worlds.open()
    machine.worlds.merge([(guard, written) for guard, _, written in going])
    if len(going) == 1:
        machine.worlds.assume(going[0][0])
    return NEXT


def unwind(machine: Machine, frame: Frame, depth: int, flow: Flow, *, loop: bool = False) -> Flow:
    """Join the worlds that ended early, back to `depth` pending ones, with the one that ran on to `flow`."""
    while len(frame.pending) > depth:
        pending = frame.pending.pop()
        survived = machine.worlds.close()
        machine.worlds.retract(pending.mark)
        exits = list(pending.exits)
        if loop or flow.exit is Exit.NEXT:
            for guard, ended, _ in exits:
                if ended.exit is Exit.RETURN:
                    assumed = machine.worlds.path[frame.mark :]
                    frame.returned.append((guard.union(assumed), ended.value))
            exits = [ended for ended in exits if ended[1].exit is not Exit.RETURN]
        if flow.exit is Exit.RAISE:
            if not exits:
                continue
            machine.worlds.merge([(guard, written) for guard, _, written in exits])
            flow = Flow(exits[0][1].exit, machine.worlds.join([(guard, ended.value) for guard, ended, _ in exits]))
            continue
        machine.worlds.merge(
            [(guard, survived) for guard in pending.survivors] + [(guard, written) for guard, _, written in exits]
        )
        if flow.exit is Exit.RETURN:
            value = machine.worlds.join(
                [(guard, flow.value) for guard in pending.survivors]
                + [(guard, ended.value) for guard, ended, _ in exits]
            )
            flow = replace(flow, value=value)
    return flow


def _if(machine: Machine, node: ast.If, scope: Scope) -> Flow:
    test = evaluate(machine, node.test, scope)
    sides = operators.alternatives(machine, test, Site(scope.module, node.test))
    if isinstance(test, Const) and isinstance(test.value, bool):
        _note_switch(machine, node, test)

    def side(*, truth: bool) -> Callable[[], Flow]:
        return lambda: _if_side(machine, node, scope, truth=truth)

    return branch(machine, [(guard, side(truth=truth)) for guard, truth in sides])


def _note_switch(machine: Machine, node: ast.If, test: Value) -> None:
    """Remember what `TRAIN = False` keeps from running."""
    left_out = node.orelse if test == TRUE else node.body
    match node.test:
        case ast.Name(id=name) | ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
            if left_out and name in machine.program.main.scope.names:
                machine.switches.setdefault(name, []).append(left_out)


def _if_side(machine: Machine, node: ast.If, scope: Scope, *, truth: bool) -> Flow:
    if truth:
        return execute(machine, node.body, scope)
    match node.orelse:
        case [ast.If() as inner] if inner.col_offset == node.col_offset:  # `elif`
            return _if(machine, inner, scope)
    return execute(machine, node.orelse, scope)


def _match(machine: Machine, node: ast.Match, scope: Scope) -> Flow:
    subject = _Subject(evaluate(machine, node.subject, scope), Site(scope.module, node.subject))
    return _cases(machine, subject, list(node.cases), scope)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a `match` looks at, and where it is written."""

    value: Value
    site: Site


def _cases(machine: Machine, subject: _Subject, cases: list[ast.match_case], scope: Scope) -> Flow:
    if not cases:
        return NEXT
    case, *others = cases
    words = f"{machine.text(subject.site)} matches {machine.text(Site(scope.module, case.pattern))}"
    test = _pattern(machine, subject, case.pattern, scope)
    if case.guard is not None:
        guard_site = Site(scope.module, case.guard)
        test, words = machine.unknown("the guard of a case", guard_site), f"{words} if {machine.text(guard_site)}"
    sides = operators.alternatives(machine, test, words)

    def side(*, truth: bool) -> Callable[[], Flow]:
        if truth:
            return lambda: execute(machine, case.body, scope)
        return lambda: _cases(machine, subject, others, scope)

    return branch(machine, [(guard, side(truth=truth)) for guard, truth in sides])


def _pattern(machine: Machine, subject: _Subject, pattern: ast.pattern, scope: Scope) -> Value:
    site = Site(scope.module, pattern)
    match pattern:
        case ast.MatchValue(value=value):
            how = operators.Comparing(site, f"{machine.text(subject.site)} == {machine.text(site)}", subject.site)
            return operators.compare(machine, ast.Eq(), subject.value, evaluate(machine, value, scope), how)
        case ast.MatchSingleton(value=constant):
            how = operators.Comparing(site, f"{machine.text(subject.site)} is {machine.text(site)}", subject.site)
            return operators.compare(machine, ast.Is(), subject.value, Const(constant), how)
        case ast.MatchOr(patterns=patterns):
            tests = [_pattern(machine, subject, element, scope) for element in patterns]
            if any(test == Const(True) for test in tests):
                return Const(True)
            if all(test == Const(False) for test in tests):
                return Const(False)
            literals = [test.literal for test in tests if isinstance(test, Truth)]
            if len(literals) + tests.count(Const(False)) == len(tests) <= MAX_ALTERNATIVES:
                return Truth(_any_of(machine, literals))
        case ast.MatchAs(pattern=None, name=name):
            if name is not None:
                assign_name(machine, name, subject.value, scope)
            return Const(True)
    return machine.unknown("the pattern is not followed", site)


def _any_of(machine: Machine, literals: Sequence[Literal]) -> Literal:
    found, *others = literals
    for other in others:
        words = f"{machine.worlds.describe(found)} or {machine.worlds.describe(other)}"
        found = operators.conjunction(machine, found, other, words, both=False).literal
    return found


# loops


def _for(machine: Machine, node: ast.For | ast.AsyncFor, scope: Scope) -> Flow:
    source = evaluate(machine, node.iter, scope)
    options = machine.worlds.options(source)
    elements = sequence(machine, options[0][1]) if len(options) == 1 else source
    if isinstance(elements, Tuple) and len(elements.items) * machine.unrolled <= MAX_ROUNDS:
        return _unroll(machine, node, elements.items, scope)
    stands_for_all = element_of(machine, source, Site(scope.module, node.iter))
    if isinstance(elements, Tuple) and not isinstance(stands_for_all, Const):
        stands_for_all = Unknown(("round", id(node)), "a loop over many elements", Site(scope.module, node.target))
    assign(machine, node.target, stands_for_all, scope)
    return _summarise(machine, node.body, scope)


def _unroll(machine: Machine, node: ast.For | ast.AsyncFor, elements: Sequence[Value], scope: Scope) -> Flow:
    """Run a loop over known elements round by round."""
    outer = machine.unrolled
    machine.unrolled = outer * max(1, len(elements))
    try:
        for element in elements:
            assign(machine, node.target, element, scope)
            flow = _round(machine, node.body, scope)
            if flow.exit is Exit.BREAK:
                return NEXT
            if flow.exit not in {Exit.NEXT, Exit.CONTINUE}:
                return flow
    finally:
        machine.unrolled = outer
    return execute(machine, node.orelse, scope)


def _while(machine: Machine, node: ast.While, scope: Scope) -> Flow:
    test = evaluate(machine, node.test, scope)
    sides = operators.alternatives(machine, test, Site(scope.module, node.test))
    if [truth for _, truth in sides] == [False]:
        return NEXT
    return _summarise(machine, node.body, scope)


def _summarise(machine: Machine, body: Sequence[ast.stmt], scope: Scope) -> Flow:
    """Run the body once for all its rounds."""
    with machine.one_round_for_all():
        flow = _round(machine, body, scope)
    return flow if flow.exit is Exit.RETURN else NEXT


def _round(machine: Machine, body: Sequence[ast.stmt], scope: Scope) -> Flow:
    depth = len(machine.frame.pending)
    return unwind(machine, machine.frame, depth, execute(machine, body, scope), loop=True)


# simple statements


def _expression(machine: Machine, node: ast.Expr, scope: Scope) -> Flow:
    value = evaluate(machine, node.value, scope)
    return Flow(Exit.RAISE) if value == EXIT else NEXT


EXIT = Api("builtins.exit()")
"""What a call that ends the program returns."""


def _assign(machine: Machine, node: ast.Assign, scope: Scope) -> Flow:
    value = evaluate(machine, node.value, scope)
    for target in node.targets:
        assign(machine, target, _switched(machine, target, node.value, value, scope), scope)
    return NEXT


def _switched(machine: Machine, target: ast.expr, node: ast.expr, value: Value, scope: Scope) -> Value:
    if not machine.switched or scope is not machine.program.main.scope:
        return value
    match target, node:
        case ast.Name(id=name), ast.Constant(value=True | False) if name in machine.switched:
            return FALSE if value == TRUE else TRUE
    return value


def _annotated(machine: Machine, node: ast.AnnAssign, scope: Scope) -> Flow:
    if node.value is not None:
        assign(machine, node.target, evaluate(machine, node.value, scope), scope)
    return NEXT


def _augmented(machine: Machine, node: ast.AugAssign, scope: Scope) -> Flow:
    site = Site(scope.module, node)
    old = evaluate(machine, node.target, scope)
    right = evaluate(machine, node.value, scope)
    if isinstance(old, List) and isinstance(node.op, ast.Add):
        extend(machine, old, right, site)
        return NEXT
    if machine.summarising and isinstance(old, Const) and not isinstance(old.value, str):
        assign(machine, node.target, machine.unknown("it changes in a loop", site), scope)
        return NEXT
    assign(machine, node.target, operators.binary(machine, node.op, old, right, site), scope)
    return NEXT


def extend(machine: Machine, target: List, addition: Value, site: Site) -> None:
    """Add the elements of a sequence to a list."""
    old = machine.pick(target.fields["items"])
    new = sequence(machine, machine.pick(addition))
    match old, new:
        case Tuple(items=first), Tuple(items=second) if (
            not machine.summarising and len(first) + len(second) <= operators.MAX_SEQUENCE
        ):
            machine.write(target, "items", Tuple(first + second))
        case Tuple(items=()), _:
            machine.write(target, "items", Many(element_of(machine, new, site)))
        case Many(element=element), _ if element == element_of(machine, new, site):
            pass
        case _:
            machine.write(target, "items", Many(machine.unknown("the list mixes elements", site)))


def _return(machine: Machine, node: ast.Return, scope: Scope) -> Flow:
    return Flow(Exit.RETURN, NONE if node.value is None else evaluate(machine, node.value, scope))


def _assert(machine: Machine, node: ast.Assert, scope: Scope) -> Flow:
    sides = operators.alternatives(machine, evaluate(machine, node.test, scope), Site(scope.module, node.test))
    holds = [guard for guard, truth in sides if truth]
    if len(sides) > 1 and len(holds) == 1:
        machine.worlds.assume(holds[0])
    return NEXT


def _global(machine: Machine, node: ast.Global, scope: Scope) -> Flow:
    scope.globals.update(node.names)
    return NEXT


def _nonlocal(machine: Machine, node: ast.Nonlocal, scope: Scope) -> Flow:
    scope.nonlocals.update(node.names)
    return NEXT


def _delete(machine: Machine, node: ast.Delete, scope: Scope) -> Flow:
    for target in node.targets:
        for element in target.elts if isinstance(target, (ast.Tuple, ast.List)) else (target,):
            if isinstance(element, ast.Name) and element.id in scope.names:
                machine.worlds.write(scope.names, element.id, UNBOUND)
    return NEXT


def _with(machine: Machine, node: ast.With | ast.AsyncWith, scope: Scope) -> Flow:
    for item in node.items:
        value = evaluate(machine, item.context_expr, scope)
        if item.optional_vars is not None:
            assign(machine, item.optional_vars, value, scope)
    return execute(machine, node.body, scope)


def _try(machine: Machine, node: ast.Try, scope: Scope) -> Flow:
    """The body is taken to succeed, unless it is known to raise."""
    flow = execute(machine, node.body, scope)
    if flow.exit is Exit.RAISE and node.handlers:
        flow = execute(machine, node.handlers[0].body, scope)
    elif flow.exit is Exit.NEXT:
        flow = execute(machine, node.orelse, scope)
    last = execute(machine, node.finalbody, scope)
    return last if last.exit is not Exit.NEXT else flow


# definitions

_TRANSPARENT = frozenset({"property", "staticmethod", "classmethod", "cached_property"})


def _function(machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> Flow:
    kind = "function"
    for decorator in node.decorator_list:
        name = syntax.dotted(decorator)
        last = name.rpartition(".")[2] if name else ""
        if last in _TRANSPARENT:
            kind = "property" if last == "cached_property" else last
    value = Function(node.name, node, scope, scope.module, default_values(machine, node.args, scope), kind)
    machine.functions.append(value)
    machine.worlds.write(scope.names, node.name, value)
    return NEXT


def _class(machine: Machine, node: ast.ClassDef, scope: Scope) -> Flow:
    bases = tuple(evaluate(machine, base, scope) for base in node.bases if not isinstance(base, ast.Starred))
    inner = Scope({}, scope, scope.module)
    for keyword in node.keywords:
        evaluate(machine, keyword.value, scope)
    value = Class(node.name, node, bases, inner.names, scope.module)
    started = len(machine.functions)
    execute(machine, node.body, inner)
    methods = machine.functions[started:]
    del machine.functions[started:]
    owned = {id(method): replace(method, owner=value, scope=scope) for method in methods if method.scope is inner}
    for name, attribute in list(inner.names.items()):
        if isinstance(attribute, Function) and id(attribute) in owned:
            inner.names[name] = owned[id(attribute)]
    machine.classes.append(value)
    machine.worlds.write(scope.names, node.name, value)
    return NEXT


def _import(machine: Machine, node: ast.Import, scope: Scope) -> Flow:
    import_modules(machine, node, scope)
    return NEXT


def _import_from(machine: Machine, node: ast.ImportFrom, scope: Scope) -> Flow:
    import_from(machine, node, scope)
    return NEXT


_EXECUTORS: dict[type[ast.stmt], Executor] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Return: _return,
    ast.Break: lambda *_: Flow(Exit.BREAK),
    ast.Continue: lambda *_: Flow(Exit.CONTINUE),
    ast.Raise: lambda *_: Flow(Exit.RAISE),
    ast.Assert: _assert,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Delete: _delete,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.If: _if,
    ast.Match: _match,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
}
if sys.version_info >= (3, 11):
    _EXECUTORS[ast.TryStar] = _try
