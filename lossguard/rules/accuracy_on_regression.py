"""Accuracy measured on continuous targets.

## What it does
Reports an accuracy metric where the targets are continuous, or where a regression loss trains a single unit on
numbers beyond 0 and 1.

## Why it matters
Accuracy counts how often an answer is right. A continuous target is never hit: the number is 0, or the share
of targets that happen to be 0 or 1, and says nothing about the model. People stop or tune by it all the same.

## What Keras does
All backends: silent. With one unit `'accuracy'` becomes `BinaryAccuracy(threshold=0.5)`, which compares the
target with 0 and 1.

## Bad
    import keras
    from sklearn.datasets import make_regression

    x, y = make_regression(n_samples=60, n_features=4, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss="mse", metrics=["accuracy"])
    model.fit(x, y, epochs=2)

## Good
    import keras
    from sklearn.datasets import make_regression

    x, y = make_regression(n_samples=60, n_features=4, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss="mse", metrics=["mae"])
    model.fit(x, y, epochs=2)

## When it is fine
A regression loss on 0/1 or one-hot labels (least-squares GANs, the Brier score): accuracy means something
there, and the rule is silent, as it is where the targets are unknown.

## Fix safety
Unsafe: `'mae'` takes the place of the accuracy (`metric`), where nothing else in the file names it, as plots and
callbacks do.

## References
- `keras.metrics.MeanAbsoluteError`, `keras.metrics.R2Score`, `keras.metrics.BinaryAccuracy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup
from lossguard.findings import Evidence, Finding, ReplaceMetric, Severity, Way
from lossguard.rules.premises import ACCURACIES, at_labels, at_layer, called, describe_labels
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG405",
    name="accuracy-on-regression",
    severity=Severity.WARNING,
    summary="accuracy measured on continuous targets",
    supersedes=("LG401", "LG402", "LG403", "LG404"),
    ways=("metric",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(output=Output() as output, loss=loss, labels=Labels() as labels, metrics=metrics):
            effect = _effect(output, loss, labels)
            meaningless = ACCURACIES if labels.encoding is Encoding.CONTINUOUS else _CUT
            for metric in metrics:
                if effect is not None and metric.name in meaningless:
                    yield RULE.finding(
                        f"{called(metric)} counts right answers, but the targets are {_targets(labels)}",
                        Evidence(metric.origin, "counts right answers"),
                        at_labels(labels),
                        at_layer(output),
                        effect=effect,
                        remedy="Use `'mae'` or `keras.metrics.R2Score()`.",
                        ways=(Way("metric", (ReplaceMetric("mae", metric.origin),)),),
                    )


_CUT = frozenset({"accuracy", "BinaryAccuracy"})
"""Accuracies that cut the answer of a single unit to 0 or 1."""


def _effect(output: Output, loss: Loss | None, labels: Labels) -> str | None:
    """What the number is worth; None where it may mean something."""
    if labels.encoding is Encoding.CONTINUOUS:
        return "A continuous target is never hit: the number is about 0 and says nothing of the model."
    one_number = labels.encoding in {Encoding.INTEGER, Encoding.UNKNOWN} and labels.width.at_least(2) is not True
    beyond = labels.low is not None and labels.high is not None and labels.high > 1
    if one_number and beyond and output.width.size == 1 and loss is not None and loss.family is Family.REGRESSION:
        return (
            "The answer of one unit is cut to 0 or 1: the number is the share of targets that happen to be 0 or 1,"
            " and says nothing of the model."
        )
    return None


def _targets(labels: Labels) -> str:
    if labels.encoding is Encoding.UNKNOWN:
        return f"numbers {labels.low:g} to {labels.high:g}"
    return describe_labels(labels)
