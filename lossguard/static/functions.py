"""Calls: functions and classes of the program are followed, library calls are handed to the models of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from lossguard.catalog.names import KNOWN_LIBRARIES
from lossguard.frozen import dataclass
from lossguard.static import imports
from lossguard.static.expressions import evaluate, isolated
from lossguard.static.machine import MAX_CALL_DEPTH, Exit, Frame, Machine, key_of, pure_key
from lossguard.static.statements import execute, unwind
from lossguard.static.subscripts import stored_name
from lossguard.static.values import (
    NONE,
    UNBOUND,
    Api,
    Arguments,
    Bound,
    Class,
    Const,
    Dataset,
    Dict,
    Function,
    Instance,
    Key,
    Layer,
    Lazy,
    List,
    LossValue,
    Model,
    Native,
    NativeMethod,
    Object,
    Pairs,
    Partial,
    Scope,
    Site,
    Super,
    Tuple,
    Unknown,
    Value,
    derived,
)
from lossguard.static.worlds import NO_ASSUMPTION, exclusive

MAX_RECURSION = 2
MAX_RECURSIVE_CALLS = 4
"""So often a function may call itself in all while one call of it runs: two calls in each would be 2^n without."""

CHANGING = (
    "builtins.input",
    "builtins.next",
    "builtins.open",
    "random.",
    "numpy.random.",
    "time.",
    "tensorflow.random.",
    "secrets.",
    "uuid.",
    "datetime.",
)
"""Library functions that give something else at every call."""

MODEL_CLASSES = frozenset({"keras.Model", "keras.Sequential", "keras.models.Functional", "keras.Functional"})


@dataclass(frozen=True, slots=True)
class Call:
    """A call of something from a library, as its model sees it."""

    machine: Machine
    arguments: Arguments
    site: Site
    scope: Scope
    receiver: Value = NONE
    name: str = ""

    def raw(self, name: str, position: int | None = None) -> Value | None:
        """The argument by keyword or position, unpicked; None where it is not given."""
        value = self.arguments.keyword(name)
        if value is None and position is not None and position < len(self.arguments.positional):
            value = self.arguments.positional[position]
        if value is None and self.arguments.open:
            return self.machine.unknown(f"{name} may be among the arguments that are spread", self.site)
        return value

    def get(self, name: str, position: int | None = None) -> Value | None:
        """The argument as one concrete value; None where it is not given."""
        value = self.raw(name, position)
        return None if value is None else self.machine.pick(value)

    def origin(self, name: str, position: int | None = None) -> Site:
        """Where the argument is written, else where the call is."""
        node = self.arguments.node(name)
        if node is None and position is not None:
            node = self.arguments.node(str(position))
        return Site(self.scope.module, node) if node is not None else self.site

    def unknown(self, reason: str = "") -> Unknown:
        """An unknown result, the same for the same arguments where the function depends on nothing else."""
        key = None if self.name.startswith(CHANGING) else pure_key(self.name, self.arguments)
        if self.receiver is not NONE:
            inner = key_of(self.receiver)
            key = derived("of", inner, key) if inner is not None and key is not None else None
        return self.machine.unknown(reason or f"{self.name} is not followed", self.site, key)


Handler = Callable[[Call], Value]
FUNCTIONS: dict[str, Handler] = {}
"""Canonical name of a library function or class -> its model."""

PREFIXED: list[tuple[str, Handler]] = []
"""Beginnings of canonical names -> the model of all that begin so."""

METHODS: dict[type[Value], dict[str, Handler]] = {}
"""Kind of receiver -> method -> its model; the method `*` stands for all others."""

OF_UNKNOWN: dict[str, Handler] = {}
"""Method -> its model where the receiver is unknown; `NONE` where that is not enough."""

UNFOLLOWED: list[Callable[[Machine, Arguments, Site], None]] = []
"""Told of each call that is not followed: its arguments may say something all the same."""

ATTRIBUTES: dict[type[Value], Callable[[Machine, Value, str, Site], Value | None]] = {}
"""Kind of receiver -> what its attributes are; None where the attribute is a method."""


def function(*names: str) -> Callable[[Handler], Handler]:
    """Register the model of library functions."""

    def register(handler: Handler) -> Handler:
        for name in names:
            FUNCTIONS[name] = handler
        return handler

    return register


def method(kind: type[Value], *names: str) -> Callable[[Handler], Handler]:
    """Register the model of methods."""

    def register(handler: Handler) -> Handler:
        for name in names:
            METHODS.setdefault(kind, {})[name] = handler
        return handler

    return register


# calls


def call(machine: Machine, callee: Value, arguments: Arguments, site: Site, scope: Scope) -> Value:
    """The value of a call, in every world that tells callees apart."""
    machine.step()
    options = machine.worlds.options(callee)
    if len(options) == 1:
        return _apply(machine, machine.narrow(options[0][1]), arguments, site, scope)
    outcomes = []
    for guard, option in options:
        outcomes.append(
            (guard, *isolated(machine, guard, _thunk(machine, option, arguments, site, scope), telling=True))
        )
    if not outcomes:
        return machine.unknown("no branch reaches here", site)
    machine.worlds.merge([(guard, written) for guard, _, written in outcomes])
    return machine.worlds.join([(guard, value) for guard, value, _ in outcomes])


def _thunk(machine: Machine, callee: Value, arguments: Arguments, site: Site, scope: Scope) -> Callable[[], Value]:
    return lambda: _apply(machine, callee, arguments, site, scope)


def _apply(machine: Machine, callee: Value, arguments: Arguments, site: Site, scope: Scope) -> Value:
    match callee:
        case Function():
            return call_function(machine, callee, arguments, site)
        case Bound(function=inner, receiver=receiver):
            bound = Arguments((receiver, *arguments.positional), arguments.keywords, arguments.open, arguments.nodes)
            return call_function(machine, inner, bound, site)
        case Class():
            return instantiate(machine, callee, arguments, site, scope)
        case Api(name=name):
            return _library(machine, name, Call(machine, arguments, site, scope, name=name))
        case NativeMethod(receiver=receiver, name=name):
            return _method(Call(machine, arguments, site, scope, receiver, name))
        case Partial(function=inner, arguments=first):
            merged = dict(first.keywords) | dict(arguments.keywords)
            joined = Arguments(
                first.positional + arguments.positional,
                tuple(merged.items()),
                first.open or arguments.open,
                (*(node for node in first.nodes if not node[0].isdigit()), *arguments.nodes),
            )
            return call(machine, inner, joined, site, scope)
        case Instance(cls=cls) if (found := cls.find("__call__") or cls.find("call")) is not None:
            if isinstance(found, Function):
                return call(machine, Bound(found, callee), arguments, site, scope)
        case Lazy():
            return call(machine, imports.resolve(machine, callee), arguments, site, scope)
        case Unknown(key=Key(parts=("attribute", owner, str(name)))) if name in OF_UNKNOWN:
            receiver = Unknown(owner, callee.reason, callee.text)
            found = _explored(OF_UNKNOWN[name], Call(machine, arguments, site, scope, receiver, name))
            if found != NONE:
                return found
        case Layer() | Model() | LossValue() | Native() | Instance():
            handler = METHODS.get(type(callee), {}).get("__call__")
            if handler is not None:
                return _explored(handler, Call(machine, arguments, site, scope, callee, "__call__"))
    return _stranger(machine, callee, arguments, site)


def _explored(handler: Handler, request: Call) -> Value:
    return request.machine.explore(lambda: handler(request))


def _library(machine: Machine, name: str, request: Call) -> Value:
    handler = _model_of(name)
    if handler is not None:
        return _explored(handler, request)
    if name.lstrip(".").partition(".")[0] not in KNOWN_LIBRARIES:
        return _stranger(machine, Api(name), request.arguments, request.site)
    return request.unknown()


@cache
def _model_of(name: str) -> Handler | None:
    found = FUNCTIONS.get(name)
    return found or next((handler for prefix, handler in PREFIXED if name.startswith(prefix)), None)


def _method(request: Call) -> Value:
    methods = METHODS.get(type(request.receiver), {})
    handler = methods.get(request.name) or methods.get("*")
    return request.unknown() if handler is None else _explored(handler, request)


def _stranger(machine: Machine, callee: Value, arguments: Arguments, site: Site) -> Value:
    """A call of something that is not understood: models that are still being built may change in it.

    A class, by its spelling, is taken to keep the models it is given as they are.
    """
    for watch in UNFOLLOWED:
        watch(machine, arguments, site)
    constructor = isinstance(callee, Api) and callee.name.rpartition(".")[2][:1].isupper()
    for value in () if constructor else (*arguments.positional, *dict(arguments.keywords).values()):
        for _, option in machine.worlds.options(value):
            if isinstance(option, Model) and machine.field(option, "@compiled") == NONE:
                machine.write(option, "@havoc", Const(True))
            elif isinstance(option, Dict) and option.fields["items"] == Pairs(()):
                machine.write(option, "items", Pairs((), complete=False))
            elif isinstance(option, List) and _may_be_filled(option):
                machine.write(option, "items", machine.unknown("it may be changed by a call that is not followed"))
    key = None
    inner = key_of(callee)
    if inner is not None:
        key = pure_key("call", arguments)
        key = None if key is None else derived("call", inner, key)
    return machine.unknown("a call that is not followed", site, key)


def _may_be_filled(value: List) -> bool:
    """Whether a call is likely to change the list: it is empty, or holds layers."""
    contents = value.fields["items"]
    if not isinstance(contents, Tuple):
        return False
    return not contents.items or any(isinstance(element, (Layer, Model)) for element in contents.items)


# functions of the program


@contextmanager
def _entered(machine: Machine, frame: Frame) -> Iterator[None]:
    machine.frames.append(frame)
    try:
        yield
    finally:
        machine.frames.pop()


def call_function(machine: Machine, callee: Function, arguments: Arguments, site: Site) -> Value:
    """Run a function of the program with these arguments."""
    machine.called.add(id(callee.node))
    active = sum(frame.function is not None and frame.function.node is callee.node for frame in machine.frames)
    if active > MAX_RECURSION or len(machine.frames) + machine.lambdas > MAX_CALL_DEPTH:
        return machine.unknown("the calls are nested too deeply", site)
    again = machine.recursions[id(callee.node)] = machine.recursions.get(id(callee.node), 0) + 1 if active else 0
    if again > MAX_RECURSIVE_CALLS:
        return machine.unknown("the function calls itself too often", site)
    scope = Scope(bind(machine, callee, arguments, site), callee.scope, callee.module, function=callee)
    if isinstance(callee.node, ast.Lambda):
        machine.lambdas += 1
        try:
            return evaluate(machine, callee.node.body, scope)
        finally:
            machine.lambdas -= 1
    frame = Frame(callee.module, callee, machine.worlds.mark(), site)
    with _entered(machine, frame):
        flow = unwind(machine, frame, 0, execute(machine, callee.node.body, scope))
        machine.worlds.retract(frame.mark)
    if frame.yielded:
        return Dataset(_mixed(machine, frame.yielded, site))
    value = flow.value if flow.exit is Exit.RETURN else NONE
    if not frame.returned:
        return machine.unknown("the function raises", site) if flow.exit is Exit.RAISE else value
    options = [(guard, found) for guard, found in frame.returned if machine.worlds.feasible(guard)]
    if flow.exit is not Exit.RAISE:
        options.insert(0, (NO_ASSUMPTION, value))
    if not options:
        return machine.unknown("the function raises", site)
    apart = exclusive(options[::-1])  # what returns first comes last there
    return machine.worlds.join(apart) if apart else machine.unknown("it depends on too many conditions", site)


def _mixed(machine: Machine, yielded: list[Value], site: Site) -> Value:
    """What the steps of a generator have in common: parts of tuples, each by itself."""
    if len(set(yielded)) == 1:
        return yielded[0]
    rows = [value.items for value in yielded if isinstance(value, Tuple)]
    if len(rows) == len(yielded) and len({len(row) for row in rows}) == 1:
        return Tuple(tuple(_mixed(machine, list(column), site) for column in zip(*rows, strict=True)))
    return machine.unknown("the generator yields different things", site)


def bind(machine: Machine, callee: Function, arguments: Arguments, site: Site) -> dict[str, Value]:
    """The names of the parameters with what is passed for them, else their defaults."""
    parameters = callee.node.args
    names: dict[str, Value] = {}
    keywords = dict(arguments.keywords)
    defaults = dict(callee.defaults)
    positional = [*parameters.posonlyargs, *parameters.args]
    for position, parameter in enumerate(positional):
        name = parameter.arg
        if position < len(arguments.positional):
            names[name] = arguments.positional[position]
        elif name in keywords:
            names[name] = keywords.pop(name)
        else:
            names[name] = _missing(machine, callee, name, defaults, site, open_=arguments.open)
    for parameter in parameters.kwonlyargs:
        name = parameter.arg
        given = keywords.pop(name, None)
        names[name] = given or _missing(machine, callee, name, defaults, site, open_=arguments.open)
    if parameters.vararg is not None:
        rest = Tuple(arguments.positional[len(positional) :])
        unknown = machine.unknown("the arguments are spread from an unknown sequence", site)
        names[parameters.vararg.arg] = unknown if arguments.open else rest
    if parameters.kwarg is not None:
        pairs = Pairs(tuple((Const(name), value) for name, value in keywords.items()), not arguments.open)
        names[parameters.kwarg.arg] = Dict(site, machine.serial(), {"items": pairs})
    return names


def _missing(
    machine: Machine, callee: Function, name: str, defaults: dict[str, Value], site: Site, *, open_: bool
) -> Value:
    if name in defaults and not open_:
        return defaults[name]
    return Unknown(("parameter", id(callee.node), name, machine.serial()), f"the parameter {name} is unknown", name)


# classes of the program


def instantiate(machine: Machine, cls: Class, arguments: Arguments, site: Site, scope: Scope) -> Value:
    """A new instance of a class of the program."""
    base = cls.library_base()
    made: Object
    if base in MODEL_CLASSES:
        made = Model("subclass", site, machine.serial(), machine.worlds.told(), cls)
        machine.write(made, "@layers", Tuple(()))
        machine.models.append(made)
    else:
        made = Instance(cls, site, machine.serial())
    start = cls.find("__init__")
    if isinstance(start, Function):
        call(machine, Bound(start, made), arguments, site, scope)
    elif isinstance(made, Instance):
        _set_fields(machine, made, arguments, site)
        after = cls.find("__post_init__")
        if isinstance(after, Function):
            call(machine, Bound(after, made), Arguments(), site, scope)
    return made


def _set_fields(machine: Machine, made: Instance, arguments: Arguments, site: Site) -> None:
    """What the generated `__init__` of a dataclass does."""
    for position, name in enumerate(_fields(made.cls)):
        given = arguments.keyword(name)
        if given is None and position < len(arguments.positional):
            given = arguments.positional[position]
        if given is not None:
            machine.write(made, name, given)
        elif made.cls.find(name) is None or arguments.open:
            machine.write(made, name, machine.unknown(f"the field {name} is unknown", site))


def _fields(cls: Class) -> list[str]:
    """The fields of a dataclass in their order, those of its bases first."""
    classes = [base for base in reversed((cls, *cls.lineage)) if isinstance(base, Class)]
    decorated = [one for one in classes if one.node.decorator_list]
    return list(
        dict.fromkeys(
            statement.target.id
            for one in decorated or classes
            for statement in one.node.body
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
        )
    )


# attributes


def attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value:
    """The value of `owner.name`."""
    options = machine.worlds.options(owner)
    if len(options) == 1:
        return machine.narrow(_attribute(machine, machine.narrow(options[0][1]), name, site))
    if not options:
        return machine.unknown("no branch reaches here", site)
    return machine.worlds.join([(guard, _attribute(machine, option, name, site)) for guard, option in options])


def _attribute(machine: Machine, owner: Value, name: str, site: Site) -> Value:
    match owner:
        case Api(name=dotted):
            changed = machine.attributes  # as a rule the program sets no attribute of a library
            stored = changed.get(stored_name("attribute", key_of(owner), name)) if changed else None
            return stored or imports.library(f"{dotted}.{name}")
        case Unknown(key=key):
            stored = machine.attributes.get(stored_name("attribute", key, name))
            return stored or machine.unknown(owner.reason, site, derived("attribute", key, name))
        case Lazy():
            return _module_attribute(machine, owner, name, site)
        case Instance() | Model():
            found = _member(machine, owner, name, site)
            if found is not None:
                return found
        case Native():
            if name in owner.fields:
                return owner.fields[name]
        case Class():
            found = owner.find(name)
            if isinstance(found, Function) and found.kind == "classmethod":
                return Bound(found, owner)
            if found is not None:
                return found
            return Unknown(("attribute", id(owner), name), f"the class has no {name}", site)
        case Super():
            return _super(machine, owner, name, site)
    describe = ATTRIBUTES.get(type(owner))
    found = describe(machine, owner, name, site) if describe is not None else None
    if found is not None:
        return found
    if isinstance(owner, Instance) and owner.cls.library_base() is None:
        return Unknown(("attribute", ("object", owner.serial), name), f"{name} was not set", site)
    return NativeMethod(owner, name)


def _module_attribute(machine: Machine, owner: Lazy, name: str, site: Site) -> Value:
    if owner.name is not None:
        return attribute(machine, imports.resolve(machine, owner), name, site)
    names = imports.namespace(machine, owner.path) or {}
    if name in names:
        found = names[name]
        return imports.resolve(machine, found) if isinstance(found, Lazy) else found
    inner = machine.program.find(f"{owner.dotted}.{name}", site.module)
    if inner is not None:
        return Lazy(inner, None, f"{owner.dotted}.{name}")
    return Unknown(("import", str(owner.path), name), f"{owner.path.name} does not define {name}", name)


def _member(machine: Machine, owner: Instance | Model, name: str, site: Site) -> Value | None:
    value = owner.fields.get(name)
    if value is not None and value is not UNBOUND:
        return value
    cls = owner.cls
    if cls is None:
        return None
    found = cls.find(name)
    if isinstance(found, Function):
        match found.kind:
            case "staticmethod":
                return found
            case "classmethod":
                return Bound(found, cls)
            case "property":
                return call_function(machine, found, Arguments((owner,)), site)
        return Bound(found, owner)
    return found


def _super(machine: Machine, owner: Super, name: str, site: Site) -> Value:
    for base in owner.owner.bases:
        if isinstance(base, Class) and (found := base.find(name)) is not None:
            return Bound(found, owner.receiver) if isinstance(found, Function) else found
    return NativeMethod(owner, name)
