"""Where configuration is found, and how it is read; the only module that reads TOML."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossguard import __version__
from lossguard.settings import KEYS, Config, Key, Kind

if TYPE_CHECKING:
    from lossguard.facts import Target
    from lossguard.options import Options, OptionsOf

NAMES = ("lossguard.toml", ".lossguard.toml", "pyproject.toml")
"""In the order in which they are looked for in a folder."""

_VERSION = re.compile(r"\s*(==|!=|>=|<=|>|<|~=)?\s*(\d+(?:\.\d+)*)\s*")
_KERAS_3 = 3
_CALLED = {bool: "true or false", dict: "a table", float: "a number", int: "a number", list: "a list", str: "a string"}


class Misconfigured(Exception):  # noqa: N818  what is configured is wrong
    """A configuration that can't be used; its text is one line that names the file and the key."""


class Configs:
    """The configuration of every folder: that of the nearest file above it, under the command line's.

    `file` is the only one that is read, where it is given; `isolated` reads none. `finish` is the last
    to change the options of a folder.
    """

    def __init__(
        self,
        over: Config,
        *,
        file: Path | None = None,
        isolated: bool = False,
        finish: Callable[[Options], Options] | None = None,
    ) -> None:
        self._over = over
        self._finish = finish
        self._fixed = Config() if isolated else asked_for(file) if file is not None else None
        self._nearest: dict[Path, Config] = {}
        self._options: dict[Path, Options] = {}

    def of(self, folder: Path) -> Config:
        """The settings for what lies in this folder."""
        found = self._fixed if self._fixed is not None else self._above(folder)
        return found.apply(self._over)

    def options(self, path: Path) -> Options:
        """The options for this file."""
        folder = path.parent
        if folder not in self._options:
            made = options(self.of(folder))
            self._options[folder] = made if self._finish is None else self._finish(made)
        return self._options[folder]

    def _above(self, folder: Path) -> Config:
        if folder not in self._nearest:
            here = _in(folder)
            parent = folder.parent
            nothing = parent == folder
            self._nearest[folder] = here if here is not None else Config() if nothing else self._above(parent)
        return self._nearest[folder]


def configured(file: str | Path | None = None) -> OptionsOf:
    """The options of each file as the command has them: from the nearest configuration, or from this one."""
    return Configs(Config(), file=None if file is None else Path(file).absolute()).options


def _in(folder: Path) -> Config | None:
    for name in NAMES:
        path = folder / name
        if path.is_file():
            found = read(path)
            if found is not None:
                return found
    return None


def asked_for(path: Path) -> Config:
    """The settings in a file that was named: it has to have some."""
    found = read(path)
    if found is None:
        raise Misconfigured(f"{path}: has no table [tool.lossguard]")
    return found


def read(path: Path) -> Config | None:
    """The settings in this file; None for a `pyproject.toml` that has none."""
    in_project = path.name.endswith("pyproject.toml")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror or error}") from error
    if in_project and b"lossguard" not in data:
        return None
    document = toml(data, path)
    if not in_project:
        return config(document, path, "")
    tool = document.get("tool")
    table = tool.get("lossguard") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise Misconfigured(f"{path}: tool.lossguard must be a table")
    return config(table, path, "[tool.lossguard] ")


def toml(data: bytes, path: Path) -> dict[str, object]:
    """The document in these bytes."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return dict(tomllib.loads(data.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured(f"{path}: is not valid TOML: {error}") from error
    except (ValueError, RecursionError) as error:  # numbers and brackets without end
        raise Misconfigured(f"{path}: is TOML that can't be read") from error


def config(table: Mapping[str, object], path: Path, section: str) -> Config:
    """The settings in a table; anything in it that is not known, or of another type, is refused."""
    by_name = {key.name: (attribute, key) for attribute, key in KEYS.items()}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in by_name:
            hint = _hint(name.replace("_", "-"), list(by_name)) or f"known are {', '.join(by_name)}"
            raise Misconfigured(f"{path}: {section}unknown key {name!r}; {hint}")
        attribute, key = by_name[name]
        try:
            values[attribute] = _value(key, value)
        except ValueError as error:
            raise Misconfigured(f"{path}: {section}{name}{error}") from error
    found = Config(file=path, root=path.resolve().parent, **values)
    if found.required_version is not None and not allows(found.required_version, __version__):
        raise Misconfigured(f"{path}: requires lossguard {found.required_version}, this is {__version__}")
    return found


def _value(key: Key, value: object) -> object:
    """The value as the class holds it; a ValueError says what is wrong, to follow the key's name."""
    match key.kind, value:
        case Kind.RULES, list():
            return _codes(value)
        case Kind.RULES_BY_PATTERN, dict() if all(isinstance(one, list) for one in value.values()):
            return tuple((pattern, _codes(words)) for pattern, words in value.items())
        case Kind.TEXTS, list() if _are_strings(value):
            return tuple(_chosen(key, one) for one in value) if key.choices else tuple(value)
        case Kind.FLAG, bool():
            return value
        case Kind.VERSION, str() if re.fullmatch(r"[23](\.\d+)*", value):
            return value
        case Kind.BACKENDS, str() | list():
            return tuple(_chosen(key, one) for one in ([value] if isinstance(value, str) else value))
        case Kind.TEXT, str():
            return _chosen(key, value) if key.choices else _text(key, value)
    raise ValueError(f" must be {key.kind.value}, not {_CALLED.get(type(value), 'a date')}")


