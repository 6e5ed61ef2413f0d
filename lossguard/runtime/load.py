"""From what the command line names to a compiled model: a saved file, or a function that builds one."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from lossguard.runtime.library import NotProbed, origin_of, require_keras
from lossguard.runtime.measure import first_line

SAVED = (".keras", ".h5", ".hdf5")
_UNSAFE = "pass --allow-code to run the code that is stored in it, if you trust where it comes from"


class UserError(Exception):
    """The user's own code raised; `__cause__` is what."""


def load(target: str, arguments: Mapping[str, Any], *, allow_code: bool) -> Any:
    """The model that the target names."""
    path = Path(target)
    if path.suffix.lower() in SAVED or (path / "saved_model.pb").exists():
        if arguments:
            raise NotProbed("--arg is for functions that build a model, not for saved models")
        return _saved(path, allow_code=allow_code)
    place, colon, name = target.rpartition(":")
    if not colon or not name.isidentifier():
        raise NotProbed(
            f"{target}: neither a saved model ({', '.join(SAVED)}, SavedModel) nor package.module:function"
            " nor file.py:function"
        )
    module = _module(place)
    if not hasattr(module, name):
        raise NotProbed(f"{target}: {place} has no {name!r}")
    return _built(target, getattr(module, name), arguments)


def _saved(path: Path, *, allow_code: bool) -> Any:
    if not path.exists():
        raise NotProbed(f"{path}: no such file or folder")
    require_keras()
    failures = []
    for package in ("keras", "tf_keras"):
        if find_spec(package) is None:
            continue
        keras = import_module(package)
        try:
            return keras.models.load_model(str(path), safe_mode=not allow_code)
        except Exception as error:  # noqa: BLE001  whatever a damaged file makes Keras raise
            failures.append((f"{package} {getattr(keras, '__version__', '')}", error))
    told = "; ".join(f"{name}: {first_line(error)}" for name, error in failures)
    unsafe = any("safe_mode" in str(error) or "unsafe" in str(error).lower() for _, error in failures)
    advice = f" ({_UNSAFE})" if unsafe and not allow_code else ""
    raise NotProbed(f"loading {path}: {told}{advice}") from failures[0][1]


def _module(place: str) -> ModuleType:
    if not place.endswith(".py"):
        sys.path.insert(0, str(Path.cwd()))
        try:
            return import_module(place)
        except ModuleNotFoundError as missing:
            if missing.name is not None and (place == missing.name or place.startswith(f"{missing.name}.")):
                raise NotProbed(f"{place}: no such module") from missing
            raise UserError(f"importing {place}") from missing
        except Exception as error:
            raise UserError(f"importing {place}") from error
    path = Path(place)
    if not path.is_file():
        raise NotProbed(f"{place}: no such file")
    sys.path.insert(0, str(path.parent.resolve()))
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise NotProbed(f"{place}: can't be imported")
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"importing {place}") from error
    return module


def _built(target: str, thing: Any, arguments: Mapping[str, Any]) -> Any:
    if origin_of(thing) is not None and hasattr(thing, "fit"):
        return thing
    if not callable(thing):
        raise NotProbed(f"{target}: neither a function nor a Keras model, but a {type(thing).__name__}")
    try:
        model = thing(**arguments)
    except Exception as error:
        raise UserError(f"calling {target}") from error
    if isinstance(model, tuple) and model:  # some builders give the model and something else
        model = next((one for one in model if origin_of(one) is not None and hasattr(one, "fit")), model)
    return model


def labels(path: str) -> Any:
    """The labels in a `.npy` or `.npz` file: one array, or one by name for each output."""
    import numpy as np

    try:
        found = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise NotProbed(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError) as error:
        raise NotProbed(f"reading {path}: {first_line(error)}") from error
    if isinstance(found, np.ndarray):
        return found
    arrays = {name: found[name] for name in found.files}
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays
