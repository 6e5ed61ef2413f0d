"""JUnit's XML, which most build servers show: a suite for each file, a failed case for each finding."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from lossguard.report.concise import location
from lossguard.report.words import clean, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lossguard.check import Checked
    from lossguard.findings import Diagnostic


def render(checked: Checked) -> str:
    failures, errors = len(checked.diagnostics), len(checked.problems)
    counts = f'tests="{max(failures + errors, 1)}" failures="{failures}" errors="{errors}"'
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<testsuites name="lossguard" {counts}>']
    for filename, group in groupby(checked.diagnostics, key=lambda found: found.place.filename):
        lines += _suite(filename, list(group))
    if checked.problems:
        lines += _problems(checked.problems)
    if not failures and not errors:
        lines += ['  <testsuite name="lossguard" tests="1" failures="0" errors="0">']
        lines += ['    <testcase name="no findings" classname="lossguard"/>', "  </testsuite>"]
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(filename: str, group: list[Diagnostic]) -> Iterator[str]:
    number = len(group)
    yield f'  <testsuite name={_attribute(filename)} tests="{number}" failures="{number}" errors="0">'
    for found in group:
        where = location(found.place)
        name = _attribute(f"{found.code} {found.name} ({where.removeprefix(filename + ':')})")
        line = f' file={_attribute(filename)} line="{found.place.start.row}"'
        yield f"    <testcase name={name} classname={_attribute(filename)}{line}>"
        yield f'      <failure type="{found.severity.value}" message={_attribute(found.message)}>'
        yield escape("\n".join([clean(f"{where}: {told(found)}"), *_related(found)])) + "</failure>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _related(found: Diagnostic) -> Iterable[str]:
    return (clean(f"{location(one.place)}: {one.message}") for one in found.related)


def _problems(problems: tuple[str, ...]) -> Iterator[str]:
    yield f'  <testsuite name="lossguard" tests="{len(problems)}" failures="0" errors="{len(problems)}">'
    for problem in problems:
        yield f'    <testcase name={_attribute(problem)} classname="lossguard">'
        yield f"      <error message={_attribute(problem)}/>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _attribute(text: str) -> str:
    return quoteattr(clean(text))
