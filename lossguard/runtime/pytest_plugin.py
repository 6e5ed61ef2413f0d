"""The pytest plugin: the fixture `assert_consistent`. It is imported by every run of pytest, so it imports nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture(name="assert_consistent")
def _assert_consistent() -> Callable[..., None]:
    """Fails a test whose model's output, loss, metrics and labels do not fit each other."""
    from lossguard.testing import assert_consistent

    return assert_consistent
