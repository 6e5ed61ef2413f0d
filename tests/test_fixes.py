"""Fixes: each repair in each spelling, what stays untouched, and what the command makes of them."""

from __future__ import annotations

import difflib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import handmade
from lossguard.check import Checked, Options, check_source
from lossguard.cli import main
from lossguard.fix import Fixed, Fixer
from lossguard.rules import BY_CODE

FIXTURES = Path(__file__).parent.parent / "fixtures"
BAD = sorted(FIXTURES.glob("*/bad_*.py"))
BAD_IDS = [f"{path.parent.name}/{path.stem}" for path in BAD]
KERAS = "import keras\n"
CLASSES = "m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3{})])\n"
ONE = "m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1{})])\n"
IDS = "import numpy as np\nx, y = np.random.rand(60, 4), np.random.randint(0, 3, 60)\n"
FIT = "m.fit(x, y)\n"


def fixes(text: str, name: str = "a.py", *, unsafe: bool = True) -> Fixed:
    """What the fixer makes of a program that needs no other file."""

    def again(texts: dict[str, str]) -> Checked:
        return check_source(texts.get(name, text), name)

    return Fixer(lambda _: text, lambda _, texts: again(dict(texts)), unsafe=unsafe).fix(again({}))


def fixed(text: str, name: str = "a.py", *, unsafe: bool = True) -> str:
    return fixes(text, name, unsafe=unsafe).texts.get(name, text)


def becomes(text: str, *changes: tuple[str, str]) -> None:
    """The fixes make these changes and no others; a second time they change nothing."""
    wanted = text
    for old, new in changes:
        assert wanted.count(old) == 1, old
        wanted = wanted.replace(old, new)
    assert wanted != text
    result = fixed(text)
    assert result == wanted, "".join(difflib.ndiff(wanted.splitlines(True), result.splitlines(True)))
    assert fixed(result) == result


# each repair in each spelling


@pytest.mark.parametrize(
    ("imports", "layers", "old", "new"),
    [
        (KERAS, "keras.layers", "'sparse_categorical_crossentropy'", "keras.losses.{}(from_logits=True)"),
        (KERAS, "keras.layers", "keras.losses.sparse_categorical_crossentropy", "keras.losses.{}(from_logits=True)"),
        (KERAS, "keras.layers", "keras.losses.SparseCategoricalCrossentropy", "keras.losses.{}(from_logits=True)"),
        (KERAS, "keras.layers", "keras.losses.SparseCategoricalCrossentropy()", "keras.losses.{}(from_logits=True)"),
        (
            "import tensorflow as tf\nkeras = tf.keras\n",
            "tf.keras.layers",
            "'sparse_categorical_crossentropy'",
            "tf.keras.losses.{}(from_logits=True)",
        ),
        (
            "from tensorflow import keras\n",
            "keras.layers",
            "'sparse_categorical_crossentropy'",
            "keras.losses.{}(from_logits=True)",
        ),
        (
            "from keras import losses as kl\nimport keras as k\nkeras = k\n",
            "keras.layers",
            "'sparse_categorical_crossentropy'",
            "kl.{}(from_logits=True)",
        ),
        (
            KERAS,
            "keras.layers",
            "keras.losses.SparseCategoricalCrossentropy(from_logits=False)",
            "keras.losses.{}(from_logits=True)",
        ),
        (
            KERAS,
            "keras.layers",
            "keras.losses.SparseCategoricalCrossentropy(name='l',)",
            "keras.losses.{}(name='l', from_logits=True,)",
        ),
    ],
)
def test_from_logits_is_said(imports: str, layers: str, old: str, new: str) -> None:
    model = CLASSES.format("").replace("keras.layers", layers)
    becomes(
        imports + model + f"m.compile('adam', {old})\n", (f"{old})", new.format("SparseCategoricalCrossentropy") + ")")
    )


