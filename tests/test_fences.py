"""Code in the prose of a guide: read as its reader would run it."""

from __future__ import annotations

from lossguard.check import check_source
from lossguard.static.fences import shown
from lossguard.static.syntax import parse

GUIDE = '''\
"""Title
Some words about `keras`.
"""
import keras

"""
## A model

```python
outputs = keras.layers.Dense(1)(inputs)
model = keras.Model(inputs, outputs)
```

Then compile it:

```python
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(data, epochs=20, callbacks=..., validation_data=...)
```

```shell
model.compile("this is no Python")
```
"""

inputs = keras.Input((3,))
'''


def test_rows_stay_what_they_are() -> None:
    found = shown(parse(GUIDE))
    assert found is not None
    assert found.rows == {10, 11, 17, 18}
    rows, program = GUIDE.split("\n"), found.tree.text.split("\n")
    assert [program[row - 1] for row in sorted(found.rows)] == [rows[row - 1] for row in sorted(found.rows)]
    assert next(line for line in program if line) == "import keras"
    assert len(program) == len(rows)


def test_what_is_shown_is_judged() -> None:
    (finding,) = check_source(GUIDE, "guide.py").diagnostics
    assert (finding.code, finding.place.start.row) == ("LG401", 17)
    assert finding.confidence.value == "likely"
    assert finding.fix is None


def test_what_runs_is_told_once() -> None:
    program = (
        'import keras\nm = keras.Sequential([keras.layers.Dense(1, activation="softmax")])\nm.compile("adam", "mse")\n'
    )
    text = program + '"""\n```python\nx = 1\n```\n"""\n'
    (finding,) = check_source(text, "guide.py").diagnostics
    assert finding.code == "LG105"
    assert finding.confidence.value == "certain"


def test_what_is_no_program() -> None:
    assert shown(parse("x = 1\n")) is None
    assert shown(parse(GUIDE.replace("outputs = ", "outputs = ="))) is None
    assert shown(parse('def f():\n    """\n    ```python\n    x = 1\n    ```\n    """\n')) is None
