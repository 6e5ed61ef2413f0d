"""A hinge loss on sigmoid or softmax outputs.

## What it does
Reports `hinge` or `squared_hinge` where the output is a sigmoid or a softmax, or a relu or softplus, which are
never below 0 either.

## Why it matters
Hinge losses want a score below -1 for one class and above +1 for the other. An output in [0, 1] can never
give a score below 0: the loss of every sample of the first class stays at 1 at best, so that it can't fall
below 0.5 on balanced classes. The model still learns to separate (accuracy 1.0 on easy data), with outputs
that are no probabilities.

## What Keras does
All backends train silently. 0/1 labels are turned into -1/+1 by the loss.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="hinge")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="tanh")])
    model.compile("adam", loss="hinge")
    model.fit(x, y, epochs=2)

## When it is fine
`categorical_hinge` on a softmax: it compares two outputs of one sample, which can differ by the full margin
of 1.

## Fix safety
Unsafe: `tanh` keeps the hinge (`activation`), `binary_crossentropy` the sigmoid (`loss`).

## References
- `keras.losses.Hinge`, `keras.losses.SquaredHinge`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Range, Target, TrainingSetup
from lossguard.findings import Finding, ReplaceLoss, SetActivation, Severity, Way
from lossguard.rules.premises import SIGMOIDS, at_loss, at_output, called, describe
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG112",
    name="hinge-on-probabilities",
    severity=Severity.WARNING,
    summary="a hinge loss on sigmoid or softmax outputs",
    ways=("activation", "loss"),
)


NEVER_BELOW = frozenset({"softmax", "relu", "softplus"})
"""Activations that give nothing below 0, beside the sigmoids."""


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output(range=Range.PROBABILITIES | Range.SIMPLEX | Range.NONNEGATIVE) as output,
            loss=Loss(family=Family.HINGE) as loss,
            labels=labels,
        ) if output.activation in SIGMOIDS | NEVER_BELOW:
            yield RULE.finding(
                f"{called(loss)} wants scores on both sides of 0, but {describe(output)} gives none below",
                at_loss(loss, "wants scores below -1 and above +1"),
                at_output(output),
                effect="Samples of the negative class keep a loss of 1 at best, so that the loss can't get small.",
                remedy="Use `tanh` or no activation."
                if output.range is Range.NONNEGATIVE
                else "Use `tanh` or no activation, or keep the probabilities and use a cross-entropy.",
                ways=(
                    Way("activation", (SetActivation("tanh"),)),
                    Way("loss", (ReplaceLoss("binary_crossentropy"),) if _yes_or_no(output, labels) else ()),
                ),
            )


def _yes_or_no(output: Output, labels: Labels | None) -> bool:
    """Probabilities for labels that are not known to be -1 and +1."""
    return output.activation in SIGMOIDS and (labels is None or labels.encoding is not Encoding.SIGNED)
