"""The command `lossguard`: arguments, streams and exit status; the only place that prints and exits.

Exit status: 0 nothing found, 1 findings, 2 the run itself failed. What a command needs is imported when
it is known to be needed: `--version` answers before any of it.
"""

from __future__ import annotations

import os
import sys

from lossguard import TYPE_CHECKING, __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments and give its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("lossguard: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:  # the reader has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return status


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        sys.stdout.write(f"lossguard {__version__}\n")
        return 0
    from lossguard.cli.commands import run

    return run(arguments)