def test_from_logits_is_taken_back() -> None:
    text = KERAS + CLASSES.format(", activation='softmax'")
    loss = "keras.losses.CategoricalCrossentropy({})"
    for given_ in ("from_logits=True", "True", "label_smoothing=0.1,  # why\n    from_logits=True,  # says who\n"):
        becomes(text + f"m.compile('adam', loss={loss.format(given_)})\n", ("True", "False"))


def test_a_flag_that_is_computed_is_left_alone() -> None:
    text = KERAS + CLASSES.format(", activation='softmax'")
    text += "FLAG = True\nm.compile('adam', loss=keras.losses.CategoricalCrossentropy(from_logits=FLAG))\n"
    assert fixed(text) == text


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        ("", ', activation="sigmoid"'),
        (", activation=None", ', activation="sigmoid"'),
        (', activation="relu"', ', activation="sigmoid"'),
        (", activation='relu', name='o'", ", activation='sigmoid', name='o'"),
        (', "relu"', ', "sigmoid"'),
        (", activation=keras.activations.relu", ', activation="sigmoid"'),
    ],
)
def test_the_activation_is_set(layer: str, wanted: str) -> None:
    text = KERAS + ONE.format(layer) + 'm.compile("adam", "binary_crossentropy", metrics=["accuracy"])\n'
    becomes(text, (f"Dense(1{layer})", f"Dense(1{wanted})"))


def test_the_activation_layer_is_set() -> None:
    text = KERAS + ONE.format("") + "m.add(keras.layers.Activation('relu'))\nm.compile('adam', 'binary_crossentropy')\n"
    becomes(text, ("'relu'", "'sigmoid'"))


def test_an_argument_is_added_in_a_line_of_its_own_where_the_others_are() -> None:
    text = KERAS + "m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(\n    1,\n    name='o',  # out\n)])\n"
    text += "m.compile('adam', 'binary_crossentropy', metrics=['accuracy'])\n"
    becomes(text, ("name='o',", "name='o',\n    activation='sigmoid',"))


@pytest.mark.parametrize(
    ("spelled", "wanted"),
    [
        ("'categorical_crossentropy'", "'sparse_categorical_crossentropy'"),
        ('"categorical_crossentropy"', '"sparse_categorical_crossentropy"'),
        ("keras.losses.categorical_crossentropy", "keras.losses.sparse_categorical_crossentropy"),
        ("keras.losses.CategoricalCrossentropy()", "keras.losses.SparseCategoricalCrossentropy()"),
        ("keras.losses.CategoricalCrossentropy(name='l')", "keras.losses.SparseCategoricalCrossentropy(name='l')"),
    ],
)
def test_the_loss_is_replaced(spelled: str, wanted: str) -> None:
    text = KERAS + IDS + CLASSES.format(", activation='softmax'") + f"m.compile('adam', loss={spelled})\n" + FIT
    becomes(text, (f"loss={spelled}", f"loss={wanted}"))


def test_a_variable_is_changed_where_it_is_assigned_unless_it_has_other_uses() -> None:
    text = KERAS + IDS + CLASSES.format(", activation='softmax'") + "m.compile('adam', loss=LOSS)\n" + FIT
    text = "LOSS = 'categorical_crossentropy'\n" + text
    becomes(text, ("'categorical", "'sparse_categorical"))
    assert fixed(text + "print(LOSS)\n") == text + "print(LOSS)\n"


def test_an_argument_that_the_other_loss_does_not_take_keeps_the_loss() -> None:
    text = KERAS + IDS + CLASSES.format(", activation='softmax'")
    text += "m.compile('adam', loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1))\n" + FIT
    assert fixed(text) == text


IMPORTED = IDS + CLASSES.format(", activation='softmax'") + "m.compile('adam', loss={})\n" + FIT


