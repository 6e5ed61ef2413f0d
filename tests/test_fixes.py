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
from lossguard.facts import Target
from lossguard.fix import Fixed, Fixer
from lossguard.rules import BY_CODE
from lossguard.settings import WAYS

FIXTURES = Path(__file__).parent.parent / "fixtures"
BAD = sorted(FIXTURES.glob("*/bad_*.py"))
BAD_IDS = [f"{path.parent.name}/{path.stem}" for path in BAD]
KERAS = "import keras\n"
CLASSES = "m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3{})])\n"
ONE = "m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1{})])\n"
IDS = "import numpy as np\nx, y = np.random.rand(60, 4), np.random.randint(0, 3, 60)\n"
FIT = "m.fit(x, y)\n"


def fixes(text: str, name: str = "a.py", *, unsafe: bool = True, prefer: tuple[str, ...] = ()) -> Fixed:
    """What the fixer makes of a program that needs no other file."""

    def again(texts: dict[str, str]) -> Checked:
        return check_source(texts.get(name, text), name, options=Options(prefer=prefer))

    return Fixer(lambda _: text, lambda _, texts: again(dict(texts)), unsafe=unsafe).fix(again({}))


def fixed(text: str, name: str = "a.py", *, unsafe: bool = True, prefer: tuple[str, ...] = ()) -> str:
    return fixes(text, name, unsafe=unsafe, prefer=prefer).texts.get(name, text)


def ways(text: str, *prefer: str) -> list[tuple[str, bool]]:
    """Names of the ways out of the only finding, the one that is taken first; and whether that is safe."""
    (found,) = check_source(text, "a.py", options=Options(prefer=prefer)).diagnostics
    return [(fix.way, fix.safe) for fix in (found.fix, *found.alternatives) if fix is not None]


def becomes(text: str, *changes: tuple[str, str], prefer: tuple[str, ...] = ()) -> None:
    """The fixes make these changes and no others; a second time they change nothing."""
    wanted = text
    for old, new in changes:
        assert wanted.count(old) == 1, old
        wanted = wanted.replace(old, new)
    assert wanted != text
    result = fixed(text, prefer=prefer)
    assert result == wanted, "".join(difflib.ndiff(wanted.splitlines(True), result.splitlines(True)))
    assert fixed(result, prefer=prefer) == result


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
        imports + model + f"m.compile('adam', {old})\n",
        (f"{old})", new.format("SparseCategoricalCrossentropy") + ")"),
        prefer=("from-logits",),
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


@pytest.mark.parametrize(
    ("loss", "first"),
    [("'categorical_crossentropy'", "activation"), ("keras.losses.CategoricalCrossentropy()", "from-logits")],
)
def test_a_name_of_a_loss_stays_a_name(loss: str, first: str) -> None:
    text = KERAS + CLASSES.format("") + f"m.compile('adam', {loss})\n"
    assert ways(text)[0] == (first, False)


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
    assert fixed(text, prefer=("from-logits",)) == "from keras.losses import CategoricalCrossentropy\n" + text.replace(
        "'categorical_crossentropy'", "CategoricalCrossentropy(from_logits=True)"
    )


def test_two_keras_in_one_file_are_not_mixed_further() -> None:
    text = "import tensorflow as tf\nfrom keras.layers import Dense\n"
    text += "m = tf.keras.Sequential([tf.keras.Input((4,)), Dense(3)])\nm.compile('adam', 'categorical_crossentropy')\n"
    assert ways(text) == [("activation", False)]


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


def test_a_metric_of_another_kind_becomes_one_of_the_kind_of_the_loss_unless_its_name_is_used() -> None:
    text = KERAS + IDS + CLASSES.format(", activation='softmax'")
    text += "m.compile('adam', 'sparse_categorical_crossentropy', metrics=['categorical_accuracy'])\n" + FIT
    becomes(text, ("'categorical_accuracy'", "'sparse_categorical_accuracy'"))
    text += "best = max(m.history.history['val_categorical_accuracy'])\n"
    assert fixed(text) == text


