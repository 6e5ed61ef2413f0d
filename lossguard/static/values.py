"""Abstract values: what the interpreter knows of each Python value in the checked program.

Values are immutable and compare by content, except `Object` and its kinds, which stand for mutable
Python objects: they compare by identity and keep their state in `fields`, written only through
`worlds.Store`. Every unknown value has a key, so that the same unknown met twice is known to be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from lossguard.facts import Labels, Loss, Metric, Output
from lossguard.frozen import dataclass

if TYPE_CHECKING:
    import ast
    from pathlib import Path

    from lossguard.static.program import Module


@dataclass(frozen=True, slots=True)
class Site:
    """An origin of the static side: a node of a module's tree."""

    module: Module
    node: ast.AST


Wording = str | Site
"""Words of the source: as they are, or the place to read them when they are wanted."""


class Value:
    """Anything that an expression can evaluate to."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Const(Value):
    """A number, string, bytes, bool, None or Ellipsis. `True` and `1` are different constants."""

    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


NONE = Const(None)
TRUE = Const(True)
FALSE = Const(False)


MAX_KEY_DEPTH = 10
MAX_LINEAGE = 64
"""Of more base classes than this the rest is unknown."""

MAX_WEIGHT = 50_000
MAX_NESTING = 50
"""A value that holds more values, or holds them more deeply, is not kept: comparing two would take too long."""


class Key:
    """The identity of an unknown value that is computed from others: an operation and their keys.

    Equal keys are one object, so that keys of keys stay cheap to compare.
    """

    __slots__ = ("depth", "parts")

    def __init__(self, parts: tuple[Hashable, ...], depth: int) -> None:
        self.parts = parts
        self.depth = depth


_KEYS: dict[tuple[Hashable, ...], Key] = {}
_NAMES: dict[tuple[Hashable, ...], str] = {}
_EXTENTS: dict[int, tuple[Value, Extent]] = {}


def forget_keys() -> None:
    """Let go of the keys of the programs before."""
    _KEYS.clear()
    _NAMES.clear()
    _EXTENTS.clear()


def numbered(*parts: Hashable) -> str:
    """A name that equal parts share, and others don't."""
    return _NAMES.setdefault(parts, f"#{len(_NAMES)}")


def derived(*parts: Hashable) -> Key | None:
    """A key made of others; None where it grows too deep to be worth comparing."""
    known = _KEYS.get(parts)
    if known is not None:
        return known
    depth = 1 + max((part.depth for part in parts if isinstance(part, Key)), default=0)
    return _KEYS.setdefault(parts, Key(parts, depth)) if depth <= MAX_KEY_DEPTH else None


@dataclass(frozen=True, slots=True, eq=False)
class Unknown(Value):
    """A value that was not understood. Two with the same key are the same value.

    `reason` says which link is missing, for `--verbose`; `text` is how the source writes it, or where.
    """

    key: Hashable
    reason: str = ""
    text: Wording = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True)
class Shifted(Value):
    """An unknown integer plus a known one: `num_classes - 1`."""

    base: Unknown
    offset: int


@dataclass(frozen=True, slots=True)
class Unbound(Value):
    """A name or attribute that is not there (in some world)."""


UNBOUND = Unbound()


@dataclass(frozen=True, slots=True)
class Literal:
    """A condition, taken or not. Conditions are numbered by `worlds.Conditions`."""

    condition: int
    holds: bool

    def negated(self) -> Literal:
        return Literal(self.condition, not self.holds)


Guard = frozenset[Literal]
"""A conjunction of literals: the assumptions under which something holds."""


@dataclass(frozen=True, slots=True)
class Truth(Value):
    """A boolean that is decided by a condition."""

    literal: Literal


@dataclass(frozen=True, slots=True)
class Choice(Value):
    """One value per world: mutually exclusive guards, never nested."""

    options: tuple[tuple[Guard, Value], ...]


@dataclass(frozen=True, slots=True)
class Tuple(Value):
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Many(Value):
    """A sequence of unknown length whose elements look like `element`."""

    element: Value


