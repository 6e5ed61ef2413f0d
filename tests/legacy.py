"""Keras 2 under the names of Keras: programs that import `keras` or `tensorflow.keras` get `tf_keras`."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Alias(MetaPathFinder, Loader):
    """`keras.x` is the very module `tf_keras.x`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname.partition(".")[0] == "keras" else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(f"tf_{spec.name}")
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state


def install() -> None:
    """From now on, in this process and those it starts; before TensorFlow or Keras are imported."""
    assert not {"keras", "tensorflow"} & sys.modules.keys()
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    sys.meta_path.insert(0, _Alias())
