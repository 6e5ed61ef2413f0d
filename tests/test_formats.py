"""Each output format against what its readers demand, and where the output goes."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

import lossguard
from handmade import CLEAN, NOTEBOOK, ONE_UNIT, lay, notebook
from lossguard.check import Checked, Options, check_source
from lossguard.cli import main
from lossguard.cli.progress import line
from lossguard.cli.terminal import hyperlinks
from lossguard.findings import Confidence, Diagnostic, Edit, Fix, Place, Position, RelatedPlace, Severity
from lossguard.report import github, gitlab, jsonl, junit, markdown, renderer, sarif, statistics
from lossguard.report.fingerprint import fingerprints
from lossguard.report.words import summary, told
from lossguard.settings import FORMATS
from lossguard.sift import Hidden
from lossguard.source import from_text

Run = Callable[..., tuple[int, str, str]]
Matches = Callable[[str, str], None]

FIRST = Diagnostic(
    "LG101",
    "softmax-from-logits",
    Severity.WARNING,
    Confidence.CERTAIN,
    "50% of `x|y` <b> & \x1b[31m, is: wrong",
    Place("dir, a:b/größe %.py", Position(2, 5), Position(2, 9)),
    label="here",
    effect="It goes wrong.",
    remedy="Do it right.",
    related=(RelatedPlace(Place("models.py", Position(7, 1), Position(9, 2)), "made\nhere"),),
    when="n == 2",
    fix=Fix(
        safe=True,
        message="Set it",
        edits=(
            Edit(Place("models.py", Position(7, 1), Position(7, 1)), "é\n"),
            Edit(Place("a.py", Position(1, 1), Position(1, 2)), ""),
            Edit(Place("models.py", Position(8, 1), Position(8, 3)), "x"),
        ),
    ),
)
LONG = replace(FIRST, severity=Severity.ERROR, place=Place("a.py", Position(3, 1), Position(5, 2)), fix=None, when=None)
CELL = Diagnostic(
    "LG902",
    "unused-suppression",
    Severity.INFO,
    Confidence.LIKELY,
    "no use?",
    Place("b.ipynb", Position(1, 2), Position(1, 4), 3, 5),
)
MADE_UP = replace(CELL, code="LG999", name="made-up", place=Place("/abs/c.py", Position(1, 1), Position(1, 1)))
ALL = Checked((FIRST, LONG, CELL, MADE_UP), 9, 5, 7, ("nope: no such file",))
NONE = Checked((), 3, 2, 1)

# What lossguard writes of SARIF 2.1.0, each object closed: stricter than the standard's own schema, which also
# was tried. Names, types, enumerations and required keys are the standard's.
TEXT = {"type": "object", "properties": {"text": {"type": "string", "minLength": 1}}, "required": ["text"]}


def closed(required: str, optional: str = "", **properties: object) -> dict[str, object]:
    assert set(properties) == {*required.split(), *optional.split()}
    return {"type": "object", "properties": properties, "required": required.split(), "additionalProperties": False}


def many(items: object, least: int = 0) -> dict[str, object]:
    return {"type": "array", "items": items, "minItems": least}


COUNT = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
URI = {"type": "string", "pattern": r"^[A-Za-z0-9._~:/%-]+$"}
REGION = closed(
    "startLine startColumn endLine endColumn", startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT
)
ARTIFACT = closed("uri", "uriBaseId", uri=URI, uriBaseId={"const": "SRCROOT"})
LOCATION = closed(
    "physicalLocation",
    "id message logicalLocations",
    physicalLocation=closed("artifactLocation region", artifactLocation=ARTIFACT, region=REGION),
    id=COUNT,
    message=TEXT,
    logicalLocations=many(closed("name kind", name={"type": "string"}, kind={"const": "module"})),
)
REPLACEMENT = closed("deletedRegion insertedContent", deletedRegion=REGION, insertedContent={"type": "object"})
CHANGE = closed("artifactLocation replacements", artifactLocation=ARTIFACT, replacements=many(REPLACEMENT, 1))
RESULT = closed(
    "ruleId level message locations relatedLocations partialFingerprints properties",
    "ruleIndex fixes",
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=TEXT,
    locations=many(LOCATION, 1),
    relatedLocations=many(LOCATION),
    fixes=many(closed("description artifactChanges", description=TEXT, artifactChanges=many(CHANGE, 1))),
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    properties={"type": "object"},
)
RULE = closed(
    "id name shortDescription fullDescription help helpUri defaultConfiguration properties",
    id={"type": "string"},
    name={"type": "string"},
    shortDescription=TEXT,
    fullDescription=TEXT,
    help=TEXT,
    helpUri={"type": "string", "format": "uri"},
    defaultConfiguration=closed("level enabled", level=LEVEL, enabled={"type": "boolean"}),
    properties={"type": "object"},
)
RUN = closed(
    "tool columnKind originalUriBaseIds invocations results",
    tool={"type": "object"},
    columnKind={"const": "unicodeCodePoints"},
    originalUriBaseIds={"type": "object"},
    invocations=many({"type": "object", "required": ["executionSuccessful"]}, 1),
    results=many(RESULT),
)
SARIF = closed("schema version runs", schema=URI, version={"const": "2.1.0"}, runs=many(RUN, 1))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


class TestSarif:
    def made(self, checked: Checked) -> Any:  # noqa: ANN401
        document = json.loads(sarif.render(checked))
        jsonschema.validate({key.lstrip("$"): value for key, value in document.items()}, SARIF)
        (run,) = document["runs"]
        jsonschema.validate(run["tool"]["driver"]["rules"], many(RULE))
        return run

    def test_its_shape(self, matches: Matches) -> None:
        run = self.made(ALL)
        driver = run["tool"]["driver"]
        assert [rule["id"] for rule in driver.pop("rules")] == ["LG101", "LG902"]
        assert driver.pop("version") == driver.pop("semanticVersion") == lossguard.__version__
        matches(json.dumps(run, indent=2, ensure_ascii=False) + "\n", "sarif.json")

    def test_nothing_found(self) -> None:
        run = self.made(NONE)
        assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
        assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]

    def test_rules_are_those_of_the_results(self) -> None:
        run = self.made(ALL)
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"][:3]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert "ruleIndex" not in run["results"][3]
        assert all("## What Keras does" in rule["help"]["markdown"] for rule in rules)

    def test_a_fix_is_one_change_for_each_file(self) -> None:
        (fix,) = self.made(ALL)["results"][0]["fixes"]
        changes = {one["artifactLocation"]["uri"]: len(one["replacements"]) for one in fix["artifactChanges"]}
        assert changes == {"models.py": 2, "a.py": 1}

    def test_uris(self) -> None:
        places = [one["locations"][0]["physicalLocation"] for one in self.made(ALL)["results"]]
        assert places[0]["artifactLocation"]["uri"] == "dir%2C%20a%3Ab/gr%C3%B6%C3%9Fe%20%25.py"
        assert places[3]["artifactLocation"] == {"uri": "file:///abs/c.py"}


class TestFingerprints:
    def of(self, text: str) -> list[str]:
        return fingerprints(check_source(text, "a.py"))

    def test_lines_do_not_matter_and_no_two_are_equal(self) -> None:
        (one,) = self.of(ONE_UNIT)
        assert self.of("\n\nimport os\n" + ONE_UNIT) == [one]
        twice = self.of(ONE_UNIT + ONE_UNIT)
        assert twice[0] == one != twice[1]
        assert self.of(ONE_UNIT.replace("Dense(1,", "Dense(1 ,")) != [one]


class TestGithub:
    COMMAND = re.compile(r"^::(?P<name>\w+) (?P<properties>[^:]*)::(?P<data>.*)$")

    def parsed(self, checked: Checked) -> list[tuple[str, dict[str, str], str]]:
        """As the runner reads workflow commands: properties at commas, then escapes."""
        found = []
        for text in github.render(checked).splitlines():
            match = self.COMMAND.match(text)
            assert match is not None, text
            pairs = (one.split("=", 1) for one in match["properties"].split(","))
            properties = {key: self.unescaped(value) for key, value in pairs}
            found.append((match["name"], properties, self.unescaped(match["data"])))
        return found

    def unescaped(self, text: str) -> str:
        for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            text = text.replace(escape, character)
        return text

    def test_annotations_as_the_runner_reads_them(self) -> None:
        first, long, cell, _ = self.parsed(ALL)
        assert first[:2] == (
            "warning",
            {
                "title": "LG101 softmax-from-logits",
                "file": "dir, a:b/größe %.py",
                "line": "2",
                "endLine": "2",
                "col": "5",
                "endColumn": "9",
            },
        )
        assert first[2] == (
            "50% of `x|y` <b> & \\x1b[31m, is: wrong (when n == 2). It goes wrong. Do it right.\n"
            "models.py:7:1: made\\nhere"
        )
        assert (long[0], set(long[1])) == ("error", {"title", "file", "line", "endLine"})
        assert (cell[0], set(cell[1]), cell[2]) == ("notice", {"title", "file"}, "cell 3, line 1:\nNo use?")

    def test_in_actions_text_annotations_and_job_summary(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        lay(Path(), a_py=ONE_UNIT)
        summary_file = Path("summary.md")
        summary_file.write_text("before\n")
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary_file))
        status, out, _ = run(".")
        assert status == 1
        assert "error[LG105] softmax-one-unit" in out
        assert re.search(r"^::error title=LG105 softmax-one-unit,file=a.py,line=3", out, re.MULTILINE)
        assert summary_file.read_text().startswith("before\n### lossguard\n")
        assert "| a.py:3:" in summary_file.read_text()

    def test_another_format_stays_what_it_is(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        lay(Path(), a_py=ONE_UNIT)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        assert "::error" not in run("--output-format", "text")[1]
        json.loads(run("--output-format", "json")[1])

    def test_a_summary_that_cannot_be_written_is_no_failure(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        lay(Path(), a_py=CLEAN)
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", "nope/summary.md")
        status, _, err = run("--output-format", "github")
        assert (status, err) == (0, "lossguard: no job summary: No such file or directory\n")


class TestGitlab:
    def test_its_shape(self) -> None:
        position = closed("line column", line=COUNT, column=COUNT)
        location = closed(
            "path positions", path={"type": "string"}, positions=closed("begin end", begin=position, end=position)
        )
        issue = closed(
            "type check_name description severity fingerprint location",
            type={"const": "issue"},
            check_name={"type": "string"},
            description={"type": "string", "minLength": 1},
            severity={"enum": ["info", "minor", "major", "critical", "blocker"]},
            fingerprint={"type": "string", "minLength": 32},
            location=location,
        )
        found = json.loads(gitlab.render(ALL))
        jsonschema.validate(found, many(issue))
        assert [one["severity"] for one in found] == ["major", "critical", "info", "info"]
        assert len({one["fingerprint"] for one in found}) == len(found)
        assert found[2]["description"] == "LG902: No use? (cell 3)"
        assert json.loads(gitlab.render(NONE)) == []


class TestJunit:
    def test_counts_and_texts(self) -> None:
        suites = ET.fromstring(junit.render(ALL))  # noqa: S314
        assert suites.attrib == {"name": "lossguard", "tests": "5", "failures": "4", "errors": "1"}
        for suite in suites:
            cases = suite.findall("testcase")
            failures, errors = suite.findall("testcase/failure"), suite.findall("testcase/error")
            expected = [str(len(one)) for one in (cases, failures, errors)]
            assert [suite.get(key) for key in ("tests", "failures", "errors")] == expected
        failure = suites[0][0][0]
        assert (failure.get("type"), failure.get("message")) == ("warning", "50% of `x|y` <b> & \\x1b[31m, is: wrong")
        assert failure.text is not None
        assert failure.text.endswith("models.py:7:1: made\\nhere")

    def test_nothing_found_is_a_case_that_passes(self) -> None:
        suites = ET.fromstring(junit.render(NONE))  # noqa: S314
        assert suites.attrib == {"name": "lossguard", "tests": "1", "failures": "0", "errors": "0"}
        assert len(suites.findall("testsuite/testcase")) == 1

    def test_problems_alone_are_errors(self) -> None:
        suites = ET.fromstring(junit.render(NONE._replace(problems=("nope",))))  # noqa: S314
        assert (suites.get("tests"), suites.get("errors")) == ("1", "1")


class TestOthers:
    def test_markdown(self, matches: Matches) -> None:
        matches(markdown.render(ALL), "table.md")
        assert markdown.render(NONE).splitlines() == ["### lossguard", "", summary(NONE)]

    def test_jsonl_is_the_contract_line_by_line(self) -> None:
        lines = jsonl.render(ALL).splitlines()
        assert [json.loads(one) for one in lines] == json.loads(renderer("json")(ALL))
        assert jsonl.render(NONE) == ""

    def test_a_version_of_json_can_be_asked_for(self) -> None:
        assert renderer("json-v1")(ALL) == renderer("json")(ALL)

    def test_statistics(self) -> None:
        assert statistics.as_text(ALL).splitlines() == [
            "1  LG101  softmax-from-logits  error",
            "1  LG101  softmax-from-logits  warning",
            "1  LG902  unused-suppression   info",
            "1  LG999  made-up              info",
        ]
        assert json.loads(statistics.as_json(ALL))[2] == {
            "count": 1,
            "code": "LG902",
            "name": "unused-suppression",
            "severity": "info",
        }
        assert statistics.as_text(NONE) == ""

    @pytest.mark.parametrize("name", [name for name in FORMATS if name != "text"])
    def test_all_formats_write_all_findings_and_survive_ascii(self, name: str) -> None:
        rendered = renderer(name)(ALL)
        for code in ("LG101", "LG902", "LG999"):
            assert code in rendered
        assert "\x1b" not in rendered

    def test_sentences(self) -> None:
        assert told(CELL) == "No use?"
        assert (
            told(replace(CELL, message="it is wrong", effect="A.", remedy="B.", when="x"))
            == "It is wrong (when x). A. B."
        )

    def test_the_closing_line_says_what_is_hidden(self) -> None:
        hidden = Hidden(suppressed=1, baseline=1200, below=3, unchanged=4)
        assert summary(NONE._replace(hidden=hidden)).endswith(
            " Hidden: 1 suppressed, 1,200 in the baseline, 3 below the thresholds, 4 outside of the change."
        )
        assert hidden.total == 1208


class TestDestinations:
    @pytest.mark.parametrize("name", FORMATS)
    def test_a_file(self, run: Run, name: str) -> None:
        lay(Path(), a_py=ONE_UNIT)
        status, out, err = run("--output-file", "out/report", "--output-format", name, "--color", "always")
        assert (status, out) == (1, "")
        assert err.startswith("1 finding (1 error) in 1 file.")
        assert "softmax-one-unit" in Path("out/report").read_text()
        assert "\x1b" not in Path("out/report").read_text()
        assert run("--output-file", "out/report", "--output-format", name, "-q")[2] == ""

    def test_a_file_that_cannot_be_written(self, run: Run) -> None:
        lay(Path(), a_py=ONE_UNIT)
        status, _, err = run("--output-file", ".")
        assert (status, err) == (2, "lossguard: error: --output-file .: Is a directory\n")

    def test_statistics(self, run: Run) -> None:
        lay(Path(), a_py=ONE_UNIT)
        assert run("--statistics")[1].startswith("1  LG105  softmax-one-unit  error\n1 finding (1 error)")
        assert json.loads(run("--statistics", "--output-format", "json")[1])[0]["count"] == 1
        assert run("--statistics", "--output-format", "sarif")[0] == 2
        assert run("--statistics", "-q")[1] == "1  LG105  softmax-one-unit  error\n"

    def test_both_numbers_of_a_cell_are_in_json(self, run: Run) -> None:
        lay(Path(), b_ipynb=notebook(*NOTEBOOK))
        (found,) = json.loads(run("--output-format", "json")[1])
        assert (found["cell"], found["cell_index"]) == (2, 3)
        assert "b.ipynb:cell 2:1:" in run(".")[1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestTerminal:
    @pytest.mark.parametrize(
        ("environment", "linked"),
        [
            ({}, False),
            ({"TERM_PROGRAM": "vscode"}, True),
            ({"TERM": "xterm-kitty"}, True),
            ({"VTE_VERSION": "6003"}, True),
            ({"VTE_VERSION": "4000"}, False),
            ({"WT_SESSION": "1"}, True),
            ({"TERM_PROGRAM": "vscode", "CI": "1"}, False),
            ({"TERM_PROGRAM": "vscode", "FORCE_HYPERLINK": "0"}, False),
            ({"TERM_PROGRAM": "vscode", "NO_COLOR": "1"}, False),
            ({"FORCE_HYPERLINK": "1"}, True),
        ],
    )
    def test_rule_names_are_links_where_the_terminal_shows_them(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        environment: dict[str, str],
        linked: bool,  # noqa: FBT001
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        screen = Terminal()
        monkeypatch.setattr(sys, "stdout", screen)
        assert hyperlinks("auto") is linked
        lay(tmp_path, a_py=ONE_UNIT)
        main([str(tmp_path)])
        link = re.search("\x1b]8;[^;]*;([^\x1b]*)\x1b\\\\([^\x1b]*)\x1b", screen.getvalue())
        assert (link is not None) is linked
        if link is not None:
            assert link[1].endswith("#softmax-one-unit")

    def test_no_links_in_a_pipe(self) -> None:
        assert not hyperlinks("always")

    def test_a_bar_after_a_second_and_gone_at_the_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lay(tmp_path, **{f"a{number}_py": CLEAN for number in range(5)})
        screen = Terminal()
        monkeypatch.setattr(sys, "stderr", screen)
        main([str(tmp_path)])
        assert screen.getvalue() == ""
        clock = iter(range(100))
        monkeypatch.setattr("lossguard.cli.progress.time.monotonic", lambda: float(next(clock)))
        main([str(tmp_path)])
        assert screen.getvalue().startswith(line(1, 5))
        assert screen.getvalue().endswith(line(5, 5) + "\r\x1b[K")
        written = screen.getvalue()
        main([str(tmp_path), "-q"])
        assert screen.getvalue() == written

    def test_the_bar(self) -> None:
        assert line(500, 1000) == "\r\x1b[K[###############...............] 500 of 1,000 files"
        assert line(0, 0).endswith("0 of 0 files")


def test_places_that_the_text_no_longer_has_have_no_code() -> None:
    source = from_text("x = 1\n", "a.py")
    assert source is not None
    assert source.stretch(Place("a.py", Position(9, 1), Position(9, 4))) == ""
    assert source.stretch(Place("a.py", Position(1, 3), Position(9, 4))) == "= 1"
    assert check_source("x = 1", options=Options()).files == 1
