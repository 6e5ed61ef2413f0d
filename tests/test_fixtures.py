"""Every program under `fixtures/` gives exactly the findings that its `# expect:` marks name.

What only a model that runs can show is left to `test_runtime_fixtures.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lossguard.check import Options, check_source
from lossguard.facts import Target
from lossguard.rules import ALL

FIXTURES = Path(__file__).parent.parent / "fixtures"
PROGRAMS = sorted(path for path in FIXTURES.rglob("*.py") if not path.parent.name.startswith("_"))
EVERY_RULE = Options(select=frozenset(module.RULE.code for module in ALL))
KERAS_3 = Options(target=Target(keras=frozenset({3})))
OPTIONS = {"regression-loss-on-classes": EVERY_RULE, "metrics-as-loss-weights": KERAS_3}
MEASURED = {module.RULE.code for module in ALL if module.RULE.measured}
_MARK = re.compile(r"#\s*expect:\s*(.*)$", re.MULTILINE)
_EXPECTED = re.compile(r"(LG\d+)(?:\s+when\s+(.*))?")


def marks(text: str) -> list[tuple[int, str, str | None]]:
    """Row, code and condition of every expected finding."""
    found = []
    for row, line in enumerate(text.splitlines(), 1):
        mark = _MARK.search(line)
        for part in re.split(r",\s*(?=LG\d)", mark[1]) if mark else []:
            expected = _EXPECTED.fullmatch(part.strip())
            assert expected is not None, f"row {row}: {part!r} is no mark"
            found.append((row, expected[1], expected[2]))
    return sorted(found, key=str)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_program(path: Path) -> None:
    text = path.read_text("utf-8")
    checked = check_source(text, path.name, options=OPTIONS.get(path.parent.name, Options()))
    found = [(diagnostic.place.start.row, diagnostic.code, diagnostic.when) for diagnostic in checked.diagnostics]
    assert sorted(found, key=str) == [mark for mark in marks(text) if mark[1] not in MEASURED]


def test_every_mark_is_read() -> None:
    """A misspelt mark would expect nothing, and pass."""
    for path in PROGRAMS:
        text = path.read_text("utf-8")
        assert text.count("expect") == len(_MARK.findall(text)), path
        assert bool(marks(text)) == path.stem.startswith("bad"), path
