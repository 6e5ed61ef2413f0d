"""Whether there are colours and how wide the screen is."""

from __future__ import annotations

import os
import sys
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_PIPED_WIDTH = 100
_LEAST_WIDTH = 40


def coloured(color: str) -> bool:
    """What the user asked for, else NO_COLOR, then FORCE_COLOR, then whether a person is looking."""
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def console(color: str, *, width: int | None = None) -> Console:
    """A console that draws into memory, so that printing is one write."""
    from rich.console import Console

    return Console(
        file=StringIO(),
        width=width or _width(),
        force_terminal=sys.stdout.isatty(),
        color_system="standard" if coloured(color) else None,
        legacy_windows=False,
        no_color=False,
        highlight=False,
        markup=False,
        emoji=False,
    )


def show(screen: Console) -> None:
    """Print what was drawn."""
    sys.stdout.write(drawn(screen))


def drawn(screen: Console) -> str:
    """What was drawn so far."""
    return screen.file.getvalue() if isinstance(screen.file, StringIO) else ""


_LINKING = {"TERM_PROGRAM": {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"}}
_LINKING |= {"TERM": {"xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm"}}
_VTE_WITH_LINKS = 5000


def hyperlinks(color: str) -> bool:
    """Whether the terminal is one that shows links; FORCE_HYPERLINK says so or denies it."""
    forced = os.environ.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0" and coloured(color)
    if not sys.stdout.isatty() or not coloured(color) or os.environ.get("CI"):
        return False
    if os.environ.get("WT_SESSION") or os.environ.get("KONSOLE_VERSION"):
        return True
    version = os.environ.get("VTE_VERSION", "")
    known = any(os.environ.get(name) in terminals for name, terminals in _LINKING.items())
    return known or (version.isdigit() and int(version) >= _VTE_WITH_LINKS)


def _width() -> int:
    from shutil import get_terminal_size

    return max(get_terminal_size((_PIPED_WIDTH, 24)).columns, _LEAST_WIDTH)
