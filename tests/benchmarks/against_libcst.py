"""Times lossguard against the bare cost of parsing the same files, in one run, and prints the ratios.

    python tests/benchmarks/against_libcst.py PATH [--rounds N]

PATH is a folder of Keras code. Both sides run in processes of their own, in turn; a round gives one ratio
of CPU times, and the median of the rounds is printed. The other side reads and parses, with
`libcst.parse_module`, exactly the files that lossguard's byte search lets through.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

PARSE = """
import sys
from pathlib import Path
import libcst
from lossguard.source import decode, Unreadable
sys.setrecursionlimit(20_000)
for name in sys.stdin.read().splitlines():
    path = Path(name)
    try:
        source = decode(path.read_bytes(), path.name, path)
        if source is not None:
            libcst.parse_module(source.text)
    except (libcst.ParserSyntaxError, Unreadable, RecursionError):
        pass
"""


def candidates(path: Path) -> list[Path]:
    """The files that lossguard would parse."""
    from lossguard.glance import is_candidate
    from lossguard.project import discover
    from lossguard.source import Unreadable, read_bytes

    found = []
    for file in discover([str(path)], cwd=Path.cwd()).files:
        try:
            if is_candidate(read_bytes(file)):
                found.append(file)
        except Unreadable:
            continue
    return found


def cpu_seconds(command: list[str], given: str = "") -> float:
    """User and system time of a command and its children."""
    before = os.times()
    subprocess.run(command, input=given, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    files = candidates(asked.path)
    size = sum(file.stat().st_size for file in files) / 1e6
    listing = "\n".join(map(str, files))
    check = [sys.executable, "-m", "lossguard", "check", "--output-format", "json", str(asked.path)]
    rows = []
    for _ in range(asked.rounds):
        ours = cpu_seconds(check)
        bare = cpu_seconds([sys.executable, "-c", PARSE], listing)
        start = cpu_seconds([sys.executable, "-m", "lossguard", "--version"])
        python = cpu_seconds([sys.executable, "-c", "pass"])
        rows.append((ours, bare, ours / bare, start / python))
    print(f"{asked.path}: {len(files)} files to parse, {size:.2f} MB; medians of {asked.rounds} rounds, CPU time")
    for label, column in (("lossguard check, s", 0), ("libcst.parse_module, s", 1), ("ratio", 2)):
        values = [row[column] for row in rows]
        print(f"{label:28} {statistics.median(values):8.2f}   ({min(values):.2f} to {max(values):.2f})")
    ratio = statistics.median(row[3] for row in rows)
    print(f"{'lossguard --version / python':28} {ratio:8.2f}")


if __name__ == "__main__":
    main()
