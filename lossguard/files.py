"""Reading what is small, and writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

_SMALL = 5_000_000


def read_small(path: Path) -> bytes:
    """The content of a regular file of a size that people write; pipes are not waited for.

    Raises:
        OSError: it is none, or can't be read.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > _SMALL:
        raise OSError(errno.EINVAL, "no small regular file", str(path))
    return path.read_bytes()


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file's content in one step, so that a reader sees the old or the new one.

    Its mode is kept, and where it is allowed its owner. A file that may not be written is not replaced either.
    """
    target = Path(os.path.realpath(path))
    before = target.stat() if target.exists() else None
    if before is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    import tempfile

    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if before is not None and hasattr(os, "chown"):
            with contextlib.suppress(OSError):
                os.chown(name, before.st_uid, before.st_gid)
        Path(name).chmod(stat.S_IMODE(before.st_mode) if before is not None else 0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
