"""What the bytes of a file tell before it is parsed: whether it can give a finding at all."""

from __future__ import annotations

import re
from typing import NamedTuple

_TENSORFLOW = rb"\btf\."
_COMPILE = rb"compile\s*\("
_FOREIGN_SINK = rb"\.compile\s*\([^()]{0,300}?(?:loss|optimizer|metrics|['\"]adam|['\"]sgd)"


class Glance(NamedTuple):
    """Whether a file names Keras, could give a finding, and may have comments that suppress findings."""

    keras: bool
    candidate: bool
    marked: bool


def glance(data: bytes) -> Glance:
    """What is seen in the bytes of a file. A search for plain bytes takes a hundredth of that for a pattern."""
    keras = b"keras" in data or b"tensorflow" in data or (b"tf." in data and re.search(_TENSORFLOW, data) is not None)
    return Glance(keras, (keras or _has_foreign_sink(data)) and _has_sink(data), _is_marked(data))


def is_candidate(data: bytes) -> bool:
    """Whether the file could give a finding: it has a loss or a `compile`, and Keras or somebody's model."""
    return glance(data).candidate


def _has_sink(data: bytes) -> bool:
    if any(word in data for word in (b"loss", b".fit(", b"crossentropy", b"cross_entropy")):
        return True
    return b"compile" in data and re.search(_COMPILE, data) is not None


def _has_foreign_sink(data: bytes) -> bool:
    at = data.find(b".compile")
    while at >= 0:
        if not _is_of_re(data, at) and re.compile(_FOREIGN_SINK).match(data, at) is not None:
            return True
        at = data.find(b".compile", at + 1)
    return False


def _is_of_re(data: bytes, at: int) -> bool:
    """Whether what stands before the dot is the module `re`: by far the most frequent of those that are no model."""
    before = data[max(0, at - 3) : at]
    return before.endswith(b"re") and not (before[:-2].isalnum() or before[:-2] == b"_")


def _is_marked(data: bytes) -> bool:
    """Whether there may be a suppression of ours in the file."""
    if b"lossguard:" in data:
        return True
    lowered = data.lower()
    return b"noqa" in lowered and b"lg" in lowered
