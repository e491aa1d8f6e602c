"""A file while it is being written: beside its final place, under a name that nobody looks at."""

import errno
import hashlib
import os
import secrets
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.downloads.filetypes import HEAD_BYTES

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Facts:
    """What was told of a file whose bytes are on their way; None for what wasn't.

    Attributes:
        validator: tells whether it is the same file when the rest of it is asked for.
        total: how many bytes it has.
        declared: its media type.
    """

    validator: str | None = None
    total: int | None = None
    declared: str | None = None


class PartFile:
    """Takes bytes and becomes the whole file at once, or leaves nothing.

    Its methods block, so they are called from threads, which outlive a cancelled task. A lock
    makes `discard` wait for the write that is under way, and nothing is written after it.

    Args:
        folder: where the file will be; made by `open` if it isn't there.
        outlives_power_cuts: once it is published; otherwise it is whole then, or not there.

    Attributes:
        facts: what was told of it.
        size: bytes written so far.
        head: the first of them, `HEAD_BYTES` at most.
    """

    def __init__(self, folder: Path, *, outlives_power_cuts: bool = True) -> None:
        self._outlives_power_cuts = outlives_power_cuts
        self._path = folder / f".{secrets.token_hex(8)}.part"
        self._file: BinaryIO | None = None
        self._is_over = False
        self._lock = threading.Lock()
        self._forget()

    @property
    def sha256(self) -> str:
        """The hash of the bytes so far, in hexadecimal."""
        return self._hash.hexdigest()

    def open(self) -> int:
        """Make the folder and the file now, and return how much room is left there, in bytes."""
        with self._lock:
            self._opened()
        return shutil.disk_usage(self._path.parent).free

    def learn(self, facts: Facts) -> None:
        """Take down what is told of the file, in memory; its bytes come after this."""
        with self._lock:
            self.facts = facts

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes."""
        with self._lock:
            self._append(self._opened(), data)

    def restart(self) -> None:
        """Forget what was written, and what was told."""
        with self._lock:
            self._rewind(self._opened())

    def publish(self, target: Path) -> None:
        """Put the file in its place, in one step that a reader or a crash never sees half of."""
        with self._lock:
            file = self._opened()
            file.flush()
            os.fsync(file.fileno())
            file.close()
            self._place(target)

    def leave(self) -> None:
        """Close the file where it is broken off; this kind is of no use to anybody then."""
        self.discard()

    def discard(self) -> None:
        """Remove the file, unless it was published."""
        with self._lock:
            self._is_over = True
            self._remove()

    def _opened(self) -> BinaryIO:
        if self._is_over:
            raise ValueError("the file was discarded")
        if self._file is None:
            self._file = self._open()
        return self._file

    def _open(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._path.open("xb")

    def _append(self, file: BinaryIO, data: bytes | bytearray) -> None:
        file.write(data)
        self._count(data)

    def _count(self, data: bytes | bytearray) -> None:
        self._hash.update(data)
        self.size += len(data)
        if len(self.head) < HEAD_BYTES:
            self.head += data[: HEAD_BYTES - len(self.head)]

    def _rewind(self, file: BinaryIO) -> None:
        file.seek(0)
        file.truncate()
        self._forget()

    def _forget(self) -> None:
        self._hash = hashlib.sha256()
        self.facts = Facts()
        self.size = 0
        self.head = b""

    def _place(self, target: Path) -> None:
        self._path.replace(target)
        if self._outlives_power_cuts:
            _sync_folder(target.parent)

    def _remove(self) -> None:
        if self._file is None:
            return
        # Closing flushes once more, which fails again on a full disk.
        with suppress(OSError):
            self._file.close()
        # What went wrong before is the error to report.
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def is_no_room(error: OSError) -> bool:
    """Tell whether an error means that the disk or the quota is full."""
    return error.errno in _NO_ROOM


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows can't open folders; its file systems order renames themselves
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some network file systems can't do this; the file is in its place all the same.
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
