"""What was passed to `compile` where a loss or a metric is wanted, as facts: names, classes, functions, flags."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lossguard.catalog import losses as loss_names
from lossguard.catalog import metrics as metric_names
from lossguard.catalog.spelling import closest, named
from lossguard.facts import Fact, LossArgument, Misuse, Named, NotInstantiated, PositionalMetrics, UnknownName
from lossguard.runtime.library import Library, is_own
from lossguard.runtime.origins import Live

_ARGUMENTS_OF_A_LOSS = 2


def misuses(loss: Any, metrics: Sequence[Any], library: Library, *, fails: bool) -> Iterator[Fact]:
    """What is wrong with the loss and the metrics of one output, before any values are looked at.

    `fails` says that computing the loss on a batch has raised.
    """
    if isinstance(loss, str):
        yield from _unknown(Named.LOSS, loss, library.root.losses.get, loss_names.BY_SHAPE)
    elif isinstance(loss, type):
        if (library.major, library.minor) < (3, 3) and issubclass(loss, library.root.losses.Loss):
            yield NotInstantiated(Misuse.CLASS, _text(loss), Live("loss", loss.__name__, loss))
    elif isinstance(loss, library.root.losses.Loss):
        yield from _flags(loss, library)
    elif callable(loss) and fails:
        yield from _factory(loss)
    for metric in metrics:
        if isinstance(metric, str):
            yield from _unknown(Named.METRIC, metric, library.root.metrics.get, metric_names.BY_SHAPE)


def metrics_as_weights(model: Any, library: Library) -> Iterator[Fact]:
    """Metrics where Keras 3 keeps the `loss_weights` that `compile` was given."""
    weights = getattr(getattr(model, "_compile_loss", None), "_user_loss_weights", None)
    given = list(weights.values()) if isinstance(weights, dict) else weights
    if not isinstance(given, (list, tuple)) or not given:
        return
    if all(isinstance(one, (str, library.root.metrics.Metric)) for one in given):
        words = ", ".join(repr(one) if isinstance(one, str) else f"{type(one).__name__}()" for one in given)
        yield PositionalMetrics(f"[{words}]", Live("compile", "compile", model))


def unknown_name(kind: Named, text: str, origin: Live) -> UnknownName:
    """The fact that this Keras knows no such name."""
    other = named(kind, text)
    return UnknownName(kind, text, origin, None if other is not None else closest(kind, text), other)


def _unknown(kind: Named, text: str, get: Callable[[str], Any], by_shape: Any) -> Iterator[Fact]:
    if text.lower() in by_shape:
        return
    try:
        found = get(text)
    except (TypeError, ValueError):
        found = None
    if found is None or isinstance(found, str):  # Keras 2 may give it back
        yield unknown_name(kind, text, Live(kind.value, repr(text), text))


def _text(loss: Any) -> str:
    return f"{loss.__module__.partition('.')[0]}.losses.{loss.__name__}"


def _flags(loss: Any, library: Library) -> Iterator[Fact]:
    """A string where True or False is wanted."""
    given = vars(loss) | dict(getattr(loss, "_fn_kwargs", None) or {})
    flag = given.get("from_logits")
    if isinstance(flag, str) and is_own(loss, library.package):
        name = type(loss).__name__
        yield LossArgument(name, "from_logits", Live("loss", name, loss), given=flag)


def _factory(loss: Any) -> Iterator[Fact]:
    """A function whose call without arguments gives a loss, where it is no loss itself."""
    if not inspect.isroutine(loss) and not hasattr(loss, "__code__"):
        return
    try:
        inspect.signature(loss).bind()
        made = loss()
        inspect.signature(made).bind(*range(_ARGUMENTS_OF_A_LOSS))
    except Exception:  # noqa: BLE001  somebody's function: whatever it raises, it is no factory
        return
    name = str(getattr(loss, "__name__", type(loss).__name__))
    yield NotInstantiated(Misuse.FACTORY, name, Live("loss", name, loss), Live("function", name, loss))
