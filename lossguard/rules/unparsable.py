"""A file or a notebook cell that cannot be parsed.

## What it does
Reports Python source with a syntax error: the whole file, or one cell of a notebook.

## Why it matters
What can't be parsed can't be checked. Silence about such a file would look like "nothing wrong".

## What Keras does
Nothing: Python does not run it either.

## Bad
    model = keras.Sequential([keras.layers.Dense(1)
    model.compile("adam", loss="mse")

## Good
    import keras

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", loss="mse")

## When it is fine
Templates and exercises with blanks to fill in, Python 2 code, and fragments that another program completes:
exclude them, or ignore this rule for them.

## Fix safety
There is no automatic fix.

## References
- The Python language reference, "Full grammar specification"
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Target
from lossguard.findings import Finding, Severity
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG901",
    name="unparsable",
    severity=Severity.ERROR,
    summary="a file or a notebook cell that cannot be parsed",
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    """Never finds anything in a fact: the front-end that can't parse reports it with `RULE`."""
    yield from ()
