"""A small project with mistakes, for the tests of everything around the rules."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

MODELS = """\
import keras


def build(units):
    return keras.Sequential([
        keras.Input((8,)),
        keras.layers.Dense(units, activation="softmax"),
    ])
"""
TRAIN = """\
import keras
from models import build

model = build(10)
model.compile(
    optimizer="adam",
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
"""
ONE_UNIT = """\
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile(optimizer="adam", loss="binary_crossentropy")
"""
NOTEBOOK = [
    "%matplotlib inline\nimport keras",
    'm = keras.Sequential([keras.layers.Dense(1, activation="softmax")])',
    'm.compile(loss="binary_crossentropy")\n',
]
CLEAN = ONE_UNIT.replace("softmax", "sigmoid")


def notebook(*cells: str) -> str:
    """A notebook as editors write it: a heading, then these code cells, each line a string."""
    code: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell.splitlines(True)}
        for cell in cells
    ]
    heading = {"cell_type": "markdown", "metadata": {}, "source": ["# Größe\n"]}
    document = {"cells": [heading, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def lay(root: Path, **files: str) -> None:
    """Write files; in the names `__` stands for a slash, and what follows the last `_` is the suffix."""
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        path = root / f"{stem.replace('__', '/')}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", "-c", "core.autocrlf=false"]
    done = subprocess.run(
        ["git", "-C", str(root), *who, *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def commit(root: Path) -> None:
    if not (root / ".git").exists():
        git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")
