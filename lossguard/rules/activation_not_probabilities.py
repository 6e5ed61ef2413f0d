"""The output's activation gives no probabilities, but the loss takes its values for them.

## What it does
Reports a model whose last activation is `relu`, `tanh`, `elu`, `log_softmax` or another that does not answer
with probabilities, and whose loss is a cross-entropy (plain or focal) with `from_logits=False`, or a KL
divergence.

## Why it matters
With `relu` and `categorical_crossentropy` the loss is NaN at the first step in which all units of a sample
are zero (on the scikit-learn digits in 3 of 3 runs). With `tanh` the loss stays at 7.1 and accuracy at
chance (0.07 to 0.13). With one unit and `binary_crossentropy` the values are clipped to [0, 1]: it often
learns, but a sample whose output is clipped gets no gradient, and the outputs are no probabilities.

## What Keras does
- `categorical_crossentropy`, all backends: divides by the sum, which may be zero (NaN) or negative.
- `sparse_categorical_crossentropy`: the same on JAX and PyTorch; TensorFlow clips to [1e-7, 1 - 1e-7] without
  dividing and learns, with a wrong loss. After `log_softmax` every value is clipped there: the loss is ln K
  and the gradient zero.
- `binary_crossentropy`, all backends: clips to [1e-7, 1 - 1e-7].
- `from_logits=True` on `relu` or `tanh`, all backends: the model learns, but `relu` leaves no probability below
  0.5 and `tanh` none beyond 0.27 and 0.73, so that the loss can't get small (`tanh`: 0.25 after training where 0.01
  is reached without the activation).
- No backend raises or warns.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
`exponential`, `softplus` and `sparsemax` before a categorical cross-entropy are not reported: the loss
divides by the sum, so that they work as a softmax does. (TensorFlow's sparse cross-entropy does not divide, and
with it they are reported.) `log_softmax` with `from_logits=True` is right.

## Fix safety
Unsafe: the activation becomes `softmax` or `sigmoid`, which is nearly always meant (`activation`), or goes,
and the loss is told `from_logits=True` (`from-logits`).

## References
- `keras.losses.CategoricalCrossentropy`, `keras.losses.BinaryCrossentropy`: what `y_pred` must be
- `keras.activations`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Family, Loss, LossCall, Output, Range, Target, TrainingSetup
from lossguard.findings import Confidence, Finding, SetActivation, SetFromLogits, Severity, Way
from lossguard.rules.premises import (
    NORMALISED_BY_THE_LOSS,
    SIGMOIDS,
    at_loss,
    at_output,
    bounded_scores_floor,
    called,
    elsewhere,
    takes_from_logits,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG104",
    name="activation-not-probabilities",
    severity=Severity.ERROR,
    summary="the output's activation gives no probabilities, but the loss takes its values for them",
    ways=("activation", "from-logits"),
)

BOUNDED_BELOW = frozenset({"elu", "selu", "celu", "gelu", "silu", "hard_silu", "mish", "log_sigmoid"})
"""Activations whose range has no name of its own among the facts."""

CUT_OFF = frozenset({"relu", "relu6"})
"""Activations that leave no negative score."""

SQUEEZED = frozenset({"tanh", "hard_tanh", "softsign"})
"""Activations that leave no score beyond -1 and 1."""

CROSS_ENTROPIES = frozenset({Family.BINARY, Family.CATEGORICAL, Family.SPARSE_CATEGORICAL})
HARMLESS = SIGMOIDS | {"linear", "softmax", None}


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case (
            TrainingSetup(output=Output() as output, loss=Loss() as loss)
            | LossCall(prediction=Output() as output, loss=Loss() as loss, raw=False)
        ) if _no_probabilities(output) and _takes_probabilities(loss) and not _normalised(output, loss, target):
            severity, effect = _consequence(output, loss, target)
            wanted = "sigmoid" if loss.family is Family.BINARY else "softmax"
            yield RULE.finding(
                f"{called(loss)} expects probabilities, but {output.activation} does not give any",
                at_loss(loss, "takes the output for probabilities"),
                at_output(output),
                effect=effect,
                remedy=f"Use `{wanted}` in the output layer, or no activation and `from_logits=True` in the loss.",
                severity=severity,
                ways=(
                    Way("activation", (SetActivation(wanted),)),
                    Way(
                        "from-logits",
                        (SetActivation("linear"), SetFromLogits(True)) if takes_from_logits(loss) else (),
                    ),
                ),
            )

        case (
            TrainingSetup(output=Output() as output, loss=Loss(from_logits=True) as loss)
            | LossCall(prediction=Output() as output, loss=Loss(from_logits=True) as loss)
        ) if loss.family in CROSS_ENTROPIES and (limit := _limit(output)):
            yield RULE.finding(
                f"{called(loss)} expects raw scores, but {output.activation} {limit}",
                at_loss(loss, "takes the output for raw scores"),
                at_output(output),
                effect=_of_limited_scores(output, loss),
                remedy="Leave the activation away: the loss applies its own.",
                severity=Severity.WARNING,
                confidence=Confidence.CERTAIN if output.range is Range.NONNEGATIVE else Confidence.LIKELY,
                ways=(Way("activation", (SetActivation("linear"),)),),
            )


def _limit(output: Output) -> str:
    """What the activation does to raw scores, in words; empty where it leaves them room."""
    if output.range is Range.NONNEGATIVE and output.activation in CUT_OFF:
        return "leaves none below zero"
    if output.range is Range.SIGNED_UNIT and output.activation in SQUEEZED:
        return "keeps them between -1 and 1"
    return ""


def _of_limited_scores(output: Output, loss: Loss) -> str:
    match output.range, loss.family:
        case Range.NONNEGATIVE, Family.BINARY:
            return "No probability falls below 0.5, so the loss of every sample of class 0 stays above ln 2 = 0.69."
        case Range.NONNEGATIVE, _:
            return "Scores below zero become zero and lose their gradient: the model may learn, by a poorer loss."
        case _, Family.BINARY:
            return (
                "Every probability stays between 0.27 and 0.73: the model may learn, but is never sure, and the loss"
                " can't fall below ln(1 + 1 / e) = 0.31."
            )
        case _:
            return (
                "The scores of two classes never differ by more than 2: the model may learn, but is never sure, and the"
                f" loss can't fall below {bounded_scores_floor(output.width)}."
            )


def _normalised(output: Output, loss: Loss, target: Target) -> bool:
    """The loss divides by the sum, which makes these activations a distribution."""
    if output.activation not in NORMALISED_BY_THE_LOSS:
        return False
    if loss.family is Family.SPARSE_CATEGORICAL:
        return "tensorflow" not in target.backends
    return loss.family is Family.CATEGORICAL


def _no_probabilities(output: Output) -> bool:
    match output.range:
        case Range.LOGITS | Range.NONNEGATIVE | Range.SIGNED_UNIT | Range.LOG_PROBABILITIES:
            return output.activation not in HARMLESS
        case Range.UNKNOWN:
            return output.activation in BOUNDED_BELOW and not output.after
        case _:
            return False


def _takes_probabilities(loss: Loss) -> bool:
    match loss:
        case Loss(family=Family.BINARY | Family.CATEGORICAL | Family.SPARSE_CATEGORICAL, from_logits=False):
            return True
        case _:
            return loss.name == "kl_divergence"


def _consequence(output: Output, loss: Loss, target: Target) -> tuple[Severity, str]:
    forgiving = loss.family is Family.SPARSE_CATEGORICAL and output.range is not Range.LOG_PROBABILITIES
    others = elsewhere(target)
    if loss.family is Family.BINARY:
        return Severity.WARNING, (
            "The values are clipped into [0, 1]: a sample outside gets no gradient,"
            " and the loss and the outputs are not what they seem. It may still learn on scaled inputs."
        )
    if forgiving and (not others or output.activation in NORMALISED_BY_THE_LOSS):
        return Severity.WARNING, (
            "TensorFlow clips the values into [0, 1] and takes them for probabilities: the model may learn,"
            " but by a loss that is not the one intended."
        )
    if loss.family is Family.DISTRIBUTION and output.activation in NORMALISED_BY_THE_LOSS:
        return Severity.WARNING, "The values need not sum to 1: answering 1 for every class makes the loss 0."
    stuck = (
        "the loss is NaN as soon as all units of one sample are zero"
        if output.range is Range.NONNEGATIVE
        else "the loss does not lead anywhere and accuracy stays near chance"
    )
    if forgiving and "tensorflow" in target.backends:
        return Severity.ERROR, f"On {others} {stuck}; TensorFlow clips the values into [0, 1] and may learn."
    return Severity.ERROR, f"{stuck[0].upper()}{stuck[1:]}."
