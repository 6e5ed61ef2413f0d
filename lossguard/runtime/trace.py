"""One forward pass, and which layer made which tensor on the way."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lossguard.runtime.library import Library, leaves


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One call of a layer or an operation; `depth` says how many calls it stands in."""

    layer: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    depth: int


@dataclass(slots=True)
class Trace:
    """The steps in the order in which they ended: what stands inside a layer comes before it."""

    steps: list[Step] = field(default_factory=list)
    result: Any = None

    def maker(self, tensor: Any) -> Step | None:
        """The innermost call that gave this very tensor and did not get it."""
        for step in self.steps:
            if any(one is tensor for one in step.outputs) and not any(one is tensor for one in step.inputs):
                return step
        return None

    def through(self, tensor: Any) -> list[Any]:
        """The layers that gave this very tensor back, as dropout does when the model is not trained."""
        return [
            step.layer
            for step in self.steps
            if any(one is tensor for one in step.outputs) and any(one is tensor for one in step.inputs)
        ]

    def inside(self, step: Step | None) -> Step | None:
        """The last call inside this one; of the whole model, where there is none."""
        number = len(self.steps) if step is None else self.steps.index(step)
        depth = 0 if step is None else step.depth
        before = self.steps[number - 1] if number else None
        return before if before is not None and before.depth > depth else None


@contextmanager
def recorded(library: Library, before: Callable[[Any], None]) -> Iterator[Trace]:
    """Every call of a layer while this lasts is noted, and told `before`; the layers themselves are left alone."""
    trace = Trace()
    layer = library.root.layers.Layer
    operation = getattr(library.root, "Operation", layer)
    running: list[Any] = []
    kept = {cls: cls.__call__ for cls in dict.fromkeys((layer, operation))}
    for cls, call in kept.items():
        cls.__call__ = _noted(call, trace, running, before)
    try:
        yield trace
    finally:
        for cls, call in kept.items():
            cls.__call__ = call


def _noted(
    call: Callable[..., Any], trace: Trace, running: list[Any], before: Callable[[Any], None]
) -> Callable[..., Any]:
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        if running and running[-1] is self:  # a layer's call goes through an operation's
            return call(self, *args, **kwargs)
        before(self)
        running.append(self)
        depth = len(running)
        try:
            result = call(self, *args, **kwargs)
        finally:
            running.pop()
        inputs = tuple(leaf for leaf in leaves([*args, *kwargs.values()]) if hasattr(leaf, "shape"))
        trace.steps.append(Step(self, inputs, tuple(leaves(result)), depth))
        return result

    return noted
