"""A table of the findings in Markdown: for job summaries, comments and issues."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossguard.report.concise import location
from lossguard.report.json import rule_url
from lossguard.report.words import clean, summary

if TYPE_CHECKING:
    from lossguard.check import Checked
    from lossguard.findings import Diagnostic

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#$])")


def render(checked: Checked) -> str:
    lines = ["### lossguard", "", _text(summary(checked)), ""]
    if checked.diagnostics:
        lines += ["| where | rule | severity | what is wrong |", "| --- | --- | --- | --- |"]
        lines += [_row(found) for found in checked.diagnostics] + [""]
    lines += [f"- error: {_text(problem)}" for problem in checked.problems]
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(found: Diagnostic) -> str:
    rule = f"[{found.code} {found.name}]({rule_url(found.name)})"
    when = f" (when {found.when})" if found.when else ""
    return f"| {_text(location(found.place))} | {rule} | {found.severity.value} | {_text(found.message + when)} |"


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", clean(text))
