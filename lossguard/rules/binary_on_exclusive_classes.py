"""Softmax over three or more classes trained with binary cross-entropy.

## What it does
Reports a model whose output is a softmax over three or more units and whose loss is a binary cross-entropy,
plain or focal.

## Why it matters
Binary cross-entropy treats every unit as a question of its own and takes the mean over them. On exclusive
classes most of these questions are "no", so that the printed loss is small from the start (0.04 instead of
0.23 after 15 epochs on the scikit-learn digits) and can't be compared with anything, and `binary_accuracy`
beside it is inflated: one published notebook shows 0.956 where the share of right answers is 0.764. The model
does learn (0.93 against 0.95).

## What Keras does
- JAX and PyTorch: the mean binary cross-entropy of the softmax values.
- TensorFlow: goes back to the values before the softmax and trains independent sigmoids, while `predict`
  answers with the softmax.
- With integer labels `fit` raises `ValueError` on every backend: the shapes differ.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2)

## When it is fine
A softmax over two units with one-hot labels: there binary cross-entropy is the same number as categorical
cross-entropy, and the rule is silent. Sigmoid units with binary cross-entropy are silent too, for one-hot
labels as well: one against the rest is a choice that people make on purpose.

## Fix safety
Unsafe: for exclusive classes the loss has to change (`loss`), for labels that may hold several classes at once
the activation (`activation`).

## References
- `keras.losses.BinaryCrossentropy`, `keras.losses.CategoricalCrossentropy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Range, Target, TrainingSetup
from lossguard.findings import Finding, ReplaceLoss, SetActivation, Severity, Way
from lossguard.rules.premises import at_loss, at_output, called, describe, elsewhere, if_known
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG108",
    name="binary-on-exclusive-classes",
    severity=Severity.ERROR,
    summary="softmax over three or more classes trained with binary cross-entropy",
    supersedes=("LG101", "LG203", "LG301"),
    ways=("loss", "activation"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output(range=Range.SIMPLEX, activation="softmax") as output,
            loss=Loss(family=Family.BINARY) as loss,
            labels=labels,
        ) if output.width.at_least(3) or _many_classes(labels):
            ids = labels is not None and labels.encoding is Encoding.INTEGER
            yield RULE.finding(
                f"{called(loss)} judges every unit on its own, but {describe(output)} picks one class out of all",
                at_loss(loss, "asks yes or no for each unit"),
                at_output(output),
                *if_known(labels),
                effect="fit raises ValueError: integer labels do not have the shape of the output."
                if ids
                else _effect(target),
                remedy="Use `sparse_categorical_crossentropy` for integer labels."
                if ids
                else "Use `categorical_crossentropy`, or `sigmoid` if several classes can be right at once.",
                severity=Severity.ERROR if ids else Severity.WARNING,
                ways=(
                    Way(
                        "loss", (ReplaceLoss("sparse_categorical_crossentropy" if ids else "categorical_crossentropy"),)
                    ),
                    Way("activation", () if ids else (SetActivation("sigmoid"),)),
                ),
            )


def _many_classes(labels: Labels | None) -> bool:
    match labels:
        case Labels(encoding=Encoding.ONE_HOT):
            return bool(labels.classes.at_least(3) or labels.width.at_least(3))
        case _:
            return False


def _effect(target: Target) -> str:
    learns = "The model learns, but the printed loss is many times too small and binary accuracy is inflated."
    if "tensorflow" not in target.backends:
        return learns
    where = "TensorFlow" if not elsewhere(target) else "TensorFlow, unlike the other backends,"
    return f"{learns} {where} even trains independent sigmoids, while predict answers with the softmax."