def test_an_imported_loss_is_imported_anew() -> None:
    text = KERAS + "from keras.losses import CategoricalCrossentropy, Huber\n" + IMPORTED
    wanted = text.format("SparseCategoricalCrossentropy()").replace("import Cat", "import SparseCat")
    assert fixed(text.format("CategoricalCrossentropy()")) == wanted


def test_an_import_that_others_use_stays() -> None:
    text = KERAS + "from keras.losses import (\n    CategoricalCrossentropy,  # for m\n    Huber,\n)\n" + IMPORTED
    text = text.format("CategoricalCrossentropy()") + "other = CategoricalCrossentropy()\n"
    becomes(
        text,
        ("    CategoricalCrossentropy,", "    CategoricalCrossentropy, SparseCategoricalCrossentropy,"),
        ("loss=Cat", "loss=SparseCat"),
    )


def test_an_import_that_is_there_is_used_and_the_other_one_pruned() -> None:
    line = "from keras.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy\n"
    text = (KERAS + line + IMPORTED).format("CategoricalCrossentropy()")
    becomes(text, ("import CategoricalCrossentropy, ", "import "), ("loss=Cat", "loss=SparseCat"))


def test_a_name_that_means_something_else_is_not_taken() -> None:
    text = KERAS + "from keras.losses import CategoricalCrossentropy as Loss\n" + IMPORTED.format("Loss()")
    assert fixed(text) == text


def test_a_string_imports_the_class_where_no_module_is_at_hand() -> None:
    text = "from keras import Sequential, Input\nfrom keras.layers import Dense\n"
    text += "m = Sequential([Input((4,)), Dense(3)])\nm.compile('adam', 'categorical_crossentropy')\n"
    assert fixed(text) == "from keras.losses import CategoricalCrossentropy\n" + text.replace(
        "'categorical_crossentropy'", "CategoricalCrossentropy(from_logits=True)"
    )


def test_two_keras_in_one_file_are_not_mixed_further() -> None:
    text = "import tensorflow as tf\nfrom keras.layers import Dense\n"
    text += "m = tf.keras.Sequential([tf.keras.Input((4,)), Dense(3)])\nm.compile('adam', 'categorical_crossentropy')\n"
    assert fixed(text) == text


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        ("'accuracy'", "keras.metrics.BinaryAccuracy(name='accuracy', threshold=0.0)"),
        ("keras.metrics.BinaryAccuracy()", "keras.metrics.BinaryAccuracy(threshold=0.0)"),
        ("keras.metrics.BinaryAccuracy(threshold=0.5)", "keras.metrics.BinaryAccuracy(threshold=0.0)"),
        ("keras.metrics.Precision(name='p')", "keras.metrics.Precision(name='p', thresholds=0.0)"),
    ],
)
def test_the_threshold_is_set(metric: str, wanted: str) -> None:
    text = KERAS + ONE.format("") + "m.compile('adam', keras.losses.BinaryCrossentropy(from_logits=True), "
    becomes(text + f"metrics=[{metric}])\n", (f"[{metric}]", f"[{wanted}]"))


@pytest.mark.parametrize("order", ["predictions, y", "y_true=predictions, y_pred=y"])
def test_arguments_are_swapped_and_that_is_safe(order: str) -> None:
    text = KERAS + IDS + CLASSES.format(", activation='softmax'")
    text += f"predictions = m(x)\nloss = keras.losses.SparseCategoricalCrossentropy()({order})\n"
    swapped = order.replace("predictions", "?").replace("y", "predictions", 1) if order[0] == "p" else ""
    wanted = "y, predictions" if swapped else "y_true=y, y_pred=predictions"
    assert fixed(text, unsafe=False) == text.replace(order, wanted)