def test_a_metric_keeps_the_name_that_it_is_given() -> None:
    text = KERAS + CLASSES.format(', activation="softmax"') + "m.compile('adam', 'categorical_crossentropy', "
    becomes(text + "metrics=[keras.metrics.Accuracy('acc')])\n", ("keras.metrics.Accuracy('acc')", "'acc'"))
    other = text + "metrics=[keras.metrics.Accuracy('hits')])\n"
    assert fixed(other) == other


@pytest.mark.parametrize(("old", "new"), [("{}(h * 2)", "h * 2"), ("{}(h * 2) + 0", None)])
def test_the_activation_of_a_tensor_is_left_away(old: str, new: str | None) -> None:
    text = "import tensorflow as tf\nimport keras\ninputs = keras.Input((4,))\nh = keras.layers.Dense(3)(inputs)\n"
    text += f"p = {old.format('tf.nn.softmax')}\n"
    text += "loss = tf.nn.softmax_cross_entropy_with_logits(labels=keras.Input((3,)), logits=p)\n"
    if new is None:
        assert fixed(text) == text
    else:
        becomes(text, (old.format("tf.nn.softmax"), new))


GRAPH = "import tensorflow as tf\nimport keras\ninputs = keras.Input((4,))\nz = keras.layers.Dense(3)(inputs)\n"
ON_SOFTMAX = "loss = tf.nn.softmax_cross_entropy_with_logits(labels=keras.Input((3,)), logits={})\n"


def test_a_loss_call_is_handed_what_comes_before_the_activation_for_the_others_to_keep_it() -> None:
    text = GRAPH + "p = tf.nn.softmax(z)\n" + ON_SOFTMAX + "serve(p)\n"
    becomes(text.format("p"), ("logits=p", "logits=z"))


@pytest.mark.parametrize(
    ("reader", "decides"), [("tf.argmax(p, 1)", True), ("p.shape", True), ("serve(p)", False), ("p * 2", False)]
)
def test_an_activation_stays_that_more_than_the_loss_reads(reader: str, *, decides: bool) -> None:
    text = GRAPH + "p = tf.nn.softmax(z * 2)\n" + ON_SOFTMAX.format("p") + f"{reader}\n"
    if decides:
        becomes(text, ("tf.nn.softmax(z * 2)", "z * 2"))
    else:
        assert fixed(text) == text


def test_an_activation_of_a_setting_is_left_alone() -> None:
    text = KERAS + "class Settings:\n    last = 'softmax'\n"
    text += ONE.format(", activation=Settings.last") + "m.compile('adam', 'binary_crossentropy')\n"
    assert ways(text) == []


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


# several ways out

SOFTMAX_TWICE = (
    CLASSES.format(", activation='softmax'") + "m.compile('adam', {}CategoricalCrossentropy(from_logits=True))\n"
)


def test_a_softmax_layer_is_left_away() -> None:
    text = (
        KERAS
        + "inputs = keras.Input((4,))\nm = keras.Model(inputs, keras.layers.Softmax()(keras.layers.Dense(3)(inputs)))\n"
    )
    text += "m.compile('adam', keras.losses.CategoricalCrossentropy(from_logits=True))\n"
    softmax = "keras.layers.Softmax()(keras.layers.Dense(3)(inputs))"
    becomes(text, (softmax, "keras.layers.Dense(3)(inputs)"), prefer=("activation",))


def test_the_first_way_is_taken_and_the_others_are_offered() -> None:
    text = KERAS + SOFTMAX_TWICE.format("keras.losses.")
    assert ways(text) == [("from-logits", False), ("activation", False)]
    assert fixed(text, unsafe=False) == text
    becomes(text, ("True", "False"))


def test_a_preferred_way_is_taken_and_safe_since_no_choice_is_left() -> None:
    text = KERAS + SOFTMAX_TWICE.format("keras.losses.")
    assert ways(text, "loss", "activation") == [("activation", True), ("from-logits", False)]
    assert fixed(text, unsafe=False, prefer=("activation",)) == text.replace(", activation='softmax'", "")


def test_what_changes_nothing_on_tensorflow_is_safe_there() -> None:
    text = "import tensorflow as tf\n" + (KERAS + SOFTMAX_TWICE).replace("import keras\n", "").replace(
        "keras.", "tf.keras."
    ).format("tf.keras.losses.")
    assert ways(text) == [("from-logits", True), ("activation", False)]


