"""Time grows with the size of what is checked, or is bounded; memory does not grow with the number of files."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest

from lossguard.check import check_paths, check_source
from lossguard.source import Source
from lossguard.static.program import Trees

HEAD = "from tensorflow import keras\nfrom tensorflow.keras import layers\n"
FUNCTION = """
def build_{0}(units, rate=0.1):
    model = keras.Sequential()
    for width in (64, 32, units):
        model.add(layers.Dense(width, activation="relu"))
        model.add(layers.Dropout(rate))
    model.add(layers.Dense({0}, activation="softmax"))
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
"""
BRANCH = """
if options.a{0} > {0}:
    x = layers.Dense({0}, activation="relu")(x)
else:
    x = layers.Dropout(0.{0})(x)
"""
BRANCHES = "import options\nx = keras.Input((10,))\n{}\nmodel = keras.Model(x, layers.Dense(3)(x))\n"
COMPILED = "model.compile('adam', 'categorical_crossentropy')\n"


def seconds(program: str) -> float:
    """The least time of processors of three checks, after one that is not counted."""
    taken = []
    for _ in range(4):
        start = time.process_time()
        assert check_source(program).models
        taken.append(time.process_time() - start)
    return min(taken[1:])


def test_ten_times_the_functions_take_ten_times_as_long() -> None:
    few, many = (HEAD + "".join(map(FUNCTION.format, range(2, 2 + count))) for count in (10, 100))
    assert seconds(many) < 20 * seconds(few)


def test_ten_times_the_files_take_ten_times_as_long(tmp_path: Path) -> None:
    for number in range(100):
        folder = tmp_path / ("few" if number < 10 else "more")
        folder.mkdir(exist_ok=True)
        (folder / f"m{number}.py").write_text(HEAD + FUNCTION.format(number + 2))
    check_paths([str(tmp_path / "few")])
    start = time.process_time()
    assert check_paths([str(tmp_path / "few")]).models == 10
    middle = time.process_time()
    assert check_paths([str(tmp_path)]).models == 100
    assert time.process_time() - middle < 20 * (middle - start)


def test_branches_do_not_multiply() -> None:
    few, many = (
        HEAD + BRANCHES.format("".join(map(BRANCH.format, range(1, count + 1)))) + COMPILED for count in (6, 24)
    )
    assert seconds(many) < 16 * seconds(few)


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_chains_of_calls_are_bounded(calls: int) -> None:
    body = "".join(f"def f{i}(m):\n" + f"    f{i + 1}(m)\n" * calls for i in range(60))
    program = f"{HEAD}{body}def f60(m):\n    {COMPILED.replace('model', 'm')}f0(keras.Sequential([layers.Dense(3)]))\n"
    start = time.process_time()
    check_source(program)
    assert time.process_time() - start < 10  # seconds, with room for a slow machine


def test_few_trees_of_imported_files_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossguard.static.program.MAX_KEPT", 400)
    text = "x = 100\n\n" * 10
    read: list[Path] = []

    def source(path: Path) -> Source:
        read.append(path)
        return Source(path, path.name, text)

    trees = Trees(source)
    names = [Path(f"m{number}.py") for number in range(12)]
    for path in names:
        assert trees.get(path) is trees.get(path)
    assert len(trees._parsed) == 4
    trees.get(names[-4])
    trees.get(Path("new.py"))
    trees.get(names[-4])
    assert read == [*names, Path("new.py")]


def test_what_a_run_has_made_is_freed_when_it_has_ended() -> None:
    """Not when the collector comes by: a tree takes fifty times the memory of its text."""
    gc.collect()
    gc.freeze()  # whatever else is there is not looked through
    gc.disable()
    try:
        for path in sorted((Path(__file__).parent.parent / "fixtures").rglob("*.py")):
            check_source(path.read_text("utf-8"), path.name)
            assert gc.collect() < 100, path
    finally:
        gc.enable()
        gc.unfreeze()
