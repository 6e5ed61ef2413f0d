"""Outcomes kept from one run to the next, by the content of everything that they rest on.

An entry is found by the content and the name of a file, the options and lossguard itself, and holds as long
as what the file imports has the same content, and no other file has come or gone that an import could mean.
What a file's bytes tell at a glance is kept by its size and times, so that an unchanged file is not read.
Nothing in the cache is trusted to be well-formed; what can't be read or written is as if it were not there.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossguard import __version__
from lossguard.glance import Glance

try:
    from _blake2 import blake2b
except ImportError:  # another Python; `hashlib` loads OpenSSL, which takes as long as all else of a warm run
    from hashlib import blake2b

if TYPE_CHECKING:
    from lossguard.options import Options
    from lossguard.outcome import Outcome
    from lossguard.source import Source

_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This folder was made by lossguard, which makes it again where it is missing.
# For information about such tags see https://bford.info/cachedir/
"""
_IGNORE = "# Made by lossguard.\n*\n"
_GLANCES = "glances.json"
_PRUNED = "pruned"
_DAY = 86_400
_KEPT = 30 * _DAY
"""Seconds after which what nobody asked for is removed."""

_SETTLED = 2_000_000_000
"""Nanoseconds: a file that was changed less long ago may change again within the same tick of its clock."""

_MOST_GLANCES = 200_000

_Seen = tuple[int, int, int, int, bool, bool, bool, str]
"""Size, times of the last change of content and of attributes, number of the file; the glance; the digest or ""."""


def digest(data: bytes) -> str:
    """What tells contents apart."""
    return blake2b(data, digest_size=16).hexdigest()


