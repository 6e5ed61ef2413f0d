"""Operators and truth: arithmetic on constants and symbols, comparisons, conditions that fork."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Hashable
from typing import Any

from lossguard.frozen import dataclass
from lossguard.static.machine import Machine, key_of
from lossguard.static.values import (
    NONE,
    TRUE,
    Array,
    Choice,
    Const,
    Dict,
    Guard,
    List,
    Literal,
    Many,
    Pairs,
    Predictions,
    Shifted,
    Site,
    Tensor,
    Truth,
    Tuple,
    Unknown,
    Value,
    Wording,
    derived,
)
from lossguard.static.worlds import NO_ASSUMPTION, Comparison

_ELEMENTWISE = (Array, Tensor, Predictions)
MAX_INTEGER = 1 << 64
MAX_SEQUENCE = 4096
MAX_EXPONENT = 64

_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], object]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
    ast.MatMult: ("@", operator.matmul),
    ast.BitOr: ("|", operator.or_),
    ast.BitAnd: ("&", operator.and_),
    ast.BitXor: ("^", operator.xor),
    ast.LShift: ("<<", operator.lshift),
    ast.RShift: (">>", operator.rshift),
}

_RELATIONS: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], bool]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}

Combine = Callable[[Machine, str, Value, Value, Site], Value | None]
_overloads: list[Combine] = []


def overload(combine: Combine) -> Combine:
    """Register what an operator does to values that are not plain Python: tensors, arrays."""
    _overloads.append(combine)
    return combine


def binary(machine: Machine, kind: ast.operator, left: Value, right: Value, site: Site) -> Value:
    """The value of `left <kind> right`."""
    symbol, function = _ARITHMETIC[type(kind)]
    return machine.pure(lambda: _binary(machine, symbol, function, machine.pick(left), machine.pick(right), site))


def _binary(
    machine: Machine, symbol: str, function: Callable[[Any, Any], object], left: Value, right: Value, site: Site
) -> Value:
    match left, right:
        case Const(value=a), Const(value=b):
            return _fold(machine, symbol, function, a, b, site)
        case ((Unknown() | Shifted()), Const(value=int() as number)) if symbol in "+-" and not isinstance(number, bool):
            return shift(left, number if symbol == "+" else -number)
        case Const(value=int() as number), (Unknown() | Shifted()) if symbol == "+" and not isinstance(number, bool):
            return shift(right, number)
    if symbol == "+":
        joined = _concatenated(machine, left, right)
        if joined is not None:
            return joined
    if symbol == "*" and isinstance(left, (List, Tuple)) and isinstance(right, Const):
        repeated = _repeated(machine, left, right, site)
        if repeated is not None:
            return repeated
    return combined(machine, symbol, left, right, site)


def combined(machine: Machine, symbol: str, left: Value, right: Value, site: Site) -> Value:
    """What an operator makes of values of which one at least is not plain Python."""
    for combine in _overloads:
        found = combine(machine, symbol, left, right, site)
        if found is not None:
            return found
    keys = key_of(left), key_of(right)
    key = None if None in keys else derived("operator", symbol, *keys)
    return machine.unknown("it is computed", site, key)


def shift(value: Value, offset: int) -> Value:
    """An unknown integer plus `offset`."""
    match value:
        case Shifted(base=base, offset=already):
            total = already + offset
            return Shifted(base, total) if total else base
        case Unknown():
            return Shifted(value, offset) if offset else value
        case _:
            return value


def _fold(
    machine: Machine, symbol: str, function: Callable[[Any, Any], object], a: object, b: object, site: Site
) -> Value:
    too_large = (
        (
            symbol in {"**", "<<"}
            and isinstance(b, (int, float))
            and (b > MAX_EXPONENT or not isinstance(a, (int, float)) or abs(a) > MAX_INTEGER)
        )
        or (isinstance(a, (str, bytes)) and symbol == "*")
        or (isinstance(b, (str, bytes)) and symbol == "*")
        or (isinstance(a, (str, bytes)) and symbol == "%")
    )
    if too_large:
        return machine.unknown("it is computed", site)
    try:
        result = function(a, b)
    except (TypeError, ValueError, ArithmeticError):
        return machine.unknown("it is computed", site)
    if isinstance(result, complex) or (isinstance(result, int) and abs(result) > MAX_INTEGER):
        return machine.unknown("the number is too large", site)
    if isinstance(result, (str, bytes)) and len(result) > MAX_SEQUENCE:
        return machine.unknown("the text is too long", site)
    return Const(result)


def items_of(machine: Machine, value: Value) -> Value:
    """The `Tuple`, `Many` or unknown that holds the elements of a sequence."""
    if isinstance(value, List):
        return machine.pick(machine.field(value, "items"))
    return value


def _concatenated(machine: Machine, left: Value, right: Value) -> Value | None:
    if not isinstance(left, (List, Tuple)):
        return None
    first, second = items_of(machine, left), items_of(machine, right)
    if not (isinstance(first, Tuple) and isinstance(second, Tuple)):
        return None
    if len(first.items) + len(second.items) > MAX_SEQUENCE:
        return machine.unknown("the sequence is long")
    joined = Tuple(first.items + second.items)
    if isinstance(left, List):
        return List(left.site, machine.serial(), {"items": joined})
    return joined


def _repeated(machine: Machine, left: List | Tuple, times: Const, site: Site) -> Value | None:
    items = items_of(machine, left)
    if not isinstance(items, Tuple) or not isinstance(times.value, int):
        return None
    if len(items.items) * times.value > MAX_SEQUENCE:
        contents: Value = Many(items.items[0]) if len(set(items.items)) == 1 else machine.unknown("it is long", site)
    else:
        contents = Tuple(items.items * times.value)
    if isinstance(left, List):
        return List(left.site, machine.serial(), {"items": contents})
    return contents


def unary(machine: Machine, kind: ast.unaryop, value: Value, site: Site) -> Value:
    """The value of `-x`, `+x`, `~x` and `not x`."""
    if isinstance(kind, ast.Not):
        return negation(machine, value, site)
    value = machine.narrow(value)
    if isinstance(value, Const) and isinstance(value.value, (int, float)):
        match kind:
            case ast.USub():
                return Const(-value.value)
            case ast.UAdd():
                return value
            case ast.Invert() if isinstance(value.value, int):
                return Const(~value.value)
    for combine in _overloads:
        found = (
            combine(machine, "*", Const(-1), value, site)
            if isinstance(kind, ast.USub)
            else combine(machine, "unary", value, NONE, site)
        )
        if found is not None:
            return found
    return machine.unknown("it is computed", site)


def negation(machine: Machine, value: Value, site: Site) -> Value:
    """`not value`."""
    options = [(guard, Const(not truth)) for guard, truth in alternatives(machine, value, site)]
    if len(options) == 1:
        return options[0][1]
    if isinstance(value, Truth):
        return Truth(value.literal.negated())
    return machine.worlds.join(options)


@dataclass(frozen=True, slots=True)
class Comparing:
    """Where two values are compared, in which words, and the words of each side where it has any."""

    site: Site
    words: Wording
    left: Wording | None = None
    right: Wording | None = None


def symbol(relation: ast.cmpop) -> str:
    """A comparison as it is written."""
    return _MEMBERSHIP.get(type(relation)) or _RELATIONS[type(relation)][0]


_MEMBERSHIP: dict[type[ast.cmpop], str] = {ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not"}


def compare(machine: Machine, target: ast.cmpop, left: Value, right: Value, how: Comparing) -> Value:
    """The value of one comparison, a constant or a `Truth`."""
    return machine.pure(lambda: _compare(machine, target, machine.pick(left), machine.pick(right), how))


def _compare(machine: Machine, target: ast.cmpop, left: Value, right: Value, how: Comparing) -> Value:
    site = how.site
    match target:
        case ast.In() | ast.NotIn():
            return _membership(machine, left, right, how, negated=isinstance(target, ast.NotIn))
        case ast.Is() | ast.IsNot():
            return _identity(machine, left, right, how, negated=isinstance(target, ast.IsNot))
    relation, function = _RELATIONS[type(target)]
    if isinstance(left, Const) and isinstance(right, Const):
        try:
            return Const(bool(function(left.value, right.value)))
        except TypeError:
            return machine.unknown("it compares different types", site)
    if isinstance(left, _ELEMENTWISE) or isinstance(right, _ELEMENTWISE):
        for combine in _overloads:
            found = combine(machine, relation, left, right, site)
            if found is not None:
                return found
        return machine.unknown("it compares arrays element by element", site)
    if (
        relation in {"==", "!="}
        and isinstance(left, Tuple)
        and isinstance(right, Tuple)
        and key_of(left) is not None
        and key_of(right) is not None
    ):
        same = left == right
        if same or len(left.items) != len(right.items):
            return Const(same is (relation == "=="))
    if isinstance(left, Const):
        return _against_constant(machine, right, _MIRRORED[relation], left.value, how, how.right)
    if isinstance(right, Const):
        return _against_constant(machine, left, relation, right.value, how, how.left)
    keys = key_of(left), key_of(right)
    if None in keys:
        return _opaque(machine, None, how.words)
    if keys[0] == keys[1] and relation in {"==", "<=", ">="}:
        return TRUE
    if relation == "!=":
        return Truth(machine.worlds.literal(("compare", keys, "=="), how.words, opposite=True).negated())
    return Truth(machine.worlds.literal(("compare", keys, relation), how.words))


def _against_constant(
    machine: Machine, left: Value, relation: str, constant: object, how: Comparing, subject: Wording | None
) -> Value:
    base, offset = (left.base, left.offset) if isinstance(left, Shifted) else (left, 0)
    if isinstance(base, Unknown):
        number = constant - offset if isinstance(constant, (int, float)) and offset else constant
        positive = {"!=": "==", ">": "<=", ">=": "<"}.get(relation, relation)
        literal = machine.worlds.literal(
            ("compare", base.key, positive, type(number).__name__, number),
            base.text if offset or subject is None or (base.text and _names_several(subject)) else subject,
            Comparison(base.key, positive, number),
        )
        literal = literal if positive == relation else literal.negated()
        decided = machine.worlds.decided(literal)
        return Truth(literal) if decided is None else Const(decided)
    if relation in {"==", "!="} and not isinstance(left, (Truth, Array, Tensor)):
        return Const(relation == "!=")
    return _opaque(machine, None, how.words)


def _names_several(words: Wording) -> bool:
    """Whether the words name several values, of which each world takes one: `a or b`."""
    return isinstance(words, Site) and isinstance(words.node, (ast.BoolOp, ast.IfExp))


def _membership(machine: Machine, left: Value, right: Value, how: Comparing, *, negated: bool) -> Value:
    container = items_of(machine, right)
    if isinstance(right, Dict):
        pairs = machine.pick(machine.field(right, "items"))
        container = (
            Tuple(tuple(key for key, _ in pairs.items)) if isinstance(pairs, Pairs) and pairs.complete else pairs
        )
    if isinstance(left, Const) and isinstance(container, Const):
        if isinstance(left.value, str) and isinstance(container.value, str):
            return Const((left.value in container.value) is not negated)
    elif isinstance(left, Const) and isinstance(container, Tuple):
        if left in container.items:
            return Const(not negated)
        if all(isinstance(item, Const) for item in container.items):
            return Const(negated)
    keys = key_of(left), key_of(container)
    return _opaque(machine, None if None in keys else ("in", *keys), how.words, opposite=negated)


def _identity(machine: Machine, left: Value, right: Value, how: Comparing, *, negated: bool) -> Value:
    if isinstance(left, Const) and isinstance(right, Const):
        return Const((left == right) is not negated)
    if right == NONE:
        if isinstance(left, Unknown):
            found = _against_constant(machine, left, "==", None, how, how.left)
            return negation(machine, found, how.site) if negated else found
        if not isinstance(left, (Truth, Shifted)):
            return Const(negated)
    keys = key_of(left), key_of(right)
    return _opaque(machine, None if None in keys else ("is", *keys), how.words, opposite=negated)


def _opaque(machine: Machine, key: Hashable, words: Wording, *, opposite: bool = False) -> Value:
    """A comparison that nothing is known of; `opposite` where it is written the other way round, as `not in`."""
    key = ("opaque", key if key is not None else machine.serial())
    literal = machine.worlds.literal(key, words, opposite=opposite)
    return Truth(literal.negated() if opposite else literal)


def alternatives(machine: Machine, value: Value, words: Wording) -> list[tuple[Guard, bool]]:
    """The truth of a value by world, among the worlds that the assumptions allow; `words` are how it is written."""
    found: list[tuple[Guard, bool]] = []
    for guard, option in machine.worlds.options(value):
        for inner, truth in _truth(machine, machine.narrow(option), words):
            joined = guard | inner
            if machine.worlds.feasible(joined) and len({literal.condition for literal in joined}) == len(joined):
                found.append((joined, truth))
    if len({truth for _, truth in found}) == 1 and len(found) > 1:
        return [(NO_ASSUMPTION, found[0][1])]
    return found or [(NO_ASSUMPTION, True)]


def _truth(machine: Machine, value: Value, words: Wording) -> list[tuple[Guard, bool]]:
    match value:
        case Const(value=constant):
            return [(NO_ASSUMPTION, bool(constant))]
        case Truth(literal=literal):
            return _sides(machine, literal)
        case Unknown(key=key):
            literal = machine.worlds.literal(("truth", key), words)
            return _sides(machine, literal)
        case Tuple(items=items):
            return [(NO_ASSUMPTION, bool(items))]
        case List():
            return alternatives(machine, value.fields["items"], words)
        case Dict():
            pairs = value.fields["items"]
            if isinstance(pairs, Pairs) and (pairs.items or pairs.complete):
                return [(NO_ASSUMPTION, bool(pairs.items))]
        case Many() | Array() | Tensor() | Shifted() | Pairs() | Choice():
            pass
        case _:
            return [(NO_ASSUMPTION, True)]
    return _sides(machine, machine.worlds.literal(("truth", machine.serial()), words))


def _sides(machine: Machine, literal: Literal) -> list[tuple[Guard, bool]]:
    decided = machine.worlds.decided(literal)
    if decided is not None:
        return [(NO_ASSUMPTION, decided)]
    return [(frozenset({literal}), True), (frozenset({literal.negated()}), False)]


def conjunction(machine: Machine, left: Literal, right: Literal, words: Wording, *, both: bool) -> Truth:
    """`left and right` (`both`) or `left or right` as one condition that implies its parts."""
    if both:
        literal = machine.worlds.literal(("and", left, right), words, implied=(left, right))
        return Truth(literal)
    refuted = (left.negated(), right.negated())
    return Truth(machine.worlds.literal(("or", left, right), words, refuted=refuted))
