"""One output on its way to a file: what is there of it, and what an answer may add to that."""

import asyncio
import errno
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import httpx

from core.downloads.filenames import extension_for, safe_name, with_extension
from core.downloads.filetypes import (
    HEAD_BYTES,
    essence,
    is_media,
    keeps_promise,
    media_type_of,
    media_type_of_name,
)
from core.downloads.inflating import ENCODINGS, Inflater
from core.downloads.partfile import PartFile, is_no_room
from core.errors import (
    ConnectionLost,
    DiskFull,
    DownloadError,
    DownloadIncomplete,
    OutputTooLarge,
    WrongContent,
)

P = ParamSpec("P")
T = TypeVar("T")

OnProgress = Callable[[int, int | None], None]
"""Told how many bytes are there, and of how many; None when that isn't known."""

_WRITE_BYTES = 256 * 1024
"""Written at once: a hop to a thread for each piece from the network would cost more than it."""

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)\Z")


@dataclass(frozen=True)
class Downloaded:
    """A file that is whole and in its place.

    Attributes:
        media_type: what its bytes show it to be, or else what it was said to be.
        sha256: in hexadecimal.
    """

    path: Path
    bytes: int
    media_type: str
    sha256: str


class Transfer:
    """Takes the answers to one download, checks them, and makes a file of them.

    Args:
        url: where the output comes from; may be set anew.
        path: where the file goes.
        max_bytes: the cap.
        on_progress: told whenever there is more.
    """

    def __init__(
        self, url: str, path: Path, *, max_bytes: int, on_progress: OnProgress | None
    ) -> None:
        self.url = url
        self._path = path
        self._max_bytes = max_bytes
        self._on_progress = on_progress
        self._part = PartFile(path.parent)
        self._total: int | None = None
        self._validator: str | None = None
        self._declared: str | None = None
        self._inflater: Inflater | None = None

    @property
    def size(self) -> int:
        """Bytes there so far."""
        return self._part.size

    async def open(self) -> None:
        """Make sure that the file can be written, before anything is asked for."""
        await self._on_disk(self._open)

    async def range_headers(self) -> dict[str, str]:
        """Return the headers that ask for what is missing; all of it, if it can't be resumed."""
        if self._part.size and self._validator is None:
            await self.restart()
        if not self._part.size:
            return {}
        assert self._validator is not None
        return {"Range": f"bytes={self._part.size}-", "If-Range": self._validator}

    async def restart(self) -> None:
        """Forget what is there."""
        await self._on_disk(self._part.restart)
        self._validator = None
        self._total = None

    async def begin(self, response: httpx.Response) -> None:
        """Check an answer's head: whether it goes on where the file ends, and whether it fits.

        Raises:
            ConnectionLost: it is another part, or of another file; the next try starts over.
            OutputTooLarge, DiskFull, DownloadError.
        """
        headers = response.headers
        encoding = headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ENCODINGS | {"", "identity"}:
            raise DownloadError(
                self.url, f"The output came in an encoding that can't be read: {encoding[:40]}."
            )
        encoded = encoding in ENCODINGS
        self._inflater = Inflater() if encoded else None
        # What is announced of an encoded body counts other bytes than those that are written, so
        # it is neither compared nor resumed.
        length = None if encoded else _length(headers)
        validator = None if encoded else _validator(headers)
        if response.status_code == 206:
            start, total = _content_range(headers)
            if total is None:
                total = self._total if length is None else start + length
            changed = self._total not in (None, total) or (
                self._validator is not None and validator not in (None, self._validator)
            )
            if encoded or changed or start != self.size:
                await self.restart()
                raise ConnectionLost("The output has changed on the server.")
            validator = validator or self._validator
        else:
            if self.size:
                await self.restart()
            total = length
        self._total = total
        self._validator = validator
        self._declared = essence(headers.get("Content-Type", ""))
        await self._check_room()
        self._report()

    async def take(self, response: httpx.Response) -> None:
        """Add an answer's body to the file.

        Raises:
            httpx.TransportError, httpx.DecodingError: it broke off; what came is kept.
            ConnectionLost: it ended too early.
            OutputTooLarge, WrongContent, DiskFull, DownloadError.
        """
        buffer = bytearray()
        try:
            async for data in response.aiter_raw():
                for piece in self._inflater.feed(data) if self._inflater else (data,):
                    buffer += piece
                    if self.size + len(buffer) > self._max_bytes:
                        raise self._too_large()
                    if len(buffer) >= _WRITE_BYTES:
                        await self._write(buffer)
                        buffer = bytearray()
            if self._inflater:
                self._inflater.finish()
        except (httpx.TransportError, httpx.DecodingError):
            await self._write(buffer)
            raise
        await self._write(buffer)
        await self._check_length()

    async def take_bytes(self, data: bytes, *, declared: str | None) -> None:
        """Take a whole output that is in memory already."""
        self._declared = declared
        self._total = len(data)
        await self._check_room()
        await self._write(data)

    async def publish(self) -> Downloaded:
        """Check the content as a whole and put the file in its place.

        Raises:
            WrongContent, DiskFull, DownloadError.
        """
        self._check_content()
        part = self._part
        media_type = media_type_of(part.head, declared=self._declared, name=safe_name(self.url))
        self._path = with_extension(self._path, extension_for(self.url, media_type))
        await self._on_disk(part.publish, self._path)
        return Downloaded(self._path, part.size, media_type, part.sha256)

    async def close(self) -> None:
        """Leave no partial file."""
        await asyncio.to_thread(self._part.discard)

    def _open(self) -> None:
        if self._path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        self._part.open()

    async def _write(self, data: bytes | bytearray) -> None:
        if not data:
            return
        await self._on_disk(self._part.write, data)
        if self.size >= HEAD_BYTES:
            self._check_content()  # early: a long page of text isn't read to its end
        self._report()

    def _report(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self.size, self._total)

    async def _check_room(self) -> None:
        if self._total is None:
            return
        if self._total > self._max_bytes:
            raise self._too_large()
        if self._total - self.size > await self._on_disk(self._part.free_bytes):
            raise self._no_room()

    async def _check_length(self) -> None:
        if self._total is None or self.size == self._total:
            return
        size = self.size
        if size > self._total:
            await self.restart()
        raise ConnectionLost(f"The output ended after {size} bytes of {self._total}.")

    def _check_content(self) -> None:
        promised = (
            self._declared,
            media_type_of_name(self._path.name),
            media_type_of_name(safe_name(self.url)),
        )
        if not self.size and any(kind and is_media(kind) for kind in promised):
            raise DownloadIncomplete(self.url, "The output is an empty file: run the model again.")
        for kind in promised:
            if not keeps_promise(kind, self._part.head):
                raise WrongContent(
                    self.url,
                    f"The output was to be {kind}, but the server sent something else in its "
                    "place: run the model again.",
                )

    async def _on_disk(self, operation: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await asyncio.to_thread(operation, *args, **kwargs)
        except OSError as error:
            if is_no_room(error):
                raise self._no_room() from error
            raise DownloadError(self.url, _disk_sentence(error, self._path)) from error

    def _too_large(self) -> OutputTooLarge:
        return OutputTooLarge(
            self.url,
            f"The output is larger than {_readable(self._max_bytes)}: raise the limit for "
            "downloads to get it.",
        )

    def _no_room(self) -> DiskFull:
        return DiskFull(
            self.url, "There is no room for the output: free some space and download it again."
        )


def _length(headers: httpx.Headers) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _validator(headers: httpx.Headers) -> str | None:
    # A weak tag promises the same meaning, not the same bytes.
    etag: str = headers.get("ETag", "")
    modified: str | None = headers.get("Last-Modified")
    return etag if etag.startswith('"') else modified


def _content_range(headers: httpx.Headers) -> tuple[int, int | None]:
    found = _CONTENT_RANGE.match(headers.get("Content-Range", ""))
    if found is None:
        return -1, None
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _readable(size: int) -> str:
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"


def _disk_sentence(error: OSError, path: Path) -> str:
    folder = path.parent
    match error.errno:
        case errno.EISDIR:
            return f"{path} is a folder: give the name of a file in it."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"{folder} can't be written to: choose another folder, or allow writing to it."
        case errno.EEXIST | errno.ENOTDIR:
            return f"{folder} can't be made, because a file is in its way: choose another folder."
        case errno.ENAMETOOLONG:
            return f"The file name {path.name[:40]}… is too long: choose a shorter one."
        case _:
            return f"The file can't be written ({error.strerror}): choose another folder."
