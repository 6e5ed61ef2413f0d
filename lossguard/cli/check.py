"""`lossguard check`: findings to standard output, everything else to standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lossguard.cli.arguments import CheckArguments, check_arguments
from lossguard.cli.failure import FAILED, Failure

if TYPE_CHECKING:
    from lossguard.check import Checked, Options

_FINDINGS = 1


def check(arguments: Sequence[str]) -> int:
    """Check what the arguments name, report, and give the exit status."""
    asked = check_arguments(arguments)
    options = _options(asked)
    checked = _checked(asked, options)
    _report(checked, asked)
    if checked.problems:
        return FAILED
    return _FINDINGS if checked.diagnostics and not asked.exit_zero else 0


def _options(asked: CheckArguments) -> Options:
    from lossguard.check import Options
    from lossguard.findings import Confidence

    chosen, left_out = None, frozenset[str]()
    if asked.select is not None or asked.ignore:
        from lossguard.cli.selection import codes, known_rules

        known = known_rules()
        chosen = None if asked.select is None else codes(asked.select, known, "--select")
        left_out = codes(asked.ignore, known, "--ignore") if asked.ignore else left_out
    return Options(
        select=chosen,
        ignore=left_out,
        min_confidence=Confidence(asked.min_confidence),
        show_models=asked.show_models,
        verbose=asked.verbose,
    )


def _checked(asked: CheckArguments, options: Options) -> Checked:
    from lossguard.check import check_paths, check_source

    if "-" not in asked.paths:
        return check_paths(asked.paths, options=options)
    if asked.paths != ("-",):
        raise Failure("- (standard input) can't be checked together with other paths")
    from lossguard.source import Unreadable, decode_text

    name = asked.stdin_filename or "<stdin>"
    try:
        text = decode_text(sys.stdin.buffer.read(), name)
    except Unreadable as unreadable:
        raise Failure(f"{name} {unreadable.reason}") from unreadable
    return check_source(text, name, options=options)


def _report(checked: Checked, asked: CheckArguments) -> None:
    from lossguard.report.words import clean, summary

    if asked.output_format == "json":
        from lossguard.report.json import render_json

        sys.stdout.write(render_json(checked.diagnostics))
    elif asked.output_format == "concise":
        from lossguard.report.concise import concise

        sys.stdout.write(concise(checked.diagnostics))
    else:
        _report_text(checked, asked)
    sys.stdout.flush()
    for problem in checked.problems:
        sys.stderr.write(f"lossguard: error: {clean(problem)}\n")
    if asked.verbose or asked.show_models:
        sys.stderr.writelines(f"{clean(note)}\n" for note in checked.notes)
    if asked.quiet:
        return
    if not checked.files and not checked.problems:
        looked = " ".join(clean(path) for path in asked.paths)
        sys.stderr.write(f"lossguard: no Python files or notebooks in {looked}\n")
    elif asked.output_format == "concise":
        sys.stderr.write(summary(checked) + "\n")


def _report_text(checked: Checked, asked: CheckArguments) -> None:
    from lossguard.cli.terminal import coloured, console, show

    closing = bool(checked.files) and not asked.quiet
    if checked.diagnostics or coloured(asked.color):
        from lossguard.report.text import render_text

        screen = console(asked.color)
        render_text(checked, screen, closing=closing)
        show(screen)
    elif closing:  # spares a clean run the import of rich
        from lossguard.report.words import summary

        sys.stdout.write(summary(checked) + "\n")
