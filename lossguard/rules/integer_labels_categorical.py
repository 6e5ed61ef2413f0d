"""Integer labels handed to categorical cross-entropy, which wants one column for each class.

## What it does
Reports labels that are one number per sample (class ids, or 0/1) where the loss is
`categorical_crossentropy`, plain or focal, and the output has several units.

## Why it matters
`fit` raises at the first batch. This is the mistake everybody makes once; it costs the time to load the data.

## What Keras does
- Keras 3, every backend: `fit` raises `ValueError: Arguments target and output must have the same rank
  (ndim)` or `shape`.
- Keras 2: `fit` raises `ValueError: Shapes (32, 1) and (32, 10) are incompatible`.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
Never. The rule is silent unless it has followed the labels from where they are made to `fit`.

## Fix safety
Unsafe: the sparse loss takes the labels as they are (`loss`), or what loads them encodes them (`labels`, where
`label_mode` or `class_mode` says how); both train the same model. Safe where a sparse metric says, too, that the
labels are class ids. Metrics of the other kind follow. There is no fix that inserts a call of `to_categorical`:
every use of the labels would have to change.

## References
- `keras.losses.CategoricalCrossentropy`, `keras.losses.SparseCategoricalCrossentropy`
- `keras.utils.to_categorical`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup
from lossguard.findings import EncodeLabels, Finding, ReplaceLoss, Severity, Way
from lossguard.rules.premises import SPARSE_METRICS, at_labels, at_layer, at_loss, called, describe_labels
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG201",
    name="integer-labels-categorical",
    severity=Severity.ERROR,
    summary="integer labels handed to categorical cross-entropy, which wants one column for each class",
    supersedes=("LG301", "LG403"),
    ways=("loss", "labels"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.CATEGORICAL, name=name) as loss,
            labels=Labels() as labels,
            metrics=metrics,
        ) if output.width.at_least(2) and _one_per_sample(labels, output):
            focal = "focal" in name
            yield RULE.finding(
                f"{called(loss)} wants one column for each class, but the labels are {describe_labels(labels)}",
                at_loss(loss, "wants one-hot labels"),
                at_labels(labels),
                at_layer(output),
                effect="Labels of shape (n,) raise ValueError at the first batch; a column (n, 1) is compared with"
                " every unit, silently."
                if focal
                else "fit raises ValueError at the first batch: the labels do not have the shape of the output.",
                remedy="Encode the labels with `keras.utils.to_categorical`."
                if focal
                else "Use `sparse_categorical_crossentropy`, or encode the labels with `keras.utils.to_categorical`.",
                ways=(
                    Way(
                        "loss",
                        () if focal else (ReplaceLoss("sparse_categorical_crossentropy"),),
                        safe=any(metric.name in SPARSE_METRICS for metric in metrics),
                    ),
                    Way("labels", (EncodeLabels(Encoding.ONE_HOT),)),
                ),
            )


def _one_per_sample(labels: Labels, output: Output) -> bool:
    """Class ids that are not several numbers per sample, or whatever has no axis but the batch axis."""
    if labels.rank == 1 and output.rank is not None and output.rank > 1:
        return True
    return labels.encoding in {Encoding.INTEGER, Encoding.BINARY} and labels.width.at_least(2) is not True
