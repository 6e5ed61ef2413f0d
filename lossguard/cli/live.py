"""What the commands that look at live models share: settings, rules, and how findings are reported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.cli.arguments import Parser
from lossguard.cli.check_arguments import CheckArguments, check_arguments
from lossguard.cli.failure import FAILED, Failure
from lossguard.config import Configs, Misconfigured
from lossguard.options import Options, for_file
from lossguard.settings import CONFIDENCES, FORMATS, SEVERITIES

if TYPE_CHECKING:
    from lossguard.baseline import Baseline
    from lossguard.check import Checked
    from lossguard.cli.output import Output
    from lossguard.findings import Diagnostic
    from lossguard.sift import Sifted
    from lossguard.source import Source

_FINDINGS = 1
_LISTS = ("select", "extend_select", "ignore")
_VALUES = ("min_confidence", "min_severity", "output_format", "output_file", "color", "config", "baseline")
_FLAGS = ("isolated", "exit_zero", "verbose", "quiet")


def add_options(parser: Parser) -> None:
    """The options that both commands take; they mean what they mean to `lossguard check`."""
    add = parser.add_argument
    add("--select", action="append", metavar="RULES", help="only these: codes, names or prefixes (LG1)")
    add("--extend-select", action="append", metavar="RULES", help="these too, such as opt-in rules")
    add("--ignore", action="append", metavar="RULES", help="all but these; wins over --select")
    add("--min-confidence", choices=CONFIDENCES, help="hide what is less certain (default: likely)")
    add("--min-severity", choices=SEVERITIES, help="hide what is less severe (default: info)")
    add("--output-format", choices=FORMATS, help="how findings are written (default: text; in GitHub Actions: github)")
    add("--output-file", metavar="FILE", help="write the findings there")
    add("--color", choices=["auto", "always", "never"], default="auto", help="default: auto")
    add("--config", metavar="FILE", help="read this configuration instead of the nearest")
    add("--baseline", metavar="FILE", help="leave out the findings that this file knows")
    add("--isolated", action="store_true", help="read no configuration")
    add("--exit-zero", action="store_true", help="end with status 0 also when there are findings")
    add("-v", "--verbose", action="store_true", help="also say what was measured beside the findings")
    add("-q", "--quiet", action="store_true", help="findings only, no closing line")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line and the project's configuration say, read as `lossguard check` reads them."""

    asked: CheckArguments
    configs: Configs
    output: Output
    baseline: Baseline | None

    def options(self, path: Path) -> Options:
        """The options for what lies at this path."""
        try:
            return for_file(self.configs.options(path), path)
        except Misconfigured as wrong:
            raise Failure(str(wrong)) from wrong

    def sifted(
        self, found: Iterable[Diagnostic], sources: Mapping[str, Source], of: Options | None = None
    ) -> tuple[Sifted, str]:
        """What is shown of what was found, and how much is not; `of` are the options for all of it."""
        from lossguard.sift import sift

        asked = {one: of or self.options(Path.cwd() / one.place.filename) for one in found}
        wanted = {one: options for one, options in asked.items() if one.code not in options.ignore}
        left = sift(wanted, sources, (), {}, self.baseline, None)
        hidden = left.hidden
        parts = [
            (hidden.suppressed, "suppressed"),
            (hidden.baseline, "in the baseline"),
            (hidden.below, "below the thresholds"),
        ]
        told = ", ".join(f"{number:,} {word}" for number, word in parts if number)
        return left, f" Hidden: {told}." if told else ""


def settings(given: argparse.Namespace) -> Settings:
    """The settings that these options, and the configuration of the working directory, stand for."""
    from lossguard.cli.check import asked_baseline
    from lossguard.cli.output import output

    asked = check_arguments(_options(given))
    try:
        file = Path(asked.config).absolute() if asked.config else None
        configs = Configs(asked.over, file=file, isolated=asked.isolated)
        here = configs.of(Path.cwd())
        return Settings(asked, configs, output(asked, here), asked_baseline(asked, here))
    except Misconfigured as wrong:
        raise Failure(str(wrong)) from wrong


def _options(given: argparse.Namespace) -> Sequence[str]:
    found = [f"--{name}={word}" for name in _LISTS for word in getattr(given, name) or ()]
    found += [f"--{name}={value}" for name in _VALUES if (value := getattr(given, name)) is not None]
    found += [f"--{name}" for name in _FLAGS if getattr(given, name)]
    return [name.replace("_", "-") + equals + value for name, equals, value in (one.partition("=") for one in found)]


def report(checked: Checked, how: Settings, closing: str) -> int:
    """Findings to standard output, the rest to standard error; gives the exit status."""
    from lossguard.cli.output import report as write

    write(checked, how.output._replace(paths=(), quiet=True))
    if not how.asked.quiet and not checked.problems:
        plain = how.output.format == "text" and how.output.file is None
        (sys.stdout if plain else sys.stderr).write(f"{_found(checked)} {closing}\n")
    if checked.problems:
        return FAILED
    return _FINDINGS if checked.diagnostics and not how.asked.exit_zero else 0


def _found(checked: Checked) -> str:
    from lossguard.report.words import counted

    number = len(checked.diagnostics)
    return f"{counted(number, 'finding')}." if number else "No findings."
