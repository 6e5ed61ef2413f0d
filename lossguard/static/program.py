"""The modules of a checked program: parsed once, found by import name, never executed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.catalog.names import KNOWN_LIBRARIES
from lossguard.static import syntax
from lossguard.static.roots import roots
from lossguard.static.values import Scope

if TYPE_CHECKING:
    from lossguard.source import Source

Reader = Callable[[Path], "Source | None"]
"""How a project file that is imported is read; None where it can't be."""

MAX_MODULES = 60
MAX_IMPORTED_SIZE = 400_000
MAX_PROGRAM_SIZE = 800_000
"""Characters of one imported file, and of all files of a program together."""

MAX_KEPT = 400_000
"""Characters of imported files whose trees are kept for other programs."""


@dataclass(slots=True, eq=False)
class Module:
    """One parsed file and its names. `main` marks the file that is checked, not imported."""

    source: Source
    tree: syntax.Tree
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
    """Parsed project files, shared by the programs of one run; those that were used last are kept."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._parsed: dict[Path, tuple[Source, syntax.Tree] | None] = {}
        self._kept = 0
        self._is_file: dict[Path, bool] = {}
        self._roots: dict[Path, tuple[Path, ...]] = {}

    def get(self, path: Path) -> tuple[Source, syntax.Tree] | None:
        """The source and the tree of an imported file, or None where it can't be had."""
        if path in self._parsed:
            self._parsed[path] = parsed = self._parsed.pop(path)  # the last one now
            return parsed
        parsed = self._parsed[path] = self._parse(path)
        self._kept += _size(parsed)
        while self._kept > MAX_KEPT and len(self._parsed) > 1:
            self._kept -= _size(self._parsed.pop(next(iter(self._parsed))))
        return parsed

    def _parse(self, path: Path) -> tuple[Source, syntax.Tree] | None:
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

    def roots(self, folder: Path) -> tuple[Path, ...]:
        if folder not in self._roots:
            self._roots[folder] = roots(folder)
        return self._roots[folder]


def _size(parsed: tuple[Source, syntax.Tree] | None) -> int:
    return 0 if parsed is None else len(parsed[0].text)


class Program:
    """The checked file and whatever of its project it imports; `given` are roots of absolute imports, the first.

    `read` are the imported files that were asked for, `looked_for` the paths that imports could mean and whether
    a file is there, `rooted` the folders where absolute imports start, by the folder of the importing file.
    """

    def __init__(self, source: Source, tree: syntax.Tree, trees: Trees, given: Sequence[Path] = ()) -> None:
        self.trees = trees
        self.read: list[Path] = []
        self.looked_for: dict[Path, bool] = {}
        self.rooted: dict[Path, tuple[Path, ...]] = {}
        self._given = given
        self._found: dict[tuple[str, Path, int], Path | None] = {}
        self._size = len(source.text)
        self.main = Module(source, tree, 0, main=True)
        self.modules: list[Module] = [self.main]
        self._by_path: dict[Path, Module] = {}
        if source.path is not None:
            self._by_path[source.path] = self.main

    def find(self, name: str, importer: Module, level: int = 0) -> Path | None:
        """The project file that `import name` in `importer` means; `level` counts the leading dots."""
        if importer.path is None or not (level or (name and name.partition(".")[0] not in KNOWN_LIBRARIES)):
            return None
        place = name, importer.path.parent, level
        if place not in self._found:
            self._found[place] = self._find(*place)
        return self._found[place]

    def _find(self, name: str, folder: Path, level: int) -> Path | None:
        parts = name.split(".") if name else []
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            return self._below(folder, parts)
        if folder not in self.rooted:
            self.rooted[folder] = self.trees.roots(folder)
        found = (self._below(root, parts) for root in (*self._given, *self.rooted[folder]))
        return next((path for path in found if path is not None), None)

    def _below(self, folder: Path, parts: list[str]) -> Path | None:
        target = folder.joinpath(*parts)
        candidates = [target / "__init__.py"]
        if parts:
            candidates.insert(0, target.parent / f"{target.name}.py")
        for path in candidates:
            self.looked_for[path] = self.trees.is_file(path)
            if self.looked_for[path]:
                return path
        return None

    def load(self, path: Path) -> Module | None:
        """The module in this file, parsed; None where it can't be read or the program is too large."""
        if path in self._by_path:
            return self._by_path[path]
        if len(self.modules) >= MAX_MODULES:
            return None
        self.read.append(path)
        parsed = self.trees.get(path)
        if parsed is None or self._size + _size(parsed) > MAX_PROGRAM_SIZE:
            return None
        self._size += _size(parsed)
        module = Module(*parsed, len(self.modules), main=False)
        self.modules.append(module)
        self._by_path[path] = module
        return module
