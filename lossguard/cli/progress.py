"""A progress bar on standard error, for a person who has waited for a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE = 1.0
_INTERVAL = 0.1
_WIDTH = 30
_ERASE = "\r\x1b[K"


@contextmanager
def bar(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """What to tell after each file; None where nobody looks. The bar is gone at the end."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    begun, drawn = time.monotonic(), 0.0

    def progress(done: int, total: int) -> None:
        nonlocal drawn
        now = time.monotonic()
        if now - begun >= _PATIENCE and now - drawn >= _INTERVAL:
            drawn = now
            sys.stderr.write(line(done, total))
            sys.stderr.flush()

    try:
        yield progress
    finally:
        if drawn:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()


def line(done: int, total: int) -> str:
    """The bar as drawn over the one before."""
    full = _WIDTH * done // max(total, 1)
    return f"{_ERASE}[{'#' * full}{'.' * (_WIDTH - full)}] {done:,} of {total:,} files"
