"""`argmax` over a single unit is always 0.

## What it does
Reports `argmax` over the last axis of the predictions of a model with one output unit.

## Why it matters
The greatest of one number is the first: every prediction becomes class 0, however good the model is. The
confusion matrix then has a single column.

## What Keras does
Nothing: NumPy and all backends return zeros.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)
    classes = np.argmax(model.predict(x), axis=1)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=2)
    classes = (model.predict(x) > 0.5).astype(int)

## When it is fine
`argmax` over another axis (the most likely sample, the strongest time step), and `argmax` of the labels.

## Fix safety
Unsafe: `(predictions[:, 0] > 0.5).astype(int)`, with 0 for raw scores, takes the place of NumPy's `argmax` over the
last axis (`threshold`). There is no fix for other spellings, nor where the output's activation is neither a sigmoid
nor left away.

## References
- `numpy.argmax`, `keras.Model.predict`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Decode, Fact, Output, Target
from lossguard.findings import Evidence, Finding, SetThreshold, Severity, Way
from lossguard.rules.premises import at_layer, raw_scores
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG601",
    name="argmax-one-unit",
    severity=Severity.ERROR,
    summary="`argmax` over a single unit is always 0",
    ways=("threshold",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case Decode(kind="argmax", output=Output() as output, origin=origin) if output.width.is_(1):
            threshold = "0" if raw_scores(output) else "0.5"
            yield RULE.finding(
                "argmax over 1 unit is always 0, so every prediction becomes the first class",
                Evidence(origin, "the greatest of one number"),
                at_layer(output),
                effect="Every sample is answered with class 0, however good the model is.",
                remedy=f"Compare the predictions with {threshold} instead.",
                ways=(Way("threshold", (SetThreshold(float(threshold)),)),),
            )
