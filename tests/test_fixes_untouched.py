"""Fixes change what they mean to change, and no other byte: the same program, laid out in any way, is fixed the same.

A program is fixed and then laid out (line ends, encoding, tabs, a notebook in any JSON), or laid out and then
fixed: both give the same bytes.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from programs.grammar import program

from lossguard.check import Checked, check_source
from lossguard.cli import main
from lossguard.fix import Fixer
from lossguard.glance import is_candidate

FIXTURES = Path(__file__).parent.parent / "fixtures"
BAD = sorted(FIXTURES.glob("*/bad_*.py"))
EXAMPLES = int(os.environ.get("LOSSGUARD_EXAMPLES", "40"))


PROGRAMS = st.one_of(
    st.sampled_from([text for path in BAD if is_candidate((text := path.read_text("utf-8")).encode())]),
    st.integers(0, 20_000).map(lambda number: program(number).text),
)
NOISE = st.lists(
    st.sampled_from(
        [
            "# Größe\n",
            "\n",
            "note = 'ü'  # \t x\n",
            '"""Text\n  mit "Zeilen" \\n\n"""\n',
            "a = (1 ,\n  2)\n",
            "\f\n",
            "def f( ):\n\treturn  1 ;\n",
            "if  a :\n  b=1\nelse : b=2\n",
        ]
    ),
    max_size=3,
).map("".join)


@cache
def fixed(text: str, name: str = "a.py") -> str:
    """The text of a file after all of its fixes."""

    def again(texts: dict[str, str]) -> Checked:
        return check_source(texts.get(name, text), name)

    made = Fixer(lambda _: text, lambda _, texts: again(dict(texts)), unsafe=True).fix(again({}))
    return made.texts.get(name, text)


def fix_file(path: Path, *arguments: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", io.StringIO())
        patch.setattr(sys, "stdout", io.StringIO())
        assert main(["check", "--isolated", "--fix-only", "--unsafe-fixes", *arguments, str(path)]) == 0


# Python files


@dataclass(frozen=True)
class Layout:
    """How a program is written to a file."""

    end: str
    encoding: str
    tabs: bool
    last_line_ends: bool
    mode: int

    def __post_init__(self) -> None:
        assume(self.end != "\r" or self.encoding.startswith("utf"))  # no first line, no coding comment in it

    def bytes_of(self, text: str) -> bytes:
        if self.tabs:
            text = text.replace("\n    ", "\n\t")
        if self.encoding not in {"utf-8", "utf-8-sig"}:
            text = f"# -*- coding: {self.encoding} -*-\n{text}"
        if not self.last_line_ends:
            text = text.removesuffix("\n")
        return text.replace("\n", self.end).encode(self.encoding)


LAYOUTS = st.builds(
    Layout,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "cp1252", "iso-8859-15"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0o600, 0o640, 0o644, 0o755]),
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=PROGRAMS, before=NOISE, after=NOISE, layout=LAYOUTS, linked=st.booleans())
def test_a_file_in_any_layout_is_fixed_the_same(
    tmp_path: Path, text: str, before: str, after: str, layout: Layout, *, linked: bool
) -> None:
    text = before + text.rstrip("\n") + "\n" + after
    folder = tmp_path / "files"
    folder.mkdir(exist_ok=True)
    path, link = folder / "a.py", folder / "link.py"
    link.unlink(missing_ok=True)
    path.write_bytes(layout.bytes_of(text))
    path.chmod(layout.mode)
    link.symlink_to(path.name)
    fix_file(link if linked else path)
    assert path.read_bytes() == layout.bytes_of(fixed(text))
    assert path.stat().st_mode & 0o777 == layout.mode
    assert link.is_symlink()
    assert {one.name for one in folder.iterdir()} == {"a.py", "link.py"}


# notebooks

Json = Any


@dataclass(frozen=True)
class Paper:
    """How a notebook is written to a file. `escapes` are characters that JSON may escape, and this one does."""

    indent: int | str | None
    colon: str
    ascii_only: bool
    sorted_keys: bool
    by_lines: bool
    line_end: str
    last_line_ends: bool
    mark: bool
    escapes: str
    version: int

    def text_of(self, code: str) -> str:
        lines = code.splitlines(keepends=True)
        source = lines if self.by_lines else code
        output = {"output_type": "stream", "name": "stdout", "text": ["source\n"], "source": ["x = 'softmax'\n"]}
        cell: Json = {
            "cell_type": "code",
            "metadata": {"source": "softmax", "tags": ["a"], "cells": [{"source": ["b"]}]},
            "execution_count": None,
            "outputs": [output],
            "source" if self.version == 4 else "input": source,
        }
        heading = {"cell_type": "markdown", "metadata": {}, "source": "# Größe `from_logits=True`"}
        empty = {"cell_type": "code", "metadata": {}, "execution_count": 1.50, "outputs": [], "source": []}
        sheet: Json = {"cells": [heading, cell, empty], "metadata": {"größe": "🦉"}}
        document = sheet | {"nbformat": self.version, "nbformat_minor": 5}
        if self.version != 4:
            document = {"worksheets": [sheet], "nbformat": self.version, "metadata": {}}
        text = json.dumps(
            document,
            indent=self.indent,
            ensure_ascii=self.ascii_only,
            sort_keys=self.sorted_keys,
            separators=("," if self.indent is not None else ", ", self.colon),
        )
        for character in self.escapes:
            text = text.replace(character, "\\/" if character == "/" else f"\\u{ord(character):04x}")
        text = text.replace("\n", self.line_end) + (self.line_end if self.last_line_ends else "")
        return "\ufeff" + text if self.mark else text


PAPERS = st.builds(
    Paper,
    st.sampled_from([None, 1, 2, 4, "\t"]),
    st.sampled_from([": ", ":", " :  "]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "/", "<&", "/<"]),
    st.sampled_from([4, 3]),
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PROGRAMS, NOISE, PAPERS)
def test_a_notebook_in_any_json_is_fixed_the_same(tmp_path: Path, text: str, noise: str, paper: Paper) -> None:
    code = noise.replace("\f", "") + text.rstrip("\n")
    path = tmp_path / "a.ipynb"
    path.write_bytes(paper.text_of(code).encode())
    fix_file(path)
    assert path.read_bytes().decode() == paper.text_of(fixed(code))


@pytest.mark.parametrize("lay_out", [lambda text: text, lambda text: text.replace("\n", "\r\n")])
def test_a_line_more_or_less_is_a_string_more_or_less(tmp_path: Path, lay_out: Callable[[str], str]) -> None:
    code = "from keras import Sequential, Input\nfrom keras.layers import Dense\n# lossguard: ignore\n"
    code += "m = Sequential([Input((4,)), Dense(3)])\nm.compile('adam', 'categorical_crossentropy')"
    path = tmp_path / "a.ipynb"
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": code.splitlines(keepends=True)}]
    path.write_bytes(lay_out(json.dumps({"cells": cells, "metadata": {}}, indent=1)).encode())
    fix_file(path, "--prefer", "from-logits")
    cells[0]["source"] = (
        "from keras.losses import CategoricalCrossentropy\n"
        + code.replace("# lossguard: ignore\n", "").replace(
            "'categorical_crossentropy'", "CategoricalCrossentropy(from_logits=True)"
        )
    ).splitlines(keepends=True)
    assert path.read_bytes().decode() == lay_out(json.dumps({"cells": cells, "metadata": {}}, indent=1))
