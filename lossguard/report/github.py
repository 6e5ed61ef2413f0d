"""Annotations of GitHub Actions: workflow commands on standard output, one line a finding.

GitHub shows ten errors and ten warnings of a step; the full text and the job summary have the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossguard.findings import Severity
from lossguard.report.concise import location
from lossguard.report.words import clean, told

if TYPE_CHECKING:
    from lossguard.check import Checked
    from lossguard.findings import Diagnostic

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(checked: Checked) -> str:
    return "".join(_annotation(found) + "\n" for found in checked.diagnostics)


def _annotation(found: Diagnostic) -> str:
    place = found.place
    message = [told(found), *(f"{location(one.place)}: {one.message}" for one in found.related)]
    properties = {"title": f"{found.code} {found.name}", "file": place.filename}
    if place.cell is None:
        properties |= {"line": str(place.start.row), "endLine": str(place.end.row)}
        if place.start.row == place.end.row:  # columns are for one line only
            properties |= {"col": str(place.start.column), "endColumn": str(place.end.column)}
    else:
        message.insert(0, f"cell {place.cell}, line {place.start.row}:")
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[found.severity]} {written}::{_data(chr(10).join(map(clean, message)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clean(text)).replace(":", "%3A").replace(",", "%2C")