@dataclass(frozen=True, slots=True)
class Pairs(Value):
    """The contents of a dict; `complete` is False where it may hold more."""

    items: tuple[tuple[Value, Value], ...]
    complete: bool = True

    def get(self, key: Value) -> Value | None:
        for known, value in self.items:
            if known == key:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Api(Value):
    """A module, class or function of a library, by its canonical dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Lazy(Value):
    """A project module (`name` is None) or a name in one, loaded when it is first used."""

    path: Path
    name: str | None
    dotted: str
    submodule: Path | None = None


@dataclass(frozen=True, slots=True)
class Layer(Value):
    """A Keras layer; `arguments` as bound, `open` where unknown keyword arguments were splatted in."""

    kind: str
    arguments: Arguments
    site: Site
    serial: int

    def __hash__(self) -> int:
        return self.serial


@dataclass(frozen=True, slots=True)
class Tensor(Value):
    """A symbolic Keras tensor."""

    output: Output
    shape: Value | None = None


@dataclass(frozen=True, slots=True)
class Logarithm(Tensor):
    """The logarithm of a tensor."""

    inner: Tensor = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class CrossTerm(Value):
    """`y * log(p)`, with `(1 - y) * log(1 - p)` if `complement`: a cross-entropy that is not summed up yet.

    `target` is the placeholder of the labels.
    """

    target: Output
    prediction: Tensor
    site: Site
    complement: bool = False


@dataclass(frozen=True, slots=True)
class Array(Value):
    """An array of labels. `key` names the set of classes; it stays through slicing and splitting.

    `elements` are those that a literal spells out; `values` are all that were put into an array made by
    filling it, whichever of them are left.
    """

    labels: Labels
    key: Hashable
    elements: Tuple | None = None
    values: frozenset[float] = frozenset()


@dataclass(frozen=True, slots=True)
class Table(Value):
    """A `pandas.DataFrame`; `plain` once it is a NumPy array, `indexer` for its `iloc` and `loc`.

    `columns` are those that the program itself has put into it.
    """

    key: Hashable
    plain: bool = False
    indexer: str = ""
    columns: Dict | None = None


@dataclass(frozen=True, slots=True)
class Dataset(Value):
    """A `tf.data.Dataset`, generator or `PyDataset`: what one step yields, labels with their batch axis.

    `unbatched` marks elements that are single samples.
    """

    element: Value
    unbatched: bool = False
    attributes: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class LossValue(Value):
    """A loss; `calls` counts what it is called with is checked elsewhere."""

    loss: Loss


@dataclass(frozen=True, slots=True)
class LossResult(Value):
    """What a direct call of a loss returns."""

    loss: Loss


@dataclass(frozen=True, slots=True)
class MetricValue(Value):
    metric: Metric


@dataclass(frozen=True, slots=True)
class Predictions(Value):
    """What `model.predict` returns: the model's outputs as plain numbers, and the loss it was compiled with."""

    outputs: Value
    loss: Loss | None = None


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call. `open` where `*args` or `**kwargs` of unknown content were passed."""

    positional: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    open: bool = False
    nodes: tuple[tuple[str, ast.expr], ...] = field(default=(), compare=False)

    def keyword(self, name: str) -> Value | None:
        for known, value in self.keywords:
            if known == name:
                return value
        return None

    def node(self, name: str) -> ast.expr | None:
        """The expression passed for a keyword, or for a position given as its number."""
        for known, node in self.nodes:
            if known == name:
                return node
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Function(Value):
    """A function or lambda of the program, with the scope it was defined in."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    module: Module
    defaults: tuple[tuple[str, Value], ...] = ()
    kind: str = "function"
    owner: Class | None = None


@dataclass(frozen=True, slots=True)
class Bound(Value):
    """A method with its receiver."""

    function: Function
    receiver: Value


@dataclass(frozen=True, slots=True)
class NativeMethod(Value):
    """A method of a value whose class is not the program's: `y.reshape`, `model.fit`."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Partial(Value):
    """`functools.partial`."""

    function: Value
    arguments: Arguments


@dataclass(frozen=True, slots=True, eq=False)
class Class(Value):
    """A class of the program."""

    name: str
    node: ast.ClassDef
    bases: tuple[Value, ...]
    namespace: dict[str, Value]
    module: Module
    lineage: tuple[Value, ...] = field(init=False, repr=False)
    """The bases, each followed by its own."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lineage", _lineage(self.bases))

    def find(self, name: str) -> Value | None:
        """The attribute `name` of the class or its bases in the program, else None."""
        classes = (base for base in (self, *self.lineage) if isinstance(base, Class))
        return next((cls.namespace[name] for cls in classes if name in cls.namespace), None)

    def library_base(self) -> str | None:
        """The canonical name of the library class that this class derives from, if any."""
        return next((base.name for base in self.lineage if isinstance(base, Api)), None)

    def has_unknown_base(self) -> bool:
        """Whether some base class was not understood."""
        return not all(isinstance(base, (Class, Api)) for base in self.lineage)


