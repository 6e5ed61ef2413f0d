"""Where the cache is, and `lossguard clean`, which removes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lossguard.cli.arguments import Parser
from lossguard.cli.failure import Failure
from lossguard.settings import Config

if TYPE_CHECKING:
    from lossguard.cache import Cache
    from lossguard.cli.check_arguments import CheckArguments

_VARIABLE = "LOSSGUARD_CACHE_DIR"
_FOLDER = ".lossguard_cache"


def cache_of(asked: CheckArguments, settings: Config) -> Cache | None:
    """The cache of a run; None where it is not wanted, or can't serve what is told besides the findings."""
    if asked.no_cache or asked.show_models or asked.verbose or asked.debug:
        return None
    from lossguard.cache import Cache

    return Cache(folder_of(asked.cache_dir, settings), Path.cwd())


def folder_of(given: str | None, settings: Config) -> Path:
    """As the command line says, else the environment, else the configuration, else in the project's root."""
    cwd = Path.cwd()
    chosen = given or os.environ.get(_VARIABLE)
    if chosen:
        return cwd / chosen
    return (settings.root or cwd) / (settings.cache_dir or _FOLDER)


def clean_parser() -> Parser:
    parser = Parser(prog="lossguard clean", description="Removes the cache.", allow_abbrev=False)
    parser.add_argument("--cache-dir", metavar="DIR", help="the cache in this folder instead of the one that is used")
    return parser


def clean(arguments: Sequence[str]) -> int:
    """Remove the cache that a run in the working directory would use."""
    from lossguard.cache import clean as remove
    from lossguard.config import Configs, Misconfigured
    from lossguard.report.words import clean as shown

    given = clean_parser().parse_args(list(arguments)).cache_dir
    try:
        folder = folder_of(given, Configs(Config()).of(Path.cwd()))
    except Misconfigured as wrong:
        raise Failure(str(wrong)) from wrong
    try:
        removed = remove(folder)
    except OSError as error:
        raise Failure(f"{folder}: {error.strerror or error}") from error
    sys.stdout.write(f"{'Removed' if removed else 'No cache in'} {shown(str(folder))}\n")
    return 0
