"""From what the command line names to a compiled model: a saved file, or a function that builds one."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import BadZipFile, ZipFile

from lossguard.runtime.library import NotProbed, origin_of, require_keras
from lossguard.runtime.measure import first_line

SAVED = (".keras", ".h5", ".hdf5")
_UNSAFE = "pass --allow-code to run the code that is stored in it, if you trust where it comes from"
_UNKNOWN = ("Could not locate", "Could not deserialize", "Unknown layer", "Unknown object")
_LONG = 200
_ANOTHER = "a class of another Keras or of your own; probe file.py:function, which builds the model"
_ONLY_FUNCTIONS = (
    "a SavedModel without a Keras model, as model.export writes it, has no loss to look at;"
    " save it with model.save('model.keras') and probe that"
)
_NOT_IN_KERAS_3 = (
    "Keras 3 can't load a SavedModel; pip install tf_keras, which can,"
    " or save it with model.save('model.keras') and probe that"
)


class UserError(Exception):
    """The user's own code raised; `__cause__` is what."""


def is_saved(target: str) -> bool:
    """Whether the target is a saved model, not code that builds one."""
    path = Path(target)
    return path.suffix.lower() in SAVED or (path / "saved_model.pb").exists()


def load(target: str, arguments: Mapping[str, Any], *, allow_code: bool) -> Any:
    """The model that the target names."""
    if is_saved(target):
        if arguments:
            raise NotProbed("--arg is for functions that build a model, not for saved models")
        return _saved(Path(target), allow_code=allow_code)
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
    graphs = (path / "saved_model.pb").exists()
    if graphs and find_spec("tf_keras") is None:
        raise NotProbed(f"loading {path}: {_no_model(path) or _NOT_IN_KERAS_3}")
    failures = []
    for package in ("tf_keras",) if graphs else ("keras", "tf_keras"):
        if find_spec(package) is None:
            continue
        keras = import_module(package)
        try:
            with _only_data(package, allow_code=allow_code):
                found = keras.models.load_model(str(path), safe_mode=not allow_code)
        except Exception as error:  # noqa: BLE001  whatever a damaged file makes Keras raise
            failures.append((f"{package} {getattr(keras, '__version__', '')}", error))
            if _is_refused(error) and not allow_code:
                break
        else:
            if origin_of(found) is None:
                raise NotProbed(f"loading {path}: {_no_model(path) or _ONLY_FUNCTIONS}")
            return found
    told = "; ".join(f"{name}: {_shortened(first_line(error))}" for name, error in failures)
    by = _saved_by(path)
    advice = next((found for _, error in failures if (found := _advice(error))), "")
    raise NotProbed(f"loading {path}{f' (saved by Keras {by})' if by else ''}: {told}{advice}") from (failures[0][1])


def _no_model(path: Path) -> str:
    """Why there is no Keras model in a SavedModel folder; nothing where there may be one."""
    return "" if (path / "keras_metadata.pb").exists() else _ONLY_FUNCTIONS


@contextmanager
def _only_data(package: str, *, allow_code: bool) -> Iterator[None]:
    """Keras refuses code in a file while this lasts; `safe_mode` alone does not reach its older formats."""
    library = import_module(f"{package}.src.saving.serialization_lib") if not allow_code else None
    if library is None:
        yield
        return
    with library.SafeModeScope(safe_mode=True):
        yield


def _is_refused(error: Exception) -> bool:
    return "safe_mode" in str(error) or "unsafe" in str(error).lower()


def _advice(error: Exception) -> str:
    if _is_refused(error):
        return f" ({_UNSAFE})"
    return f" ({_ANOTHER})" if any(words in str(error) for words in _UNKNOWN) else ""


def _shortened(text: str) -> str:
    """Without the end of what Keras quotes from the file."""
    return text if len(text) <= _LONG else f"{text[:_LONG]} ..."


def _saved_by(path: Path) -> str:
    """The version of Keras that is written in a `.keras` file."""
    try:
        with ZipFile(path) as file:
            version = json.loads(file.read("metadata.json"))["keras_version"]
    except (OSError, BadZipFile, KeyError, TypeError, ValueError):
        return ""
    return str(version)[:20]


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