def _codes(words: list[object]) -> tuple[str, ...]:
    from lossguard.selection import UnknownRule, codes

    if not _are_strings(words):
        raise ValueError(" must list strings: codes, names or prefixes of rules")
    try:
        return tuple(sorted(codes(map(str, words))))
    except UnknownRule as unknown:
        raise ValueError(f": {unknown}") from unknown


def _chosen(key: Key, value: object) -> str:
    if value in key.choices:
        return str(value)
    hint = _hint(str(value), key.choices) or "it is " + " or ".join(key.choices)
    raise ValueError(f" can't be {value!r}; {hint}")


def _hint(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    similar = get_close_matches(word, known, n=1)
    return f"did you mean {similar[0]!r}?" if similar else ""


def _text(key: Key, value: str) -> str:
    if key.name == "required-version":
        allows(value, __version__)
    return value


def _are_strings(values: list[object]) -> bool:
    return all(isinstance(one, str) for one in values)


def allows(specifier: str, version: str) -> bool:
    """Whether a version is among those that a specifier such as `>=0.1,<1` names."""
    return all(_allows(part, version) for part in specifier.split(","))


def _allows(part: str, version: str) -> bool:
    found = _VERSION.fullmatch(part)
    if found is None:
        raise ValueError(f" is no version specifier: {part.strip()!r}; write for example '>=0.1,<1'")
    operator, bound = found[1] or "==", _numbers(found[2])
    length = max(len(bound), len(_numbers(version)))
    this, that = (numbers + (0,) * (length - len(numbers)) for numbers in (_numbers(version), bound))
    tests: dict[str, Callable[[], bool]] = {
        "==": lambda: this == that,
        "!=": lambda: this != that,
        ">=": lambda: this >= that,
        "<=": lambda: this <= that,
        ">": lambda: this > that,
        "<": lambda: this < that,
        "~=": lambda: this >= that and this[: len(bound) - 1] == bound[:-1],
    }
    return tests[operator]()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0]))


def _check_patterns(found: Config) -> None:
    patterns = [*(found.exclude or ()), *(pattern for pattern, _ in found.per_file_ignores or ())]
    if patterns:
        from lossguard.patterns import is_pattern

        for pattern in patterns:
            if not is_pattern(pattern):
                where = f"{found.file}: " if found.file is not None else ""
                raise Misconfigured(f"{where}{pattern!r} is no pattern of paths")


def options(found: Config) -> Options:
    """The options that these settings mean."""
    from lossguard.levels import Confidence, Severity
    from lossguard.options import Options

    _check_patterns(found)
    selected = None if found.select is None else frozenset(found.select)
    if found.extend_select:
        from lossguard.selection import plain

        selected = (plain() if selected is None else selected) | frozenset(found.extend_select)
    keras, minors = _keras(found.keras_version)
    root = found.root
    return Options(
        select=selected,
        ignore=frozenset(found.ignore or ()),
        min_confidence=Confidence(found.min_confidence or "likely"),
        min_severity=Severity(found.min_severity or "info"),
        fixable=None if found.fixable is None else frozenset(found.fixable),
        prefer=found.prefer or (),
        per_file_ignores=tuple((pattern, frozenset(codes)) for pattern, codes in found.per_file_ignores or ()),
        exclude=found.exclude or (),
        force_exclude=bool(found.force_exclude),
        root=root,
        roots=tuple(root / folder for folder in found.roots or ()) if root is not None else (),
        target=None if found.backend is None else _target(found.backend, keras, minors),
        keras=keras,
        minors=minors,
    )


def _keras(version: str | None) -> tuple[frozenset[int] | None, tuple[int | None, int | None]]:
    """The major version, and the oldest and newest minor one of Keras 3, as far as a version such as 3.5 says."""
    if version is None:
        return None, (None, None)
    major, *rest = (int(part) for part in version.split(".")[:2])
    minor = rest[0] if rest and major == _KERAS_3 else None
    return frozenset({major}), (minor, minor)


def _target(backends: Sequence[str], keras: frozenset[int] | None, minors: tuple[int | None, int | None]) -> Target:
    from lossguard.facts import Target

    return Target(frozenset(backends), keras or Target().keras, minors)
