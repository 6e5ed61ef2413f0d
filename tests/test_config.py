"""Configuration: where it is found, what it may say, and what is said of mistakes in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

import lossguard
from handmade import MODELS, ONE_UNIT, TRAIN, lay
from lossguard import config, dependencies
from lossguard.check import Options, check_paths
from lossguard.cli import main
from lossguard.config import Configs, Misconfigured, allows, configured
from lossguard.dependencies import Declared, declared, understood
from lossguard.facts import Target
from lossguard.findings import Confidence, Severity
from lossguard.settings import KEYS, Config, schema

Run = Callable[..., tuple[int, str, str]]

EVERYTHING = """\
select = ["LG1"]
extend-select = ["regression-loss-on-classes"]
ignore = ["LG103", "softmax-one-unit"]
per-file-ignores = { "tests/" = ["ALL"] }
exclude = ["gen/"]
force-exclude = true
min-severity = "warning"
min-confidence = "certain"
fixable = ["LG101"]
prefer = ["labels", "loss"]
output-format = "concise"
roots = ["lib"]
keras-version = "3.5"
backend = ["jax", "torch"]
baseline = "known.json"
cache-dir = "kept"
required-version = ">=0.1,<9"
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


RAW_ACCURACY = """
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
"""


def codes(*paths: str) -> list[str]:
    return [found.code for found in check_paths(paths or (".",), options=configured()).diagnostics]


class TestReading:
    def test_every_key(self, tmp_path: Path) -> None:
        lay(tmp_path, lossguard_toml=EVERYTHING)
        options = configured()(tmp_path / "a.py")
        assert options.select is not None
        assert {"LG101", "LG110"} <= options.select
        assert not {"LG201", "LG901"} & options.select
        assert options.ignore == frozenset({"LG103", "LG105"})
        ((pattern, ignored),) = options.per_file_ignores
        assert (pattern, len(ignored) > 30) == ("tests/", True)
        assert options.exclude == ("gen/",)
        assert options.force_exclude
        assert (options.min_severity, options.min_confidence) == (Severity.WARNING, Confidence.CERTAIN)
        assert options.fixable == frozenset({"LG101"})
        assert options.prefer == ("labels", "loss")
        assert options.roots == (tmp_path / "lib",)
        assert options.target == Target(frozenset({"jax", "torch"}), frozenset({3}), (5, 5))
        assert options.root == tmp_path

    @pytest.mark.parametrize(
        ("version", "keras", "minors"), [("3", 3, (None, None)), ("3.3.3", 3, (3, 3)), ("2.15", 2, (None, None))]
    )
    def test_a_version_of_keras(
        self, tmp_path: Path, version: str, keras: int, minors: tuple[int | None, int | None]
    ) -> None:
        lay(tmp_path, lossguard_toml=f"keras-version = '{version}'")
        options = configured()(tmp_path / "a.py")
        assert (options.keras, options.minors) == (frozenset({keras}), minors)

    def test_every_key_is_tried_above(self) -> None:
        assert set(re.findall(r"^[a-z-]+", EVERYTHING, re.MULTILINE)) == {key.name for key in KEYS.values()}

    def test_nothing_said_is_the_default(self, tmp_path: Path) -> None:
        lay(tmp_path, lossguard_toml="")
        assert configured()(tmp_path / "a.py") == Options(root=tmp_path)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('selct = ["LG1"]', "unknown key 'selct'; did you mean 'select'?"),
            ("min_severity = 'error'", "unknown key 'min_severity'; did you mean 'min-severity'?"),
            ("x = 1", "unknown key 'x'; known are select, extend-select, ignore"),
            ('select = "LG1"', "select must be a list of rules, not a string"),
            ("select = [1]", "select must list strings"),
            (
                'ignore = ["sofmax-one-unit"]',
                "ignore: unknown rule 'sofmax-one-unit'; did you mean 'softmax-one-unit'?",
            ),
            ('per-file-ignores = ["LG1"]', "must be a table of patterns, each with a list of rules, not a list"),
            (
                'per-file-ignores = { "a" = "LG1" }',
                "must be a table of patterns, each with a list of rules, not a table",
            ),
            ('per-file-ignores = { "a" = ["quux"] }', "per-file-ignores: unknown rule 'quux'"),
            ("exclude = [1]", "exclude must be a list of strings"),
            ("force-exclude = 1", "force-exclude must be true or false, not a number"),
            ("min-severity = 'eror'", "min-severity can't be 'eror'; did you mean 'error'?"),
            ("min-confidence = 'x'", "min-confidence can't be 'x'; it is likely or certain"),
            ("min-confidence = 1979-05-27", "min-confidence must be a string, not a date"),
            ("output-format = 'jsn'", "did you mean 'json'?"),
            ("keras-version = 3", "keras-version must be a string such as '3' or '2.15', not a number"),
            ("keras-version = '1'", "keras-version must be a string such as '3' or '2.15'"),
            ("backend = 'theano'", "backend can't be 'theano'"),
            ("backend = [1]", "backend can't be 1"),
            ("baseline = true", "baseline must be a string, not true or false"),
            ("required-version = 'new'", "required-version is no version specifier: 'new'"),
            ("required-version = '>=99'", f"requires lossguard >=99, this is {lossguard.__version__}"),
            ("select = [", "is not valid TOML"),
            ("\xff", "is not valid TOML"),
        ],
    )
    @pytest.mark.parametrize("name", ["lossguard.toml", "pyproject.toml"])
    def test_mistakes_end_the_run_with_file_and_key(self, run: Run, name: str, text: str, said: str) -> None:
        section = "[tool.lossguard]\n" if name == "pyproject.toml" else ""
        Path(name).write_bytes((section + text).encode("latin-1"))
        status, out, err = run(".")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"lossguard: error: {Path.cwd() / name}: ")
        assert said in err

    def test_a_section_that_is_no_table(self, run: Run) -> None:
        Path("pyproject.toml").write_text("[tool]\nlossguard = 1\n")
        status, _, err = run(".")
        assert status == 2
        assert "tool.lossguard must be a table" in err

    @pytest.mark.parametrize(
        ("specifier", "allowed"),
        [
            ("1.2.3", True), ("==1.2.3", True), ("1.2", False), (">=1.2", True), (">1.2.3", False), (">1.2", True),
            ("<1.2.4,>=1", True), ("<=1.2", False), ("!=1.2.3", False), ("~=1.2", True), ("~=1.2.0", True),
            ("~=1.1.0", False), (" >= 1.2 , < 2 ", True), ("<=1.2.3", True),
        ],
    )  # fmt: skip
    def test_version_specifiers(self, specifier: str, allowed: bool) -> None:  # noqa: FBT001
        assert allows(specifier, "1.2.3") is allowed


