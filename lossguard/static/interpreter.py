"""The abstract run of one program: its top level, what nobody calls, and the models that were never fitted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from lossguard.catalog.layers import LAYERS
from lossguard.frozen import dataclass

# imported for the models of library calls that they register
from lossguard.static import (
    array_functions,
    array_methods,
    datasets,
    encoders,
    expressions,
    functions,
    graphs,
    imports,
    label_sources,
    layers,
    losses,
    models,
    policies,
    predictions,
    python,
    statements,
    syntax,
    tables,
    tensors,
    training,
    wrappers,
)
from lossguard.static.machine import Exhausted, Frame, Machine
from lossguard.static.program import Program
from lossguard.static.sinks import Case
from lossguard.static.values import (
    Arguments,
    Bound,
    Choice,
    Class,
    Const,
    Function,
    Scope,
    Site,
    Unknown,
    Value,
    forget_keys,
)

LIBRARY_MODELS = (
    array_functions,
    array_methods,
    datasets,
    encoders,
    graphs,
    label_sources,
    layers,
    losses,
    models,
    policies,
    predictions,
    python,
    tables,
    tensors,
    training,
    wrappers,
)
_NOT_RUN = (
    "keras.layers.",
    "keras.losses.",
    "keras.metrics.",
    "keras.callbacks.",
    "keras.initializers.",
    "keras.constraints.",
    "keras.regularizers.",
    "keras.optimizers.",
)


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a run has found; `complete` is False where the budget ended it."""

    machine: Machine
    cases: tuple[Case, ...]
    complete: bool


def understand(program: Program, switched: frozenset[str] = frozenset()) -> Understanding:
    """Run a program abstractly. Nothing of it is executed or imported.

    `switched` are names of its top level that are taken to be False where it says True, and the other way round.
    """
    forget_keys()
    machine = Machine(program)
    machine.switched = switched
    machine.evaluate = partial(expressions.evaluate, machine)
    machine.execute = partial(statements.execute, machine)
    machine.call = partial(functions.call, machine)
    machine.attribute = partial(functions.attribute, machine)
    machine.resolve = partial(imports.resolve, machine)
    machine.knows = _known
    complete = True
    try:
        for _ in _stages(machine):
            pass
    except (Exhausted, RecursionError):
        complete = False
    return Understanding(machine, tuple(machine.cases), complete)


def let_go(understanding: Understanding) -> None:
    """Take apart what a run has made, which is of no use from now on: it is freed at once, not by the collector."""
    machine = understanding.machine
    for function in machine.functions:
        function.scope.names.clear()
    for cls in machine.classes:
        cls.namespace.clear()
    for module in machine.program.modules:
        module.scope.names.clear()
        del module.scope
    vars(machine).clear()
    forget_keys()


def _known(name: str) -> bool:
    return name in functions.FUNCTIONS or (
        name.startswith("keras.layers.") and name.removeprefix("keras.layers.") in LAYERS
    )


def _stages(machine: Machine) -> Iterator[None]:
    module = machine.program.main
    module.loaded = True
    module.scope.names["__name__"] = Const("__main__")
    frame = Frame(module)
    machine.frames.append(frame)
    statements.unwind(machine, frame, 0, machine.execute(module.tree.body, module.scope))
    yield
    _forget_globals(machine)
    for function in list(machine.functions):
        if function.module is module and id(function.node) not in machine.called:
            _call_with_defaults(machine, function)
            yield
    for cls in list(machine.classes):
        if cls.module is module and id(cls.node) not in machine.called and not _is_component(cls):
            _live(machine, cls)
            yield
    training.unfitted(machine)


def _is_component(cls: Class) -> bool:
    return (cls.library_base() or "").startswith(_NOT_RUN)


def _forget_globals(machine: Machine) -> None:
    """A module's name that a function assigns by `global` is not the constant it looks like."""
    module = machine.program.main
    if "global " not in module.source.text:
        return
    for function in machine.functions:
        if id(function.node) in machine.called or function.module is not module:
            continue
        for node in syntax.walk(function.node):
            if isinstance(node, ast.Global):
                for name in node.names:
                    reason = f"{name} is assigned in {function.name}"
                    module.scope.names[name] = Unknown(("global", module.serial, name), reason, name)


def _call_with_defaults(machine: Machine, function: Function) -> None:
    """Call a function that nobody calls: its defaults hold in one world, nothing is known in the other."""
    site = Site(function.module, function.node)
    functions.call_function(machine, function, assumed(machine, function, ()), site)


def assumed(machine: Machine, function: Function, first: tuple[Value, ...]) -> Arguments:
    """Arguments for a call that is not in the program, by keyword; `first` are passed by position."""
    literal = machine.worlds.literal(
        ("defaults", id(function.node)), f"{function.name}() is called with its defaults", default=True
    )
    keywords = []
    for name, default in function.defaults:
        unknown = Unknown(("parameter", id(function.node), name), f"the parameter {name} is unknown", name)
        value: Value = unknown
        if isinstance(default, Const):
            value = Choice(((frozenset({literal}), default), (frozenset({literal.negated()}), unknown)))
        keywords.append((name, value))
    return Arguments(first, tuple(keywords))


def _live(machine: Machine, cls: Class) -> None:
    """Make an instance of a class that nobody makes, and call its methods in the order they are written."""
    site = Site(cls.module, cls.node)
    scope = Scope({}, None, cls.module)
    start = cls.find("__init__")
    arguments = assumed(machine, start, ()) if isinstance(start, Function) else Arguments()
    instance = functions.instantiate(machine, cls, arguments, site, scope)
    for name, member in list(cls.namespace.items()):
        if isinstance(member, Function) and not name.startswith("__") and id(member.node) not in machine.called:
            if member.kind in {"function", "property"}:
                functions.call(machine, Bound(member, instance), assumed(machine, member, ()), site, scope)
            elif member.kind == "staticmethod":
                _call_with_defaults(machine, member)
