"""Something that makes a loss, or the result of a call without labels, is passed where a loss is wanted.

## What it does
Reports a loss function that is called without labels and predictions
(`loss=keras.losses.binary_crossentropy(from_logits=True)`), a function of the program that returns a loss and is
passed without being called (`loss=make_loss`), and, where Keras 2 or Keras 3.0 to 3.2 may run the program, a loss
class without parentheses (`loss=keras.losses.BinaryCrossentropy`).

## Why it matters
The first raises where it is written, the others when `fit` starts, with a message about tensors that does not
name the loss.

## What Keras does
- A loss function called without its first two arguments: `TypeError: binary_crossentropy() missing 2 required
  positional arguments: 'y_true' and 'y_pred'`. Arguments of a loss belong to the class.
- A function that returns a loss: Keras calls it with labels and predictions, and gets a function or a loss instead
  of a number: `TypeError` in `fit`.
- A class: Keras 2 and Keras 3.0 to 3.2 call it with labels and predictions, as if they were its options, and fail at
  the loss that they get: `TypeError` in `fit`. From 3.3 on Keras makes an instance with the default arguments,
  `from_logits=False` among them.

## Bad
    import keras
    import numpy as np

    x, y = np.random.rand(60, 4), np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss=keras.losses.binary_crossentropy(from_logits=True))
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x, y = np.random.rand(60, 4), np.random.randint(0, 2, 60)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2)

## When it is fine
A class in a project that runs on Keras 3.3 or newer only and wants the default arguments; it is not reported where
the configuration or the dependencies say that Keras 3 runs it, and do not admit 3.0 to 3.2. Functions that
decorators may change are left alone.

## Fix safety
Unsafe: a class is called without arguments, which may not be the ones that were meant; a function that is called
without labels becomes an instance of its class with the same arguments (`instance`). There is no fix for functions
that make a loss: which arguments they want only the author knows.

## References
- `keras.losses.get`, `keras.losses.BinaryCrossentropy`
- `keras.Model.compile`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Misuse, NotInstantiated, Target
from lossguard.findings import Evidence, Finding, Instantiate, Severity, Way
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG504",
    name="loss-not-instantiated",
    severity=Severity.ERROR,
    summary="a loss class, a function that makes a loss, or a call without labels where a loss is wanted",
    ways=("instance",),
)

KERAS_2 = 2

KERAS_3_TAKES_CLASSES = 3
"""Minor version of Keras 3 from which a class is as good as an instance."""


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case NotInstantiated(misuse=Misuse.CALL, text=text, origin=origin):
            yield RULE.finding(
                f"`{text}` calls a loss function without labels and predictions",
                Evidence(origin, "y_true and y_pred are missing"),
                effect="It raises TypeError at this line.",
                remedy="Pass the function without calling it, or an instance of its class, which takes the arguments.",
                ways=(Way("instance", (Instantiate(),)),),
            )
        case NotInstantiated(misuse=Misuse.FACTORY, text=text, origin=origin, returned=returned):
            yield RULE.finding(
                f"`{text}` returns a loss, but is passed as if it were one",
                Evidence(origin, "not called"),
                Evidence(returned, "returns a loss"),
                effect="Keras calls it with labels and predictions, and fit raises TypeError.",
                remedy=f"Call it: `{text}(...)`.",
            )
        case NotInstantiated(misuse=Misuse.CLASS, text=text, origin=origin) if refused := _refused(target):
            instantiated = target.keras_3_from(KERAS_3_TAKES_CLASSES)
            yield RULE.finding(
                f"`{text}` is a class, where a loss is wanted",
                Evidence(origin, "not instantiated"),
                effect=f"In {refused} fit raises TypeError; from 3.3 on Keras makes an instance with the default"
                " arguments."
                if instantiated
                else "fit raises TypeError.",
                remedy=f"Make an instance: `{text}()`.",
                severity=Severity.WARNING if instantiated else Severity.ERROR,
                ways=(Way("instance", (Instantiate(),)),),
            )


def _refused(target: Target) -> str:
    """The versions of Keras that take no class and that the project may run on; empty where there are none."""
    before = target.keras_3_before(KERAS_3_TAKES_CLASSES)
    if KERAS_2 in target.keras:
        return "Keras 2" if before is False else "Keras 2 and in Keras 3.0 to 3.2"
    return "Keras 3.0 to 3.2" if before else ""
