"""The loss is not the cross-entropy of the labels and the probabilities that the model answers.

## What it does
Computes the cross-entropy of the first batch anew, from the labels and outputs that are probabilities, and reports a
loss with `from_logits=True` that gives another number, where no other rule knows why. It is measured: `lossguard run`,
`lossguard probe`, `lossguard.probe` and the callback find it, a check of the source does not.

## Why it matters
The configuration says one thing and the model does another: a layer of one's own that answers with probabilities,
and a loss that is told to expect raw scores.

## What Keras does
It trains silently on the other number. A softmax over probabilities is nearly flat, so the loss looks stuck.

## Bad
    import keras
    import numpy as np

    class Shares(keras.layers.Layer):
        def call(self, inputs):
            squares = keras.ops.square(inputs) + 0.01
            return squares / keras.ops.sum(squares, axis=-1, keepdims=True)

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), Shares()])
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    class Shares(keras.layers.Layer):
        def call(self, inputs):
            squares = keras.ops.square(inputs) + 0.01
            return squares / keras.ops.sum(squares, axis=-1, keepdims=True)

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), Shares()])
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy())
    model.fit(x, y, epochs=2)

## When it is fine
Losses that smooth, weigh, mask or sum are another number on purpose: they are not compared, nor are losses of one's
own.

## Fix safety
There is no automatic fix: the output or the loss may be what was not meant.

## References
- `keras.losses.CategoricalCrossentropy`, `keras.losses.BinaryCrossentropy`: argument `from_logits`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Loss, Measurement, Target
from lossguard.findings import Finding, Severity
from lossguard.rules.premises import at_loss, at_output, called
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG705",
    name="loss-off-reference",
    severity=Severity.WARNING,
    summary="the loss is not the cross-entropy of the labels and the model's probabilities (measured)",
    measured=True,
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case Measurement(
            value=float() as value, reference=float() as reference, loss=Loss(from_logits=True) as loss, output=output
        ) if not fact.not_finite:
            yield RULE.finding(
                f"{called(loss)} is {value:.4g} on this batch, but the cross-entropy of what the model answers is"
                f" {reference:.4g}",
                at_loss(loss, "expects raw scores"),
                at_output(output),
                effect="The answers are taken for raw scores and activated once more: the loss looks stuck.",
                remedy="Say `from_logits=False` if the model answers with probabilities.",
            )
