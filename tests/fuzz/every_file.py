"""Analyse every Python file and notebook below some folders, none left out, and record what each costs.

    python tests/fuzz/every_file.py RECORD FOLDER...
    python tests/fuzz/every_file.py RECORD --list FILE      one path a line

RECORD gets one JSON object a line: path, seconds of processor time, peak memory in MB (Linux), how it ended.
Started again with the same record, it goes on where it stopped. Each file is analysed whether or not it looks
like it could have a finding; files share parsed imports as in a real run. A worker process that dies or
takes more processor time than `--limit` costs its file alone, and is told.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from lossguard.analysis import Analyst

SUFFIXES = {".py", ".pyw", ".ipynb"}
SHARED = 400
"""So many files in a row share what they import; then a new run begins."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", type=Path)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--list", type=Path)
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS")
    asked = parser.parse_args()
    paths = asked.list.read_text().splitlines() if asked.list else [str(path) for path in _below(asked.folders)]
    done = {row["path"] for row in _rows(asked.record)}
    left = [path for path in paths if path not in done]
    with asked.record.open("a", encoding="utf-8") as record:
        while left:
            left = left[_work(left, record, asked.limit) :]
    return _summary(_rows(asked.record))


def _below(folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path.absolute() for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def _rows(record: Path) -> list[dict[str, object]]:
    if not record.exists():
        return []
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


def _work(paths: list[str], record: TextIO, limit: float) -> int:
    """Have a worker analyse the files until it is through with them or with its life; how many are dealt with."""
    with subprocess.Popen(
        [sys.executable, __file__, "--worker", str(limit)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        for number, path in enumerate(paths):
            try:
                worker.stdin.write(path + "\n")
                worker.stdin.flush()
                line = worker.stdout.readline()
            except BrokenPipeError:
                line = ""
            if not line:
                ended = f"the process died: {worker.wait()}"
                line = json.dumps({"path": path, "seconds": None, "megabytes": None, "ended": ended}) + "\n"
            record.write(line)
            record.flush()
            if worker.poll() is not None:
                return number + 1
        worker.stdin.close()
    return len(paths)


def worker(limit: float) -> None:
    """Read paths from standard input, write a row for each."""
    from lossguard.analysis import Analyst
    from lossguard.source import read_bytes

    faulthandler.register(signal.SIGPROF, chain=True)  # then the signal ends the process
    analyst = Analyst(read_bytes, Path.cwd())
    for number, line in enumerate(sys.stdin):
        if number % SHARED == 0:
            analyst = Analyst(read_bytes, Path.cwd())
        signal.setitimer(signal.ITIMER_PROF, limit)
        _forget_peak()
        started = time.process_time()
        ended = _analysed(analyst, Path(line.rstrip("\n")))
        seconds = round(time.process_time() - started, 3)
        signal.setitimer(signal.ITIMER_PROF, 0)
        row = {"path": line.rstrip("\n"), "seconds": seconds, "megabytes": _peak(), "ended": ended}
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


def _analysed(analyst: Analyst, path: Path) -> str:
    """How it ended: "whole", "budget", "unparsable", "unreadable: ..." or "crash: ..."."""
    from lossguard.options import Options

    found = analyst.file(path, str(path), Options(debug=True))
    if found.problems:
        broken = "this is a bug" in found.problems[0]
        return "crash: " + "\n".join(found.notes) if broken else f"unreadable: {found.problems[0]}"
    if any("too many steps" in note for note in found.notes):
        return "budget"
    return "unparsable" if any(one.code == "LG901" for one in found.diagnostics) else "whole"


def _forget_peak() -> None:
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int | None:
    if sys.platform != "linux":
        return None
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))


def _summary(rows: list[dict[str, object]]) -> int:
    crashed = [row for row in rows if str(row["ended"]).startswith(("crash", "the process died"))]
    timed = sorted(rows, key=lambda row: -float(str(row["seconds"] or 0)))
    total = sum(float(str(row["seconds"] or 0)) for row in rows)
    sys.stdout.write(f"{len(rows):,} files, {total:,.0f} s, {len(crashed)} crashes\n")
    for row in [*crashed, *timed[:20]]:
        sys.stdout.write(f"{row['seconds']} s {row['megabytes']} MB {row['path']} {str(row['ended'])[-2000:]}\n")
    return 1 if crashed else 0


if __name__ == "__main__":
    faulthandler.enable()
    if sys.argv[1:2] == ["--worker"]:
        worker(float(sys.argv[2]))
    else:
        sys.exit(main())
