"""How bad a finding is, and how sure."""

from __future__ import annotations

from enum import Enum


class Severity(Enum):
    """`error`: raises or cannot learn; `warning`: trains, but loss or metric is wrong; `info`."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(Enum):
    """`certain`: there is no reading of the code in which it is right."""

    CERTAIN = "certain"
    LIKELY = "likely"
