"""Worlds: assumptions about unknown conditions, values that differ by world, and state that is joined.

A branch on something unknown is executed on both sides, each under its assumption. What the sides
wrote is joined: values that agree stay plain, others become a `Choice` with one option per world. An
operation that needs one concrete value `pick`s it; where the assumptions do not decide, `explore`
runs the operation once in each world and joins the results.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from itertools import islice

from lossguard.frozen import dataclass
from lossguard.static import conditions
from lossguard.static.values import UNBOUND, Choice, Guard, Literal, Unbound, Unknown, Value, Wording

MAX_OPTIONS = 12
"""A value with more options than this becomes unknown."""

MAX_UNMERGED = 4 * MAX_OPTIONS
"""So many options are compared with each other."""

MAX_DEPTH = 6
"""So many choices may one operation depend on."""

MAX_WORLDS = 200
"""So many worlds of one operation are looked at."""

NO_ASSUMPTION: Guard = frozenset()

_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`symbol <relation> number`, with the symbol the key of an unknown value."""

    symbol: Hashable
    relation: str
    constant: object


@dataclass(frozen=True, slots=True)
class Condition:
    """Something unknown that a branch depends on.

    `text` is how the source writes it, or where; for a comparison, of the unknown side. `opposite`: the text says
    when it does not hold.
    """

    text: Wording
    comparison: Comparison | None = None
    implied: tuple[Literal, ...] = ()
    refuted: tuple[Literal, ...] = ()
    default: bool = False
    opposite: bool = False


class Fork(Exception):  # noqa: N818 - control flow, not an error
    """Raised by `pick` where the worlds disagree; caught by `explore`."""

    def __init__(self, choice: Choice) -> None:
        super().__init__()
        self.choice = choice


class Crowded(Exception):  # noqa: N818 - an end that a bound brings about, not an error
    """An operation tells more worlds apart than are looked at."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is assumed of an unknown number."""

    low: float = float("-inf")
    high: float = float("inf")
    excluded: frozenset[object] = frozenset()
    equal: tuple[object, ...] = ()


Written = dict[tuple[int, str], tuple[dict[str, Value], str, Value]]
"""What one branch wrote: by the identity of the dict and the key."""

Clock = Callable[[], int]
"""Tells the serial number of the newest object."""


