"""Which files are checked."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lossguard.project import discover


def lay(root: Path, *names: str, **contents: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents.get(path.name, ""))


def found(root: Path, *paths: str) -> list[str]:
    """What is found, relative to the root."""
    return [file.relative_to(root).as_posix() for file in discover(paths or (".",), cwd=root).files]


def test_python_files_and_notebooks_below_a_folder_in_sorted_order(tmp_path: Path) -> None:
    lay(tmp_path, "b.py", "a/z.ipynb", "a/a.pyw", "a-b.py", "c.pyi", "d.txt", "Makefile")
    assert found(tmp_path) == ["a/a.pyw", "a/z.ipynb", "a-b.py", "b.py"]


def test_a_given_file_is_always_taken(tmp_path: Path) -> None:
    lay(tmp_path, "script", ".gitignore", "venv/x.py")
    (tmp_path / ".gitignore").write_text("*\n")
    assert found(tmp_path, "script", "venv/x.py") == ["script", "venv/x.py"]


def test_no_file_twice(tmp_path: Path) -> None:
    lay(tmp_path, "a/x.py")
    (tmp_path / "a/y.py").symlink_to("x.py")
    (tmp_path / "b").symlink_to("a")
    assert found(tmp_path, "a", "a/x.py", "./a/../a/x.py", "b", ".") == ["a/x.py"]


@pytest.mark.parametrize("name", [".git", ".venv", "node_modules", "site-packages", "__pycache__", "build", ".tox"])
def test_folders_that_hold_no_code_of_the_project_are_left_out(tmp_path: Path, name: str) -> None:
    lay(tmp_path, f"{name}/x.py", f"deep/{name}/x.py", "x.py")
    assert found(tmp_path) == ["x.py"]
    assert found(tmp_path, name) == [f"{name}/x.py"]


def test_an_environment_is_known_by_its_content_except_where_it_is_the_folder_given(tmp_path: Path) -> None:
    lay(tmp_path, "myenv/pyvenv.cfg", "myenv/x.py", "conda/conda-meta/history", "conda/x.py", "pyvenv.cfg", "x.py")
    assert found(tmp_path) == ["x.py"]


class TestGitignore:
    def test_at_every_level_the_deepest_decides(self, tmp_path: Path) -> None:
        lay(tmp_path, "a.py", "gen.py", "sub/gen.py", "sub/deep/gen.py", "sub/deep/b.py", "out/x.py")
        (tmp_path / ".gitignore").write_text("gen.py\n/out/\n")
        (tmp_path / "sub/.gitignore").write_text("!gen.py\ndeep/b.py\n")
        assert found(tmp_path) == ["a.py", "sub/deep/gen.py", "sub/gen.py"]

    def test_of_the_folders_above_up_to_the_repository(self, tmp_path: Path) -> None:
        lay(tmp_path, "repo/.git/HEAD", "repo/pkg/a.py", "repo/pkg/gen.py", "repo/pkg/old.py", "repo/pkg/x.py")
        (tmp_path / ".gitignore").write_text("x.py\n")
        (tmp_path / "repo/.gitignore").write_text("gen.py\npkg/old.py\n")
        assert found(tmp_path, "repo/pkg") == ["repo/pkg/a.py", "repo/pkg/x.py"]

    def test_does_not_hide_a_folder_that_is_given(self, tmp_path: Path) -> None:
        lay(tmp_path, ".git/HEAD", "out/a.py")
        (tmp_path / ".gitignore").write_text("/out/\n")
        assert found(tmp_path) == []
        assert found(tmp_path, "out") == ["out/a.py"]

    def test_pathspec_is_imported_only_for_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lay(tmp_path, "a.py")
        monkeypatch.setitem(sys.modules, "pathspec", None)
        assert found(tmp_path) == ["a.py"]
        (tmp_path / ".gitignore").write_text("x\n")
        with pytest.raises(ImportError):
            found(tmp_path)


def test_links_to_folders_are_not_followed_and_circles_end(tmp_path: Path) -> None:
    lay(tmp_path, "a/x.py")
    (tmp_path / "a/loop").symlink_to("..")
    (tmp_path / "self.py").symlink_to("self.py")
    (tmp_path / "broken.py").symlink_to("nowhere.py")
    assert found(tmp_path) == ["a/x.py"]


def test_pipes_are_not_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert found(tmp_path) == []
    given = discover(["pipe.py"], cwd=tmp_path)
    assert (given.files, given.problems) == ((), ("pipe.py: neither a file nor a folder",))


def test_what_does_not_exist_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    lay(tmp_path, "a.py")
    result = discover(["nope", "a.py", "a.py/b"], cwd=tmp_path)
    assert (result.files, result.missing) == ((tmp_path / "a.py",), ("nope", "a.py/b"))


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path, "a.py", "locked/b.py")
    scan = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr("lossguard.project.os.scandir", scandir)  # permissions do not stop an administrator
    result = discover(["."], cwd=tmp_path)
    assert result.files == (tmp_path / "a.py",)
    assert result.problems == (f"{tmp_path / 'locked'}: Permission denied",)
