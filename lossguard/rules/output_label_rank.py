"""The output has an axis that the labels do not have.

## What it does
Reports an output with a time or space axis (rank 3 or more) where the labels are one value, or one row of
columns, per sample: a recurrent layer with `return_sequences=True` before the head, a missing `Flatten` or
pooling layer.

## Why it matters
Where it does not raise, every time step is compared with labels: labels of shape (n,) with those of all samples
of the batch, so that the model learns their mean and tells no sample from another. Labels
of shape (n, 1) train each step on the label of its sample, and `predict` answers with a number for every step.

## What Keras does
- Cross-entropies, Keras 3, every backend: `fit` raises `ValueError` (`must have the same rank (ndim)`). Keras 2
  raises too, but `binary_crossentropy` on labels of shape (n, 1), and on (n,) where the last layer has no
  activation, is broadcast silently.
- Mean squared or absolute error, hinge, Huber: labels of shape (n,) or (n, 1) are broadcast against (n, T, 1)
  without a word.
- Labels with a column for each class: `fit` raises whatever the loss (`Dimensions must be equal`).

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 5, 2)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential(
        [
            keras.Input((5, 2)),
            keras.layers.LSTM(4, return_sequences=True),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 5, 2)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential(
        [
            keras.Input((5, 2)),
            keras.layers.LSTM(4),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
One label for each time step: labels of shape (n, T) or (n, T, 1) with an output of shape (n, T, 1). With
labels of shape (n, 1) the finding is *likely* only, since the axis could have length 1.

## Fix safety
Unsafe: the recurrent layer before the head no longer says `return_sequences=True` (`layer`). There is no fix where
that layer does not stand right before the head, nor for a missing `Flatten` or pooling layer: which one only the
author knows.

## References
- `keras.layers.LSTM`: argument `return_sequences`
- `keras.layers.Flatten`, `keras.layers.GlobalAveragePooling2D`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup
from lossguard.findings import Confidence, Finding, ReturnLastStep, Severity, Way
from lossguard.rules.premises import VECTOR_ENCODINGS, at_labels, at_layer, at_loss, called, describe_labels
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG303",
    name="output-label-rank",
    severity=Severity.ERROR,
    summary="the output has an axis that the labels do not have",
    supersedes=("LG301", "LG302"),
    ways=("layer",),
)

CHECKED = frozenset({Family.BINARY, Family.CATEGORICAL, Family.SPARSE_CATEGORICAL})
"""Families whose losses compare the shapes of output and labels."""

BROADCAST = frozenset({Family.REGRESSION, Family.HINGE, Family.CATEGORICAL_HINGE, Family.DISTRIBUTION})


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output(rank=int(rank)) as output,
            loss=Loss() as loss,
            labels=Labels(rank=int(label_rank)) as labels,
        ) if (
            rank >= 3
            and rank > label_rank
            and (confidence := _confidence(labels))
            and loss.family in CHECKED | BROADCAST
        ):
            severity, effect = _consequence(labels, loss, target)
            yield RULE.finding(
                f"the output has {rank} axes (with the batch), but the labels have {label_rank}:"
                f" {describe_labels(labels)}",
                at_loss(loss, f"{called(loss)} compares labels and output"),
                at_layer(output),
                at_labels(labels),
                effect=effect,
                remedy="Remove the extra axis before the head: no `return_sequences=True` in the last recurrent layer,"
                " or a `Flatten` or pooling layer.",
                severity=severity,
                ways=(Way("layer", (ReturnLastStep(),)),),
                confidence=confidence,
            )


def _consequence(labels: Labels, loss: Loss, target: Target) -> tuple[Severity, str]:
    column = labels.rank == 2 and labels.encoding not in VECTOR_ENCODINGS
    checked = loss.family in CHECKED and (loss.family is not Family.BINARY or not column or 3 in target.keras)
    if checked or labels.encoding in VECTOR_ENCODINGS:
        return Severity.ERROR, "fit raises at the first batch: the shapes differ."
    if column:
        return Severity.WARNING, (
            "Each step is trained on the label of its sample, silently, and predict answers with a number for every"
            " step."
        )
    return Severity.ERROR, "Each step is compared with the labels of all samples, silently, and learns their mean."


def _confidence(labels: Labels) -> Confidence | None:
    """Whether these labels are one value, or one row of columns, per sample."""
    if labels.rank == 1:
        return Confidence.CERTAIN
    if labels.rank != 2 or labels.encoding is Encoding.UNKNOWN:
        return None
    if labels.encoding in VECTOR_ENCODINGS:
        return Confidence.CERTAIN
    return Confidence.LIKELY if labels.width.is_(1) else None
