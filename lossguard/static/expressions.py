"""Expressions: one evaluator for each kind of node."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from lossguard.catalog.names import CONVENTIONS, canonical
from lossguard.static import operators
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
MAX_ROUNDS = 40
"""A loop or comprehension over more known elements than this is summarised."""

Evaluator = Callable[[Machine, Any, Scope], Value]


def evaluate(machine: Machine, node: cst.BaseExpression, scope: Scope) -> Value:
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


def _name(machine: Machine, node: cst.Name, scope: Scope) -> Value:
    match node.value:
        case "True" | "False" | "None":
            return _SINGLETONS[node.value]
    value = lookup(machine, node.value, scope)
    if isinstance(value, Lazy):
        return machine.resolve(value)
    if value is None:
        value = _starred(machine, node.value, scope) or _conventional(machine, node.value)
    if value is None or isinstance(value, Unbound):
        return Unknown(
            ("name", scope.module.serial, node.value), f"the name {node.value} is not defined here", node.value
        )
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


_SINGLETONS = {"True": Const(True), "False": Const(False), "None": NONE}


def _attribute(machine: Machine, node: cst.Attribute, scope: Scope) -> Value:
    owner = evaluate(machine, node.value, scope)
    return machine.attribute(owner, node.attr.value, Site(scope.module, node))


# literals


def _integer(machine: Machine, node: cst.Integer, scope: Scope) -> Value:
    try:
        number = int(node.value.replace("_", ""), 0)
    except ValueError:
        return machine.unknown("it is not a number", Site(scope.module, node))
    return Const(number) if abs(number) <= operators.MAX_INTEGER else machine.unknown("the number is too large")


def _float(machine: Machine, node: cst.Float, scope: Scope) -> Value:
    return Const(float(node.value.replace("_", "")))


def _string(machine: Machine, node: cst.SimpleString, scope: Scope) -> Value:
    text = node.value
    if text[0] in "\"'" and "\\" not in text and text[:3] not in _LONG_QUOTES:
        return Const(text[1:-1])
    try:
        return Const(ast.literal_eval(node.value))
    except (ValueError, SyntaxError):
        return machine.unknown("the string can't be read", Site(scope.module, node))


_LONG_QUOTES = frozenset({'"""', "'''"})


def _concatenated(machine: Machine, node: cst.ConcatenatedString, scope: Scope) -> Value:
    left, right = evaluate(machine, node.left, scope), evaluate(machine, node.right, scope)
    if isinstance(left, Const) and isinstance(right, Const) and type(left.value) is type(right.value):
        return Const(left.value + right.value)  # type: ignore[operator]
    return machine.unknown("the string is formatted", Site(scope.module, node))


def _formatted(machine: Machine, node: cst.FormattedString, scope: Scope) -> Value:
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            parts.append(part.value)
            continue
        if not isinstance(part, cst.FormattedStringExpression):
            return machine.unknown("the string is formatted", Site(scope.module, node))
        value = evaluate(machine, part.expression, scope)
        if not isinstance(value, Const) or part.format_spec is not None or part.conversion is not None:
            return machine.unknown("the string is formatted", Site(scope.module, node))
        parts.append(str(value.value))
        if sum(map(len, parts)) > operators.MAX_SEQUENCE:
            return machine.unknown("the text is too long", Site(scope.module, node))
    return Const("".join(parts))


# containers


def _elements(machine: Machine, nodes: Sequence[cst.BaseElement], scope: Scope, site: Site) -> Value:
    items: list[Value] = []
    if len(nodes) > MAX_ELEMENTS:
        return Many(evaluate(machine, nodes[0].value, scope))
    for element in nodes:
        value = evaluate(machine, element.value, scope)
        if not isinstance(element, cst.StarredElement):
            items.append(value)
            continue
        spread = operators.items_of(machine, machine.worlds.options(value)[0][1])
        if not isinstance(spread, Tuple) or len(items) + len(spread.items) > MAX_ELEMENTS:
            return machine.unknown("it is spread from an unknown sequence", site)
        items.extend(spread.items)
    return machine.kept(Tuple(tuple(items)), site)


def _tuple(machine: Machine, node: cst.Tuple, scope: Scope) -> Value:
    return _elements(machine, node.elements, scope, Site(scope.module, node))


def _list(machine: Machine, node: cst.List | cst.Set, scope: Scope) -> Value:
    site = Site(scope.module, node)
    return List(site, machine.serial(), {"items": _elements(machine, node.elements, scope, site)})


def _dict(machine: Machine, node: cst.Dict, scope: Scope) -> Value:
    site = Site(scope.module, node)
    pairs: dict[Value, Value] = {}
    complete = True
    for element in node.elements[:MAX_ELEMENTS]:
        value = evaluate(machine, element.value, scope)
        if isinstance(element, cst.DictElement):
            key = evaluate(machine, element.key, scope)
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


