"""Whatever is in a file, a run ends soon, with a clear word or with silence, and the other files are checked."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from lossguard.check import Checked, check_paths, check_source
from lossguard.cli import main
from lossguard.settings import FORMATS, KEYS
from lossguard.static import interpreter
from lossguard.static.program import Program

HEAD = "import keras\n"
BAD = """import keras
model = keras.Sequential([keras.layers.Dense(1, activation='softmax')])
model.compile(loss='binary_crossentropy')
model.fit(x, y)
"""
TAIL = "keras.Sequential([keras.layers.Dense(1)]).compile(loss='mse')\n"
SECONDS = 20.0
"""Generous: the tests may share a slow machine."""

DEEP = 10_000


def timed(text: str, filename: str = "hostile.py") -> Checked:
    """The text checked, within the time; keeps its last words, which make it a candidate."""
    started = time.monotonic()
    checked = check_source(text, filename)
    assert time.monotonic() - started < SECONDS
    assert not checked.problems
    return checked


# fmt: off
NESTED = {
    "brackets": "(" * DEEP + "1" + ")" * DEEP,
    "lists": "[" * DEEP + "]" * DEEP,
    "dicts": "{1:" * DEEP + "1" + "}" * DEEP,
    "calls in calls": "f(" * DEEP + ")" * DEEP,
    "calls of calls": "f" + "()" * DEEP,
    "subscripts": "a" + "[0]" * DEEP,
    "alternatives": "match x:\n    case 1" + "|1" * DEEP + ":\n        pass",
    "attributes": "a" + ".a" * DEEP,
    "sums": "a" + "+a" * DEEP,
    "powers": "a" + "**a" * DEEP,
    "nots": "not " * DEEP + "a",
    "signs": "-" * DEEP + "1",
    "inversions": "~" * DEEP + "1",
    "lambdas": "lambda: " * DEEP + "1",
    "conditions": "1 if a else " * DEEP + "1",
    "conjunctions": "a" + " and a" * DEEP,
    "walruses": "(a:=" * DEEP + "1" + ")" * DEEP,
    "over lines": "(" + "a\n+" * DEEP + "a)",
    "patterns": "match a:\n    case " + "[" * 100 + "]" * 100 + ":\n        pass",
    "branches": "if a: pass\n" + "elif a: pass\n" * DEEP,
    "blocks": "".join(" " * depth + "if a:\n" for depth in range(300)) + " " * 300 + "pass",
    "functions": "".join(" " * depth + "def f():\n" for depth in range(300)) + " " * 300 + "pass",
    "open brackets": "(" * DEEP,
    "triple quotes": '"""' * DEEP + '"',
    "backslashes": "\\" * DEEP,
    "f-strings": "f'{" * DEEP,
}
# fmt: on


def test_deep_nesting() -> None:
    """In a process of its own: what overflows the stack ends it without a word."""
    program = (
        "import json, sys\n"
        "from lossguard.check import check_source\n"
        "for name, code in json.load(sys.stdin).items():\n"
        "    print(name, check_source(code).problems, flush=True)\n"
    )
    codes = {name: f"{HEAD}{code}\n{TAIL}" for name, code in NESTED.items()}
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(codes), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert (done.stdout.splitlines(), done.stderr) == ([f"{name} ()" for name in NESTED], "")
    assert done.returncode == 0


def test_deep_nesting_is_told() -> None:
    """The finding says what the matter is, and where."""
    (found,) = timed(HEAD + "x = " + "(" * DEEP + ")" * DEEP + "\n" + TAIL).diagnostics
    assert "nested" in found.message
    assert found.place.start.row == 2


