"""Softmax over a single unit always answers 1.

## What it does
Reports a model whose output is a softmax over one unit, or its logarithm, whatever the loss, and a layer of one
unit with that activation wherever it stands: in a list of layers that another file makes a model of, or inside of
a model.

## Why it matters
Softmax divides by the sum over the units. With one unit it divides a number by itself: every prediction is
exactly 1.0 (0.0 for `log_softmax`), for every input, before and after training. Accuracy is the share of class 1
(0.50 on two balanced classes, where a sigmoid reaches 1.00).

## What Keras does
- Keras 3 warns when the layer is called: `You are using a softmax over axis -1 of a tensor of shape (64, 1)`.
  Keras 2 says nothing.
- JAX and PyTorch: the gradient is exactly zero; `binary_crossentropy` stays at about 8.
- TensorFlow: `binary_crossentropy` goes back to the value before the softmax, so the printed loss falls as
  if the model learned, while every prediction is still 1.0.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
    model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2)

## When it is fine
Never. A softmax over another axis (attention weights over time, say) is something else and is not reported.

## Fix safety
Unsafe: with binary cross-entropy the softmax becomes a sigmoid (`activation`); where the labels are known to
tell more classes apart there is one unit for each (`units`); one 0 or 1 per sample under a categorical loss gets a
sigmoid and `binary_crossentropy` (`loss`). There is no fix where the labels are not known and the loss does not tell.

## References
- `keras.activations.softmax`, `keras.layers.Softmax`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import (
    Fact,
    Family,
    Labels,
    LayerOutput,
    Loss,
    LossCall,
    Output,
    Range,
    Target,
    TrainingSetup,
    Width,
)
from lossguard.findings import Evidence, Finding, ReplaceLoss, SetActivation, SetUnits, Severity, Way
from lossguard.rules.premises import (
    VECTOR_ENCODINGS,
    at_layer,
    at_loss,
    called,
    elsewhere,
    if_known,
    label_width,
    one_or_zero,
)
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG105",
    name="softmax-one-unit",
    severity=Severity.ERROR,
    summary="softmax over a single unit always answers 1",
    supersedes=(
        "LG101",
        "LG104",
        "LG106",
        "LG107",
        "LG108",
        "LG110",
        "LG111",
        "LG112",
        "LG113",
        "LG115",
        "LG201",
        "LG202",
        "LG203",
        "LG204",
        "LG205",
        "LG301",
        "LG302",
        "LG401",
        "LG403",
        "LG404",
        "LG407",
        "LG502",
        "LG503",
    ),
    ways=("activation", "units", "loss"),
)


ANSWERS = {"softmax": "1", "log_softmax": "0"}
"""What comes out of one unit, whatever goes in."""

RANGES = frozenset({Range.SIMPLEX, Range.LOG_PROBABILITIES})


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case (
            TrainingSetup(
                output=Output(activation="softmax" | "log_softmax" as activation) as output,
                loss=loss,
                labels=Labels() | None as labels,
            )
            | LossCall(
                prediction=Output(activation="softmax" | "log_softmax" as activation) as output,
                loss=loss,
                target=Labels() | None as labels,
            )
        ) if output.range in RANGES and output.width.is_(1):
            yield RULE.finding(
                f"{activation} over 1 unit always answers {ANSWERS[activation]}, so this model can't tell anything"
                " apart",
                at_layer(output),
                *_at(loss),
                *if_known(labels),
                effect=_effect(loss, target, ANSWERS[activation]),
                remedy=_remedy(labels),
                ways=_ways(loss, labels),
            )

        case LayerOutput(
            output=Output(range=Range.SIMPLEX | Range.LOG_PROBABILITIES, activation=str() as activation) as output
        ) if activation in ANSWERS and output.width.is_(1):
            yield RULE.finding(
                f"{activation} over 1 unit always answers {ANSWERS[activation]}, so this layer tells nothing",
                at_layer(output),
                effect=f"What comes out is {ANSWERS[activation]}.0 for every input, before and after training.",
                remedy=_remedy(None),
            )


def _at(loss: Loss | None) -> tuple[Evidence, ...]:
    return () if loss is None else (at_loss(loss, f"trained with {called(loss)}"),)


def _effect(loss: Loss | None, target: Target, answer: str) -> str:
    constant = f"Every prediction is {answer}.0, before and after training."
    if answer == "1" and loss is not None and loss.family is Family.BINARY and "tensorflow" in target.backends:
        others = elsewhere(target)
        rest = f" On {others} the gradient is zero." if others else ""
        return f"{constant} On TensorFlow the printed loss falls all the same, as if the model learned.{rest}"
    return constant


def _many(labels: Labels | None) -> Width | None:
    """The number of classes, where the labels are known to tell three or more apart or to have a column for each."""
    if labels is None:
        return None
    width = label_width(labels)
    return width if width.at_least(3) or labels.encoding in VECTOR_ENCODINGS else None


def _remedy(labels: Labels | None) -> str:
    if _many(labels) is not None:
        return "Give the output layer one unit for each class."
    return "Use `sigmoid` for yes or no, or give the output layer one unit for each class."


def _ways(loss: Loss | None, labels: Labels | None) -> tuple[Way, ...]:
    many = _many(labels)
    if many is not None:
        return (Way("units", (SetUnits(many),)),)
    if loss is None:
        return ()
    if loss.family is Family.BINARY and loss.from_logits is not None:
        return (Way("activation", (SetActivation("linear" if loss.from_logits else "sigmoid"),)),)
    if loss.family in {Family.CATEGORICAL, Family.SPARSE_CATEGORICAL} and labels is not None and one_or_zero(labels):
        return (Way("loss", (SetActivation("sigmoid"), ReplaceLoss("binary_crossentropy"))),)
    return ()