class TestNearest:
    def test_the_nearest_file_wins_for_each_checked_file(self, run: Run) -> None:
        lay(
            Path(),
            pyproject_toml='[tool.lossguard]\nignore = ["softmax-one-unit"]\n',
            a_py=ONE_UNIT,
            sub__deep__b_py=ONE_UNIT,
            sub__lossguard_toml="ignore = []\n",
        )
        assert run("--output-format", "concise")[1].startswith("sub/deep/b.py:")
        assert codes("a.py") == []
        assert codes("sub") == ["LG105"]

    def test_a_project_without_a_section_does_not_hide_the_one_above(self, tmp_path: Path) -> None:
        lay(
            tmp_path,
            lossguard_toml='ignore = ["LG105"]\n',
            sub__pyproject_toml='[project]\nname = "lossguard-user"\n',
            sub__a_py=ONE_UNIT,
        )
        assert codes(str(tmp_path)) == []

    def test_in_one_folder_its_own_file_wins(self, tmp_path: Path) -> None:
        lay(tmp_path, lossguard_toml='select = ["LG1"]\n', pyproject_toml='[tool.lossguard]\nselect = ["LG2"]\n')
        (tmp_path / ".lossguard.toml").write_text('select = ["LG3"]\n')
        found = Configs(Config()).of(tmp_path)
        assert found.select is not None
        assert (found.select[0][:3], found.file) == ("LG1", tmp_path / "lossguard.toml")

    def test_the_project_of_others_is_not_read_where_it_does_not_mention_lossguard(self, tmp_path: Path) -> None:
        lay(tmp_path, pyproject_toml="this is [not TOML\n", a_py=ONE_UNIT)
        assert codes(str(tmp_path)) == ["LG105"]

    def test_config_and_isolated(self, run: Run) -> None:
        lay(Path(), lossguard_toml='ignore = ["LG105"]\n', other_toml='select = ["LG2"]\n', a_py=ONE_UNIT)
        assert run("-q", "--output-format", "concise") == (0, "", "")
        assert run("-q", "--config", "other.toml", "--output-format", "concise")[0] == 0
        assert run("-q", "--isolated", "--output-format", "concise")[0] == 1

    def test_a_config_that_is_not_there_or_has_nothing(self, run: Run) -> None:
        Path("pyproject.toml").write_text("[project]\n")
        assert "nope.toml: cannot be read: No such file" in run("--config", "nope.toml")[2]
        assert "has no table [tool.lossguard]" in run("--config", "pyproject.toml")[2]