def _rounds(machine: Machine, node: cst.CompFor, scope: Scope) -> list[Scope] | None:
    """One scope per round of a comprehension whose length is known, else None."""
    source = machine.worlds.options(evaluate(machine, node.iter, scope))
    elements = sequence(machine, source[0][1]) if len(source) == 1 else None
    if not isinstance(elements, Tuple) or len(elements.items) > MAX_ROUNDS:
        return None
    scopes: list[Scope] = []
    for element in elements.items:
        inner = Scope({}, scope, scope.module, function=scope.function)
        assign(machine, node.target, element, inner)
        for condition in node.ifs:
            sides = operators.alternatives(
                machine, evaluate(machine, condition.test, inner), Site(scope.module, condition.test)
            )
            if len(sides) > 1:
                return None
            if not sides[0][1]:
                break
        else:
            if node.inner_for_in is None:
                scopes.append(inner)
            else:
                nested = _rounds(machine, node.inner_for_in, inner)
                if nested is None:
                    return None
                scopes.extend(nested)
    return scopes if len(scopes) <= MAX_ROUNDS else None


def _typical(machine: Machine, node: cst.CompFor, scope: Scope) -> Scope:
    """The scope of one round that stands for all."""
    inner = Scope({}, scope, scope.module, function=scope.function)
    source = evaluate(machine, node.iter, scope)
    assign(machine, node.target, element_of(machine, source, Site(scope.module, node.iter)), inner)
    return inner if node.inner_for_in is None else _typical(machine, node.inner_for_in, inner)


def _comprehended(machine: Machine, node: cst.BaseSimpleComp, scope: Scope) -> Value:
    scopes = _rounds(machine, node.for_in, scope)
    if scopes is None:
        with machine.one_round_for_all():
            return Many(evaluate(machine, node.elt, _typical(machine, node.for_in, scope)))
    return Tuple(tuple(evaluate(machine, node.elt, inner) for inner in scopes))


def _list_comprehension(machine: Machine, node: cst.ListComp | cst.SetComp, scope: Scope) -> Value:
    items = _comprehended(machine, node, scope)
    return List(Site(scope.module, node), machine.serial(), {"items": items})


def _generator(machine: Machine, node: cst.GeneratorExp, scope: Scope) -> Value:
    return _comprehended(machine, node, scope)


def _dict_comprehension(machine: Machine, node: cst.DictComp, scope: Scope) -> Value:
    site = Site(scope.module, node)
    scopes = _rounds(machine, node.for_in, scope)
    if scopes is None:
        return Dict(site, machine.serial(), {"items": Pairs((), complete=False)})
    pairs = {evaluate(machine, node.key, inner): evaluate(machine, node.value, inner) for inner in scopes}
    return Dict(site, machine.serial(), {"items": Pairs(tuple(pairs.items()))})


# operators


def _binary(machine: Machine, node: cst.BinaryOperation, scope: Scope) -> Value:
    left = evaluate(machine, node.left, scope)
    return operators.binary(
        machine, node.operator, left, evaluate(machine, node.right, scope), Site(scope.module, node)
    )


def _unary(machine: Machine, node: cst.UnaryOperation, scope: Scope) -> Value:
    value = evaluate(machine, node.expression, scope)
    site = Site(scope.module, node)
    if isinstance(node.operator, cst.Not):
        return operators.negation(machine, value, Site(scope.module, node.expression))
    return machine.pure(lambda: operators.unary(machine, node.operator, machine.pick(value), site))


def _comparison(machine: Machine, node: cst.Comparison, scope: Scope) -> Value:
    site = Site(scope.module, node)
    left = evaluate(machine, node.left, scope)
    found: Value = Const(True)
    before = Site(scope.module, node.left)
    for position, target in enumerate(node.comparisons):
        right = evaluate(machine, target.comparator, scope)
        after = Site(scope.module, target.comparator)
        words: Wording = site
        if len(node.comparisons) > 1:
            words = " ".join(map(machine.text, (before, Site(scope.module, target.operator), after)))
        how = operators.Comparing(site, words, before, after)
        value = operators.compare(machine, target.operator, left, right, how)
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


def _boolean(machine: Machine, node: cst.BooleanOperation, scope: Scope) -> Value:
    both = isinstance(node.operator, cst.And)
    left = evaluate(machine, node.left, scope)
    sides = operators.alternatives(machine, left, Site(scope.module, node.left))
    if len(sides) == 1:
        return evaluate(machine, node.right, scope) if sides[0][1] is both else left

    def under(guard: Guard, *, truth: bool) -> Callable[[], Value]:
        return lambda: evaluate(machine, node.right, scope) if truth is both else left

    outcomes = [(guard, truth, *isolated(machine, guard, under(guard, truth=truth))) for guard, truth in sides]
    machine.worlds.merge([(guard, written) for guard, _, _, written in outcomes])
    right = next(value for _, truth, value, _ in outcomes if truth is both)
    if isinstance(right, Unknown):
        operators.alternatives(machine, right, Site(scope.module, node.right))
    if isinstance(left, Truth) and isinstance(right, Truth):
        return operators.conjunction(machine, left.literal, right.literal, Site(scope.module, node), both=both)
    if isinstance(left, Truth) and isinstance(right, Const) and isinstance(right.value, bool):
        return left if right.value is both else right
    if isinstance(left, Unknown) and isinstance(right, Truth) and len(sides) == 2:  # noqa: PLR2004
        (literal,) = next(guard for guard, truth in sides if truth)
        return operators.conjunction(machine, literal, right.literal, Site(scope.module, node), both=both)
    return machine.worlds.join([(guard, value) for guard, _, value, _ in outcomes])


