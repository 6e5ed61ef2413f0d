"""`lossguard probe` and `lossguard run`: what they find, what they say of bad input, and their exit status."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lossguard.cli.run as run_command
from lossguard.cli import main
from lossguard.settings import FORMATS

np = pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
keras: Any = pytest.importorskip("keras")

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parent.parent
BUILDER = """
import keras

def build(units=3, activation=None):
    print("building")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, activation, name="head")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model

def broken():
    raise KeyError("no such thing")

def raw():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])

ready = build(3, "softmax")
number = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    (tmp_path / "builder.py").write_text(BUILDER, encoding="utf-8")
    return tmp_path


def model(*layers: Any, loss: Any = "sparse_categorical_crossentropy") -> Any:
    built = keras.Sequential([keras.Input((4,)), *layers])
    built.compile("sgd", loss)
    return built


# probe


def test_probe_a_function_with_arguments(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "builder.py:build", "--output-format", "json"]) == 1
    output = capsys.readouterr()
    (found,) = json.loads(output.out)
    assert (found["code"], found["filename"]) == ("LG103", "builder.py")
    if sys.version_info >= (3, 11):
        assert found["location"] == {"row": 7, "column": 26}
        assert found["end_location"] == {"row": 7, "column": 59}
    assert "building" in output.err
    assert main(["probe", "builder.py:build", "--arg", "activation=softmax", "--arg", "units=5"]) == 0
    assert capsys.readouterr().out == "No findings. Looked at 1 model with 1 output.\n"
    assert main(["probe", "builder:ready", "-q"]) == 0


def test_probe_shows_the_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "builder.py:build", "-v"]) == 1
    printed = capsys.readouterr()
    assert "output = Dense(3)  # layer 'head'" in printed.err
    assert "^^^^^^" in printed.out
    assert "1 finding. Looked at 1 model" in printed.out
    model(keras.layers.Dense(3, name="head")).save("model.keras")
    assert main(["probe", "model.keras"]) == 1
    assert "output = Dense(3)  # layer 'head'" in capsys.readouterr().out


def test_probe_with_labels(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("y.npy", np.arange(6))
    np.savez("xy.npz", np.zeros((6, 4), "float32"))
    target = ["probe", "builder.py:ready", "--labels", "y.npy", "--output-format", "concise"]
    assert main(target) == 1
    assert "LG301" in capsys.readouterr().out
    assert main([*target, "--inputs", "xy.npz", "--ignore", "LG3"]) == 0
    assert main([*target, "--exit-zero"]) == 0
    assert main(["probe", "builder.py:ready", "--labels", "none.npy"]) == 2
    Path("bad.npy").write_bytes(b"nothing")
    assert main(["probe", "builder.py:ready", "--labels", "bad.npy"]) == 2
    errors = capsys.readouterr().err
    assert "none.npy: no such file" in errors
    assert "reading bad.npy: " in errors


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_probe_a_saved_model(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model(keras.layers.Dense(3)).save(name)
    assert main(["probe", name, "--output-format", "concise"]) == 1
    assert "LG103" in capsys.readouterr().out


def test_code_in_a_saved_model_is_not_run_unasked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model(keras.layers.Dense(3), keras.layers.Lambda(lambda t: t * 2)).save("model.keras")
    assert main(["probe", "model.keras"]) == 2
    assert "pass --allow-code to run the code that is stored in it" in capsys.readouterr().err
    assert main(["probe", "model.keras", "--allow-code", "-q"]) in {0, 1}


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("nothing.keras", "nothing.keras: no such file or folder"),
        ("damaged.keras", "loading damaged.keras: keras "),
        ("builder.py:nothing", "builder.py has no 'nothing'"),
        ("builder.py:number", "neither a function nor a Keras model, but a int"),
        ("builder.py:raw", "not compiled; call model.compile(...) first"),
        ("builder.py:broken", "calling builder.py:broken failed"),
        ("nowhere.py:build", "nowhere.py: no such file"),
        ("nowhere.at.all:build", "nowhere.at.all: no such module"),
        ("whatever", "neither a saved model"),
    ],
)
def test_probe_says_what_is_wrong_in_one_line(
    target: str, error: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("damaged.keras").write_bytes(b"PK nothing")
    assert main(["probe", target]) == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("lossguard: error: ")
    assert error in last


def test_the_users_own_exception_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "builder.py:broken"]) == 2
    error = capsys.readouterr().err
    assert "KeyError: 'no such thing'" in error
    assert 'raise KeyError("no such thing")' in error
    assert "lossguard/runtime" not in error


