"""Sigmoid units trained with a loss for distributions.

## What it does
Reports a model whose output units are sigmoids and whose loss is `categorical_crossentropy` or
`sparse_categorical_crossentropy`, plain or focal, or `kl_divergence`.

## Why it matters
Categorical cross-entropy is about a distribution over classes, but sigmoid units are independent of each
other: they need not sum to 1. The model learns (0.94 against 0.95 on the scikit-learn digits) and `argmax`
works, but what it answers are no probabilities: all units may be near 1 at once, thresholds and confidences
mean nothing. For labels that may hold several classes, the loss is the mistake: it can't learn to answer with
two classes.

With `kl_divergence` nothing divides: a model that answers 1 for every class has a loss of 0. It moves there
(mean output 0.60 with three classes, where a distribution has 0.33). With a single unit the samples of class 0 have
next to no gradient.

## What Keras does
- TensorFlow: goes back to the values before the sigmoid and computes exactly the softmax loss, without a
  word; `predict` answers with the sigmoids.
- JAX and PyTorch: divide the sigmoids by their sum; the loss differs from the softmax loss (1.29 against 1.52
  at fixed weights).
- `kl_divergence`, all backends: clips to [1e-7, 1] and does not divide; the loss falls to 0.
- With `from_logits=True`, JAX and PyTorch apply softmax to the sigmoids, and the loss can't get small.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="sigmoid")])
    model.compile("adam", loss="sparse_categorical_crossentropy")
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
Never by intention. Sigmoid units with `binary_crossentropy` are right for labels that may hold several
classes.

## Fix safety
Unsafe: exclusive classes want `softmax` (`activation`), independent ones `binary_crossentropy` (`loss`). The
labels decide where they are known to hold several classes; a sparse loss has exclusive ones.

## References
- `keras.losses.CategoricalCrossentropy`, `keras.losses.BinaryCrossentropy`
- `keras.activations.sigmoid`, `keras.activations.softmax`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, LossCall, Output, Range, Target, TrainingSetup
from lossguard.findings import Finding, ReplaceLoss, SetActivation, Severity, Way
from lossguard.rules.premises import SIGMOIDS, at_loss, at_output, called, describe, elsewhere, if_known
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG109",
    name="categorical-on-independent-outputs",
    severity=Severity.ERROR,
    summary="sigmoid units trained with a loss for distributions",
    ways=("activation", "loss"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case (
            TrainingSetup(
                output=Output(range=Range.PROBABILITIES) as output,
                loss=Loss(family=Family.CATEGORICAL | Family.SPARSE_CATEGORICAL) as loss,
                labels=Labels() | None as labels,
            )
            | LossCall(
                prediction=Output(range=Range.PROBABILITIES) as output,
                loss=Loss(family=Family.CATEGORICAL | Family.SPARSE_CATEGORICAL) as loss,
                target=Labels() | None as labels,
            )
        ) if output.activation in SIGMOIDS and output.width.is_(1) is not True:
            several = labels is not None and labels.encoding is Encoding.MULTI_HOT
            yield RULE.finding(
                f"{called(loss)} expects a distribution over classes, but {describe(output)} are independent",
                at_loss(loss, "expects units that sum to 1"),
                at_output(output),
                *if_known(labels),
                effect=_effect(loss, target),
                severity=Severity.WARNING,
                remedy="Use `binary_crossentropy`: several of these labels can be right at once."
                if several
                else "Use `softmax` for exclusive classes, or `binary_crossentropy` if several can be right at once.",
                ways=_ways(loss, several=several),
            )

        case TrainingSetup(
            output=Output(range=Range.PROBABILITIES) as output,
            loss=Loss(name="kl_divergence") as loss,
            labels=Labels() | None as labels,
        ) if output.activation in SIGMOIDS:
            single = output.width.is_(1) is True
            yield RULE.finding(
                f"{called(loss)} compares distributions, but {describe(output)} {'is' if single else 'are'} none",
                at_loss(loss, "expects units that sum to 1"),
                at_output(output),
                *if_known(labels),
                effect="Nothing keeps the outputs from growing: answering 1 every time makes the loss 0.",
                remedy="Use `binary_crossentropy`, or one `softmax` unit for each class."
                if single
                else "Use `softmax` for exclusive classes, or `binary_crossentropy` if several can be right at once.",
                severity=Severity.ERROR if single else Severity.WARNING,
                ways=(
                    Way("activation", () if single else (SetActivation("softmax"),)),
                    Way("loss", (ReplaceLoss("binary_crossentropy"),)),
                ),
            )


def _ways(loss: Loss, *, several: bool) -> tuple[Way, ...]:
    """Class ids leave the activation only, labels of several classes the loss only."""
    independent = Way("loss", (ReplaceLoss("binary_crossentropy"),) if loss.family is Family.CATEGORICAL else ())
    return (independent,) if several else (Way("activation", (SetActivation("softmax"),)), independent)


def _effect(loss: Loss, target: Target) -> str:
    outputs = "The model learns, but its outputs are no distribution: they need not sum to 1."
    others = elsewhere(target)
    if not others:
        return f"{outputs} TensorFlow computes the softmax loss behind them."
    if loss.from_logits:
        return f"{outputs} On {others} softmax is applied to the sigmoids, so that the loss can't get small."
    return f"{outputs} On {others} the loss is not the softmax loss either."