@pytest.mark.parametrize(
    ("imports", "metric", "pruned"),
    [
        ("", "keras.metrics.Accuracy()", ""),
        ("from keras.metrics import Accuracy, Mean\n", "Accuracy()", "from keras.metrics import Mean\n"),
        ("from keras.metrics import Mean, Accuracy\n", "Accuracy()", "from keras.metrics import Mean\n"),
    ],
)
def test_exact_match_becomes_accuracy_and_that_is_safe(imports: str, metric: str, pruned: str) -> None:
    text = KERAS + "{}" + CLASSES.format(", activation='softmax'").replace("{", "{{").replace("}", "}}")
    text += "m.compile('adam', 'categorical_crossentropy', metrics=[{}])\n"
    assert fixed(text.format(imports, metric), unsafe=False) == text.format(pruned, "'accuracy'")


def test_a_name_is_corrected() -> None:
    text = KERAS + CLASSES.format(', activation="softmx"') + "m.compile('adam', 'categorical_crossentrpy')\n"
    becomes(text, ('"softmx"', '"softmax"'), ("entrpy", "entropy"))


@pytest.mark.parametrize("imports", ["", "from tensorflow.keras.losses import Huber\n"])
def test_a_class_is_instantiated(imports: str) -> None:
    loss = "Huber" if imports else "tf.keras.losses.Huber"
    text = "import tensorflow as tf\n" + imports + ONE.format("").replace("keras.", "tf.keras.")
    becomes(text + f"m.compile('adam', loss={loss})\n", (f"loss={loss}", f"loss={loss}()"))


def test_a_metric_of_another_kind_becomes_accuracy_unless_its_name_is_used() -> None:
    text = KERAS + IDS + CLASSES.format(", activation='softmax'")
    text += "m.compile('adam', 'sparse_categorical_crossentropy', metrics=['categorical_accuracy'])\n" + FIT
    becomes(text, ("'categorical_accuracy'", "'accuracy'"))
    text += "best = max(m.history.history['val_categorical_accuracy'])\n"
    assert fixed(text) == text


def test_a_metric_keeps_the_name_that_it_is_given() -> None:
    text = KERAS + CLASSES.format(', activation="softmax"') + "m.compile('adam', 'categorical_crossentropy', "
    becomes(text + "metrics=[keras.metrics.Accuracy('acc')])\n", ("keras.metrics.Accuracy('acc')", "'acc'"))
    other = text + "metrics=[keras.metrics.Accuracy('hits')])\n"
    assert fixed(other) == other


@pytest.mark.parametrize(("old", "new"), [("{}(h)", "h"), ("{}(h * 2)", "h * 2"), ("{}(h * 2) + 0", None)])
def test_the_activation_of_a_tensor_is_left_away(old: str, new: str | None) -> None:
    text = "import tensorflow as tf\nimport keras\ninputs = keras.Input((4,))\nh = keras.layers.Dense(3)(inputs)\n"
    text += f"p = {old.format('tf.nn.softmax')}\n"
    text += "loss = tf.nn.softmax_cross_entropy_with_logits(labels=keras.Input((3,)), logits=p)\n"
    if new is None:
        assert fixed(text) == text
    else:
        becomes(text, (old.format("tf.nn.softmax"), new))


def test_what_holds_only_sometimes_gets_no_fix() -> None:
    text = "import sys\n" + KERAS + CLASSES.format(", activation='softmax'")
    text += "m.compile('adam', keras.losses.CategoricalCrossentropy(from_logits=len(sys.argv) > 1))\n"
    assert fixed(text) == text


def test_only_fixable_rules_offer_fixes() -> None:
    text = KERAS + ONE.format(", activation='softmax'") + "m.compile('adam', 'binary_crossentropy')\n"
    offered = [
        [one.fix is not None for one in check_source(text, options=Options(fixable=codes)).diagnostics]
        for codes in (None, frozenset({"LG105"}), frozenset({"LG101"}))
    ]
    assert offered == [[True], [True], [False]]


# what stays as it is


