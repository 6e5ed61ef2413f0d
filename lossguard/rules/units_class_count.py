"""The output has another number of units than the labels need.

## What it does
Reports an output that is narrower than the number of classes of integer labels, that differs from the number
of columns of one-hot labels, or that has several units where the labels are one number per sample and the
loss compares the two element by element (binary cross-entropy, regression and hinge losses).

## Why it matters
A class without a unit can't be predicted. With one value per class the shapes don't fit and `fit` raises.

## What Keras does
- Integer labels, sparse loss, too few units: TensorFlow on a CPU raises `Received a label value of 9 which is
  outside the valid range of [0, 9)`; compiled with XLA (the default on a GPU) the loss is NaN, silently;
  PyTorch raises; JAX silently leaves those samples out, and the class is never learnt.
- One-hot labels: `fit` raises `ValueError` on every backend.
- 0/1 labels, binary cross-entropy, several units: `fit` raises `ValueError`; Keras 2 broadcasts silently
  where the last layer has no activation.
- One number per sample, a regression or hinge loss, several units: Keras 3 raises on labels of shape (n,)
  (`Incompatible shapes: [32] vs. [32,3]`); labels of shape (n, 1), and all of them in Keras 2, are compared
  with every unit, silently: all units learn the same.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 4, 60), 4)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 4, 60), 4)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
More units than classes with integer labels: the spare unit learns to stay silent (accuracy 0.94 with eleven
units for ten digits). The rule does not report it.

## Fix safety
Unsafe: the number of units follows the labels (`units`), but the number of classes given to the encoder may be the
mistake. Two softmax units under binary cross-entropy may also keep their number and get the sparse categorical loss
(`loss`).

## References
- `keras.losses.SparseCategoricalCrossentropy`, `keras.losses.CategoricalCrossentropy`
- `keras.utils.to_categorical`: argument `num_classes`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup, Width
from lossguard.findings import Finding, ReplaceLoss, SetActivation, SetUnits, Severity, Way
from lossguard.rules.premises import (
    SIGMOIDS,
    VECTOR_ENCODINGS,
    at_labels,
    at_layer,
    at_loss,
    broadcast,
    called,
    label_width,
    one_value_per_sample,
    units,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG301",
    name="units-class-count",
    severity=Severity.ERROR,
    summary="the output has another number of units than the labels need",
    supersedes=("LG112", "LG302"),
    ways=("units", "loss"),
)

ONE_NUMBER = frozenset({Encoding.INTEGER, Encoding.BINARY, Encoding.SIGNED, Encoding.CONTINUOUS})

SILENT = {
    "tensorflow": "TensorFlow raises on a CPU and computes NaN where XLA compiles, as on a GPU",
    "torch": "PyTorch raises",
    "jax": "JAX silently leaves those samples out",
}


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.SPARSE_CATEGORICAL, ignores_class=False) as loss,
            labels=Labels(encoding=Encoding.INTEGER) as labels,
        ) if (missing := labels.classes.minus(output.width)) is not None and missing > 0:
            effects = [words for backend, words in SILENT.items() if backend in target.backends]
            yield _finding(
                f"the labels tell {_classes(labels.classes)} apart, but the output has only {units(output.width)}",
                output,
                loss,
                labels,
                effect=f"The last {_count(missing)} no unit: {', '.join(effects)}.",
                remedy="Give the output layer one unit for each class.",
                ways=(Way("units", (SetUnits(labels.classes),)),),
            )
        case TrainingSetup(output=Output() as output, loss=Loss() as loss, labels=Labels() as labels) if (
            labels.encoding in VECTOR_ENCODINGS and _elementwise(loss) and label_width(labels).minus(output.width)
        ):
            yield _finding(
                f"the labels have {_classes(label_width(labels), 'column')}, but the output has {units(output.width)}",
                output,
                loss,
                labels,
                effect="fit raises ValueError at the first batch: the labels do not have the shape of the output.",
                remedy="Give the output layer as many units as the labels have columns.",
                ways=(Way("units", (SetUnits(label_width(labels)),)),),
            )
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.BINARY) as loss,
            labels=Labels(encoding=Encoding.BINARY) as labels,
        ) if output.width.at_least(2) and one_value_per_sample(labels):
            yield _finding(
                f"the labels are one 0 or 1 per sample, but {called(loss)} gets {units(output.width)}",
                output,
                loss,
                labels,
                effect="fit raises ValueError at the first batch: the labels do not have the shape of the output."
                + (" Keras 2 broadcasts silently without activation." if 2 in target.keras else ""),
                remedy="Use one `sigmoid` unit, or keep them with `softmax` and `sparse_categorical_crossentropy`.",
                ways=_one_or_two(output),
            )
        case TrainingSetup(
            output=Output(rank=2) as output,
            loss=Loss(family=Family.REGRESSION | Family.HINGE) as loss,
            labels=Labels(encoding=encoding) as labels,
        ) if output.width.at_least(2) and one_value_per_sample(labels) and (encoding in ONE_NUMBER or labels.rank == 1):
            yield _finding(
                f"the labels are one number per sample, but {called(loss)} gets {units(output.width)}",
                output,
                loss,
                labels,
                effect=broadcast(labels, target),
                remedy="Give the output layer one unit, or one-hot labels if its units are classes."
                if encoding in {Encoding.INTEGER, Encoding.BINARY}
                else "Give the output layer one unit.",
                severity=Severity.ERROR if labels.rank == 1 and 3 in target.keras else Severity.WARNING,
                ways=(Way("units", (SetUnits(Width(1)),)),),
            )


def _one_or_two(output: Output) -> tuple[Way, ...]:
    """One unit for yes or no; or two softmax units, one for each class, and the loss for class ids."""
    one = SetUnits(Width(1))
    if output.activation in SIGMOIDS:
        return (Way("units", (one,)),)
    if output.activation != "softmax":
        return ()
    ids = (ReplaceLoss("sparse_categorical_crossentropy"),) if output.width.is_(2) else ()
    return (Way("units", (one, SetActivation("sigmoid"))), Way("loss", ids))


def _elementwise(loss: Loss) -> bool:
    return loss.family not in {Family.SPARSE_CATEGORICAL, Family.OTHER}


def _finding(
    message: str,
    output: Output,
    loss: Loss,
    labels: Labels,
    *,
    effect: str,
    remedy: str,
    ways: tuple[Way, ...],
    severity: Severity = Severity.ERROR,
) -> Finding:
    return RULE.finding(
        message,
        at_loss(loss, "compares labels and output"),
        at_layer(output),
        at_labels(labels),
        effect=effect,
        remedy=remedy,
        severity=severity,
        ways=ways,
    )


def _classes(width: Width, one: str = "class") -> str:
    many = "classes" if one == "class" else f"{one}s"
    if width.size is not None:
        return f"{width.size} {one if width.size == 1 else many}"
    return f"`{width.text}` {many}" if width.text else f"more {many}"


def _count(missing: int) -> str:
    return "class has" if missing == 1 else f"{missing} classes have"
