"""Projects of several files: imports are followed to the files of the project, nothing is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossguard.check import Checked, check_paths

MODELS = """
from tensorflow import keras

def build_model(num_classes):
    return keras.Sequential([keras.layers.Dense(num_classes, activation="sigmoid")])
"""
TRAIN = "model = build_model(5)\nmodel.compile('adam', 'categorical_crossentropy')\n"


def checked(root: Path, files: dict[str, str], *paths: str) -> Checked:
    for name, text in {"pyproject.toml": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return check_paths(paths or ["train.py"])


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


IMPORTS = {
    "from a module": ({"models.py": MODELS}, "from models import build_model\n"),
    "under another name": ({"models.py": MODELS}, "from models import build_model as b\nbuild_model = b\n"),
    "the module itself": ({"models.py": MODELS}, "import models\nbuild_model = models.build_model\n"),
    "from a package": ({"zoo/models.py": MODELS, "zoo/__init__.py": ""}, "from zoo.models import build_model\n"),
    "a module of a package": (
        {"zoo/models.py": MODELS, "zoo/__init__.py": ""},
        "from zoo import models\nbuild_model = models.build_model\n",
    ),
    "exported again": (
        {"zoo/models.py": MODELS, "zoo/__init__.py": "from .models import build_model\n"},
        "from zoo import build_model\n",
    ),
    "by a star": ({"models.py": MODELS}, "from models import *\n"),
    "from src": ({"src/models.py": MODELS}, "from models import build_model\n"),
    "within a function": (
        {"models.py": MODELS},
        "def get():\n    from models import build_model as b\n    return b\nbuild_model = get()\n",
    ),
}


@pytest.mark.parametrize(("files", "imports"), IMPORTS.values(), ids=IMPORTS)
def test_model_built_in_another_file(root: Path, files: dict[str, str], imports: str) -> None:
    (diagnostic,) = checked(root, {**files, "train.py": imports + TRAIN}).diagnostics
    assert (diagnostic.code, diagnostic.place.filename) == ("LG109", "train.py")
    assert [related.place.filename for related in diagnostic.related] == [
        next(name for name, text in files.items() if text == MODELS)
    ]


def test_a_file_that_never_mentions_keras_is_checked(root: Path) -> None:
    files = {"models.py": MODELS, "train.py": "from models import build_model\n" + TRAIN}
    assert [diagnostic.code for diagnostic in checked(root, files).diagnostics] == ["LG109"]


def test_relative_import_from_a_file_deep_in_a_package(root: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/zoo/__init__.py": "",
        "app/zoo/models.py": MODELS,
        "app/run/__init__.py": "",
        "app/run/train.py": "from ..zoo.models import build_model\n" + TRAIN,
    }
    (diagnostic,) = checked(root, files, "app/run/train.py").diagnostics
    assert diagnostic.related[0].place.filename == "app/zoo/models.py"


def test_constants_of_another_file(root: Path) -> None:
    files = {
        "config.py": "CLASSES = 1\nLOSS = 'categorical_crossentropy'\n",
        "train.py": "from config import *\nfrom keras import *\n"
        "Sequential([layers.Dense(CLASSES, activation='softmax')]).compile('adam', LOSS)\n",
    }
    assert [diagnostic.code for diagnostic in checked(root, files).diagnostics] == ["LG105"]


def test_a_constant_of_another_file_that_is_changed_here(root: Path) -> None:
    files = {
        "config.py": "CLASSES = 1\n",
        "train.py": "import config\nfrom keras import *\nconfig.CLASSES = 5\n"
        "model = Sequential([layers.Dense(config.CLASSES, activation='softmax')])\n"
        "model.compile('adam', 'categorical_crossentropy')\n",
    }
    assert not checked(root, files).diagnostics


def test_compiled_in_a_file_that_this_one_calls(root: Path) -> None:
    trainer = """
import keras

class Trainer:
    def __init__(self, units):
        self.model = keras.Sequential([keras.layers.Dense(units, activation="softmax")])
    def prepare(self):
        self.model.compile("adam", "binary_crossentropy")
"""
    run = "import keras\nfrom trainer import Trainer\ntrainer = Trainer(5)\ntrainer.prepare()  # loss\n"
    (diagnostic,) = checked(root, {"trainer.py": trainer, "run.py": run}, "run.py").diagnostics
    assert diagnostic.place.filename == "trainer.py"
    assert [(related.place.filename, related.message) for related in diagnostic.related][-1] == (
        "run.py",
        "called from here",
    )


def test_import_cycle(root: Path) -> None:
    files = {
        "a.py": "import keras\nimport b\ndef head():\n    return keras.layers.Dense(1, activation='softmax')\n",
        "b.py": "import keras\nimport a\nmodel = keras.Sequential([a.head()])\nmodel.compile('adam', 'mse')\n",
    }
    assert [diagnostic.code for diagnostic in checked(root, files, "a.py", "b.py").diagnostics] == ["LG105"]


def test_nothing_is_executed(root: Path) -> None:
    mark = "open('mark', 'w').close()\n"
    checked(root, {"models.py": mark + MODELS, "train.py": mark + "from models import build_model\n" + TRAIN})
    assert not (root / "mark").exists()


def test_the_order_of_the_paths_does_not_matter(root: Path) -> None:
    files = {"models.py": MODELS, "train.py": "from models import build_model\n" + TRAIN}
    first = checked(root, files, "train.py", "models.py")
    assert first.diagnostics == check_paths(["models.py", "train.py"]).diagnostics