class TestLayers:
    def test_the_command_line_wins_and_what_is_ignored_adds_up(self) -> None:
        file = Config(select=("LG101",), ignore=("LG105",), exclude=("a",), min_severity="error")
        over = Config(ignore=("LG103",), exclude=("b",), min_severity="info")
        found = file.apply(over)
        assert (found.select, found.ignore, found.exclude) == (("LG101",), ("LG105", "LG103"), ("a", "b"))
        assert found.min_severity == "info"

    def test_selecting_on_the_command_line_starts_anew(self) -> None:
        file = Config(select=("LG101",), ignore=("LG105",), extend_select=("LG110",))
        found = file.apply(Config(select=("LG105",)))
        assert (found.select, found.ignore, found.extend_select) == (("LG105",), None, None)

    def test_extending_the_default_keeps_it(self, tmp_path: Path) -> None:
        lay(tmp_path, lossguard_toml='extend-select = ["LG110"]\n')
        selected = configured()(tmp_path / "a.py").select
        assert selected is not None
        assert {"LG101", "LG110"} <= selected

    @pytest.mark.parametrize(
        ("arguments", "environment", "first"),
        [
            ([], None, "["),
            ([], "concise", "a.py:3:"),
            (["--output-format", "markdown"], "concise", "### lossguard"),
        ],
    )
    def test_the_format_from_flag_environment_file(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: str | None, first: str
    ) -> None:
        lay(Path(), lossguard_toml='output-format = "json"\n', a_py=ONE_UNIT)
        if environment:
            monkeypatch.setenv("LOSSGUARD_OUTPUT_FORMAT", environment)
        assert run(*arguments)[1].startswith(first)

    def test_a_format_that_the_environment_gets_wrong(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOSSGUARD_OUTPUT_FORMAT", "xml")
        status, out, err = run(".")
        assert (status, out) == (2, "")
        assert "LOSSGUARD_OUTPUT_FORMAT can't be 'xml'" in err


class TestFiles:
    def test_exclude_is_about_the_project_not_the_folders_above(self, tmp_path: Path) -> None:
        root = tmp_path / "gen" / "project"
        lay(
            root,
            lossguard_toml='exclude = ["gen/", "old_*.py"]\n',
            a_py=ONE_UNIT,
            gen__b_py=ONE_UNIT,
            old_c_py=ONE_UNIT,
        )
        assert codes(str(root)) == ["LG105"]

    def test_given_files_are_checked_unless_exclusion_is_forced(self, run: Run) -> None:
        lay(Path(), lossguard_toml='exclude = ["gen"]\n', gen__b_py=ONE_UNIT, build__c_py=ONE_UNIT)
        assert codes("gen/b.py", "gen") == ["LG105"]
        assert run("--force-exclude", "gen/b.py", "gen", "build/c.py") == (
            0,
            "",
            "lossguard: no Python files or notebooks to check in gen/b.py gen build/c.py\n",
        )

    def test_exclusion_by_the_command_line(self, run: Run) -> None:
        lay(Path(), a_py=ONE_UNIT, gen__b_py=ONE_UNIT)
        assert run("--show-files", "--exclude", "gen,x")[1] == "a.py\n"

    def test_show_files_says_what_is_missing(self, run: Run) -> None:
        assert run("--show-files", "nope") == (2, "", "lossguard: error: nope: no such file or folder\n")

    def test_per_file_ignores(self, tmp_path: Path) -> None:
        lay(
            tmp_path,
            lossguard_toml='per-file-ignores = { "tests/" = ["LG105"], "*.ipynb" = ["ALL"] }\n',
            a_py=ONE_UNIT,
            tests__a_py=ONE_UNIT,
        )
        found = check_paths([str(tmp_path)], options=configured()).diagnostics
        assert [Path(one.place.filename).relative_to(tmp_path).as_posix() for one in found] == ["a.py"]

    def test_per_file_ignores_of_an_imported_file(self, tmp_path: Path) -> None:
        helper = ONE_UNIT.replace("model = ", "def build():\n    model = ").replace("\nmodel.c", "\n    model.c")
        lay(tmp_path, helper_py=helper, main_py="import keras\nfrom helper import build\nbuild().fit(x, y)\n")
        found = check_paths([str(tmp_path / "main.py")]).diagnostics
        assert [Path(one.place.filename).name for one in found] == ["helper.py"]
        lay(tmp_path, lossguard_toml='per-file-ignores = { "helper.py" = ["LG105"] }\n')
        assert check_paths([str(tmp_path / "main.py")], options=configured()).diagnostics == ()

    def test_standard_input_under_an_excluded_name(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        import io
        import sys

        lay(Path(), lossguard_toml='exclude = ["gen/"]\nforce-exclude = true\n')
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ONE_UNIT.encode())))
        assert run("-", "--stdin-filename", "gen/a.py", "-q", "--output-format", "concise") == (0, "", "")


