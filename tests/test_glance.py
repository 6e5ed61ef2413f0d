"""What is seen at a glance is what the patterns that define it find."""

from __future__ import annotations

import re
from pathlib import Path

import pytest  # noqa: TC002  as in the other tests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lossguard.check import check_paths, check_source
from lossguard.glance import Glance, glance

KERAS = re.compile(rb"keras|tensorflow|\btf\.")
SINK = re.compile(rb"loss|compile\s*\(|cross_?entropy|\.fit\(")
FOREIGN_SINK = re.compile(rb"(?<!\bre)\.compile\s*\([^()]{0,300}?(?:loss|optimizer|metrics|['\"]adam|['\"]sgd)")
NOQA = re.compile(rb"noqa", re.IGNORECASE)
OURS = re.compile(rb"lg", re.IGNORECASE)

WORDS = ["keras", "tensor", "flow", "tf.", "xtf.", "loss", "compile", ".compile(", " ", "\n", "(", ")", "re", ".fit("]
WORDS += ["cross", "_", "entropy", "optimizer", "'adam'", "lossguard:", "NoQA", "noqa", "qa", "LG1", "lg", "metrics"]

FIXTURES = sorted(Path(__file__).parent.parent.joinpath("fixtures").rglob("*.py"))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines may be busy
@given(st.lists(st.sampled_from(WORDS)).map("".join).map(str.encode))
def test_words(data: bytes) -> None:
    keras, sink = KERAS.search(data) is not None, SINK.search(data) is not None
    marked = b"lossguard:" in data or (NOQA.search(data) is not None and OURS.search(data) is not None)
    assert glance(data) == Glance(keras, sink and (keras or FOREIGN_SINK.search(data) is not None), marked)


def test_findings_are_the_same_where_every_file_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that is handed over is always parsed. Only a wrong name of an activation is not worth that by itself."""
    monkeypatch.chdir(tmp_path)
    for number, path in enumerate(FIXTURES):
        (tmp_path / f"{number:03}.py").write_bytes(path.read_bytes())
    files = sorted(tmp_path.iterdir())
    each = [found for path in files for found in check_source(path.read_text("utf-8"), path.name).unsuppressed]
    together = check_paths(["."]).unsuppressed
    assert len(together) > 50
    missed = set(each) - set(together)
    assert all("activation" in one.message and one.code == "LG505" for one in missed if one.code != "LG902")
    assert {one for one in together if one.code != "LG902"} <= set(each)
