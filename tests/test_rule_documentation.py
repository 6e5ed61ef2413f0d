"""Every rule has the same shape: its module, its names, its documentation, its fixtures."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from subprocess import run

import pytest

from lossguard.facts import Target, TrainingSetup
from lossguard.rules import ALL, BY_CODE, BY_NAME, find, suggest
from lossguard.rules.documentation import SECTIONS, program, sections
from lossguard.rules.rule import RuleModule

FIXTURES = Path(__file__).parent.parent / "fixtures"
EXPECT = re.compile(r"# expect: (LG\d{3}(?:, LG\d{3})*)(?: when (.+))?$")

every_rule = pytest.mark.parametrize("module", ALL, ids=lambda module: module.RULE.name)
rules_with_fixtures = pytest.mark.parametrize(
    "module",
    [module for module in ALL if module.RULE.code not in {"LG901", "LG902"}],
    ids=lambda module: module.RULE.name,
)


def documentation(module: RuleModule) -> str:
    assert module.__doc__ is not None
    return module.__doc__


def test_codes_and_names_are_unique_and_in_order() -> None:
    codes = [module.RULE.code for module in ALL]
    assert codes == sorted(set(codes))
    assert len(BY_NAME) == len(ALL) == len(BY_CODE)


def test_every_rule_module_is_listed() -> None:
    folder = Path(sys.modules["lossguard.rules"].__file__ or "").parent
    modules = {path.stem for path in folder.glob("*.py")} - {
        "__init__",
        "afterwards",
        "documentation",
        "premises",
        "rule",
    }
    assert modules == {module.RULE.name.replace("-", "_") for module in ALL}


@every_rule
def test_code_name_and_summary(module: RuleModule) -> None:
    rule = module.RULE
    assert re.fullmatch(r"LG\d{3}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert not rule.summary.endswith(".")
    assert rule.summary[0].islower() or rule.summary[0] == "`"
    assert rule.code not in rule.supersedes
    assert set(rule.supersedes) <= set(BY_CODE)


@every_rule
def test_file_is_named_like_the_rule(module: RuleModule) -> None:
    assert getattr(module, "__name__", "") == f"lossguard.rules.{module.RULE.name.replace('-', '_')}"


@every_rule
def test_documentation_has_all_sections_in_order(module: RuleModule) -> None:
    found = sections(documentation(module))
    assert tuple(found) == ("", *SECTIONS)
    assert all(found.values())
    assert documentation(module).splitlines()[0].endswith(".")


@every_rule
def test_documentation_names_no_host(module: RuleModule) -> None:
    assert "://" not in documentation(module)


@every_rule
def test_examples_parse(module: RuleModule) -> None:
    found = sections(documentation(module))
    ast.parse(program(found["Good"]))
    if module.RULE.code == "LG901":
        with pytest.raises(SyntaxError):
            ast.parse(program(found["Bad"]))
    else:
        ast.parse(program(found["Bad"]))
    assert found["Bad"] != found["Good"]


@every_rule
def test_rule_is_silent_where_nothing_is_known(module: RuleModule) -> None:
    assert list(module.check(TrainingSetup(None, None, None, (), None), Target())) == []


@every_rule
def test_rule_imports_facts_only(module: RuleModule) -> None:
    source = Path(getattr(module, "__file__", "")).read_text(encoding="utf-8")
    allowed = ("__future__", "collections.abc", "lossguard.facts", "lossguard.findings", "lossguard.rules")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").startswith(allowed)
        assert not isinstance(node, ast.Import)


@rules_with_fixtures
def test_rule_has_more_good_fixtures_than_bad_ones(module: RuleModule) -> None:
    folder = FIXTURES / module.RULE.name
    bad, good = list(folder.glob("bad_*.py")), list(folder.glob("good_*.py"))
    assert bad
    assert len(good) > len(bad)


@rules_with_fixtures
def test_fixtures_say_what_is_expected(module: RuleModule) -> None:
    for path in sorted((FIXTURES / module.RULE.name).glob("*.py")):
        source = path.read_text(encoding="utf-8")
        ast.parse(source)
        marks = [line.partition("# expect")[1:] for line in source.splitlines() if "# expect" in line]
        expected = [EXPECT.search("".join(mark)) for mark in marks]
        assert all(expected), path
        codes = {code for match in expected if match for code in match[1].split(", ")}
        assert (module.RULE.code in codes) == path.stem.startswith("bad_"), path
        assert codes <= set(BY_CODE)


def test_rules_are_found_by_name_and_code() -> None:
    rule = find("softmax-from-logits")
    assert rule is not None
    assert rule is find("lg101")
    assert find("no-such-rule") is None


def test_close_names_are_suggested() -> None:
    assert suggest("softmax-with-logits")[0] == "softmax-from-logits"
    assert all(code.startswith("LG1") for code in suggest("LG1O1"))
    assert suggest("zzz") == ()


def test_importing_the_rules_is_cheap() -> None:
    code = "import sys, lossguard.rules; print(*{'libcst', 'rich', 'keras', 'numpy'} & set(sys.modules))"
    root = str(Path(__file__).parent.parent)
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == ""


def test_documentation_without_programs() -> None:
    assert sections("One line.\n\n## Bad\ntext\n") == {"": "One line.", "Bad": "text"}
    assert program("text\n\n    x = 1\n") == "x = 1\n"
