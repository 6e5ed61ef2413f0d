"""What a live model was compiled with, for each of its outputs."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lossguard.runtime.library import Library, NotProbed, leaves

Names = Sequence["str | None"]


def require_compiled(model: Any) -> None:
    if not getattr(model, "compiled", getattr(model, "_is_compiled", False)):
        raise NotProbed(f"reading the compiled setup: {model.name!r} is not compiled; call model.compile(...) first")


def losses(model: Any, names: Names) -> list[Any]:
    """The loss of each output as it was handed to `compile`; None where there is none."""
    given = getattr(model, "loss", None)
    if given is None or not (isinstance(given, (str, dict, list, tuple, type)) or callable(given)):
        return [None] * len(names)
    return for_outputs(given, names)


def metrics(model: Any, names: Names, library: Library) -> list[list[Any]]:
    """The metrics of each output as they were handed to `compile`."""
    holder = model._compile_metrics if library.major >= 3 else getattr(model, "compiled_metrics", None)  # noqa: PLR2004, SLF001
    found: list[list[Any]] = [[] for _ in names]
    for kind in ("_user_metrics", "_user_weighted_metrics"):
        given = getattr(holder, kind, None)
        if not given:
            continue
        if len(names) == 1 and not isinstance(given, dict):
            found[0] += leaves(given)
        elif isinstance(given, dict) or len(given) == len(names):
            for own, one in zip(found, for_outputs(given, names), strict=True):
                own.extend([] if one is None else leaves(one))
    return found


def for_outputs(given: Any, names: Names) -> list[Any]:
    """What belongs to each output: by name, by position, or the same for all."""
    if isinstance(given, dict):
        if len(names) == 1 and len(given) == 1:
            return list(given.values())
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        return list(given) if len(given) == len(names) else [None] * len(names)
    return [given] * len(names)


def targets(y: Any, names: Names) -> list[Any]:
    """The labels of each output."""
    if isinstance(y, (dict, list, tuple)):
        return for_outputs(y, names)
    return [y] if len(names) == 1 else [None] * len(names)
