"""One-hot labels handed to sparse categorical cross-entropy, which wants class ids.

## What it does
Reports labels with one column for each class (one-hot, multi-hot or a distribution) where the loss is
`sparse_categorical_crossentropy`.

## Why it matters
`fit` raises at the first batch.

## What Keras does
- Keras 3 on TensorFlow: `ValueError: Argument output must have rank (ndim) target.ndim - 1`; on JAX and
  PyTorch: `must have the same shape up until the last dimension`.
- Keras 2: `ValueError: labels.shape must equal logits.shape except for the last dimension`.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
Never. The rule is silent unless it has followed the labels from where they are made to `fit`.

## Fix safety
Unsafe: the loss that is not sparse (`loss`), or class ids from what loads the labels (`labels`, where `label_mode`
or `class_mode` says how); both train the same model. Safe where a categorical metric says, too, that the labels are
one-hot. Metrics of the other kind follow. For multi-hot labels the activation changes as well.

## References
- `keras.losses.SparseCategoricalCrossentropy`, `keras.losses.CategoricalCrossentropy`
- `keras.utils.to_categorical`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Labels, Loss, Metric, Output, Target, TrainingSetup
from lossguard.findings import EncodeLabels, Finding, ReplaceLoss, SetActivation, Severity, Way
from lossguard.rules.premises import (
    CATEGORICAL_METRICS,
    SIGMOIDS,
    VECTOR_ENCODINGS,
    at_labels,
    at_layer,
    at_loss,
    called,
    describe_labels,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG202",
    name="one-hot-labels-sparse",
    severity=Severity.ERROR,
    summary="one-hot labels handed to sparse categorical cross-entropy, which wants class ids",
    supersedes=("LG205", "LG301", "LG403"),
    ways=("loss", "labels"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(name="sparse_categorical_crossentropy") as loss,
            labels=Labels() as labels,
            metrics=metrics,
        ) if labels.encoding in VECTOR_ENCODINGS and not _could_be_ids(labels, output):
            several = labels.encoding is Encoding.MULTI_HOT
            yield RULE.finding(
                f"{called(loss)} wants one class id per sample, but the labels are {describe_labels(labels)}",
                at_loss(loss, "wants class ids"),
                at_labels(labels),
                at_layer(output),
                effect="fit raises ValueError at the first batch: the labels have one axis too many.",
                remedy="Use `binary_crossentropy` with `sigmoid`: several of these labels can be right at once."
                if several
                else "Use `categorical_crossentropy`, or leave the labels as class ids.",
                ways=_ways(output, metrics, several=several),
            )


def _could_be_ids(labels: Labels, output: Output) -> bool:
    """A single column, or ranks in which the last axis of the labels is not that of the output."""
    if labels.width.is_(1):
        return True
    return labels.rank is not None and output.rank is not None and labels.rank != output.rank


def _ways(output: Output, metrics: tuple[Metric, ...], *, several: bool) -> tuple[Way, ...]:
    if not several:
        agreed = any(metric.name in CATEGORICAL_METRICS for metric in metrics)
        return (
            Way("loss", (ReplaceLoss("categorical_crossentropy"),), safe=agreed),
            Way("labels", (EncodeLabels(Encoding.INTEGER),)),
        )
    loss = ReplaceLoss("binary_crossentropy")
    return (Way("loss", (loss,) if output.activation in SIGMOIDS else (loss, SetActivation("sigmoid"))),)
