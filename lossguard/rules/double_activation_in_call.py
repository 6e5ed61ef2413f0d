"""An activated output is handed to a loss call that activates again.

## What it does
Reports a loss that is called directly, in a training loop or a custom loss, with `from_logits=True` (or one
of TensorFlow's `..._with_logits` functions, which always take raw scores) and the output of a softmax or
sigmoid.

## Why it matters
A softmax of a softmax is nearly flat: the loss can't fall below ln(1 + (K - 1) / e), and the gradient is
several times smaller. The model learns slowly, with a number that looks stuck.

## What Keras does
- `tf.nn.softmax_cross_entropy_with_logits` and its relatives: always both, silently (1.18 where 1.52 is
  right).
- Keras's own losses on TensorFlow: undone with a warning in `loss(y, model(x))`; applied twice, silently, in
  `loss(y, model.predict(x))` or after any other operation.
- JAX and PyTorch: always both, silently.

## Bad
    import keras
    import numpy as np
    import tensorflow as tf

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    predictions = model(x)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=predictions))

## Good
    import keras
    import numpy as np
    import tensorflow as tf

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    predictions = model(x)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=predictions))

## When it is fine
Never by intention.

## Fix safety
Unsafe: `from_logits` goes (`from-logits`), or the activation does (`activation`), which is the only way out for
TensorFlow's own functions.

## References
- `keras.losses.CategoricalCrossentropy`: argument `from_logits`
- `tf.nn.softmax_cross_entropy_with_logits`, `tf.nn.sigmoid_cross_entropy_with_logits`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Family, Loss, LossCall, Output, Range, Target
from lossguard.findings import Evidence, Finding, SetActivation, SetFromLogits, Severity, Way
from lossguard.rules.premises import SIGMOIDS, at_output, called, describe, double_activation, double_softmax_floor
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG502",
    name="double-activation-in-call",
    severity=Severity.WARNING,
    summary="an activated output is handed to a loss call that activates again",
    supersedes=("LG109",),
    ways=("activation", "from-logits"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case LossCall(loss=Loss(from_logits=True) as loss, prediction=Output() as output, origin=origin, raw=raw) if (
            _activated_twice(output, loss)
        ):
            doubled = (
                "its outputs then lie between 0.5 and 0.73, and learning is slower"
                if loss.family is Family.BINARY
                else f"the loss can't fall below {double_softmax_floor(output.width)} and learning is slower"
            )
            yield RULE.finding(
                f"{called(loss)} expects raw scores, but gets the probabilities of {describe(output)}",
                Evidence(origin, "applies its own activation"),
                at_output(output),
                effect=double_activation(output, loss, target, doubled, raw=raw),
                remedy="Leave the activation away."
                if raw
                else "Say `from_logits=False`, or leave the activation away and keep `from_logits=True`.",
                ways=(
                    Way("from-logits", () if raw else (SetFromLogits(False),)),
                    Way("activation", (SetActivation("linear"),)),
                ),
            )


def _activated_twice(output: Output, loss: Loss) -> bool:
    match output.range, loss.family:
        case Range.SIMPLEX, Family.CATEGORICAL | Family.SPARSE_CATEGORICAL | Family.BINARY:
            return output.activation == "softmax"
        case Range.PROBABILITIES, Family.BINARY | Family.CATEGORICAL | Family.SPARSE_CATEGORICAL:
            return output.activation in SIGMOIDS
        case _:
            return False
