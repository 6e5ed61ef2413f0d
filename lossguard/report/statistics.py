"""How many findings each rule has."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from lossguard.report.words import clean

if TYPE_CHECKING:
    from lossguard.check import Checked


def _counts(checked: Checked) -> list[tuple[int, str, str, str]]:
    counts = Counter((found.code, found.name, found.severity.value) for found in checked.diagnostics)
    return sorted(((number, *rule) for rule, number in counts.items()), key=lambda row: (-row[0], *row[1:]))


def as_text(checked: Checked) -> str:
    rows = _counts(checked)
    width = len(f"{rows[0][0]:,}") if rows else 0
    longest = max((len(name) for _, _, name, _ in rows), default=0)
    return "".join(
        f"{number:>{width},}  {code}  {clean(name):<{longest}}  {severity}\n" for number, code, name, severity in rows
    )


def as_json(checked: Checked) -> str:
    keys = ("count", "code", "name", "severity")
    return json.dumps([dict(zip(keys, row, strict=True)) for row in _counts(checked)], indent=2) + "\n"
