"""`--add-ignore`: write comments that suppress what is found now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lossguard.annotate import ignores
from lossguard.cli.failure import FAILED, Failure
from lossguard.cli.output import problems
from lossguard.edits import edited
from lossguard.files import write_whole
from lossguard.report.words import clean, counted
from lossguard.source import Unreadable, encoding_of, read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossguard.check import Checked
    from lossguard.findings import Edit
    from lossguard.source import Source


def add_ignores(checked: Checked, reason: str) -> int:
    """Write the comments, say how many, and name the findings that got none."""
    if any(character in reason for character in "\r\n#"):
        raise Failure("--add-ignore: the reason must be one line without #")
    edits = ignores(checked.diagnostics, checked.sources, reason)
    problems(checked)
    written = [group for filename, group in edits.items() if _written(checked.sources[filename], group)]
    number = sum(map(len, written))
    sys.stdout.write(f"Wrote {counted(number, 'comment')} in {counted(len(written), 'file')}.\n")
    return FAILED if checked.problems or len(written) < len(edits) else 0


def _written(source: Source, edits: Sequence[Edit]) -> bool:
    """Write the comments into one file; what can't be written is told."""
    if source.path is None:
        raise Failure("--add-ignore can't write to standard input")
    try:
        data = read_bytes(source.path)
        encoding = encoding_of(data, source.filename)
        text = edited(data.decode(encoding), source, edits)
        write_whole(source.path, text.encode(encoding))
    except Unreadable as unreadable:
        reason = unreadable.reason
    except (OSError, UnicodeError) as error:
        reason = f"cannot be written: {getattr(error, 'strerror', None) or error}"
    else:
        return True
    sys.stderr.write(f"lossguard: error: {clean(f'{source.filename} {reason}')}\n")
    return False
