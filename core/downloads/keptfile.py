"""A part file that outlives its process, however that ends: the next one goes on from it."""

import functools
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from core.downloads.filelock import locked
from core.downloads.partfile import Facts, PartFile

_SYNC_BYTES = 16 * 1024 * 1024
_SYNC_SHARE = 64
"""It is synced each time it has grown by the larger of that many bytes and that part of itself:
what a crash of the machine costs. A sync waits for the disk, and holds up what comes meanwhile."""

_BLOCK_BYTES = 1024 * 1024
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Note:
    """What lies beside a part file for the next process, as JSON.

    Attributes:
        facts: what was told of the file.
        durable: how many of its bytes are on the disk for certain.
        boot: since which start of the machine it is written; None when that can't be told.
        name: what it is called in its place, once it is whole.
        sha256: the whole file's, in hexadecimal.
    """

    facts: Facts
    durable: int
    boot: str | None
    name: str | None = None
    sha256: str | None = None

    def trusted(self, length: int) -> int:
        """Return how many bytes of a part file of that length are what was written.

        The system keeps what a killed process wrote. After a power cut, what wasn't synced may
        be missing, or be zeros.
        """
        is_same_boot = self.boot is not None and self.boot == _boot()
        return length if is_same_boot else min(self.durable, length)


class KeptFile(PartFile):
    """Takes bytes and becomes the whole file at once; until then what is there is kept.

    Only one at a time may have a part file: whoever comes second gets one that isn't kept. Of a
    file that is whole the note stays, so that one that was put in its place, and then forgotten
    in a crash, is found there again.

    Args:
        folder: where the file will be.
        partials: where the part file, its note and its lock are; on the same disk.
        key: the same for the same download.
    """

    def __init__(self, folder: Path, partials: Path, key: str) -> None:
        super().__init__(folder)
        self._folder = folder
        self._partials = partials
        self._part_path = partials / f"{key}.part"
        self._note_path = partials / f"{key}.json"
        self._lock_path = partials / f"{key}.lock"
        self._claim: BinaryIO | None = None
        self._durable = 0
        self._noted: Facts | None = None
        self._is_placed = False

    def leave(self) -> None:
        """Close the file where it is broken off, and keep what is there if that can be used."""
        with self._lock:
            is_useful = self._is_placed or (self.size > 0 and self._can_go_on)
            if self._claim is not None and self._file is not None and is_useful:
                self._is_over = True
                self._close(self._file)
        if not self._is_over:
            self.discard()

    @property
    def _can_go_on(self) -> bool:
        return self.facts.validator is not None or self.facts.total == self.size

    def _open(self) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._partials.mkdir(parents=True, exist_ok=True)
        self._claim = locked(self._lock_path)
        if self._claim is None:
            return super()._open()
        note = _read(self._note_path)
        if note is not None and not self._part_path.exists():
            if (placed := self._found(note)) is not None:
                return placed
            note = None
        self._path = self._part_path
        self._file = file = self._path.open("a+b")
        file.truncate(0 if note is None else note.trusted(file.seek(0, os.SEEK_END)))
        self._read_back(file)
        if note is not None and self.size:
            self.facts = self._noted = note.facts
            self._durable = min(note.durable, self.size)
        return file

    def _found(self, note: Note) -> BinaryIO | None:
        """Return the whole file in its place, if it is there and nobody has changed it."""
        if note.name is None:
            return None
        path = self._folder / note.name
        try:
            self._file = file = path.open("r+b")
        except OSError:
            return None
        self._read_back(file)
        if self.sha256 != note.sha256:
            file.close()
            self._file = None
            self._forget()
            return None
        self._path = path
        self._is_placed = True
        self.facts = note.facts
        return file

    def _read_back(self, file: BinaryIO) -> None:
        file.seek(0)
        while block := file.read(_BLOCK_BYTES):
            self._count(block)

    def _append(self, file: BinaryIO, data: bytes | bytearray) -> None:
        if self._claim is not None and self._noted != self.facts:
            self._write_note()  # first: without it nobody can go on from these bytes
        super()._append(file, data)
        if self._claim is None:
            return
        file.flush()  # what is in this process goes with it
        if self.size - self._durable >= max(_SYNC_BYTES, self.size // _SYNC_SHARE):
            self._sync(file)

    def _rewind(self, file: BinaryIO) -> None:
        if self._claim is not None:
            # First: it would make of the next file's bytes this one's.
            self._note_path.unlink(missing_ok=True)
            self._durable = 0
            self._noted = None
        super()._rewind(file)

    def _place(self, target: Path) -> None:
        if self._claim is not None:
            self.facts = Facts(self.facts.validator, self.size, self.facts.declared)
            self._durable = self.size
            # First: a file that is in its place, and of which nothing is noted, is lost.
            self._write_note(name=target.name, sha256=self.sha256)
        super()._place(target)
        self._is_placed = True

    def _remove(self) -> None:
        if not self._is_placed:
            super()._remove()
        elif self._file is not None:
            self._file.close()
        if self._claim is not None:
            with suppress(OSError):
                self._note_path.unlink(missing_ok=True)
            self._claim.close()

    def _close(self, file: BinaryIO) -> None:
        assert self._claim is not None
        # When the disk is full, or the folder was removed, the note that is there holds.
        with suppress(OSError):
            if not self._is_placed:
                self._sync(file)
        with suppress(OSError):
            file.close()
        self._claim.close()

    def _sync(self, file: BinaryIO) -> None:
        file.flush()
        os.fsync(file.fileno())
        self._durable = self.size
        self._write_note(durably=True)

    def _write_note(
        self, *, name: str | None = None, sha256: str | None = None, durably: bool = False
    ) -> None:
        note = Note(self.facts, self._durable, _boot(), name, sha256)
        new = self._note_path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(note), file)
            if durably:
                file.flush()
                os.fsync(file.fileno())
        new.replace(self._note_path)
        self._noted = self.facts


def _read(path: Path) -> Note | None:
    try:
        return _NOTES.validate_json(path.read_bytes())
    except (OSError, ValidationError):  # there is none, or it was torn by a crash
        return None


_NOTES = TypeAdapter(Note)


@functools.cache
def _boot() -> str | None:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip() or None
    except OSError:
        return None
