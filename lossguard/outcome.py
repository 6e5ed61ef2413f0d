"""What the analysis of one file gave, and the same as plain data, for the cache and for other processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from lossguard.findings import Diagnostic
    from lossguard.source import Source


class Used(NamedTuple):
    """What an outcome rests on besides the file itself, so that it can be told when it no longer holds.

    `contents` are the imported files with the digests of what was read, None where they could not be.
    `files` are the paths that were looked for, and whether a file was there: one that appears later may be
    the one that is imported. `roots` are the folders where absolute imports start, by the importing folder.
    """

    contents: tuple[tuple[Path, str | None], ...] = ()
    files: tuple[tuple[Path, bool], ...] = ()
    roots: tuple[tuple[Path, tuple[Path, ...]], ...] = ()


class Outcome:
    """`sources` has the programs that diagnostics name. `models` are those of which both the output and the loss
    are known; `judged` says that the whole program was followed and something was found to judge. `digest` is that of
    the content that was analysed, where it was asked for."""

    def __init__(
        self,
        diagnostics: Iterable[Diagnostic] = (),
        sources: Mapping[str, Source] | None = None,
        notes: Iterable[str] = (),
        problems: Iterable[str] = (),
        *,
        models: int = 0,
        judged: bool = False,
        used: Used | None = None,
        digest: str = "",
    ) -> None:
        self.diagnostics = list(diagnostics)
        self.sources = dict(sources or {})
        self.notes = list(notes)
        self.problems = list(problems)
        self.models = models
        self.judged = judged
        self.used = used or Used()
        self.digest = digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class Malformed(ValueError):  # noqa: N818  what is read is malformed
    """Data that no outcome was made into."""


def as_data(outcome: Outcome, write: Callable[[Path], str] = str) -> dict[str, Any]:
    """The outcome as what JSON has words for; `write` says how paths are written."""
    used = outcome.used
    return {
        "diagnostics": [_plain(one) for one in outcome.diagnostics],
        "sources": [[name, write(source.path)] for name, source in outcome.sources.items() if source.path is not None],
        "notes": outcome.notes,
        "problems": outcome.problems,
        "models": outcome.models,
        "judged": outcome.judged,
        "digest": outcome.digest,
        "contents": [[write(path), digest] for path, digest in used.contents],
        "files": [[write(path), there] for path, there in used.files],
        "roots": [[write(folder), [write(root) for root in roots]] for folder, roots in used.roots],
    }


def used(data: object, read: Callable[[str], Path] = Path) -> Used:
    """What the outcome in this data rests on.

    Raises:
        Malformed: the data is not of this shape.
    """
    found = _typed(data, dict)
    return Used(
        tuple((read(_text(path)), _text_or_none(digest)) for path, digest in _rows(found, "contents", 2)),
        tuple((read(_text(path)), _typed(there, bool)) for path, there in _rows(found, "files", 2)),
        tuple(
            (read(_text(folder)), tuple(read(_text(root)) for root in _typed(roots, list)))
            for folder, roots in _rows(found, "roots", 2)
        ),
    )


def outcome(data: object, source_of: Callable[[Path], Source | None], read: Callable[[str], Path] = Path) -> Outcome:
    """The outcome in this data; `source_of` gives the program of a file.

    Raises:
        Malformed: the data is not of this shape.
    """
    found = _typed(data, dict)
    sources = {_text(name): source_of(read(_text(path))) for name, path in _rows(found, "sources", 2)}
    return Outcome(
        _diagnostics(_typed(found.get("diagnostics"), list)),
        {name: source for name, source in sources.items() if source is not None},
        [_text(one) for one in _typed(found.get("notes"), list)],
        [_text(one) for one in _typed(found.get("problems"), list)],
        models=_typed(found.get("models"), int),
        judged=_typed(found.get("judged"), bool),
        used=used(found, read),
        digest=_text(found.get("digest")),
    )


def _diagnostics(data: list[Any]) -> list[Diagnostic]:
    if not data:
        return []
    from lossguard.findings import Diagnostic

    return [_made(Diagnostic, one) for one in data]


def _plain(value: object) -> object:
    """A finding, or a part of one, as lists, numbers and texts; the fields of a class in their order."""
    if hasattr(value, "__dataclass_fields__"):
        return [_plain(getattr(value, name)) for name in value.__dataclass_fields__]
    if isinstance(value, Enum):
        return value.value
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _made(hint: Any, data: object) -> Any:  # noqa: ANN401  a value of the type
    """The value of this type that the data stands for."""
    if get_origin(hint) is tuple:
        return tuple(_made(get_args(hint)[0], one) for one in _typed(data, list))
    if isinstance(hint, UnionType):  # of a type and None
        return None if data is None else _made(get_args(hint)[0], data)
    if issubclass(hint, Enum):
        try:
            return hint(data)
        except ValueError as error:
            raise Malformed(str(error)) from error
    if hasattr(hint, "__dataclass_fields__") or hasattr(hint, "_fields"):
        hints = _hints(hint)
        return hint(*(_made(one, part) for one, part in zip(hints, _row(data, len(hints)), strict=True)))
    return _typed(data, hint)


@cache
def _hints(kind: type[Any]) -> list[Any]:
    hints = get_type_hints(kind)
    return [hints[name] for name in getattr(kind, "_fields", None) or kind.__dataclass_fields__]


def _rows(data: dict[str, Any], key: str, length: int) -> list[list[Any]]:
    return [_row(one, length) for one in _typed(data.get(key), list)]


def _row(data: object, length: int) -> list[Any]:
    found: list[Any] = _typed(data, list)
    if len(found) != length:
        raise Malformed(f"{len(found)} entries instead of {length}")
    return found


def _text(data: object) -> str:
    return str(_typed(data, str))


def _text_or_none(data: object) -> str | None:
    return None if data is None else _typed(data, str)


def _typed(data: object, kind: type[Any]) -> Any:  # noqa: ANN401  what it is, is what is asked for
    if type(data) is not kind:
        raise Malformed(f"{type(data).__name__} instead of {kind.__name__}")
    return data
