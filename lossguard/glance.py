"""What the bytes of a file tell before it is parsed: whether it can give a finding at all."""

from __future__ import annotations

import re
from typing import NamedTuple

_TENSORFLOW = rb"\btf\."
_COMPILE = rb"compile\s*\("
_FOREIGN_SINK = rb"(?<!\bre)\.compile\s*\([^()]{0,300}?(?:loss|optimizer|metrics|['\"]adam|['\"]sgd)"


class Glance(NamedTuple):
    """Whether a file names Keras, could give a finding, and may have comments that suppress findings."""

    keras: bool
    candidate: bool
    marked: bool


def glance(data: bytes) -> Glance:
    """What is seen in the bytes of a file. A search for plain bytes takes a hundredth of that for a pattern."""
    keras = b"keras" in data or b"tensorflow" in data or (b"tf." in data and re.search(_TENSORFLOW, data) is not None)
    return Glance(keras, _has_sink(data) and (keras or _has_foreign_sink(data)), _is_marked(data))


def is_candidate(data: bytes) -> bool:
    """Whether the file could give a finding: it has a loss or a `compile`, and Keras or somebody's model."""
    return glance(data).candidate


def _has_sink(data: bytes) -> bool:
    if any(word in data for word in (b"loss", b".fit(", b"crossentropy", b"cross_entropy")):
        return True
    return b"compile" in data and re.search(_COMPILE, data) is not None


def _has_foreign_sink(data: bytes) -> bool:
    return b".compile" in data and re.search(_FOREIGN_SINK, data) is not None


def _is_marked(data: bytes) -> bool:
    """Whether there may be a suppression of ours in the file."""
    if b"lossguard:" in data:
        return True
    return any(letters in data for letters in _IN_NOQA) and b"noqa" in data.lower() and b"LG" in data.upper()


_IN_NOQA = (b"qa", b"QA", b"Qa", b"qA")