class Cache:
    """The cache in a folder, for one run. Any number of runs may use one folder at the same time."""

    def __init__(self, folder: Path, cwd: Path) -> None:
        self.folder = folder
        self._cwd = cwd
        self._glances: dict[str, _Seen] | None = None
        self._changed = False
        self._stored = False
        self._digests: dict[Path, str | None] = {}
        self._is_file: dict[Path, bool] = {}
        self._roots: dict[Path, tuple[Path, ...]] = {}

    @cached_property
    def _own(self) -> str:
        """The folder in it of this lossguard."""
        return os.path.join(self.folder, fingerprint())  # noqa: PTH118  joined for every file

    # glances

    def glance(self, path: Path) -> tuple[Glance, str, int] | None:
        """What was seen in a file that has not changed since, its digest, "" where none was made, and its size."""
        seen = self._known().get(str(path))
        if seen is None or _signature(path) != tuple(seen[:4]):
            return None
        return Glance(seen[4], seen[5], seen[6]), seen[7], seen[0]

    def keep_glance(self, path: Path, before: os.stat_result, seen: Glance, digested: str) -> None:
        """Remember what was seen in a file; `before` is what the system said of it before it was read."""
        if time.time_ns() - max(before.st_mtime_ns, before.st_ctime_ns) > _SETTLED:
            self._known()[str(path)] = (*_of(before), seen.keras, seen.candidate, seen.marked, digested)
            self._changed = True

    def _known(self) -> dict[str, _Seen]:
        if self._glances is None:
            found = _json(os.path.join(self._own, _GLANCES))  # noqa: PTH118
            rows = found.items() if isinstance(found, dict) else ()
            self._glances = {path: tuple(row) for path, row in rows if _is_seen(row)}
        return self._glances

    # outcomes

    def load(self, key: str, path: Path, read: Callable[[Path], bytes]) -> Outcome | None:
        """The outcome under this key for the file at `path`, if it still holds."""
        from lossguard.outcome import Malformed, outcome, used
        from lossguard.source import Unreadable, decode, reported_name

        entry = self._entry(key)
        found = _json(entry)
        if found is None:
            return None
        folder = str(path.parent)

        def absolute(written: str) -> Path:
            return Path(os.path.normpath(os.path.join(folder, written)))  # noqa: PTH118

        def source_of(named: Path) -> Source | None:
            if named != path and named not in contents:
                raise Malformed(f"nothing is known of {named}")
            return decode(read(named), reported_name(named, self._cwd), named)

        try:
            rests_on = used(found, absolute)
            contents = dict(rests_on.contents)
            if not (
                all(self._digest(named, read) == digested for named, digested in rests_on.contents)
                and all(self._there(named) is there for named, there in rests_on.files)
                and all(self._rooted(above) == roots for above, roots in rests_on.roots)
            ):
                return None
            held = outcome(found, source_of, absolute)
        except (Malformed, Unreadable, ValueError, RecursionError):
            return None
        names = {reported_name(path, self._cwd), *held.sources}
        if any(source.filename != name for name, source in held.sources.items()) or any(
            place not in names for place in _named(held)
        ):
            return None
        with suppress(OSError):
            if time.time() - os.stat(entry).st_mtime > _DAY:  # noqa: PTH116
                os.utime(entry)
        return held

    def store(self, key: str, path: Path, held: Outcome) -> None:
        """Keep an outcome for the file at `path`; one that tells of problems is not kept."""
        if held.problems:
            return
        import json

        from lossguard.outcome import as_data

        folder = str(path.parent)

        def relative(to: Path) -> str:
            try:
                return os.path.relpath(to, folder)
            except ValueError:  # on another drive
                return str(to)

        self._write(self._entry(key), json.dumps(as_data(held, relative), separators=(",", ":")))
        self._stored = True

    def close(self) -> None:
        """Write what was seen at a glance; once a day, remove what nobody asks for any more."""
        if self._changed and self._glances is not None and (self._stored or len(self._glances) > 1):
            import json

            rows = self._glances if len(self._glances) <= _MOST_GLANCES else {}
            self._write(os.path.join(self._own, _GLANCES), json.dumps(rows, separators=(",", ":")))  # noqa: PTH118
        if self._stored:
            with suppress(OSError):
                _prune(self.folder, Path(self._own))

    def _entry(self, key: str) -> str:
        return os.path.join(self._own, key[:2], f"{key[2:]}.json")  # noqa: PTH118

    def _digest(self, path: Path, read: Callable[[Path], bytes]) -> str | None:
        from lossguard.source import Unreadable

        if path not in self._digests:
            seen = self.glance(path)
            try:
                self._digests[path] = seen[1] if seen is not None and seen[1] else digest(read(path))
            except Unreadable:
                self._digests[path] = None
        return self._digests[path]

    def _there(self, path: Path) -> bool:
        if path not in self._is_file:
            self._is_file[path] = path.is_file()
        return self._is_file[path]

    def _rooted(self, folder: Path) -> tuple[Path, ...]:
        from lossguard.static.roots import roots

        if folder not in self._roots:
            self._roots[folder] = roots(folder)
        return self._roots[folder]

    def _write(self, path: str, text: str) -> None:
        """Write a file in one step, so that another run reads the old or the new one."""
        temporary = f"{path}.{os.getpid()}"
        try:
            _make(self.folder)
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
            with open(temporary, "w", encoding="utf-8", errors="surrogatepass") as file:  # noqa: PTH123
                file.write(text)
            os.replace(temporary, path)  # noqa: PTH105
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108


def key(path: Path, name: str, content: str, options: Options) -> str:
    """Under what the outcome of a file is kept: what it depends on but for imports."""
    import json

    from lossguard.dependencies import declared

    said = declared(path) if options.target is None else None
    asked = [value for name, value in options._asdict().items() if name not in _NOT_ABOUT_OUTCOMES]

    def plain(value: object) -> object:
        match value:
            case Path():
                return os.path.relpath(value, path.parent)
            case frozenset():
                return sorted(value)
        return [getattr(value, name) for name in type(value).__dataclass_fields__]  # type: ignore[attr-defined]

    return digest(json.dumps([content, name, said, asked], default=plain).encode("utf-8", "surrogatepass"))


