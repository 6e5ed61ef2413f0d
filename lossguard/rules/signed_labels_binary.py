"""Labels -1 and +1 handed to binary cross-entropy, which knows 0 and 1.

## What it does
Reports labels that are -1 and +1 where the loss is a binary cross-entropy, plain or focal.

## Why it matters
With y = -1 the loss `-y log p - (1 - y) log(1 - p)` has no lower bound: it runs to minus infinity (measured:
from 0.05 to -7.8 in 200 steps) and its value tells nothing. The sign of the answer still comes out right, but
`'accuracy'` compares 0/1 answers with -1/+1 labels and reports 0.44.

## What Keras does
- TensorFlow and JAX: silent, the loss becomes negative.
- PyTorch: raises `all elements of target should be between 0 and 1` with `from_logits=False`, silent with
  `from_logits=True`.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.choice([-1, 1], 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.choice([-1, 1], 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, (y + 1) // 2, epochs=2)

## When it is fine
Never. Hinge losses want -1 and +1.

## Fix safety
Unsafe: `hinge` with a `tanh` or linear output takes these labels (`loss`); or they become 0 and 1, which is not done
here: every use of the labels would have to change. There is no fix beside an accuracy, which compares 0 and 1
with -1 and +1 whatever the loss is.

## References
- `keras.losses.BinaryCrossentropy`, `keras.losses.Hinge`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Encoding, Fact, Family, Labels, Loss, Output, Target, TrainingSetup
from lossguard.findings import Finding, Repair, ReplaceLoss, SetActivation, Severity, Way
from lossguard.rules.premises import TORCH_RAISES, at_labels, at_layer, at_loss, called
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG206",
    name="signed-labels-binary",
    severity=Severity.ERROR,
    summary="labels -1 and +1 handed to binary cross-entropy, which knows 0 and 1",
    supersedes=("LG103", "LG104"),
    ways=("loss",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case TrainingSetup(
            output=Output() as output,
            loss=Loss(family=Family.BINARY) as loss,
            labels=Labels(encoding=Encoding.SIGNED) as labels,
        ):
            raises = "torch" in target.backends and loss.from_logits is False
            yield RULE.finding(
                f"{called(loss)} knows only the labels 0 and 1, but gets -1 and +1",
                at_loss(loss, "knows only 0 and 1"),
                at_labels(labels),
                at_layer(output),
                effect=_effect(target, raises=raises),
                remedy="Turn the labels into 0 and 1 with `(y + 1) // 2`, or use `hinge` with a `tanh` output.",
                severity=Severity.ERROR if raises else Severity.WARNING,
                ways=(Way("loss", _hinge(output)),),
            )


def _effect(target: Target, *, raises: bool) -> str:
    if raises and target.backends == {"torch"}:
        return TORCH_RAISES
    unbounded = "The loss has no lower bound then and runs to minus infinity; accuracy compares 0/1 with -1/+1."
    return f"{unbounded} PyTorch raises instead." if raises else unbounded


def _hinge(output: Output) -> tuple[Repair, ...]:
    loss = ReplaceLoss("hinge")
    return (loss,) if output.activation in {"tanh", "linear"} else (loss, SetActivation("tanh"))
