"""`lossguard probe` of models that were really saved: by both Kerases, in each of their formats, and damaged."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import json
import shutil
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from lossguard.cli import main

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
keras: Any = pytest.importorskip("keras")

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]
needs_tf_keras = pytest.mark.skipif(find_spec("tf_keras") is None, reason="tf_keras is not installed")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def model(package: str = "keras", *after: Any, activation: str | None = None) -> Any:
    library = import_module(package)
    head = library.layers.Dense(3, activation, name="head")
    built = library.Sequential([library.layers.Input((4,)), head, *after])
    built.compile("sgd", "sparse_categorical_crossentropy")
    return built


def failure(target: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that says why this can't be looked at."""
    assert main(["probe", target]) == 2
    output = capsys.readouterr()
    assert not output.out
    (line,) = [line for line in output.err.splitlines() if line.startswith("lossguard: error: ")]
    return line.removeprefix("lossguard: error: ")


def rewrite(name: str, member: str, old: str, new: str) -> None:
    """Change what a `.keras` file says."""
    with ZipFile(name) as file:
        contents = {one: file.read(one) for one in file.namelist()}
    assert old in contents[member].decode()
    contents[member] = contents[member].replace(old.encode(), new.encode())
    with ZipFile(name, "w") as file:
        for one, data in contents.items():
            file.writestr(one, data)


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.hdf5"])
def test_every_format_of_keras_3(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    model().save(name)
    assert main(["probe", name, "--output-format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["code"] == "LG103"
    model(activation="softmax").save(name)
    assert main(["probe", name]) == 0


@needs_tf_keras
@pytest.mark.parametrize("name", ["model.keras", "model.h5", "folder"])
def test_every_format_of_tf_keras(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    model("tf_keras").save(name)
    assert main(["probe", name, "--output-format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["code"] == "LG103"
    shutil.rmtree(name) if Path(name).is_dir() else Path(name).unlink()
    model("tf_keras", activation="softmax").save(name)
    assert main(["probe", name]) == 0


def test_a_folder_that_holds_functions_only(capsys: pytest.CaptureFixture[str]) -> None:
    model().export("exported", verbose=False)
    told = failure("exported", capsys)
    assert told.startswith("loading exported: a SavedModel without a Keras model, as model.export writes it,")
    assert told.endswith("save it with model.save('model.keras') and probe that")


def test_a_saved_model_without_what_loads_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "lossguard.runtime.load.find_spec", lambda name: None if name == "tf_keras" else find_spec(name)
    )
    Path("folder").mkdir()
    for name in ("saved_model.pb", "keras_metadata.pb"):
        Path("folder", name).write_bytes(b"")
    told = failure("folder", capsys)
    assert told.startswith("loading folder: Keras 3 can't load a SavedModel; pip install tf_keras, which can, or save")


@pytest.mark.parametrize(
    ("name", "kept"), [("model.keras", 0), ("model.keras", 900), ("model.h5", 0), ("model.h5", 2000)]
)
def test_a_file_that_is_cut_off(name: str, kept: int, capsys: pytest.CaptureFixture[str]) -> None:
    model().save(name)
    Path(name).write_bytes(Path(name).read_bytes()[:kept])
    assert failure(name, capsys).startswith(f"loading {name}: keras {keras.__version__}: ")


@needs_tf_keras
def test_a_damaged_folder(capsys: pytest.CaptureFixture[str]) -> None:
    model("tf_keras").save("folder")
    graph = Path("folder", "saved_model.pb")
    graph.write_bytes(graph.read_bytes()[:200])
    assert failure("folder", capsys).startswith("loading folder: tf_keras ")


def test_a_file_of_another_keras(capsys: pytest.CaptureFixture[str]) -> None:
    model().save("model.keras")
    rewrite("model.keras", "metadata.json", keras.__version__, "9.1.0")
    assert main(["probe", "model.keras", "-q"]) == 1
    capsys.readouterr()
    rewrite("model.keras", "config.json", '"Dense"', '"Denser"')
    told = failure("model.keras", capsys)
    assert told.startswith(f"loading model.keras (saved by Keras 9.1.0): keras {keras.__version__}: ")
    assert len(told) < 800
    assert told.endswith("(a class of another Keras or of your own; probe file.py:function, which builds the model)")


LAMBDA = "(lambda t: [t, open('ran', 'w').close()][0])"


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "folder"])
@pytest.mark.parametrize("package", ["keras", pytest.param("tf_keras", marks=needs_tf_keras)])
def test_no_code_of_a_saved_model_is_run_unasked(package: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if package == "keras" and name == "folder":
        pytest.skip("Keras 3 writes no model into a SavedModel")
    function = eval(LAMBDA)  # noqa: S307  a function that is in no module
    model(package, import_module(package).layers.Lambda(function, output_shape=(3,))).save(name)
    Path("ran").unlink(missing_ok=True)
    status = main(["probe", name])
    assert not Path("ran").exists()
    if name == "folder" and status != 2:  # its graph is data, and may be used without the function
        return
    assert "pass --allow-code to run the code that is stored in it" in capsys.readouterr().err.splitlines()[-1]
    if sys.version_info >= (3, 11):
        assert main(["probe", name, "--allow-code", "-q"]) in {0, 1}
        assert Path("ran").exists()
