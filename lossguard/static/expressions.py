"""Expressions: one evaluator for each kind of node."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import Any

from lossguard.catalog.names import CONVENTIONS, canonical
from lossguard.static import operators, syntax
from lossguard.static.machine import Machine, key_of
from lossguard.static.subscripts import element_of, index_value, item, sequence
from lossguard.static.targets import assign
from lossguard.static.values import (
    NONE,
    Api,
    Arguments,
    Choice,
    Const,
    Dict,
    Function,
    Guard,
    Lazy,
    List,
    Many,
    Pairs,
    Scope,
    Site,
    Truth,
    Tuple,
    Unbound,
    Unknown,
    Value,
    Wording,
)
from lossguard.static.worlds import Written

MAX_ELEMENTS = 4096
MAX_ROUNDS = 20
"""A loop or comprehension over more known elements than this is summarised."""

Evaluator = Callable[[Machine, Any, Scope], Value]


def evaluate(machine: Machine, node: ast.expr, scope: Scope) -> Value:
    """The value of an expression."""
    machine.step()
    evaluator = _EVALUATORS.get(type(node))
    if evaluator is None:
        return machine.unknown("this kind of expression is not followed", Site(scope.module, node))
    return evaluator(machine, node, scope)


# names


def lookup(machine: Machine, name: str, scope: Scope) -> Value | None:
    """The value of a name as Python's scopes find it, builtins last; None if there is none."""
    if name in scope.globals:
        return scope.module.scope.names.get(name) or _builtin(name)
    current: Scope | None = scope
    while current is not None:
        value = current.names.get(name)
        if value is not None:
            return value
        current = current.parent
    return _builtin(name)


def _builtin(name: str) -> Value | None:
    return Api(f"builtins.{name}") if name in BUILTINS else None


def _name(machine: Machine, node: ast.Name, scope: Scope) -> Value:
    value = lookup(machine, node.id, scope)
    if isinstance(value, Lazy):
        return machine.resolve(value)
    if value is None:
        value = _starred(machine, node.id, scope) or _conventional(machine, node.id)
    if value is None or isinstance(value, Unbound):
        return Unknown(("name", scope.module.serial, node.id), f"the name {node.id} is not defined here", node.id)
    if isinstance(value, Choice):
        options = machine.worlds.options(value)
        if len(options) == 1:
            return machine.narrow(options[0][1])
        return value
    return machine.narrow(value)


def _starred(machine: Machine, name: str, scope: Scope) -> Value | None:
    """A name that a star import from a library may bring, if the library is known to have it."""
    found = (canonical(f"{module}.{name}") for module in reversed(scope.module.stars))
    return next((Api(dotted) for dotted in found if machine.knows(dotted)), None)


def _conventional(machine: Machine, name: str) -> Value | None:
    """A name that nothing defines, as in a snippet without its imports: what everybody means by it."""
    dotted = CONVENTIONS.get(name)
    if dotted is None and name[0].isupper():
        dotted = f"keras.layers.{name}" if machine.knows(f"keras.layers.{name}") else None
    elif dotted is None and machine.knows(f"keras.losses.{name}"):
        dotted = f"keras.losses.{name}"
    if dotted is None:
        return None
    machine.guessed = True
    return Api(dotted)


def _attribute(machine: Machine, node: ast.Attribute, scope: Scope) -> Value:
    owner = evaluate(machine, node.value, scope)
    return machine.attribute(owner, node.attr, Site(scope.module, node))


# literals


def _constant(machine: Machine, node: ast.Constant, scope: Scope) -> Value:
    match node.value:
        case int() as number if abs(number) > operators.MAX_INTEGER:
            return machine.unknown("the number is too large")
        case complex() | EllipsisType():
            return machine.unknown("this kind of expression is not followed", Site(scope.module, node))
    return Const(node.value)


def _formatted(machine: Machine, node: ast.JoinedStr, scope: Scope) -> Value:
    parts: list[str] = []
    value: Value | None
    for part in node.values:
        match part:
            case ast.Constant(value=text):
                parts.append(str(text))
                continue
            case ast.FormattedValue(conversion=-1, format_spec=None):
                value = evaluate(machine, part.value, scope)
            case _:
                value = None
        if not isinstance(value, Const):
            return machine.unknown("the string is formatted", Site(scope.module, node))
        parts.append(str(value.value))
        if sum(map(len, parts)) > operators.MAX_SEQUENCE:
            return machine.unknown("the text is too long", Site(scope.module, node))
    return Const("".join(parts))


# containers


