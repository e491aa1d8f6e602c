"""Keeps what models made from acting as a part of the page when it is opened by itself.

An output may be HTML or SVG, and both may hold scripts. Under the page's own origin they could do
all that the person can; in a sandbox without an origin they can't even run.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FILES = "/gradio_api/file="


class SandboxedFiles:
    """An ASGI middleware: files are served to be looked at, never to be run."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_sandboxed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = "sandbox"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        is_file = scope["type"] == "http" and scope["path"].startswith(_FILES)
        await self._app(scope, receive, send_sandboxed if is_file else send)
