"""Cross-entropy trained on continuous targets.

## What it does
Reports continuous targets where the loss is `sparse_categorical_crossentropy`, and continuous targets known
to leave [0, 1] where it is another cross-entropy.

## Why it matters
Cross-entropy is about classes. Outside [0, 1] the binary loss has no lower bound and runs to minus infinity;
the sparse loss cuts every target to an integer and takes it for the index of a unit.

## What Keras does
- `binary_crossentropy`: TensorFlow and JAX silent, the loss becomes negative; PyTorch raises with
  `from_logits=False`.
- `sparse_categorical_crossentropy`: 0.9 becomes class 0. Targets beyond the number of units raise (TensorFlow
  on a CPU, PyTorch), give NaN (XLA) or are left out (JAX).

## Bad
    import keras
    from sklearn.datasets import make_regression

    x, y = make_regression(n_samples=60, n_features=4, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    from sklearn.datasets import make_regression

    x, y = make_regression(n_samples=60, n_features=4, random_state=1)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss="mse")
    model.fit(x, y, epochs=2)

## When it is fine
Targets in [0, 1] with binary cross-entropy: autoencoders on scaled images, soft labels, rates. The rule needs
to know that a target leaves [0, 1].

## Fix safety
Unsafe: the head and the loss change together, or the targets become classes, which is not done here. There is
no fix for several units.

## References
- `keras.losses.BinaryCrossentropy`, `keras.losses.MeanSquaredError`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup
from lossguard.findings import Finding, Repair, ReplaceLoss, SetActivation, Severity, Way
from lossguard.rules.premises import at_labels, at_layer, at_loss, called, describe_labels, exceeds
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG111",
    name="cross-entropy-on-continuous",
    severity=Severity.ERROR,
    summary="cross-entropy trained on continuous targets",
    supersedes=("LG101", "LG102", "LG103", "LG104", "LG106", "LG107", "LG109", "LG113", "LG303", "LG401", "LG405"),
    ways=("loss",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.BINARY | Family.CATEGORICAL | Family.SPARSE_CATEGORICAL as family) as loss,
            labels=Labels(encoding=Encoding.CONTINUOUS) as labels,
        ) if family is Family.SPARSE_CATEGORICAL or exceeds(labels, 0, 1):
            yield RULE.finding(
                f"{called(loss)} is for classes, but gets {describe_labels(labels)}",
                at_loss(loss, "expects classes"),
                at_labels(labels),
                at_layer(output),
                effect="Every target is cut to an integer and taken for the index of a unit."
                if family is Family.SPARSE_CATEGORICAL
                else "Outside [0, 1] the loss has no lower bound: it runs to minus infinity and learns nothing.",
                remedy="Use `mean_squared_error` and no activation in the output layer.",
                ways=(Way("loss", _regression(output) if output.width.is_(1) else ()),),
            )


def _regression(output: Output) -> tuple[Repair, ...]:
    loss = ReplaceLoss("mean_squared_error")
    return (loss,) if output.activation == "linear" else (loss, SetActivation("linear"))
