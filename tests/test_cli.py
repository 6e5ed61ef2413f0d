"""The command as its users meet it: arguments, streams, exit status."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from rich.console import Console

import lossguard
from lossguard import check as pipeline
from lossguard.check import Checked, Options, OptionsOf
from lossguard.cli import main
from lossguard.findings import Confidence, Diagnostic, Place, Position, Severity
from lossguard.report.documentation import as_json, as_markdown, page, render_page, render_table
from lossguard.rules.rule import Rule
from lossguard.source import Source

Matches = Callable[[str, str], None]

CODE = 'model.compile(loss="損失")\n'
FOUND = Diagnostic(
    "LG505",
    "unknown-loss",
    Severity.ERROR,
    Confidence.CERTAIN,
    "Keras knows no loss '損失'",
    Place("a.py", Position(1, 15), Position(1, 24)),
    label="unknown",
    remedy="Use a loss that Keras knows.",
)
CLEAN = Checked((), 3, 2, 1, (), {}, ())
DIRTY = CLEAN._replace(diagnostics=(FOUND,), sources={"a.py": Source(None, "a.py", CODE)})
SUMMARY = "Checked 3 files: 2 with Keras, 1 model understood."


@dataclass
class Pipeline:
    """Stands in for the checks: answers as told, remembers what it was asked."""

    answer: Checked | BaseException = CLEAN
    paths: Sequence[str] = ()
    text: tuple[str, str] = ("", "")
    options: list[Options] = field(default_factory=list)

    def check_paths(self, paths: Sequence[str], *, options: OptionsOf, **_: object) -> Checked:
        self.paths = tuple(paths)
        return self._answer(options)

    def check_source(self, text: str, filename: str = "<stdin>", *, options: OptionsOf, **_: object) -> Checked:
        self.text = (text, filename)
        return self._answer(options)

    def _answer(self, options: OptionsOf) -> Checked:
        self.options.append(options(Path.cwd() / "a.py"))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    stand_in = Pipeline()
    monkeypatch.setattr(pipeline, "check_paths", stand_in.check_paths)
    monkeypatch.setattr(pipeline, "check_source", stand_in.check_source)
    return stand_in


@dataclass(frozen=True)
class Run:
    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    def command(*arguments: str) -> Run:
        status = main(arguments)
        captured = capsys.readouterr()
        return Run(status, captured.out, captured.err)

    return command


Command = Callable[..., Run]


def in_new_process(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(lossguard.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, env=environment
    )


def imported_by(*arguments: str) -> set[str]:
    """The modules that a run of the command imports."""
    code = "import sys; from lossguard.cli import main; main(); sys.stderr.write(' '.join(sys.modules))"
    return set(in_new_process(code, *arguments).stderr.split())


class TestExitStatus:
    def test_0_if_nothing_is_found(self, run: Command, checks: Pipeline) -> None:
        assert run("src") == Run(0, f"No findings. {SUMMARY}\n", "")
        assert checks.paths == ("src",)

    def test_1_if_there_are_findings(self, run: Command, checks: Pipeline) -> None:
        checks.answer = DIRTY
        assert run().status == 1
        assert run("--exit-zero").status == 0

    @pytest.mark.parametrize("exit_zero", [[], ["--exit-zero"]])
    def test_2_if_something_could_not_be_checked_and_the_findings_are_shown_all_the_same(
        self, run: Command, checks: Pipeline, exit_zero: list[str]
    ) -> None:
        checks.answer = DIRTY._replace(problems=("nope: no such file or folder",))
        result = run("nope", "a.py", *exit_zero)
        assert (result.status, result.err) == (2, "lossguard: error: nope: no such file or folder\n")
        assert "error[LG505]" in result.out

    def test_2_if_it_fails_by_a_bug_and_it_says_so(self, run: Command, checks: Pipeline) -> None:
        checks.answer = ValueError("oops")
        result = run()
        assert result.status == 2
        assert result.err.startswith("Traceback")
        assert "bug in lossguard" in result.err.splitlines()[-1]

    def test_130_if_it_is_interrupted(self, run: Command, checks: Pipeline) -> None:
        checks.answer = KeyboardInterrupt()
        assert run() == Run(130, "", "lossguard: interrupted\n")

    def test_a_reader_that_goes_away_is_no_failure_to_talk_about(self) -> None:
        code = "import sys; from lossguard.cli import main; sys.exit(main(['rules']))"
        reading, writing = os.pipe()
        os.close(reading)
        root = str(Path(lossguard.__file__).parent.parent)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        result = subprocess.run(
            [sys.executable, "-c", code],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment,
        )
        os.close(writing)
        assert (result.returncode, result.stderr) == (141, "")


class TestArguments:
    def test_check_is_the_default_command_and_here_the_default_path(self, run: Command, checks: Pipeline) -> None:
        for arguments in ([], ["check"], ["."], ["check", "."]):
            assert run(*arguments).status == 0
            assert checks.paths == (".",)

    def test_a_path_may_be_named_like_a_command(self, run: Command, checks: Pipeline) -> None:
        run("check", "rule", "check")
        assert checks.paths == ("rule", "check")

    def test_a_path_may_look_like_an_option(self, run: Command, checks: Pipeline) -> None:
        run("--", "-q")
        assert checks.paths == ("-q",)

    def test_without_options_all_that_is_not_opt_in_is_asked_for(self, run: Command, checks: Pipeline) -> None:
        run()
        (options,) = checks.options
        assert (options.select, options.ignore) == (None, frozenset())
        assert options.min_confidence is Confidence.LIKELY

    @pytest.mark.parametrize(
        ("words", "some", "others"),
        [
            ("LG101", {"LG101"}, {"LG102", "LG105"}),
            ("softmax-one-unit,LG101", {"LG101", "LG105"}, {"LG102"}),
            ("lg10", {"LG101", "LG105"}, {"LG201"}),
            ("LG2", {"LG201", "LG202"}, {"LG101"}),
            ("ALL", {"LG101", "LG201", "LG301"}, set()),
        ],
    )
    def test_rules_are_named_by_code_name_or_prefix(
        self, run: Command, checks: Pipeline, words: str, some: set[str], others: set[str]
    ) -> None:
        assert run("--select", words, "--ignore", words).status == 0
        (options,) = checks.options
        for named in (options.select, options.ignore):
            assert named is not None
            assert some <= named
            assert not others & named

    def test_options_may_be_repeated(self, run: Command, checks: Pipeline) -> None:
        run("--select", "LG101", "--select", "LG105", "--min-confidence", "certain")
        (options,) = checks.options
        assert options.select == frozenset({"LG101", "LG105"})
        assert options.min_confidence is Confidence.CERTAIN

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--select", "sofmax-one-unit"], "--select: unknown rule 'sofmax-one-unit'; did you mean"),
            (["--ignore", "LG101,quux"], "--ignore: unknown rule 'quux'"),
            (["--select", ","], "--select names no rule"),
            (["--selct", "LG1"], "unrecognized arguments: --selct"),
            (["--output-format", "xml"], "argument --output-format: invalid choice: 'xml'"),
            (["-", "a.py"], "- (standard input) can't be checked together with other paths"),
            (["rule"], "the following arguments are required: NAME"),
            (["rule", "quux"], "unknown rule 'quux'"),
            (["explain", "softmax-one-units"], "did you mean 'softmax-one-unit'?"),
            (["rules", "--output-format", "yaml"], "invalid choice: 'yaml'"),
        ],
    )
    def test_bad_usage_is_one_line(self, run: Command, checks: Pipeline, arguments: list[str], said: str) -> None:
        result = run(*arguments)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("lossguard: error: ")
        assert said in result.err
        assert result.err.count("\n") == 1
        assert not checks.options

    def test_help(self, run: Command) -> None:
        for arguments in (["-h"], ["check", "--help"]):
            result = run(*arguments)
            assert result.status == 0
            assert "exit status: 0 nothing found, 1 findings, 2 the run itself failed" in result.out


class TestStandardInput:
    def given(self, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    def test_is_a_dash(self, run: Command, checks: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given(monkeypatch, "# coding: latin-1\nx = 'é'\n".encode("latin-1"))
        run("-")
        assert checks.text == ("# coding: latin-1\nx = 'é'\n", "<stdin>")

    def test_can_have_a_name(self, run: Command, checks: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given(monkeypatch, b"{}")
        run("-", "--stdin-filename", "a.ipynb")
        assert checks.text == ("{}", "a.ipynb")

    def test_that_is_no_text(self, run: Command, checks: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given(monkeypatch, b"x = '\xff'")
        assert run("-") == Run(2, "", "lossguard: error: <stdin> is not valid UTF-8: byte 0xff\n")
        assert not checks.options


class TestStreams:
    def test_text(self, run: Command, checks: Pipeline, matches: Matches) -> None:
        checks.answer = DIRTY
        result = run()
        assert result.err == ""
        matches(result.out, "cli-text.txt")

    def test_concise_has_findings_on_standard_output_and_the_closing_line_on_standard_error(
        self, run: Command, checks: Pipeline
    ) -> None:
        checks.answer = DIRTY
        result = run("--output-format", "concise")
        assert result.out == "a.py:1:15: LG505 unknown-loss Keras knows no loss '損失'\n"
        assert result.err == f"1 finding (1 error) in 1 file. {SUMMARY}\n"

    def test_json_has_an_array_and_nothing_else(self, run: Command, checks: Pipeline) -> None:
        assert run("--output-format", "json") == Run(0, "[]\n", "")
        checks.answer = DIRTY
        result = run("--output-format", "json")
        assert [found["code"] for found in json.loads(result.out)] == ["LG505"]
        assert result.err == ""

    @pytest.mark.parametrize("output_format", ["text", "concise"])
    def test_quiet_is_findings_only(self, run: Command, checks: Pipeline, output_format: str) -> None:
        arguments = ("--quiet", "--output-format", output_format)
        assert run(*arguments) == Run(0, "", "")
        checks.answer = DIRTY
        result = run(*arguments)
        assert "LG505" in result.out
        assert "Checked" not in result.out + result.err

    def test_verbose_says_what_was_given_up(self, run: Command, checks: Pipeline) -> None:
        checks.answer = CLEAN._replace(notes=("a.py: gave up after 1,000,000 steps",))
        assert run().err == ""
        assert run("-v").err == "a.py: gave up after 1,000,000 steps\n"

    def test_no_python_files_is_said(self, run: Command, checks: Pipeline) -> None:
        checks.answer = Checked((), 0, 0, 0, (), {}, ())
        assert run("docs") == Run(0, "", "lossguard: no Python files or notebooks to check in docs\n")

    def test_a_screen_that_cannot_show_a_character_gets_an_escape(
        self, checks: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checks.answer = DIRTY
        written = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
        assert main([]) == 1
        assert rb'loss="\u640d\u5931"' in written.getvalue()


class TestColours:
    @pytest.mark.parametrize(
        ("arguments", "environment", "coloured"),
        [
            ([], {}, False),
            ([], {"FORCE_COLOR": "1"}, True),
            ([], {"FORCE_COLOR": "0"}, False),
            ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
            (["--color", "always"], {"NO_COLOR": "1"}, True),
            (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ],
    )
    def test_the_flag_wins_then_no_color_then_force_color(
        self,
        run: Command,
        checks: Pipeline,
        monkeypatch: pytest.MonkeyPatch,
        arguments: list[str],
        environment: dict[str, str],
        coloured: bool,  # noqa: FBT001
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for checks.answer in (CLEAN, DIRTY):
            assert ("\x1b[" in run(*arguments).out) is coloured

    @pytest.mark.parametrize(("term", "coloured"), [("xterm", True), ("dumb", False)])
    def test_a_terminal_has_colours_unless_it_is_dumb(
        self,
        checks: Pipeline,
        monkeypatch: pytest.MonkeyPatch,
        term: str,
        coloured: bool,  # noqa: FBT001
    ) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        screen = Terminal()
        checks.answer = DIRTY
        monkeypatch.setenv("TERM", term)
        monkeypatch.setattr(sys, "stdout", screen)
        main([])
        assert ("\x1b[" in screen.getvalue()) is coloured

    def test_columns_says_how_wide_the_screen_is(
        self, run: Command, checks: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checks.answer = DIRTY._replace(diagnostics=(replace(FOUND, effect="word " * 40),))
        monkeypatch.setenv("COLUMNS", "60")
        prose = [line for line in run().out.splitlines() if "word" in line]
        assert max(map(len, prose)) <= 60
        assert len(prose) == 4


RULE = Rule("LG999", "made-up", Severity.WARNING, "a rule | for the tests", opt_in=True, ways=("loss", "labels"))
DOCUMENTATION = """Loss that is made up, with `code` in its summary.

