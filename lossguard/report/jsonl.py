"""One JSON object a line, each as in the JSON contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lossguard.report.json import as_json

if TYPE_CHECKING:
    from lossguard.check import Checked


def render(checked: Checked) -> str:
    return "".join(json.dumps(as_json(found)) + "\n" for found in checked.diagnostics)
