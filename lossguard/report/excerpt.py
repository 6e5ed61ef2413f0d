"""Source lines with the marked stretches underlined and labelled, laid out as coloured segments.

A stretch within a row is underlined; one over several rows has a bar in a lane at the left:

    12 |   model = Sequential([Dense(4), Dense(1, "softmax")])
       |                                 ------------------- one unit
    14 | / model.compile(
    15 | |     loss="binary_crossentropy",
    16 | | )
       | |_^ trained here
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from lossguard.findings import Position
from lossguard.report.columns import CUT, Shown, crop, shown
from lossguard.report.words import clean

Segment = tuple[str, str]
"""Text and the role that decides its colour: `gutter`, `source`, `primary` or `related`."""

_LABEL_WIDTH = 24  # narrower columns of words are unreadable


@dataclass(frozen=True, slots=True)
class Mark:
    start: Position
    end: Position
    label: str
    primary: bool

    @property
    def role(self) -> str:
        return "primary" if self.primary else "related"

    @property
    def sign(self) -> str:
        return "^" if self.primary else "-"


@dataclass(frozen=True, slots=True)
class _Span:
    """The columns of a mark in the row where it is underlined or where its bar begins or ends."""

    start: int
    end: int
    mark: Mark


def excerpt(lines: Sequence[str], marks: Iterable[Mark], *, width: int, gutter: int) -> list[list[Segment]]:
    """The lines to draw, each a list of segments, no wider than `width`."""
    fitting = [fitted for mark in marks if (fitted := _fit(mark, lines)) is not None]
    lanes = _lanes([mark for mark in fitting if mark.end.row > mark.start.row])
    room = max(width - gutter - 3 - 2 * (1 + max(lanes.values(), default=-1)), 2 * _LABEL_WIDTH)
    drawn: list[list[Segment]] = []
    previous = None
    for row in _rows(fitting, len(lines)):
        if previous is not None and row > previous + 1:
            drawn.append(_gap(gutter, _bars(lanes, row)))
        previous = row
        drawn += _draw(row, lines[row - 1], fitting, lanes, room, gutter)
    return drawn


def _fit(mark: Mark, lines: Sequence[str]) -> Mark | None:
    """The mark within the lines; None where there is no such row (the file has changed)."""
    start, end = mark.start, mark.end
    if not 1 <= start.row <= len(lines):
        return None
    if end.row > len(lines):
        end = Position(len(lines), len(lines[-1]) + 1)
    while end.row > start.row and not lines[end.row - 1][: end.column - 1].strip():
        end = Position(end.row - 1, len(lines[end.row - 2]) + 1)
    return replace(mark, end=max(end, Position(start.row, start.column + 1)))


def _rows(marks: Iterable[Mark], last: int) -> list[int]:
    """The rows to show: both ends of every mark, what follows a long one's start, no gaps of one row."""
    wanted: set[int] = set()
    for mark in marks:
        wanted |= {mark.start.row, min(mark.start.row + 1, mark.end.row), mark.end.row}
    wanted |= {row + 1 for row in wanted if row + 2 in wanted}
    return sorted(row for row in wanted if row <= last)


def _lanes(marks: Sequence[Mark]) -> dict[Mark, int]:
    """A lane for each bar, the first from the left that is free from its start to its end."""
    lanes: dict[Mark, int] = {}
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end.row, -mark.end.column)):
        taken = {lane for other, lane in lanes.items() if other.end.row >= mark.start.row}
        lanes[mark] = next(lane for lane in range(len(marks)) if lane not in taken)
    return lanes


def _draw(
    row: int, line: str, marks: Sequence[Mark], lanes: Mapping[Mark, int], room: int, gutter: int
) -> list[list[Segment]]:
    here = [mark for mark in marks if row in (mark.start.row, mark.end.row)]
    whole = shown(line)
    spans = [_span(mark, row, whole) for mark in here]
    text, offset = crop(whole, _focus(spans, room - 2 * len(CUT)), room)
    spans = [_Span(_within(span.start - offset, room), _within(span.end - offset, room), span.mark) for span in spans]
    inline = [span for span in spans if span.mark not in lanes]
    first = len(line) - len(line.lstrip()) + 1
    slashed = [mark for mark in lanes if mark.start == Position(row, first)]
    before = _bars(lanes, row)
    for mark in slashed:
        before[lanes[mark]] = ("/", mark.role)
    drawn = [[(f"{row:>{gutter}} | ", "gutter"), *_lane_segments(before), (text, "source")]]
    after = _bars(lanes, row)
    for mark in slashed:
        after[lanes[mark]] = ("|", mark.role)
    drawn += [_margin(gutter, after, pieces) for pieces in _underlined(inline, room)]
    for span in spans:
        if span.mark in lanes and span.mark.start.row == row and span.mark not in slashed:
            lane = lanes[span.mark]
            drawn.append(_margin(gutter, after, [], reach=(lane, span.start, span.mark)))
            after[lane] = ("|", span.mark.role)
    for span in sorted(spans, key=lambda span: -span.start):
        if span.mark in lanes and span.mark.end.row == row:
            lane = lanes[span.mark]
            label = textwrap.wrap(clean(span.mark.label), max(room - span.end - 1, _LABEL_WIDTH)) or [""]
            pieces = [(span.end + 1, label[0], span.mark.role)]
            drawn.append(_margin(gutter, after, pieces, reach=(lane, span.end - 1, span.mark)))
            after[lane] = (" ", "gutter")
            drawn += [_margin(gutter, after, [(span.end + 1, more, span.mark.role)]) for more in label[1:]]
    return drawn


