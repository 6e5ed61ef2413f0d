"""What the user sees, byte for byte, from findings made by hand."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from lossguard.check import Checked
from lossguard.findings import Confidence, Diagnostic, Edit, Fix, Place, Position, RelatedPlace, Severity
from lossguard.report.concise import concise
from lossguard.report.excerpt import Mark, excerpt
from lossguard.report.json import render_json
from lossguard.report.text import render_text
from lossguard.report.words import clean, summary
from lossguard.source import Source, from_text

Matches = Callable[[str, str], None]

TRAIN = """\
import keras
from models import head

num_classes = 10
model = keras.Sequential([
    keras.layers.Flatten(),
    keras.layers.Dense(num_classes, activation="softmax"),
])
model.compile(
    optimizer="adam",
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
other = keras.Sequential([head(1)])
other.compile(loss="categorical_crossentropy", optimizer="sgd")
other.fit(x, keras.utils.to_categorical(y, num_classes=num_classes))
"""
MODELS = """\
import keras


def head(units):
    return keras.layers.Dense(units)
"""
NOTEBOOK = json.dumps(
    {
        "nbformat": 4,
        "metadata": {},
        "cells": [
            {"cell_type": "markdown", "source": "# Training"},
            {"cell_type": "code", "source": "%matplotlib inline\nimport keras"},
            {"cell_type": "code", "source": 'model = keras.Sequential([\n    keras.layers.Dense(1, "softmax")])'},
            {"cell_type": "code", "source": '!nvidia-smi\nmodel.compile(loss="binary_crossentropy")'},
        ],
    }
)


def source(text: str, filename: str) -> Source:
    made = from_text(text, filename)
    assert made is not None
    return made


def at(text: str, snippet: str, filename: str = "train.py", cell: int | None = None) -> Place:
    """The place of a snippet that occurs once in the text."""
    assert text.count(snippet) == 1, snippet
    before, after = text[: text.index(snippet)], text[: text.index(snippet) + len(snippet)]
    start, end = (Position(part.count("\n") + 1, len(part) - part.rfind("\n")) for part in (before, after))
    return Place(filename, start, end, cell, None if cell is None else cell + 1)


SOFTMAX = Diagnostic(
    "LG101",
    "softmax-from-logits",
    Severity.WARNING,
    Confidence.CERTAIN,
    "the output is a softmax over 10 units, but SparseCategoricalCrossentropy(from_logits=True) expects logits",
    at(TRAIN, "from_logits=True"),
    label="softmax is applied a second time here",
    effect="On JAX and PyTorch softmax is applied twice, so that no class can get more than 23 % and the loss stays "
    "high. TensorFlow warns and repairs it.",
    remedy='Remove `activation="softmax"`, or pass from_logits=False.',
    related=(RelatedPlace(at(TRAIN, 'activation="softmax"'), "softmax over num_classes = 10 units"),),
    also=("metric-label-encoding",),
)
ONE_UNIT = Diagnostic(
    "LG106",
    "categorical-one-unit",
    Severity.ERROR,
    Confidence.LIKELY,
    "categorical_crossentropy compares a single unit with labels of 10 classes",
    at(TRAIN, 'loss="categorical_crossentropy"'),
    label="needs one unit a class",
    effect="ValueError: Shapes (None, 10) and (None, 1) are incompatible.",
    remedy="Give the last layer num_classes units and a softmax.",
    related=(
        RelatedPlace(at(MODELS, "keras.layers.Dense(units)", "models.py"), "1 unit, no activation"),
        RelatedPlace(at(TRAIN, "keras.utils.to_categorical(y, num_classes=num_classes)"), "one-hot, 10 classes"),
        RelatedPlace(at(TRAIN, "head(1)"), "with units=1"),
    ),
    when="num_classes == 10",
    fix=Fix(
        safe=False,
        message="Set units to num_classes",
        edits=(Edit(Place("models.py", Position(5, 31), Position(5, 36)), "num_classes"),),
        way="units",
    ),
    alternatives=(
        Fix(
            safe=False,
            message="Use `binary_crossentropy`",
            edits=(Edit(at(TRAIN, '"categorical_crossentropy"'), '"binary_crossentropy"'),),
            way="loss",
        ),
    ),
)
CONSTANT = Diagnostic(
    "LG105",
    "softmax-one-unit",
    Severity.ERROR,
    Confidence.CERTAIN,
    "softmax over a single unit is always 1",
    Place("train.ipynb", Position(2, 27), Position(2, 36), 2, 3),
    label="the constant 1",
    effect="Every prediction is 1, every gradient is 0.",
    remedy='Use activation="sigmoid".',
    related=(RelatedPlace(Place("train.ipynb", Position(2, 15), Position(2, 41), 3, 4), "trained with this"),),
)
SOURCES = {
    "train.py": source(TRAIN, "train.py"),
    "models.py": source(MODELS, "models.py"),
    "train.ipynb": source(NOTEBOOK, "train.ipynb"),
}
EVERYTHING = Checked(
    diagnostics=(SOFTMAX, ONE_UNIT, CONSTANT), files=12, keras_files=5, models=7, problems=(), sources=SOURCES, notes=()
)
CLEAN = EVERYTHING._replace(diagnostics=())


def drawn(checked: Checked, width: int = 100, *, terminal: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        legacy_windows=False,
        _environ={},
    )
    render_text(checked, console)
    return stream.getvalue()


def drawn_excerpt(text: str, *snippets: tuple[str, str], width: int = 80) -> str:
    """The excerpt with the first snippet as primary mark."""
    marks = [
        Mark(place.start, place.end, label, primary=not number)
        for number, (snippet, label) in enumerate(snippets)
        for place in [at(text, snippet)]
    ]
    rows = excerpt(text.split("\n"), marks, width=width, gutter=2)
    return "".join("".join(part for part, _ in row).rstrip() + "\n" for row in rows)


class TestText:
    def test_piped_output_is_wrapped_at_100_columns_with_whole_excerpts(self, matches: Matches) -> None:
        matches(drawn(EVERYTHING), "piped.txt")

    def test_a_narrow_terminal_gets_excerpts_cropped_around_the_carets(self, matches: Matches) -> None:
        matches(drawn(EVERYTHING, 60, terminal=True), "narrow-terminal.txt")

    def test_a_wide_terminal(self, matches: Matches) -> None:
        matches(drawn(EVERYTHING, 160, terminal=True), "wide-terminal.txt")

    def test_nothing_is_wider_than_the_terminal(self) -> None:
        lines = re.sub(r"\x1b\[[\d;]*m", "", drawn(EVERYTHING._replace(diagnostics=(SOFTMAX,)), 60, terminal=True))
        too_wide = [line for line in lines.splitlines() if cell_len(line) > 60]
        assert too_wide == [lines.splitlines()[-1]]  # the closing line, which the terminal wraps

    def test_a_clean_run_says_what_was_checked(self) -> None:
        assert drawn(CLEAN) == "No findings. Checked 12 files: 5 with Keras, 7 models understood.\n"

    def test_colours_and_no_colours_say_the_same(self) -> None:
        coloured = drawn(EVERYTHING, 240, terminal=True)
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == drawn(EVERYTHING, 240)

    def test_a_source_that_is_not_known_leaves_the_location(self) -> None:
        output = drawn(EVERYTHING._replace(diagnostics=(CONSTANT,), sources={}))
        assert "train.ipynb:cell 2:2:27" in output
        assert "^" not in output

    def test_what_a_source_a_name_or_a_message_hides_is_shown_not_printed(self) -> None:
        code = 'y = "\x1b[31m\u202e\u200b"; loss = f(y)'
        hostile = replace(
            CONSTANT,
            message="bell \a, escape \x1b]0;title\x07, line\nbreak",
            place=Place("a\x1b[2Jb.py", Position(1, 1), Position(1, 2)),
            label="\x9b1m",
            related=(),
            when="x == '\x7f'",
            also=("\r",),
        )
        checked = Checked((hostile,), 1, 1, 1, (), {"a\x1b[2Jb.py": source(code, "a.py")}, ())
        for output in (drawn(checked), concise(checked.diagnostics), render_json(checked.diagnostics)):
            assert not set(output) & set("\x1b\a\x9b\x7f\r\u202e\u200b")
        assert 'y = "\\x1b[31m\\u202e\\u200b"; loss = f(y)' in drawn(checked)


class TestExcerpt:
    def test_stretches_over_several_rows_have_a_bar_that_bends_to_both_ends(self) -> None:
        text = (
            'model = Sequential([\n    Dense(4),\n    Dense(1, "softmax"),\n])\nx = compile(\n    a,\n    b,\n    c,\n)'
        )
        assert (
            drawn_excerpt(
                text,
                (text[text.index("compile(") :], "compiled here"),
                (text[: text.index("])") + 2], "made here"),
                ('"softmax"', "always 1"),
            )
            == """\
 1 | / model = Sequential([
 2 | |     Dense(4),
 3 | |     Dense(1, "softmax"),
   | |              --------- always 1
 4 | | ])
   | |__- made here
 5 |   x = compile(
   |  _____^
 6 | |     a,
...  |
 9 | | )
   | |_^ compiled here
"""
        )

    def test_bars_that_overlap_stand_side_by_side(self) -> None:
        text = "x = compile(\n    metrics=[\n        a,\n    ],\n)"
        assert (
            drawn_excerpt(
                text, ("[\n        a,\n    ]", "inner"), ("compile(\n    metrics=[\n        a,\n    ],\n)", "outer")
            )
            == """\
 1 |     x = compile(
   |  _______-
 2 | |       metrics=[
   | |  _____________^
 3 | | |         a,
 4 | | |     ],
   | | |_____^ inner
 5 | |   )
   | |___- outer
"""
        )

    def test_labels_that_do_not_fit_behind_hang_below(self) -> None:
        assert (
            drawn_excerpt("f(a, bb, c)", ("a", "the first"), ("bb", "the second"), ("c", "the third"))
            == """\
 1 | f(a, bb, c)
   |   ^  --  - the third
   |   |  |
   |   |  the second
   |   the first
"""
        )

    def test_a_stretch_inside_another_is_drawn_over_it(self) -> None:
        assert (
            drawn_excerpt('Dense(1, activation="softmax")', ('"softmax"', "always 1"), ("1", "unit"))
            == """\
 1 | Dense(1, activation="softmax")
   |       -             ^^^^^^^^^ always 1
   |       |
   |       unit
"""
        )
        assert (
            drawn_excerpt('Dense(1, activation="softmax")', ('Dense(1, activation="softmax")', "head"), ("1", "unit"))
            == """\
 1 | Dense(1, activation="softmax")
   | ^^^^^^-^^^^^^^^^^^^^^^^^^^^^^^ head
   |       |
   |       unit
"""
        )

    def test_tabs_wide_characters_and_escapes_keep_the_carets_below_their_code(self) -> None:
        output = drawn_excerpt('\tx = {"损失": "\x1b"}; loss', ("loss", "this"))
        code, carets, *_ = output.splitlines()
        before = code[: code.index("loss")]
        assert before.endswith('x = {"损失": "\\x1b"}; ')
        assert cell_len(before) == carets.index("^")

    def test_a_line_of_data_is_cropped_around_the_stretch(self) -> None:
        text = "x = [" + "1, " * 300 + "loss" + ", 2" * 300 + "]"
        assert (
            drawn_excerpt(text, ("loss", "wrong"), width=60)
            == """\
 1 | ... 1, 1, 1, 1, 1, loss, 2, 2, 2, 2, 2, 2, 2, 2, 2, ...
   |                    ^^^^ wrong
"""
        )

    def test_rows_that_no_longer_exist_are_left_out(self) -> None:
        assert excerpt(["x"], [Mark(Position(7, 1), Position(7, 2), "gone", primary=True)], width=80, gutter=1) == []

    @given(
        st.lists(st.text(st.characters(exclude_characters="\r\n")), min_size=1, max_size=6),
        st.lists(st.tuples(*[st.integers(1, 12)] * 4, st.text(max_size=30)), max_size=4),
        st.integers(40, 120),
    )
    def test_any_marks_in_any_text_are_drawn_without_harm(
        self, lines: list[str], spans: list[tuple[int, int, int, int, str]], width: int
    ) -> None:
        marks = [
            Mark(min(ends), max(ends), label, primary=not number)
            for number, (row, column, end_row, end_column, label) in enumerate(spans)
            for ends in [(Position(row, column), Position(end_row, end_column))]
        ]
        for row in excerpt(lines, marks, width=width, gutter=2):
            text = "".join(part for part, _ in row)
            assert text == clean(text)


class TestConcise:
    def test_one_line_a_finding_that_editors_turn_into_links(self, matches: Matches) -> None:
        matches(concise(EVERYTHING.diagnostics), "concise.txt")

    def test_nothing_found_is_nothing_said(self) -> None:
        assert concise(()) == ""


_POSITION = {
    "type": "object",
    "properties": {"row": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    "required": ["row", "column"],
    "additionalProperties": False,
}
_PLACE = {
    "filename": {"type": "string"},
    "cell": {"type": ["integer", "null"]},
    "cell_index": {"type": "integer"},
    "location": _POSITION,
    "end_location": _POSITION,
}


def _place_with(**more: object) -> dict[str, object]:
    required = ["filename", "cell", "location", "end_location", *more]
    return {"type": "object", "properties": _PLACE | more, "required": required, "additionalProperties": False}


_FIX = {
    "type": "object",
    "properties": {
        "way": {"type": "string"},
        "applicability": {"enum": ["safe", "unsafe"]},
        "message": {"type": "string"},
        "edits": {"type": "array", "items": _place_with(content={"type": "string"})},
    },
    "required": ["way", "applicability", "message", "edits"],
    "additionalProperties": False,
}

SCHEMA = {
    "type": "array",
    "items": _place_with(
        code={"type": "string", "pattern": r"^LG\d{3}$"},
        name={"type": "string"},
        severity={"enum": ["error", "warning", "info"]},
        confidence={"enum": ["certain", "likely"]},
        message={"type": "string"},
        related={"type": "array", "items": _place_with(message={"type": "string"})},
        when={"type": ["string", "null"]},
        fix={"anyOf": [_FIX, {"type": "null"}]},
        alternatives={"type": "array", "items": _FIX},
        url={"type": "string", "format": "uri"},
    ),
}


class TestJson:
    def test_the_contract(self, matches: Matches) -> None:
        output = render_json(EVERYTHING.diagnostics)
        jsonschema.validate(json.loads(output), SCHEMA)
        matches(output, "contract.json")

    def test_the_order_of_keys(self) -> None:
        first, _, in_notebook = json.loads(render_json(EVERYTHING.diagnostics))
        keys = "code name severity confidence message filename cell location end_location related when fix"
        keys += " alternatives url"
        assert list(first) == keys.split()
        assert list(in_notebook) == keys.replace("cell ", "cell cell_index ").split()

    def test_nothing_found_is_an_empty_array(self) -> None:
        assert json.loads(render_json(())) == []

    def test_it_survives_every_encoding_of_standard_output(self) -> None:
        output = render_json([replace(SOFTMAX, message="损失 \udc80")])
        assert output.isascii()
        assert json.loads(output)[0]["message"] == "损失 \udc80"


@pytest.mark.parametrize(
    ("diagnostics", "said"),
    [
        ((), "No findings."),
        ((SOFTMAX,), "1 finding (1 warning) in 1 file."),
        ((SOFTMAX, SOFTMAX, CONSTANT), "3 findings (1 error, 2 warnings) in 2 files."),
        ((replace(SOFTMAX, severity=Severity.INFO),) * 2, "2 findings (2 info) in 1 file."),
    ],
)
def test_the_closing_line_counts_findings(diagnostics: tuple[Diagnostic, ...], said: str) -> None:
    checked = Checked(diagnostics, 1, 1200, 1, (), {}, ())
    assert summary(checked) == f"{said} Checked 1 file: 1,200 with Keras, 1 model understood."
