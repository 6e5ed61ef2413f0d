"""Softmax output, but the loss is told to expect raw scores (`from_logits=True`).

## What it does
Reports a model whose output is a softmax and whose loss is a cross-entropy with `from_logits=True`. The loss
then applies softmax to what is a softmax already.

## Why it matters
A softmax of a softmax is nearly flat. With ten classes the loss can't fall below ln(1 + 9/e) = 1.46, and the
gradient at the start is about five times smaller. On the scikit-learn digits the right pairing reaches 0.89
held-out accuracy after 5 epochs and the double softmax 0.74 to 0.79; after 15 epochs it is 0.95 against 0.93,
with a loss of 1.57 instead of 0.23.

## What Keras does
- TensorFlow: where softmax is the very last operation, Keras finds the values before it, uses them, prints
  ``received `from_logits=True`, but the `output` argument was produced by a Softmax activation`` and trains
  as intended. A `Reshape`, `Flatten`, `Dropout` or any arithmetic after the softmax, a `TimeDistributed`
  head, a `mixed_float16` output, a focal loss, or `loss(y, model.predict(x))` ends that: both are applied,
  silently.
- JAX and PyTorch: both are always applied, without a warning.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2)

## When it is fine
`log_softmax` with `from_logits=True` is right: softmax of log-probabilities gives the probabilities again.
The rule does not report it.

## Fix safety
Safe where the project runs on TensorFlow alone and nothing follows the softmax: `from_logits=False` is what
TensorFlow computes already. Unsafe elsewhere: both ways out train the same model, but `predict` returns
probabilities with `from_logits=False` (`from-logits`) and raw scores without the softmax (`activation`).

## References
- `keras.losses.SparseCategoricalCrossentropy`, `keras.losses.CategoricalCrossentropy`: argument `from_logits`
- `keras.activations.softmax`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Family, Loss, Output, Range, Target, TrainingSetup
from lossguard.findings import Finding, SetActivation, SetFromLogits, Severity, Way
from lossguard.rules.premises import (
    at_loss,
    at_output,
    called,
    changes_nothing,
    describe,
    double_activation,
    double_softmax_floor,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG101",
    name="softmax-from-logits",
    severity=Severity.WARNING,
    summary="softmax output, but the loss is told to expect raw scores (`from_logits=True`)",
    ways=("from-logits", "activation"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output(range=Range.SIMPLEX, activation="softmax") as output,
            loss=Loss(
                family=Family.CATEGORICAL | Family.SPARSE_CATEGORICAL | Family.BINARY as family, from_logits=True
            ) as loss,
        ):
            doubled = (
                "a second sigmoid squeezes the probabilities, the loss is wrong and learning slower"
                if family is Family.BINARY
                else f"the loss can't fall below {double_softmax_floor(output.width)} and learning is slower"
            )
            yield RULE.finding(
                f"{called(loss)} expects raw scores, but gets the probabilities of a {describe(output)}",
                at_loss(loss, "from_logits=True: applies its own activation"),
                at_output(output),
                effect=double_activation(output, loss, target, doubled),
                remedy="Say `from_logits=False`, or leave the softmax away and keep `from_logits=True`.",
                ways=(
                    Way("from-logits", (SetFromLogits(False),), safe=changes_nothing(output, loss, target)),
                    Way("activation", (SetActivation("linear"),)),
                ),
            )
