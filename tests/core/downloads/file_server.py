"""A web server that serves one file exactly as badly as it is told to, byte for byte."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_SLICE_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes=(\d+)-\Z")


@dataclass(frozen=True)
class Reply:
    """How one request is answered. By default well: with the file, or the range asked for.

    Attributes:
        status: 200, or 206 to a range, when None.
        headers: added to the usual ones, or in their place; None takes one away.
        body: in the file's place.
        copies: how many times the body is repeated.
        cut_after: body bytes after which the connection is closed.
        stall_after: body bytes after which nothing comes any more.
        ignores_range: whether a range is answered with the whole.
        chunked: whether it comes in chunks, without a length.
    """

    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: bytes | None = None
    copies: int = 1
    cut_after: int | None = None
    stall_after: int | None = None
    ignores_range: bool = False
    chunked: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it came; names of headers in lower case."""

    target: str
    headers: Mapping[str, str]


class FileServer:
    """Serves `file` on loopback, each request by the next of `replies`, then well.

    Attributes:
        requests: all so far.
        sent: body bytes so far.
        connections: how many are open.
    """

    def __init__(self) -> None:
        self.file = b""
        self.media_type: str | None = "application/octet-stream"
        self.etag: str | None = '"one"'
        self.replies: list[Reply] = []
        self.requests: list[Asked] = []
        self.sent = 0
        self.connections = 0
        self.origin = ""
        self._server: asyncio.Server | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def url(self, name: str = "output.bin") -> str:
        """Return the file's URL, under a name."""
        return f"{self.origin}/{name}"

    async def start(self, encryption: ssl.SSLContext | None = None) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=encryption)
        port = self._server.sockets[0].getsockname()[1]
        self.origin = f"{'https' if encryption else 'http'}://127.0.0.1:{port}"

    async def stop(self) -> None:
        """Close everything."""
        assert self._server is not None
        self._server.close()
        await self.idle()

    async def idle(self) -> None:
        """Wait until no connection is open."""
        async with asyncio.timeout(2):
            await self._idle.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._idle.clear()
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            asked = Asked(head[0].split()[1], {name.lower(): headers[name] for name in headers})
            self.requests.append(asked)
            reply = self.replies.pop(0) if self.replies else Reply()
            await self._answer(asked, reply, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has left
        finally:
            writer.close()
            self.connections -= 1
            if not self.connections:
                self._idle.set()

    async def _answer(
        self,
        asked: Asked,
        reply: Reply,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        body = self.file if reply.body is None else reply.body
        whole = len(body) * reply.copies
        etag = reply.headers.get("ETag", self.etag)
        start = None if reply.status else self._start(asked, reply, etag)
        status = reply.status or (200 if start is None else 206)
        headers = {
            "Content-Type": self.media_type,
            "ETag": etag,
            "Content-Range": f"bytes {start}-{whole - 1}/{whole}" if status == 206 else None,
            "Content-Length": None if reply.chunked else str(whole - (start or 0)),
            "Transfer-Encoding": "chunked" if reply.chunked else None,
            "Connection": "close",
            **reply.headers,
        }
        lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
        writer.write("\r\n".join([f"HTTP/1.1 {status} Word", *lines, "", ""]).encode("latin-1"))
        limits = [limit for limit in (reply.cut_after, reply.stall_after) if limit is not None]
        end = min([whole, *((start or 0) + limit for limit in limits)])
        for at in range(start or 0, end, _SLICE_BYTES):
            piece = _piece(body, at, min(at + _SLICE_BYTES, end))
            self.sent += len(piece)
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if reply.chunked else piece)
            await writer.drain()
        if reply.stall_after is not None:
            await reader.read()  # until the client leaves
        elif reply.chunked and reply.cut_after is None:
            writer.write(b"0\r\n\r\n")
        await writer.drain()

    def _start(self, asked: Asked, reply: Reply, etag: str | None) -> int | None:
        found = _RANGE.match(asked.headers.get("range", ""))
        if found is None or reply.ignores_range:
            return None
        condition = asked.headers.get("if-range")
        return (
            int(found[1]) if condition in (None, etag, reply.headers.get("Last-Modified")) else None
        )


def _piece(body: bytes, start: int, end: int) -> bytes:
    """Return a slice of the body repeated without end."""
    if end <= len(body):
        return body[start:end]
    first = start % len(body)
    copies = 1 + (end - start + first) // len(body)
    return (body * copies)[first : first + end - start]


@asynccontextmanager
async def serving(encryption: ssl.SSLContext | None = None) -> AsyncIterator[FileServer]:
    """Run a server for the length of a test."""
    server = FileServer()
    await server.start(encryption)
    try:
        yield server
    finally:
        await server.stop()
