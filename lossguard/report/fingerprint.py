"""What a finding is known by where reports of several runs are compared: not its line."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossguard.check import Checked


def fingerprints(checked: Checked) -> list[str]:
    """One for each finding, in their order: from rule, file and the code that is underlined; no two are equal."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for diagnostic in checked.diagnostics:
        source = checked.sources.get(diagnostic.place.filename)
        text = source.stretch(diagnostic.place) if source is not None else ""
        key = (diagnostic.code, diagnostic.place.filename, text)
        found.append(sha256("\0".join((*key, str(seen[key]))).encode("utf-8", "replace")).hexdigest()[:32])
        seen[key] += 1
    return found