@pytest.mark.parametrize(
    ("metric", "safe"), [("'accuracy'", False), ("keras.metrics.SparseCategoricalAccuracy(name='acc')", True)]
)
def test_a_metric_that_agrees_with_the_labels_decides(metric: str, *, safe: bool) -> None:
    text = KERAS + IDS + CLASSES.format(", activation='softmax'")
    text += f"m.compile('adam', 'categorical_crossentropy', metrics=[{metric}])\n" + FIT
    assert ways(text) == [("loss", safe)]


def test_a_second_way_is_not_taken_for_a_first_that_cannot_be_made() -> None:
    text = KERAS + SOFTMAX_TWICE.format("keras.losses.").replace("=True", "=FLAG") + "FLAG = True\n"
    text = "FLAG = True\n" + text.replace("FLAG = True\n", "")
    assert ways(text) == [("activation", False)]
    assert fixed(text) == text
    becomes(text, (", activation='softmax'", ""), prefer=("activation",))


# what else has to follow


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        ("'categorical_accuracy'", "'sparse_categorical_accuracy'"),
        ("keras.metrics.categorical_accuracy", "keras.metrics.sparse_categorical_accuracy"),
        ("keras.metrics.CategoricalAccuracy(name='acc')", "keras.metrics.SparseCategoricalAccuracy(name='acc')"),
        ("keras.metrics.TopKCategoricalAccuracy(k=2)", "keras.metrics.SparseTopKCategoricalAccuracy(k=2)"),
        ("'acc', 'categorical_accuracy'", "'acc', 'sparse_categorical_accuracy'"),
    ],
)
def test_metrics_follow_the_loss(metric: str, wanted: str) -> None:
    text = KERAS + IDS + CLASSES.format(", activation='softmax'")
    text += f"m.compile('adam', loss='categorical_crossentropy', metrics=[{metric}])\n" + FIT
    becomes(text, ("loss='", "loss='sparse_"), (f"[{metric}]", f"[{wanted}]"))
    named = text + "print(m.history.history['categorical_accuracy'], m.history.history['top_k_categorical_accuracy'])\n"
    if "name=" not in metric:
        assert fixed(named) == named


def test_a_threshold_follows_the_flag() -> None:
    text = KERAS + ONE.format("") + "m.compile('adam', keras.losses.BinaryCrossentropy(), metrics=['accuracy'])\n"
    becomes(text, ("Dense(1", "Dense(1, activation='sigmoid'"))
    becomes(
        text,
        ("Crossentropy()", "Crossentropy(from_logits=True)"),
        ("'accuracy'", "keras.metrics.BinaryAccuracy(name='accuracy', threshold=0.0)"),
        prefer=("from-logits",),
    )


def test_every_metric_that_is_misled_is_told() -> None:
    text = KERAS + ONE.format("") + "m.compile('adam', keras.losses.BinaryCrossentropy(from_logits=True), "
    text += "metrics=[keras.metrics.Precision(), keras.metrics.AUC(name='auc')])\n"
    becomes(text, ("Precision(", "Precision(thresholds=0.0"), ("name='auc'", "name='auc', from_logits=True"))


# the number of units as the labels have it


@pytest.mark.parametrize(
    ("classes", "old", "units"),
    [
        ("num_classes", "1", "num_classes"),
        ("num_classes", "num_classes - 1", "num_classes"),
        ("len(names)", "2", "len(names)"),
        ("len(names) + 1", "2", "4"),
        ("unknown", "unknown - 1", "unknown"),
        ("4", "3", "4"),
        ("later", "3", "5"),
        ("max(3, 4)", "3", "4"),
    ],
)
def test_units_are_written_as_the_labels_have_them(classes: str, old: str, units: str) -> None:
    text = KERAS + "import sys\nfrom keras.utils import to_categorical\nfrom mine import x, ids\n"
    text += "num_classes = 4\nunknown = int(sys.argv[1])\nnames = ['ant', 'bee', 'cow']\n"
    text += ONE.format(", activation='softmax'").replace("Dense(1", f"Dense({old}")
    text += f"later = 5\ny = to_categorical(ids, {classes})\nm.compile('adam', 'categorical_crossentropy')\n" + FIT
    becomes(text, (f"Dense({old}", f"Dense({units}"))


