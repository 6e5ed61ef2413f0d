"""The predictions are passed to a loss as labels, and the labels as predictions.

## What it does
Reports a loss that is called with the model's output first and the labels second. Keras takes `y_true` first;
PyTorch and scikit-learn's neighbours take it in other places, which is where this comes from. Where the labels
come from need not be known: the finding is likely where what stands second is merely called `labels` or `y_true`.

## Why it matters
The logarithm is taken of the labels, which are 0 and 1, and clipped: the number is large, wrong, and hardly
depends on the model, but it does have a gradient, so that nothing stops.

## What Keras does
- `CategoricalCrossentropy`: silent, 11.8 instead of 1.52 (`from_logits=True`: 0.012). `BinaryCrossentropy`:
  silent, 5.4 instead of 0.42. KL divergence 10.9 instead of 1.5, Poisson 4.3 instead of 0.84; hinge losses
  silent too.
- `SparseCategoricalCrossentropy`: raises, the shapes don't fit.
- Mean squared or absolute error, Huber and other distances are symmetric: harmless, and not reported.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    loss_fn = keras.losses.CategoricalCrossentropy()
    predictions = model(x)
    loss = loss_fn(predictions, y)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    loss_fn = keras.losses.CategoricalCrossentropy()
    predictions = model(x)
    loss = loss_fn(y, predictions)

## When it is fine
Losses between two outputs of models (distillation, consistency) have no labels, and are not reported.

## Fix safety
Safe: the arguments change places.

## References
- `keras.losses.Loss.call(y_true, y_pred)`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, LossCall, Output, Target
from lossguard.findings import Confidence, Evidence, Finding, Severity, SwapArguments, Way
from lossguard.rules.premises import at_labels, at_output, called
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG501",
    name="swapped-loss-arguments",
    severity=Severity.ERROR,
    summary="the predictions are passed to a loss as labels, and the labels as predictions",
    ways=("arguments",),
)

ASYMMETRIC = frozenset(
    {Family.BINARY, Family.CATEGORICAL, Family.SPARSE_CATEGORICAL, Family.HINGE, Family.CATEGORICAL_HINGE}
)
ASYMMETRIC_BY_NAME = frozenset({"kl_divergence", "poisson", "mean_absolute_percentage_error"})


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case LossCall(loss=Loss() as loss, target=Output() as output, prediction=Labels() as labels, origin=origin) if (
            loss.family in ASYMMETRIC or loss.name in ASYMMETRIC_BY_NAME
        ):
            raises = loss.family is Family.SPARSE_CATEGORICAL
            yield RULE.finding(
                f"{called(loss)} gets the model's output as y_true and the labels as y_pred",
                Evidence(origin, "y_true comes first, y_pred second"),
                at_output(output),
                at_labels(labels),
                effect="It raises: the shapes do not fit."
                if raises
                else "The number is wrong (categorical cross-entropy 11.8 instead of 1.5), silently.",
                remedy="Pass the labels first and the output second.",
                severity=Severity.ERROR if raises else Severity.WARNING,
                confidence=Confidence.LIKELY if labels.encoding is Encoding.UNKNOWN else Confidence.CERTAIN,
                ways=(Way("arguments", (SwapArguments(),), safe=labels.encoding is not Encoding.UNKNOWN),),
            )