def _elements(machine: Machine, nodes: Sequence[ast.expr], scope: Scope, site: Site) -> Value:
    items: list[Value] = []
    if len(nodes) > MAX_ELEMENTS:
        return Many(evaluate(machine, nodes[0], scope))
    for element in nodes:
        if not isinstance(element, ast.Starred):
            items.append(evaluate(machine, element, scope))
            continue
        value = evaluate(machine, element.value, scope)
        spread = operators.items_of(machine, machine.pick(value))
        if not isinstance(spread, Tuple) or len(items) + len(spread.items) > MAX_ELEMENTS:
            return machine.unknown("it is spread from an unknown sequence", site)
        items.extend(spread.items)
    return machine.kept(Tuple(tuple(items)), site)


def _tuple(machine: Machine, node: ast.Tuple, scope: Scope) -> Value:
    return _elements(machine, node.elts, scope, Site(scope.module, node))


def _list(machine: Machine, node: ast.List | ast.Set, scope: Scope) -> Value:
    site = Site(scope.module, node)
    return List(site, machine.serial(), {"items": _elements(machine, node.elts, scope, site)})


def _dict(machine: Machine, node: ast.Dict, scope: Scope) -> Value:
    site = Site(scope.module, node)
    pairs: dict[Value, Value] = {}
    complete = True
    for name, element in zip(node.keys[:MAX_ELEMENTS], node.values[:MAX_ELEMENTS], strict=True):
        value = evaluate(machine, element, scope)
        if name is not None:
            key = evaluate(machine, name, scope)
            if key_of(key) is None:
                complete = False
            else:
                pairs[key] = value
            continue
        spread = machine.field(value, "items") if isinstance(value, Dict) else None
        if isinstance(spread, Pairs):
            pairs.update(spread.items)
            complete = complete and spread.complete
        else:
            complete = False
    return Dict(site, machine.serial(), {"items": Pairs(tuple(pairs.items()), complete)})


# comprehensions


def _rounds(machine: Machine, loops: Sequence[ast.comprehension], scope: Scope) -> list[Scope] | None:
    """One scope per round of a comprehension whose length is known, else None."""
    if not loops:
        return [scope]
    node, *within = loops
    source = machine.worlds.options(evaluate(machine, node.iter, scope))
    elements = sequence(machine, source[0][1]) if len(source) == 1 else None
    if not isinstance(elements, Tuple) or len(elements.items) > MAX_ROUNDS:
        return None
    scopes: list[Scope] = []
    for element in elements.items:
        inner = Scope({}, scope, scope.module, function=scope.function)
        assign(machine, node.target, element, inner)
        for condition in node.ifs:
            sides = operators.alternatives(machine, evaluate(machine, condition, inner), Site(scope.module, condition))
            if len(sides) > 1:
                return None
            if not sides[0][1]:
                break
        else:
            nested = _rounds(machine, within, inner)
            if nested is None:
                return None
            scopes.extend(nested)
    return scopes if len(scopes) <= MAX_ROUNDS else None


def _typical(machine: Machine, loops: Sequence[ast.comprehension], scope: Scope) -> Scope:
    """The scope of one round that stands for all."""
    for node in loops:
        inner = Scope({}, scope, scope.module, function=scope.function)
        source = evaluate(machine, node.iter, scope)
        assign(machine, node.target, element_of(machine, source, Site(scope.module, node.iter)), inner)
        scope = inner
    return scope


def _comprehended(machine: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Scope) -> Value:
    scopes = _rounds(machine, node.generators, scope)
    if scopes is None:
        with machine.one_round_for_all():
            return Many(evaluate(machine, node.elt, _typical(machine, node.generators, scope)))
    return Tuple(tuple(evaluate(machine, node.elt, inner) for inner in scopes))


def _list_comprehension(machine: Machine, node: ast.ListComp | ast.SetComp, scope: Scope) -> Value:
    items = _comprehended(machine, node, scope)
    return List(Site(scope.module, node), machine.serial(), {"items": items})


def _generator(machine: Machine, node: ast.GeneratorExp, scope: Scope) -> Value:
    return _comprehended(machine, node, scope)


def _dict_comprehension(machine: Machine, node: ast.DictComp, scope: Scope) -> Value:
    site = Site(scope.module, node)
    scopes = _rounds(machine, node.generators, scope)
    if scopes is None:
        return Dict(site, machine.serial(), {"items": Pairs((), complete=False)})
    pairs = {evaluate(machine, node.key, inner): evaluate(machine, node.value, inner) for inner in scopes}
    return Dict(site, machine.serial(), {"items": Pairs(tuple(pairs.items()))})


# operators


def _binary(machine: Machine, node: ast.BinOp, scope: Scope) -> Value:
    left = evaluate(machine, node.left, scope)
    return operators.binary(machine, node.op, left, evaluate(machine, node.right, scope), Site(scope.module, node))


