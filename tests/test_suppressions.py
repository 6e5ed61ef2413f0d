"""Comments that suppress, comments that suppress nothing, and comments that are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from handmade import CLEAN, MODELS, NOTEBOOK, ONE_UNIT, TRAIN, lay, notebook
from lossguard.check import Checked, Options, check_paths, check_source
from lossguard.cli import main
from lossguard.edits import edited
from lossguard.findings import Diagnostic
from lossguard.report.json import as_json
from lossguard.source import from_text
from lossguard.suppress import suppressions

Run = Callable[..., tuple[int, str, str]]

LAYER, COMPILE = ONE_UNIT.splitlines()[2:4]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def with_comment(comment: str, line: str = LAYER) -> str:
    return ONE_UNIT.replace(line, f"{line}  {comment}")


def codes(checked: Checked) -> list[str]:
    return [found.code for found in checked.diagnostics]


def fixed(text: str, found: Diagnostic, filename: str = "a.py") -> str:
    assert found.fix is not None
    source = from_text(text, filename)
    assert source is not None
    return edited(text, source, found.fix.edits)


class TestSuppress:
    @pytest.mark.parametrize("line", [LAYER, COMPILE])
    @pytest.mark.parametrize(
        "comment",
        [
            "# lossguard: ignore[softmax-one-unit] it is meant so",
            "# lossguard: ignore[LG105]",
            "#lossguard:ignore[lg105]",
            "# lossguard:  ignore [ Softmax-One-Unit ]",
            "# lossguard: ignore",
            "# type: ignore  # lossguard: ignore[LG105]  # noqa: E501",
            "# noqa: LG105",
            "# noqa:E501,LG105",
            "# NOQA: E501 LG105",
            "# noqa",
        ],
    )
    def test_on_the_line_of_any_place(self, comment: str, line: str) -> None:
        checked = check_source(with_comment(comment, line))
        assert codes(checked) == []
        assert checked.hidden.suppressed == 1

    @pytest.mark.parametrize(
        "comment",
        [
            "# noqa: E501",
            "# noqa: E501  # type: ignore",
            "# noqa-like",
            "# lossguard ignore[LG105]",
            "# see lossguard: it knows",
        ],
    )
    def test_other_comments_do_not(self, comment: str) -> None:
        assert codes(check_source(with_comment(comment))) == ["LG105"]

    @pytest.mark.parametrize("comment", ["# lossguard: ignore[LG101]", "# lossguard: ignore[]"])
    def test_other_rules_do_not(self, comment: str) -> None:
        assert codes(check_source(with_comment(comment))) == ["LG105", "LG902"]

    def test_strings_do_not(self) -> None:
        text = ONE_UNIT.replace('"softmax")])', '"softmax", name="# lossguard: ignore")])')
        assert codes(check_source(text)) == ["LG105"]

    def test_the_first_or_last_line_of_a_place(self) -> None:
        long = 'keras.layers.Dense({}\n    1,{}\n    activation="softmax",\n){}'
        comment = "  # lossguard: ignore[LG105]"
        found = {}
        for at in range(3):
            layer = long.format(*(comment if number == at else "" for number in range(3)))
            text = f"import keras\nlayer = {layer}\nmodel = keras.Sequential([layer])\n{COMPILE}\n"
            found[at] = codes(check_source(text))
        assert found == {0: [], 1: ["LG105", "LG902"], 2: []}

    @pytest.mark.parametrize("comment", ["# lossguard: ignore-file[softmax-one-unit]", "# lossguard: ignore-file"])
    def test_in_the_whole_file(self, comment: str) -> None:
        checked = check_source(f'"""Docs."""\n{comment} an exercise\n' + ONE_UNIT)
        assert (codes(checked), checked.hidden.suppressed) == ([], 1)

    def test_a_file_that_does_not_parse(self) -> None:
        text = "# lossguard: ignore-file[unparsable]\nimport keras\nmodel.compile(loss='mse'\n"
        assert codes(check_source(text)) == []
        assert codes(check_source(text.replace("unparsable", "LG101"))) == ["LG901"]

    def test_in_the_file_of_a_related_place(self, tmp_path: Path) -> None:
        suppressed = MODELS.replace('"softmax"),', '"softmax"),  # lossguard: ignore[softmax-from-logits]')
        lay(tmp_path, train_py=TRAIN, models_py=suppressed)
        for paths in ([str(tmp_path)], [str(tmp_path / "train.py")]):
            checked = check_paths(paths)
            assert (codes(checked), checked.hidden.suppressed) == ([], 1)

    def test_a_whole_file_is_that_of_the_first_place_only(self, tmp_path: Path) -> None:
        lay(tmp_path, train_py=TRAIN, models_py="# lossguard: ignore-file\n" + MODELS)
        assert codes(check_paths([str(tmp_path / "train.py")])) == ["LG101"]

    def test_in_notebooks(self) -> None:
        setup, layer, train = NOTEBOOK
        mark = "  # lossguard: ignore[LG105]"
        assert codes(check_source(notebook(*NOTEBOOK), "a.ipynb")) == ["LG105"]
        assert codes(check_source(notebook(setup, layer + mark, train), "a.ipynb")) == []
        assert codes(check_source(notebook(setup, layer, train.strip() + mark), "a.ipynb")) == []
        assert codes(check_source(notebook(f"{setup}\n# lossguard: ignore-file", layer, train), "a.ipynb")) == []
        assert codes(check_source(notebook(setup, "!ls\n" + layer + mark, train), "a.ipynb")) == []

    def test_what_stands_for_another_finding_is_of_use(self) -> None:
        text = (
            "import keras\n"
            'model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])\n'
            'model.compile(optimizer="adam", loss="categorical_crossentropy")  # lossguard: ignore[{}]\n'
        )
        (found,) = check_source(text.format("LG902")).diagnostics
        assert "categorical-one-unit" in found.also
        (same,) = check_source(text.format("categorical-one-unit")).diagnostics
        assert same.code == found.code

    def test_files_without_comments_are_not_tokenized(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lossguard.suppress.tokenize.generate_tokens", None)
        assert codes(check_source(ONE_UNIT)) == ["LG105"]


class TestUnused:
    @pytest.mark.parametrize(
        ("comment", "message", "left"),
        [
            ("# lossguard: ignore[LG105]", "there is no finding of LG105 to suppress here", ""),
            ("# lossguard: ignore[LG105, softmax-from-logits] why", "LG105 or softmax-from-logits", ""),
            ("# lossguard: ignore", "there is no finding to suppress here", ""),
            ("# lossguard: ignore-file[LG105]", "there is no finding of LG105", ""),
            ("# lossguard: ignore[]", "names no rule", ""),
            ("# noqa: LG105", "there is no finding of LG105", ""),
            ("# noqa: E501, LG105", "there is no finding of LG105", "  # noqa: E501"),
            ("# noqa: LG105  # type: ignore", "there is no finding of LG105", "  # type: ignore"),
            ("# type: ignore  # lossguard: ignore[LG105]", "there is no finding of LG105", "  # type: ignore"),
        ],
    )
    def test_is_reported_and_removed(self, comment: str, message: str, left: str) -> None:
        line = CLEAN.splitlines()[3]
        text = CLEAN.replace(line, f"{line}  {comment}")
        (found,) = check_source(text).diagnostics
        assert (found.code, found.place.start.row) == ("LG902", 4)
        assert message in found.message
        assert fixed(text, found) == CLEAN.replace(line, line + left)
        assert as_json(found)["fix"] is not None

    def test_only_the_name_that_is_not_needed(self) -> None:
        text = with_comment("# lossguard: ignore[LG101, softmax-one-unit, LG202] why")
        (found,) = check_source(text).diagnostics
        assert "LG101 or LG202" in found.message
        assert fixed(text, found) == with_comment("# lossguard: ignore[softmax-one-unit] why")

    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    def test_on_a_line_of_its_own(self, ending: str) -> None:
        text = f"x = 1\n    # lossguard: ignore-file[LG105] why\n{CLEAN}".replace("\n", ending)
        (found,) = check_source(text).diagnostics
        assert fixed(text, found) == f"x = 1\n{CLEAN}".replace("\n", ending)

    def test_in_a_notebook(self) -> None:
        setup, layer, train = (cell.replace("softmax", "sigmoid") for cell in NOTEBOOK)
        text = notebook(setup, "  " + layer + "  # lossguard: ignore[LG105]", train)
        (found,) = check_source(text, "a.ipynb").diagnostics
        assert (found.place.cell, found.place.cell_index, found.place.start.row) == (2, 3, 1)
        assert fixed(text, found, "a.ipynb") == notebook(setup, "  " + layer, train)

    @pytest.mark.parametrize(
        ("comment", "message"),
        [
            (
                "# lossguard: ignore[sofmax-one-unit]",
                "unknown rule 'sofmax-one-unit'; did you mean 'softmax-one-unit'?",
            ),
            ("# lossguard: disable", "`lossguard: disable` suppresses nothing: write `lossguard: ignore[rule]`"),
            ("# lossguard: ingore[LG105]", "`lossguard: ingore` suppresses nothing"),
        ],
    )
    def test_what_is_misspelt_has_no_fix(self, comment: str, message: str) -> None:
        (found,) = check_source(CLEAN + comment + "\n").diagnostics
        assert (found.code, found.fix) == ("LG902", None)
        assert message in found.message

    @pytest.mark.parametrize("comment", ["# noqa", "# noqa: E501,XLG105", "# noqa: ABC123", "# lossguard: by the team"])
    def test_what_is_not_ours_is_not_judged(self, comment: str) -> None:
        assert codes(check_source(CLEAN + comment + "\n")) == []

    def test_rules_that_were_not_asked_for_are_not_judged(self) -> None:
        text = CLEAN + "# lossguard: ignore[LG110]\n# lossguard: ignore[LG101]\n# lossguard: ignore\n"
        some = Options(select=frozenset({"LG102", "LG902"}))
        assert codes(check_source(text, options=some)) == []
        assert codes(check_source(text)) == ["LG902", "LG902"]
        assert codes(check_source(text, options=Options(ignore=frozenset({"LG902"})))) == []

    def test_it_can_be_suppressed_by_name_only(self) -> None:
        assert codes(check_source(CLEAN + "# lossguard: ignore[LG105, unused-suppression]\n")) == []
        assert codes(check_source("# lossguard: ignore-file[LG902]\n" + CLEAN + "# lossguard: ignore\n")) == []
        assert codes(check_source(CLEAN + "# lossguard: ignore\n")) == ["LG902"]

    def test_a_file_without_models_is_judged_only_with_its_project(self, tmp_path: Path) -> None:
        needed = MODELS.replace('"softmax"),', '"softmax"),  # lossguard: ignore[softmax-from-logits]')
        idle = MODELS.replace("import keras\n", "import keras  # lossguard: ignore[softmax-from-logits]\n")
        lay(tmp_path, train_py=TRAIN, models_py=needed)
        assert codes(check_paths([str(tmp_path / "models.py")])) == []
        assert codes(check_paths([str(tmp_path)])) == []
        lay(tmp_path, models_py=idle)
        assert codes(check_paths([str(tmp_path / "models.py")])) == []
        assert codes(check_paths([str(tmp_path)])) == ["LG902", "LG101"]

    @pytest.mark.parametrize("comment", ["# lossguard: ignore[LG105]", "# noqa: LG105", "#NoQA:lg105"])
    def test_a_file_without_keras_is_judged(self, tmp_path: Path, comment: str) -> None:
        lay(tmp_path, a_py=f"x = 1  {comment}\n")
        assert codes(check_paths([str(tmp_path)])) == ["LG902"]

    def test_comments_are_found_in_what_is_no_python(self) -> None:
        source = from_text("x = '''\n# lossguard: ignore-file[LG901]\n", "a.py")
        assert source is not None
        (found,) = suppressions(source)
        assert (found.row, found.verb, found.names[0].text) == (2, "ignore-file", "LG901")


class TestAddIgnore:
    def test_it_writes_what_then_suppresses(self, run: Run) -> None:
        lay(Path(), train_py=TRAIN, models_py=MODELS, a_py=ONE_UNIT, b_ipynb=notebook(*NOTEBOOK))
        before = {path.name: path.read_text(encoding="utf-8") for path in Path().iterdir() if path.is_file()}
        assert run("--add-ignore=legacy models") == (0, "Wrote 3 comments in 3 files.\n", "")
        mark = "  # lossguard: ignore[softmax-one-unit] legacy models"
        after = {path.name: path.read_text(encoding="utf-8") for path in Path().iterdir() if path.is_file()}
        assert after["a.py"] == with_comment(mark.strip())
        assert after["b.ipynb"] == notebook(NOTEBOOK[0], NOTEBOOK[1] + mark, NOTEBOOK[2])
        assert "  # lossguard: ignore[softmax-from-logits] legacy models\n" in after["train.py"]
        assert after["models.py"] == before["models.py"]
        status, out, _ = run(".")
        assert status == 0
        assert "Hidden: 3 suppressed." in out
        assert run("--add-ignore")[1] == "Wrote 0 comments in 0 files.\n"

    def test_the_reason_is_not_the_path(self, run: Run) -> None:
        lay(Path(), a_py=ONE_UNIT, b_py=ONE_UNIT)
        assert run("--add-ignore", "a.py")[0] == 0
        assert Path("a.py").read_text() == with_comment("# lossguard: ignore[softmax-one-unit]")
        assert Path("b.py").read_text() == ONE_UNIT

    def test_names_are_added_to_a_comment_that_is_there(self, run: Run) -> None:
        lay(Path(), a_py=with_comment("# lossguard: ignore[LG202] why"))
        run("--add-ignore")
        assert Path("a.py").read_text() == with_comment("# lossguard: ignore[LG202, softmax-one-unit] why")

    def test_line_ends_encoding_and_mode_are_kept(self, run: Run) -> None:
        text = "# coding: latin-1\r\nx = 'é'\r\n" + ONE_UNIT.replace("\n", "\r\n")
        Path("a.py").write_bytes(text.encode("latin-1"))
        Path("a.py").chmod(0o755)
        Path("bom.py").write_bytes(b"\xef\xbb\xbf" + ONE_UNIT.encode())
        Path("link.py").symlink_to("bom.py")
        run("--add-ignore", "a.py", "link.py")
        expected = text.replace(LAYER, f"{LAYER}  # lossguard: ignore[softmax-one-unit]")
        assert Path("a.py").read_bytes() == expected.encode("latin-1")
        assert Path("a.py").stat().st_mode & 0o777 == 0o755
        assert (
            Path("bom.py").read_bytes()
            == b"\xef\xbb\xbf" + with_comment("# lossguard: ignore[softmax-one-unit]").encode()
        )
        assert Path("link.py").is_symlink()

    def test_a_line_that_goes_on_in_a_string_or_after_a_backslash_takes_none(self, run: Run) -> None:
        layer = 'keras.layers.Dense(1, activation="softmax", name="""\nx\n""")'
        text = f"import keras\nlayer = {layer}\nmodel = keras.Sequential([layer])\n{COMPILE}\n"
        lay(Path(), a_py=text)
        run("--add-ignore")
        assert Path("a.py").read_text() == text.replace('""")', '""")  # lossguard: ignore[softmax-one-unit]')

    def test_standard_input_has_no_file_to_write(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        import io
        import sys

        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ONE_UNIT.encode())))
        assert run("-", "--add-ignore")[2] == "lossguard: error: --add-ignore can't write to standard input\n"

    def test_a_reason_that_would_end_the_comment(self, run: Run) -> None:
        assert run("--add-ignore=a # b")[0] == 2


class TestEditsInNotebooks:
    def test_everything_else_stays_to_the_byte(self) -> None:
        text = (
            '{"nbformat":4, "cells" : [ {"cell_type":"markdown","source":"a"},\n\n'
            '\t{"outputs":[{"data":{"source":["x"]}}],"source":"import keras\\nx = \\"\\u00e9\\"",'
            '"cell_type":"code"},{"cell_type":"code","metadata":{"source":["no"]},"source":["m = 1\\n", "", "n = 2"]}],'
            '"metadata":{ }}  '
        )
        source = from_text(text, "a.ipynb")
        assert source is not None
        cells = [cell.ordinal for cell in source.cells]
        assert cells == [2, 3]
        from lossguard.findings import Edit, Position

        end_of_last = source.place(Position(4, 6), Position(4, 6))
        across = source.place(Position(3, 5), Position(4, 2))
        at_string = source.place(Position(2, 5), Position(2, 8))
        out = edited(text, source, [Edit(end_of_last, "  # é"), Edit(across, "3\nk"), Edit(at_string, '"ü"')])
        assert json.loads(out)["cells"][2]["source"] == ["m = 3\n", "k", " = 2  # é"]
        expected = text.replace('\\"\\u00e9\\"', '\\"\\u00fc\\"')
        expected = expected.replace('"m = 1\\n", "", "n = 2"', '"m = 3\\n", "k", " = 2  # \\u00e9"')
        assert out == expected
