"""`lossguard check`: findings to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.cli.check_arguments import CheckArguments, check_arguments
from lossguard.cli.failure import FAILED, Failure
from lossguard.config import Configs, Misconfigured

if TYPE_CHECKING:
    from lossguard.baseline import Baseline
    from lossguard.check import Checked
    from lossguard.diff import Changes
    from lossguard.settings import Config

_FINDINGS = 1


def check(arguments: Sequence[str]) -> int:
    """Check what the arguments name, report, and give the exit status."""
    try:
        return _check(check_arguments(arguments))
    except Misconfigured as wrong:
        raise Failure(str(wrong)) from wrong


def _check(asked: CheckArguments) -> int:
    configs = Configs(asked.over, file=Path(asked.config).absolute() if asked.config else None, isolated=asked.isolated)
    settings = configs.of(Path.cwd())
    if asked.show_settings or asked.show_files:
        from lossguard.cli.show import show_files, show_settings

        return show_settings(configs, asked.paths) if asked.show_settings else show_files(configs, asked.paths)
    baseline, changes = _baseline(asked, settings), _changes(asked)
    checked = _checked(asked, configs, baseline, changes)
    if asked.write_baseline is not None:
        return _write_baseline(checked, asked.write_baseline)
    if asked.add_ignore is not None:
        from lossguard.cli.ignore import add_ignores

        return add_ignores(checked, asked.add_ignore)
    from lossguard.cli.output import output, report

    report(checked, output(asked, settings))
    if checked.problems:
        return FAILED
    return _FINDINGS if checked.diagnostics and not asked.exit_zero else 0


def _baseline(asked: CheckArguments, settings: Config) -> Baseline | None:
    if asked.write_baseline is not None:
        return None
    if asked.baseline is None and settings.baseline is None:
        return None
    from lossguard.baseline import read

    if asked.baseline is not None:
        return read(Path(asked.baseline))
    return read((settings.root or Path()) / (settings.baseline or ""))


def _changes(asked: CheckArguments) -> Changes | None:
    if asked.diff_base is None:
        return None
    from lossguard.diff import changes

    return changes(asked.diff_base, Path.cwd())


def _checked(asked: CheckArguments, configs: Configs, baseline: Baseline | None, changes: Changes | None) -> Checked:
    from lossguard.check import Checked, check_paths, check_source

    options = configs.options
    if "-" not in asked.paths:
        from lossguard.cli.progress import bar

        with bar(quiet=asked.quiet) as progress:
            return check_paths(asked.paths, options=options, baseline=baseline, changes=changes, progress=progress)
    if asked.paths != ("-",):
        raise Failure("- (standard input) can't be checked together with other paths")
    from lossguard.project import Exclusions
    from lossguard.source import Unreadable, decode_text

    name = asked.stdin_filename or "<stdin>"
    try:
        text = decode_text(sys.stdin.buffer.read(), name)
    except Unreadable as unreadable:
        raise Failure(f"{name} {unreadable.reason}") from unreadable
    if asked.stdin_filename and Exclusions(options).force(os.path.abspath(name), folder=False):  # noqa: PTH100
        return Checked((), 0, 0, 0)
    return check_source(text, name, options=options, baseline=baseline, changes=changes)


def _write_baseline(checked: Checked, name: str) -> int:
    from lossguard.baseline import write
    from lossguard.cli.output import problems
    from lossguard.report.words import clean, counted

    problems(checked)
    number = write(Path(name), checked.unsuppressed, checked.sources)
    sys.stdout.write(f"Wrote {counted(number, 'finding')} to {clean(name)}.\n")
    return FAILED if checked.problems else 0
