"""The findings as a person reads them in a terminal: what is wrong, where, what happens, the way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from rich.text import Text

from lossguard.findings import Confidence, Diagnostic, Fix, Place, Severity
from lossguard.report.changed import changed
from lossguard.report.columns import crop, shown
from lossguard.report.concise import location
from lossguard.report.excerpt import Mark, excerpt
from lossguard.report.json import rule_url
from lossguard.report.words import clean, summary

if TYPE_CHECKING:
    from rich.console import Console

    from lossguard.check import Checked
    from lossguard.source import Source

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
_GUTTER = "bold blue"
_UNCROPPED = 240
"""Width of excerpts where the output is no terminal: wide enough for code, not for data."""
_NAMES = 3
_LEAST = 40


def render_text(checked: Checked, console: Console, *, closing: bool = True, links: bool = False) -> None:
    """All findings, then where to read more, then what was checked; `links` makes links of rule names."""
    for found in checked.diagnostics:
        for line in finding(found, checked.sources, console, links=links):
            put(console, line)
        put(console, Text())
    if closing:
        if checked.diagnostics:
            put(console, _more(checked.diagnostics))
        put(console, _closing(checked))


def put(console: Console, line: Text) -> None:
    """One line as it is: no wrapping, no cropping, no markup."""
    line.rstrip()
    console.print(line, soft_wrap=True, highlight=False)


def finding(
    found: Diagnostic, sources: Mapping[str, Source], console: Console, *, links: bool = False
) -> Iterator[Text]:
    """The lines of one finding."""
    colour = _COLOURS[found.severity]
    yield from _header(found, colour, console, f"link {rule_url(found.name)}" if links else "")
    marks = _marks(found)
    gutter = max(len(str(mark.end.row)) for group in marks.values() for mark in group)
    width = console.width if console.is_terminal else max(console.width, _UNCROPPED)
    for number, (key, group) in enumerate(marks.items()):
        arrow = ":::" if number else "-->"
        yield Text.assemble((" " * gutter + arrow + " ", _GUTTER), clean(location(key)))
        source = sources.get(key.filename)
        lines = source.lines(key) if source is not None else []
        drawn = excerpt(lines, group, width=width, gutter=gutter)
        if drawn:
            yield _rule(gutter)
        styles = {"gutter": _GUTTER, "source": "", "primary": colour, "related": _GUTTER}
        for segments in drawn:
            yield Text.assemble(*((text, styles[role]) for text, role in segments))
        yield _rule(gutter)
    for title, text, fix in _notes(found):
        yield from _note(title, text, gutter, console)
        if fix is not None:
            for sign, line in changed(fix, sources, found.place.filename):
                cropped = crop(shown(line), (0, 0), max(width - gutter - 5, _LEAST))[0]
                style = {"-": "red", "+": "green"}.get(sign, _GUTTER)
                yield Text.assemble((" " * (gutter + 3), _GUTTER), (f"{sign} {cropped}", style))


def _header(found: Diagnostic, colour: str, console: Console, link: str) -> Iterator[Text]:
    title = f"{found.severity.value}[{found.code}]"
    name = Text(f" {clean(found.name)}: ", "bold")
    if link:
        name.stylize(link, 1, len(name) - 2)
    line = Text.assemble((title, colour), name, (clean(found.message), "bold"))
    yield from _wrapped(line, Text(), Text("  "), console)


def _marks(found: Diagnostic) -> dict[Place, list[Mark]]:
    """The marks by file and cell, the primary place's first; keyed by the first place in each."""
    places = [(found.place, found.label, True), *((one.place, one.message, False) for one in found.related)]
    heads: dict[tuple[str, int | None], Place] = {}
    marks: dict[Place, list[Mark]] = {}
    for place, label, primary in places:
        head = heads.setdefault((place.filename, place.cell), place)
        marks.setdefault(head, []).append(Mark(place.start, place.end, label, primary))
    return marks


def _notes(found: Diagnostic) -> Iterator[tuple[str, str, Fix | None]]:
    if found.effect:
        yield "What Keras does", found.effect, None
    if found.remedy:
        yield "Way out", found.remedy, None
    if found.fix is not None:
        yield "Fix" if found.fix.safe else "Fix (unsafe)", found.fix.message, found.fix
    for fix in found.alternatives:
        yield f"Or (--prefer {fix.way})", fix.message, fix
    if found.when:
        yield "Holds when", found.when, None
    if found.confidence is not Confidence.CERTAIN:
        yield "Confidence", found.confidence.value, None
    if found.also:
        yield "Explains also", ", ".join(found.also), None


def _note(title: str, text: str, gutter: int, console: Console) -> Iterator[Text]:
    first = Text.assemble((" " * gutter + " = ", _GUTTER))
    line = Text.assemble((f"{title}: ", "bold"), clean(text))
    yield from _wrapped(line, first, Text(" " * (gutter + 3)), console)


def _wrapped(line: Text, first: Text, rest: Text, console: Console) -> Iterator[Text]:
    width = max(console.width - len(rest.plain), 20)
    for number, part in enumerate(line.wrap(console, width)):
        yield Text.assemble(rest if number else first, part)


def _rule(gutter: int) -> Text:
    return Text(" " * gutter + " |", _GUTTER)


def _more(diagnostics: Iterable[Diagnostic]) -> Text:
    rules = {found.code: found.name for found in diagnostics}
    named = list(rules.values()) if len(rules) <= _NAMES else sorted(rules)
    return Text.assemble(("To read more: ", ""), ("lossguard rule " + clean(" ".join(named)), "bold"))


def _closing(checked: Checked) -> Text:
    worst = next((one for one in Severity if any(found.severity is one for found in checked.diagnostics)), None)
    head, dot, tail = summary(checked).partition(". ")
    return Text.assemble((head + dot, _COLOURS[worst] if worst else "bold green"), tail)
