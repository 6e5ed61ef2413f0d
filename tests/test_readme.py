"""What the README shows is what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.cli import main

if TYPE_CHECKING:
    import pytest

README = Path(__file__).parent.parent / "README.md"
PROGRAM = """\
import numpy as np
from tensorflow import keras

x = np.load("pictures.npy")
y = keras.utils.to_categorical(np.load("digits.npy"), 10)

model = keras.Sequential([
    keras.layers.Flatten(),
    keras.layers.Dense(10),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y)
"""


def run(*arguments: str) -> int:
    return main(list(arguments))


def test_the_table_of_rules_is_the_programs_own(capsys: pytest.CaptureFixture[str]) -> None:
    """To renew it, paste the output of `lossguard rules --output-format markdown` between the marks."""
    assert run("rules", "--output-format", "markdown") == 0
    table = capsys.readouterr().out.strip()
    text = README.read_text("utf-8")
    shown = re.search(r"<!-- rules -->\n(.*?)\n?<!-- end of rules -->", text, re.DOTALL)
    assert shown is not None
    assert shown[1].strip() == table


def test_the_example_is_a_real_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(PROGRAM, "utf-8")
    assert run("train.py") == 1
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    shown = re.search(r"\$ lossguard train.py\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    lines = [line.rstrip() for line in shown[1].splitlines()]
    assert printed[: len(lines)] == lines
