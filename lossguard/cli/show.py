"""`--show-settings` and `--show-files`: what a run would use and look at."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lossguard.cli.failure import FAILED
from lossguard.cli.selection import known_rules
from lossguard.config import Configs
from lossguard.report.words import clean
from lossguard.settings import KEYS, Config
from lossguard.source import reported_name


def show_settings(configs: Configs, paths: Sequence[str]) -> int:
    """The settings for each path, as a configuration file would have them."""
    for number, given in enumerate(paths):
        path = Path.cwd() if given == "-" else Path(given).absolute()
        found = configs.of(path if path.is_dir() else path.parent)
        sys.stdout.write(("\n" if number else "") + _settings(found, given))
    return 0


def _settings(found: Config, given: str) -> str:
    source = f"from {clean(str(found.file))}" if found.file is not None else "no configuration file"
    lines = [f"# {clean(given)}: {source}"]
    for attribute, key in KEYS.items():
        value = getattr(found, attribute)
        lines.append(f"{key.name} = {_value(value)}" if value is not None else f"# {key.name}: not set")
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_value(codes)}" for name, codes in value) + " }"
    return json.dumps(["ALL"] if isinstance(value, tuple) and set(value) == set(known_rules()) else value)


def show_files(configs: Configs, paths: Sequence[str]) -> int:
    """The files that would be checked, one a line."""
    from lossguard.project import discover

    cwd = Path.cwd()
    found = discover(paths, cwd=cwd, options_of=configs.options)
    sys.stdout.writelines(f"{clean(reported_name(path, cwd))}\n" for path in found.files)
    problems = [f"{path}: no such file or folder" for path in found.missing] + list(found.problems)
    sys.stderr.writelines(f"lossguard: error: {clean(problem)}\n" for problem in problems)
    return FAILED if problems else 0
