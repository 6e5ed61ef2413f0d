"""The Keras that runs the rules' programs, and what it does otherwise than the newest.

`pytest --keras tf_keras` runs them in Keras 2; an environment with an older Keras 3 runs them there. Where a version
behaves otherwise than the newest Keras 3, the table below says what it does instead, and the tests ask for that.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.metadata import version

from lossguard.options import Options

Version = tuple[int, int]


def installed() -> Version:
    """Major and minor version of the Keras that runs the programs."""
    major, minor = version("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") == "1" else "keras").split(".")[:2]
    return int(major), int(minor)


def options(**others: frozenset[str] | tuple[str, ...]) -> Options:
    """What the static side has to be told of it."""
    major, minor = installed()
    return Options(keras=frozenset({major}), minors=(minor, minor), **others)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Otherwise:
    """From `first` on and before `before` the programs raise `error`; where that is empty, they run and are right."""

    first: Version
    before: Version
    error: str
    programs: tuple[str, ...]

    def says(self, error: Exception | None) -> bool:
        if not self.error:
            return error is None
        return error is not None and re.search(self.error, str(error)) is not None


_OTHERWISE = (
    Otherwise((3, 0), (3, 5), r"Expected a value in interval \(0, 1\)", (
        "threshold-on-logits: Good", "threshold-on-logits/good_hinge", "threshold-on-logits/good_threshold_zero",
        "zero-threshold-on-probabilities: Bad", "zero-threshold-on-probabilities/bad_accuracy",
        "zero-threshold-on-probabilities/good_raw_scores",
    )),
    Otherwise((2, 0), (3, 0), r"cannot import name 'ops'|has no attribute 'ops'", (
        "no-gradient: Bad", "no-gradient: Good", "no-gradient/bad_rounded", "no-gradient/good_not_rounded",
        "loss-off-reference: Bad", "loss-off-reference: Good", "loss-off-reference/bad_own_layer",
        "loss-off-reference/good_own_layer", "loss-off-reference/good_summed", "loss-raises/good_own_loss",
        "categorical-on-independent-outputs/good_normalised_sigmoids", "iou-on-probabilities/good_own_metric",
        "logits-as-probabilities/good_own_normalisation", "loss-not-finite/good_masked",
        "loss-not-instantiated/good_decorated", "loss-not-instantiated/good_function",
        "unknown-loss/good_given_as_function", "unknown-loss/good_in_words",
    )),
    Otherwise((2, 0), (3, 0), "Unknown loss function: 'crossentropy'", ("unknown-loss/good_by_shape",)),
    Otherwise((2, 0), (3, 0), "`logits` and `labels` must have the same shape", ("labels-in-call/good_columns",)),
    Otherwise((2, 0), (3, 0), "'str' object is not callable", ("unknown-loss/good_metrics",)),
    Otherwise((2, 0), (3, 0), "Could not interpret metric identifier", ("metrics-as-loss-weights/good_weights",)),
    Otherwise((2, 0), (3, 0), "", (
        "metrics-as-loss-weights: Bad", "metrics-as-loss-weights/bad_accuracy", "metrics-as-loss-weights/bad_objects",
    )),
)  # fmt: skip


def otherwise(program: str) -> Otherwise | None:
    """What the installed Keras does with this program, if it is not what the newest does."""
    here = installed()
    return next((one for one in _OTHERWISE if program in one.programs and one.first <= here < one.before), None)


PROGRAMS = tuple(program for one in _OTHERWISE for program in one.programs)
