"""What pre-commit and GitHub read of this repository, and what their runs ask of the command."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from handmade import MODELS, ONE_UNIT, TRAIN, lay
from lossguard.cli import main
from lossguard.cli.check_arguments import check_parser

ROOT = Path(__file__).parent.parent
HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")

Run = Callable[..., tuple[int, str, str]]


def hooks() -> dict[str, dict[str, str]]:
    """The hooks by their ids: lists of plain keys, which need no parser of YAML."""
    found = [dict(re.findall(r"^[- ] (\w+): (.*)$", block, re.MULTILINE)) for block in HOOKS.split("\n\n")]
    return {hook["id"]: hook for hook in found}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    entry = shlex.split(hooks()["lossguard"]["entry"])

    def hook(*files: str) -> tuple[int, str, str]:
        status = main([*entry[1:], *files])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return hook


class TestHooks:
    def test_there_are_two(self) -> None:
        assert list(hooks()) == ["lossguard", "lossguard-fix"]
        for hook in hooks().values():
            assert hook["language"] == "python"
            assert hook["types_or"] == "[python, jupyter]"
            assert hook["require_serial"] == "true"
            assert hook["entry"].startswith("lossguard check --force-exclude")

    def test_the_command_takes_their_options(self) -> None:
        options = {option for action in check_parser()._actions for option in action.option_strings}
        assert "--force-exclude" in options
        asked = {word for hook in hooks().values() for word in hook["entry"].split() if word.startswith("--")}
        assert asked <= options | {"--fix"}

    def test_imports_of_a_single_file_are_followed(self, run: Run) -> None:
        lay(Path(), pkg__train_py=TRAIN, pkg__models_py=MODELS)
        status, out, _ = run("pkg/train.py")
        assert status == 1
        assert "pkg/models.py:7:" in out
        assert run("pkg/models.py")[0] == 0

    def test_no_files(self, run: Run) -> None:
        assert run() == (0, "", "lossguard: no Python files or notebooks to check in .\n")

    def test_excluded_files(self, run: Run) -> None:
        lay(Path(), pyproject_toml='[tool.lossguard]\nexclude = ["legacy/"]\n', legacy__a_py=ONE_UNIT, b_py=ONE_UNIT)
        assert run("legacy/a.py")[0] == 0
        status, out, _ = run("legacy/a.py", "b.py")
        assert (status, out.count("error[")) == (1, 1)

    def test_a_suppression_needed_elsewhere_is_not_called_unused(self, run: Run) -> None:
        suppressed = MODELS.replace('"softmax"),', '"softmax"),  # lossguard: ignore[softmax-from-logits]')
        lay(Path(), train_py=TRAIN, models_py=suppressed)
        for files in (["models.py"], ["train.py"], ["models.py", "train.py"]):
            assert run(*files)[0] == 0


class TestAction:
    def script(self, tmp_path: Path, **given: str) -> tuple[list[list[str]], str, int]:
        """Run the action's script with a stand-in for Python; gives the commands that it ran, and its outputs."""
        log, outputs = tmp_path / "log", tmp_path / "outputs"
        program = tmp_path / "program"
        program.write_text(
            f"#!{sys.executable}\n"
            "import os, pathlib, sys\n"
            f"log = pathlib.Path({str(log)!r})\n"
            "log.open('a').write(repr([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]) + '\\n')\n"
            "if sys.argv[1:3] == ['-m', 'venv']:\n"
            "    folder = pathlib.Path(sys.argv[3], 'bin'); folder.mkdir()\n"
            "    for name in ('python', 'lossguard'): (folder / name).symlink_to(os.path.realpath(__file__))\n"
            "failing = sys.argv[1:2] == ['check'] and '--exit-zero' not in sys.argv\n"
            "sys.exit(int(os.environ['STATUS']) if failing else 0)\n"
        )
        program.chmod(0o755)
        environment = {
            **os.environ,
            "STATUS": "0",
            "TMPDIR": str(tmp_path),
            "GITHUB_OUTPUT": str(outputs),
            "LOSSGUARD_PYTHON": str(program),
            "LOSSGUARD_ACTION": "/the/action",
            "LOSSGUARD_VERSION": "source",
            "LOSSGUARD_PATHS": ".",
            "LOSSGUARD_ARGS": "",
            "LOSSGUARD_SARIF": "",
            **given,
        }
        done = subprocess.run(
            ["bash", str(ROOT / ".ci" / "action")],  # noqa: S607
            env=environment,
            cwd=tmp_path,
            check=False,
        )
        commands = [list(map(str, eval(text))) for text in log.read_text().splitlines()]  # noqa: S307
        return commands, outputs.read_text(), done.returncode

    @pytest.mark.parametrize(
        ("version", "package"), [("source", "/the/action"), ("latest", "lossguard"), ("0.1.0", "lossguard==0.1.0")]
    )
    def test_the_version(self, tmp_path: Path, version: str, package: str) -> None:
        commands, _, _ = self.script(tmp_path, LOSSGUARD_VERSION=version)
        assert commands[1][:4] == ["python", "-m", "pip", "install"]
        assert commands[1][-1] == package

    def test_inputs_are_arguments_not_code(self, tmp_path: Path) -> None:
        commands, _, status = self.script(
            tmp_path, LOSSGUARD_PATHS="a b\n$(touch x)\n-q\n", LOSSGUARD_ARGS="--select=LG1\n; touch x\n"
        )
        assert commands[2] == ["lossguard", "check", "--select=LG1", "; touch x", "--", "a b", "$(touch x)", "-q"]
        assert status == 0
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize(("status", "runs"), [("0", 2), ("1", 2), ("2", 1)])
    def test_sarif_is_written_unless_the_run_failed(self, tmp_path: Path, status: str, runs: int) -> None:
        commands, outputs, _ = self.script(tmp_path, STATUS=status, LOSSGUARD_SARIF="out.sarif")
        checks = [command for command in commands if command[:2] == ["lossguard", "check"]]
        assert len(checks) == runs
        assert f"status={status}\n" in outputs
        assert (f"sarif={tmp_path}/out.sarif" in outputs) is (runs == 2)

    def test_its_inputs_and_outputs_are_those_it_uses(self) -> None:
        declared = set(re.findall(r"^  ([a-z-]+):$", ACTION.partition("runs:")[0], re.MULTILINE)) - {"status"}
        assert declared == set(re.findall(r"inputs\.([a-z-]+)", ACTION))
        script = (ROOT / ".ci" / "action").read_text(encoding="utf-8")
        given = set(re.findall(r"^        (LOSSGUARD_[A-Z]+):", ACTION, re.MULTILINE)) - {"LOSSGUARD_STATUS"}
        assert given == set(re.findall(r"LOSSGUARD_[A-Z]+", script))
