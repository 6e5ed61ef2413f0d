"""The modules of a checked program: parsed once, found by import name, never executed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.catalog.names import KNOWN_LIBRARIES
from lossguard.static import syntax
from lossguard.static.values import Scope

if TYPE_CHECKING:
    import libcst as cst

    from lossguard.source import Source

Reader = Callable[[Path], "Source | None"]
"""How a project file that is imported is read; None where it can't be."""

MAX_MODULES = 60
MAX_IMPORTED_SIZE = 400_000
_MARKERS = (".git", "pyproject.toml", "setup.py", "setup.cfg")


@dataclass(slots=True, eq=False)
class Module:
    """One parsed file and its names. `main` marks the file that is checked, not imported."""

    source: Source
    tree: cst.Module
    serial: int
    main: bool
    scope: Scope = field(init=False)
    loaded: bool = False
    stars: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scope = Scope({}, None, self)

    @property
    def path(self) -> Path | None:
        return self.source.path


class Trees:
    """Parsed project files, shared by all programs of one run."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._parsed: dict[Path, tuple[Source, cst.Module] | None] = {}
        self._is_file: dict[Path, bool] = {}

    def get(self, path: Path) -> tuple[Source, cst.Module] | None:
        """The source and the tree of an imported file, or None where it can't be had."""
        if path not in self._parsed:
            self._parsed[path] = self._parse(path)
        return self._parsed[path]

    def _parse(self, path: Path) -> tuple[Source, cst.Module] | None:
        source = self._read(path)
        if source is None or len(source.text) > MAX_IMPORTED_SIZE:
            return None
        try:
            return source, syntax.parse(source.text)
        except syntax.SyntaxProblem:
            return None

    def is_file(self, path: Path) -> bool:
        if path not in self._is_file:
            self._is_file[path] = path.is_file()
        return self._is_file[path]


class Program:
    """The checked file and whatever of its project it imports; `given` are roots of absolute imports, the first."""

    def __init__(self, source: Source, tree: cst.Module, trees: Trees, given: Sequence[Path] = ()) -> None:
        self.trees = trees
        self._given = given
        self.main = Module(source, tree, 0, main=True)
        self.modules: list[Module] = [self.main]
        self._by_path: dict[Path, Module] = {}
        if source.path is not None:
            self._by_path[source.path] = self.main

    def find(self, name: str, importer: Module, level: int = 0) -> Path | None:
        """The project file that `import name` in `importer` means; `level` counts the leading dots."""
        if importer.path is None:
            return None
        parts = name.split(".") if name else []
        if level:
            folder = importer.path.parent
            for _ in range(level - 1):
                folder = folder.parent
            return self._below(folder, parts)
        if not parts or parts[0] in KNOWN_LIBRARIES:
            return None
        for root in (*self._given, *roots(importer.path)):
            found = self._below(root, parts)
            if found is not None:
                return found
        return None

    def _below(self, folder: Path, parts: list[str]) -> Path | None:
        target = folder.joinpath(*parts)
        candidates = [target / "__init__.py"]
        if parts:
            candidates.insert(0, target.parent / f"{target.name}.py")
        return next((path for path in candidates if self.trees.is_file(path)), None)

    def load(self, path: Path) -> Module | None:
        """The module in this file, parsed; None where it can't be read or the program is too large."""
        if path in self._by_path:
            return self._by_path[path]
        parsed = self.trees.get(path) if len(self.modules) < MAX_MODULES else None
        if parsed is None:
            return None
        module = Module(*parsed, len(self.modules), main=False)
        self.modules.append(module)
        self._by_path[path] = module
        return module


def roots(path: Path) -> list[Path]:
    """Where absolute imports of a file may start: its folder, the folders above up to the project's root, `src`."""
    found = [path.parent]
    folder = path.parent
    while folder.parent != folder and not any((folder / marker).exists() for marker in _MARKERS):
        folder = folder.parent
        found.append(folder)
        if len(found) > 8:  # noqa: PLR2004 - deeper than projects nest their packages
            break
    return [*found, found[-1] / "src"]
