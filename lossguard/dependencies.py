"""What a project runs on, read from the dependencies that it declares; nothing is said where that is not plain."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lossguard.config import Misconfigured, toml
from lossguard.files import read_small

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;#)@]*)")
_BOUND = re.compile(r"(==|>=|<=|~=|\^|>|<)\s*(\d{1,9})(?:\.(\d{1,9}))?")
_BACKENDS = {
    "tensorflow": re.compile(r"(?:intel-)?tensorflow(?:-cpu|-gpu|-macos|-intel)?|tf-nightly(?:-cpu|-gpu)?"),
    "jax": re.compile("jax"),
    "torch": re.compile("torch"),
}
_KERAS_3 = 3
_KERAS_3_IN_TENSORFLOW = (2, 16)
_LEAST_TENSORFLOW = re.compile(r"^\s*(?:==|>=|~=|\^|>)\s*(\d{1,9})\.(\d{1,9})")
_FILES = ("pyproject.toml", "setup.cfg", "requirements.txt", "requirements.in")


class Declared(NamedTuple):
    """What the dependencies say; None where they leave it open."""

    backends: frozenset[str] | None = None
    keras: frozenset[int] | None = None
    minors: tuple[int | None, int | None] = (None, None)


def declared(path: Path) -> Declared:
    """What the project of this file declares: in the nearest folder above that names any of these packages."""
    for folder in path.parents:
        found = _in(folder)
        if found is not None:
            return found
        if (folder / ".git").exists():
            break
    return Declared()


@cache
def _in(folder: Path) -> Declared | None:
    requirements = [line for name in _FILES for line in _requirements(folder / name)]
    bounds: dict[str, str] = {}
    for requirement in requirements:
        named = _REQUIREMENT.match(requirement)
        if named is not None:
            bounds.setdefault(re.sub(r"[-_.]+", "-", named[1]).lower(), named[2].strip())
    return understood(bounds)


def understood(bounds: dict[str, str]) -> Declared | None:
    """What package names and version bounds say; None where none of them has to do with Keras."""
    backends = {
        backend: bounds[name] for backend, pattern in _BACKENDS.items() for name in bounds if pattern.fullmatch(name)
    }
    if not backends and not bounds.keys() & {"keras", "tf-keras"}:
        return None
    only = frozenset(backends) if len(backends) == 1 else None
    minors = (None, None) if "keras" not in bounds else _minors(bounds["keras"])
    return Declared(only, _keras(bounds, backends.get("tensorflow")), minors)


def _keras(bounds: dict[str, str], tensorflow: str | None) -> frozenset[int] | None:
    keras = bounds.get("keras")
    if "tf-keras" in bounds:
        return frozenset({2}) if keras is None else None
    if keras is not None:
        return _major(keras)
    least = _LEAST_TENSORFLOW.search(tensorflow) if tensorflow is not None else None
    if least is not None and (int(least[1]), int(least[2])) >= _KERAS_3_IN_TENSORFLOW:
        return frozenset({3})
    exact = re.match(r"\s*(?:==|~=)\s*(\d{1,9})\.(\d{1,9})", tensorflow or "")
    return frozenset({2}) if exact and (int(exact[1]), int(exact[2])) < _KERAS_3_IN_TENSORFLOW else None


def _major(bound: str) -> frozenset[int] | None:
    """The major versions of Keras that a bound leaves; None where it leaves both."""
    allowed = {2, 3}
    for operator, major, minor in _BOUND.findall(bound):
        number = int(major)
        if operator in {"==", "~=", "^"}:
            allowed &= {number}
        elif operator in {">=", ">"}:
            allowed = {one for one in allowed if one >= number}
        elif operator == "<":
            allowed = {one for one in allowed if one < number or (one == number and int(minor or 0) > 0)}
        else:
            allowed = {one for one in allowed if one <= number}
    return frozenset(allowed) if len(allowed) == 1 else None


def _minors(bound: str) -> tuple[int | None, int | None]:
    """The oldest and the newest minor version of Keras 3 that a bound names."""
    oldest: list[int] = []
    newest: list[int] = []
    for operator, major, minor in _BOUND.findall(bound):
        if int(major) != _KERAS_3:
            continue
        if operator in {"==", "~=", "^", ">=", ">"}:
            oldest.append(int(minor or 0))
        if operator in {"<=", "<"} or (operator == "==" and minor):
            newest.append(int(minor or 0) - (operator == "<"))
    return max(oldest, default=None), max(min(newest), 0) if newest and min(newest) >= 0 else None


def _requirements(path: Path) -> list[str]:
    """The requirements in a file, one line each; none where it can't be read."""
    try:
        text = read_small(path).decode("utf-8", "replace")
    except OSError:
        return []
    if path.name == "pyproject.toml":
        return _of_project(text, path)
    if path.name == "setup.cfg":
        from configparser import ConfigParser, Error

        parser = ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(text)
        except Error:
            return []
        return parser.get("options", "install_requires", fallback="").splitlines()
    return text.splitlines()


def _of_project(text: str, path: Path) -> list[str]:
    try:
        document = toml(text.encode(), path)
    except Misconfigured:  # another tool's business
        return []
    project, tool = document.get("project"), document.get("tool")
    listed = project.get("dependencies") if isinstance(project, dict) else None
    found = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    pinned = poetry.get("dependencies") if isinstance(poetry, dict) else None
    for name, bound in pinned.items() if isinstance(pinned, dict) else ():
        version = bound.get("version", "") if isinstance(bound, dict) else bound
        found.append(f"{name} {_caret(version) if isinstance(version, str) else ''}")
    return found


def _caret(version: str) -> str:
    return version if version[:1] in "<>=~^!*" else f"=={version}"
