"""`lossguard check`: findings to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.cli.caching import cache_of
from lossguard.cli.check_arguments import CheckArguments, check_arguments
from lossguard.cli.failure import FAILED, Failure
from lossguard.config import Configs, Misconfigured

if TYPE_CHECKING:
    from lossguard.baseline import Baseline
    from lossguard.cache import Cache
    from lossguard.check import Checked
    from lossguard.diff import Changes
    from lossguard.options import Options
    from lossguard.settings import Config

_FINDINGS = 1


def check(arguments: Sequence[str]) -> int:
    """Check what the arguments name, report, and give the exit status."""
    try:
        return _check(check_arguments(arguments))
    except Misconfigured as wrong:
        raise Failure(str(wrong)) from wrong


def _check(asked: CheckArguments) -> int:
    configs = Configs(
        asked.over,
        file=Path(asked.config).absolute() if asked.config else None,
        isolated=asked.isolated,
        finish=lambda made: _told(asked, made),
    )
    settings = configs.of(Path.cwd())
    if asked.show_settings or asked.show_files:
        from lossguard.cli.show import show_files, show_settings

        return show_settings(configs, asked.paths) if asked.show_settings else show_files(configs, asked.paths)
    if asked.unsafe_fixes and not (asked.fix or asked.fix_only or asked.diff):
        raise Failure("--unsafe-fixes needs --fix, --fix-only or --diff")
    baseline, changes = asked_baseline(asked, settings), _changes(asked)
    if asked.fix or asked.fix_only or asked.diff:
        return _fix(asked, configs, settings, baseline, changes)
    checked = _checked(asked, configs, baseline, changes, cache_of(asked, settings))
    if asked.write_baseline is not None:
        return _write_baseline(checked, asked.write_baseline)
    if asked.add_ignore is not None:
        from lossguard.cli.ignore import add_ignores

        return add_ignores(checked, asked.add_ignore)
    return _report(asked, settings, checked)


def _report(asked: CheckArguments, settings: Config, checked: Checked) -> int:
    from lossguard.cli.output import output, report

    report(checked, output(asked, settings))
    if checked.problems:
        return FAILED
    return _FINDINGS if checked.diagnostics and not asked.exit_zero else 0


def _fix(
    asked: CheckArguments, configs: Configs, settings: Config, baseline: Baseline | None, changes: Changes | None
) -> int:
    from lossguard.check import check_paths, check_source
    from lossguard.cli.fix import fix_files, fix_input

    if asked.write_baseline is not None or asked.add_ignore is not None:
        raise Failure("fixes can't be made together with --write-baseline or --add-ignore")
    options = configs.options
    if "-" in asked.paths:
        name = asked.stdin_filename or "<stdin>"
        data = _read_input(asked)
        checked = _input(asked, data, configs, baseline, changes)
        return fix_input(
            asked,
            data,
            name,
            checked,
            lambda text: check_source(text, name, options=options, baseline=baseline, changes=changes),
        )
    return fix_files(
        asked,
        _checked(asked, configs, baseline, changes),
        lambda paths, contents: check_paths(
            paths, options=options, baseline=baseline, changes=changes, contents=contents
        ),
        lambda left: _report(asked, settings, left),
    )


def _told(asked: CheckArguments, made: Options) -> Options:
    """The options as configured, with what is asked for on the command line alone."""
    return made._replace(show_models=asked.show_models, verbose=asked.verbose, debug=asked.debug)


def asked_baseline(asked: CheckArguments, settings: Config) -> Baseline | None:
    """The baseline of the command line, else the configured one; none where one is to be written."""
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


def _checked(
    asked: CheckArguments,
    configs: Configs,
    baseline: Baseline | None,
    changes: Changes | None,
    cache: Cache | None = None,
) -> Checked:
    if "-" in asked.paths:
        return _input(asked, _read_input(asked), configs, baseline, changes)
    from lossguard.check import check_paths
    from lossguard.cli.progress import bar

    options = configs.options
    with bar(quiet=asked.quiet) as progress:
        return check_paths(
            asked.paths,
            options=options,
            baseline=baseline,
            changes=changes,
            progress=progress,
            cache=cache,
            workers=asked.workers,
        )


def _read_input(asked: CheckArguments) -> bytes:
    if asked.paths != ("-",):
        raise Failure("- (standard input) can't be checked together with other paths")
    return sys.stdin.buffer.read()


def _input(
    asked: CheckArguments, data: bytes, configs: Configs, baseline: Baseline | None, changes: Changes | None
) -> Checked:
    from lossguard.check import Checked, check_source
    from lossguard.project import Exclusions
    from lossguard.source import Unreadable, decode_text

    options = configs.options
    name = asked.stdin_filename or "<stdin>"
    try:
        text = decode_text(data, name)
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
