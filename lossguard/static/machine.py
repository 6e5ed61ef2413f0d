"""The state of one abstract run: worlds, modules, frames, budget, and what the run has found."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING

from lossguard.frozen import dataclass
from lossguard.static import syntax
from lossguard.static.values import (
    NONE,
    Api,
    Arguments,
    Array,
    Bound,
    Class,
    Const,
    Function,
    Guard,
    Lazy,
    Model,
    NativeMethod,
    Object,
    Scope,
    Shifted,
    Site,
    Table,
    Tensor,
    Truth,
    Tuple,
    Unknown,
    Value,
    Wording,
    derived,
    extent,
)
from lossguard.static.worlds import Crowded, Fork, Worlds, Written

if TYPE_CHECKING:
    import ast

    from lossguard.facts import Loss, LossCall, Output
    from lossguard.static.program import Module, Program
    from lossguard.static.sinks import Case

MAX_STEPS = 20_000
STEPS_PER_CHARACTER = 2
MAX_BUDGET = 120_000
"""Steps for the largest files; some seconds."""

MAX_CALL_DEPTH = 40


class Exhausted(Exception):  # noqa: N818 - an end that the budget brings about, not an error
    """The budget of the file is used up."""


class Exit(Enum):
    """How a block ended."""

    NEXT = "next"
    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    RAISE = "raise"


@dataclass(frozen=True, slots=True)
class Flow:
    exit: Exit
    value: Value = NONE


NEXT = Flow(Exit.NEXT)


@dataclass(frozen=True, slots=True)
class Pending:
    """Worlds in which a block has ended while others still run; joined when those end, too."""

    exits: tuple[tuple[Guard, Flow, Written], ...]
    survivors: tuple[Guard, ...]
    mark: int


@dataclass(slots=True)
class Frame:
    """One running function or module."""

    module: Module
    function: Function | None = None
    mark: int = 0
    site: Site | None = None
    pending: list[Pending] = field(default_factory=list)
    returned: list[tuple[Guard, Value]] = field(default_factory=list)
    yielded: list[Value] = field(default_factory=list)
    summarised: int = 0


class Machine:
    """What evaluators share. `evaluate`, `execute` and `call` are set by the interpreter."""

    evaluate: Callable[[ast.expr, Scope], Value]
    execute: Callable[[Sequence[ast.stmt], Scope], Flow]
    call: Callable[[Value, Arguments, Site, Scope], Value]
    attribute: Callable[[Value, str, Site], Value]
    resolve: Callable[[Lazy], Value]
    knows: Callable[[str], bool]

    def __init__(self, program: Program) -> None:
        self.program = program
        self.worlds = Worlds(lambda: self._serial, self.wording, self.step)
        self.frames: list[Frame] = []
        self.lambdas = 0
        self.models: list[Model] = []
        self.cases: list[Case] = []
        self.called: set[int] = set()
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        self.attributes: dict[str, Value] = {}
        self.awaiting: list[tuple[Output, LossCall]] = []
        """Losses whose labels are a placeholder: the placeholder, and the call."""
        self.predicted: list[tuple[Output, Loss]] = []
        """What losses were given as predictions."""
        self.switched: frozenset[str] = frozenset()
        """Names of the checked file that are True or False there, and are taken for the opposite in this run."""
        self.switches: dict[str, list[Sequence[ast.stmt]]] = {}
        """Such names that decided an `if`, and the branches that were left out."""
        self.recursions: dict[int, int] = {}
        """How often each function has called itself since it was called from outside."""
        self.many: set[Hashable] = set()
        """Sizes that are never as small as two: of vocabularies, and of samples that a model takes."""
        self.settings: dict[str, Value] = {}
        """What the program sets for all of Keras, by our names."""
        self.guessed = False
        self.steps = 0
        self.budget = min(MAX_STEPS + STEPS_PER_CHARACTER * len(program.main.source.text), MAX_BUDGET)
        self.unrolled = 1
        self._serial = 0
        self._texts: dict[int, str] = {}

    # bookkeeping

    def serial(self) -> int:
        """A fresh number."""
        self._serial += 1
        return self._serial

    def step(self) -> None:
        """Count one step of work.

        Raises:
            Exhausted: the budget of the file is used up.
        """
        self.steps += 1
        if self.steps > self.budget:
            raise Exhausted

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def via(self) -> Site | None:
        """The outermost running call that is written in the checked file."""
        sites = (frame.site for frame in self.frames if frame.site is not None)
        return next((site for site in sites if site.module is self.program.main), None)

    @property
    def summarising(self) -> bool:
        """Whether a loop of unknown length is being run once for all its rounds."""
        return any(frame.summarised for frame in self.frames)

    # values

    @contextmanager
    def one_round_for_all(self) -> Iterator[None]:
        """Within it a loop of unknown length is run once, for all its rounds."""
        frame = self.frame
        frame.summarised += 1
        first = self.worlds.count()
        try:
            yield
        finally:
            frame.summarised -= 1
            self.worlds.end_rounds(first)

    def unknown(self, reason: str, site: Site | None = None, key: Hashable = None) -> Unknown:
        """An unknown value; equal to another one only if the key is given and the same."""
        return Unknown(key if key is not None else ("fresh", self.serial()), reason, site or "")

    def kept(self, value: Value, site: Site) -> Value:
        """The value, if it is not so large that comparing it with another would take too long."""
        return self.unknown("it holds too many values", site) if extent(value).excessive else value

    def text(self, site: Site) -> str:
        """The source of a site on one line."""
        found = self._texts.get(id(site.node))
        if found is None:
            found = self._texts[id(site.node)] = syntax.text(site.module.tree, site.node)
        return found

    def wording(self, words: Wording) -> str:
        """The words themselves."""
        return words if isinstance(words, str) else self.text(words)

    def pick(self, value: Value | None) -> Value:
        """One concrete value under the assumptions, with narrowing applied; None stays `NONE`."""
        if value is None:
            return NONE
        value = self.worlds.pick(value)
        return self.narrow(value)

    def narrow(self, value: Value) -> Value:
        """What the assumptions say the value equals, else the value."""
        if type(value) is Const:
            return value
        if isinstance(value, Unknown):
            for constant in self.worlds.equal_to(value.key):
                return Const(constant)
        elif isinstance(value, Shifted):
            for constant in self.worlds.equal_to(value.base.key):
                if isinstance(constant, int):
                    return Const(constant + value.offset)
        elif isinstance(value, Truth):
            decided = self.worlds.decided(value.literal)
            if decided is not None:
                return Const(decided)
        return value

    def pure(self, operation: Callable[[], Value]) -> Value:
        """The result of an operation that writes nothing, in every world that it tells apart."""
        try:
            return operation()
        except Fork:
            return self.explore(operation)

    def explore(self, operation: Callable[[], Value]) -> Value:
        """The result of an operation in every world that it tells apart.

        Where they are too many it is unknown, and nothing of what they have found is kept: the others may differ.
        """
        found = len(self.cases)
        try:
            return self.worlds.explore(operation)
        except Crowded:
            del self.cases[found:]
            return self.unknown("it depends on too many conditions")

    def write(self, target: Object, name: str, value: Value) -> None:
        self.worlds.write(target.fields, name, value, target.serial)

    def field(self, target: Object, name: str) -> Value | None:
        return target.fields.get(name)


def is_placeholder(output: Output) -> bool:
    """Whether a tensor is a placeholder as it is, with nothing done to it."""
    return output.layer == "placeholder" and not output.after


def key_of(value: Value) -> Hashable:
    """A key that is the same for equal values, or None where a value has no lasting identity."""
    match value:
        case Const():
            return ("const", type(value.value).__name__, value.value)
        case Unknown(key=key):
            return key
        case Array(key=key):
            return derived("array", key)
        case Table(key=key):
            return derived("table", key)
        case Shifted(base=base, offset=offset):
            return derived("shifted", base.key, offset)
        case Api(name=name):
            return ("api", name)
        case Tensor(output=output) if is_placeholder(output) and isinstance(output.origin, Site):
            return ("placeholder", id(output.origin.node))
        case Truth(literal=literal):
            return ("truth", literal)
        case Tuple(items=items):
            keys = [key_of(item) for item in items]
            return None if None in keys else derived("tuple", *keys)
        case Object():
            return ("object", value.serial)
        case Bound(function=function):
            return ("bound", id(function.node))
        case NativeMethod(receiver=receiver, name=name):
            inner = key_of(receiver)
            return None if inner is None else derived("method", inner, name)
        case _:
            return None


def pure_key(name: str, arguments: Arguments) -> Hashable:
    """A key for the result of a call without side effects, or None."""
    keys = [key_of(value) for value in arguments.positional]
    for keyword, value in arguments.keywords:
        inner = key_of(value)
        keys.append(None if inner is None else derived(keyword, inner))
    return None if arguments.open or None in keys else derived("pure", name, *keys)
