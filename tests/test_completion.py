"""Completion: the scripts name every command and option, and bash does what they say."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lossguard.cli import main
from lossguard.cli.commands import ALIASES, COMMANDS
from lossguard.cli.completion import SHELLS, options

Complete = Callable[..., list[str]]


@pytest.fixture
def complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Complete:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    main(["completion", "bash"])
    script = capsys.readouterr().out
    (tmp_path / "train.py").touch()

    def completed(*words: str) -> list[str]:
        ask = f'{script}\nCOMP_WORDS=(lossguard "$@"); COMP_CWORD=$#; _lossguard; printf "%s\\n" "${{COMPREPLY[@]}}"'
        done = subprocess.run(
            [bash, "--norc", "-c", ask, "bash", *words], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        assert done.stderr == ""
        return done.stdout.split()

    return completed


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["ru"], ["rule", "rules", "run"]),
        (["tr"], ["train.py"]),
        (["--output-fi"], ["--output-file"]),
        (["--output-format", "js"], ["json", "json-v1", "jsonl"]),
        (["check", "--select", "softmax-o"], ["softmax-one-unit"]),
        (["check", "--baseline", "t"], ["train.py"]),
        (["rule", "softmax-o"], ["softmax-one-unit"]),
        (["explain", "softmax-o"], ["softmax-one-unit"]),
        (["rules", "--output-format", "m"], ["markdown"]),
        (["completion", ""], list(SHELLS)),
        (["config", "--s"], ["--schema"]),
        (["probe", "--allow"], ["--allow-code"]),
        (["probe", "--labels", "t"], ["train.py"]),
        (["probe", "t"], ["train.py"]),
        (["run", "--co"], ["--continue", "--color", "--config"]),
        (["run", "--ignore", "softmax-o"], ["softmax-one-unit"]),
        (["run", "t"], ["train.py"]),
    ],
)
def test_bash(complete: Complete, words: list[str], found: list[str]) -> None:
    assert complete(*words) == found


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_in_every_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in (*COMMANDS, *ALIASES))
    assert options().keys() == COMMANDS.keys()
    flags = {option.flag for found in options().values() for option in found}
    assert {"--select", "--add-ignore", "--schema", "--help", "--labels", "--time-limit"} <= flags
    assert all((flag.removeprefix("--") if shell == "fish" else flag) in script for flag in flags)


def test_an_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "invalid choice: 'tcsh'" in capsys.readouterr().err
