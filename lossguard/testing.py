"""For tests of code that builds models: `assert_consistent(build_model(), x, y)`.

With pytest there is also the fixture `assert_consistent`, which needs no import.
"""

# ruff: noqa: ANN401  (data of any library)

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def assert_consistent(model: Any, x: Any = None, y: Any = None, *, allow: Iterable[str] = ()) -> None:
    """Fail if the model's output, loss, metrics and these labels do not fit each other.

    `allow` names rules, by name or code, whose findings are accepted.
    """
    __tracebackhide__ = True
    from lossguard.rules import find, suggest
    from lossguard.runtime.probe import probe
    from lossguard.runtime.words import told

    accepted = set[str]()
    for name in allow:
        module = find(name)
        if module is None:
            similar = suggest(name)[:1]
            raise ValueError(f"unknown rule {name!r}" + (f"; did you mean {similar[0]!r}?" if similar else ""))
        accepted.add(module.RULE.code)
    found = [one for one in probe(model, x, y).diagnostics if one.code not in accepted]
    if found:
        raise AssertionError(told(found))
