"""What a run is asked to check and to report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lossguard.levels import Confidence, Severity

if TYPE_CHECKING:
    from lossguard.facts import Target


class Options(NamedTuple):
    """What to check and to report. Rules are named by their codes.

    `select` None selects all rules that are not opt-in, `fixable` None all rules. `prefer` names ways out of a
    finding, in the order in which they are taken where it has several. Patterns are written as in
    `.gitignore`, relative to `root`. `target` is what the project runs on; None reads it, with `keras` and its
    `minors` where they are given, from the project's dependencies, else from the imports of each file. `roots`
    are folders where absolute imports start besides those that are found.
    """

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    min_confidence: Confidence = Confidence.LIKELY
    show_models: bool = False
    verbose: bool = False
    debug: bool = False
    min_severity: Severity = Severity.INFO
    fixable: frozenset[str] | None = None
    per_file_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    root: Path | None = None
    roots: tuple[Path, ...] = ()
    target: Target | None = None
    keras: frozenset[int] | None = None
    minors: tuple[int | None, int | None] = (None, None)
    prefer: tuple[str, ...] = ()

    def codes(self) -> frozenset[str]:
        """The codes of the rules that are asked for."""
        if self.select is not None:
            return self.select - self.ignore
        from lossguard.selection import plain

        return plain() - self.ignore


OptionsOf = Callable[[Path], Options]
"""The options for a file: projects may be configured differently."""


def for_file(options: Options, path: Path) -> Options:
    """The options with what is ignored in this one file."""
    if not options.per_file_ignores:
        return options
    from lossguard.project import matches

    root = options.root or Path.cwd()
    ignored = [codes for pattern, codes in options.per_file_ignores if matches((pattern,), path, root)]
    return options._replace(ignore=options.ignore.union(*ignored))
