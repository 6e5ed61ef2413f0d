"""What is shown of what was found: not what is suppressed, known, below a threshold, or outside of a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lossguard.levels import Confidence, Severity

if TYPE_CHECKING:
    from lossguard.baseline import Baseline, Known
    from lossguard.check import Options
    from lossguard.diff import Changes
    from lossguard.findings import Diagnostic
    from lossguard.source import Source
    from lossguard.suppress import Comments

_UNUSED = "LG902"


class Hidden(NamedTuple):
    """How many findings are not shown, by the first reason that there is."""

    suppressed: int = 0
    baseline: int = 0
    below: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        return self.suppressed + self.baseline + self.below + self.unchanged


class Marked(NamedTuple):
    """A file with comments that may suppress; `judged` says that what they don't suppress is not there."""

    source: Source
    options: Options
    judged: bool


class Sifted(NamedTuple):
    """What is left, what is hidden, and the entries of the baseline that no longer occur."""

    diagnostics: list[Diagnostic]
    hidden: Hidden
    fixed: tuple[Known, ...] = ()
    unsuppressed: tuple[Diagnostic, ...] = ()


def sift(
    found: Mapping[Diagnostic, Options],
    sources: Mapping[str, Source],
    marked: Sequence[Marked],
    checked: Mapping[str, Options],
    baseline: Baseline | None,
    changes: Changes | None,
) -> Sifted:
    """`found` has each finding with the options of the file it was found in, `checked` those of all files."""
    options = dict(found)
    kept = list(found)
    if marked or any(_may_suppress(source) for source in sources.values()):
        from lossguard.suppress import Comments

        comments = Comments({**{one.source.filename: one.source for one in marked}, **sources})
        kept = [one for one in kept if not comments.suppress(one)]
        for one in marked:
            unused = [idle for idle in _unused(one, comments) if not comments.suppress(idle, by_name=True)]
            options.update(dict.fromkeys(unused, one.options))
            kept += unused
    suppressed = len(options) - len(kept)
    unsuppressed = tuple(kept)
    fixed: tuple[Known, ...] = ()
    if baseline is not None:
        kept, fixed = _new(baseline, kept, sources, checked)
    known = len(unsuppressed) - len(kept)
    shown = [one for one in kept if _reaches(one, options[one])]
    touched = [one for one in shown if changes is None or changes.touches(one, sources)]
    hidden = Hidden(suppressed, known, len(kept) - len(shown), len(shown) - len(touched))
    return Sifted(touched, hidden, fixed, unsuppressed)


def _may_suppress(source: Source) -> bool:
    return "lossguard:" in source.text or "noqa" in source.text.lower()


def _reaches(found: Diagnostic, options: Options) -> bool:
    order = list(Severity)
    sure = found.confidence is Confidence.CERTAIN or options.min_confidence is Confidence.LIKELY
    return sure and order.index(found.severity) <= order.index(options.min_severity)


def _unused(marked: Marked, comments: Comments) -> Iterator[Diagnostic]:
    from lossguard.selection import measured, plain
    from lossguard.unused import unused

    enabled = marked.options.codes()
    if marked.judged and _UNUSED in enabled:
        every = plain() - {"LG901"} <= enabled
        judged = enabled - measured()
        yield from unused(marked.source, comments, judged.__contains__, every_rule=every)


def _new(
    baseline: Baseline,
    kept: list[Diagnostic],
    sources: Mapping[str, Source],
    checked: Mapping[str, Options],
) -> tuple[list[Diagnostic], tuple[Known, ...]]:
    from pathlib import Path

    from lossguard.baseline import relative, unknown
    from lossguard.selection import measured

    new, left = unknown(baseline, kept, sources)
    looked = {relative(Path.cwd() / name, baseline.folder): options for name, options in checked.items()}
    never = measured()
    gone = [
        one
        for one in left.elements()
        if one.code not in never
        and (one.code in looked[one.path].codes() if one.path in looked else not (baseline.folder / one.path).exists())
    ]
    return new, tuple(sorted(gone))