@pytest.mark.parametrize("arguments", [["--arg", "units"], ["--frobnicate"], ["--select", "LG9999"]])
def test_bad_usage(arguments: list[str], folder: Path) -> None:
    assert main(["probe", "builder.py:build", *arguments]) == 2


@pytest.mark.parametrize("name", FORMATS)
def test_every_format(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "builder.py:build", "--output-format", name, "--output-file", "out"]) == 1
    assert "LG103" in Path("out").read_text(encoding="utf-8")
    assert "1 finding. Looked at 1 model" in capsys.readouterr().err


CONFIGURED = [
    ('ignore = ["LG103"]', [], False),
    ('ignore = ["LG103"]', ["--select", "LG1"], True),
    ('ignore = ["LG103"]', ["--isolated"], True),
    ('select = ["LG3"]', [], False),
    ('select = ["LG3"]', ["--extend-select", "LG103"], True),
    ('min-severity = "error"\nmin-confidence = "certain"', ["--ignore", "logits-as-probabilities"], False),
    ('min-severity = "error"', ["--config", "other.toml"], False),
]


@pytest.mark.parametrize(("text", "flags", "found"), CONFIGURED)
def test_probe_heeds_the_configuration(
    text: str, flags: list[str], *, found: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("lossguard.toml").write_text(f'{text}\noutput-format = "concise"\n', encoding="utf-8")
    Path("other.toml").write_text('per-file-ignores = { "builder.py" = ["LG1"] }\n', encoding="utf-8")
    assert main(["probe", "builder.py:build", *flags]) == (1 if found else 0)
    concise = "--isolated" not in flags
    output = capsys.readouterr().out
    assert ("builder.py:7:" in output) is found
    assert not found or output.startswith("builder.py:7:") is concise


PLAIN = """\
import keras

def build():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model
"""


def test_comments_and_the_baseline_hold_for_probe(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("plain.py").write_text(PLAIN, encoding="utf-8")
    assert main(["plain.py", "--write-baseline", "known.json", "-q"]) == 0
    entries = [(one["code"], one["source"]) for one in json.loads(Path("known.json").read_text("utf-8"))["findings"]]
    assert entries == [("LG103", '"sparse_categorical_crossentropy"')]
    assert main(["probe", "plain.py:build", "--baseline", "known.json"]) == (0 if sys.version_info >= (3, 11) else 1)
    Path("lossguard.toml").write_text('baseline = "known.json"\n', encoding="utf-8")
    capsys.readouterr()
    if sys.version_info >= (3, 11):
        assert main(["probe", "plain.py:build"]) == 0
        assert "Hidden: 1 in the baseline." in capsys.readouterr().out
    assert main(["probe", "plain.py:build", "--isolated"]) == 1
    capsys.readouterr()
    Path("quiet.py").write_text(PLAIN.replace("Dense(3)])", "Dense(3)])  # noqa: LG103"), encoding="utf-8")
    assert main(["probe", "quiet.py:build"]) == 0
    assert "Hidden: 1 suppressed." in capsys.readouterr().out


def test_keras_is_as_before_after_a_probe(folder: Path) -> None:
    names = ("compile", "__call__", "fit", "predict")
    before = [getattr(keras.Model, name) for name in names], keras.layers.Layer.__init__, list(sys.meta_path)
    assert main(["probe", "builder.py:build"]) == 1
    assert ([getattr(keras.Model, name) for name in names], keras.layers.Layer.__init__, list(sys.meta_path)) == before


def test_thresholds_and_mistakes_in_the_configuration(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "import keras\n"
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', keras.losses.BinaryCrossentropy(from_logits=True), metrics=['accuracy'])\n"
    )
    Path("one.py").write_text(text, encoding="utf-8")
    command = ["probe", "one.py:model", "--output-format", "json"]
    assert main(command) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["code"], found["severity"]) == ("LG401", "warning")
    Path("lossguard.toml").write_text('min-severity = "error"\n', encoding="utf-8")
    assert main(command) == 0
    assert "Hidden: " in (hidden := capsys.readouterr()).err
    assert hidden.out == "[]\n"
    assert main([*command, "--min-severity", "info"]) == 1
    Path("lossguard.toml").write_text('ignored = ["LG103"]\n', encoding="utf-8")
    capsys.readouterr()
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "unknown key 'ignored'" in line


# run


def run(*arguments: str, script: str = "", cwd: Path) -> subprocess.CompletedProcess[str]:
    (cwd / "train.py").write_text(script, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "lossguard", "run", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd, check=False)


TRAIN = """\
import sys
import keras
import numpy as np
from keras import layers
print("arguments", sys.argv[1:])
x = np.random.rand(64, 4)
def batches():
    for number in range(3):
        print("batch", number)
        yield x[:8], np.random.randint(0, 3, 8)
model = keras.Sequential([
    keras.Input((4,)), layers.Dense(8, activation="relu"),
    layers.Dense(3, activation="softmax", name="head"), layers.Reshape((3,)),
])
model.compile(
    "sgd",
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
try:
    model.fit(batches(), epochs=1, steps_per_epoch=3, verbose=0)
except Exception:
    print("never")
print("trained")
"""


def test_run_stops_before_training_and_points_at_the_code(tmp_path: Path) -> None:
    done = run("--output-format", "json", "train.py", "--epochs", "9", script=TRAIN, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    (found,) = json.loads(done.stdout)
    assert (found["code"], found["filename"]) == ("LG101", "train.py")
    assert "arguments ['--epochs', '9']" in done.stderr
    assert "batch 0" in done.stderr
    assert "batch 1" not in done.stderr
    assert "trained" not in done.stderr
    assert "never" not in done.stderr
    if sys.version_info >= (3, 11):
        assert found["location"] == {"row": 17, "column": 10}
        assert found["end_location"] == {"row": 17, "column": 70}
    (layer,) = found["related"]
    assert layer["location"]["row"] == 13
    assert layer["message"] == "softmax over 3 units, layer 'head'"


def test_run_can_go_on_and_loses_no_batch(tmp_path: Path) -> None:
    done = run("--continue", "train.py", script=TRAIN, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("batch")] == ["batch 0", "batch 1", "batch 2"]
    assert "trained" in lines
    assert "train.py:17:10" in done.stdout


def test_run_heeds_the_configuration_in_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    Path("train.py").write_text(TRAIN, encoding="utf-8")
    Path("lossguard.toml").write_text('output-format = "jsonl"\n', encoding="utf-8")
    ran: list[tuple[Any, dict[str, object]]] = []
    really = run_command._run

    def once(asked: Any, options: dict[str, object], how: Any) -> Any:
        ran.append((ran[0][0] if ran else really(asked, options, how), options))
        return ran[-1][0]

    monkeypatch.setattr(run_command, "_run", once)
    assert main(["run", "train.py"]) == 1
    output = capfd.readouterr()
    assert json.loads(output.out)["code"] == "LG101"
    assert "1 finding. Looked at 1 model while train.py ran.\n" in output.err
    for name in FORMATS:
        assert main(["run", "--output-format", name, "--output-file", name, "train.py"]) == 1
        assert "LG101" in Path(name).read_text(encoding="utf-8")
        assert main(["run", "--output-format", name, "train.py"]) == 1
        assert "LG101" in capfd.readouterr().out
    Path("lossguard.toml").write_text('per-file-ignores = { "train.py" = ["LG101"] }\n', encoding="utf-8")
    assert main(["run", "train.py"]) == 0
    assert "LG101" not in str(ran[-1][1]["select"])
    assert main(["run", "--isolated", "train.py"]) == 1
    assert "LG101" in str(ran[-1][1]["select"])


LOOP = """\
import keras
import numpy as np
import tensorflow as tf

class Halved(keras.layers.Layer):
    def call(self, inputs):
        return inputs / 2

x, y = np.random.rand(40, 4).astype("float32"), np.random.randint(0, 3, 40)
model = keras.Sequential([keras.Input((4,)), Halved(), keras.layers.Dense(3, activation="softmax", name="head")])
optimizer = keras.optimizers.SGD()
loss_fn = keras.losses.CategoricalCrossentropy(from_logits=True)
print("untrained", loss_fn(tf.one_hot(y, 3), model.predict(x, verbose=0)).numpy() > 0)

@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        predictions = model(images, training=True)
        loss = loss_fn(tf.one_hot(labels, 3), predictions)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))

train_step(x, y)
print("trained")
"""


def test_run_looks_at_losses_that_a_loop_calls(tmp_path: Path) -> None:
    done = run("--output-format", "json", "train.py", script=LOOP, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert [(one["code"], one["location"]["row"]) for one in found] == [("LG502", 13), ("LG502", 19)]
    assert [one["related"][0]["message"] for one in found] == ["softmax over 3 units, layer 'head'"] * 2
    assert "untrained True" in done.stderr
    assert "trained\n" not in done.stderr.replace("untrained", "")
    done = run("--continue", "--output-format", "concise", "train.py", script=LOOP, cwd=tmp_path)
    assert [line.split()[0] for line in done.stdout.splitlines() if ": LG" in line] == ["train.py:13:20:"]
    assert "trained" in done.stderr.splitlines()


def test_the_baseline_holds_for_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    Path("train.py").write_text(TRAIN, encoding="utf-8")
    assert main(["train.py", "--write-baseline", "known.json", "-q"]) == 0
    Path("lossguard.toml").write_text('baseline = "known.json"\n', encoding="utf-8")
    assert main(["run", "train.py"]) == 0
    assert "No findings. Looked at 1 model while train.py ran. Hidden: 1 in the baseline." in capfd.readouterr().out


def test_run_of_a_loop_whose_loss_is_not_understood(tmp_path: Path) -> None:
    own = LOOP.replace("    loss = loss_fn(", "    loss = tf.reduce_sum(").replace(
        "labels, 3), predictions)", "labels, 3) * predictions)"
    )
    script = "\n".join(line for line in own.splitlines() if not line.startswith("print"))
    done = run("train.py", script=script, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert done.stderr.endswith("train.py trains in a loop of its own, with a loss that could not be looked at\n")


@pytest.mark.parametrize(
    ("line", "code", "underlined"),
    [
        ("keras.layers.Dense(3, activation='soft_max')", "LG505", "'soft_max'"),
        ("keras.losses.SparseCategoricalCrossentropy(label_smoothing=0.1)", "LG506", "0.1"),
        ("keras.losses.binary_crossentropy(from_logits=True)", "LG504", "keras."),
        ("keras.Sequential().compile('adamm', 'mse')", "LG505", "'adamm'"),
    ],
)
def test_run_says_why_a_script_has_failed_where_a_rule_knows(
    line: str, code: str, underlined: str, tmp_path: Path
) -> None:
    done = run("--output-format", "concise", "train.py", script=f"import keras\n{line}\n", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    column = line.index(underlined) + 1 if sys.version_info >= (3, 11) else 1
    assert f"train.py:2:{column}: {code} " in done.stdout
    assert "Error" in done.stderr


def test_run_of_a_script_that_loads_a_compiled_model(tmp_path: Path) -> None:
    model(keras.layers.Dense(3)).save(tmp_path / "model.keras")
    script = (
        "import keras, numpy as np\n"
        "model = keras.models.load_model('model.keras')\n"
        "model.fit(np.zeros((6, 4)), np.arange(6) % 3)\n"
    )
    done = run("--output-format", "concise", "train.py", script=script, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("train.py:2:9: LG103")


def test_a_mistake_of_ours_is_no_mistake_of_the_program(tmp_path: Path) -> None:
    script = (
        "import lossguard.runtime.script as s\ndef look(*_):\n    raise RuntimeError('ours')\ns.look = look\n" + TRAIN
    )
    done = run("train.py", script=script, cwd=tmp_path)
    assert done.returncode == 2
    assert "RuntimeError: ours" in done.stderr
    assert "never" not in done.stdout
    assert done.stderr.endswith("lossguard: error: this is a bug in lossguard; please report it with the lines above\n")


def test_run_a_notebook(tmp_path: Path) -> None:
    cells = [
        ["%matplotlib inline\n", "!ls\n", "import keras, numpy as np\n", "display(np.zeros(1))"],
        ["model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n", "model.compile('sgd', 'mse')\n"],
        ["model.compile('sgd', 'categorical_crossentropy')\n", "model.fit(np.zeros((6, 4)), np.eye(6)[:, :3])"],
    ]
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [{"cell_type": "code", "source": source} for source in cells],
    }
    (tmp_path / "train.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    done = run("--output-format", "concise", "train.ipynb", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("train.ipynb:cell 3:1:22: LG103 logits-as-probabilities")


def test_run_of_a_notebook_that_fails(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": source} for source in ("x = 1", "%%time\ny = x\nz = y / 0\n")]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (tmp_path / "train.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    done = run("train.ipynb", cwd=tmp_path)
    assert done.returncode == 2
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.endswith("train.ipynb failed in line 3 of cell 2 before it trained a model\n")


def test_run_of_a_script_that_only_compiles_and_suppresses(tmp_path: Path) -> None:
    script = (
        "import keras\n"
        "m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, 'softmax')])  # lossguard: ignore[LG105]\n"
        "m.compile('sgd', 'bce')\n"
        "n = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n"
        "n.compile('sgd', 'categorical_crossentropy')\n"
    )
    done = run("--output-format", "concise", "train.py", script=script, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("train.py:5:18: LG103")
    assert "1 finding. Looked at 2 models while train.py ran. Hidden: 1 suppressed." in done.stderr


def test_run_of_a_script_that_fails(tmp_path: Path) -> None:
    script = "def load():\n    raise KeyError('no data')\n\nload()\n"
    done = run("train.py", script=script, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert "in load\n    raise KeyError('no data')" in done.stderr
    assert "KeyError: 'no data'" in done.stderr
    assert "lossguard/" not in done.stderr
    assert done.stderr.endswith("lossguard: error: train.py failed before it trained a model\n")


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("print('hello')", "train.py ended without compiling or training a Keras model"),
        ("raise SystemExit(3)", "train.py ended with status 3 before it trained a model"),
        ("import os; os._exit(5)", "train.py ended with status 5 and gave no result"),
        ("x = = 1", "train.py failed before it trained a model"),
        ("while True: pass", "train.py did not train a model within 1 s (--time-limit)"),
    ],
)
def test_run_that_never_trains(script: str, error: str, tmp_path: Path) -> None:
    done = run("--time-limit", "1" if "while" in script else "60", "train.py", script=script, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"lossguard: error: {error}"


def test_run_with_a_batch_that_does_not_fit(tmp_path: Path) -> None:
    script = (
        "import keras, numpy as np\n"
        "m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
        "m.compile('sgd', 'mse')\n"
        "m.fit(np.zeros((4, 9)), np.zeros(4))\n"
    )
    done = run("train.py", script=script, cwd=tmp_path)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "lossguard: error: train.py:4:1: forward pass: the batch does not fit 'sequential': ValueError"
    )


def test_run_of_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(tmp_path / "nothing.py")]) == 2
    assert "no such file" in capsys.readouterr().err
