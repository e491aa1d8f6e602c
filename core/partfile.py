"""A file while it is being written: beside its final place, under a name that nobody looks at."""

import errno
import hashlib
import os
import secrets
import shutil
import threading
from contextlib import suppress
from pathlib import Path

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class PartFile:
    """Takes bytes and becomes the whole file at once, or leaves nothing.

    Its methods block, so they are called from threads; a lock keeps `discard` from closing the
    file under a write that a cancelled task has left running.

    Args:
        folder: where the file will be; made if it isn't there.

    Attributes:
        size: bytes written so far.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f".{secrets.token_hex(8)}.part"
        self._file = self._path.open("xb")
        self._lock = threading.Lock()
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """The hash of the bytes so far, in hexadecimal."""
        return self._hash.hexdigest()

    def free_bytes(self) -> int:
        """Return how much room is left where the file is."""
        return shutil.disk_usage(self._path.parent).free

    def write(self, data: bytes) -> None:
        """Append bytes."""
        with self._lock:
            self._file.write(data)
            self._hash.update(data)
            self.size += len(data)

    def restart(self) -> None:
        """Forget what was written."""
        with self._lock:
            self._file.seek(0)
            self._file.truncate()
            self._hash = hashlib.sha256()
            self.size = 0

    def publish(self, target: Path) -> None:
        """Put the file in its place, in one step that a reader or a crash never sees half of."""
        with self._lock:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.replace(target)
            _sync_folder(target.parent)

    def discard(self) -> None:
        """Remove the file, unless it was published."""
        with self._lock:
            # Closing flushes once more, which fails again on a full disk.
            with suppress(OSError):
                self._file.close()
            self._path.unlink(missing_ok=True)


def is_no_room(error: OSError) -> bool:
    """Tell whether an error means that the disk or the quota is full."""
    return error.errno in _NO_ROOM


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows can't open folders; its file systems order renames themselves
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