def isolated(machine: Machine, guard: Guard, operation: Callable[[], Value]) -> tuple[Value, Written]:
    """Evaluate under an assumption; the value and what was written, with the state as before."""
    with machine.worlds.assuming(guard):
        machine.worlds.open()
        try:
            value = operation()
        except BaseException:
            machine.worlds.close()
            raise
        return value, machine.worlds.close()


def _conditional(machine: Machine, node: cst.IfExp, scope: Scope) -> Value:
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


def _subscript(machine: Machine, node: cst.Subscript, scope: Scope) -> Value:
    owner = evaluate(machine, node.value, scope)
    indices = [index_value(machine, element, scope) for element in node.slice]
    index = indices[0] if len(indices) == 1 else Tuple(tuple(indices))
    site = Site(scope.module, node)
    return machine.pure(lambda: item(machine, machine.pick(owner), machine.pick(index), site))


# calls, functions, the rest


def arguments_of(machine: Machine, nodes: Sequence[cst.Arg], scope: Scope) -> Arguments:
    """The evaluated arguments of a call."""
    positional: list[Value] = []
    keywords: dict[str, Value] = {}
    places: list[tuple[str, cst.CSTNode]] = []
    unknown = False
    for argument in nodes:
        value = evaluate(machine, argument.value, scope)
        if argument.star == "*":
            spread = operators.items_of(machine, machine.worlds.options(value)[0][1])
            if isinstance(spread, Tuple):
                positional.extend(spread.items)
            else:
                unknown = True
        elif argument.star == "**":
            plain = machine.worlds.options(value)
            pairs = machine.field(plain[0][1], "items") if len(plain) == 1 and isinstance(plain[0][1], Dict) else None
            if isinstance(pairs, Pairs):
                unknown = unknown or not pairs.complete
                for key, element in pairs.items:
                    if isinstance(key, Const) and isinstance(key.value, str):
                        keywords[key.value] = element
                        places.append((key.value, argument.value))
            else:
                unknown = True
        elif argument.keyword is not None:
            keywords[argument.keyword.value] = value
            places.append((argument.keyword.value, argument.value))
        else:
            places.append((str(len(positional)), argument.value))
            positional.append(value)
    return Arguments(tuple(positional), tuple(keywords.items()), unknown, tuple(places))


def _call(machine: Machine, node: cst.Call, scope: Scope) -> Value:
    callee = evaluate(machine, node.func, scope)
    arguments = arguments_of(machine, node.args, scope)
    site = Site(scope.module, node)
    return machine.kept(machine.call(callee, arguments, site, scope), site)


def _lambda(machine: Machine, node: cst.Lambda, scope: Scope) -> Value:
    return Function("<lambda>", node, scope, scope.module, default_values(machine, node.params, scope))


def default_values(machine: Machine, parameters: cst.Parameters, scope: Scope) -> tuple[tuple[str, Value], ...]:
    """The defaults of a function's parameters, evaluated where it is defined."""
    return tuple(
        (parameter.name.value, evaluate(machine, parameter.default, scope))
        for parameter in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
        if parameter.default is not None
    )


def _named(machine: Machine, node: cst.NamedExpr, scope: Scope) -> Value:
    value = evaluate(machine, node.value, scope)
    assign(machine, node.target, value, scope)
    return value


def _await(machine: Machine, node: cst.Await, scope: Scope) -> Value:
    return evaluate(machine, node.expression, scope)


def _yield(machine: Machine, node: cst.Yield, scope: Scope) -> Value:
    match node.value:
        case cst.From(item=source):
            value = evaluate(machine, source, scope)
            machine.frame.yielded.append(element_of(machine, value, Site(scope.module, source)))
        case cst.BaseExpression() as expression:
            machine.frame.yielded.append(evaluate(machine, expression, scope))
        case _:
            machine.frame.yielded.append(NONE)
    return NONE


_EVALUATORS: dict[type[cst.CSTNode], Evaluator] = {
    cst.Name: _name,
    cst.Attribute: _attribute,
    cst.Call: _call,
    cst.Integer: _integer,
    cst.Float: _float,
    cst.SimpleString: _string,
    cst.ConcatenatedString: _concatenated,
    cst.FormattedString: _formatted,
    cst.Tuple: _tuple,
    cst.List: _list,
    cst.Set: _list,
    cst.Dict: _dict,
    cst.ListComp: _list_comprehension,
    cst.SetComp: _list_comprehension,
    cst.GeneratorExp: _generator,
    cst.DictComp: _dict_comprehension,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.Comparison: _comparison,
    cst.BooleanOperation: _boolean,
    cst.IfExp: _conditional,
    cst.Subscript: _subscript,
    cst.Lambda: _lambda,
    cst.NamedExpr: _named,
    cst.Await: _await,
    cst.Yield: _yield,
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
