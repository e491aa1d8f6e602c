"""Ends open pages' event streams, which never end by themselves, when the server stops."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class EventStreams:
    """An ASGI middleware: event streams are served until `end`, and then finished in order.

    A server that stops waits for the answers on their way. It would wait for these until it gives
    up, and log each one as an error.

    Args:
        app: what is served.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: set[asyncio.Task[object]] = set()
        self._cut: set[asyncio.Task[object]] = set()

    def end(self) -> None:
        """End them all."""
        self._cut.update(self._open)
        for task in self._cut:
            task.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        task = asyncio.current_task()
        assert task is not None

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                if _is_event_stream(message):
                    self._open.add(task)
            elif not message.get("more_body", False):
                self._open.discard(task)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError:
            if task not in self._cut:
                raise
            task.uncancel()
            if task in self._open:  # or it finished as it was cancelled
                await send({"type": "http.response.body", "body": b""})
        finally:
            self._open.discard(task)


def _is_event_stream(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/event-stream")
