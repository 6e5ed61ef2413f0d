"""The JSON contract: an array of findings, from which every other machine format derives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossguard.check import Checked
    from lossguard.findings import Diagnostic, Edit, Fix, Place, Position, RelatedPlace

_RULES = "https://github.com/lossguard/lossguard/blob/main/README.md#"

Json = dict[str, object]


def render(checked: Checked) -> str:
    return render_json(checked.diagnostics)


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """ASCII only, so that it survives every encoding of standard output."""
    return json.dumps([as_json(found) for found in diagnostics], indent=2) + "\n"


def as_json(found: Diagnostic) -> Json:
    where = _place(found.place)
    return {
        "code": found.code,
        "name": found.name,
        "severity": found.severity.value,
        "confidence": found.confidence.value,
        "message": found.message,
        **where,
        "related": [_related(related) for related in found.related],
        "when": found.when,
        "fix": None if found.fix is None else _fix(found.fix),
        "alternatives": [_fix(fix) for fix in found.alternatives],
        "url": rule_url(found.name),
    }


def rule_url(name: str) -> str:
    """Where the documentation of the rule is."""
    return _RULES + name


def _place(place: Place) -> Json:
    cell: Json = {"cell": place.cell}
    if place.cell is not None:
        cell["cell_index"] = place.cell_index
    return {
        "filename": place.filename,
        **cell,
        "location": _position(place.start),
        "end_location": _position(place.end),
    }


def _position(position: Position) -> Json:
    return {"row": position.row, "column": position.column}


def _related(related: RelatedPlace) -> Json:
    return {**_place(related.place), "message": related.message}


def _fix(fix: Fix) -> Json:
    return {
        "way": fix.way,
        "applicability": "safe" if fix.safe else "unsafe",
        "message": fix.message,
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> Json:
    return {**_place(edit.place), "content": edit.content}