@pytest.mark.parametrize(
    "code",
    [
        "x = " + " + ".join(["'a'"] * 900),
        "x = [" + ", ".join(["-1"] * 1500) + "]",
        "x = " + "[" * 90 + "]" * 90,
        "x = f" + ".g(1)" * 300,
        "x = '" + "(" * 5000 + "'",
        "# " + "(" * 5000,
        'x = """' + "-" * 5000 + '"""',
        "x = (" + "\n'a'" * 1000 + ")",
    ],
)
def test_large_but_flat(code: str) -> None:
    """Data and long chains are read like any other code: the finding after them is found."""
    codes = {found.code for found in timed(code + "\n" + BAD).diagnostics}
    assert codes
    assert not any("nested" in found.message for found in timed(code + "\n" + BAD).diagnostics)


# fmt: off
WORK = {
    "adds": "m = keras.Sequential()\n" + "m.add(keras.layers.Dense(3))\n" * 4_000,
    "adds in a loop": "m = keras.Sequential()\nfor i in range(10**9):\n    m.add(keras.layers.Dense(i))\n",
    "builders that call each other": "def a(n):\n    return b(n)\n\ndef b(n):\n    return a(n) + a(n)\n\na(1)\n",
    "branches": "".join(f"if a{i}:\n    x = (x, {i})\nelse:\n    y{i} = x\n" for i in range(400)),
    "nested branches": "".join(" " * i + f"if a{i}: x = {i}\n" + " " * i + "else:\n" for i in range(60))
    + " " * 60 + "pass\n",
    "returns": "def f(x):\n" + "".join(f"    if x.a{i}:\n        return {i}\n" for i in range(400)) + "f(z)\n",
    "enormous units": "keras.layers.Dense(10**10**10)\nkeras.layers.Dense(1 << 10**12)\nx = -(2**63) * 2**62 ** 60\n",
    "long texts": "x = 'a' * 10**12\ny = b'a' * 10**12\nz = '%999999999999d' % 1\nw = f'{1:999999999999}'\n",
    "growing texts": "x = 'ab'\n" + "x = x + x\n" * 5000 + "y = f'{x}{x}'\n" * 50,
    "growing f-strings": "x = 'ab'\n" + "x = f'{x}{x}'\n" * 100,
    "growing literals": "x = 'ab'\n" + "x = x + x\n" * 11 + "x = x + x\n" * 100,
    "growing lists": "x = [1, 2]\n" + "x = x + x\n" * 200 + "y = x == x\n",
    "growing tuples": "x = (1, 2)\n" + "x = x + x\n" * 200 + "y = x == x\nz = {x: 1}\n",
    "growing in place": "x = [1, 2]\n" + "x += x\n" * 200,
    "starred": "x = (1, 2)\n" + "x = (*x, *x)\n" * 200,
    "pairs of pairs": "x = (1, 2)\n" + "x = (x, x)\n" * 3000 + "y = x == x\nif x == y: z = x\nelse: z = y\nprint(z)\n",
    "lists of lists": "x = [1]\n" + "x = [x, x]\n" * 3000 + "y = x == x\n",
    "dicts of dicts": "x = {1: 2}\n" + "x = {1: x, 2: x, **x}\n" * 3000,
    "repeated": "x = [0] * 10**12\ny = (0,) * 4000 * 4000\nz = [[0] * 4000] * 4000\n",
    "ranges": "x = list(range(10**12))\ny = [i for i in range(10**12)]\nz = tuple(range(10**9))[5:10**8]\n",
    "comprehensions": "x = [[[[i for i in range(39)] for j in range(39)] for k in range(39)] for m in range(39)]\n",
    "loops in loops": "".join(" " * i + f"for i{i} in range(30):\n" for i in range(20)) + " " * 20 + "x = 1\n",
    "endless loop": "while True:\n    x = x + 1\n",
    "itself": "x = []\nx.append(x)\nx.extend(x)\nd = {}\nd['d'] = d\nf = lambda: f()\nf()\nx == x\nprint(x, d)\n",
    "bases": "class A: pass\nclass A(A): pass\nclass B(A, B): pass\n" + "class A(A): pass\n" * 800 + "A().x\nA.y\n",
    "diamonds": "class A0: pass\nclass B0: pass\n"
    + "".join(f"class A{i + 1}(A{i}, B{i}): pass\nclass B{i + 1}(B{i}, A{i}): pass\n" for i in range(60)) + "A60().x\n",
    "wrappers of wrappers": "x = keras.layers.LSTM(3)\n"
    + "x = keras.layers.Bidirectional(x, backward_layer=x)\n" * 200 + "y = x == x\n",
    "partials of partials": "import functools\nx = print\n" + "x = functools.partial(x, x)\n" * 200
    + "x()\ny = x == x\n",
    "datasets of datasets": "import tensorflow as tf\nx = tf.data.Dataset.range(3)\n"
    + "x = tf.data.Dataset.zip((x, x))\n" * 200 + "for y in x: z = y == x\n",
    "methods": "class A:\n" + "".join(f"    def m{i}(self):\n        self.m{i + 1}()\n" for i in range(500))
    + "A().m0()\n",
    "infinities": "a = x == float('inf')\nif x == 1e999:\n    b = 1\nif x != 1e999 and x != -1e999 and x < 3: pass\n"
    "if o != o:\n    t = 'nan'\nelif o == float('inf'):\n    t = 1\nelif o == -float('inf'):\n    t = 2\n",
    "padded texts": "x = 'x'.zfill(10**9)\ny = 'x'.ljust(10**9)\nz = 'x'.center(10**9, ' ')\n"
    "w = 'x'.expandtabs(10**9)\n"
    "v = 'x'.replace('', 'x' * 4000).replace('', 'x' * 4000)\nu = ('x' * 4000).join(['x' * 4000] * 4000)\n",
    "long powers": "x = pow(10, 10**10, 10**10)\ny = pow(2, 10**10)\nz = 2 ** 64 ** 64\nw = sum([10**300] * 9) / 0.0\n"
    "v = range(2**63)\nu = range(2**64, -2**64, -1)\nt = 'a'.split('b', 2**64)\ns = [1][2**64:]\nr = 'a' * -2**64\n",
    "numbers": "x = 1e999 // 1\ny = -1e999 % 3\nz = 10**-400\nw = 2.0**10000\nv = 0x" + "f" * 10000 + "\nu = 1_0e9_9\n"
    "t = 9" * 1 + "9" * 6000 + "\nDense(0)\ns = 1j ** 2j\nr = -True\nq = ~1.5 \n",
    "bytes": "x = b'\\xff' + b'a'\ny = 'a' b'b'\nz = '\\ud800' + '\\N{BULLET}'\n"
    "keras.layers.Dense(1, activation='\\ud800')\n",
    "calls with too little": "class A: pass\na = A()\nsetattr(a, 'x')\ngetattr(a)\nzip()\nmap()\nsum()\n"
    "len()\nrange()\ndict(1)\n[].append()\n[].insert()\n{}.get()\n{}.pop()\n''.join()\nsuper()\nisinstance()\nkeras.layers.Dense()\n",
    "odd subscripts": "y = keras.utils.to_categorical([0, 1])\ny[()]\ny[::0]\n[1][::0]\n(1,)[...]\n'a'[5]\n'a'[None]\n",
    "parameters": "def f(" + ", ".join(f"a{i}={i}" for i in range(2000)) + "):\n    return a0\nf(*range(3000), **{})\n",
    "names": "\n".join(f"x{i} = x{i - 1}" for i in range(1, 5000)) + "\n",
}
# fmt: on


