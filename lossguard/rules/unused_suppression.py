"""A suppression that suppresses nothing.

## What it does
Reports comments that are meant to suppress a finding where there is none (any more), or that name no rule
that exists.

## Why it matters
The comment claims that something is wrong here and meant so. It misleads whoever reads it, and would hide the
finding that a later change brings.

## What Keras does
Nothing: comments are not run.

## Bad
    import keras

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", loss="mse")  # lossguard: ignore[softmax-one-unit]

## Good
    import keras

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", loss="mse")

## When it is fine
Where the finding only appears with other settings: ignore this rule for that file. Rules that were not asked
for are not judged, and neither are the codes of other tools in `noqa` comments. A file that is handed over alone
is judged only where it trains a model itself: a program that imports it may have the finding.

## Fix safety
Safe: only the comment, or the name in it that suppresses nothing, is removed.

## References
- The section "Suppressions" of lossguard's README
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Target
from lossguard.findings import Finding, Severity
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG902",
    name="unused-suppression",
    severity=Severity.INFO,
    summary="a suppression that suppresses nothing",
    ways=("suppression",),
)


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    """Never finds anything in a fact: what suppressions have done is known when all files are judged."""
    yield from ()
