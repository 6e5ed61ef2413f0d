"""What can be configured: one class, from which the reader of files, the JSON schema and the flags derive."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

FORMATS = (
    "text", "concise", "json", "json-v1", "jsonl", "sarif", "github", "gitlab", "junit", "markdown"
)  # fmt: skip
BACKENDS = ("tensorflow", "jax", "torch")
SEVERITIES = ("info", "warning", "error")
CONFIDENCES = ("likely", "certain")
WAYS = (
    "activation", "argument", "arguments", "from-logits", "instance", "labels", "layer", "loss", "metric", "name",
    "suppression", "threshold", "units"
)  # fmt: skip
"""The ways out that rules offer, by what changes."""


class Kind(Enum):
    """What a value has to be; the text says it in an error."""

    RULES = "a list of rules"
    RULES_BY_PATTERN = "a table of patterns, each with a list of rules"
    TEXTS = "a list of strings"
    FLAG = "true or false"
    TEXT = "a string"
    VERSION = "a string such as '3' or '2.15'"
    BACKENDS = "a backend, or a list of backends"


class Key(NamedTuple):
    """One key of the configuration: how it is written, what it takes, what it does."""

    name: str
    kind: Kind
    help: str
    choices: tuple[str, ...] = ()


class Config(NamedTuple):
    """Settings of one file or of one command line; None where it says nothing.

    Rules are held as codes. `file` is where the settings were read, `root` what its paths are relative to.
    """

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    exclude: tuple[str, ...] | None = None
    force_exclude: bool | None = None
    min_severity: str | None = None
    min_confidence: str | None = None
    fixable: tuple[str, ...] | None = None
    prefer: tuple[str, ...] | None = None
    output_format: str | None = None
    roots: tuple[str, ...] | None = None
    keras_version: str | None = None
    backend: tuple[str, ...] | None = None
    baseline: str | None = None
    cache_dir: str | None = None
    required_version: str | None = None
    file: Path | None = None
    root: Path | None = None

    def apply(self, over: Config) -> Config:
        """These settings, with those that `over` says anything about replaced; what it ignores or excludes is added.

        Where `over` selects rules, what was selected and ignored before counts no more.
        """
        changed: dict[str, Any] = {key.name: value for key, value in over.items()}
        if over.exclude is not None:
            changed["exclude"] = (self.exclude or ()) + over.exclude
        if over.select is None:
            for name in ("ignore", "extend_select"):
                both = (getattr(self, name) or ()) + (getattr(over, name) or ())
                changed[name] = both or getattr(self, name)
        else:
            changed |= {"ignore": over.ignore, "extend_select": over.extend_select}
        return self._replace(**changed)

    def items(self) -> list[tuple[Key, Any]]:
        """The keys that are set, each under its attribute's name, with their values."""
        found = []
        for attribute, key in KEYS.items():
            value = getattr(self, attribute)
            if value is not None:
                found.append((key._replace(name=attribute), value))
        return found


KEYS: dict[str, Key] = {
    key.name.replace("-", "_"): key
    for key in (
        Key(
            "select",
            Kind.RULES,
            "Only these rules: codes, names, prefixes of codes, or ALL. Default: all that are not opt-in.",
        ),
        Key("extend-select", Kind.RULES, "These rules too, such as opt-in ones."),
        Key("ignore", Kind.RULES, "All but these rules; wins over select."),
        Key(
            "per-file-ignores",
            Kind.RULES_BY_PATTERN,
            "Rules to leave out in the files that match a pattern, written as in .gitignore.",
        ),
        Key(
            "exclude",
            Kind.TEXTS,
            "Patterns of files and folders not to check, written as in .gitignore, relative to this file.",
        ),
        Key("force-exclude", Kind.FLAG, "Leave out excluded files also when they are named on the command line."),
        Key("min-severity", Kind.TEXT, "Hide findings below this severity. Default: info.", SEVERITIES),
        Key("min-confidence", Kind.TEXT, "Hide findings below this confidence. Default: likely.", CONFIDENCES),
        Key("fixable", Kind.RULES, "Offer and make fixes only for these rules. Default: all."),
        Key("prefer", Kind.TEXTS, "Ways out to take where a finding has several, the most wanted first.", WAYS),
        Key("output-format", Kind.TEXT, "How findings are written. Default: text.", FORMATS),
        Key(
            "roots",
            Kind.TEXTS,
            "Folders where absolute imports start, besides those that are found: relative to this file.",
        ),
        Key("keras-version", Kind.VERSION, "The Keras that the project runs on. Default: from its dependencies."),
        Key(
            "backend",
            Kind.BACKENDS,
            "The backends that the project runs on. Default: from its dependencies and imports.",
            BACKENDS,
        ),
        Key("baseline", Kind.TEXT, "A file of known findings that are not reported, relative to this file."),
        Key(
            "cache-dir",
            Kind.TEXT,
            "The folder of the cache, relative to this file. Default: .lossguard_cache beside it.",
        ),
        Key("required-version", Kind.TEXT, "The versions of lossguard that may read this, such as '>=0.1,<1'."),
    )
}
"""The keys by the attributes that hold them."""

_STRINGS = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
_SHAPES: dict[Kind, dict[str, object]] = {
    Kind.RULES: {"type": "array", "items": {"$ref": "#/definitions/rule"}},
    Kind.RULES_BY_PATTERN: {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"$ref": "#/definitions/rule"}},
    },
    Kind.TEXTS: _STRINGS,
    Kind.FLAG: {"type": "boolean"},
    Kind.TEXT: {"type": "string"},
    Kind.VERSION: {"type": "string", "pattern": r"^[23](\.\d+)*$"},
}


def schema(rules: dict[str, str]) -> dict[str, object]:
    """The JSON schema of a configuration file; `rules` has the name of every code."""
    named = {"enum": [*rules, *rules.values(), "ALL"]}
    prefix = {"type": "string", "pattern": "^[Ll][Gg][0-9]{0,3}$"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "lossguard",
        "description": "Configuration of lossguard: lossguard.toml, or [tool.lossguard] in pyproject.toml.",
        "type": "object",
        "properties": {key.name: _shape(key) for key in KEYS.values()},
        "additionalProperties": False,
        "definitions": {"rule": {"anyOf": [named, prefix]}},
    }


def _shape(key: Key) -> dict[str, object]:
    if key.kind is Kind.BACKENDS:
        one: dict[str, object] = {"enum": list(key.choices)}
        return {"description": key.help, "anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
    shape = dict(_SHAPES[key.kind], description=key.help)
    if key.choices and key.kind is Kind.TEXTS:
        return shape | {"items": {"enum": list(key.choices)}}
    if key.choices:
        shape = {"description": key.help, "enum": list(key.choices)}
    return shape
