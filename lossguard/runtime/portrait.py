"""A live model in a few lines of text, so that a finding has something to point at."""

from __future__ import annotations

from dataclasses import dataclass, field

from lossguard.facts import Labels, Output
from lossguard.findings import Place, Position
from lossguard.runtime.look import Look
from lossguard.runtime.measure import Seen
from lossguard.runtime.origins import Live
from lossguard.source import Source


@dataclass(slots=True)
class Portrait:
    """The text, and the place in it of every part that a fact can come from."""

    filename: str
    lines: list[str] = field(default_factory=list)
    _places: dict[tuple[str, int], Place] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        return Source(None, self.filename, "\n".join(self.lines) + "\n")

    def place(self, origin: object) -> Place:
        """Where this part is drawn; the first line where it is not."""
        if isinstance(origin, Live):
            found = self._places.get((origin.kind, id(origin.thing)))
            if found is not None:
                return found
        return Place(self.filename, Position(1, 1), Position(1, len(self.lines[0]) + 1 if self.lines else 1))

    def label(self, origin: object, label: str) -> str:  # noqa: ARG002  the drawing names the layer
        return label

    def write(self, *parts: tuple[str, object]) -> None:
        """One line of parts, each text and what it stands for."""
        row, text = len(self.lines) + 1, ""
        for part, origin in parts:
            if isinstance(origin, Live):
                start, end = Position(row, len(text) + 1), Position(row, len(text) + len(part) + 1)
                self._places.setdefault((origin.kind, id(origin.thing)), Place(self.filename, start, end))
            text += part
        self.lines.append(text)


def portrait(look: Look) -> Portrait:
    """The model as its compiled setup and the batch show it."""
    name = getattr(look.model, "name", type(look.model).__name__)
    drawn = Portrait(f"<model {name!r}>")
    drawn.write((f"{type(look.model).__name__} {name!r} on {look.library.backend}", None))
    for seen in look.seen:
        if len(look.seen) > 1:
            drawn.write((f"output {seen.measured.name!r}:" if seen.measured.name else "output:", None))
        _draw(drawn, seen)
    return drawn


def _draw(drawn: Portrait, seen: Seen) -> None:
    setup = seen.setup
    if setup.output is not None:
        drawn.write(("output = ", None), *_output(setup.output), (_values(seen), None))
    if setup.loss is not None:
        drawn.write(("loss = ", None), (setup.loss.text, setup.loss.origin), (_numbers(seen), None))
    if setup.labels is not None:
        drawn.write(
            ("labels = ", None), (setup.labels.encoding.value, setup.labels.origin), (_shape(setup.labels), None)
        )
    if setup.metrics:
        parts: list[tuple[str, object]] = []
        for metric in setup.metrics:
            parts += [(", ", None)] if parts else []
            parts.append((metric.text, metric.origin))
        drawn.write(("metrics = [", None), *parts, ("]", None))


def _output(output: Output) -> list[tuple[str, object]]:
    layer = output.origin
    separate = isinstance(output.activation_origin, Live)
    inside = "" if separate or output.activation in {"linear", None} else f", {output.activation!r}"
    parts: list[tuple[str, object]] = [(f"{output.layer or 'call'}({output.width.size}{inside})", layer)]
    if separate:
        parts += [(" > ", None), (f"{output.activation}", output.activation_origin)]
    parts += [(f" > {name}", None) for name in output.after]
    return parts


def _values(seen: Seen) -> str:
    values, output = seen.measured.values, seen.setup.output
    name = output.origin.name if output is not None and isinstance(output.origin, Live) else ""
    told = f"  # layer {name!r}" if name else "  #"
    if values is None or not values.size or values.dtype.kind not in "fiu":
        return told
    return f"{told}, gives {span(float(values.min()), float(values.max()))}"


def span(low: float, high: float) -> str:
    return f"{low:.3g} to {high:.3g}" if low != high else f"always {low:.3g}"


def _numbers(seen: Seen) -> str:
    numbers = seen.numbers
    if numbers.failure:
        return f"  # raises {numbers.failure}"
    if numbers.loss is None:
        return ""
    right = f", the cross-entropy of the outputs is {numbers.reference:.4g}" if numbers.reference is not None else ""
    return f"  # {numbers.loss:.4g} on this batch{right}"


def _shape(labels: Labels) -> str:
    told = f"  # {labels.dtype}, {labels.rank} {'axis' if labels.rank == 1 else 'axes'}"
    if labels.width.size is not None:
        told += f", the last of {labels.width.size}"
    return told if labels.low is None or labels.high is None else f"{told}, {span(labels.low, labels.high)}"
