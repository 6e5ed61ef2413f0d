"""Which files are checked: the given ones, and below folders every Python file and notebook not ignored."""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lossguard.files import read_small

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pathspec import GitIgnoreSpec

    from lossguard.options import Options, OptionsOf

SUFFIXES = (".py", ".pyw", ".ipynb")
# fmt: off
PRUNED = frozenset({
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".lossguard_cache",
    ".mypy_cache", ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn",
    ".tox", ".venv", ".vscode", "__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist",
    "node_modules", "site-packages", "venv",
})
# fmt: on
"""Folders that hold no code of the project, by name; an environment is also known by what is in it."""
_ENVIRONMENT = frozenset({"pyvenv.cfg", "conda-meta"})


class Discovery(NamedTuple):
    """`files` are absolute and sorted; `missing` are given paths that don't exist; `problems` are
    one-line messages about what could not be looked at. `whole` are the files that were found with all
    that may import them: in a folder that is no package."""

    files: tuple[Path, ...]
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    whole: frozenset[Path] = frozenset()


class _Ignore(NamedTuple):
    """The `.gitignore` of one folder."""

    folder: str
    spec: GitIgnoreSpec

    def verdict(self, path: str) -> bool | None:
        """True: ignored; False: taken back in; None: not named here."""
        return self.spec.check_file(path[len(self.folder) :].lstrip(os.sep).replace(os.sep, "/")).include


def discover(
    paths: Sequence[str], *, cwd: Path, gitignore: bool = True, options_of: OptionsOf | None = None
) -> Discovery:
    """The files to check: a given file always, in a given folder what is not pruned, ignored or excluded.

    Where the options force it, given files are left out like found ones.
    """
    found: dict[str, str] = {}  # by the real path, so that no file is checked twice
    whole: set[str] = set()
    missing: list[str] = []
    problems: list[str] = []
    exclusions = Exclusions(options_of)
    for given in paths:
        path = os.path.abspath(os.path.join(cwd, given))  # noqa: PTH100, PTH118  `Path.absolute` keeps `..`
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            missing.append(given)
            continue
        except (OSError, ValueError) as error:
            problems.append(f"{given}: {getattr(error, 'strerror', None) or error}")
            continue
        if exclusions.force(path, folder=stat.S_ISDIR(mode)):
            continue
        real = os.path.realpath(path)
        if stat.S_ISDIR(mode):
            ignores = _ignores_above(path) if gitignore else ()
            lenient = exclusions if not exclusions.of(path, folder=True) else Exclusions(None)
            package = os.path.lexists(os.path.join(path, "__init__.py"))  # noqa: PTH118
            for file, real_file in _walk(path, real, ignores, problems, lenient, gitignore=gitignore):
                found[real_file] = min(file, found.get(real_file, file))
                if not package:
                    whole.add(real_file)
        elif stat.S_ISREG(mode):
            found[real] = min(path, found.get(real, path))
        else:
            problems.append(f"{given}: neither a file nor a folder")
    files = sorted((Path(file) for file in found.values()), key=lambda file: file.parts)
    return Discovery(tuple(files), tuple(missing), tuple(problems), frozenset(Path(found[file]) for file in whole))


class Exclusions:
    """What the options exclude, each by the options of its folder; nothing without options."""

    def __init__(self, options_of: OptionsOf | None) -> None:
        self._options_of = options_of
        self._by_folder: dict[str, Options | None] = {}

    def of(self, path: str, *, folder: bool) -> bool:
        """Whether the path is excluded, itself or with a folder above it."""
        options = self._options(path)
        if options is None or not options.exclude:
            return False
        return matches(options.exclude, Path(path), options.root or Path.cwd(), folder=folder)

    def force(self, path: str, *, folder: bool) -> bool:
        """Whether the path is left out though it was given."""
        options = self._options(path)
        if options is None or not options.force_exclude:
            return False
        below = Path(os.path.relpath(path, options.root or Path.cwd())).parts
        return self.of(path, folder=folder) or not PRUNED.isdisjoint(below if folder else below[:-1])

    def _options(self, path: str) -> Options | None:
        above = os.path.dirname(path)  # noqa: PTH120  asked for every file
        if above not in self._by_folder:
            self._by_folder[above] = None if self._options_of is None else self._options_of(Path(path))
        return self._by_folder[above]


def matches(patterns: tuple[str, ...], path: Path, root: Path, *, folder: bool = False) -> bool:
    """Whether a path below the root matches one of these patterns, written as in `.gitignore`."""
    try:
        below = path.relative_to(root).as_posix()
    except ValueError:
        return False
    return bool(_spec(patterns).match_file(below + "/" if folder else below))


@cache
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from lossguard.patterns import spec

    return spec(patterns)


def _walk(
    root: str,
    real_root: str,
    ignores: tuple[_Ignore, ...],
    problems: list[str],
    exclusions: Exclusions,
    *,
    gitignore: bool,
) -> Iterator[tuple[str, str]]:
    """Each Python file and notebook below the folder, with its real path."""
    pending = [(root, ignores)]
    while pending:
        folder, above = pending.pop()
        try:
            with os.scandir(folder) as scan:
                entries = list(scan)
        except OSError as error:
            problems.append(f"{folder}: {error.strerror or error}")
            continue
        names = {entry.name for entry in entries}
        if folder != root and names & _ENVIRONMENT:
            continue
        here = (*above, *_ignore_in(folder)) if gitignore and ".gitignore" in names else above
        for entry in entries:
            if _is_folder(entry):
                if entry.name in PRUNED or _ignored(entry.path + os.sep, here):
                    continue
                if not exclusions.of(entry.path, folder=True):
                    pending.append((entry.path, here))
            elif entry.name.endswith(SUFFIXES) and _is_file(entry) and not _ignored(entry.path, here):
                if exclusions.of(entry.path, folder=False):
                    continue
                link = entry.is_symlink()
                yield entry.path, os.path.realpath(entry.path) if link else real_root + entry.path[len(root) :]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Also a link to a file; not a broken or circular link, a pipe or a device."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _ignored(path: str, ignores: tuple[_Ignore, ...]) -> bool:
    for ignore in reversed(ignores):  # the deepest that names the path decides, as in git
        verdict = ignore.verdict(path)
        if verdict is not None:
            return verdict
    return False


def _ignores_above(folder: str) -> tuple[_Ignore, ...]:
    """From the root of the repository down to the folder's parent; none if the folder itself is ignored,
    since whoever names it wants it checked."""
    ancestors = []
    for parent in (Path(folder), *Path(folder).parents):
        if os.path.lexists(parent / ".git"):
            break
        ancestors.append(parent.parent)
    else:
        return ()
    ignores = tuple(ignore for parent in reversed(ancestors) for ignore in _ignore_in(str(parent)))
    on_the_way = [str(path) + os.sep for path in (*reversed(ancestors[:-1]), Path(folder))]
    return () if any(_ignored(path, ignores) for path in on_the_way) else ignores


def _ignore_in(folder: str) -> tuple[_Ignore, ...]:
    path = Path(folder, ".gitignore")
    try:
        lines = read_small(path).decode("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ()
    from lossguard.patterns import spec  # most folders have no .gitignore

    return (_Ignore(folder, spec(lines)),)
