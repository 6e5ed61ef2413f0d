"""Labels are one-hot encoded although they have a second axis already.

## What it does
Reports labels that reach `fit` with an axis too many: one-hot labels that are encoded once more, and a column of
class ids, of shape (n, 1), encoded by `tf.one_hot`, `keras.ops.one_hot` or `np.eye(K)[y]`, which make (n, 1, K)
of it.

## Why it matters
The labels no longer match the output, one row of K numbers for each sample. Most losses raise; those that
subtract broadcast, and compare every sample with every other one.

## What Keras does
- One-hot labels encoded again: `to_categorical` gives (n, K, 2), `tf.one_hot` (n, K, K). Every loss raises in
  `fit`, in Keras 2 and 3.
- (n, 1, K): categorical, sparse and binary cross-entropy raise `ValueError` (different ranks). Mean squared
  error, KL divergence and, in Keras 3, focal cross-entropy broadcast (n, 1, K) with (n, K) to (n, n, K), silently.
- `keras.utils.to_categorical` itself drops the axis of a column: (n, 1) becomes (n, K). `load_data` of CIFAR
  gives such columns.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)
    y = keras.utils.to_categorical(y, 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
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
Where the output has that axis as well, as in tagging each step of a sequence: the rule is silent there, and
wherever it does not know the output's rank.

## Fix safety
No fix: which of the two encodings is the right one only the author knows.

## References
- `keras.utils.to_categorical`, `keras.ops.one_hot`, `tf.one_hot`
- `keras.datasets.cifar10.load_data`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import EncodedAgain, Fact, Family, Labels, Loss, Output, Target, TrainingSetup
from lossguard.findings import Evidence, Finding, Severity
from lossguard.rules.premises import VECTOR_ENCODINGS, at_labels, at_layer, describe_labels
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG207",
    name="labels-encoded-twice",
    severity=Severity.ERROR,
    summary="labels are one-hot encoded although they have a second axis already",
)

RAISING = frozenset({Family.BINARY, Family.CATEGORICAL, Family.SPARSE_CATEGORICAL})


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output(rank=int() as rank) as output,
            loss=loss,
            labels=Labels(again=EncodedAgain() as again, rank=int() as found),
        ) if found == rank + 1:
            twice = again.first.encoding in VECTOR_ENCODINGS
            raises = twice or (loss is not None and _raises(loss))
            yield RULE.finding(
                f"`{again.text}` encodes {describe_labels(again.first)} once more"
                if twice
                else f"`{again.text}` makes labels of shape (n, 1, K) out of a column (n, 1)",
                Evidence(again.origin, "adds an axis to the two that are there"),
                at_labels(again.first),
                at_layer(output),
                effect="fit raises: the labels have one axis more than the output."
                if raises
                else "The labels have one axis more than the output: fit raises, or every sample is compared"
                " with the labels of all.",
                remedy="Encode the labels once."
                if twice
                else "Make the column flat first, with `y.reshape(-1)`, or use `keras.utils.to_categorical`.",
            )


def _raises(loss: Loss) -> bool:
    return loss.family in RAISING and "focal" not in loss.name
