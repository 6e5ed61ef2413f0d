"""Which command the arguments name, and what happens if it fails."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

from lossguard.cli.failure import FAILED, Failure


class Command(NamedTuple):
    """A command: the function that runs it, which is imported when it is asked for, and its line of help."""

    module: str
    function: str
    usage: str
    about: str


COMMANDS = {
    "check": Command(
        "lossguard.cli.check", "check", "lossguard [check] PATH...", "check files and folders (the default)"
    ),
    "rule": Command("lossguard.cli.rules", "explain", "lossguard rule NAME...", "explain rules, by name or code"),
    "rules": Command("lossguard.cli.rules", "list_rules", "lossguard rules", "list all rules"),
    "probe": Command("lossguard.cli.probe", "probe", "lossguard probe TARGET", "look at a built or saved model"),
    "run": Command("lossguard.cli.run", "run", "lossguard run SCRIPT", "run a script up to its first training step"),
    "config": Command("lossguard.cli.configure", "configure", "lossguard config", "list what can be configured"),
    "clean": Command("lossguard.cli.caching", "clean", "lossguard clean", "remove the cache"),
    "completion": Command(
        "lossguard.cli.completion", "completion", "lossguard completion SHELL", "for bash, zsh, fish"
    ),
}
ALIASES = {"explain": "rule"}


def run(arguments: Sequence[str]) -> int:
    """The exit status of the command; `check` where none is named."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that can't show a character is no reason to stop
            stream.reconfigure(errors="backslashreplace")
    try:
        return _command(list(arguments))
    except Failure as failure:
        return _failed(str(failure))
    except SystemExit as stop:  # argparse has printed the help or the version
        return stop.code if isinstance(stop.code, int) else 0
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except OSError as error:  # a full disk under standard output, a folder that went away: no fault of ours
        return _failed(str(error))
    except Exception:  # noqa: BLE001  Python would end with 1, which means findings
        import traceback

        traceback.print_exc()
        sys.stderr.write("lossguard: error: this is a bug in lossguard; please report it with the lines above\n")
        return FAILED


def _failed(reason: str) -> int:
    from lossguard.report.words import clean

    sys.stderr.write(f"lossguard: error: {clean(reason)}\n")
    return FAILED


def _command(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    command = COMMANDS.get(ALIASES.get(name, name))
    if command is None:
        command = COMMANDS["check"]
    else:
        arguments = arguments[1:]
    run_command: Callable[[Sequence[str]], int] = getattr(import_module(command.module), command.function)
    return run_command(arguments)


def overview() -> str:
    """What each command does, a line each."""
    width = max(len(command.usage) for command in COMMANDS.values()) + 2
    return "\n".join(f"  {command.usage:<{width}}{command.about}" for command in COMMANDS.values())
