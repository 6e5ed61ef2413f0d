"""Changed lines only: a finding counts if any of its places was changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from handmade import MODELS, NOTEBOOK, ONE_UNIT, TRAIN, commit, git, lay, notebook
from lossguard.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


@pytest.fixture
def changed(run: Run, tmp_path: Path) -> Callable[..., list[str]]:
    """Files and rows of what is found since HEAD, in a committed project."""
    lay(tmp_path, a_py=ONE_UNIT, train_py=TRAIN, models_py=MODELS, b_ipynb=notebook(*NOTEBOOK))
    commit(tmp_path)

    def found(*arguments: str, base: str = "HEAD") -> list[str]:
        out = run("--diff-base", base, "--output-format", "concise", "-q", *arguments)[1]
        return [line.split(": ")[0].rpartition(":")[0] for line in out.splitlines()]

    return found


Changed = Callable[..., list[str]]


def test_nothing_changed(run: Run, changed: Changed) -> None:
    assert changed() == []
    status, out, _ = run("--diff-base", "HEAD")
    assert status == 0
    assert out.splitlines()[-1].endswith("Hidden: 3 outside of the change.")


def test_the_first_place(changed: Changed) -> None:
    lay(Path(), a_py=ONE_UNIT.replace("Dense(1,", "Dense( 1,"))
    assert changed() == ["a.py:3"]


def test_a_related_place_in_the_same_file(changed: Changed) -> None:
    lay(Path(), a_py=ONE_UNIT.replace('loss="', ' loss="'))
    assert changed() == ["a.py:3"]


def test_a_related_place_in_an_imported_file_reaches_the_one_that_imports_it(changed: Changed) -> None:
    lay(Path(), models_py=MODELS.replace('"softmax"', "'softmax'"))
    assert changed() == ["train.py:7"]


def test_lines_that_belong_to_no_place(changed: Changed) -> None:
    lay(Path(), a_py="import os\n" + ONE_UNIT + "\n\nmodel.summary()\n")
    assert changed() == []


def test_deleted_lines_count_as_changes_of_their_neighbours(tmp_path: Path, run: Run) -> None:
    lines = ["import keras", "m = keras.Sequential()", "m.add(keras.layers.Dense(10))", "m.add(keras.layers.Softmax())"]
    lines += ["x = 1", "y = 2", 'm.compile("adam", loss="categorical_crossentropy")']
    lay(tmp_path, a_py="\n".join(lines))
    commit(tmp_path)
    lay(tmp_path, a_py="\n".join(line for line in lines if "Softmax" not in line))
    assert "LG103" in run("--diff-base", "HEAD")[1]


def test_staged_untracked_and_committed_changes(changed: Changed) -> None:
    git(Path(), "checkout", "-q", "-b", "topic")
    lay(Path(), new_py=ONE_UNIT, **{"dir__größe x_py": ONE_UNIT})
    assert changed() == ["dir/größe x.py:3", "new.py:3"]
    git(Path(), "add", "new.py")
    assert changed() == ["dir/größe x.py:3", "new.py:3"]
    commit(Path())
    assert changed() == []
    assert changed(base="main") == ["dir/größe x.py:3", "new.py:3"]


def test_what_the_base_has_changed_meanwhile_is_not_a_change_of_this_branch(changed: Changed) -> None:
    git(Path(), "checkout", "-q", "-b", "topic")
    git(Path(), "checkout", "-q", "main")
    lay(Path(), a_py=ONE_UNIT.replace("Dense(1,", "Dense( 1,"))
    commit(Path())
    git(Path(), "checkout", "-q", "topic")
    lay(Path(), c_py=ONE_UNIT)
    commit(Path())
    assert changed(base="main") == ["c.py:3"]


def test_a_renamed_file_has_only_its_changed_lines(changed: Changed) -> None:
    git(Path(), "mv", "a.py", "z.py")
    assert changed() == []


def test_names_that_git_quotes(changed: Changed) -> None:
    name = 'ta\tb "q".py'
    Path(name).write_text(ONE_UNIT)
    commit(Path())
    Path(name).write_text(ONE_UNIT.replace("Dense(1,", "Dense( 1,"))
    assert changed() == ['ta\\tb "q".py:3']


def test_from_a_folder_below(changed: Changed, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sub").mkdir()
    lay(Path(), a_py=ONE_UNIT.replace("Dense(1,", "Dense( 1,"))
    monkeypatch.chdir("sub")
    assert [Path(found).name for found in changed("..")] == ["a.py:3"]


class TestNotebooks:
    def test_outputs_and_headings_are_no_changes(self, changed: Changed) -> None:
        text = notebook(*NOTEBOOK).replace("Größe", "Titel").replace('"outputs": []', '"outputs": [{"data": {}}]')
        lay(Path(), b_ipynb=text)
        assert changed() == []

    def test_a_changed_cell(self, changed: Changed) -> None:
        lay(Path(), b_ipynb=notebook(NOTEBOOK[0], NOTEBOOK[1].replace("Dense(1,", "Dense( 1,"), NOTEBOOK[2]))
        assert changed() == ["b.ipynb:cell 2:1"]
        lay(Path(), b_ipynb=notebook(NOTEBOOK[0] + " # x", NOTEBOOK[1], NOTEBOOK[2] + "m.fit(x, y)"))
        assert changed() == []

    def test_one_that_was_no_notebook_before(self, changed: Changed) -> None:
        Path("c.ipynb").write_text("{")
        commit(Path())
        lay(Path(), c_ipynb=notebook(*NOTEBOOK))
        assert changed() == ["c.ipynb:cell 2:1"]


class TestFailures:
    def test_no_such_revision(self, run: Run, changed: Changed) -> None:
        assert run("--diff-base", "nope") == (2, "", "lossguard: error: --diff-base: git does not know 'nope'\n")
        assert changed(base="HEAD") == []

    def test_a_revision_that_looks_like_an_option(self, run: Run, changed: Changed) -> None:
        assert run("--diff-base=--output=x")[:2] == (2, "")
        assert not Path("x").exists()
        assert changed() == []

    def test_no_repository(self, run: Run) -> None:
        status, _, err = run("--diff-base", "HEAD")
        assert status == 2
        assert "not a git repository" in err

    def test_no_git(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        assert run("--diff-base", "HEAD")[2] == "lossguard: error: --diff-base needs git, which was not found\n"