def test_a_name_that_means_something_else_at_the_layer_is_not_used() -> None:
    text = KERAS + "import sys\nfrom keras.utils import to_categorical\nfrom mine import x, ids\n"
    text += "def build(units):\n    k = units\n    m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
    text += "    return m\nm = build(3)\nk = int(sys.argv[1])\ny = to_categorical(ids, k)\n"
    text += "m.compile('adam', 'categorical_crossentropy')\n" + FIT
    assert fixed(text) == text


# worlds


def test_what_differs_between_worlds_is_not_fixed() -> None:
    text = "import sys\n" + KERAS
    text += "if len(sys.argv) > 1:\n    head = keras.layers.Dense(3, activation='softmax')\n"
    text += "else:\n    head = keras.layers.Dense(5, activation='softmax')\n"
    text += "m = keras.Sequential([keras.Input((4,)), head])\n"
    text += "m.compile('adam', keras.losses.CategoricalCrossentropy(from_logits=True))\n"
    assert ways(text) == [("from-logits", False)]
    assert fixed(text, unsafe=False, prefer=("activation",)) == text


# labels, layers, decisions


@pytest.mark.parametrize("mode", [", label_mode='int'", ""])
def test_the_mode_of_all_loaders_changes(mode: str) -> None:
    load = "train = keras.utils.image_dataset_from_directory('train'{0})\n"
    load += "val = keras.utils.image_dataset_from_directory('val'{0})\n"
    rest = "m = keras.Sequential([keras.Input((9, 9, 3)), keras.layers.Flatten(), "
    rest += "keras.layers.Dense(3, activation='softmax')])\n"
    rest += "m.compile('adam', 'categorical_crossentropy')\nm.fit(train, validation_data=val)\n"
    text = KERAS + load.format(mode) + rest
    assert ways(text) == [("loss", False), ("labels", False)]
    assert fixed(text, prefer=("labels",)) == KERAS + load.format(", label_mode='categorical'") + rest


@pytest.mark.parametrize(
    ("layers", "known"),
    [
        (["LSTM(8, return_sequences=True)"], True),
        (["Bidirectional(keras.layers.GRU(8, return_sequences=True))", "Dropout(0.1)"], True),
        (["LSTM(8, return_sequences=True)", "Dense(4)"], False),
    ],
)
def test_the_last_recurrent_layer_returns_its_last_step(layers: list[str], *, known: bool) -> None:
    layers = [f"keras.layers.{layer}" for layer in [*layers, "Dense(1, activation='sigmoid')"]]
    before = KERAS + "import numpy as np\nx, y = np.random.rand(9, 5, 2), np.random.randint(0, 2, 9)\n"
    after = "m.compile('adam', 'binary_crossentropy')\n" + FIT
    listed = f"m = keras.Sequential([keras.Input((5, 2)), {', '.join(layers)}])\n"
    added = "m = keras.Sequential()\nm.add(keras.Input((5, 2)))\n" + "".join(f"m.add({layer})\n" for layer in layers)
    for text in (before + listed + after, before + added + after):
        if known:
            becomes(text, (", return_sequences=True", ""))
        else:
            assert fixed(text) == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("np.argmax(m.predict(x), axis=1)", "(m.predict(x)[:, 0] > 0.5).astype(int)"),
        ("np.argmax(m.predict(x), -1)", "(m.predict(x)[:, 0] > 0.5).astype(int)"),
        ("m.predict(x).argmax(axis=-1)", "(m.predict(x)[:, 0] > 0.5).astype(int)"),
        ("np.argmax(m.predict(x)[:5], axis=1)", None),
    ],
)
def test_a_decision_about_one_unit_becomes_a_comparison(old: str, new: str | None) -> None:
    text = KERAS + "import numpy as np\nfrom mine import x\n" + ONE.format(", activation='sigmoid'")
    text += f"m.compile('adam', 'binary_crossentropy')\nanswers = {old}\n"
    if new is None:
        assert fixed(text) == text
    else:
        becomes(text, (old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from_logit=True", "from_logits=True"),
        ("from_logits='False'", "from_logits=False"),
        ("from_logits=False, from_logit=True", None),
        ("from_logits='maybe'", None),
    ],
)
def test_an_argument_is_corrected(old: str, new: str | None) -> None:
    text = KERAS + f"loss = keras.losses.CategoricalCrossentropy({old})\n"
    if new is None:
        assert fixed(text) == text
    else:
        becomes(text, (old, new))


