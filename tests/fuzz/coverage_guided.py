"""Coverage-guided fuzzing with atheris (which is not among the requirements: `pip install atheris`).

    python tests/fuzz/coverage_guided.py WHAT CORPUS_FOLDER [options of libFuzzer, such as -max_total_time=3600]

WHAT is `bytes` (a Python file), `notebook` (the JSON of one), `source` (fragments of programs put together) or
`program` (valid programs made by recipe from the fixtures). An input that makes lossguard fail is written where
libFuzzer is told by -artifact_prefix=; one that takes longer than -timeout= ends the run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

with atheris.instrument_imports(include=["lossguard"]):
    import lossguard.report.sarif
    import lossguard.static.interpreter
    from lossguard import analysis, check
    from lossguard.options import Options
    from lossguard.rules import ALL

import mutations  # noqa: E402 - found beside this folder
import test_fuzz  # noqa: E402

OPTIONS = Options(debug=True)


class Fault(Exception):  # noqa: N818 - one of lossguard's
    """What it says of its own failure."""


def _file(data: bytes, name: str) -> None:
    found = analysis.Analyst(lambda _: data, Path.cwd()).file(Path.cwd() / name, name, OPTIONS)
    _refuse(found.problems, found.notes)


def _text(text: str) -> None:
    checked = check.check_source(text, "a.py", options=OPTIONS)
    _refuse(checked.problems, checked.notes)
    lossguard.report.sarif.render(checked)


def _refuse(problems: object, notes: object) -> None:
    if "bug" in str(problems):
        raise Fault("\n".join(map(str, notes if isinstance(notes, (list, tuple)) else [notes])))


def _source(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    parts = []
    while provider.remaining_bytes():
        number = provider.ConsumeIntInRange(0, 255)
        fragments = test_fuzz.FRAGMENTS
        parts.append(fragments[number] if number < len(fragments) else provider.ConsumeUnicode(number % 8))
    _text("".join(parts))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "bytes": lambda data: _file(data, "a.py"),
    "notebook": lambda data: _file(data, "a.ipynb"),
    "source": _source,
    "program": lambda data: _text(mutations.program(data, test_fuzz.FIXTURES)),
}

if __name__ == "__main__":
    assert ALL
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
