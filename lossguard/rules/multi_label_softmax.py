"""Labels that may hold several classes at once, but an output that must pick one.

## What it does
Reports multi-hot labels where the output is a softmax or the loss is `categorical_crossentropy`.

## Why it matters
A softmax hands out a total of 1 over all classes: two right answers get 0.5 each at best, and no threshold
tells them from one uncertain answer. Measured with three independent labels: 0.42 to 0.45 of the samples right,
where sigmoid units with binary cross-entropy reach 1.00. Sigmoid units with categorical cross-entropy are no
better (0.25 to 0.28); with its focal form they find the labels all the same in Keras 3 (0.95 to 1.00), by a loss that
divides them by their sum.

## What Keras does
- All backends train silently.
- The string `'accuracy'` becomes categorical accuracy here, which compares the first positive label only:
  0.475 where the share of right labels is 0.731.

## Bad
    import keras
    import numpy as np
    from sklearn.datasets import make_multilabel_classification

    x, y = make_multilabel_classification(n_samples=60, n_features=4, n_classes=3, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np
    from sklearn.datasets import make_multilabel_classification

    x, y = make_multilabel_classification(n_samples=60, n_features=4, n_classes=3, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
Recommenders and taggers sometimes train a softmax on several positives on purpose, and then rank. The finding
is therefore *likely*, not certain.

## Fix safety
Unsafe: the head becomes independent sigmoids with binary cross-entropy (`activation`, or `loss` where the head is
sigmoids already), which changes what the outputs mean.

## References
- `keras.losses.CategoricalCrossentropy`, `keras.losses.BinaryCrossentropy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Range, Target, TrainingSetup
from lossguard.findings import Confidence, Finding, ReplaceLoss, SetActivation, Severity, Way
from lossguard.rules.premises import SIGMOIDS, at_labels, at_loss, at_output, called, describe, describe_labels
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG205",
    name="multi-label-softmax",
    severity=Severity.ERROR,
    summary="labels that may hold several classes at once, but an output that must pick one",
    supersedes=("LG101", "LG103", "LG104", "LG108", "LG109"),
    ways=("activation", "loss"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.BINARY | Family.CATEGORICAL | Family.DISTRIBUTION | Family.REGRESSION) as loss,
            labels=Labels(encoding=Encoding.MULTI_HOT) as labels,
        ) if output.range is Range.SIMPLEX or loss.family is Family.CATEGORICAL:
            picks = f"{describe(output)} picks one" if output.range is Range.SIMPLEX else f"{called(loss)} picks one"
            yield RULE.finding(
                f"several of these {describe_labels(labels)} can be right at once, but {picks}",
                at_loss(loss, "trains the output"),
                at_output(output),
                at_labels(labels),
                effect="The outputs share a total of 1, so that a sample with two right labels can't be answered"
                " (0.45 of samples right where independent units reach 1.00)."
                if output.range is Range.SIMPLEX
                else "The loss divides the outputs by their sum: what one right label gains, another loses.",
                remedy="Use `sigmoid` units with `binary_crossentropy`.",
                severity=Severity.WARNING if _independent_focal(output, loss) else Severity.ERROR,
                confidence=Confidence.LIKELY,
                ways=_ways(output, loss),
            )


def _independent_focal(output: Output, loss: Loss) -> bool:
    """Sigmoid units learn by the focal loss all the same, if not what is meant (executed)."""
    return output.activation in SIGMOIDS and "focal" in loss.name


def _ways(output: Output, loss: Loss) -> tuple[Way, ...]:
    replaced = ReplaceLoss("binary_crossentropy")
    if output.activation in SIGMOIDS:
        return (Way("loss", (replaced,)),)
    activation = SetActivation("linear" if loss.from_logits else "sigmoid")
    return (Way("activation", (activation,) if loss.family is Family.BINARY else (activation, replaced)),)