@pytest.mark.parametrize("path", BAD, ids=BAD_IDS)
def test_fixing_a_fixture_removes_its_findings_and_adds_none(path: Path) -> None:
    text = path.read_text("utf-8")
    before = check_source(text, "a.py")
    made = fixes(text)
    result = made.texts.get("a.py", text)
    after = check_source(result, "a.py")
    assert (result != text) is bool(made.number)
    assert len(after.diagnostics) <= len(before.diagnostics) - made.number
    assert after.models >= before.models
    assert fixed(result) == result


ENDS = st.sampled_from(["\n", "\r\n"])
NOISE = st.lists(
    st.sampled_from(
        ["# Größe 損失\n", "\n", "note = 'ü'  # \t x\n", '"""Text\n  mit "Zeilen"\n"""\n', "a = (1 ,\n  2)\n"]
    ),
    max_size=3,
).map("".join)
FIXED_ONE_BY_ONE = [path for path in BAD if "bad_" in path.stem]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FIXED_ONE_BY_ONE), NOISE, NOISE, ENDS)
def test_everything_outside_of_the_edits_is_byte_identical(path: Path, before: str, after: str, end: str) -> None:
    text = (before + path.read_text("utf-8") + after).replace("\n", end)
    found = check_source(text, "a.py")
    result = fixed(text)
    edits = [edit for one in found.diagnostics if one.fix is not None for edit in one.fix.edits]
    rows = {row for edit in edits for row in range(edit.place.start.row, edit.place.end.row + 1)}
    old, new = re.split("(?<=\n)", text), re.split("(?<=\n)", result)
    for tag, start, stop, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            assert set(range(start + 1, max(stop, start + 1) + 1)) <= rows
    assert result.count("\r\n") == (result.count("\n") if end == "\r\n" else 0)


def test_in_a_notebook_only_the_changed_strings_change() -> None:
    text = handmade.notebook(*handmade.NOTEBOOK)
    result = fixed(text, "a.ipynb")
    old, new = text.splitlines(), result.splitlines()
    assert len(old) == len(new)
    assert [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]] == [
        tuple(line for line in (one, one.replace("softmax", "sigmoid"))) for one in old if "softmax" in one
    ]
    assert json.loads(result)["cells"][0] == json.loads(text)["cells"][0]


# the command


