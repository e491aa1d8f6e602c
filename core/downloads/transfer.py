"""One output on its way to a file: what is there of it, and what an answer may add to that."""

import asyncio
import errno
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import httpx2

from core.downloads.filenames import extension_for, safe_name, with_extension
from core.downloads.filetypes import (
    HEAD_BYTES,
    essence,
    is_media,
    keeps_promise,
    media_type_of,
    media_type_of_name,
)
from core.downloads.headers import encoding_of, length_of, range_of, validator_of
from core.downloads.inflating import ENCODINGS, Inflater
from core.downloads.keptfile import KeptFile
from core.downloads.partfile import Facts, PartFile, is_no_room
from core.downloads.sentences import disk_sentence, readable
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

_FEWEST_BYTES = 256 * 1024
_MOST_BYTES = 1024 * 1024
_SHARE = 128
"""So many bytes, or that part of what is there, are written and hashed at once, on a thread, while
the next of them come from the network: more at once is quicker, and lost if the process is killed.
"""


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
        partials: the folder where what is there is kept; it isn't when None.
    """

    def __init__(
        self,
        url: str,
        path: Path,
        *,
        max_bytes: int,
        on_progress: OnProgress | None,
        partials: Path | None,
    ) -> None:
        self.url = url
        self._path = path
        self._max_bytes = max_bytes
        self._on_progress = on_progress
        self._part = (
            PartFile(path.parent, outlives_power_cuts=False)
            if partials is None
            else KeptFile(path.parent, partials, _key(url, path))
        )
        self._inflater: Inflater | None = None
        self._is_kept = partials is not None
        self._free_bytes = 0
        self._writing: asyncio.Future[Any] | None = None
        self._unwritten: bytes | bytearray = b""  # comes after what is being written
        self._is_closed = False

    @property
    def size(self) -> int:
        """Bytes there so far."""
        return self._part.size

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there, as far as it is known how much that is."""
        return self._part.facts.total == self.size

    async def open(self) -> None:
        """Make sure that the file can be written, before anything is asked for.

        What an earlier process kept of it is there then.
        """
        self._free_bytes = await self._on_disk(self._open)
        if self.size:
            self._report()

    async def range_headers(self) -> dict[str, str]:
        """Return the headers that ask for what is missing; all of it, if it can't be resumed."""
        validator = self._part.facts.validator
        if self.size and validator is None:
            await self.restart()
        if not self.size:
            return {}
        assert validator is not None
        return {"Range": f"bytes={self.size}-", "If-Range": validator}

    async def restart(self) -> None:
        """Forget what is there."""
        await self._on_disk(self._part.restart)

    async def begin(self, response: httpx2.Response) -> None:
        """Check an answer's head: whether it goes on where the file ends, and whether it fits.

        Raises:
            ConnectionLost: it is another part, or of another file; the next try starts over.
            OutputTooLarge, DiskFull, DownloadError.
        """
        headers = response.headers
        encoding = encoding_of(headers)
        if encoding is not None and encoding not in ENCODINGS:
            raise DownloadError(
                self.url, f"The output came in an encoding that can't be read: {encoding[:40]}."
            )
        self._inflater = Inflater() if encoding else None
        # What is announced of an encoded body counts other bytes than those that are written, so
        # it is neither compared nor resumed.
        length = None if encoding else length_of(headers)
        validator = None if encoding else validator_of(headers)
        if response.status_code == 206:
            known = self._part.facts
            start, total = range_of(headers)
            if total is None:
                total = known.total if length is None else start + length
            changed = known.total not in (None, total) or (
                known.validator is not None and validator not in (None, known.validator)
            )
            if encoding or changed or start != self.size:
                await self.restart()
                raise ConnectionLost("The output has changed on the server.")
            validator = validator or known.validator
        else:
            if self.size:
                await self.restart()
            total = length
        declared = essence(headers.get("Content-Type", ""))
        self._part.learn(Facts(validator, total, declared))
        self._check_room()
        self._report()

    async def take(self, response: httpx2.Response) -> None:
        """Add an answer's body to the file.

        Raises:
            httpx2.TransportError, httpx2.DecodingError: it broke off; what came is kept.
            ConnectionLost: it ended too early.
            OutputTooLarge, WrongContent, DiskFull, DownloadError.
        """
        self._unwritten = buffer = bytearray()
        taken = self.size
        at_once = self._bytes_at_once(taken)
        try:
            async for data in response.aiter_raw():
                for piece in self._inflater.feed(data) if self._inflater else (data,):
                    buffer += piece
                    taken += len(piece)
                    if taken > self._max_bytes:
                        raise self._too_large()
                    if len(buffer) >= at_once:
                        await self._begin_to_write(buffer)
                        self._unwritten = buffer = bytearray()
                        at_once = self._bytes_at_once(taken)
                        self._report(taken)
            if self._inflater:
                self._inflater.finish()
        except (httpx2.TransportError, httpx2.DecodingError):
            await self._write_all()
            raise
        total = self._part.facts.total
        await self._written()
        if total is not None and self.size + len(buffer) != total:
            await self._write_all()
            await self._refuse_length(total)
        self._report(taken)

    async def take_bytes(self, data: bytes, *, declared: str | None) -> None:
        """Take a whole output that is in memory already."""
        self._part.learn(Facts(None, len(data), declared))
        self._check_room()
        self._unwritten = data
        self._report(len(data))

    async def publish(self) -> Downloaded:
        """Check the content as a whole and put the file in its place.

        Raises:
            WrongContent, DiskFull, DownloadError.
        """
        publishing = asyncio.get_running_loop().run_in_executor(None, self._publish)
        self._writing = publishing
        return await self._on_disk_until(asyncio.shield(publishing))

    async def close(self, *, is_lost: bool) -> None:
        """Leave what a later download can go on from, if it is to be kept; else nothing.

        Args:
            is_lost: there is nothing that a later one could do, either.
        """
        if self._writing is not None:
            # A thread goes on although whoever waits for it is cancelled.
            await asyncio.wait({self._writing})
            if self._writing.exception() is not None:
                self._unwritten = b""  # it would come in the place of what isn't there
        if self._is_closed:
            return
        await asyncio.to_thread(self._part.discard if is_lost else self._leave)

    def _open(self) -> int:
        if self._path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        return self._part.open()

    def _publish(self) -> Downloaded:
        part = self._part
        if self._unwritten:
            part.write(self._unwritten)
            self._unwritten = b""
        self._check_content()
        media_type = media_type_of(
            part.head, declared=part.facts.declared, name=safe_name(self.url)
        )
        self._path = with_extension(self._path, extension_for(self.url, media_type))
        part.publish(self._path)
        part.leave()
        self._is_closed = True
        return Downloaded(self._path, part.size, media_type, part.sha256)

    def _leave(self) -> None:
        if self._unwritten:
            # A disk that is full now costs no more than these.
            with suppress(OSError):
                self._part.write(self._unwritten)
        self._part.leave()

    def _bytes_at_once(self, size: int) -> int:
        share = size // _SHARE if self._is_kept else size
        return min(_MOST_BYTES, max(_FEWEST_BYTES, share))

    async def _begin_to_write(self, data: bytes | bytearray) -> None:
        """Write and hash on a thread, once the part before it is written."""
        await self._written()
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(None, self._part.write, data)

    async def _write_all(self) -> None:
        """Write what is unwritten."""
        if self._unwritten:
            await self._begin_to_write(self._unwritten)
            self._unwritten = b""
        await self._written()
        self._report()

    async def _written(self) -> None:
        """Wait until what was begun is written."""
        if self._writing is None:
            return
        writing = self._writing
        await self._on_disk_until(asyncio.shield(writing))
        self._writing = None
        if self.size >= HEAD_BYTES:
            self._check_content()  # early: a long page of text isn't read to its end

    def _report(self, taken: int | None = None) -> None:
        if self._on_progress is not None:
            self._on_progress(self.size if taken is None else taken, self._part.facts.total)

    def _check_room(self) -> None:
        total = self._part.facts.total
        if total is None:
            return
        if total > self._max_bytes:
            raise self._too_large()
        if total - self.size > self._free_bytes:
            raise self._no_room()

    async def _refuse_length(self, total: int) -> None:
        size = self.size
        if size > total:
            await self.restart()
        raise ConnectionLost(f"The output ended after {size} bytes of {total}.")

    def _check_content(self) -> None:
        promised = (
            self._part.facts.declared,
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
        return await self._on_disk_until(asyncio.to_thread(operation, *args, **kwargs))

    async def _on_disk_until(self, done: Awaitable[T]) -> T:
        try:
            return await done
        except OSError as error:
            if is_no_room(error):
                raise self._no_room() from error
            raise DownloadError(self.url, disk_sentence(error, self._path)) from error

    def _too_large(self) -> OutputTooLarge:
        return OutputTooLarge(
            self.url,
            f"The output is larger than {readable(self._max_bytes)}: raise the limit for "
            "downloads to get it.",
        )

    def _no_room(self) -> DiskFull:
        return DiskFull(
            self.url, "There is no room for the output: free some space and download it again."
        )


def _key(url: str, path: Path) -> str:
    """Return what a download's partial file is known by; a signature in the URL may change."""
    address = url.partition("#")[0].partition("?")[0]
    return hashlib.sha256(f"{path.name}\n{address}".encode()).hexdigest()[:32]
