"""Python itself: builtin functions, methods of strings, lists and dicts, and modules that configure programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lossguard.static.functions import ATTRIBUTES, Call, call, function, method
from lossguard.static.machine import Machine, key_of
from lossguard.static.operators import MAX_SEQUENCE, alternatives, items_of
from lossguard.static.statements import EXIT, extend
from lossguard.static.subscripts import element_of, item, sequence
from lossguard.static.targets import set_attribute
from lossguard.static.values import (
    NONE,
    TRUE,
    Api,
    Arguments,
    Array,
    Choice,
    Class,
    Const,
    Dict,
    Instance,
    Layer,
    List,
    Many,
    Model,
    Native,
    Pairs,
    Partial,
    Shifted,
    Site,
    Super,
    Tensor,
    Tuple,
    Unknown,
    Value,
    derived,
)

MAX_RANGE = 256


def _list(request: Call, contents: Value) -> List:
    return List(request.site, request.machine.serial(), {"items": contents})


def _first(request: Call, position: int = 0) -> Value:
    positional = request.arguments.positional
    return request.machine.pick(positional[position]) if position < len(positional) else NONE


@function("builtins.len")
def _len(request: Call) -> Value:
    value = _first(request)
    contents = items_of(request.machine, value)
    if isinstance(contents, Tuple):
        return Const(len(contents.items))
    if isinstance(contents, Const) and isinstance(contents.value, (str, bytes)):
        return Const(len(contents.value))
    if isinstance(value, Dict):
        pairs = request.machine.pick(value.fields["items"])
        if isinstance(pairs, Pairs) and pairs.complete:
            return Const(len(pairs.items))
    if isinstance(value, Array) and value.elements is not None:
        return Const(len(value.elements.items))
    key = key_of(value)
    return request.machine.unknown("a length", request.site, derived("len", key) if key is not None else None)


@function("builtins.range")
def _range(request: Call) -> Value:
    bounds = [request.machine.pick(value) for value in request.arguments.positional]
    numbers = [bound.value for bound in bounds if isinstance(bound, Const) and isinstance(bound.value, int)]
    if len(numbers) == len(bounds) and 0 < len(numbers) <= 3 and 0 not in numbers[2:]:  # noqa: PLR2004
        found = range(*numbers)
        if not found[MAX_RANGE:]:
            return Tuple(tuple(map(Const, found)))
    return Many(request.machine.unknown("a number in a range", request.site))


@function("builtins.enumerate")
def _enumerate(request: Call) -> Value:
    elements = sequence(request.machine, _first(request))
    if isinstance(elements, Tuple):
        return Tuple(tuple(Tuple((Const(i), element)) for i, element in enumerate(elements.items)))
    inner = element_of(request.machine, _first(request), request.site)
    return Many(Tuple((request.machine.unknown("an index", request.site), inner)))


@function("builtins.zip")
def _zip(request: Call) -> Value:
    sources = [request.machine.pick(value) for value in request.arguments.positional]
    elements = [sequence(request.machine, source) for source in sources]
    if elements and all(isinstance(element, Tuple) for element in elements):
        rows = zip(*(element.items for element in elements if isinstance(element, Tuple)), strict=False)
        return Tuple(tuple(map(Tuple, rows)))
    return Many(Tuple(tuple(element_of(request.machine, source, request.site) for source in sources)))


@function("builtins.map")
def _map(request: Call) -> Value:
    elements = sequence(request.machine, _first(request, 1))
    function_ = _first(request)
    if isinstance(elements, Tuple) and len(request.arguments.positional) == 2 and len(elements.items) < MAX_RANGE:  # noqa: PLR2004
        return Tuple(
            tuple(
                call(request.machine, function_, Arguments((element,)), request.site, request.scope)
                for element in elements.items
            )
        )
    return Many(request.unknown("what a function makes of unknown elements"))


@function("builtins.list", "builtins.tuple", "builtins.sorted", "builtins.set", "builtins.reversed", "builtins.iter")
def _gather(request: Call) -> Value:
    kind = request.name.rpartition(".")[2]
    if not request.arguments.positional:
        return _list(request, Tuple(()))
    value = _first(request)
    if kind == "iter":
        return value
    elements = sequence(request.machine, value)
    if isinstance(elements, Tuple) and kind == "reversed":
        elements = Tuple(elements.items[::-1])
    if isinstance(elements, Tuple) and kind == "set":
        elements = Tuple(tuple(dict.fromkeys(elements.items)))
    if isinstance(elements, (Tuple, Many)):
        return elements if kind == "tuple" else _list(request, elements)
    if isinstance(value, Array) and kind in {"list", "tuple"}:
        return value
    return request.unknown("a sequence that is not known")


@function("builtins.dict")
def _dict(request: Call) -> Value:
    pairs: dict[Value, Value] = {}
    complete = not request.arguments.open
    if request.arguments.positional:
        given = _first(request)
        known = request.machine.pick(given.fields["items"]) if isinstance(given, Dict) else None
        if isinstance(known, Pairs):
            pairs.update(known.items)
            complete = complete and known.complete
        else:
            complete = False
    pairs.update((Const(name), value) for name, value in request.arguments.keywords)
    return Dict(request.site, request.machine.serial(), {"items": Pairs(tuple(pairs.items()), complete)})


_CONVERSIONS: dict[str, Callable[[Any], object]] = {"int": int, "float": float, "str": str, "bool": bool, "abs": abs}


@function(*(f"builtins.{name}" for name in _CONVERSIONS))
def _convert(request: Call) -> Value:
    value = _first(request)
    kind = request.name.rpartition(".")[2]
    if isinstance(value, Const):
        try:
            return Const(_CONVERSIONS[kind](value.value))
        except (TypeError, ValueError, OverflowError):
            return request.unknown("it can't be converted")
    if kind == "int" and isinstance(value, (Unknown, Shifted)):
        return value
    if kind == "bool":
        sides = alternatives(request.machine, value, request.site)
        return request.machine.worlds.join([(guard, Const(truth)) for guard, truth in sides])
    return request.unknown("a conversion")


_EXTREMES: dict[str, Callable[[Any], Any]] = {"max": max, "min": min, "sum": sum}


@function("builtins.max", "builtins.min", "builtins.sum")
def _extreme(request: Call) -> Value:
    kind: Callable[[list[float]], float] = _EXTREMES[request.name.rpartition(".")[2]]
    single = len(request.arguments.positional) == 1
    elements = sequence(request.machine, _first(request)) if single else Tuple(request.arguments.positional)
    if isinstance(elements, Tuple) and elements.items and not request.arguments.keywords:
        numbers = [
            value.value
            for value in elements.items
            if isinstance(value, Const) and isinstance(value.value, (int, float))
        ]
        if len(numbers) == len(elements.items):
            try:
                return Const(kind(numbers))
            except OverflowError:
                return request.unknown("the number is too large")
    return request.unknown("the extreme of unknown numbers")


@function("builtins.isinstance")
def _isinstance(request: Call) -> Value:
    value, kind = _first(request), _first(request, 1)
    plain = {"str": str, "int": int, "float": float, "bool": bool}
    if isinstance(kind, Api):
        name = kind.name.rpartition(".")[2]
        if isinstance(value, Const) and name in plain:
            return Const(isinstance(value.value, plain[name]))
        if isinstance(value, Const) and name in {"list", "tuple", "dict"}:
            return Const(False)
        if isinstance(value, (List, Tuple, Dict)) and name in {"list", "tuple", "dict", "str", "int"}:
            return Const(type(value).__name__.lower() == name)
        if isinstance(value, (Model, Layer, Tensor)) and name in {"str", "int", "list", "dict", "tuple"}:
            return Const(False)
    return request.unknown("a test of a type")


@function("builtins.getattr")
def _getattr(request: Call) -> Value:
    owner, name = _first(request), _first(request, 1)
    if isinstance(name, Const) and isinstance(name.value, str):
        return request.machine.attribute(owner, name.value, request.site)
    return request.unknown("an attribute whose name is not known")


@function("builtins.setattr")
def _setattr(request: Call) -> Value:
    name = _first(request, 1)
    if isinstance(name, Const) and isinstance(name.value, str):
        value = request.raw("value", 2) or request.unknown("it is not passed")
        set_attribute(request.machine, _first(request), name.value, value)
    return NONE


@function("builtins.print", "builtins.setattr.", "builtins.input.")
def _nothing(request: Call) -> Value:
    return NONE


@function("builtins.super")
def _super(request: Call) -> Value:
    frame = request.machine.frame
    owner = frame.function.owner if frame.function is not None else None
    if request.arguments.positional:
        given = _first(request)
        owner = given if isinstance(given, Class) else owner
    if owner is None or frame.function is None:
        return request.unknown("super() outside of a method")
    parameters = frame.function.node.args
    first = (*parameters.posonlyargs, *parameters.args)[:1]
    receiver = request.scope.names.get(first[0].arg) if first else None
    return Super(request.machine.pick(receiver), owner)


@function("builtins.exit", "builtins.quit", "sys.exit", "os._exit")
def _exit(request: Call) -> Value:
    return EXIT


@function("functools.partial")
def _partial(request: Call) -> Value:
    if not request.arguments.positional:
        return request.unknown("a partial of nothing")
    nodes = tuple((name, node) for name, node in request.arguments.nodes if not name.isdigit())
    rest = replace(request.arguments, positional=request.arguments.positional[1:], nodes=nodes)
    return Partial(_first(request), rest)


@function("copy.copy", "copy.deepcopy")
def _copy(request: Call) -> Value:
    value = _first(request)
    if isinstance(value, (List, Dict)):
        return type(value)(value.site, request.machine.serial(), value.fields)
    return value if not isinstance(value, (Instance, Model)) else request.unknown("a copy")


@function("dataclasses.field")
def _field(request: Call) -> Value:
    return request.raw("default") or request.unknown("a field without a plain default")


# methods


@method(List, "append")
def _append(request: Call) -> Value:
    target = request.receiver
    assert isinstance(target, List)
    machine = request.machine
    added = request.raw("object", 0) or NONE
    contents = machine.pick(target.fields["items"])
    match contents:
        case Tuple(items=items) if not machine.summarising or (isinstance(added, (Layer, Model)) and items):
            machine.write(target, "items", Tuple((*items[-MAX_SEQUENCE:], added)))
        case Tuple(items=()):
            machine.write(target, "items", Many(added))
        case Many(element=element) if element == added:
            pass
        case Tuple(items=items) if all(element == added for element in items):
            machine.write(target, "items", Many(added))
        case _:
            machine.write(target, "items", Many(machine.unknown("the list mixes elements", request.site)))
    return NONE


@method(List, "extend")
def _extend(request: Call) -> Value:
    assert isinstance(request.receiver, List)
    extend(request.machine, request.receiver, request.raw("iterable", 0) or NONE, request.site)
    return NONE


@method(List, "insert", "remove", "clear", "sort")
def _disturb(request: Call) -> Value:
    target = request.receiver
    assert isinstance(target, List)
    machine = request.machine
    contents = machine.pick(target.fields["items"])
    index, added = request.get("index", 0), request.raw("object", 1)
    if (
        request.name == "insert"
        and isinstance(contents, Tuple)
        and isinstance(index, Const)
        and isinstance(index.value, int)
    ):
        changed = list(contents.items)
        changed.insert(index.value, added or NONE)
        machine.write(target, "items", Tuple(tuple(changed)))
    elif request.name == "clear":
        machine.write(target, "items", Tuple(()))
    elif request.name != "sort":
        machine.write(target, "items", machine.unknown("the list is changed", request.site))
    return NONE


@method(List, "add")
def _add(request: Call) -> Value:
    """`set.add`: sets are kept as lists without repetitions."""
    assert isinstance(request.receiver, List)
    contents = request.machine.pick(request.receiver.fields["items"])
    added = request.raw("elem", 0) or NONE
    if isinstance(contents, Tuple) and added in contents.items:
        return NONE
    return _append(request)


@method(List, "update")
def _update_set(request: Call) -> Value:
    assert isinstance(request.receiver, List)
    for addition in request.arguments.positional:
        extend(request.machine, request.receiver, addition, request.site)
    return NONE


@method(List, "index", "count", "union", "intersection", "difference", "issubset", "issuperset")
def _asked(request: Call) -> Value:
    return request.machine.unknown("a question to a list", request.site)


@method(List, "*")
def _changed_list(request: Call) -> Value:
    """Whatever else a list can do, it may change by it."""
    assert isinstance(request.receiver, List)
    request.machine.write(request.receiver, "items", request.machine.unknown("the list is changed", request.site))
    return request.machine.unknown("a method of a list", request.site)


@method(Dict, "*")
def _changed_dict(request: Call) -> Value:
    """Whatever else a dict can do, it may change by it."""
    assert isinstance(request.receiver, Dict)
    request.machine.write(request.receiver, "items", Pairs((), complete=False))
    return request.machine.unknown("a method of a dict", request.site)


@function("heapq.heappush", "heapq.heapify", "heapq.heappop", "bisect.insort", "bisect.insort_left", "random.shuffle")
def _in_place(request: Call) -> Value:
    target = _first(request)
    if isinstance(target, List):
        request.machine.write(target, "items", request.machine.unknown("the list is changed in place", request.site))
    return request.machine.unknown("what a function that changes a list gives", request.site)


@method(List, "pop")
def _pop(request: Call) -> Value:
    target = request.receiver
    assert isinstance(target, List)
    contents = request.machine.pick(target.fields["items"])
    index = request.get("index", 0)
    if isinstance(contents, Tuple) and contents.items and index in {None, Const(-1), Const(0)}:
        last = index != Const(0)
        request.machine.write(target, "items", Tuple(contents.items[:-1] if last else contents.items[1:]))
        return contents.items[-1 if last else 0]
    return request.unknown("an element of an unknown list")


@method(List, "copy")
def _copy_list(request: Call) -> Value:
    assert isinstance(request.receiver, List)
    return _list(request, request.receiver.fields["items"])


def _pairs(request: Call) -> Value:
    assert isinstance(request.receiver, Dict)
    return request.machine.pick(request.receiver.fields["items"])


@method(Dict, "get")
def _get(request: Call) -> Value:
    key = request.get("key", 0) or NONE
    pairs = _pairs(request)
    if isinstance(pairs, Pairs):
        found = pairs.get(key)
        if found is not None:
            return found
        if pairs.complete and isinstance(key, Const):
            return request.raw("default", 1) or NONE
    return item(request.machine, request.receiver, key, request.site)


@method(Dict, "keys", "values", "items")
def _view(request: Call) -> Value:
    pairs = _pairs(request)
    if not isinstance(pairs, Pairs) or not pairs.complete:
        return request.machine.unknown("the contents of an unknown dict", request.site)
    match request.name:
        case "keys":
            return Tuple(tuple(key for key, _ in pairs.items))
        case "values":
            return Tuple(tuple(value for _, value in pairs.items))
    return Tuple(tuple(Tuple(pair) for pair in pairs.items))


@method(Dict, "update")
def _update(request: Call) -> Value:
    assert isinstance(request.receiver, Dict)
    pairs = _pairs(request)
    known = dict(pairs.items) if isinstance(pairs, Pairs) else {}
    complete = isinstance(pairs, Pairs) and pairs.complete
    other = request.get("other", 0)
    if isinstance(other, Dict):
        added = request.machine.pick(other.fields["items"])
        if isinstance(added, Pairs):
            known.update(added.items)
            complete = complete and added.complete
    elif other is not None:
        known, complete = {}, False
    known.update((Const(name), value) for name, value in request.arguments.keywords)
    request.machine.write(request.receiver, "items", Pairs(tuple(known.items()), complete))
    return NONE


@method(Dict, "pop", "setdefault")
def _take(request: Call) -> Value:
    assert isinstance(request.receiver, Dict)
    key = request.get("key", 0) or NONE
    pairs = _pairs(request)
    if not isinstance(pairs, Pairs):
        return request.unknown("an entry of an unknown dict")
    found = pairs.get(key)
    rest = tuple(pair for pair in pairs.items if pair[0] != key)
    if request.name == "setdefault":
        found = found or request.raw("default", 1) or NONE
        request.machine.write(request.receiver, "items", Pairs((*rest, (key, found)), pairs.complete))
        return found
    request.machine.write(request.receiver, "items", Pairs(rest, pairs.complete))
    if found is None:
        return request.raw("default", 1) or request.unknown("an entry of an unknown dict")
    return found


_TEXT_METHODS = frozenset(
    [
        "lower",
        "upper",
        "strip",
        "lstrip",
        "rstrip",
        "title",
        "capitalize",
        "startswith",
        "endswith",
        "replace",
        "split",
        "count",
        "find",
        "index",
        "isdigit",
        "removeprefix",
        "removesuffix",
        "partition",
        "rpartition",
        "join",
    ]
)


@method(Const, "*")
def _text_method(request: Call) -> Value:
    receiver = request.receiver
    assert isinstance(receiver, Const)
    if not isinstance(receiver.value, str):
        return request.unknown("a method of a number")
    arguments = [_plain(request.machine, value) for value in request.arguments.positional]
    if request.arguments.keywords or ... in arguments or len(receiver.value) > MAX_SEQUENCE:
        return request.unknown("a text that is put together")
    if request.name == "format":
        return request.unknown("a formatted text")
    if request.name not in _TEXT_METHODS:
        return request.unknown("a text that is put together")
    try:
        result = getattr(receiver.value, request.name)(*arguments)
    except (TypeError, ValueError, OverflowError):
        return request.unknown("a text that is put together")
    if isinstance(result, (list, tuple)):
        return _list(request, Tuple(tuple(map(Const, result))))
    if isinstance(result, str) and len(result) > MAX_SEQUENCE:
        return request.unknown("the text is too long")
    return Const(result)


def _plain(machine: Machine, value: Value) -> object:
    """A Python value for a constant or a sequence of constants; `...` for anything else."""
    value = machine.pick(value)
    if isinstance(value, Const):
        return value.value
    contents = items_of(machine, value)
    if isinstance(contents, Tuple) and all(isinstance(element, Const) for element in contents.items):
        return [element.value for element in contents.items if isinstance(element, Const)]
    return ...


def _enum_value(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    return owner if name == "value" and isinstance(owner, Const) else None


ATTRIBUTES[Const] = _enum_value


# command lines


@function("argparse.ArgumentParser")
def _parser(request: Call) -> Value:
    return Native(request.name, request.arguments, request.site, request.machine.serial())


@method(Native, "add_argument")
def _add_argument(request: Call) -> Value:
    parser = request.receiver
    names = [
        value.value
        for value in request.arguments.positional
        if isinstance(value, Const) and isinstance(value.value, str)
    ]
    if not isinstance(parser, Native) or not parser.name.startswith("argparse.") or not names:
        return request.unknown("an argument of a command line")
    longest = next((name for name in names if name.startswith("--")), names[0])
    given = request.get("dest")
    field = (
        given.value
        if isinstance(given, Const) and isinstance(given.value, str)
        else longest.lstrip("-").replace("-", "_")
    )
    action = request.get("action")
    default = request.raw("default")
    if default is None and action == Const("store_true"):
        default = Const(False)
    elif default is None and action == Const("store_false"):
        default = TRUE
    unknown = Unknown(("command line", parser.serial, field), f"{longest} comes from the command line", f"args.{field}")
    value: Value = unknown
    if isinstance(default, Const) and default.value is not None:
        literal = request.machine.worlds.literal(
            ("default", parser.serial, field), f"{longest} is left at its default", default=True
        )
        value = Choice(((frozenset({literal}), default), (frozenset({literal.negated()}), unknown)))
    request.machine.write(parser, f"={field}", value)
    return NONE


@method(Native, "add_argument_group", "add_mutually_exclusive_group")
def _group(request: Call) -> Value:
    return request.receiver


@method(Native, "parse_args", "parse_known_args")
def _parse_args(request: Call) -> Value:
    parser = request.receiver
    if not isinstance(parser, Native) or not parser.name.startswith("argparse."):
        return request.unknown("parsed arguments")
    result = Native("argparse.Namespace", Arguments(), request.site, request.machine.serial())
    for name, value in parser.fields.items():
        if name.startswith("="):
            request.machine.write(result, name[1:], value)
    if request.name == "parse_known_args":
        return Tuple((result, request.machine.unknown("the other arguments")))
    return result


def _native_attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    if isinstance(owner, Native) and owner.name == "argparse.Namespace":
        return Unknown(("command line", owner.serial, name), "it comes from the command line", site)
    return None


NATIVE_ATTRIBUTES = [_native_attribute]


def _of_native(machine: Machine, owner: Value, name: str, site: Site) -> Value | None:
    found = (describe(machine, owner, name, site) for describe in NATIVE_ATTRIBUTES)
    return next((value for value in found if value is not None), None)


ATTRIBUTES[Native] = _of_native
