"""The cache: what was found is found again, and never when something that it rests on has changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lossguard import analysis, dependencies
from lossguard.analysis import Analyst
from lossguard.cache import Cache, clean, digest, key, serves
from lossguard.check import Checked, Options, check_paths, check_source
from lossguard.cli import main
from lossguard.outcome import Malformed, as_data, outcome
from lossguard.source import read_bytes

FIXTURES = Path(__file__).parent.parent / "fixtures"
MODELS = """
from tensorflow import keras

def build_model(num_classes):
    return keras.Sequential([keras.layers.Dense(num_classes, activation="{}")])
"""
TRAIN = """
from models import build_model
model = build_model(5)
model.compile("adam", "categorical_crossentropy")
"""
SIGMOID, SOFTMAX = MODELS.format("sigmoid"), MODELS.format("softmax")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two files; the model is wrong in one and compiled in the other."""
    project = tmp_path / "project"
    lay(project, **{"pyproject.toml": "", "models.py": SIGMOID, "train.py": TRAIN})
    monkeypatch.chdir(project)
    return project


def lay(root: Path, **files: str) -> None:
    """Write files that look as if they had been there for long."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a test are few and new; they are taken for many, and the clock of the cache runs ahead."""
    monkeypatch.setattr("lossguard.check.FEW", 0)
    now = sys.modules["time"].time_ns
    monkeypatch.setattr("lossguard.cache.time.time_ns", lambda: now() + 10**10)


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were analysed rather than remembered."""
    names: list[str] = []
    analyse = Analyst.file

    def file(self: Analyst, path: Path, name: str, options: Options) -> Any:  # noqa: ANN401
        names.append(name)
        return analyse(self, path, name, options)

    monkeypatch.setattr(Analyst, "file", file)
    return names


def checked(root: Path, *paths: str, options: Options | None = None) -> Checked:
    dependencies._in.cache_clear()
    return check_paths(paths or ["."], options=options, cache=Cache(root / ".lossguard_cache", Path.cwd()))


def codes(found: Checked) -> list[str]:
    return [one.code for one in found.diagnostics]


class TestOutcomes:
    def test_are_remembered_whole(self, root: Path, analysed: list[str]) -> None:
        cold = checked(root)
        assert analysed == ["train.py"]
        warm = checked(root)
        assert analysed == ["train.py"]
        assert codes(cold) == ["LG109"]
        assert warm == cold == check_paths(["."])

    @pytest.mark.parametrize("rule", sorted(path.name for path in FIXTURES.iterdir() if path.is_dir()))
    def test_of_every_fixture_are_the_same_from_the_cache(self, rule: str, tmp_path: Path) -> None:
        folder = str(FIXTURES / rule)
        plain = check_paths([folder])
        assert check_paths([folder], cache=Cache(tmp_path, Path.cwd())) == plain
        assert check_paths([folder], cache=Cache(tmp_path, Path.cwd())) == plain

    def test_without_findings_are_remembered_too(self, root: Path, analysed: list[str]) -> None:
        lay(root, **{"models.py": SOFTMAX})
        assert codes(checked(root)) == codes(checked(root)) == []
        assert analysed == ["train.py"]

    def test_of_moved_and_copied_projects_are_remembered(
        self, root: Path, analysed: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cold = checked(root)
        copy = root.with_name("copy")
        shutil.copytree(root, copy)
        monkeypatch.chdir(copy)
        assert checked(copy).diagnostics == cold.diagnostics
        assert analysed == ["train.py"]

    def test_name_files_as_seen_from_the_working_directory(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        checked(root)
        monkeypatch.chdir(root.parent)
        (found,) = checked(root, "project").diagnostics
        assert found.place.filename == "project/train.py"
        assert [related.place.filename for related in found.related] == ["project/models.py", "project/train.py"][:1]

    def test_that_tell_of_a_fault_of_ours_are_not_kept(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, analysed: list[str]
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(Analyst, "_understand", lambda *_: 1 / 0)
            assert checked(root).problems
        assert codes(checked(root)) == ["LG109"]

    def test_are_not_used_where_more_is_told_than_findings(self) -> None:
        assert serves(Options())
        assert not any(map(serves, (Options(show_models=True), Options(verbose=True), Options(debug=True))))

    def test_suppressions_and_thresholds_are_applied_anew(self, root: Path) -> None:
        lay(root, **{"train.py": TRAIN.replace('entropy")', 'entropy")  # lossguard: ignore')})
        for _ in range(2):
            found = checked(root)
            assert (codes(found), found.hidden.suppressed) == ([], 1)


CHANGES: dict[str, dict[str, str]] = {
    "the file itself": {"train.py": TRAIN.replace("build_model(5)", "build_model(1)")},
    "an imported file": {"models.py": SOFTMAX},
    "what the project runs on": {"requirements.txt": "tensorflow==2.4\n"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_makes_it_anew(root: Path, analysed: list[str], change: dict[str, str]) -> None:
    checked(root)
    lay(root, **change)
    assert checked(root) == check_paths(["."])
    assert len(analysed) == 3


class TestImports:
    def test_of_a_file_that_comes(self, root: Path) -> None:
        (root / "models.py").rename(root / "other.py")
        assert codes(checked(root)) == []
        (root / "other.py").rename(root / "models.py")
        assert codes(checked(root)) == ["LG109"]

    def test_of_a_file_that_goes(self, root: Path) -> None:
        assert codes(checked(root)) == ["LG109"]
        (root / "models.py").unlink()
        assert codes(checked(root)) == []

    def test_of_a_file_that_shadows_another(self, root: Path) -> None:
        lay(root, **{"pkg/train.py": TRAIN})
        assert codes(checked(root)) == ["LG109", "LG109"]
        lay(root, **{"pkg/models.py": SOFTMAX})
        assert codes(checked(root)) == ["LG109"]

    def test_of_files_that_those_import(self, root: Path) -> None:
        lay(root, **{"models.py": "from deep import build_model\n", "deep.py": SIGMOID})
        assert codes(checked(root)) == ["LG109"]
        lay(root, **{"deep.py": SOFTMAX})
        assert codes(checked(root)) == []

    def test_from_roots_that_move(self, root: Path) -> None:
        lay(root, **{"a/b/train.py": TRAIN})
        assert codes(checked(root, "a")) == ["LG109"]
        (root / "a/b/.git").mkdir()  # the project of the file begins here now
        assert codes(checked(root, "a")) == []

    def test_that_become_too_broken_to_read(self, root: Path) -> None:
        checked(root)
        (root / "models.py").write_bytes(SIGMOID.encode("utf-16"))
        assert codes(checked(root)) == codes(check_paths(["."]))


def test_options_have_entries_of_their_own(root: Path) -> None:
    everything = Options()
    nothing = Options(ignore=frozenset({"LG109"}))
    for _ in range(2):
        assert codes(checked(root, options=everything)) == ["LG109"]
        assert codes(checked(root, options=nothing)) == codes(check_paths(["."], options=nothing))


def test_a_change_that_leaves_size_and_time_as_they_were_is_seen(root: Path) -> None:
    path = root / "train.py"
    lay(root, **{"train.py": TRAIN.replace("categorical", "xategorical")})
    before = path.stat()
    checked(root)
    path.write_text(TRAIN, "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert checked(root) == check_paths(["."])


def test_a_file_that_was_changed_just_now_is_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("lossguard.check.FEW", 0)
    monkeypatch.chdir(root)
    cache = Cache(root / ".lossguard_cache", root)
    check_paths(["."], cache=cache)
    assert cache.glance(root / "train.py") is None


def entries(root: Path) -> list[Path]:
    return [path for path in (root / ".lossguard_cache").rglob("*.json") if path.name != "glances.json"]


def damaged(data: object) -> Iterator[object]:
    """The data with one part of it replaced by something else, for each of its parts."""
    yield from (None, 3, "x", [], {}, [[]], True)
    if isinstance(data, dict):
        for name, value in data.items():
            yield {other: inner for other, inner in data.items() if other != name}
            for worse in damaged(value):
                yield data | {name: worse}
    elif isinstance(data, list):
        for number, value in enumerate(data):
            for worse in damaged(value):
                yield [*data[:number], worse, *data[number + 1 :]]


class TestDamage:
    @pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff", b"[" * 100_000, b'{"diagnostics": []}'])
    def test_is_as_if_nothing_were_there_and_is_mended(self, root: Path, content: bytes, analysed: list[str]) -> None:
        cold = checked(root)
        for path in (root / ".lossguard_cache").rglob("*.json"):
            path.write_bytes(content)
        assert checked(root) == cold
        assert checked(root) == cold
        assert analysed == ["train.py"] * 2

    def test_of_any_part_never_fails(self, root: Path) -> None:
        checked(root)
        (path,) = entries(root)
        entry = json.loads(path.read_text("utf-8"))
        made = 0
        for worse in damaged(entry):
            try:
                found = outcome(worse, lambda _: None, Path)
            except Malformed:
                continue
            made += 1
            assert as_data(found).keys() == entry.keys()
        assert made  # some parts may be empty, or another text

    def test_places_in_files_of_which_nothing_is_known_are_not_believed(self, root: Path, analysed: list[str]) -> None:
        checked(root)
        (path,) = entries(root)
        text = path.read_text("utf-8")
        for name in ("secret.txt", "../secret.txt", str(root / "secret.txt")):
            path.write_text(text.replace("models.py", name), "utf-8")
            analysed.clear()
            assert codes(checked(root)) == ["LG109"]
            assert analysed == ["train.py"]


class TestFolder:
    def test_is_marked_for_git_and_for_backups(self, root: Path) -> None:
        checked(root)
        folder = root / ".lossguard_cache"
        assert (folder / ".gitignore").read_text().endswith("*\n")
        assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")

    def test_that_was_there_before_gets_no_marks(self, root: Path, tmp_path: Path) -> None:
        folder = tmp_path / "mine"
        folder.mkdir()
        check_paths(["."], cache=Cache(folder, root))
        assert not (folder / ".gitignore").exists()
        assert not (folder / "CACHEDIR.TAG").exists()

    def test_that_cannot_be_written_does_no_harm(self, root: Path) -> None:
        (root / ".lossguard_cache").write_text("in the way", "utf-8")
        assert codes(checked(root)) == codes(checked(root)) == ["LG109"]

    def test_is_not_made_where_there_is_nothing_to_keep(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lay(tmp_path, **{"a.py": "x = 1\n"})
        monkeypatch.chdir(tmp_path)
        checked(tmp_path)
        assert not (tmp_path / ".lossguard_cache").exists()

    def test_what_nobody_asked_for_in_a_month_is_removed(self, root: Path) -> None:
        checked(root)
        folder = root / ".lossguard_cache"
        other = folder / f"0.0.1-{'0' * 16}" / "ab"
        other.mkdir(parents=True)
        (old := other / "cd.json").write_text("{}", "utf-8")
        os.utime(old, (0, 0))
        next(folder.rglob("pruned")).unlink()
        lay(root, **{"train.py": TRAIN + "# changed\n"})
        checked(root)
        assert not other.parent.exists()
        assert len(entries(root)) == 2

    def test_several_runs_may_use_it_at_once(self, root: Path) -> None:
        for number in range(12):
            lay(root, **{f"train{number}.py": TRAIN})
        command = [sys.executable, "-m", "lossguard", "--output-format", "json"]
        runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
        said = [run.communicate() for run in runs]
        assert {run.returncode for run in runs} == {1}
        assert len(set(said)) == 1
        assert len(json.loads(said[0][0])) == 13
        assert not list((root / ".lossguard_cache").rglob("*.json.*"))


class TestCommand:
    def test_keeps_a_cache_beside_the_configuration(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lay(root, **{"lossguard.toml": "", "inner/train.py": TRAIN})
        monkeypatch.chdir(root / "inner")
        main(["check"])
        assert (root / ".lossguard_cache").is_dir()
        assert not (root / "inner/.lossguard_cache").exists()

    def test_keeps_none_where_none_is_wanted(self, root: Path) -> None:
        for arguments in (["--no-cache"], ["--show-models"], ["--verbose"], ["--fix"]):
            main(arguments)
            assert not (root / ".lossguard_cache").exists()

    def test_is_told_the_folder(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lay(root, **{"lossguard.toml": "cache-dir = 'one'\n"})
        main([])
        assert (root / "one").is_dir()
        monkeypatch.setenv("LOSSGUARD_CACHE_DIR", "two")
        main([])
        assert (root / "two").is_dir()
        main(["--cache-dir", "three"])
        assert (root / "three").is_dir()
        assert not (root / ".lossguard_cache").exists()

    def test_that_knows_everything_imports_no_analysis(self, root: Path) -> None:
        lay(root, **{"models.py": SOFTMAX})
        code = "import sys; from lossguard.cli import main; main([]); print(*sys.modules, file=sys.stderr)"
        command = [sys.executable, "-c", code]
        runs = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(2)]
        analysis = {"lossguard.analysis", "lossguard.static.interpreter", "lossguard.rules"}
        assert analysis <= set(runs[0].stderr.split())
        assert not set(runs[1].stderr.split()) & {*analysis, "libcst", "rich"}
        assert runs[0].stdout == runs[1].stdout


class TestClean:
    def test_removes_it(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        checked(root)
        assert main(["clean"]) == 0
        assert not (root / ".lossguard_cache").exists()
        assert main(["clean"]) == 0
        folder = root / ".lossguard_cache"
        assert capsys.readouterr().out == f"Removed {folder}\nNo cache in {folder}\n"

    def test_leaves_what_is_not_ours(self, root: Path) -> None:
        lay(root, **{"mine/.gitignore": "x\n", "mine/data/x.json": "{}", "mine/notes-1234": ""})
        assert not clean(root / "mine")
        check_paths(["."], cache=Cache(root / "mine", root))
        assert clean(root / "mine")
        left = sorted(path.relative_to(root).as_posix() for path in (root / "mine").rglob("*") if path.is_file())
        assert left == ["mine/.gitignore", "mine/data/x.json", "mine/notes-1234"]

    def test_takes_the_folder(self, root: Path) -> None:
        main(["--cache-dir", "other"])
        assert main(["clean", "--cache-dir", "other"]) == 0
        assert not (root / "other").exists()


@pytest.mark.parametrize("rule", sorted(path.name for path in FIXTURES.iterdir() if path.is_dir()))
def test_outcomes_are_the_same_as_plain_data(rule: str) -> None:
    analyst = Analyst(read_bytes, Path.cwd(), digests=True)
    for path in sorted((FIXTURES / rule).rglob("*.py")):
        found = analyst.file(path, str(path), Options())
        again = outcome(json.loads(json.dumps(as_data(found))), {one.path: one for one in found.sources.values()}.get)
        again.digest = found.digest
        assert again == found


def test_a_key_tells_apart_all_that_findings_depend_on(root: Path) -> None:
    path = root / "train.py"
    options: list[Options] = [
        Options(),
        Options(select=frozenset()),
        Options(select=frozenset({"LG101"})),
        Options(ignore=frozenset({"LG101"})),
        Options(fixable=frozenset()),
        Options(fixable=frozenset({"LG101"})),
        Options(roots=(root / "lib",)),
        Options(target=analysis.target_of("import tensorflow")),
        Options(keras=frozenset({2})),
    ]
    keys = {key(path, name, content, one) for one in options for name in ("a", "b") for content in ("x", "y")}
    assert len(keys) == len(options) * 4
    assert digest(b"") != digest(b"x")


def test_text_is_never_kept(root: Path) -> None:
    check_source(TRAIN, "train.py")
    assert not (root / ".lossguard_cache").exists()