def lossguard(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(newline=""), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        status = main(["check", "--isolated", *arguments])
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    handmade.lay(tmp_path, models_py=handmade.MODELS, train_py=handmade.TRAIN, one_py=handmade.ONE_UNIT)
    return tmp_path


def test_fix_makes_safe_fixes_only(project: Path) -> None:
    before = {path: path.read_bytes() for path in project.iterdir()}
    status, out, err = lossguard("--fix")
    assert status == 1
    assert "LG101" in out
    assert err == "Fixed 0 findings; 2 more with --unsafe-fixes.\n"
    assert {path: path.read_bytes() for path in project.iterdir()} == before


def test_unsafe_fixes_are_made_when_asked_for(project: Path) -> None:
    status, out, err = lossguard("--fix", "--unsafe-fixes")
    assert (status, err) == (0, "Fixed 2 findings in 2 files.\n")
    assert out.startswith("No findings.")
    assert (project / "one.py").read_text() == handmade.CLEAN
    assert (project / "train.py").read_text() == handmade.TRAIN.replace("True", "False")
    assert lossguard("--fix", "--unsafe-fixes")[2] == "Fixed 0 findings.\n"


def test_fix_only_reports_nothing(project: Path) -> None:
    assert lossguard("--fix-only") == (0, "", "Fixed 0 findings; 2 more with --unsafe-fixes.\n")


def test_diff_changes_nothing_and_can_be_applied(project: Path) -> None:
    before = {path: path.read_bytes() for path in project.iterdir()}
    status, out, err = lossguard("--diff", "--unsafe-fixes")
    assert (status, err) == (1, "Would fix 2 findings in 2 files.\n")
    assert {path: path.read_bytes() for path in project.iterdir()} == before
    subprocess.run(["git", "apply", "-p0"], input=out.encode(), check=True, cwd=project)  # noqa: S607
    assert (project / "one.py").read_text() == handmade.CLEAN
    assert lossguard("--diff", "--unsafe-fixes", "one.py")[:2] == (0, "")


def test_the_place_may_lie_in_another_file(project: Path) -> None:
    lone = "import keras\nfrom lib import head\n\nm = keras.Sequential([keras.Input((4,)), head()])\n"
    lone += 'm.compile("adam", "binary_crossentropy")\n'
    lib = "import keras\n\n\ndef head():\n    return keras.layers.Dense(1, activation='softmax')\n"
    handmade.lay(project, main_py=lone, lib_py=lib)
    assert lossguard("--fix", "--unsafe-fixes", "main.py")[0] == 0
    assert (project / "lib.py").read_text() == lib.replace("softmax", "sigmoid")
    assert (project / "main.py").read_text() == lone


def test_encoding_mark_line_ends_mode_and_links_are_kept(project: Path) -> None:
    data = b"\xef\xbb\xbf" + ("# Größe\n" + handmade.ONE_UNIT).replace("\n", "\r\n").encode()
    real = project / "real.py"
    real.write_bytes(data)
    real.chmod(0o640)
    link = project / "link.py"
    link.symlink_to(real)
    latin = project / "latin.py"
    latin.write_bytes(("# coding: latin-1\n# Größe\n" + handmade.ONE_UNIT).encode("latin-1"))
    lossguard("--fix", "--unsafe-fixes", "link.py", "latin.py")
    assert real.read_bytes() == data.replace(b"softmax", b"sigmoid")
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert latin.read_bytes() == ("# coding: latin-1\n# Größe\n" + handmade.CLEAN).encode("latin-1")


def test_standard_input_is_printed_fixed() -> None:
    command = [sys.executable, "-m", "lossguard", "check", "--isolated", "--fix", "--unsafe-fixes", "-"]
    text = handmade.ONE_UNIT.replace("\n", "\r\n").encode()
    environment = os.environ | {"PYTHONPATH": str(FIXTURES.parent)}
    done = subprocess.run(command, input=text, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, text.replace(b"softmax", b"sigmoid"))
    assert done.stderr.decode().split() == ["Fixed", "1", "finding", "in", "1", "file."]


def test_unsafe_fixes_alone_is_a_mistake(project: Path) -> None:
    status, _, err = lossguard("--unsafe-fixes")
    assert (status, err) == (2, "lossguard: error: --unsafe-fixes needs --fix, --fix-only or --diff\n")


def test_the_hook_that_fixes_runs(project: Path) -> None:
    hooks = (FIXTURES.parent / ".pre-commit-hooks.yaml").read_text("utf-8")
    entry = re.findall(r"entry: lossguard check (.*--fix)", hooks)[0].split()
    assert lossguard(*entry, "one.py")[0] == 1


def test_changed_lines_are_shown_without_fixing(project: Path) -> None:
    out = lossguard("one.py")[1]
    before, after = handmade.ONE_UNIT.splitlines()[2], handmade.CLEAN.splitlines()[2]
    assert f"- {before}\n" in out
    assert f"+ {after}\n" in out


def test_a_result_that_would_be_wrong_is_not_taken() -> None:
    text = handmade.ONE_UNIT
    worse = check_source(text + text.replace("model", "n"), "a.py")
    first = check_source(text, "a.py")
    answers = iter([first, worse, worse])
    made = Fixer(lambda _: text, lambda *_: next(answers), unsafe=True).fix(first)
    assert (made.texts, made.number) == ({}, 0)
    assert made.problems == ["a.py: LG105 at line 3 is not fixed: the result would not be right"]


def test_what_is_safe_is_what_the_rule_says() -> None:
    for path in BAD:
        for one in check_source(path.read_text("utf-8"), "a.py").diagnostics:
            assert one.fix is None or one.fix.safe <= BY_CODE[one.code].RULE.safe
