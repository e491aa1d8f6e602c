"""The media store: where files lie, under which keys, and the small pictures beside them.

Files are known by storage keys (`owner/yyyy-mm/job/0.webp`), never by paths, so that one check
keeps visitors apart and an object store can take the folder's place.
"""

import asyncio
import io
import re
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.downloads.filetypes import HEAD_BYTES, extension_of, media_type_of
from core.downloads.partfile import PartFile
from core.errors import PlaygroundError
from core.history import frames, probing
from core.history.records import MediaFile
from core.logs import get_logger

_KEY_PART = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9_.@-]*")
_BLOCK_BYTES = 1024 * 1024
_OUTPUT = re.compile(r"\d+(\.thumb)?\.[^.]+")
_PROBES_AT_ONCE = 2
"""A decoded picture takes tens of megabytes."""


class KeyRefused(PlaygroundError):
    """A storage key is malformed or leads out of the store."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__("This isn't the name of a file in the history.")


@dataclass(frozen=True)
class Described:
    """What was found out about a stored file; None for what it hasn't got or doesn't tell."""

    thumbnail_key: str | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


class MediaStore:
    """A folder of files by key.

    Args:
        root: the folder; made if it isn't there, now or when the first file comes.
    """

    def __init__(self, root: Path) -> None:
        with suppress(OSError):  # whoever writes into it is told why that can't be
            root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()
        self._probes = asyncio.Semaphore(_PROBES_AT_ONCE)

    def path(self, key: str) -> Path:
        """Return where a key's file lies, whether or not there is one.

        Raises:
            KeyRefused: the key is malformed, or leads out of the store.
        """
        if not all(_KEY_PART.fullmatch(part) for part in key.split("/")):
            raise KeyRefused(key)
        path = (self.root / key).resolve()
        if not path.is_relative_to(self.root):  # by a link that somebody put there
            raise KeyRefused(key)
        return path

    def key(self, path: Path) -> str:
        """Return the key of a file that lies in the store."""
        return path.resolve().relative_to(self.root).as_posix()

    async def put(self, source: Path | BinaryIO, name: str) -> str:
        """Copy a file into the store and return its key.

        Args:
            source: a path, or an open binary file, which is read from where it stands.
            name: the key without its extension, which is found out from the bytes.

        Raises:
            KeyRefused: the name leads out of the store.
            OSError: the source can't be read, or the copy can't be written.
        """
        return await asyncio.to_thread(self._put, source, name)

    async def describe(self, key: str, media_type: str) -> Described:
        """Measure a stored file, and put a small picture beside it if it is something to look at.

        A file that can't be decoded is kept as it is: it has no small picture, that is all.
        """
        async with self._probes:
            probe = await asyncio.to_thread(probing.probe, self.path(key), media_type)
            if probe.problem is not None:
                get_logger().warning("media.unreadable", key=key, problem=probe.problem)
            thumbnail_key = None
            if probe.thumbnail is not None:
                thumbnail_key = await self._put_thumbnail(key, probe.thumbnail)
        return Described(thumbnail_key, probe.width, probe.height, probe.seconds)

    async def last_frame(self, key: str, media_type: str) -> str:
        """Return the key of a stored clip's last frame, a PNG that is made once, beside the clip.

        Raises:
            KeyRefused: the key is malformed, or leads out of the store.
            NoLastFrame: it isn't a clip, or can't be decoded.
            OSError: the picture can't be written.
        """
        frame_key = f"{PurePosixPath(key).with_suffix('')}.last.png"
        async with self._probes:
            await asyncio.to_thread(self._make_last_frame, key, media_type, frame_key)
        return frame_key

    def partials(self, folder_key: str) -> Path:
        """Return where partial files of a folder lie: in it, but no key leads there."""
        return self.path(folder_key) / ".partials"

    async def tidy(self, folder_key: str, recorded: Collection[MediaFile]) -> None:
        """Remove from a job's folder what was never finished, and outputs that aren't recorded.

        Args:
            recorded: the job's files, once nothing more will be recorded of it.
        """
        names = {PurePosixPath(key).name for file in recorded for key in file.keys}
        await asyncio.to_thread(_tidy, self.path(folder_key), names)

    async def untidy(self) -> list[str]:
        """Return the folders, by key, in which partial files lie."""

        def look() -> list[str]:
            return [self.key(found.parent) for found in self.root.glob("*/*/*/.partials")]

        return await asyncio.to_thread(look)

    async def discard(self, folder_key: str) -> None:
        """Remove a folder and all that lies in it; one that isn't there is no matter."""
        await asyncio.to_thread(shutil.rmtree, self.path(folder_key), ignore_errors=True)

    async def _put_thumbnail(self, key: str, encoded: bytes) -> str | None:
        thumbnail_key = f"{PurePosixPath(key).with_suffix('')}.thumb.webp"
        try:
            await asyncio.to_thread(self._write, thumbnail_key, io.BytesIO(encoded))
        except OSError as error:  # the picture itself is there, and that is what counts
            get_logger().warning("media.thumbnail_failed", key=key, problem=str(error))
            return None
        return thumbnail_key

    def _make_last_frame(self, key: str, media_type: str, frame_key: str) -> None:
        clip = self.path(key)
        if not self.path(frame_key).exists():
            self._write(frame_key, io.BytesIO(frames.last_frame(clip, media_type)))

    def _put(self, source: Path | BinaryIO, name: str) -> str:
        if isinstance(source, Path):
            with source.open("rb") as opened:
                return self._put(opened, name)
        head = source.read(HEAD_BYTES)
        media_type = media_type_of(head, declared=None, name=str(getattr(source, "name", "")))
        key = name + extension_of(media_type)
        self._write(key, source, head)
        return key

    def _write(self, key: str, source: BinaryIO, head: bytes = b"") -> None:
        path = self.path(key)
        part = PartFile(path.parent)
        try:
            part.write(head)
            while block := source.read(_BLOCK_BYTES):
                part.write(block)
            part.publish(path)
        finally:
            part.discard()


def _tidy(folder: Path, recorded: Collection[str]) -> None:
    for entry in list(folder.iterdir()) if folder.is_dir() else ():
        is_unfinished = entry.name.startswith(".")
        is_unrecorded = _OUTPUT.fullmatch(entry.name) and entry.name not in recorded
        if is_unfinished and entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        elif is_unfinished or is_unrecorded:
            with suppress(OSError):  # nothing leads there, so it harms nobody
                entry.unlink()


def folder_key(owner: str, created_at: datetime, job_id: str) -> str:
    """Return the key under which a job's files lie: `owner/yyyy-mm/job`."""
    return f"{owner}/{created_at.astimezone(UTC):%Y-%m}/{job_id}"