@pytest.mark.parametrize("code", WORK.values(), ids=WORK)
def test_much_work(code: str) -> None:
    timed(HEAD + code + TAIL)


def test_worlds_of_an_infinite_number() -> None:
    """As the standard library's JSON encoder tells the numbers apart that JSON does not have."""
    code = "INF = float('inf')\ndef f(o):\n    if o != o:\n        t = 1\n"
    code += "    elif o == INF:\n        t = 2\n    return t\n"
    assert not timed(HEAD + code + TAIL).diagnostics


# files


@pytest.mark.parametrize(
    ("line", "times", "told"),
    [
        (b"x = 1\n", 8_400_000, "is larger than 50 MB"),
        (b"model.add(keras.layers.Dense(3))\n", 1_000_000, "has more than 1,000,000 characters of code"),
    ],
)
def test_large_files_are_told(
    line: bytes, times: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "large.py").write_bytes(b"import keras\nmodel.compile(loss='mse')\n" + line * times)
    (tmp_path / "bad.py").write_text(BAD)
    assert main([str(tmp_path), "--isolated", "--output-format", "concise"]) == 2
    output, errors = capsys.readouterr()
    assert "bad.py" in output
    assert f"large.py {told} and was not checked" in errors


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes, links and permissions of POSIX")
def test_odd_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("pipe.py", ".gitignore", "requirements.txt"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "own.py").symlink_to("own.py")
    (tmp_path / "device.py").symlink_to("/dev/zero")
    (tmp_path / "setup.cfg").symlink_to("/dev/zero")
    (tmp_path / "dangling.py").symlink_to("nothing.py")
    (tmp_path / "folder.py").mkdir()
    deep = tmp_path.joinpath(*["deep"] * 200)
    deep.mkdir(parents=True)
    (deep / "also.py").write_text(BAD)
    (tmp_path / "bad.py").write_text(BAD)
    started = time.monotonic()
    assert main([str(tmp_path), "--isolated", "--output-format", "concise"]) == 1
    assert time.monotonic() - started < SECONDS
    output = capsys.readouterr().out
    assert (output.count("/bad.py:"), output.count("/also.py:")) == (1, 1)
    for name in ("pipe.py", "device.py"):
        assert main([str(tmp_path / name)]) == 2
        assert "neither a file nor a folder" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs permissions that bind the user")