_NOT_ABOUT_OUTCOMES = frozenset({
    "min_confidence", "min_severity", "per_file_ignores", "exclude", "force_exclude", "root", "show_models",
    "verbose", "debug",
})  # fmt: skip
"""Options that decide which files are looked at, or what is shown of what was found there."""


def serves(options: Options) -> bool:
    """Whether the outcome is one that is kept: not one that tells what was understood, or where we failed."""
    return not (options.show_models or options.verbose or options.debug)


@cache
def fingerprint() -> str:
    """A name for this lossguard on this Python and LibCST: its version and a digest of the code."""
    made = blake2b(digest_size=8)
    made.update(f"{sys.version} {sys.platform}".encode())
    made.update(_libcst_version())
    package = Path(__file__).parent
    for folder, folders, files in os.walk(package):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".py"):
                made.update(name.encode())
                with open(os.path.join(folder, name), "rb") as file:  # noqa: PTH118, PTH123
                    made.update(file.read())
    return f"{__version__}-{made.hexdigest()}"


def _libcst_version() -> bytes:
    """The version of LibCST, as its package says without being imported."""
    from importlib.machinery import PathFinder

    found = PathFinder.find_spec("libcst")
    if found is None or found.origin is None:
        return b"?"
    try:
        return Path(found.origin).with_name("_version.py").read_bytes()
    except OSError:
        return str(Path(found.origin).stat()).encode()


def clean(folder: Path) -> bool:
    """Remove what lossguard has put into a cache folder, and the folder if nothing else is in it; False if none."""
    if not _is_ours(folder):
        return False
    for entry in list(folder.iterdir()):
        if _is_outcomes(entry):
            _remove(entry)
    for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", _IGNORE)):
        made = folder / name
        if made.is_file() and made.read_text("utf-8", "replace") == text:
            made.unlink()
    with suppress(OSError):
        folder.rmdir()
    return True


def _is_ours(folder: Path) -> bool:
    tag = folder / "CACHEDIR.TAG"
    marked = tag.is_file() and tag.read_text("utf-8", "replace") == _TAG
    return marked or (folder.is_dir() and any(map(_is_outcomes, folder.iterdir())))


def _is_outcomes(path: Path) -> bool:
    version, _, digested = path.name.rpartition("-")
    hexadecimal = len(digested) == 16 and not digested.strip("0123456789abcdef")  # noqa: PLR2004
    return hexadecimal and version[:1].isdigit() and path.is_dir() and not path.is_symlink()


def _make(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text(_IGNORE, "utf-8")
    (folder / "CACHEDIR.TAG").write_text(_TAG, "utf-8")


def _prune(folder: Path, own: Path) -> None:
    now, stamp = time.time(), own / _PRUNED
    if stamp.exists() and now - stamp.stat().st_mtime < _DAY:
        return
    stamp.touch()
    for entry in folder.iterdir():
        if _is_outcomes(entry):
            for file in entry.rglob("*.json*"):
                if now - file.stat().st_mtime > _KEPT:
                    file.unlink()
            if entry != own and not any(entry.rglob("*.json")):
                _remove(entry)


def _remove(folder: Path) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)


def _of(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _signature(path: Path) -> tuple[int, int, int, int] | None:
    try:
        return _of(os.stat(path))  # noqa: PTH116
    except OSError:
        return None


def _is_seen(row: object) -> bool:
    return isinstance(row, list) and [type(one) for one in row] == [int] * 4 + [bool] * 3 + [str]


def _named(held: Outcome) -> set[str]:
    """The files that diagnostics name."""
    found = set()
    for one in held.diagnostics:
        found |= {one.place.filename, *(related.place.filename for related in one.related)}
        fixes = (*([one.fix] if one.fix is not None else []), *one.alternatives)
        found |= {edit.place.filename for fix in fixes for edit in fix.edits}
    return found


def _json(path: str) -> Any:  # noqa: ANN401  as `json.loads`
    """What a file holds; None where it can't be read or is no JSON."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            data = file.read()
    except OSError:
        return None
    import json

    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