def _unary(machine: Machine, node: ast.UnaryOp, scope: Scope) -> Value:
    value = evaluate(machine, node.operand, scope)
    site = Site(scope.module, node)
    if isinstance(node.op, ast.Not):
        return operators.negation(machine, value, Site(scope.module, node.operand))
    return machine.pure(lambda: operators.unary(machine, node.op, machine.pick(value), site))


def _comparison(machine: Machine, node: ast.Compare, scope: Scope) -> Value:
    site = Site(scope.module, node)
    left = evaluate(machine, node.left, scope)
    found: Value = Const(True)
    before = Site(scope.module, node.left)
    for position, (relation, operand) in enumerate(zip(node.ops, node.comparators, strict=True)):
        right = evaluate(machine, operand, scope)
        after = Site(scope.module, operand)
        words: Wording = site
        if len(node.ops) > 1:
            words = f"{machine.text(before)} {operators.symbol(relation)} {machine.text(after)}"
        how = operators.Comparing(site, words, before, after)
        value = operators.compare(machine, relation, left, right, how)
        if position and value != found:
            value = _both(machine, found, value, site)
        found, left, before = value, right, after
    return found


def _both(machine: Machine, left: Value, right: Value, site: Site) -> Value:
    match left, right:
        case Const(value=value), _:
            return right if value else left
        case _, Const(value=value):
            return left if value else right
        case Truth(literal=first), Truth(literal=second):
            return operators.conjunction(machine, first, second, site, both=True)
    return machine.unknown("the comparison is not followed", site)


def _boolean(machine: Machine, node: ast.BoolOp, scope: Scope) -> Value:
    both = isinstance(node.op, ast.And)
    first, second = syntax.operands(scope.module.tree, node)
    left = evaluate(machine, first, scope)
    sides = operators.alternatives(machine, left, Site(scope.module, first))
    if len(sides) == 1:
        if sides[0][1] is not both:
            return left
        right = evaluate(machine, second, scope)
        if isinstance(right, Unknown):  # its words are these, not those of the whole
            operators.alternatives(machine, right, Site(scope.module, second))
        return right

    def under(guard: Guard, *, truth: bool) -> Callable[[], Value]:
        return lambda: evaluate(machine, second, scope) if truth is both else left

    outcomes = [(guard, truth, *isolated(machine, guard, under(guard, truth=truth))) for guard, truth in sides]
    machine.worlds.merge([(guard, written) for guard, _, _, written in outcomes])
    right = next(value for _, truth, value, _ in outcomes if truth is both)
    if isinstance(right, Unknown):
        operators.alternatives(machine, right, Site(scope.module, second))
    if isinstance(left, Truth) and isinstance(right, Truth):
        return operators.conjunction(machine, left.literal, right.literal, Site(scope.module, node), both=both)
    if isinstance(left, Truth) and isinstance(right, Const) and isinstance(right.value, bool):
        return left if right.value is both else right
    if isinstance(left, Unknown) and isinstance(right, Truth) and len(sides) == 2:  # noqa: PLR2004
        (literal,) = next(guard for guard, truth in sides if truth)
        return operators.conjunction(machine, literal, right.literal, Site(scope.module, node), both=both)
    return machine.worlds.join([(guard, value) for guard, _, value, _ in outcomes])


def isolated(
    machine: Machine, guard: Guard, operation: Callable[[], Value], *, telling: bool = False
) -> tuple[Value, Written]:
    """Evaluate under an assumption; the value and what was written, with the state as before."""
    with machine.worlds.telling(guard) if telling else machine.worlds.assuming(guard):
        machine.worlds.open()
        try:
            value = operation()
        except BaseException:
            machine.worlds.close()
            raise
        return value, machine.worlds.close()


def _conditional(machine: Machine, node: ast.IfExp, scope: Scope) -> Value:
    test = evaluate(machine, node.test, scope)
    sides = operators.alternatives(machine, test, Site(scope.module, node.test))
    if len(sides) == 1:
        return evaluate(machine, node.body if sides[0][1] else node.orelse, scope)

    def under(*, truth: bool) -> Callable[[], Value]:
        return lambda: evaluate(machine, node.body if truth else node.orelse, scope)

    outcomes = [(guard, *isolated(machine, guard, under(truth=truth))) for guard, truth in sides]
    machine.worlds.merge([(guard, written) for guard, _, written in outcomes])
    return machine.worlds.join([(guard, value) for guard, value, _ in outcomes])


# subscripts


