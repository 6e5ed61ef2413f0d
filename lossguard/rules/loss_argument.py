"""A loss is given an argument that it does not take, or a string where it wants True or False.

## What it does
Reports keywords that the class or function of the loss has not (`label_smoothing` of a sparse loss, a misspelt
`from_logit`), and strings passed for `from_logits`.

## Why it matters
The wrong keyword raises at once. The string does not: `from_logits="False"` is true, as any string is that is not
empty, and so is `BinaryCrossentropy("my_loss")`, whose first parameter is `from_logits`, not the name.

## What Keras does
- `SparseCategoricalCrossentropy(label_smoothing=0.1)`: `TypeError`, got an unexpected keyword argument, in Keras 2
  and 3. Smoothing takes one-hot labels and `CategoricalCrossentropy`.
- `CategoricalCrossentropy(from_logits="False")`: trains as with `from_logits=True`, silently.

## Bad
    import keras
    import numpy as np

    x, y = np.random.rand(60, 4), np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logit=True))
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x, y = np.random.rand(60, 4), np.random.randint(0, 3, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2)

## When it is fine
Never. Parameters that only one version of Keras has are not reported, nor are functions of TensorFlow 1 that have
the same names as those of Keras.

## Fix safety
Unsafe: the parameter whose name comes closest, or False for a string that says so (`argument`). There is no fix
where no parameter comes close: what the argument was meant to do only the author knows.

## References
- `keras.losses.SparseCategoricalCrossentropy`, `keras.losses.CategoricalCrossentropy`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, LossArgument, Target
from lossguard.findings import Evidence, Finding, Rename, SetFlag, Severity, Way
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG506",
    name="loss-argument",
    severity=Severity.ERROR,
    summary="a loss is given an argument that it does not take, or a string where it wants True or False",
    ways=("argument",),
)


FALSE = frozenset({"false", "no", "0", "off"})
"""Strings that say what they do not do."""


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case LossArgument(loss=loss, argument=argument, origin=origin, given=None, meant=meant):
            yield RULE.finding(
                f"`{loss}` takes no argument `{argument}`",
                Evidence(origin, "not a parameter of this loss"),
                effect="It raises TypeError at this line.",
                remedy=_remedy(loss, argument, meant),
                ways=(Way("argument", (Rename(meant),) if meant is not None else ()),),
            )
        case LossArgument(loss=loss, argument=argument, origin=origin, given=str() as given):
            yield RULE.finding(
                f"`{loss}` gets the string {given!r} for `{argument}`, which counts as True",
                Evidence(origin, "a string that is not empty is true"),
                effect="The loss takes the outputs for raw scores, silently."
                if argument == "from_logits"
                else "The option is on, silently.",
                remedy=f"Pass True or False for `{argument}`, without quotes.",
                severity=Severity.WARNING,
                ways=(Way("argument", (SetFlag(False),) if given.lower() in FALSE else ()),),
            )


def _remedy(loss: str, argument: str, meant: str | None) -> str:
    if argument == "label_smoothing" and "sparse" in loss.lower():
        return "Encode the labels one-hot and use `CategoricalCrossentropy`, which takes it."
    return f"Write `{meant}`." if meant is not None else "Remove it."