def _span(mark: Mark, row: int, line: Shown) -> _Span:
    """Columns in this row; for a bar the one column where it begins or ends."""
    if mark.start.row == mark.end.row:
        start, end = line.column(mark.start.column), line.column(mark.end.column)
        return _Span(start, max(end, start + 1), mark)
    if row == mark.start.row:
        start = line.column(mark.start.column)
        return _Span(start, start + 1, mark)
    end = line.column(mark.end.column)
    return _Span(max(end - 1, 0), max(end, 1), mark)


def _underlined(spans: Sequence[_Span], room: int) -> list[list[tuple[int, str, str]]]:
    """Rows of pieces (column, text, role): the underlines, then the labels that hang below them."""
    if not spans:
        return []
    underlines = [
        (span.start, span.mark.sign * (span.end - span.start), span.mark.role)
        for span in sorted(spans, key=lambda span: (span.start - span.end, span.mark.primary))
    ]
    last = max(spans, key=lambda span: (span.end, span.start))
    label = clean(last.mark.label)
    hanging = sorted((span for span in spans if span.mark.label), key=lambda span: (-span.start, -span.end))
    if last.end + 1 + cell_len(label) <= room or (len(hanging) == 1 and last.end + 1 + _LABEL_WIDTH <= room):
        first, *more = textwrap.wrap(label, max(room - last.end - 1, _LABEL_WIDTH)) or [""]
        underlines.append((last.end + 1, first, last.mark.role))
        rows = [underlines] + [[(last.end + 1, text, last.mark.role)] for text in more]
        hanging = [span for span in hanging if span is not last]
    else:
        rows = [underlines]
    if hanging and len(spans) > 1:
        rows.append(_stems(hanging))
    for done, span in enumerate(hanging):
        text = clean(span.mark.label)
        column = max(0, min(span.start, room - min(cell_len(text), 2 * _LABEL_WIDTH)))
        stems = [piece for piece in _stems(hanging[done + 1 :]) if piece[0] < column]
        rows += [[*stems, (column, part, span.mark.role)] for part in textwrap.wrap(text, room - column)]
    return rows


def _stems(spans: Iterable[_Span]) -> list[tuple[int, str, str]]:
    return [(span.start, "|", span.mark.role) for span in spans]


def _bars(lanes: Mapping[Mark, int], row: int) -> list[Segment]:
    """What stands in each lane beside this row."""
    bars = [(" ", "gutter")] * (1 + max(lanes.values(), default=-1))
    for mark, lane in lanes.items():
        if mark.start.row < row <= mark.end.row:
            bars[lane] = ("|", mark.role)
    return bars


def _lane_segments(bars: Sequence[Segment]) -> list[Segment]:
    return [(sign + " ", role) for sign, role in bars]


def _gap(gutter: int, bars: Sequence[Segment]) -> list[Segment]:
    return [(f"{CUT:<{gutter + 3}}", "gutter"), *_lane_segments(bars)]


def _margin(
    gutter: int,
    bars: Sequence[Segment],
    pieces: Sequence[tuple[int, str, str]],
    reach: tuple[int, int, Mark] | None = None,
) -> list[Segment]:
    """A row below a source line; `reach` is a lane whose bar bends to a column of the source."""
    margin = 2 * len(bars)
    painted = [(2 * lane, sign, role) for lane, (sign, role) in enumerate(bars)]
    if reach is not None:
        lane, column, mark = reach
        painted.append((2 * lane + 1, "_" * (margin + column - 2 * lane - 1) + mark.sign, mark.role))
    painted += [(margin + column, text, role) for column, text, role in pieces]
    return [(" " * gutter + " | ", "gutter"), *_paint(painted)]


def _paint(pieces: Iterable[tuple[int, str, str]]) -> list[Segment]:
    """The pieces on one row, later ones over earlier ones."""
    canvas: list[Segment] = []
    for column, text, role in pieces:
        cells = [(sign, role) for sign in text]
        canvas += [(" ", "gutter")] * (column - len(canvas))
        canvas[column : column + len(cells)] = cells
    while canvas and canvas[-1][0] == " ":
        canvas.pop()
    merged: list[Segment] = []
    for sign, role in canvas:
        if merged and (merged[-1][1] == role or sign == " "):
            merged[-1] = (merged[-1][0] + sign, role)
        else:
            merged.append((sign, role))
    return merged


def _focus(spans: Sequence[_Span], room: int) -> tuple[int, int] | None:
    """The columns that must be visible: those of all marks, or what matters most where that is too wide."""
    if not spans:
        return None
    start, end = _extent(spans)
    if end - start > room:
        return _extent([span for span in spans if span.mark.primary] or spans[:1])
    return start, end


def _extent(spans: Sequence[_Span]) -> tuple[int, int]:
    return min(span.start for span in spans), max(span.end for span in spans)


def _within(column: int, room: int) -> int:
    return max(0, min(column, room))
