"""A proxy on loopback that knows hosts of its own, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Proxy:
    """Forwards plain requests and opens tunnels.

    Attributes:
        asked: the first line of each request.
        heads: the headers of each, as they came.
        url: where it listens.
    """

    def __init__(self, hosts: Mapping[str, str]) -> None:
        """Know each host, with its port, by the address where it really is."""
        self.asked: list[str] = []
        self.heads: list[str] = []
        self.url = ""
        self._hosts = hosts

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, _, headers = head.partition("\r\n")
            self.asked.append(line)
            self.heads.append(headers)
            method, target, _ = line.split()
            is_tunnel = method == "CONNECT"
            there = self._hosts.get(target if is_tunnel else urlsplit(target).netloc)
            if there is None:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            host, _, port = there.rpartition(":")
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
            if is_tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = target.partition("://")[2].partition("/")[2]
                far_writer.write(f"{method} /{path} HTTP/1.1\r\n{headers}".encode("latin-1"))
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # somebody has left
        finally:
            writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxying(hosts: Mapping[str, str]) -> AsyncIterator[Proxy]:
    """Run a proxy for the length of a test."""
    proxy = Proxy(hosts)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