def _lineage(bases: tuple[Value, ...]) -> tuple[Value, ...]:
    found: dict[int, Value] = {}
    for base in bases:
        own = (base, *base.lineage) if isinstance(base, Class) else (base,)
        found.update((id(one), one) for one in own if id(one) not in found)
    if len(found) > MAX_LINEAGE:
        return (*list(found.values())[:MAX_LINEAGE], Unknown(("bases", id(bases)), "there are too many base classes"))
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Super(Value):
    """`super()` within a method of `owner`."""

    receiver: Value
    owner: Class


class Object(Value):
    """A mutable object. Identity is what counts; `fields` is written only through the store."""

    __slots__ = ("fields", "serial", "site")

    def __init__(self, site: Site, serial: int, fields: Mapping[str, Value] | None = None) -> None:
        self.site = site
        self.serial = serial
        self.fields: dict[str, Value] = dict(fields or {})


class List(Object):
    """A Python list: field `items` is a `Tuple`, a `Many` or unknown."""

    __slots__ = ()


class Dict(Object):
    """A Python dict: field `items` is a `Pairs` or unknown."""

    __slots__ = ()


class Instance(Object):
    """An instance of a class of the program; fields are its attributes."""

    __slots__ = ("cls",)

    def __init__(self, cls: Class, site: Site, serial: int) -> None:
        super().__init__(site, serial)
        self.cls = cls


class Native(Object):
    """An instance of a library class that keeps state: an encoder, an image generator."""

    __slots__ = ("arguments", "name")

    def __init__(self, name: str, arguments: Arguments, site: Site, serial: int) -> None:
        super().__init__(site, serial)
        self.name = name
        self.arguments = arguments


class Model(Object):
    """A Keras model, of a class of the program (`cls`) or of Keras.

    Fields beside its attributes: `@layers` (a `Tuple` of layers, for Sequential), `@outputs` (a
    tensor, or a structure of them, for functional models), `@compiled` (`Compiled` or None),
    `@fitted` (whether it was fitted since). `told` are the assumptions that tell it from the models that
    the same code makes in other worlds.
    """

    __slots__ = ("cls", "kind", "name", "told")

    def __init__(self, kind: str, site: Site, serial: int, told: Guard, cls: Class | None = None) -> None:
        super().__init__(site, serial, {"@compiled": NONE, "@fitted": FALSE})
        self.kind = kind
        self.told = told
        self.cls = cls
        self.name = ""


@dataclass(frozen=True, slots=True)
class Compiled(Value):
    """One `compile`: the loss and the metrics as passed, the place of the call, and what led there.

    `path` is what was assumed there; conditions that raise are ruled out by it. `told` are those of them that
    tell the model from others that are compiled by the same call.
    """

    loss: Value
    metrics: Value
    weighted_metrics: Value
    site: Site
    arguments: Arguments
    via: Site | None = None
    path: tuple[Literal, ...] = ()
    told: Guard = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The names of a module, a function call or a class body."""

    names: dict[str, Value]
    parent: Scope | None
    module: Module
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    function: Function | None = None


Handler = Callable[..., Value]


@dataclass(frozen=True, slots=True)
class Extent:
    """How many values a value holds, those that occur twice counted twice, and how deeply."""

    weight: int = 1
    depth: int = 0

    @property
    def excessive(self) -> bool:
        return self.weight > MAX_WEIGHT or self.depth > MAX_NESTING


_SINGLE = Extent()


def _passed(arguments: Arguments) -> tuple[Value, ...]:
    return (*arguments.positional, *(value for _, value in arguments.keywords))


_HELD: dict[type[Value], Callable[[Any], tuple[Value | None, ...]]] = {
    Bound: lambda value: (value.receiver,),
    Choice: lambda value: tuple(option for _, option in value.options),
    Dataset: lambda value: (value.element, *(attribute for _, attribute in value.attributes)),
    Layer: lambda value: _passed(value.arguments),
    Many: lambda value: (value.element,),
    NativeMethod: lambda value: (value.receiver,),
    Pairs: lambda value: tuple(part for pair in value.items for part in pair),
    Partial: lambda value: (value.function, *_passed(value.arguments)),
    Predictions: lambda value: (value.outputs,),
    Super: lambda value: (value.receiver,),
    Tensor: lambda value: (value.shape,),
    Tuple: lambda value: value.items,
}
"""What values are compared with, when two that hold them are compared."""


def extent(value: Value) -> Extent:
    """The extent of a value; that of the values that it holds is known by the time it is made."""
    held = _HELD.get(type(value))
    if held is None:
        return _SINGLE
    known = _EXTENTS.get(id(value))
    if known is None:
        parts = [extent(part) for part in held(value) if part is not None]
        weight = 1 + sum(part.weight for part in parts)
        known = _EXTENTS[id(value)] = (value, Extent(weight, 1 + max((part.depth for part in parts), default=0)))
    return known[1]
