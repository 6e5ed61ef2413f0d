"""Accuracy measured on continuous targets.

## What it does
Reports an accuracy metric where the targets are continuous and the output is not one of classes.

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

from lossguard.facts import Encoding, Fact, Labels, Output, Target, TrainingSetup
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
        case TrainingSetup(
            output=Output() as output, labels=Labels(encoding=Encoding.CONTINUOUS) as labels, metrics=metrics
        ):
            for metric in metrics:
                if metric.name in ACCURACIES:
                    yield RULE.finding(
                        f"{called(metric)} counts right answers, but the targets are {describe_labels(labels)}",
                        Evidence(metric.origin, "counts right answers"),
                        at_labels(labels),
                        at_layer(output),
                        effect="A continuous target is never hit: the number is about 0 and says nothing of the model.",
                        remedy="Use `'mae'` or `keras.metrics.R2Score()`.",
                        ways=(Way("metric", (ReplaceMetric("mae", metric.origin),)),),
                    )