class TestThresholds:
    def test_what_is_hidden_is_counted(self, run: Run) -> None:
        lay(Path(), a_py=ONE_UNIT, train_py=TRAIN, models_py=MODELS)
        status, out, _ = run("--min-severity", "error")
        assert status == 1
        assert "Hidden: 1 below the thresholds." in out.splitlines()[-1]

    def test_confidence(self) -> None:
        broken = "import keras\n" + ONE_UNIT + "def f(:\n"
        found = lossguard.check_source(broken, options=Options(ignore=frozenset({"LG901"})))
        assert [one.confidence for one in found.diagnostics] == [Confidence.LIKELY]
        hidden = lossguard.check_source(
            broken, options=Options(ignore=frozenset({"LG901"}), min_confidence=Confidence.CERTAIN)
        )
        assert (hidden.diagnostics, hidden.hidden.below) == ((), 1)


class TestShown:
    def test_settings(self, run: Run) -> None:
        lay(Path(), sub__lossguard_toml=EVERYTHING)
        status, out, _ = run("--show-settings", "sub", "--min-severity", "error")
        assert status == 0
        assert out.splitlines()[0] == f"# sub: from {Path.cwd() / 'sub' / 'lossguard.toml'}"
        assert 'per-file-ignores = { "tests/" = ["ALL"] }' in out
        Path("again.toml").write_text(out)
        again = config.asked_for(Path("again.toml"))
        assert (again.min_severity, again.ignore, again.backend) == ("error", ("LG103", "LG105"), ("jax", "torch"))

    def test_settings_without_a_file(self, run: Run) -> None:
        out = run("--show-settings", "--isolated")[1]
        assert out.startswith("# .: no configuration file\n# select: not set\n")

    def test_the_keys(self, run: Run) -> None:
        out = run("config")[1]
        assert all(f"{key.name}: {key.kind.value}" in out and key.help in out for key in KEYS.values())


