"""What the tests share: snapshots of whole outputs, and findings made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import legacy

_SNAPSHOTS = Path(__file__).with_name("snapshots")

# fmt: off
_ENVIRONMENT = (
    "CI", "COLUMNS", "FORCE_COLOR", "FORCE_HYPERLINK", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "KONSOLE_VERSION",
    "LINES", "LOSSGUARD_CACHE_DIR", "LOSSGUARD_OUTPUT_FORMAT", "NO_COLOR", "TERM", "TERM_PROGRAM",
    "TTY_COMPATIBLE", "TTY_INTERACTIVE", "VTE_VERSION", "WT_SESSION",
)
# fmt: on

Matches = Callable[[str, str], None]
"""Compares an output with the snapshot of that name."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-snapshots", action="store_true", help="write tests/snapshots/ anew, then review the diff"
    )
    parser.addoption(
        "--keras", choices=("keras", "tf_keras"), default="keras", help="the Keras that runs the rules' programs"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--keras") == "tf_keras":
        legacy.install()


@pytest.fixture
def matches(request: pytest.FixtureRequest) -> Matches:
    def compare(output: str, name: str) -> None:
        path = _SNAPSHOTS / name
        if request.config.getoption("--update-snapshots"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(output, encoding="utf-8", newline="\n")
        assert path.exists(), f"no snapshot {name}: run pytest --update-snapshots and review it"
        assert output == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's terminal is like must not change what is tested."""
    for name in _ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
