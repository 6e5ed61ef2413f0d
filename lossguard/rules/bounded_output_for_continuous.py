"""The output is bounded, but the targets leave its bounds.

## What it does
Reports a sigmoid, softmax or tanh output trained with a regression loss on continuous targets that are known
to lie outside [0, 1] or [-1, 1], a relu or softplus output trained on targets below 0, and a single such unit
trained on class ids above 1, or a sigmoid on -1 and +1.

## Why it matters
The model can't answer with what it is asked for. It saturates at the bound, where its gradient vanishes: a
sigmoid on house prices answers 1 for every house, a sigmoid decoder on images in 0 to 255 answers white. Three
classes as 0, 1, 2 on one sigmoid unit: the mean squared error stays at 0.34, where a linear unit gets to 0.07.

## What Keras does
All backends train silently. The loss falls a little, then stays where the bound holds it.

## Bad
    import keras
    from sklearn.datasets import make_regression

    x, y = make_regression(n_samples=60, n_features=4, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="mse")
    model.fit(x, y, epochs=2)

## Good
    import keras
    from sklearn.datasets import make_regression

    x, y = make_regression(n_samples=60, n_features=4, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss="mse")
    model.fit(x, y, epochs=2)

## When it is fine
Targets scaled into the range of the activation. The rule is silent where it does not know the targets' range.

## Fix safety
Unsafe: the activation goes (`activation`), or the targets are scaled, which is not done here.

## References
- `keras.activations.sigmoid`, `keras.activations.tanh`
- `keras.losses.MeanSquaredError`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Range, Target, TrainingSetup
from lossguard.findings import Finding, SetActivation, Severity, Way
from lossguard.rules.premises import at_labels, at_loss, at_output, describe, describe_labels, exceeds
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG113",
    name="bounded-output-for-continuous",
    severity=Severity.ERROR,
    summary="the output is bounded, but the targets leave its bounds",
    supersedes=("LG110",),
    ways=("activation",),
)

BOUNDS = {
    Range.PROBABILITIES: (0.0, 1.0),
    Range.SIMPLEX: (0.0, 1.0),
    Range.SIGNED_UNIT: (-1.0, 1.0),
    Range.NONNEGATIVE: (0.0, float("inf")),
}


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output(range=bounded) as output,
            loss=Loss(family=Family.REGRESSION) as loss,
            labels=Labels() as labels,
        ) if bounded in BOUNDS and _numbers(labels, output) and exceeds(labels, *BOUNDS[bounded]):
            low, high = BOUNDS[bounded]
            signed = labels.encoding is Encoding.SIGNED
            yield RULE.finding(
                f"{describe(output)} answers {_between(low, high)}, but the model is trained on"
                f" {describe_labels(labels)}",
                at_output(output),
                at_labels(labels),
                at_loss(loss, "pulls the output to the targets"),
                effect="The output saturates at its bound and never reaches these targets.",
                remedy="Use labels 0 and 1, or a `tanh` output."
                if signed
                else "Leave the activation away, or scale the targets."
                if labels.encoding is Encoding.CONTINUOUS
                else "Use one `softmax` unit for each class with `sparse_categorical_crossentropy`, or leave the"
                " activation away if the labels are amounts.",
                severity=Severity.WARNING if signed or bounded is Range.NONNEGATIVE else Severity.ERROR,
                ways=(Way("activation", (SetActivation("tanh" if signed else "linear"),)),),
            )


def _between(low: float, high: float) -> str:
    return f"between {low:g} and {high:g}" if high < float("inf") else "0 or more"


def _numbers(labels: Labels, output: Output) -> bool:
    """Continuous targets, or class ids that a single unit is to answer with."""
    if labels.encoding in {Encoding.INTEGER, Encoding.SIGNED}:
        return output.width.is_(1) is True and labels.width.at_least(2) is not True
    return labels.encoding is Encoding.CONTINUOUS
