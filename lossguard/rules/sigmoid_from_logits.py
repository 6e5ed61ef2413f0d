"""Sigmoid output, but the loss is told to expect raw scores (`from_logits=True`).

## What it does
Reports a model whose output is a sigmoid and whose loss is a binary cross-entropy (plain or focal) with
`from_logits=True`. The loss then applies sigmoid to what is a sigmoid already.

## Why it matters
A sigmoid of a sigmoid lies between 0.5 and 0.73, so the loss says that no sample can be predicted well: for
balanced classes it can't fall below about 0.50, and the gradient at the start is three times smaller. On two
classes of the scikit-learn digits, the right pairing reaches 0.96 held-out accuracy after 15 epochs with a
loss of 0.18, the double sigmoid 0.95 with a loss of 0.55. With ten sigmoid units and one-hot labels it never
learns: 0.10 to 0.18 accuracy on JAX and PyTorch, because "all zero" is the best answer wherever no class is
likelier than all others together (classes that do not overlap at all are found).

## What Keras does
- TensorFlow: where sigmoid is the very last operation, Keras finds the values before it, uses them, prints
  ``received `from_logits=True`, but the `output` argument was produced by a Sigmoid activation`` and trains
  as intended. Anything after the sigmoid (`Reshape`, `Flatten`, `Dropout`, arithmetic), a `mixed_float16`
  output, a focal loss, or `loss(y, model.predict(x))` ends that: both are applied, silently.
- JAX and PyTorch: both are always applied, without a warning.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss=keras.losses.BinaryCrossentropy())
    model.fit(x, y, epochs=2)

## When it is fine
Never by intention. On TensorFlow with the sigmoid last, the numbers come out right all the same.

## Fix safety
Safe where the project runs on TensorFlow alone and nothing follows the sigmoid: `from_logits=False` is what
TensorFlow computes already. Unsafe elsewhere: both ways out train the same model, but `predict` returns
probabilities with `from_logits=False` (`from-logits`) and raw scores without the sigmoid (`activation`).

## References
- `keras.losses.BinaryCrossentropy`, `keras.losses.BinaryFocalCrossentropy`: argument `from_logits`
- `keras.activations.sigmoid`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, LogitsRepair, Loss, Output, Range, Target, TrainingSetup
from lossguard.findings import Finding, SetActivation, SetFromLogits, Severity, Way
from lossguard.rules.premises import (
    SIGMOIDS,
    at_loss,
    at_output,
    called,
    changes_nothing,
    describe,
    double_activation,
    elsewhere,
    needs_repair,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG102",
    name="sigmoid-from-logits",
    severity=Severity.ERROR,
    summary="sigmoid output, but the loss is told to expect raw scores (`from_logits=True`)",
    ways=("from-logits", "activation"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output(range=Range.PROBABILITIES) as output,
            loss=Loss(family=Family.BINARY, from_logits=True) as loss,
            labels=labels,
        ) if output.activation in SIGMOIDS:
            hopeless = _one_of_many(output, labels)
            applied_twice = bool(elsewhere(target)) or needs_repair(output, loss, target) is LogitsRepair.LOST
            doubled = (
                "with one-hot labels of three or more classes the best answer is then 0 for every class"
                if hopeless
                else "its outputs then lie between 0.5 and 0.73, the loss is wrong and learning slower"
            )
            yield RULE.finding(
                f"{called(loss)} expects raw scores, but gets the probabilities of {describe(output)}",
                at_loss(loss, "from_logits=True: applies its own sigmoid"),
                at_output(output),
                effect=double_activation(output, loss, target, doubled),
                remedy="Say `from_logits=False`, or leave the sigmoid away and keep `from_logits=True`.",
                severity=Severity.ERROR if hopeless and applied_twice else Severity.WARNING,
                ways=(
                    Way("from-logits", (SetFromLogits(False),), safe=changes_nothing(output, loss, target)),
                    Way("activation", (SetActivation("linear"),)),
                ),
            )


def _one_of_many(output: Output, labels: Labels | None) -> bool:
    """Three or more units for classes of which exactly one is right: there a double sigmoid can't learn."""
    return output.width.at_least(3) is True and labels is not None and labels.encoding is Encoding.ONE_HOT
