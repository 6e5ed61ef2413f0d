"""The arguments of `lossguard check`, as typed values."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple

from lossguard import __version__
from lossguard.cli.arguments import Formatter, Parser, words
from lossguard.cli.failure import Failure
from lossguard.settings import CONFIDENCES, FORMATS, SEVERITIES, WAYS, Config

_CHECK = """\
Finds Keras models whose output layer, loss, labels and metrics do not fit each other.
It reads the code and never runs it; TensorFlow need not be installed."""
_EPILOG = """\
commands:
{commands}

exit status: 0 nothing found, 1 findings, 2 the run itself failed"""


class CheckArguments(NamedTuple):
    """`over` are the settings that were given, to be put over those of a configuration file."""

    paths: tuple[str, ...]
    over: Config
    config: str | None
    isolated: bool
    baseline: str | None
    write_baseline: str | None
    diff_base: str | None
    add_ignore: str | None
    fix: bool
    fix_only: bool
    unsafe_fixes: bool
    diff: bool
    output_file: str | None
    statistics: bool
    show_settings: bool
    show_files: bool
    stdin_filename: str | None
    exit_zero: bool
    show_models: bool
    verbose: bool
    debug: bool
    no_cache: bool
    cache_dir: str | None
    workers: int | None
    quiet: bool
    color: str


def check_parser() -> Parser:
    from lossguard.cli.commands import overview

    parser = Parser(
        prog="lossguard",
        usage="lossguard [check] [PATH ...] [options]",
        description=_CHECK,
        epilog=_EPILOG.format(commands=overview()),
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="Python file, notebook or folder; - is standard input (default: .)"
    )
    _rules(parser.add_argument_group("which rules"))
    _files(parser.add_argument_group("which files and findings"))
    _fixes(parser.add_argument_group("fixes"))
    _output(parser.add_argument_group("output"))
    _other(parser.add_argument_group("other"))
    return parser


def _rules(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--select", action="append", metavar="RULES", help="only these: codes, names or prefixes (LG1)")
    add("--extend-select", action="append", metavar="RULES", help="these too, such as opt-in rules")
    add("--ignore", action="append", metavar="RULES", help="all but these; wins over --select")
    add(
        "--min-confidence",
        choices=CONFIDENCES,
        help="certain: only what has no reading in which it is right (default: likely)",
    )
    add("--min-severity", choices=SEVERITIES, help="hide what is less severe (default: info)")


def _files(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--exclude", action="append", metavar="PATTERNS", help="leave out these files and folders, too")
    add("--force-exclude", action="store_true", default=None, help="leave them out also when they are named as PATH")
    add("--diff-base", metavar="REV", help="only findings with a place in lines changed since this git revision")
    add("--baseline", metavar="FILE", help="leave out the findings that this file knows")
    add("--write-baseline", metavar="FILE", help="write all findings to this file, so that only new ones are reported")
    add(
        "--add-ignore",
        metavar="[=REASON]",
        help="write a comment that suppresses it into the first line of each finding",
    )


def _fixes(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--fix", action="store_true", help="make the safe fixes, then report what is left")
    add("--fix-only", action="store_true", help="make the safe fixes, and report nothing of what is left")
    add("--unsafe-fixes", action="store_true", help="make or show also those that are one of several ways out")
    add(
        "--prefer",
        action="append",
        metavar="WAYS",
        help="take these ways out where a finding has several: activation, from-logits, labels, loss, units",
    )
    add("--diff", action="store_true", help="show the changes that the fixes would make, and change nothing")


def _output(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--output-format", choices=FORMATS, help="how findings are written (default: text; in GitHub Actions: github)")
    add("--output-file", metavar="FILE", help="write the findings to this file instead of standard output")
    add("--statistics", action="store_true", help="only how many findings each rule has")
    add(
        "--color", choices=["auto", "always", "never"], default="auto", help="whether there are colours (default: auto)"
    )
    add("--show-models", action="store_true", help="also show what was understood of each model")
    add("-v", "--verbose", action="store_true", help="also say what was skipped or given up, and why")
    add("-q", "--quiet", action="store_true", help="findings only, no closing line")


def _other(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--config", metavar="FILE", help="read this configuration instead of the nearest")
    add("--isolated", action="store_true", help="read no configuration")
    add("--show-settings", action="store_true", help="show the settings for PATH and where they come from")
    add("--show-files", action="store_true", help="list the files that would be checked")
    add("--no-cache", action="store_true", help="analyse everything anew and keep nothing of it")
    add("--cache-dir", metavar="DIR", help="the folder of the cache (default: .lossguard_cache in the project's root)")
    add("--workers", metavar="N", type=_workers, help="so many processes (default: auto, as many as pay)")
    add("--stdin-filename", metavar="NAME", help="how to name what is read from standard input")
    add("--debug", action="store_true", help="show where lossguard itself failed, for a report")
    add("--exit-zero", action="store_true", help="end with status 0 also when there are findings")
    add("-V", "--version", action="version", version=f"lossguard {__version__}")


def _workers(given: str) -> int | None:
    """The number; None for `auto`."""
    if given == "auto":
        return None
    if not given.isdecimal() or not int(given):
        raise argparse.ArgumentTypeError(f"can't be {given!r}: it is auto, or a number from 1")
    return int(given)


def check_arguments(arguments: Sequence[str]) -> CheckArguments:
    found = check_parser().parse_args(_without_bare(arguments))
    return CheckArguments(
        paths=tuple(found.paths) or (".",),
        over=_over(found),
        config=found.config,
        isolated=found.isolated,
        baseline=found.baseline,
        write_baseline=found.write_baseline,
        diff_base=found.diff_base,
        add_ignore=found.add_ignore,
        fix=found.fix,
        fix_only=found.fix_only,
        unsafe_fixes=found.unsafe_fixes,
        diff=found.diff,
        output_file=found.output_file,
        statistics=found.statistics,
        show_settings=found.show_settings,
        show_files=found.show_files,
        stdin_filename=found.stdin_filename,
        exit_zero=found.exit_zero,
        show_models=found.show_models,
        verbose=found.verbose,
        debug=found.debug,
        no_cache=found.no_cache,
        cache_dir=found.cache_dir,
        workers=found.workers,
        quiet=found.quiet,
        color=found.color,
    )


def _without_bare(arguments: Sequence[str]) -> list[str]:
    """`--add-ignore` takes its reason after an equals sign only: what follows it is a path."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    given = ["--add-ignore=" if one == "--add-ignore" else one for one in options]
    return [*given, *arguments[len(given) :]]


def _over(found: argparse.Namespace) -> Config:
    patterns = words(found.exclude or [])
    return Config(
        select=_codes(found.select, "--select"),
        extend_select=_codes(found.extend_select, "--extend-select"),
        ignore=_codes(found.ignore, "--ignore"),
        exclude=patterns or None,
        prefer=_ways(found.prefer),
        force_exclude=found.force_exclude,
        min_severity=found.min_severity,
        min_confidence=found.min_confidence,
        output_format=found.output_format,
    )


def _ways(lists: Sequence[str] | None) -> tuple[str, ...] | None:
    if lists is None:
        return None
    named = words(lists)
    for one in named:
        if one not in WAYS:
            raise Failure(f"--prefer: there is no way out named {one!r}; there are {', '.join(WAYS)}")
    return tuple(named)


def _codes(lists: Sequence[str] | None, option: str) -> tuple[str, ...] | None:
    if lists is None:
        return None
    from lossguard.cli.selection import codes, known_rules

    return tuple(sorted(codes(words(lists), known_rules(), option)))
