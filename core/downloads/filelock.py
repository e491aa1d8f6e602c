"""A lock on a file, held until it is closed or its process ends, however that ends."""

import sys
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def locked(path: Path) -> BinaryIO | None:
    """Return the lock file of that path, locked until it is closed; it is made if need be.

    Whoever locks a path may not remove it: another would lock a new file of the same name.

    Returns:
        None when somebody else holds it, in this process or another, or the file system knows no
        locks.

    Raises:
        OSError: the file can't be made.
    """
    file = path.open("ab")
    try:
        _lock(file)
    except OSError:
        file.close()
        return None
    return file
