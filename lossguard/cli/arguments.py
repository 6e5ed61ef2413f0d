"""The arguments of the commands that explain rules, and what all parsers share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from lossguard.cli.failure import Failure


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal; asked of it without importing what argparse would for every argument."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS", "")) or os.get_terminal_size().columns
    except (ValueError, OSError):
        return _COLUMNS


_COLUMNS = 80


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are failures of the run."""

    def error(self, message: str) -> NoReturn:
        raise Failure(f"{message} (see {self.prog} --help)")


def words(lists: Sequence[str]) -> tuple[str, ...]:
    """The words in lists that are separated by commas."""
    return tuple(word.strip() for one in lists for word in one.split(",") if word.strip())


class RuleArguments(NamedTuple):
    names: tuple[str, ...]
    color: str


def rule_parser() -> Parser:
    parser = Parser(prog="lossguard rule", description="Explains rules.", allow_abbrev=False)
    parser.add_argument("names", metavar="NAME", nargs="+", help="name or code: softmax-from-logits, LG101")
    parser.add_argument(
        "--color", choices=["auto", "always", "never"], default="auto", help="whether there are colours (default: auto)"
    )
    return parser


def rule_arguments(arguments: Sequence[str]) -> RuleArguments:
    found = rule_parser().parse_args(list(arguments))
    return RuleArguments(tuple(found.names), found.color)


class RulesArguments(NamedTuple):
    output_format: str
    color: str


def rules_parser() -> Parser:
    parser = Parser(prog="lossguard rules", description="Lists all rules.", allow_abbrev=False)
    parser.add_argument(
        "--output-format",
        choices=["text", "json", "markdown"],
        default="text",
        help="how they are listed (default: text)",
    )
    parser.add_argument(
        "--color", choices=["auto", "always", "never"], default="auto", help="whether there are colours (default: auto)"
    )
    return parser


def rules_arguments(arguments: Sequence[str]) -> RulesArguments:
    found = rules_parser().parse_args(list(arguments))
    return RulesArguments(found.output_format, found.color)