def test_a_function_that_is_called_without_labels_becomes_an_instance() -> None:
    text = KERAS + CLASSES.format("") + "m.compile('adam', keras.losses.categorical_crossentropy(from_logits=True))\n"
    becomes(text, ("losses.categorical_crossentropy", "losses.CategoricalCrossentropy"))


def test_signed_labels_get_a_hinge_unless_an_accuracy_is_measured() -> None:
    text = KERAS + "import numpy as np\nx, y = np.random.rand(60, 4), np.random.choice([-1, 1], 60)\n"
    text += ONE.format(", activation='sigmoid'") + "m.compile('adam', 'binary_crossentropy'{})\n" + FIT
    measured = text.format(", metrics=['accuracy']")
    becomes(text.format(""), ("'sigmoid'", "'tanh'"), ("'binary_crossentropy'", "'hinge'"))
    assert fixed(measured) == measured


def test_accuracy_of_continuous_targets_becomes_mae() -> None:
    text = KERAS + "import numpy as np\nx, y = np.random.rand(60, 4), np.random.randn(60) * 9\n" + ONE.format("")
    text += "m.compile('adam', 'mse', metrics=['accuracy'])\n" + FIT
    becomes(text, ("'accuracy'", "'mae'"))
    plotted = text.replace("m.fit", "h = m.fit") + "print(h.history['accuracy'])\n"
    assert fixed(plotted) == plotted


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


def test_a_preferred_way_is_made_without_unsafe_fixes(project: Path) -> None:
    status, _, err = lossguard("--fix", "--prefer", "loss,from-logits")
    assert (status, err) == (1, "Fixed 1 finding in 1 file; 1 more with --unsafe-fixes.\n")
    assert (project / "train.py").read_text() == handmade.TRAIN.replace("True", "False")


def test_a_way_may_be_preferred_in_the_configuration(project: Path) -> None:
    (project / "lossguard.toml").write_text('prefer = ["from-logits"]\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", io.StringIO())
        assert main(["check", "--fix-only"]) == 0
    assert (project / "train.py").read_text() == handmade.TRAIN.replace("True", "False")


def test_a_way_that_there_is_not_is_a_mistake(project: Path) -> None:
    status, _, err = lossguard("--prefer", "from_logits")
    assert status == 2
    assert err.startswith("lossguard: error: --prefer: there is no way out named 'from_logits'; there are activation, ")


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


def test_what_another_file_returns_keeps_its_activation(project: Path) -> None:
    lib = "import tensorflow as tf\n\n\ndef answers(z):\n    return tf.nn.softmax(z * 2)\n"
    main_ = GRAPH + "from lib import answers\np = answers(z)\n" + ON_SOFTMAX.format("p")
    handmade.lay(project, lib_py=lib, main_py=main_)
    _, out, _ = lossguard("--fix", "--unsafe-fixes", "main.py")
    assert "LG502" in out
    assert (project / "lib.py").read_text() == lib


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


def test_the_ways_of_a_rule_are_those_that_its_findings_have() -> None:
    offered: dict[str, set[str]] = {}
    for path in BAD:
        options = Options(select=frozenset(BY_CODE), target=Target(keras=frozenset({3})))
        for one in check_source(path.read_text("utf-8"), "a.py", options=options).diagnostics:
            fixes_ = (one.fix, *one.alternatives)
            offered.setdefault(one.code, set()).update(fix.way for fix in fixes_ if fix is not None)
    judged = {code: module for code, module in BY_CODE.items() if code not in {"LG901", "LG902"}}
    declared = {code: set(module.RULE.ways) for code, module in judged.items() if not module.RULE.measured}
    assert offered == declared
    assert {way for module in BY_CODE.values() for way in module.RULE.ways} == set(WAYS)
