"""Where absolute imports may start."""

from __future__ import annotations

from pathlib import Path

_MARKERS = (".git", "pyproject.toml", "setup.py", "setup.cfg")
_DEEPEST = 8
"""Deeper than projects nest their packages."""


def roots(folder: Path) -> tuple[Path, ...]:
    """For files in a folder: it, those above up to the project's root, and `src` there."""
    found = [folder]
    while folder.parent != folder and not any((folder / marker).exists() for marker in _MARKERS):
        folder = folder.parent
        found.append(folder)
        if len(found) > _DEEPEST:
            break
    return (*found, found[-1] / "src")
