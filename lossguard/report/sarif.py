"""SARIF 2.1.0, for code scanning services and viewers: places, fixes, and the documentation of the rules."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from lossguard import __version__
from lossguard.findings import Severity
from lossguard.report.fingerprint import fingerprints
from lossguard.report.json import Json, rule_url
from lossguard.report.words import clean, told
from lossguard.rules import BY_CODE

if TYPE_CHECKING:
    from lossguard.check import Checked
    from lossguard.findings import Diagnostic, Edit, Fix, Place
    from lossguard.rules.rule import RuleModule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://github.com/lossguard/lossguard"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(checked: Checked) -> str:
    rules = sorted({found.code for found in checked.diagnostics if found.code in BY_CODE})
    run = {
        "tool": {
            "driver": {
                "name": "lossguard",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": _HOME,
                "rules": [_rule(BY_CODE[code]) for code in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "Where lossguard was run."}}},
        "invocations": [
            {
                "executionSuccessful": not checked.problems,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": clean(problem)}} for problem in checked.problems
                ],
            }
        ],
        "results": [
            _result(found, rules, mark) for found, mark in zip(checked.diagnostics, fingerprints(checked), strict=True)
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(module: RuleModule) -> Json:
    rule = module.RULE
    documentation = textwrap.dedent(module.__doc__ or "").strip()
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": documentation.partition("\n\n")[0]},
        "help": {"text": documentation, "markdown": documentation},
        "helpUri": rule_url(rule.name),
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": not rule.opt_in},
        "properties": {"tags": ["keras", "correctness"], "problem.severity": _problem(rule.severity)},
    }


def _problem(severity: Severity) -> str:
    return {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}[severity]


def _result(found: Diagnostic, rules: list[str], mark: str) -> Json:
    result: Json = {"ruleId": found.code}
    if found.code in rules:
        result["ruleIndex"] = rules.index(found.code)
    result |= {
        "level": _LEVELS[found.severity],
        "message": {"text": told(found)},
        "locations": [_location(found.place, found.label)],
        "relatedLocations": [
            {"id": number, **_location(related.place, related.message)}
            for number, related in enumerate(found.related, 1)
        ],
        "partialFingerprints": {"lossguard/v1": mark},
        "properties": {"name": found.name, "confidence": found.confidence.value, "when": found.when},
    }
    fixes = [_fix(fix) for fix in (found.fix, *found.alternatives) if fix is not None]
    return result | ({"fixes": fixes} if fixes else {})


def _location(place: Place, message: str) -> Json:
    location: Json = {"physicalLocation": {"artifactLocation": _artifact(place.filename), "region": _region(place)}}
    if place.cell is not None:  # SARIF knows no cells: rows count within the one that is named
        location["logicalLocations"] = [{"name": f"cell {place.cell}", "kind": "module"}]
    return location | ({"message": {"text": clean(message)}} if message else {})


def _artifact(filename: str) -> Json:
    path = filename.encode("utf-8", "surrogateescape")
    if filename.startswith("/"):
        return {"uri": "file://" + quote(path)}
    return {"uri": quote(path), "uriBaseId": "SRCROOT"}


def _region(place: Place) -> Json:
    return {
        "startLine": place.start.row,
        "startColumn": place.start.column,
        "endLine": place.end.row,
        "endColumn": place.end.column,
    }


def _fix(fix: Fix) -> Json:
    by_file: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        by_file.setdefault(edit.place.filename, []).append(edit)
    changes = [
        {"artifactLocation": _artifact(name), "replacements": _replacements(edits)} for name, edits in by_file.items()
    ]
    safety = "safe" if fix.safe else "unsafe"
    return {"description": {"text": f"{clean(fix.message)} ({safety})"}, "artifactChanges": changes}


def _replacements(edits: Iterable[Edit]) -> list[Json]:
    return [{"deletedRegion": _region(edit.place), "insertedContent": {"text": edit.content}} for edit in edits]