def _subscript(machine: Machine, node: ast.Subscript, scope: Scope) -> Value:
    owner = evaluate(machine, node.value, scope)
    index = index_value(machine, node.slice, scope)
    site = Site(scope.module, node)
    return machine.pure(lambda: item(machine, machine.pick(owner), machine.pick(index), site))


# calls, functions, the rest


def _arguments(machine: Machine, node: ast.Call, scope: Scope) -> Arguments:
    """The evaluated arguments of a call."""
    positional: list[Value] = []
    keywords: dict[str, Value] = {}
    places: list[tuple[str, ast.expr]] = []
    unknown = False
    for argument in node.args:
        if not isinstance(argument, ast.Starred):
            places.append((str(len(positional)), argument))
            positional.append(evaluate(machine, argument, scope))
            continue
        value = evaluate(machine, argument.value, scope)
        spread = operators.items_of(machine, machine.pick(value))
        if isinstance(spread, Tuple):
            positional.extend(spread.items)
        else:
            unknown = True
    for given in node.keywords:
        value = evaluate(machine, given.value, scope)
        if given.arg is not None:
            keywords[given.arg] = value
            places.append((given.arg, given.value))
        else:
            plain = machine.worlds.options(value)
            pairs = machine.field(plain[0][1], "items") if len(plain) == 1 and isinstance(plain[0][1], Dict) else None
            if isinstance(pairs, Pairs):
                unknown = unknown or not pairs.complete
                for key, element in pairs.items:
                    if isinstance(key, Const) and isinstance(key.value, str):
                        keywords[key.value] = element
                        places.append((key.value, given.value))
            else:
                unknown = True
    return Arguments(tuple(positional), tuple(keywords.items()), unknown, tuple(places))


def _call(machine: Machine, node: ast.Call, scope: Scope) -> Value:
    callee = evaluate(machine, node.func, scope)
    arguments = _arguments(machine, node, scope)
    site = Site(scope.module, node)
    return machine.kept(machine.call(callee, arguments, site, scope), site)


def _lambda(machine: Machine, node: ast.Lambda, scope: Scope) -> Value:
    return Function("<lambda>", node, scope, scope.module, default_values(machine, node.args, scope))


def default_values(machine: Machine, parameters: ast.arguments, scope: Scope) -> tuple[tuple[str, Value], ...]:
    """The defaults of a function's parameters, evaluated where it is defined."""
    positional = (*parameters.posonlyargs, *parameters.args)
    with_default = positional[len(positional) - len(parameters.defaults) :]
    pairs = (
        *zip(with_default, parameters.defaults, strict=True),
        *zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True),
    )
    return tuple((parameter.arg, evaluate(machine, node, scope)) for parameter, node in pairs if node is not None)


def _named(machine: Machine, node: ast.NamedExpr, scope: Scope) -> Value:
    value = evaluate(machine, node.value, scope)
    assign(machine, node.target, value, scope)
    return value


def _await(machine: Machine, node: ast.Await, scope: Scope) -> Value:
    return evaluate(machine, node.value, scope)


def _yield(machine: Machine, node: ast.Yield, scope: Scope) -> Value:
    machine.frame.yielded.append(NONE if node.value is None else evaluate(machine, node.value, scope))
    return NONE


def _yield_from(machine: Machine, node: ast.YieldFrom, scope: Scope) -> Value:
    value = evaluate(machine, node.value, scope)
    machine.frame.yielded.append(element_of(machine, value, Site(scope.module, node.value)))
    return NONE


_EVALUATORS: dict[type[ast.expr], Evaluator] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Constant: _constant,
    ast.JoinedStr: _formatted,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _list,
    ast.Dict: _dict,
    ast.ListComp: _list_comprehension,
    ast.SetComp: _list_comprehension,
    ast.GeneratorExp: _generator,
    ast.DictComp: _dict_comprehension,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _comparison,
    ast.BoolOp: _boolean,
    ast.IfExp: _conditional,
    ast.Subscript: _subscript,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}

BUILTINS = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "callable",
        "dict",
        "dir",
        "divmod",
        "enumerate",
        "eval",
        "exec",
        "exit",
        "filter",
        "float",
        "format",
        "frozenset",
        "getattr",
        "globals",
        "hasattr",
        "hash",
        "hex",
        "id",
        "input",
        "int",
        "isinstance",
        "issubclass",
        "iter",
        "len",
        "list",
        "locals",
        "map",
        "max",
        "min",
        "next",
        "object",
        "open",
        "ord",
        "pow",
        "print",
        "property",
        "quit",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "setattr",
        "slice",
        "sorted",
        "staticmethod",
        "classmethod",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "vars",
        "zip",
        "__import__",
        "Exception",
        "ValueError",
        "KeyError",
        "RuntimeError",
        "NotImplementedError",
    ]
)
