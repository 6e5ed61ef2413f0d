"""Runs every fixture under the interception of `lossguard run`; prints the codes that were found, as JSON.

Started by `test_runtime_fixtures.py` in a process of its own, since Keras stays watched.
"""

import contextlib
import importlib.util
import io
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lossguard.rules import BY_CODE
from lossguard.runtime.intercept import watch
from lossguard.runtime.library import NotProbed
from lossguard.runtime.script import _execute, _Run, _source
from lossguard.runtime.spots import Program


class Current:
    """Hands on what is noted to the run of the fixture at hand."""

    step_by_step = False

    def __init__(self) -> None:
        self.run: Any = SimpleNamespace()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.run, name)


def helpers(tests: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("in_keras", tests / "test_rules_in_keras.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["in_keras"] = module
    spec.loader.exec_module(module)
    return module


def main(root: Path) -> None:
    warnings.simplefilter("ignore")
    if os.environ.get("TF_USE_LEGACY_KERAS") == "1":
        import legacy

        legacy.install()
    import tensorflow as tf  # first: `tf.keras` is another module otherwise
    import keras  # isort: skip

    stand_in = helpers(root / "tests")
    patch = pytest.MonkeyPatch()
    tf.config.run_functions_eagerly(True)
    patch.setattr(keras.Model, "fit", lambda *_, **__: SimpleNamespace(history={}))  # only what comes before counts
    current = Current()
    watch(current)
    found = {}
    for path in sorted((root / "fixtures").glob("*/*.py")):
        keras.utils.set_random_seed(4)
        for space in (keras, tf.keras):  # each time: TensorFlow's lazy modules can be made anew
            stand_in._stand_in_for_downloads(patch, space, tf)
        source = _source(path)
        opt_in = path.parent.name == "regression-loss-on-classes"
        run = current.run = _Run(Program(source), frozenset(BY_CODE) if opt_in else None, goes_on=True)
        error = ""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                _execute(source, str(path), [], run)
            except NotProbed as why:
                error = f"{why}: {err.getvalue()}"
        found[f"{path.parent.name}/{path.stem}"] = {
            "codes": sorted({one.code for one in run.ran.diagnostics}),
            "rows": sorted({(one.code, one.place.start.row) for one in run.ran.diagnostics}),
            "models": run.ran.models,
            "notes": run.ran.notes,
            "error": error,
        }
    sys.stdout.write(json.dumps(found))


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)  # some save what they have made
    main(Path(sys.argv[1]))
