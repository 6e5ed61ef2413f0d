"""Output formats: one pure function each, from what was checked to text."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossguard.check import Checked

Render = Callable[["Checked"], str]

_MACHINE = {
    "concise": "lossguard.report.concise",
    "json": "lossguard.report.json",
    "json-v1": "lossguard.report.json",
    "jsonl": "lossguard.report.jsonl",
    "sarif": "lossguard.report.sarif",
    "github": "lossguard.report.github",
    "gitlab": "lossguard.report.gitlab",
    "junit": "lossguard.report.junit",
    "markdown": "lossguard.report.markdown",
}
"""The module of each format but `text`, which draws on a console."""


def renderer(output_format: str) -> Render:
    """The function that writes this format."""
    render: Render = import_module(_MACHINE[output_format]).render
    return render
