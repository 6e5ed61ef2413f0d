"""Which command the arguments name, and what happens if it fails."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from lossguard.cli.failure import FAILED, Failure


def run(arguments: Sequence[str]) -> int:
    """The exit status of the command; `check` where none is named."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that can't show a character is no reason to stop
            stream.reconfigure(errors="backslashreplace")
    try:
        return _command(list(arguments))
    except Failure as failure:
        sys.stderr.write(f"lossguard: error: {failure}\n")
        return FAILED
    except SystemExit as stop:  # argparse has printed the help or the version
        return stop.code if isinstance(stop.code, int) else 0
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception:  # noqa: BLE001  Python would end with 1, which means findings
        import traceback

        traceback.print_exc()
        sys.stderr.write("lossguard: error: this is a bug in lossguard; please report it with the lines above\n")
        return FAILED


def _command(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in {"rule", "explain"}:
        from lossguard.cli.rules import explain

        return explain(arguments[1:])
    if name == "rules":
        from lossguard.cli.rules import list_rules

        return list_rules(arguments[1:])
    if name == "probe":
        from lossguard.cli.probe import probe

        return probe(arguments[1:])
    if name == "run":
        from lossguard.cli.run import run as run_script

        return run_script(arguments[1:])
    from lossguard.cli.check import check

    return check(arguments[1:] if name == "check" else arguments)
