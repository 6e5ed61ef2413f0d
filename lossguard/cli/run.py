"""`lossguard run SCRIPT [ARGS]`: run a training script up to its first step and look at the model there."""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.cli.arguments import Formatter, Parser
from lossguard.cli.failure import Failure
from lossguard.cli.live import add_options, report, settings

if TYPE_CHECKING:
    from lossguard.cli.live import Settings
    from lossguard.runtime.script import Ran

_DESCRIPTION = """\
Runs a training script or a notebook until it is about to train, looks at the model and at
the first batch, and ends it there. The code is executed, with all that it does before.
Needs Keras: pip install 'lossguard[runtime]'."""
_EPILOG = """\
Options of lossguard come before SCRIPT; what follows it is handed to the script.

exit status: 0 nothing found, 1 findings, 2 the script failed or trained nothing"""
_PATIENCE = 1.0
_LIMIT = 600.0
_STOP = 10.0


def run(arguments: Sequence[str]) -> int:
    """Run the script, report, and give the exit status."""
    asked = run_parser().parse_args(list(arguments))
    how = settings(asked)
    script = Path(asked.script)
    if not script.is_file():
        raise Failure(f"{asked.script}: no such file")
    from lossguard.check import Checked
    from lossguard.report.words import counted
    from lossguard.runtime.library import NotProbed, require_keras

    try:
        require_keras()
    except NotProbed as missing:
        raise Failure(str(missing)) from missing
    codes = how.options(script.absolute()).codes()
    ran = _run(asked, {"select": sorted(codes), "continue": asked.goes_on}, how)
    problems = (ran.error,) if ran.error else ()
    left, hidden = how.sifted(ran.diagnostics, ran.sources)
    checked = Checked(tuple(left.diagnostics), 1, 1, ran.models, problems, ran.sources, tuple(ran.notes))
    closing = f"Looked at {counted(ran.models, 'model')} while {asked.script} ran.{hidden}"
    return report(checked, how, closing)


def run_parser() -> Parser:
    parser = Parser(
        prog="lossguard run",
        usage="lossguard run [options] SCRIPT [ARGS ...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("script", metavar="SCRIPT", help="a Python file or a notebook")
    parser.add_argument("arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="arguments of the script")
    parser.add_argument(
        "--continue", dest="goes_on", action="store_true", help="let it train, and look at every model that it trains"
    )
    parser.add_argument(
        "--time-limit", type=float, default=_LIMIT, metavar="SECONDS", help=f"end it after this time ({_LIMIT:g})"
    )
    add_options(parser)
    return parser


def _run(asked: argparse.Namespace, options: dict[str, object], how: Settings) -> Ran:
    """The script in a process of its own, so that nothing that it does can reach this one."""
    with tempfile.TemporaryDirectory(prefix="lossguard-") as folder:
        result = Path(folder, "result")
        command = [sys.executable, "-m", "lossguard.runtime", str(result), json.dumps(options)]
        command += [asked.script, *asked.arguments]
        environment = {"TF_CPP_MIN_LOG_LEVEL": "2", "MPLBACKEND": "Agg"} | os.environ
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        sys.stdout.flush()
        to = None if how.output.format == "text" or how.output.file else sys.stderr.fileno()
        with subprocess.Popen(command, env=environment, stdout=to) as process:  # noqa: S603  the user's own script
            status = _wait(process, asked)
        if not result.exists():
            raise Failure(f"{asked.script} ended with status {status} and gave no result")
        ran: Ran = pickle.loads(result.read_bytes())  # noqa: S301  written by our own process
        return ran


def _wait(process: subprocess.Popen[bytes], asked: argparse.Namespace) -> int:
    limit: float = asked.time_limit
    try:
        return process.wait(min(_PATIENCE, limit))
    except subprocess.TimeoutExpired:
        if sys.stderr.isatty():
            sys.stderr.write(f"lossguard: running {asked.script} until it trains ...\n")
    try:
        return process.wait(max(limit - _PATIENCE, 0.0))
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
        raise Failure(f"{asked.script} did not train a model within {limit:g} s (--time-limit)") from None
    except KeyboardInterrupt:
        process.wait()
        raise
