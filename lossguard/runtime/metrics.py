"""Live metrics as facts."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

from typing import Any

from lossguard.catalog.metrics import BY_SHAPE, FUNCTIONS, METRICS, STRINGS, Decode, MetricSpec
from lossguard.facts import Metric, Spelling
from lossguard.runtime.library import Library, is_own
from lossguard.runtime.origins import Live


def metric_of(value: Any, library: Library) -> Metric | None:
    """One metric as compiled; None where it is the program's own."""
    if isinstance(value, str):
        return _by_name(value, library)
    if isinstance(value, type):
        return _plain(METRICS.get(value.__name__), Spelling.CLASS, value, value.__name__)
    function = getattr(value, "__name__", None)
    if function is not None:
        own = str(getattr(value, "__module__", "")).partition(".")[0] == library.package
        known = FUNCTIONS.get(f"keras.metrics.{function}") or FUNCTIONS.get(f"keras.losses.{function}")
        return _plain(METRICS.get(known or "") if own else None, Spelling.FUNCTION, value, str(function))
    return _of_instance(value, library)


def _by_name(name: str, library: Library) -> Metric | None:
    if name.lower() in BY_SHAPE:
        shown = "accuracy" if name.lower() in {"accuracy", "acc"} else "crossentropy"
        return Metric(shown, Spelling.STRING, Live("metric", repr(name), name), False, None, repr(name))
    known = STRINGS[3 if library.major >= 3 else 2].get(name)  # noqa: PLR2004
    return _plain(METRICS.get(known or ""), Spelling.STRING, name, repr(name))


def _plain(spec: MetricSpec | None, spelling: Spelling, value: Any, text: str) -> Metric | None:
    if spec is None:
        return None
    return Metric(spec.name, spelling, Live("metric", text, value), False, spec.default_threshold, text)


def _of_instance(value: Any, library: Library) -> Metric | None:
    spec = METRICS.get(type(value).__name__) if is_own(value, library.package) else None
    if spec is None:
        return None
    if spec.name == "MeanMetricWrapper":
        return metric_of(value._fn, library) if hasattr(value, "_fn") else None  # noqa: SLF001
    given = vars(value) | dict(getattr(value, "_fn_kwargs", None) or {})
    from_logits = bool(given.get("from_logits", given.get("_from_logits", False)))
    threshold = _threshold(spec, given)
    arguments = ["from_logits=True"] if spec.takes_from_logits and from_logits else []
    if spec.threshold_parameter is not None and threshold != spec.default_threshold:
        arguments.append(f"{spec.threshold_parameter}={threshold:g}" if threshold is not None else "thresholds=...")
    if given.get("top_k") is not None:
        arguments.append(f"top_k={given['top_k']}")
    class_ids = spec.decode is Decode.CLASS_IDS and bool(given.get("sparse_y_pred", True))
    text = f"{spec.name}({', '.join(arguments)})"
    return Metric(spec.name, Spelling.INSTANCE, Live("metric", text, value), from_logits, threshold, text, class_ids)


def _threshold(spec: MetricSpec, given: dict[str, Any]) -> float | None:
    if spec.name == "AUC":
        return 0.0 if given.get("_init_from_thresholds") else None
    name = spec.threshold_parameter
    if name is None:
        return spec.default_threshold
    found = given.get(f"init_{name}", given.get(name))
    if found is None:
        return spec.default_threshold
    if isinstance(found, (list, tuple)):
        found = found[0] if len(found) == 1 else None
    return float(found) if isinstance(found, (int, float)) else None
