"""A regression loss on class probabilities.

## What it does
Reports mean squared error and its relatives where the output is a softmax over several units. Opt-in: it is a
choice, not a mistake.

## Why it matters
Where the model is sure and wrong, the gradient of a squared error through a softmax vanishes, so that
learning can be slow to start. On easy data it learns as well (0.95 against 0.95 on the scikit-learn
digits).

## What Keras does
All backends compute what is written: the Brier score, if the labels are one-hot.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="mse")
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
When the Brier score is what you want: it is a proper score, and bounded, so that wrong labels do less harm.

## Fix safety
Unsafe: another loss trains another model. There is no fix where the labels are not known to be one-hot.

## References
- `keras.losses.MeanSquaredError`, `keras.losses.CategoricalCrossentropy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Labels, Loss, Output, Range, Target, TrainingSetup
from lossguard.findings import Confidence, Finding, ReplaceLoss, Severity, Way
from lossguard.rules.premises import at_loss, at_output, called, describe, if_known
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG110",
    name="regression-loss-on-classes",
    severity=Severity.INFO,
    summary="a regression loss on class probabilities",
    opt_in=True,
    ways=("loss",),
)

DISTANCES = frozenset(
    {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
    }
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output(range=Range.SIMPLEX, activation="softmax") as output,
            loss=Loss(name=name) as loss,
            labels=Labels() | None as labels,
        ) if name in DISTANCES and output.width.is_(1) is not True and not _continuous(labels):
            one_hot = labels is not None and labels.encoding is Encoding.ONE_HOT
            yield RULE.finding(
                f"{called(loss)} measures distances, but {describe(output)} gives class probabilities",
                at_loss(loss, "a regression loss"),
                at_output(output),
                *if_known(labels),
                effect="The model can learn, but its gradient vanishes where it is sure and wrong.",
                remedy="Use a cross-entropy, unless the Brier score is what you want.",
                confidence=Confidence.LIKELY,
                ways=(Way("loss", (ReplaceLoss("categorical_crossentropy"),) if one_hot else ()),),
            )


def _continuous(labels: Labels | None) -> bool:
    return labels is not None and labels.encoding in {Encoding.CONTINUOUS, Encoding.DISTRIBUTION}
