"""What the bytes of a file tell before it is parsed: whether it can give a finding at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

KERAS = re.compile(rb"keras|tensorflow|\btf\.")
_SINK = re.compile(rb"loss|compile\s*\(|cross_?entropy|\.fit\(")
_FOREIGN_SINK = re.compile(rb"(?<!\bre)\.compile\s*\([^()]{0,300}?(?:loss|optimizer|metrics|['\"]adam|['\"]sgd)")


@dataclass(frozen=True, slots=True)
class Glance:
    """Whether a file names Keras, could give a finding, and may have comments that suppress findings."""

    keras: bool
    candidate: bool
    marked: bool


def glance(data: bytes) -> Glance:
    """What is seen in the bytes of a file."""
    keras = KERAS.search(data) is not None
    return Glance(keras, _may_misuse(data, keras=keras), _is_marked(data))


def is_candidate(data: bytes) -> bool:
    """Whether the file could give a finding: it has a loss or a `compile`, and Keras or somebody's model."""
    return glance(data).candidate


def _may_misuse(data: bytes, *, keras: bool) -> bool:
    return _SINK.search(data) is not None and (keras or _FOREIGN_SINK.search(data) is not None)


def _is_marked(data: bytes) -> bool:
    """Whether there may be a suppression of ours in the file."""
    return b"lossguard:" in data or (b"noqa" in data.lower() and b"LG" in data.upper())
