"""Losses, metrics and activations that are named by a string which some Keras does not know."""

from __future__ import annotations

import re

from lossguard.catalog.spelling import EVERY, closest, known_in, named
from lossguard.facts import Named, UnknownName
from lossguard.static.machine import Machine
from lossguard.static.values import Site

_REGISTERED = re.compile(
    r"custom_object|CustomObjectScope|register_keras_serializable|register_serializable"
    r"|\b(losses|metrics|activations|objectives)\.\w+\s*=[^=]|setattr\("
)


def unknown_name(machine: Machine, kind: Named, text: str, site: Site) -> UnknownName | None:
    """The fact that not every Keras knows this string; None where all do, or the program adds names of its own."""
    known = known_in(kind, text)
    if known == EVERY:
        return None
    if any(_REGISTERED.search(module.source.text) for module in machine.program.modules):
        return None
    other = named(kind, text)
    return UnknownName(kind, text, site, None if other is not None else closest(kind, text), other, known)