class Worlds:
    """The conditions met so far, the current assumptions, and the journal of writes."""

    def __init__(self, clock: Clock, words: Callable[[Wording], str], step: Callable[[], None]) -> None:
        self._clock = clock
        self._step = step
        self._words = words
        self._conditions: list[Condition] = []
        self._numbers: dict[Hashable, int] = {}
        self._assumed: dict[int, bool] = {}
        self._trail: list[int] = []
        self._journals: list[tuple[Written, int]] = []
        self._equal: dict[Hashable, object] = {}
        self._compared: dict[Hashable, list[int]] = {}
        self._of_rounds: set[int] = set()
        self._told: list[tuple[int, int]] = []

    # conditions

    def literal(
        self,
        key: Hashable,
        text: Wording,
        comparison: Comparison | None = None,
        implied: tuple[Literal, ...] = (),
        refuted: tuple[Literal, ...] = (),
        *,
        default: bool = False,
        opposite: bool = False,
    ) -> Literal:
        """The literal of the condition with this key; the same key is the same condition."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._conditions)
            self._conditions.append(Condition(text, comparison, implied, refuted, default, opposite))
        return Literal(number, holds=True)

    def condition_at(self, number: int) -> Condition:
        """The condition that literals refer to by this number."""
        return self._conditions[number]

    def describe(self, literal: Literal) -> str:
        """The literal in the words of the source."""
        condition = self._conditions[literal.condition]
        text = conditions.bare(self._words(condition.text))
        if condition.comparison is not None:
            relation = condition.comparison.relation if literal.holds else _NEGATED[condition.comparison.relation]
            return conditions.compared(text, relation, condition.comparison.constant)
        return text if literal.holds is not condition.opposite else conditions.negated(text)

    def tell(self, literals: Iterable[Literal]) -> str:
        """All the literals at once, in the words of the source; that `n` is 2 says that it is not 3."""
        told = list(literals)
        equal = {self._equals(literal) for literal in told}
        return conditions.both(
            self.describe(literal)
            for literal in told
            if (other := self._equals(literal.negated())) is None or other not in equal
        )

    def _equals(self, literal: Literal) -> Hashable:
        """The number that the literal says to be a constant."""
        comparison = self._conditions[literal.condition].comparison
        if comparison is None or literal.holds is not (comparison.relation == "=="):
            return None
        return comparison.symbol if comparison.relation in _EQUALITY else None

    def text(self, number: int) -> str:
        """How the source writes a condition."""
        return self._words(self._conditions[number].text)

    def decided(self, literal: Literal) -> bool | None:
        """Whether the assumptions decide the literal, by themselves or by arithmetic."""
        held = self._assumed.get(literal.condition)
        if held is not None:
            return held is literal.holds
        comparison = self._conditions[literal.condition].comparison
        if comparison is None:
            return None
        verdict = self._compare(comparison)
        return None if verdict is None else verdict is literal.holds

    def bounds(self, symbol: Hashable) -> Bounds:
        """What the assumptions say of the number behind `symbol`."""
        low, high = float("-inf"), float("inf")
        excluded: set[object] = set()
        equal: tuple[object, ...] = ()
        for number in self._compared.get(symbol, ()):
            comparison = self._conditions[number].comparison
            if comparison is None:
                continue
            relation = comparison.relation if self._assumed[number] else _NEGATED[comparison.relation]
            constant = comparison.constant
            if relation == "==":
                equal = (constant,)
            elif relation == "!=":
                excluded.add(constant)
            elif isinstance(constant, (int, float)):
                match relation:
                    case "<":
                        high = min(high, constant - 1)
                    case "<=":
                        high = min(high, constant)
                    case ">":
                        low = max(low, constant + 1)
                    case _:
                        low = max(low, constant)
        for _ in excluded:  # an infinite bound never leaves them
            low += low in excluded
            high -= high in excluded
        return Bounds(low, high, frozenset(excluded), equal)

    def none_of(self, symbol: Hashable) -> bool:
        """Whether the assumptions say that the number behind `symbol` is 0 or less, or None."""
        number = self._numbers.get(("truth", symbol))
        if number is not None and self._assumed.get(number) is False:
            return True
        bounds = self.bounds(symbol)
        return bounds.high <= 0 or bounds.equal in {(0,), (None,)}

    def equal_to(self, symbol: Hashable) -> tuple[object, ...]:
        """The constant that the unknown value is assumed to equal, or nothing."""
        return (self._equal[symbol],) if self._equal and symbol in self._equal else ()

    def _compare(self, comparison: Comparison) -> bool | None:
        if not self._compared.get(comparison.symbol):
            return None
        bounds = self.bounds(comparison.symbol)
        relation, constant = comparison.relation, comparison.constant
        if bounds.equal:
            return _holds(bounds.equal[0], relation, constant)
        if constant in bounds.excluded and relation in {"==", "!="}:
            return relation == "!="
        if not isinstance(constant, (int, float)):
            return None
        outcomes = {
            "<": (bounds.high < constant, bounds.low >= constant),
            "<=": (bounds.high <= constant, bounds.low > constant),
            ">": (bounds.low > constant, bounds.high <= constant),
            ">=": (bounds.low >= constant, bounds.high < constant),
            "==": (bounds.low == bounds.high == constant, constant < bounds.low or constant > bounds.high),
            "!=": (constant < bounds.low or constant > bounds.high, bounds.low == bounds.high == constant),
        }[relation]
        return True if outcomes[0] else False if outcomes[1] else None

    def count(self) -> int:
        """How many conditions were met so far."""
        return len(self._conditions)

    def end_rounds(self, first: int) -> None:
        """Conditions from `first` on were met in a loop that was run once for all its rounds.

        After the loop they decide nothing: what depends on them is another thing in every round.
        """
        self._of_rounds.update(range(first, len(self._conditions)))

    def in_rounds(self, value: Value) -> list[Value]:
        """What a value is in one round or another of such a loop; nothing where it also depends on something else."""
        if not isinstance(value, Choice):
            return []
        conditions = {literal.condition for guard, _ in value.options for literal in guard}
        return [option for _, option in value.options] if conditions <= self._of_rounds else []

    # assumptions

    @property
    def path(self) -> tuple[Literal, ...]:
        """The current assumptions in the order they were made."""
        return tuple(Literal(number, self._assumed[number]) for number in self._trail)

    def feasible(self, guard: Iterable[Literal]) -> bool:
        """Whether the guard does not contradict the current assumptions."""
        return all(self.decided(literal) is not False for literal in guard)

    def assume(self, guard: Iterable[Literal]) -> bool:
        """Add the guard to the assumptions until `retract`; False (and nothing added) if it contradicts."""
        mark = self.mark()
        pending = list(guard)
        while pending:
            literal = pending.pop()
            verdict = self.decided(literal)
            if verdict is False:
                self.retract(mark)
                return False
            if literal.condition in self._assumed:
                continue
            self._assumed[literal.condition] = literal.holds
            self._trail.append(literal.condition)
            condition = self._conditions[literal.condition]
            pending.extend(condition.implied if literal.holds else condition.refuted)
            comparison = condition.comparison
            if comparison is not None:
                self._compared.setdefault(comparison.symbol, []).append(literal.condition)
            if (
                comparison is not None
                and literal.holds is (comparison.relation == "==")
                and comparison.relation in _EQUALITY
            ):
                self._equal[comparison.symbol] = comparison.constant
        return True

    def mark(self) -> int:
        return len(self._trail)

    def retract(self, mark: int) -> None:
        """Forget the assumptions made since `mark`."""
        while len(self._trail) > mark:
            number = self._trail.pop()
            del self._assumed[number]
            comparison = self._conditions[number].comparison
            if comparison is not None:
                self._compared[comparison.symbol].pop()
                self._equal.pop(comparison.symbol, None)

    # state

    def write(self, target: dict[str, Value], key: str, value: Value, born: int = 0) -> None:
        """Set `target[key]`, so that an open branch can undo and join it.

        `born` is the serial number of the object that is written; what was made within the branch
        no other branch can see, so there is nothing to undo.
        """
        if self._journals:
            journal, since = self._journals[-1]
            place = (id(target), key)
            if born <= since and place not in journal:
                journal[place] = (target, key, target.get(key, UNBOUND))
        if isinstance(value, Unbound):
            target.pop(key, None)
        else:
            target[key] = value

    def open(self) -> None:
        """Begin a branch: writes from here on can be taken back."""
        self._journals.append(({}, self._clock()))

    def close(self) -> Written:
        """End a branch: restore the state from before and return what the branch wrote."""
        journal, _ = self._journals.pop()
        written: Written = {}
        for place, (target, key, old) in journal.items():
            written[place] = (target, key, target.get(key, UNBOUND))
            if isinstance(old, Unbound):
                target.pop(key, None)
            else:
                target[key] = old
        return written

    def keep(self) -> None:
        """End a branch that is the only one: what it wrote stays, and can be taken back by the branch around it."""
        journal, _ = self._journals.pop()
        if self._journals:
            outer = self._journals[-1][0]
            for place, entry in journal.items():
                outer.setdefault(place, entry)

    def apply(self, written: Written) -> None:
        """Write again what a closed branch wrote."""
        for target, key, value in written.values():
            self.write(target, key, value)

    def merge(self, branches: Sequence[tuple[Guard, Written]]) -> None:
        """Write what the branches wrote, joined by their guards."""
        if len(branches) == 1:
            self.apply(branches[0][1])
            return
        places: dict[tuple[int, str], tuple[dict[str, Value], str]] = {}
        for _, written in branches:
            for place, (target, key, _value) in written.items():
                places.setdefault(place, (target, key))
        for place, (target, key) in places.items():
            options = [
                (guard, written[place][2] if place in written else target.get(key, UNBOUND))
                for guard, written in branches
            ]
            self.write(target, key, self.join(options))

    def join(self, options: Sequence[tuple[Guard, Value]]) -> Value:
        """One value for several worlds."""
        first = options[0][1]
        if all(value == first for _, value in options[1:]):
            return first
        self._step()
        flat: list[tuple[Guard, Value]] = []
        for guard, value in options:
            if isinstance(value, Choice):
                both = ((_both(guard, inner), option) for inner, option in value.options)
                flat.extend((joint, option) for joint, option in both if joint is not None)
            else:
                flat.append((guard, value))
        if len(flat) > MAX_UNMERGED:
            return Unknown(("join", object()), "it depends on too many conditions")
        merged = _merge_equal(flat)
        if len(merged) == 1:
            return merged[0][1]
        values = {value for _, value in merged if isinstance(value, Unknown)}
        if len(values) == len(merged):
            return Unknown(("join", frozenset(value.key for value in values)), "it differs between branches")
        if len(merged) > MAX_OPTIONS:
            return Unknown(("join", object()), "it depends on too many conditions")
        return Choice(tuple(merged))

    # choices

    def options(self, value: Value) -> list[tuple[Guard, Value]]:
        """The options of a value that the assumptions allow; one without a guard for a plain value."""
        if not isinstance(value, Choice):
            return [(NO_ASSUMPTION, value)]
        if self._of_rounds and any(
            literal.condition in self._of_rounds for guard, _ in value.options for literal in guard
        ):
            return [(NO_ASSUMPTION, Unknown(("rounds", id(value)), "it depends on the round of a loop"))]
        return [
            (guard, option)
            for guard, option in value.options
            if not isinstance(option, Unbound) and self.feasible(guard)
        ]

    def pick(self, value: Value) -> Value:
        """The one value that holds under the assumptions; raises `Fork` where they do not decide."""
        if not isinstance(value, Choice):
            return value
        options = self.options(value)
        if not options:
            return Unknown(("dead", id(value)), "no branch reaches here")
        if len(options) == 1:
            return options[0][1]
        raise Fork(value)

    def explore(self, operation: Callable[[], Value]) -> Value:
        """Run an operation in every world that it tells apart, joining results and writes.

        Raises:
            Crowded: there are too many of them; whatever some of them wrote is unknown now.
        """
        tried = self._tried(operation)
        if not isinstance(tried, Fork):
            self.keep()
            return tried
        with closing(self._by_option(tried.choice, operation, 0)) as every:
            outcomes = list(islice(every, MAX_WORLDS + 1))
        if len(outcomes) > MAX_WORLDS:
            self._blur(written for _, _, written in outcomes)
            raise Crowded
        if len(outcomes) == 1:
            self.apply(outcomes[0][2])
            return outcomes[0][1]
        self.merge([(guard, written) for guard, _, written in outcomes])
        return self.join([(guard, value) for guard, value, _ in outcomes])

    def outcomes(self, operation: Callable[[], Value], depth: int = 0) -> Generator[tuple[Guard, Value, Written]]:
        """The result and the writes of an operation by world; the state is left as it was."""
        tried = self._tried(operation)
        if isinstance(tried, Fork):
            yield from self._by_option(tried.choice, operation, depth)
        else:
            yield NO_ASSUMPTION, tried, self.close()

    def _tried(self, operation: Callable[[], Value]) -> Value | Fork:
        """The result of an operation, whose writes are a branch that is open still; what it could not decide, else."""
        self._step()
        self.open()
        try:
            return operation()
        except Fork as fork:
            self.close()
            return fork.with_traceback(None)
        except BaseException:
            self.close()
            raise

    def _by_option(
        self, choice: Choice, operation: Callable[[], Value], depth: int
    ) -> Generator[tuple[Guard, Value, Written]]:
        """The outcomes of an operation in each world of a choice that it could not decide."""
        if depth >= MAX_DEPTH:
            yield NO_ASSUMPTION, Unknown(("deep", object()), "it depends on too many conditions"), {}
            return
        alive = False
        for guard, _ in self.options(choice):
            with self.telling(guard) as possible:
                if possible:
                    for inner, value, written in self.outcomes(operation, depth + 1):
                        alive = True
                        yield guard | inner, value, written
        if not alive:
            yield NO_ASSUMPTION, Unknown(("dead", id(choice)), "no branch reaches here"), {}

    def _blur(self, written: Iterable[Written]) -> None:
        """Whatever was written is unknown."""
        for target, key, _ in (place for one in written for place in one.values()):
            self.write(target, key, Unknown(("crowded", object()), "it depends on too many conditions"))

    @contextmanager
    def assuming(self, guard: Iterable[Literal]) -> Iterator[bool]:
        """Assume the guard within the block; yields whether that is possible."""
        mark = self.mark()
        try:
            yield self.assume(guard)
        finally:
            self.retract(mark)

    @contextmanager
    def telling(self, guard: Iterable[Literal]) -> Iterator[bool]:
        """Assume the guard, because something that runs within the block is not the same in all worlds."""
        first = self.mark()
        with self.assuming(guard) as possible:
            self._told.append((first, self.mark()))
            try:
                yield possible
            finally:
                self._told.pop()

    def told(self) -> Guard:
        """The assumptions that tell what is made now from what the same code makes in other worlds."""
        return frozenset(
            Literal(number, self._assumed[number]) for first, last in self._told for number in self._trail[first:last]
        )


_EQUALITY = {"==", "!="}


def _holds(left: object, relation: str, right: object) -> bool | None:
    if relation == "==":
        return left == right
    if relation == "!=":
        return left != right
    if not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
        return None
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[relation]


@lru_cache(maxsize=10_000)
def _both(guard: Guard, inner: Guard) -> Guard | None:
    """The conjunction; None where it contradicts itself."""
    joint = guard | inner
    return joint if len({literal.condition for literal in joint}) == len(joint) else None


def exclusive(options: Iterable[tuple[Guard, Value]]) -> list[tuple[Guard, Value]] | None:
    """The options, each without the worlds of those before it; None where that takes too many guards."""
    found: list[tuple[Guard, Value]] = []
    before: list[Guard] = []
    for guard, value in options:
        parts = [guard]
        for other in before:
            parts = [rest for part in parts for rest in _without(part, other)]
            if len(parts) > MAX_UNMERGED:
                return None
        found += [(part, value) for part in parts]
        before.append(guard)
    return found


def _without(guard: Guard, other: Guard) -> Iterator[Guard]:
    """Guards that exclude each other and together say `guard` and not `other`."""
    if any(literal.negated() in guard for literal in other):
        yield guard
        return
    for literal in sorted(other - guard, key=lambda literal: literal.condition):
        yield guard | {literal.negated()}
        guard |= {literal}


def _merge_equal(options: list[tuple[Guard, Value]]) -> list[tuple[Guard, Value]]:
    """Options with equal values and guards that differ in the side of one condition become one."""
    values = [value for _, value in options]
    kinds = tuple(next(i for i, known in enumerate(values) if known is value or known == value) for value in values)
    return [(guard, values[i]) for guard, i in _merged(tuple(guard for guard, _ in options), kinds)]


@lru_cache(maxsize=10_000)
def _merged(given: tuple[Guard, ...], kinds_given: tuple[int, ...]) -> list[tuple[Guard, int]]:
    """The guards that are left, each with the number of the first option that it had; `kinds` are equal for equals.

    Many names are bound in the same branches: what joins one of them joins all.
    """
    guards, kinds, first = list(given), list(kinds_given), list(range(len(given)))

    def meet(i: int, j: int) -> bool:
        """Whether the options become one, the first of them."""
        if kinds[i] != kinds[j] or len(guards[i]) != len(guards[j]):
            return False
        difference = guards[i] ^ guards[j]
        if difference and not _opposite(difference):
            return False
        guards[i] &= guards[j]
        del guards[j], kinds[j], first[j]
        return True

    i = 0
    while i < len(guards):
        if any(meet(i, j) for j in range(i + 1, len(guards))):
            # what comes before may meet the changed one
            while (before := next((k for k in range(i) if meet(k, i)), None)) is not None:
                i = before
        else:
            i += 1
    return list(zip(guards, first, strict=True))


def _opposite(difference: frozenset[Literal]) -> bool:
    return len(difference) == 2 and len({literal.condition for literal in difference}) == 1  # noqa: PLR2004
