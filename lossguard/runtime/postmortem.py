"""What has ended the user's program, as facts, where the traceback shows that a rule knows the cause."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import ast
import inspect
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from types import FrameType, ModuleType
from typing import Any

from lossguard.catalog.losses import CLASSES, FUNCTIONS
from lossguard.facts import Fact, LossArgument, Misuse, Named, NotInstantiated
from lossguard.runtime.library import PACKAGES
from lossguard.runtime.misuse import unknown_name
from lossguard.runtime.origins import Live
from lossguard.runtime.spots import Program, Spot, spot_of, users

_LOOKUPS = {
    "activations": Named.ACTIVATION,
    "losses": Named.LOSS,
    "metrics": Named.METRIC,
    "optimizers": Named.OPTIMIZER,
}
"""Modules of Keras whose function `get` knows the names, and of what."""
_ARGUMENTS = {
    Named.ACTIVATION: "activation",
    Named.LOSS: "loss",
    Named.METRIC: "metrics",
    Named.OPTIMIZER: "optimizer",
}
"""What the argument is called that takes such a name."""


_LAST_IN_KERAS_2 = "class_and_config_for_serialized_keras_object"
"""What is left of the traceback where Keras 2 leaves out its own steps."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A fact that explains the end, the call of the program that it comes from, and the Keras that was used."""

    fact: Fact
    spot: Spot
    package: str


def causes(error: BaseException, program: Program) -> Iterator[Cause]:
    """What a rule may know of this exception; nothing where it is about something else."""
    steps = list(traceback.walk_tb(error.__traceback__))
    own = [number for number, (frame, _) in enumerate(steps) if users(frame.f_code.co_filename)]
    if not own:
        return
    positions = _instructions(error)
    frame, row = steps[own[-1]]
    spot = spot_of(frame.f_code, positions[own[-1]], row)
    for inner, _ in steps[own[-1] + 1 :]:
        yield from _unknown(inner, spot, program)
    if isinstance(error, TypeError) and all(_hands_on(inner) for inner, _ in steps[own[-1] + 1 :]):
        yield from _refused(frame, spot, program)


def _instructions(error: BaseException) -> list[int]:
    found, step = [], error.__traceback__
    while step is not None:
        found.append(step.tb_lasti)
        step = step.tb_next
    return found


def _hands_on(frame: FrameType) -> bool:
    """Whether this is TensorFlow between the program and a function of Keras 2, of which nothing has run yet."""
    return str(frame.f_globals.get("__name__", "")).startswith("tensorflow.python.util.")


def _unknown(frame: FrameType, spot: Spot, program: Program) -> Iterator[Cause]:
    """A name that Keras has looked up in vain."""
    package, _, rest = str(frame.f_globals.get("__name__", "")).partition(".")
    kind, name = None, None
    if frame.f_code.co_name == "get":
        kind = _LOOKUPS.get(rest.split(".")[1] if rest.count(".") else "")
        name = frame.f_locals.get("identifier")
    elif frame.f_code.co_name == _LAST_IN_KERAS_2:
        kind = _LOOKUPS.get(f"{frame.f_locals.get('printable_module_name')}s")
        config = frame.f_locals.get("config")
        name = config.get("class_name") if isinstance(config, dict) else None
    if package in PACKAGES and kind is not None and isinstance(name, str):
        place = program.argument(spot, _ARGUMENTS[kind], name)
        yield Cause(unknown_name(kind, name, Live("call", repr(name), object())), place, package)


def _refused(frame: FrameType, spot: Spot, program: Program) -> Iterator[Cause]:
    """A loss that does not take what it was called with, which Python says before anything of it runs."""
    call, text = program.call(spot)
    called = _value(call.func, frame) if call is not None else None
    if call is None or called is None:
        return
    name = getattr(called, "__name__", "")
    package = str(getattr(called, "__module__", "")).partition(".")[0]
    is_class = isinstance(called, type)
    if package not in PACKAGES or not (name in CLASSES if is_class else _is_function(name)):
        return
    taken = [one for one in inspect.signature(called).parameters if one != "self"]
    given = [one.arg for one in call.keywords if one.arg is not None]
    where = Live("call", text, object())
    if not is_class and not call.args and not {"y_true", "y_pred"} & set(given):
        yield Cause(NotInstantiated(Misuse.CALL, text, where), spot, package)
        return
    for one in given:
        if one not in taken:
            close = get_close_matches(one, sorted(taken), n=1, cutoff=0.75)
            fact = LossArgument(name, one, where, meant=close[0] if close else None)
            yield Cause(fact, program.argument(spot, one, None), package)


def _is_function(name: str) -> bool:
    return f"keras.losses.{name}" in FUNCTIONS


def _value(node: ast.expr, frame: FrameType) -> Any:
    """What a dotted name stands for; None where it is more than names in modules."""
    match node:
        case ast.Name(id=name):
            return frame.f_locals.get(name, frame.f_globals.get(name))
        case ast.Attribute(value=inner, attr=name):
            found = _value(inner, frame)
            return getattr(found, name, None) if isinstance(found, ModuleType) else None
    return None
