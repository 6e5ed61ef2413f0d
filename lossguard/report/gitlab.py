"""GitLab's code quality report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lossguard.findings import Severity
from lossguard.report.fingerprint import fingerprints
from lossguard.report.json import Json
from lossguard.report.words import told

if TYPE_CHECKING:
    from lossguard.check import Checked
    from lossguard.findings import Diagnostic

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(checked: Checked) -> str:
    marked = zip(checked.diagnostics, fingerprints(checked), strict=True)
    return json.dumps([_issue(found, mark) for found, mark in marked], indent=2) + "\n"


def _issue(found: Diagnostic, mark: str) -> Json:
    place = found.place
    cell = "" if place.cell is None else f" (cell {place.cell})"
    return {
        "type": "issue",
        "check_name": found.name,
        "description": f"{found.code}: {told(found)}{cell}",
        "severity": _SEVERITIES[found.severity],
        "fingerprint": mark,
        "location": {
            "path": place.filename,
            "positions": {
                "begin": {"line": place.start.row, "column": place.start.column},
                "end": {"line": place.end.row, "column": place.end.column},
            },
        },
    }
