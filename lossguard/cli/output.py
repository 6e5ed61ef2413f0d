"""Where the report goes, in which format, and what is said beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lossguard.cli.failure import Failure
from lossguard.files import write_whole
from lossguard.report.words import clean, counted, summary
from lossguard.settings import FORMATS

if TYPE_CHECKING:
    from lossguard.check import Checked
    from lossguard.cli.check_arguments import CheckArguments
    from lossguard.settings import Config

_VARIABLE = "LOSSGUARD_OUTPUT_FORMAT"
_FEW = 5


class Output(NamedTuple):
    """How the findings are written. `notes` says that what was understood is told, too."""

    format: str
    file: str | None
    paths: tuple[str, ...]
    color: str
    statistics: bool
    quiet: bool
    verbose: bool
    notes: bool


def output(asked: CheckArguments, settings: Config) -> Output:
    """As the command line says, else the environment, else the configuration, else what fits the place."""
    chosen = asked.over.output_format or _from_environment() or settings.output_format
    if chosen is None:
        in_actions = os.environ.get("GITHUB_ACTIONS") == "true" and asked.output_file is None
        chosen = "github" if in_actions and not asked.statistics else "text"
    if asked.statistics and chosen not in {"text", "json", "json-v1"}:
        raise Failure(f"--statistics can be written as text or json, not as {chosen}")
    return Output(
        chosen,
        asked.output_file,
        asked.paths,
        asked.color,
        asked.statistics,
        asked.quiet,
        asked.verbose,
        notes=asked.verbose or asked.show_models or asked.debug,
    )


def _from_environment() -> str | None:
    chosen = os.environ.get(_VARIABLE) or None
    if chosen is not None and chosen not in FORMATS:
        raise Failure(f"{_VARIABLE} can't be {chosen!r}; it is one of {', '.join(FORMATS)}")
    return chosen


def report(checked: Checked, how: Output) -> None:
    """Write the findings, then everything else to standard error."""
    text = _rendered(checked, how)
    if how.file is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        try:
            Path(how.file).parent.mkdir(parents=True, exist_ok=True)
            _write(Path(how.file), text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise Failure(f"--output-file {how.file}: {error.strerror or error}") from error
    if how.format == "github":
        _job_summary(checked)
    problems(checked)
    if how.notes:
        sys.stderr.writelines(f"{clean(note)}\n" for note in checked.notes)
    if not how.quiet:
        _closing(checked, how)


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; into a pipe or a device, as it comes."""
    if path.exists() and not path.is_file():
        path.write_bytes(data)
    else:
        write_whole(path, data)


def problems(checked: Checked) -> None:
    """Say what could not be checked."""
    for problem in checked.problems:
        sys.stderr.write(f"lossguard: error: {clean(problem)}\n")


def _rendered(checked: Checked, how: Output) -> str:
    if how.statistics:
        from lossguard.report import statistics

        if how.format != "text":
            return statistics.as_json(checked)
        return statistics.as_text(checked) + ("" if how.quiet else summary(checked) + "\n")
    if how.format == "text":
        return _text(checked, how)
    from lossguard.report import renderer

    rendered = renderer(how.format)(checked)
    return _text(checked, how) + rendered if how.format == "github" else rendered


def _text(checked: Checked, how: Output) -> str:
    from lossguard.cli.terminal import coloured, console, drawn, hyperlinks

    color = how.color if how.file is None else "never"
    closing = bool(checked.files) and not how.quiet and how.file is None
    if checked.diagnostics or coloured(color):
        from lossguard.report.text import render_text

        screen = console(color)
        render_text(checked, screen, closing=closing, links=how.file is None and hyperlinks(color))
        return drawn(screen)
    return summary(checked) + "\n" if closing else ""  # spares a clean run the import of rich


def _job_summary(checked: Checked) -> None:
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from lossguard.report.markdown import render

    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(render(checked) + "\n")
    except OSError as error:
        sys.stderr.write(f"lossguard: no job summary: {error.strerror or error}\n")


def _closing(checked: Checked, how: Output) -> None:
    if checked.fixed:
        _removable(checked, how)
    if not checked.files and not checked.problems:
        looked = " ".join(clean(path) for path in how.paths)
        sys.stderr.write(f"lossguard: no Python files or notebooks to check in {looked}\n")
    elif how.format == "concise" or how.file is not None:
        sys.stderr.write(summary(checked) + "\n")


def _removable(checked: Checked, how: Output) -> None:
    number = len(checked.fixed)
    verb = "occurs" if number == 1 else "occur"
    sys.stderr.write(f"lossguard: {counted(number, 'finding')} of the baseline no longer {verb}; write it anew:\n")
    for one in checked.fixed if how.verbose else checked.fixed[:_FEW]:
        sys.stderr.write(f"  {clean(one.path)}: {clean(one.code)} {clean(one.source)}\n")
    if number > _FEW and not how.verbose:
        sys.stderr.write(f"  ... and {number - _FEW:,} more (--verbose)\n")
