"""The dtype policy of a program: what layers that say nothing else compute in."""

from __future__ import annotations

from lossguard.static.functions import Call, function
from lossguard.static.values import NONE, Value


@function(
    "keras.config.set_dtype_policy",
    "keras.mixed_precision.set_dtype_policy",
    "keras.mixed_precision.set_global_policy",
    "keras.mixed_precision.experimental.set_policy",
)
def _set_policy(request: Call) -> Value:
    policy = request.get("policy", 0) or NONE
    request.machine.worlds.write(request.machine.settings, "policy", policy)
    return NONE


@function(
    "keras.DTypePolicy",
    "keras.dtype_policies.DTypePolicy",
    "keras.mixed_precision.DTypePolicy",
    "keras.mixed_precision.Policy",
    "keras.mixed_precision.experimental.Policy",
)
def _policy(request: Call) -> Value:
    """A policy is as good as its name."""
    return request.get("name", 0) or NONE
