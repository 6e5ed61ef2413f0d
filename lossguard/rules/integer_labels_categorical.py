"""Integer labels handed to a loss that wants one column for each class.

## What it does
Reports labels that are one number per sample (class ids, 0/1, -1/+1) where the output has several units and
the loss is `categorical_crossentropy` (plain or focal), `kl_divergence`, `categorical_hinge`, or a regression
or hinge loss on a softmax.

## Why it matters
With cross-entropy `fit` raises at the first batch: the mistake everybody makes once, which costs the time to
load the data. The other losses have no check of shapes. Labels of shape (n, 1) are compared with every unit,
and the model learns to answer with a mean: on three classes 0.09 to 0.16 of the samples are right, where
one-hot labels lead to 1.00.

## What Keras does
- `categorical_crossentropy`, Keras 3: `fit` raises `ValueError: Arguments target and output must have the same
  rank (ndim)` or `shape` on every backend. Keras 2: `Shapes (32, 1) and (32, 10) are incompatible`.
- `categorical_focal_crossentropy` and the losses without a check, Keras 3: labels of shape (n,) raise
  (`Incompatible shapes: [32] vs. [32,3]`), labels of shape (n, 1) are broadcast silently.
- Keras 2 turns (n,) into (n, 1) first, so that all losses but the cross-entropies broadcast, silently.

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
every use of the labels would have to change. Losses of distances and hinge losses stay.

## References
- `keras.losses.CategoricalCrossentropy`, `keras.losses.SparseCategoricalCrossentropy`
- `keras.utils.to_categorical`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup
from lossguard.findings import EncodeLabels, Finding, ReplaceLoss, Severity, Way
from lossguard.rules.premises import SPARSE_METRICS, at_labels, at_layer, at_loss, broadcast, called, describe_labels
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG201",
    name="integer-labels-categorical",
    severity=Severity.ERROR,
    summary="integer labels handed to a loss that wants one column for each class",
    supersedes=("LG110", "LG112", "LG301", "LG403"),
    ways=("loss", "labels"),
)

DISTANCES = frozenset({Family.REGRESSION, Family.HINGE})
"""Families whose losses compare any two numbers: it takes a softmax to say that the units are classes."""


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output, loss=Loss() as loss, labels=Labels() as labels, metrics=metrics
        ) if _several_units(output, loss) and _wants_columns(loss, output) and _one_per_sample(labels, output, loss):
            distribution = loss.name in {"categorical_crossentropy", "kl_divergence"}
            yield RULE.finding(
                f"{called(loss)} wants one column for each class, but {_as_they_are(labels)}",
                at_loss(loss, "wants one-hot labels"),
                at_labels(labels),
                at_layer(output),
                effect=_effect(labels, loss, target),
                remedy="Use `sparse_categorical_crossentropy`, or encode the labels with `keras.utils.to_categorical`."
                if distribution
                else "Encode the labels with `keras.utils.to_categorical`.",
                ways=(
                    Way(
                        "loss",
                        (ReplaceLoss("sparse_categorical_crossentropy"),) if distribution else (),
                        safe=any(metric.name in SPARSE_METRICS for metric in metrics),
                    ),
                    Way("labels", (EncodeLabels(Encoding.ONE_HOT),)),
                ),
            )


def _as_they_are(labels: Labels) -> str:
    if labels.encoding is Encoding.UNKNOWN:
        return "the labels are one for each sample"
    return f"the labels are {describe_labels(labels)}"


def _several_units(output: Output, loss: Loss) -> bool:
    """Whether there are several units, or as many as there may be: to this loss the labels are wrong for any number."""
    several = output.width.at_least(2)
    return several if several is not None else loss.family is Family.CATEGORICAL


def _wants_columns(loss: Loss, output: Output) -> bool:
    if loss.family in DISTANCES:
        return output.activation == "softmax"
    return loss.family in {Family.CATEGORICAL, Family.CATEGORICAL_HINGE, Family.DISTRIBUTION}


def _one_per_sample(labels: Labels, output: Output, loss: Loss) -> bool:
    """Class ids that are not several numbers per sample, or whatever has no axis but the batch axis."""
    two_axes = output.rank > 1 if output.rank is not None else output.width.at_least(2)
    if loss.family is Family.CATEGORICAL and two_axes and (labels.rank == 1 or labels.width.size == 1):
        return True
    ids = labels.encoding in {Encoding.INTEGER, Encoding.BINARY, Encoding.SIGNED}
    return ids and labels.width.at_least(2) is not True


def _effect(labels: Labels, loss: Loss, target: Target) -> str:
    raises = "fit raises ValueError at the first batch: the labels do not have the shape of the output."
    if loss.family is not Family.CATEGORICAL:
        return broadcast(labels, target)
    if "focal" not in loss.name or labels.rank == 1 or 3 not in target.keras:
        return raises
    silently = "a column (n, 1) is compared with every unit, silently"
    return (
        f"In Keras 3 {silently}." if labels.rank == 2 else f"Labels of shape (n,) raise at the first batch; {silently}."
    )
