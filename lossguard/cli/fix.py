"""`--fix`, `--fix-only` and `--diff`: make the fixes that hold, or show them."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.cli.failure import FAILED
from lossguard.cli.output import problems
from lossguard.files import write_whole
from lossguard.fix import Fixer, files_of
from lossguard.report.words import clean, counted
from lossguard.source import Unreadable, encoding_of, read_bytes

if TYPE_CHECKING:
    from lossguard.check import Checked
    from lossguard.cli.check_arguments import CheckArguments
    from lossguard.fix import Fixed

_CHANGED = 1
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was read."""

    data: bytes
    encoding: str
    text: str


def _file(data: bytes, name: str) -> _File:
    encoding = encoding_of(data, name)
    return _File(data, encoding, data.decode(encoding))


class _Files:
    """The files that are edited, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, _File] = {}

    def get(self, name: str) -> _File:
        if name not in self._read:
            try:
                self._read[name] = _file(read_bytes(Path.cwd() / name), name)
            except Unreadable as unreadable:
                raise OSError(unreadable.reason) from unreadable
        return self._read[name]

    def text(self, name: str) -> str:
        return self.get(name).text

    def encoded(self, name: str, text: str) -> bytes:
        return text.encode(self.get(name).encoding)


Again = Callable[[tuple[str, ...], Mapping[Path, bytes]], "Checked"]
"""Check these paths, with these contents instead of those of the files."""


def fix_files(asked: CheckArguments, checked: Checked, again: Again, finish: Callable[[Checked], int]) -> int:
    """Make the fixes in the files, or show them; `finish` reports what is left, and gives the exit status."""
    files = _Files()

    def recheck(names: frozenset[str], texts: Mapping[str, str]) -> Checked:
        contents = {Path.cwd() / name: files.encoded(name, text) for name, text in texts.items()}
        return again(tuple(sorted(names)), contents)

    fixed = Fixer(files.text, recheck, unsafe=asked.unsafe_fixes).fix(checked)
    _problems(fixed)
    if asked.diff:
        problems(checked)
        _show("".join(diff(name, files.text(name), text) for name, text in sorted(fixed.texts.items())))
        _closing(asked, checked, fixed, "Would fix")
        return FAILED if checked.problems else _CHANGED if fixed.texts else 0
    unwritten = [name for name, text in sorted(fixed.texts.items()) if not _written(name, files, text)]
    left = again(asked.paths, {}) if fixed.texts else checked
    if asked.fix_only:
        problems(left)
        status = FAILED if left.problems else 0
    else:
        status = finish(left)
    if unwritten:
        done = len(fixed.texts) - len(unwritten)
        sys.stderr.write(f"Wrote the fixes of {done:,} of {counted(len(fixed.texts), 'file')}.\n")
        return FAILED
    _closing(asked, checked, fixed, "Fixed")
    return status


def fix_input(asked: CheckArguments, data: bytes, name: str, checked: Checked, again: Callable[[str], Checked]) -> int:
    """Write what was read from standard input to standard output, with the fixes made, or as a diff."""
    file = _file(data, name)
    alone = [found for found in checked.diagnostics if found.fix is None or files_of(found) == {name}]

    def recheck(_: frozenset[str], texts: Mapping[str, str]) -> Checked:
        return again(texts.get(name, file.text))

    fixed = Fixer(lambda _: file.text, recheck, unsafe=asked.unsafe_fixes).fix(
        checked._replace(diagnostics=tuple(alone))
    )
    _problems(fixed)
    text = fixed.texts.get(name, file.text)
    if asked.diff:
        _show(diff(name, file.text, text))
        _closing(asked, checked, fixed, "Would fix")
        return _CHANGED if fixed.texts else 0
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(file.encoding))
    sys.stdout.buffer.flush()
    left = again(text) if fixed.texts else checked
    if not asked.fix_only:
        from lossguard.report import renderer

        sys.stderr.write(renderer("concise")(left))
    _closing(asked, checked, fixed, "Fixed")
    return _CHANGED if left.diagnostics and not asked.fix_only and not asked.exit_zero else 0


def _show(changes: str) -> None:
    """Write a diff as it is for a program, and without what moves the cursor for a person."""
    if sys.stdout.isatty():
        changes = "".join(clean(line[:-1].expandtabs(4)) + "\n" for line in _LINE.findall(changes))
    sys.stdout.write(changes)


def diff(name: str, old: str, new: str) -> str:
    """What changes, as `patch -p0` and `git apply -p0` take it."""
    if old == new:
        return ""
    before, after = _LINE.findall(old), _LINE.findall(new)
    lines = difflib.unified_diff(before, after, clean(name), clean(name))
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _written(name: str, files: _Files, text: str) -> bool:
    """Write a file, if it is still what was read; what can't be written is told."""
    path = Path.cwd() / name
    try:
        if read_bytes(path) == files.get(name).data:
            write_whole(path, files.encoded(name, text))
            return True
        reason = "was changed by something else in the meantime, and is left alone"
    except Unreadable as unreadable:
        reason = unreadable.reason
    except (OSError, UnicodeError) as error:
        reason = f"cannot be written: {getattr(error, 'strerror', None) or error}"
    sys.stderr.write(f"lossguard: error: {clean(f'{name} {reason}')}\n")
    return False


def _problems(fixed: Fixed) -> None:
    for problem in fixed.problems:
        sys.stderr.write(f"lossguard: {clean(problem)}\n")


def _closing(asked: CheckArguments, checked: Checked, fixed: Fixed, verb: str) -> None:
    if asked.quiet:
        return
    unsafe = sum(found.fix is not None and not found.fix.safe for found in checked.diagnostics)
    told = f"{verb} {counted(fixed.number, 'finding')}"
    if fixed.texts:
        told += f" in {counted(len(fixed.texts), 'file')}"
    if unsafe and not asked.unsafe_fixes:
        told += f"; {unsafe:,} more with --unsafe-fixes"
    sys.stderr.write(f"{told}.\n")
