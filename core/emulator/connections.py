"""What the server knows of its connections and requests beside answering them."""

import asyncio
import socket
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as it reached the emulator, before any fault."""

    method: str
    path: str
    headers: dict[str, str]


class Recorder:
    """Writes down each request that comes."""

    def __init__(self, app: ASGIApp, requests: list[ReceivedRequest]) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = {
                name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
            }
            self._requests.append(ReceivedRequest(scope["method"], scope["path"], headers))
        await self._app(scope, receive, send)


class Connections:
    """Knows the open connections by their clients' addresses, so that one can be reset."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        transports = self._transports

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                # asyncio doesn't for sockets that it didn't make; answers would wait 40 ms.
                connected = transport.get_extra_info("socket")
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
                if self.client is not None:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                if self.client is not None:
                    transports.pop(self.client, None)

        self.protocol = Protocol

    def drop(self, scope: Scope) -> None:
        """Close the connection that a request came by; what was written before still leaves."""
        client = scope.get("client")
        if client is not None and (transport := self._transports.get(tuple(client))):
            transport.close()

    def drop_all(self) -> None:
        """Close all connections, whatever they still had to send."""
        for transport in list(self._transports.values()):
            transport.abort()