## What it does
Reports what is made up. This sentence is long enough that it has to be wrapped by a reader's terminal of
eighty columns.

## What Keras does
- TensorFlow: prints ``a `quoted` warning`` and goes on, for as many epochs as it was told to train the model.
- JAX and PyTorch: nothing.

## Bad
    import keras

    model.compile(loss="made-up")

## Good
    model.compile(loss="mse")
"""


class TestRules:
    def test_a_page_in_a_terminal(self, matches: Matches) -> None:
        screen = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard", _environ={})
        render_page(RULE, DOCUMENTATION, screen)
        assert isinstance(screen.file, io.StringIO)
        matches(screen.file.getvalue(), "rule-page.txt")

    def test_a_page_in_a_pipe_is_markdown(self) -> None:
        assert page(RULE, DOCUMENTATION) == f"# made-up (LG999, warning, opt-in)\n\n{DOCUMENTATION}"

    def test_the_table_in_a_terminal(self, matches: Matches) -> None:
        screen = Console(file=io.StringIO(), width=60, _environ={})
        render_table([RULE, replace(RULE, code="LG998", name="other", severity=Severity.ERROR, opt_in=False)], screen)
        assert isinstance(screen.file, io.StringIO)
        matches(screen.file.getvalue(), "rules-table.txt")

    def test_the_table_in_markdown(self) -> None:
        assert as_markdown([RULE]).splitlines()[2] == (
            '| LG999 | <a id="made-up"></a>made-up | warning | a rule \\| for the tests (opt-in) | `loss` or `labels` |'
        )

    def test_the_table_in_json(self) -> None:
        (rule,) = json.loads(as_json([RULE]))
        assert list(rule) == ["code", "name", "severity", "summary", "opt_in", "ways", "url"]
        assert rule["opt_in"] is True

    def test_rules_are_explained_by_name_and_code(self, run: Command) -> None:
        result = run("rule", "softmax-from-logits", "lg105")
        assert result.status == 0
        assert re.findall("^# .*", result.out, re.MULTILINE) == [
            "# softmax-from-logits (LG101, warning)",
            "# softmax-one-unit (LG105, error)",
        ]
        assert run("explain", "softmax-from-logits", "lg105") == result
        assert "\x1b[" in run("rule", "LG101", "--color", "always").out

    def test_all_rules_are_listed_in_every_format(self, run: Command) -> None:
        from lossguard.rules import ALL

        for output_format in ("text", "json", "markdown"):
            result = run("rules", "--output-format", output_format)
            assert result.status == 0
            assert all(module.RULE.code in result.out and module.RULE.name in result.out for module in ALL)


class TestStartUp:
    def test_the_version_needs_nothing(self) -> None:
        for arguments in (["--version"], ["-V"]):
            assert not imported_by(*arguments) & {"argparse", "libcst", "rich", "json", "pathspec", "dataclasses"}

    def test_the_version(self, run: Command) -> None:
        assert run("--version") == Run(0, f"lossguard {lossguard.__version__}\n", "")
        assert run("check", "--version").out == f"lossguard {lossguard.__version__}\n"

    @pytest.mark.parametrize("output_format", ["json", "concise", "text"])
    def test_a_clean_run_never_imports_rich_or_libcst(self, tmp_path: Path, output_format: str) -> None:
        (tmp_path / "a.py").write_text("print('no models here')\n")
        imported = imported_by(str(tmp_path), "--output-format", output_format)
        assert "lossguard.check" in imported
        assert not imported & {"rich", "libcst", "pathspec"}

    def test_importing_the_package_imports_none_of_it(self) -> None:
        code = "import sys, lossguard; sys.stderr.write(' '.join(sys.modules)); lossguard.check_paths"
        result = in_new_process(code)
        assert result.returncode == 0
        assert not set(result.stderr.split()) & {"lossguard.check", "libcst", "rich", "keras"}

    def test_it_runs_as_a_module(self) -> None:
        result = in_new_process("import runpy; runpy.run_module('lossguard', run_name='__main__')", "--version")
        assert result.stdout == f"lossguard {lossguard.__version__}\n"

    def test_what_is_not_public_is_no_attribute(self) -> None:
        with pytest.raises(AttributeError, match="module 'lossguard' has no attribute 'nonsense'"):
            _ = lossguard.nonsense
