"""How files and notebooks become programs, and how places find their way back."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossguard.findings import Place, Position
from lossguard.source import Source, Unreadable, decode, from_text, read_bytes, reported_name, without_bad_cells


def notebook(*codes: str, **metadata: object) -> str:
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "source": "# Title"}]
    cells += [{"cell_type": "code", "source": code, "outputs": []} for code in codes]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})


def program(*codes: str) -> Source:
    source = from_text(notebook(*codes), "n.ipynb")
    assert source is not None
    return source


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


class TestPythonFiles:
    @pytest.mark.parametrize(
        ("data", "text"),
        [
            (b"x = 1\r\ny = 2\n", "x = 1\r\ny = 2\n"),
            ("x = 'é'\n".encode(), "x = 'é'\n"),
            ("# coding: latin-1\nx = 'é'\n".encode("latin-1"), "# coding: latin-1\nx = 'é'\n"),
            (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
            (b"", ""),
        ],
        ids=["newlines kept", "utf-8", "coding comment", "byte order mark", "empty"],
    )
    def test_text_as_python_reads_it(self, data: bytes, text: str) -> None:
        source = decode(data, "a.py")
        assert source is not None
        assert source.text == text

    @pytest.mark.parametrize(
        ("data", "reason", "position"),
        [
            (b"x = 1\ny = '\xe9'\n", "is not valid UTF-8: byte 0xe9", Position(2, 6)),
            (b"\xef\xbb\xbfx = '\xff'\n", "is not valid UTF-8: byte 0xff", Position(1, 6)),
            (b"# coding: klingon\n", "has no readable encoding: unknown encoding: klingon", Position(1, 1)),
            (b"# coding: rot13\n", "declares the encoding 'rot13', which can't decode it", None),
            (
                b"\x7fELF\n\0",
                "contains null bytes: it is a binary file, or encoded as UTF-16 or UTF-32",
                Position(2, 1),
            ),
            (
                "x".encode("utf-16"),
                "is encoded as UTF-16, which Python does not read; save it as UTF-8",
                None,
            ),
        ],
        ids=["not utf-8", "not utf-8 after a mark", "unknown encoding", "not a text encoding", "binary", "utf-16"],
    )
    def test_what_python_cannot_read_is_said_in_one_sentence(
        self, data: bytes, reason: str, position: Position | None
    ) -> None:
        with pytest.raises(Unreadable) as caught:
            decode(data, "a.py")
        assert (caught.value.reason, caught.value.position) == (reason, position)

    def test_places_are_those_of_the_file(self) -> None:
        source = decode(b"x = 1\r\ny\x0c = 2\n", "a.py")
        assert source is not None
        place = source.place(Position(2, 1), Position(2, 2))
        assert place == Place("a.py", Position(2, 1), Position(2, 2))
        assert source.lines(place) == ["x = 1", "y\x0c = 2", ""]

    @given(st.binary(max_size=60), st.sampled_from(["a.py", "a.ipynb"]))
    def test_any_bytes_are_read_or_refused(self, data: bytes, name: str) -> None:
        try:
            source = decode(data, name)
        except Unreadable as unreadable:
            said = unreadable.reason
        else:
            said = "" if source is None else source.text.encode().decode()[:0]
        assert "\n" not in said


class TestReading:
    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match="cannot be read: No such file"):
            read_bytes(tmp_path / "no.py")

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.py")
        with pytest.raises(Unreadable, match="not a regular file"):
            read_bytes(tmp_path / "pipe.py")

    def test_too_large_a_file_is_refused(self, tmp_path: Path) -> None:
        with (tmp_path / "data.py").open("wb") as file:
            file.truncate(50_000_001)
        with pytest.raises(Unreadable, match="is larger than 50 MB and was not checked"):
            read_bytes(tmp_path / "data.py")

    @pytest.mark.parametrize("name", ["data.py", "data.ipynb"])
    def test_too_large_a_program_is_refused(self, name: str) -> None:
        code = "x = 1\n" * 170_000
        text = code if name == "data.py" else json.dumps({"cells": [{"cell_type": "code", "source": code}]})
        with pytest.raises(Unreadable, match="has more than 1,000,000 characters of code and was not checked"):
            from_text(text, name)

    @pytest.mark.parametrize("name", ["idna", "punycode", "unicode_escape", "undefined"])
    def test_what_is_no_encoding_of_programs_is_refused(self, name: str) -> None:
        with pytest.raises(Unreadable, match="is no encoding for programs"):
            decode(f"# coding: {name}\nabc-{'b' * 100_000}".encode(), "x.py")

    def test_names_are_reported_relative_to_the_working_directory_where_they_lie_in_it(self) -> None:
        assert reported_name(Path("/a/b/c.py"), Path("/a")) == "b/c.py"
        assert reported_name(Path("/a/b/c.py"), Path("/x")) == "/a/b/c.py"


class TestNotebooks:
    def test_code_cells_follow_each_other_and_places_count_within_them(self) -> None:
        source = program("import keras\nx = 1", "", "y = [\n  2]\n")
        assert source.text == "import keras\nx = 1\ny = [\n  2]\n\n"
        place = source.place(Position(3, 5), Position(4, 5))
        assert place == Place("n.ipynb", Position(1, 5), Position(2, 5), cell=3, cell_index=4)
        assert source.lines(place) == ["y = [", "  2]", ""]

    def test_a_statement_that_ends_with_its_cell_ends_in_it(self) -> None:
        source = program("x = 1", "y = 2")
        assert source.place(Position(1, 1), Position(2, 1)).end == Position(1, 6)

    def test_source_may_be_a_list_of_lines(self) -> None:
        cells = [{"cell_type": "code", "source": ["x = 1\n", "y = 2"]}]
        source = from_text(json.dumps({"cells": cells}), "n.ipynb")
        assert source is not None
        assert source.text == "x = 1\ny = 2\n"

    def test_the_third_version_of_the_format(self) -> None:
        cells = [
            {"cell_type": "heading", "source": "Title"},
            {"cell_type": "code", "language": "python", "input": ["x = 1"]},
            {"cell_type": "code", "language": "ruby", "input": ["puts 1"]},
        ]
        source = from_text(json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}), "n.ipynb")
        assert source is not None
        assert source.text == "x = 1\n"
        assert [(cell.number, cell.ordinal) for cell in source.cells] == [(1, 2), (2, 3)]

    @pytest.mark.parametrize(
        "metadata",
        [{"kernelspec": {"language": "julia"}}, {"language_info": {"name": "R"}, "kernelspec": {"language": "python"}}],
    )
    def test_another_language_is_skipped(self, metadata: dict[str, object]) -> None:
        assert from_text(notebook("x <- 1", **metadata), "n.ipynb") is None

    @pytest.mark.parametrize(
        "metadata", [{}, {"kernelspec": {"language": "python"}}, {"language_info": {"name": "ipython"}}]
    )
    def test_python_is_not(self, metadata: dict[str, object]) -> None:
        assert from_text(notebook("x = 1", **metadata), "n.ipynb") is not None

    @pytest.mark.parametrize(
        ("text", "reason", "position"),
        [
            ('{"cells": [\n', "is not a notebook: Expecting value", Position(2, 1)),
            ("[]", "is not a notebook: it is JSON, but no object", Position(1, 1)),
            ("{}", "is not a notebook: it has no cells", Position(1, 1)),
            ("[" * 100_000, "is not a notebook: its JSON can't be read", None),
        ],
        ids=["broken", "no object", "no cells", "too deep"],
    )
    def test_what_is_no_notebook(self, text: str, reason: str, position: Position | None) -> None:
        with pytest.raises(Unreadable) as caught:
            from_text(text, "n.ipynb")
        assert (caught.value.reason, caught.value.position) == (reason, position)

    def test_half_a_surrogate_pair_does_not_reach_the_parser(self) -> None:
        assert program("x = '\ud83d'").text == "x = '\ufffd'\n"


class TestMagics:
    @pytest.mark.parametrize(
        ("written", "python"),
        [
            ("%matplotlib inline", "pass"),
            ("  !pip install keras", "pass"),
            ("if colab:\n    !pip install keras", "if colab:\n    pass"),
            ("!pip install \\\n  keras \\\n  numpy\nx = 1", "pass\n\n\nx = 1"),
            ("files = !ls", "files = None"),
            ("a, b['c'] = %who", "a, b['c'] = None"),
            ("model.fit?", "pass"),
            ("?model", "pass"),
            ("%time model.fit(x)", "pass; model.fit(x)"),
            ("%time for x in y: f()", "pass"),
            ("%timeit -n 1 f()", "pass"),
            ("%%time\nx = 1", "pass\nx = 1"),
            ("%%capture out\n%%time\nx = 1", "pass\npass\nx = 1"),
            ("%%writefile model.py\nx = 1", "pass\nx = 1"),
            ("%%writefile notes.txt\nx: = 1", "\n"),
            ("%%bash\nls -l", "\n"),
            ("\n%%html\n<b>", "\n\n"),
        ],
    )
    def test_ipython_becomes_python_line_for_line(self, written: str, python: str) -> None:
        assert program(written).text == python + "\n"

    @pytest.mark.parametrize(
        "written",
        [
            "print('a %s'\n      % b)",
            "s = '''\n%foo\n!bar\n'''",
            's = """a\\"""\n%foo\n"""',
            "print('x=%s' % y, a != b)",
            "z = {'why': 'what?',\n     'b': 1}  # right?",
            "m = a \\\n% b",
            "s = '(' # '''\nt = 1 if s != ')' else 2",
            "x = 1  # %time ?",
        ],
    )
    def test_python_that_looks_like_it_stays(self, written: str) -> None:
        assert program("%magic\n" + written).text == "pass\n" + written + "\n"

    def test_a_cell_that_is_indented_as_a_whole_keeps_its_columns(self) -> None:
        source = program("    x = 1\n    y = f(x)")
        assert source.text == "x = 1\ny = f(x)\n"
        assert source.place(Position(2, 5), Position(2, 9)).start == Position(2, 9)
        assert source.lines(source.place(Position(1, 1), Position(1, 2))) == ["    x = 1", "    y = f(x)"]

    @given(st.text(st.sampled_from("%!?= \\\n\"'()#x"), max_size=40))
    def test_rows_stay_where_they_are(self, code: str) -> None:
        source = program(code, "last")
        last = source.text.count("\n")
        assert source.place(Position(last, 1), Position(last, 5)).cell == 2
        assert source.text.count("\n") == (code.count("\n") + 1 if code else 0) + 1


class TestBadCells:
    def test_a_cell_that_does_not_parse_is_blanked_and_named(self) -> None:
        source = program("x = 1", "def f(:\n  pass", "y = 2")
        rebuilt, dropped = without_bad_cells(source, parses)
        assert rebuilt.text == "x = 1\n\n\ny = 2\n"
        assert [(cell.number, cell.ordinal) for cell in dropped] == [(2, 3)]
        assert rebuilt.place(Position(4, 1), Position(4, 2)).cell == 3

    def test_good_cells_stay(self) -> None:
        source = program("x = 1", "await f()")
        assert without_bad_cells(source, lambda _: True) == (source, ())
