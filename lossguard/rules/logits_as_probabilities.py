"""The output has no activation, but the loss takes its values for probabilities.

## What it does
Reports a model whose last layer has no activation and whose loss is a cross-entropy (plain or focal) with
`from_logits=False`, which is the default and what a loss given as a string means, or a KL divergence.

## Why it matters
The loss clips the raw scores into [0, 1] and takes their logarithm as if they were probabilities. With
`categorical_crossentropy` what the model learns depends on how its weights happen to start: on the scikit-learn
digits accuracy stays at chance (0.04 to 0.16, where the right pairing reaches 0.95), on three far-apart groups
of points ten starts end between 0.00 and 0.67 (median 0.50, right: 1.00), on two groups between 0.00 and 1.00. The
loss may look small all the same. The focal loss is no better (median 0.52); with KL divergence most starts find the
groups (median 0.97, the worst 0.34). With one
unit and `binary_crossentropy` it usually learns on scaled inputs (0.94 to 0.96), but as a clipped linear
regression: samples whose score leaves [0, 1] get no gradient, and the outputs are no probabilities.

## What Keras does
- `categorical_crossentropy`, all backends: the scores are divided by their sum, then clipped; the gradient is
  mostly unrelated to the task.
- `sparse_categorical_crossentropy`: the same on JAX and PyTorch. TensorFlow clips without dividing, which
  learns, with a wrong loss.
- `binary_crossentropy`, all backends: the scores are clipped to [1e-7, 1 - 1e-7].
- No backend raises or warns.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("adam", loss="sparse_categorical_crossentropy")
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
Never by intention: a model that normalises its output itself, in a later layer or a `Lambda`, has an
activation as far as this rule is concerned, or one that it can't judge.

## Fix safety
Unsafe: `from_logits=True` leaves the predictions raw scores (`from-logits`), an activation makes them
probabilities (`activation`). The first comes first for an instance of a loss, the second where a string or a
function would have to become one, or a metric splits the output at 0.5; where `from-logits` is taken all the
same, the metric's threshold follows.

## References
- `keras.losses.BinaryCrossentropy`, `keras.losses.CategoricalCrossentropy`,
  `keras.losses.SparseCategoricalCrossentropy`: argument `from_logits`
- `keras.losses.KLDivergence`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Family, Loss, LossCall, Output, Range, Spelling, Target, TrainingSetup
from lossguard.findings import Finding, SetActivation, SetFromLogits, Severity, Way
from lossguard.rules.premises import at_loss, at_output, called, describe, elsewhere, takes_from_logits
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG103",
    name="logits-as-probabilities",
    severity=Severity.ERROR,
    summary="the output has no activation, but the loss takes its values for probabilities",
    ways=("from-logits", "activation"),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case (
            TrainingSetup(output=Output() as output, loss=Loss() as loss)
            | LossCall(prediction=Output() as output, loss=Loss() as loss, raw=False)
        ) if output.range is Range.LOGITS and output.activation == "linear" and _takes_probabilities(loss):
            severity, effect = _consequence(loss, target)
            activation = "sigmoid" if loss.family is Family.BINARY else "softmax"
            if loss.spelling is Spelling.WRITTEN:
                yield _written(loss, output, activation)
                return
            by_loss = Way("from-logits", (SetFromLogits(True),) if takes_from_logits(loss) else ())
            by_output = Way("activation", (SetActivation(activation),))
            named = loss.spelling in {Spelling.STRING, Spelling.FUNCTION}
            by_name = named or (isinstance(fact, TrainingSetup) and _splits_at_half(fact))
            yield RULE.finding(
                f"{called(loss)} expects probabilities, but gets raw scores: {describe(output)}",
                at_loss(loss, "takes the output for probabilities (from_logits=False)"),
                at_output(output),
                effect=effect,
                remedy=f"Give the loss `from_logits=True`, or the last layer `activation='{activation}'`."
                if takes_from_logits(loss)
                else f"Give the last layer `activation='{activation}'`.",
                severity=severity,
                ways=(by_output, by_loss) if by_name else (by_loss, by_output),
            )


def _written(loss: Loss, output: Output, activation: str) -> Finding:
    return RULE.finding(
        f"{called(loss)} takes the logarithm of raw scores: {describe(output)}",
        at_loss(loss, "wants probabilities"),
        at_output(output),
        effect="The logarithm of a score below 0 is NaN: so is the loss, and after one step every weight.",
        remedy=f"Apply `{activation}` to the scores first, or use `tf.nn.{activation}_cross_entropy_with_logits`,"
        " which takes them as they are.",
    )


def _splits_at_half(setup: TrainingSetup) -> bool:
    """Whether a metric takes the output for probabilities, too."""
    one = setup.output is not None and setup.output.width.is_(1) is True
    return any(metric.threshold is not None or (one and metric.name == "accuracy") for metric in setup.metrics)


def _takes_probabilities(loss: Loss) -> bool:
    match loss:
        case Loss(family=Family.BINARY | Family.CATEGORICAL | Family.SPARSE_CATEGORICAL, from_logits=False):
            return True
        case _:
            return loss.name == "kl_divergence"


def _consequence(loss: Loss, target: Target) -> tuple[Severity, str]:
    others = elsewhere(target)
    match loss.family:
        case Family.BINARY:
            return Severity.WARNING, (
                "The scores are clipped into [0, 1]: samples outside get no gradient, the loss is not the one intended,"
                " and the outputs are no probabilities. It may still seem to learn on scaled inputs."
            )
        case Family.SPARSE_CATEGORICAL if not others:
            return Severity.WARNING, (
                "TensorFlow clips the scores into [0, 1] and takes them for probabilities: the model learns,"
                " but by a loss that is not the one intended."
            )
        case Family.SPARSE_CATEGORICAL if "tensorflow" in target.backends:
            return Severity.ERROR, (
                f"On {others} accuracy mostly stays at chance; TensorFlow clips the scores into [0, 1] and learns,"
                " but by a loss that is not the one intended."
            )
        case Family.DISTRIBUTION:
            return (
                Severity.ERROR,
                "The scores are clipped into [0, 1] and need not sum to 1: a small loss says little (0.34 to 1.00).",
            )
        case _:
            return Severity.ERROR, (
                "The scores are divided by their sum and clipped: accuracy mostly stays at chance"
                " (on ten digits 0.04 to 0.16 instead of 0.95), without a warning."
            )
