"""Where a fact of a live model comes from: the layer, the loss, the metric, the labels themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """`kind` says which part of a setup it is, `thing` is the object, `name` what the model calls it."""

    kind: str
    name: str
    thing: object = None