def test_unreadable_files_and_folders_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "secret.py").write_text(BAD)
    (tmp_path / "secret.py").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    assert main([str(tmp_path), "--isolated", "--output-format", "concise"]) == 2
    output, errors = capsys.readouterr()
    assert "bad.py:" in output
    assert "secret.py cannot be read: Permission denied\n" in errors
    assert "closed: Permission denied\n" in errors


def test_folders_that_cannot_be_listed_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, for whoever may read everything."""
    scandir = os.scandir

    def refuses(folder: str) -> object:
        if folder.endswith("closed"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuses)
    (tmp_path / "closed").mkdir()
    (tmp_path / "bad.py").write_text(BAD)
    assert main([str(tmp_path), "--isolated", "--output-format", "concise"]) == 2
    output, errors = capsys.readouterr()
    assert "bad.py:" in output
    assert "closed: Permission denied\n" in errors


NAMES = [
    b"a\nb.py",
    b"a\x1b[31mb.py",
    b"a\xffb.py",
    b"a\rb.py",
    "a\u202eb.py".encode(),
    b"<&\"'%::b.py",
    b"a\x9b1mb.ipynb",
]
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ud800-\udfff]|a\nb")


@pytest.fixture
def odd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files with odd names: each has a finding, a twin of each is no Python."""
    for number, content in enumerate((BAD, "import keras\nmodel.compile(loss='mse'\n")):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in NAMES:
            text = json.dumps({"cells": [{"cell_type": "code", "source": content}]}) if b"ipynb" in name else content
            with open(os.fsencode(folder) + b"/" + name, "w", encoding="utf-8") as file:  # noqa: PTH123
                file.write(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.usefixtures("odd_names")
def test_names_are_never_raw(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([".", "--isolated", "--no-cache", "--verbose", "--output-format", form]) == 1
    output, errors = capsys.readouterr()
    assert output.count("LG901") >= len(NAMES)
    assert not RAW.search(output + errors)
    if form in {"json", "json-v1", "gitlab", "sarif"}:
        json.loads(output)
    elif form == "jsonl":
        assert all(map(json.loads, output.splitlines()))
    elif form == "junit":
        fromstring(output)  # noqa: S314 - our own
    elif form == "github":
        commands = [line for line in output.splitlines() if line.startswith("::")]
        assert len(commands) >= 2 * len(NAMES)
        assert all(line.count("::") >= 2 for line in commands)


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--show-files"],
        ["--diff", "--unsafe-fixes"],
        ["--statistics"],
        ["--show-models"],
        ["--write-baseline", "a\x1b[31mb.json"],
        ["--baseline", "a\x1b[31mb.json"],
        ["--config", "a\x1b[31mb\n.toml"],
        ["--output-file", "a\x1b[31mb/"],
        ["--select", "a\x1b[31m"],
        ["a\x1b[31m"],
        ["--exclude", "a\x1b[31m\\"],
        ["--a\x1b[31m"],
        ["--diff-base", "a\x1b[31m"],
    ],
    ids=lambda arguments: arguments[0].encode("unicode_escape").decode(),
)
@pytest.mark.usefixtures("odd_names")
def test_names_are_never_raw_elsewhere(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    main([".", "--no-cache", *arguments])
    output, errors = capsys.readouterr()
    assert output + errors
    assert not RAW.search(output + errors)


# fmt: off
CONFIGURATIONS = [
    b"\xff", b"\0", b"select = " + b"[" * 50_000, b"select = 9" + b"9" * 5000, b"select = [1]", b"select = [['x']]",
    b"unknown = 1", b"exclude = ['[z-a]']", b"exclude = ['!']", b"[per-file-ignores]\n'\\' = ['LG101']",
    b"required-version = '>=9" + b"9" * 5000 + b"'", b"exclude = ['" + b"*a" * 50 + b"']",
]
# fmt: on
VALUES = ["1", "1.5", "true", "'\u001b[31m'", "[1]", "[[]]", "{a = 1}", "{a = [1]}", "1979-05-27", "''", "inf"]


@pytest.mark.parametrize("content", CONFIGURATIONS, ids=range(len(CONFIGURATIONS)))
def test_odd_configurations(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lossguard.toml").write_bytes(content)
    (tmp_path / "bad.py").write_text(BAD)
    assert main([str(tmp_path), "--no-cache"]) == 2
    output, errors = capsys.readouterr()
    assert (output, errors.count("\n")) == ("", 1)
    assert errors.startswith("lossguard: error: ")
    assert "lossguard.toml: " in errors


@pytest.mark.parametrize("key", [key.name for key in KEYS.values()])
def test_settings_of_wrong_types(key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Either a value is one that the key can have, or one line says that it is not."""
    (tmp_path / "bad.py").write_text(BAD)
    refused = 0
    for value in VALUES:
        (tmp_path / "lossguard.toml").write_text(f"{key} = {value}\n")
        status = main([str(tmp_path), "--no-cache"])
        errors = capsys.readouterr().err
        assert not RAW.search(errors)
        assert "bug" not in errors
        refused += status == 2 and errors.count("\n") == 1 and key in errors
    assert refused >= len(VALUES) - 3


@pytest.mark.parametrize(
    "patterns", ["!\n", "[z-a]\n", "\\\n", "[[:x:]]\n", "*a" * 40 + "\n", "\0\n", "**\n!**\n", "/" * 5000]
)
def test_odd_ignored_patterns(patterns: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What git does not understand ignores nothing."""
    (tmp_path / ".gitignore").write_text(patterns)
    (tmp_path / ("a" * 200 + ".py")).write_text(BAD)
    started = time.monotonic()
    assert main([str(tmp_path), "--isolated", "--no-cache", "--output-format", "concise"]) == 1
    assert time.monotonic() - started < SECONDS
    assert capsys.readouterr().err.startswith("1 finding ")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000, b"{}", b"[]", b"\xff", b'{"version": 1, "findings": 3}', b'{"version": 1, "findings": [3]}',
        b'{"version": 1, "findings": [{"path": "a", "code": "b", "source": "c", "count": 1000000000000}]}',
        b'{"version": 1, "findings": [{"path": "a", "code": "b", "source": "c", "count": -1}]}',
    ],
    ids=range(8),
)  # fmt: skip
def test_odd_baselines(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "baseline.json").write_bytes(content)
    (tmp_path / "bad.py").write_text(BAD)
    assert main([str(tmp_path / "bad.py"), "--isolated", "--baseline", str(tmp_path / "baseline.json")]) == 2
    output, errors = capsys.readouterr()
    assert (output, errors.count("\n")) == ("", 1)
    assert "baseline.json: is no baseline" in errors


# fmt: off
ENCODED = {
    "a byte order mark": b"\xef\xbb\xbf" + BAD.encode(), "old Macintosh": BAD.replace("\n", "\r").encode(),
    "Windows": BAD.replace("\n", "\r\n").encode(), "form feeds": BAD.replace("\n", "\f\n").encode(),
    "Latin 1": b"# coding: latin-1 \xe4\n" + BAD.encode(),
    "declared twice": b"\xef\xbb\xbf# coding: utf-8\n" + BAD.encode(),
    "contradictory": b"\xef\xbb\xbf# coding: latin-1\n" + BAD.encode(),
    "UTF-7": b"# coding: utf-7\n" + BAD.encode(),
    "Japanese": "# coding: euc-jp \u3042\n".encode("euc-jp") + BAD.encode(),
}
REFUSED = {
    "null bytes": BAD.encode() + b"\0", "UTF-16": b"\xff\xfe" + BAD.encode(),
    "not UTF-8": BAD.encode() + b"\xff", "unknown": b"# coding: klingon\n" + BAD.encode(),
    "rot13": b"# coding: rot13\n" + BAD.encode(),
    "punycode": b"# coding: punycode\n" + BAD.encode() + b"-" + b"b" * 200_000,
}
# fmt: on


@pytest.mark.parametrize("data", ENCODED.values(), ids=ENCODED)
def test_encodings(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_bytes(data)
    (found,) = check_paths([str(tmp_path)]).diagnostics
    assert found.code == "LG105"
    assert found.place.start.row in {2, 3}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_refused_encodings(data: bytes, tmp_path: Path) -> None:
    """One word on the file, as a finding or as a problem, and none that blames lossguard."""
    (tmp_path / "bad.py").write_bytes(data)
    started = time.monotonic()
    checked = check_paths([str(tmp_path)])
    assert time.monotonic() - started < SECONDS
    said = [*checked.problems, *(f"{found.code} {found.message}" for found in checked.diagnostics)]
    assert len(said) == 1
    assert "bug" not in said[0]


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_random_bytes(suffix: str, tmp_path: Path) -> None:
    dice = random.Random(9)  # noqa: S311
    marks = [
        b"keras",
        b"loss",
        b".compile(loss='mse')",
        b"\n",
        b"\0",
        b"\xff",
        b"'''",
        b"(",
        b"# coding: utf-7\n",
        b"\r",
    ]
    for number in range(60):
        parts = [dice.choice(marks) if dice.random() < 0.5 else dice.randbytes(5) for _ in range(40)]
        (tmp_path / f"{number}{suffix}").write_bytes(b"".join([*parts, b"keras loss"]))
    checked = check_paths([str(tmp_path)])
    assert checked.files == 60
    assert not any("bug" in problem for problem in checked.problems)


CELL = {"cell_type": "code", "source": BAD}
SOURCES: list[object] = [None, 1, {}, [None, 1, "import keras\n"], [[BAD]]]
NOTEBOOKS: list[object] = [
    None, 1, "keras loss", [], {}, {"cells": None}, {"cells": {}}, {"cells": [None, 1, [], {}, CELL]},
    {"cells": [{**CELL, "source": source} for source in SOURCES]},
    {"cells": [CELL], "metadata": None}, {"cells": [CELL], "metadata": {"kernelspec": []}},
    {"cells": [CELL], "metadata": {"language_info": {"name": 3}}},
    {"worksheets": [None, {"cells": 1}, {"cells": [CELL]}]},
    {"cells": [{"cell_type": ["code"], "source": BAD}]}, {"cells": [{**CELL, "metadata": {"vscode": "x"}}]},
    {"cells": [{**CELL, "source": "x = '\ud800'\n" + BAD}]}, {"cells": [{**CELL, "outputs": [{"text": BAD}]}] * 50},
    {"cells": [{**CELL, "source": "%%time\n" * 5000}]}, {"cells": [{**CELL, "source": "!ls \\\n" * 5000 + BAD}]},
]  # fmt: skip


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=range(len(NOTEBOOKS)))
def test_odd_notebooks(notebook: object) -> None:
    timed(json.dumps(notebook), "odd.ipynb")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"cells": 1' + "0" * 10_000 + "}", "NaN", "", "\ud800"], ids=range(6)
)
def test_broken_notebooks(text: str) -> None:
    """A finding where a row can be named, else a problem."""
    checked = check_source(text, "broken.ipynb")
    said = [*checked.problems, *(found.message for found in checked.diagnostics)]
    assert len(said) == 1
    assert "is not a notebook: " in said[0]


