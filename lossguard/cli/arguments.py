"""The arguments of each command, as typed values."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from lossguard import __version__
from lossguard.cli.failure import Failure

_CHECK = """\
Finds Keras models whose output layer, loss, labels and metrics do not fit each other.
It reads the code and never runs it; TensorFlow need not be installed."""
_CHECK_EPILOG = """\
commands:
  lossguard [check] PATH...   check files and folders (the default)
  lossguard rule NAME...      explain rules, by name or code
  lossguard rules             list all rules

exit status: 0 nothing found, 1 findings, 2 the run itself failed"""


@dataclass(frozen=True, slots=True)
class CheckArguments:
    paths: tuple[str, ...]
    output_format: str
    select: tuple[str, ...] | None
    ignore: tuple[str, ...]
    min_confidence: str
    stdin_filename: str | None
    exit_zero: bool
    show_models: bool
    verbose: bool
    quiet: bool
    color: str


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Failure(f"{message} (see {self.prog} --help)")


def check_arguments(arguments: Sequence[str]) -> CheckArguments:
    parser = _Parser(
        prog="lossguard",
        usage="lossguard [check] [PATH ...] [options]",
        description=_CHECK,
        epilog=_CHECK_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="Python file, notebook or folder; - is standard input (default: .)"
    )
    rules = parser.add_argument_group("which rules")
    rules.add_argument("--select", action="append", metavar="RULES", help="only these: codes, names or prefixes (LG1)")
    rules.add_argument("--ignore", action="append", metavar="RULES", help="all but these; wins over --select")
    rules.add_argument(
        "--min-confidence",
        choices=["likely", "certain"],
        default="likely",
        help="certain: only what has no reading in which it is right (default: likely)",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--output-format", choices=["text", "concise", "json"], default="text", help="default: text")
    output.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="default: auto")
    output.add_argument("--show-models", action="store_true", help="also show what was understood of each model")
    output.add_argument("-v", "--verbose", action="store_true", help="also say what was skipped or given up, and why")
    output.add_argument("-q", "--quiet", action="store_true", help="findings only, no closing line")
    other = parser.add_argument_group("other")
    other.add_argument("--stdin-filename", metavar="NAME", help="how to name what is read from standard input")
    other.add_argument("--exit-zero", action="store_true", help="end with status 0 also when there are findings")
    other.add_argument("-V", "--version", action="version", version=f"lossguard {__version__}")
    found = parser.parse_args(list(arguments))
    return CheckArguments(
        paths=tuple(found.paths) or (".",),
        output_format=found.output_format,
        select=None if found.select is None else _words(found.select),
        ignore=_words(found.ignore or []),
        min_confidence=found.min_confidence,
        stdin_filename=found.stdin_filename,
        exit_zero=found.exit_zero,
        show_models=found.show_models,
        verbose=found.verbose,
        quiet=found.quiet,
        color=found.color,
    )


@dataclass(frozen=True, slots=True)
class RuleArguments:
    names: tuple[str, ...]
    color: str


def rule_arguments(arguments: Sequence[str]) -> RuleArguments:
    parser = _Parser(prog="lossguard rule", description="Explains rules.", allow_abbrev=False)
    parser.add_argument("names", metavar="NAME", nargs="+", help="name or code: softmax-from-logits, LG101")
    parser.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="default: auto")
    found = parser.parse_args(list(arguments))
    return RuleArguments(tuple(found.names), found.color)


@dataclass(frozen=True, slots=True)
class RulesArguments:
    output_format: str
    color: str


def rules_arguments(arguments: Sequence[str]) -> RulesArguments:
    parser = _Parser(prog="lossguard rules", description="Lists all rules.", allow_abbrev=False)
    parser.add_argument("--output-format", choices=["text", "json", "markdown"], default="text", help="default: text")
    parser.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="default: auto")
    found = parser.parse_args(list(arguments))
    return RulesArguments(found.output_format, found.color)


def _words(lists: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for one in lists for word in one.split(",") if word.strip())
