"""What the commands that look at live models share: which rules, and how findings are reported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NoReturn

from lossguard.cli.failure import FAILED, Failure
from lossguard.settings import FORMATS

if TYPE_CHECKING:
    from lossguard.check import Checked

_FINDINGS = 1


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are failures of the run."""

    def error(self, message: str) -> NoReturn:
        raise Failure(f"{message} (see {self.prog} --help)")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that both commands take."""
    parser.add_argument("--select", action="append", metavar="RULES", help="only these: codes, names or prefixes (LG1)")
    parser.add_argument("--ignore", action="append", metavar="RULES", help="all but these; wins over --select")
    parser.add_argument("--output-format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument("--output-file", metavar="FILE", help="write the findings there")
    parser.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="default: auto")
    parser.add_argument("--exit-zero", action="store_true", help="end with status 0 also when there are findings")
    parser.add_argument("-v", "--verbose", action="store_true", help="also say what was measured beside the findings")
    parser.add_argument("-q", "--quiet", action="store_true", help="findings only, no closing line")


def enabled(select: Sequence[str] | None, ignore: Sequence[str] | None) -> frozenset[str] | None:
    """The codes of the chosen rules; None for all that are not opt-in."""
    if select is None and not ignore:
        return None
    from lossguard.cli.selection import codes, known_rules
    from lossguard.rules import ALL

    known = known_rules()
    plain = frozenset(module.RULE.code for module in ALL if not module.RULE.opt_in)
    chosen = plain if select is None else codes(_words(select), known, "--select")
    return chosen - codes(_words(ignore), known, "--ignore") if ignore else chosen


def _words(lists: Sequence[str]) -> list[str]:
    return [word.strip() for one in lists for word in one.split(",") if word.strip()]


def report(checked: Checked, asked: argparse.Namespace, closing: str, unexplained: Iterable[str] = ()) -> int:
    """Findings to standard output, the rest to standard error; gives the exit status."""
    from lossguard.cli.output import Output
    from lossguard.cli.output import report as write
    from lossguard.report.words import clean

    write(
        checked,
        Output(
            asked.output_format, asked.output_file, (), asked.color,
            statistics=False, quiet=True, verbose=asked.verbose, notes=asked.verbose,
        ),
    )  # fmt: skip
    sys.stderr.writelines(f"lossguard: note: {clean(note)}\n" for note in dict.fromkeys(unexplained))
    if not asked.quiet and not checked.problems:
        plain = asked.output_format == "text" and asked.output_file is None
        (sys.stdout if plain else sys.stderr).write(f"{_found(checked)} {closing}\n")
    if checked.problems:
        return FAILED
    return _FINDINGS if checked.diagnostics and not asked.exit_zero else 0


def _found(checked: Checked) -> str:
    from lossguard.report.words import counted

    number = len(checked.diagnostics)
    return f"{counted(number, 'finding')}." if number else "No findings."