class TestSchema:
    def test_it_is_shipped_as_it_is_made(self, run: Run) -> None:
        shipped = (files("lossguard") / "lossguard.schema.json").read_text(encoding="utf-8")
        assert shipped == run("config", "--schema")[1], (
            "run `lossguard config --schema > lossguard/lossguard.schema.json`"
        )

    def test_it_takes_what_the_reader_takes(self) -> None:
        document = json.loads((files("lossguard") / "lossguard.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft7Validator.check_schema(document)
        jsonschema.validate(config.toml(EVERYTHING.encode(), Path("x")), document)
        wrongs: list[dict[str, object]] = [{"selct": []}, {"select": "LG1"}, {"select": ["quux"]}]
        wrongs += [{"backend": "theano"}, {"min-severity": 1}]
        for wrong in wrongs:
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(wrong, document)

    def test_every_key_is_described(self) -> None:
        properties = schema({})["properties"]
        assert isinstance(properties, dict)
        assert all(shape["description"] for shape in properties.values())


class TestDependencies:
    @pytest.mark.parametrize(
        ("bounds", "said"),
        [
            ({}, None),
            ({"numpy": ">=1"}, None),
            ({"tensorflow": ""}, Declared(frozenset({"tensorflow"}), None)),
            ({"tensorflow-cpu": ">=2.16"}, Declared(frozenset({"tensorflow"}), frozenset({3}))),
            ({"tensorflow": "==2.15.0"}, Declared(frozenset({"tensorflow"}), frozenset({2}))),
            ({"tensorflow": ">=2.10,<2.16"}, Declared(frozenset({"tensorflow"}), None)),
            ({"tensorflow": ">=2.16", "tf-keras": ""}, Declared(frozenset({"tensorflow"}), frozenset({2}))),
            ({"keras": ">=3"}, Declared(None, frozenset({3}), (0, None))),
            ({"keras": ">=3.1,<3.5"}, Declared(None, frozenset({3}), (1, 4))),
            ({"keras": "==3.3.3"}, Declared(None, frozenset({3}), (3, 3))),
            ({"keras": "<3.4"}, Declared(None, None, (None, 3))),
            ({"keras": "<=3"}, Declared(None, None, (None, 0))),
            ({"keras": "<3"}, Declared(None, frozenset({2}))),
            ({"keras": ">=2.4,<4"}, Declared(None, None)),
            ({"keras": "^3.0", "jax": ""}, Declared(frozenset({"jax"}), frozenset({3}), (0, None))),
            ({"keras": "", "jax": "", "torch": ""}, Declared(None, None)),
            ({"tf-keras": "", "keras": ""}, Declared(None, None)),
        ],
    )
    def test_what_they_say(self, bounds: dict[str, str], said: Declared | None) -> None:
        assert understood(bounds) == said

    @pytest.mark.parametrize(
        ("file", "oldest"),
        [
            (
                {"pyproject_toml": '[project]\ndependencies = ["six", "keras>=3; python_version>\'3\'", "jax[cpu]"]\n'},
                0,
            ),
            ({"pyproject_toml": '[tool.poetry.dependencies]\nkeras = {version = "^3.4", extras = []}\njax = "*"\n'}, 4),
            ({"setup_cfg": "[options]\ninstall_requires =\n    Keras >= 3.1\n    jax\n"}, 1),
            ({"requirements_txt": "# what it needs\n-r other.txt\nkeras ~= 3.2\njax==0.4.30  # pinned\n"}, 2),
        ],
    )
    def test_where_they_are_read(self, tmp_path: Path, file: dict[str, str], oldest: int) -> None:
        lay(tmp_path, **file)
        assert declared(tmp_path / "pkg" / "a.py") == Declared(frozenset({"jax"}), frozenset({3}), (oldest, None))

    @pytest.mark.parametrize(
        ("requirement", "threshold"), [("keras>=3.5", "0.0"), ("keras>=3", "1e-7"), ("keras", "0.0"), ("", "0.0")]
    )
    def test_the_fix_fits_the_version(self, tmp_path: Path, requirement: str, threshold: str) -> None:
        lay(tmp_path, requirements_txt=requirement, train_py=RAW_ACCURACY)
        (found,) = check_paths([str(tmp_path / "train.py")], options=Options()).diagnostics
        assert found.fix is not None
        assert f"threshold={threshold})" in found.fix.edits[0].content

    @pytest.mark.parametrize("file", [{"pyproject_toml": "not [toml"}, {"setup_cfg": "no section"}, {"x_py": ""}])
    def test_files_that_say_nothing(self, tmp_path: Path, file: dict[str, str]) -> None:
        (tmp_path / ".git").mkdir()
        lay(tmp_path, **file)
        assert declared(tmp_path / "a.py") == Declared()

    def test_severity_and_words_follow_the_backend(self, tmp_path: Path) -> None:
        lay(tmp_path, train_py=TRAIN, models_py=MODELS)

        def effect(options: Options) -> str:
            (found,) = check_paths([str(tmp_path / "train.py")], options=options).diagnostics
            return f"{found.severity.value}: {found.effect}"

        (tmp_path / ".git").mkdir()
        open_ = effect(Options())
        jax = effect(Options(target=Target(frozenset({"jax"}))))
        lay(tmp_path, requirements_txt="jax\nkeras\n")
        dependencies._in.cache_clear()
        assert open_ != jax == effect(Options())


def test_misconfigured_is_public() -> None:
    assert lossguard.Misconfigured is Misconfigured
    assert lossguard.configured is configured


def test_roots_are_where_absolute_imports_start(tmp_path: Path) -> None:
    lay(tmp_path, app__train_py=TRAIN, lib__models_py=MODELS)
    assert codes(str(tmp_path / "app")) == []
    lay(tmp_path, lossguard_toml='roots = ["lib"]\n')
    assert codes(str(tmp_path / "app")) == ["LG101"]
