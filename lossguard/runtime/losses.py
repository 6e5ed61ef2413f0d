"""Live losses as facts: by name where Keras made them, else by what they compute."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from lossguard.catalog._words import words
from lossguard.catalog.losses import BY_SHAPE, CLASSES, FUNCTIONS, LOSSES, STRINGS, LossSpec
from lossguard.facts import Labels, Loss, Output, Spelling
from lossguard.runtime.activations import tensor
from lossguard.runtime.library import Library, is_own, to_numpy
from lossguard.runtime.origins import Live

_CANDIDATES = words(
    "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy binary_focal_crossentropy "
    "categorical_focal_crossentropy kl_divergence hinge squared_hinge categorical_hinge mean_squared_error "
    "mean_absolute_error mean_squared_logarithmic_error huber log_cosh poisson"
)


def loss_of(value: Any, library: Library, output: Output, labels: Labels | None) -> Loss | None:
    """One loss as compiled; None where it is not one of Keras's and computes none of them."""
    match value:
        case None:
            return None
        case str():
            return _by_name(value, library, output, labels)
        case type() if library.major >= 3 and issubclass(value, library.root.losses.Loss):  # noqa: PLR2004
            return _of_spec(LOSSES.get(CLASSES.get(value.__name__, "")), value, Spelling.CLASS, {})
        case partial(func=function, keywords=keywords) if (spec := _own_function(function, library)) is not None:
            return _of_spec(spec, value, Spelling.FUNCTION, keywords)
    spec = _own_function(value, library)
    if spec is not None:
        return _of_spec(spec, value, Spelling.FUNCTION, {})
    if isinstance(value, library.root.losses.Loss) and is_own(value, library.package):
        name = CLASSES.get(type(value).__name__)
        if name is not None:
            return _of_spec(LOSSES[name], value, Spelling.INSTANCE, vars(value) | _keywords(value))
        inner = _own_function(getattr(value, "fn", None), library)
        if inner is not None:
            return _of_spec(inner, value, Spelling.FUNCTION, _keywords(value))
    return _by_values(value, library, output)


def _keywords(value: Any) -> dict[str, Any]:
    return dict(getattr(value, "_fn_kwargs", None) or {})


def _own_function(value: Any, library: Library) -> LossSpec | None:
    name = getattr(value, "__name__", "")
    if str(getattr(value, "__module__", "")).partition(".")[0] != library.package or isinstance(value, type):
        return None
    known = FUNCTIONS.get(f"keras.losses.{name}")
    return LOSSES[known] if known is not None else None


def _of_spec(spec: LossSpec | None, value: Any, spelling: Spelling, given: dict[str, Any]) -> Loss | None:
    if spec is None:
        return None
    smoothing = given.get("label_smoothing")
    from_logits = bool(given.get("from_logits", False)) if spec.takes_from_logits else False
    arguments = ["from_logits=True"] if from_logits else []
    if smoothing:
        arguments.append(f"label_smoothing={smoothing}")
    ignored = given.get("ignore_class")
    if ignored is not None:
        arguments.append(f"ignore_class={ignored}")
    called = spelling is Spelling.INSTANCE or arguments
    name = (spec.class_name or spec.name) if spelling in {Spelling.INSTANCE, Spelling.CLASS} else spec.name
    text = f"{name}({', '.join(arguments)})" if called else name
    where = Live("loss", text, value)
    return Loss(
        spec.name, spec.family, from_logits, spelling, where, text, where if from_logits else None,
        float(smoothing) if smoothing else None, ignored is not None, _axis(given.get("axis", -1)),
    )  # fmt: skip


def _axis(given: Any) -> int | None:
    return given if isinstance(given, int) else None


def _by_name(name: str, library: Library, output: Output, labels: Labels | None) -> Loss | None:
    known = STRINGS[3 if library.major >= 3 else 2].get(name)  # noqa: PLR2004
    if known is None and name.lower() in BY_SHAPE:
        known = _by_shape(output, labels)
    if known is None:
        return None
    return Loss(known, LOSSES[known].family, False, Spelling.STRING, Live("loss", repr(name), name), repr(name))


def _by_shape(output: Output, labels: Labels | None) -> str | None:
    if output.width.is_(1):
        return "binary_crossentropy"
    if labels is None or labels.rank is None or output.rank is None:
        return None
    sparse = labels.rank < output.rank or labels.width.is_(1)
    return "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"


# a loss of the program's own: it is what it computes


def _by_values(value: Any, library: Library, output: Output) -> Loss | None:
    width = output.width.size
    if not callable(value) or width is None or output.rank is None:
        return None
    name = str(getattr(value, "__name__", None) or getattr(value, "name", None) or type(value).__name__)
    text = "a lambda" if name == "<lambda>" else name
    functions = library.root.losses
    for labels, predictions in _probes(width, output.rank):
        told = _vector(value, labels, predictions, library)
        if told is None or not told.any():
            continue
        for candidate in _CANDIDATES:
            function = getattr(functions, candidate, None)
            spec = LOSSES[candidate]
            for from_logits in (False, True) if spec.takes_from_logits else (None,):
                if function is None:
                    continue
                known = function if from_logits is None else partial(function, from_logits=from_logits)
                if _proportional(told, _vector(known, labels, predictions, library)):
                    where = Live("loss", text, value)
                    flag = bool(from_logits)
                    return Loss(
                        spec.name, spec.family, flag, Spelling.OBJECT, where, text, where if from_logits else None
                    )
    return None


def _probes(width: int, rank: int) -> list[tuple[list[Any], list[Any]]]:
    """Labels in each encoding that fits the width, and predictions in (0, 1), some of them distributions."""
    draw = np.random.default_rng(11)
    shape = (6, *(2 for _ in range(rank - 2)), width)
    predictions = [draw.uniform(0.05, 0.95, shape).astype("float32") for _ in range(3)]
    if width == 1:
        return [([draw.integers(0, 2, shape).astype("float32") for _ in range(3)], predictions)]
    predictions.append(predictions[0] / predictions[0].sum(axis=-1, keepdims=True))
    ids = [draw.integers(0, width, shape[:-1]) for _ in predictions]
    columns = [np.eye(width, dtype="float32")[one] for one in ids]
    return [(columns, predictions), (ids, predictions)]


def _vector(function: Callable[..., Any], labels: list[Any], predictions: list[Any], library: Library) -> Any:
    """The mean loss on each probe; None where the loss does not take it."""
    found = []
    for y, p in zip(labels, predictions, strict=True):
        try:
            value = to_numpy(function(tensor(y, library), tensor(p, library)))
        except Exception:  # noqa: BLE001  somebody's function, which need not take this
            return None
        if value is None or value.dtype.kind != "f" or not np.isfinite(value).all():
            return None
        found.append(float(value.mean(dtype="float64")))
    return np.array(found)


def _proportional(told: Any, known: Any) -> bool:
    """Whether one is the other times a weight."""
    if known is None or not (np.abs(known) > 1e-9).all():  # noqa: PLR2004
        return False
    ratio = told / known
    return bool(ratio[0] > 0 and np.allclose(ratio, ratio[0], rtol=1e-3))