def test_import_cycles(tmp_path: Path) -> None:
    for number in range(25):
        following = (number + 1) % 25
        (tmp_path / f"m{number}.py").write_text(
            f"from m{following} import *\nfrom m{following} import build as build{number}\n"
            f"import keras, m{number}\nmodel = build{number}()\nmodel.compile(loss='mse')\n"
        )
    started = time.monotonic()
    assert not check_paths([str(tmp_path)]).problems
    assert time.monotonic() - started < SECONDS


def test_imports_are_followed_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing takes some ten seconds for a million characters."""
    build = "def build():\n    return keras.Sequential([keras.layers.Dense(1, activation='softmax')])\n"
    (tmp_path / "models.py").write_text(f"import keras\n{build}# {'x' * 2000}\n")
    (tmp_path / "train.py").write_text("from models import build\nbuild().compile(loss='binary_crossentropy')\n")
    train = str(tmp_path / "train.py")
    assert [found.code for found in check_paths([train]).diagnostics] == ["LG105"]
    monkeypatch.setattr("lossguard.static.program.MAX_PROGRAM_SIZE", 2000)
    assert check_paths([train]).diagnostics == ()


# a fault of our own


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two files, of which the analysis of one fails."""
    understand = interpreter.understand

    def fails(program: Program) -> interpreter.Understanding:
        if "fault" in program.main.source.filename:
            raise KeyError("some\x1bthing")
        return understand(program)

    monkeypatch.setattr(interpreter, "understand", fails)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_fault.py").write_text(BAD)
    (tmp_path / "bad.py").write_text(BAD)
    return tmp_path


@pytest.mark.usefixtures("faulty")
def test_a_fault_costs_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([".", "--isolated", "--output-format", "concise"]) == 2
    output, errors = capsys.readouterr()
    assert "bad.py:" in output
    assert errors.startswith(
        "lossguard: error: a_fault.py could not be checked; this is a bug in lossguard (KeyError): "
        "please report it with what --debug shows\n"
    )
    assert "Traceback" not in errors


@pytest.mark.usefixtures("faulty")
def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([".", "--isolated", "--output-format", "concise", "--debug"]) == 2
    errors = capsys.readouterr().err
    assert "Traceback (most recent call last):\n" in errors
    assert "KeyError: 'some\\x1bthing'" in errors
