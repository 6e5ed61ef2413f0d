"""A baseline: findings that were there before, known again by rule, path and code, not by their line."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.config import Misconfigured
from lossguard.files import write_whole

if TYPE_CHECKING:
    from lossguard.findings import Diagnostic
    from lossguard.source import Source

VERSION = 1
_MOST = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """A finding that is known: `path` is relative to the baseline's folder, `source` what is underlined."""

    path: str
    code: str
    source: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """How often each finding is known, and the folder that the paths start from."""

    folder: Path
    known: Mapping[Known, int]


def known(found: Diagnostic, sources: Mapping[str, Source], folder: Path) -> Known:
    """What a finding is known by."""
    source = sources.get(found.place.filename)
    path = source.path if source is not None and source.path is not None else Path.cwd() / found.place.filename
    text = source.stretch(found.place) if source is not None else ""
    return Known(relative(path, folder), found.code, text)


def relative(path: Path, folder: Path) -> str:
    """The path from the folder, with forward slashes."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def unknown(
    baseline: Baseline, diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source]
) -> tuple[list[Diagnostic], Counter[Known]]:
    """The findings that the baseline does not know, and what it knows that was not found."""
    left = Counter(baseline.known)
    new = []
    for found in diagnostics:
        key = known(found, sources, baseline.folder)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(found)
    return new, +left


def read(path: Path) -> Baseline:
    """The baseline in a file."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise Misconfigured(f"{path}: is no baseline: {error}") from error
    except RecursionError as error:
        raise Misconfigured(f"{path}: is no baseline: it is nested too deeply") from error
    version = document.get("version") if isinstance(document, dict) else None
    if version != VERSION:
        told = (
            "is no baseline"
            if version is None
            else f"is a baseline of version {version}, this lossguard reads {VERSION}"
        )
        raise Misconfigured(f"{path}: {told}")
    counts: Counter[Known] = Counter()
    try:
        for entry in document["findings"]:
            counts[Known(str(entry["path"]), str(entry["code"]), str(entry["source"]))] += _count(entry)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Misconfigured(f"{path}: is no baseline: an entry lacks path, code or source") from error
    return Baseline(path.resolve().parent, counts)


def _count(entry: Mapping[str, object]) -> int:
    count = entry.get("count", 1)
    if not isinstance(count, int) or not 1 <= count <= _MOST:
        raise ValueError(count)
    return count


def write(path: Path, diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source]) -> int:
    """Write what is found as a baseline, and say how many findings it holds."""
    folder = path.resolve().parent
    counts = Counter(known(found, sources, folder) for found in diagnostics)
    entries = [
        {"path": one.path, "code": one.code, "source": one.source} | ({"count": count} if count > 1 else {})
        for one, count in sorted(counts.items())
    ]
    lines = ",\n".join("    " + json.dumps(entry, ensure_ascii=False) for entry in entries)
    body = f"[\n{lines}\n  ]" if entries else "[]"
    try:
        write_whole(
            path, f'{{\n  "version": {VERSION},\n  "findings": {body}\n}}\n'.encode("utf-8", "backslashreplace")
        )
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be written: {error.strerror or error}") from error
    return sum(counts.values())
