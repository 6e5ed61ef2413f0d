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
    from typing import TextIO

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments and give its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_streams()
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("lossguard: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:  # the reader has gone, as `head` does
        _discard(sys.stdout)
        return BROKEN_PIPE
    except OSError as error:  # they can't be written to, as on a full disk
        from lossguard.cli.failure import FAILED

        _discard(sys.stdout)
        try:
            sys.stderr.write(f"lossguard: error: the output can't be written: {error.strerror}\n")
        except OSError:
            _discard(sys.stderr)
        return FAILED
    return status


def _open_streams() -> None:
    """Streams that were closed by whoever has started the command lead nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  until the end


def _discard(stream: TextIO) -> None:
    """What is left in the stream goes nowhere, so that Python does not stumble over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        sys.stdout.write(f"lossguard {__version__}\n")
        return 0
    from lossguard.cli.commands import run

    return run(arguments)
