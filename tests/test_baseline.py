"""A baseline: what is known stays known when lines move, and what is fixed is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from handmade import MODELS, NOTEBOOK, ONE_UNIT, TRAIN, lay, notebook
from lossguard import baseline
from lossguard.cli import main
from lossguard.config import Misconfigured
from lossguard.files import write_whole

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    lay(tmp_path, a_py=ONE_UNIT, pkg__train_py=TRAIN, pkg__models_py=MODELS, b_ipynb=notebook(*NOTEBOOK))

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def closing(output: str) -> str:
    return output.splitlines()[-1]


class TestBaseline:
    def test_what_is_written_is_known(self, run: Run) -> None:
        assert run("--write-baseline", "known.json") == (0, "Wrote 3 findings to known.json.\n", "")
        status, out, err = run("--baseline", "known.json")
        assert (status, err) == (0, "")
        assert closing(out).endswith("Hidden: 3 in the baseline.")

    def test_the_file(self, run: Run) -> None:
        run("--write-baseline", "known.json")
        document = json.loads(Path("known.json").read_text())
        assert document["version"] == baseline.VERSION
        found = document["findings"]
        assert [(one["path"], one["code"]) for one in found] == [
            ("a.py", "LG105"),
            ("b.ipynb", "LG105"),
            ("pkg/train.py", "LG101"),
        ]
        assert found[0].keys() == {"path", "code", "source"}
        assert "softmax" in found[0]["source"]
        assert found[0]["source"] in ONE_UNIT
        assert found[2]["source"] in TRAIN
        assert len(Path("known.json").read_text().splitlines()) == len(found) + 5

    def test_moved_lines_cells_and_white_space_stay_known(self, run: Run) -> None:
        run("--write-baseline", "known.json")
        spread = ONE_UNIT.replace('Dense(1, activation="softmax")', 'Dense(1,\n    activation="softmax"\n)')
        spread = spread.replace("(1,\n    ", "(1, ").replace('"\n)', '")')
        lay(
            Path(),
            a_py='"""Moved."""\n\n\n' + spread,
            pkg__train_py=TRAIN.replace("import keras\n", "import os\nimport keras\n"),
            b_ipynb=notebook("import os", *NOTEBOOK),
        )
        assert closing(run("--baseline", "known.json")[1]).endswith("Hidden: 3 in the baseline.")

    def test_what_is_new_is_reported_even_where_the_same_is_known(self, run: Run) -> None:
        run("--write-baseline", "known.json")
        again = ONE_UNIT.split("\n", 1)[1]
        lay(Path(), a_py=ONE_UNIT + again)
        status, out, _ = run("--baseline", "known.json", "--output-format", "concise")
        assert (status, out.count("\n")) == (1, 1)
        run("--write-baseline", "known.json")
        assert '"count": 2' in Path("known.json").read_text()
        assert run("--baseline", "known.json")[0] == 0

    def test_what_is_fixed_can_be_removed(self, run: Run) -> None:
        run("--write-baseline", "known.json")
        known = json.loads(Path("known.json").read_text())
        lay(Path(), a_py=ONE_UNIT.replace("softmax", "sigmoid"))
        status, _, err = run("--baseline", "known.json")
        assert status == 0
        assert err == (
            "lossguard: 1 finding of the baseline no longer occurs; write it anew:\n"
            f"  a.py: LG105 {known['findings'][0]['source']}\n"
        )
        assert run("--baseline", "known.json", "-q")[2] == ""

    def test_only_what_was_looked_at_counts_as_fixed(self, run: Run) -> None:
        run("--write-baseline", "known.json")
        lay(Path(), a_py=ONE_UNIT.replace("softmax", "sigmoid"))
        assert run("--baseline", "known.json", "b.ipynb")[2] == ""
        assert run("--baseline", "known.json", "--select", "LG2")[2] == ""
        Path("a.py").unlink()
        assert "1 finding of the baseline" in run("--baseline", "known.json", "b.ipynb")[2]

    def test_many_that_are_fixed_are_not_all_named(self, run: Run) -> None:
        lay(Path(), **{f"c{number}_py": ONE_UNIT for number in range(7)})
        run("--write-baseline", "known.json")
        for path in Path().glob("c*.py"):
            path.unlink()
        assert closing(run("--baseline", "known.json")[2]) == "  ... and 2 more (--verbose)"
        assert run("--baseline", "known.json", "-v")[2].count("  c") == 7

    def test_paths_are_those_from_the_baseline(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        run("--write-baseline", "known.json")
        monkeypatch.chdir("pkg")
        assert closing(run("--baseline", "../known.json", ".")[1]).endswith("Hidden: 1 in the baseline.")
        assert run("--baseline", "../known.json", "..")[0] == 0

    def test_it_can_be_configured(self, run: Run) -> None:
        run("--write-baseline", "known.json")
        lay(Path(), lossguard_toml='baseline = "known.json"\n')
        assert run(".")[0] == 0
        assert run("--isolated")[0] == 1
        assert run("--write-baseline", "known.json")[1] == "Wrote 3 findings to known.json.\n"

    def test_thresholds_come_after_it(self, run: Run) -> None:
        run("--write-baseline", "known.json", "--min-severity", "error")
        status, out, err = run("--baseline", "known.json", "--min-severity", "error")
        assert (status, err) == (0, "")
        assert closing(out).endswith("Hidden: 3 in the baseline.")

    def test_suppressions_come_before_it(self, run: Run) -> None:
        run("--write-baseline", "known.json")
        run("--add-ignore", "a.py")
        assert "a.py: LG105" in run("--baseline", "known.json")[2]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (None, "cannot be read: No such file"),
            ("{", "is no baseline: "),
            ("[]", "is no baseline"),
            ('{"version": 2}', "is a baseline of version 2, this lossguard reads 1"),
            ('{"version": 1}', "an entry lacks path, code or source"),
            ('{"version": 1, "findings": [{"path": "a.py"}]}', "an entry lacks path, code or source"),
            ('{"version": 1, "findings": [1]}', "an entry lacks path, code or source"),
        ],
    )
    def test_what_is_no_baseline(self, run: Run, text: str | None, said: str) -> None:
        if text is not None:
            Path("known.json").write_text(text)
        status, out, err = run("--baseline", "known.json")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert said in err

    def test_one_that_cannot_be_written(self, run: Run) -> None:
        assert "cannot be written: No such file" in run("--write-baseline", "nope/known.json")[2]

    def test_an_empty_one(self, tmp_path: Path) -> None:
        path = tmp_path / "known.json"
        assert baseline.write(path, [], {}) == 0
        assert baseline.read(path).known == {}
        path.write_text("\xff", encoding="latin-1")
        with pytest.raises(Misconfigured):
            baseline.read(path)


class TestWriting:
    def test_a_file_is_written_whole_or_not_at_all(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "a"
        path.write_bytes(b"old")

        def replace(self: Path, target: Path) -> None:
            raise OSError

        monkeypatch.setattr(Path, "replace", replace)
        with pytest.raises(OSError, match=r"^$"):
            write_whole(path, b"new")
        assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"a": b"old"}

    def test_a_new_file_has_the_usual_mode(self, tmp_path: Path) -> None:
        (tmp_path / "b").write_bytes(b"")
        write_whole(tmp_path / "a", b"new")
        assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
