"""Serves the page: Gradio on FastAPI under uvicorn, on the loop that the jobs run on."""

import asyncio
import signal
import socket
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ui.components import ASSETS, page_head, page_styles
from ui.eventstreams import EventStreams
from ui.sandboxing import SandboxedFiles
from ui.theme import theme

_SHUTDOWN_SECONDS = 3
"""How long an answer on its way may hold up the end."""

_MAX_UPLOAD = "100mb"
"""Replicate's own limit for an uploaded file."""


class PageServer:
    """The web application around a page."""

    def __init__(self, demo: gr.Blocks, *, media_root: Path, host: str) -> None:
        # The page's own files, served with Range and without a copy into Gradio's cache.
        gr.set_static_paths([media_root, ASSETS])
        web = FastAPI(openapi_url=None)
        web.add_middleware(SandboxedFiles)
        web.add_middleware(TrustedHostMiddleware, allowed_hosts=_allowed_hosts(host))
        self._web = gr.mount_gradio_app(
            web,
            demo,
            path="/",
            server_name=host,
            show_error=False,
            run_history=False,
            enable_monitoring=False,
            max_file_size=_MAX_UPLOAD,
            theme=theme(),
            css_paths=page_styles(),
            head=page_head(),
            favicon_path=str(ASSETS / "icon.png"),
            pwa=True,
            footer_links=["api"],
        )

    async def serve(self, listening: socket.socket, *, open_browser: bool) -> None:
        """Serve until SIGINT or SIGTERM; prints the page's address once it answers."""
        streams = EventStreams(self._web)
        config = uvicorn.Config(
            streams, log_level="warning", timeout_graceful_shutdown=_SHUTDOWN_SECONDS
        )
        server = _Server(config, _url(listening), open_browser, streams)
        await server.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """A uvicorn that says when it answers, ends event streams, and returns after a signal.

    uvicorn raises the signal once more when it has stopped, and a second SIGTERM would end the
    process before the jobs and the archive are closed.
    """

    def __init__(
        self, config: uvicorn.Config, url: str, open_browser: bool, streams: EventStreams
    ) -> None:
        super().__init__(config)
        self._url = url
        self._open_browser = open_browser
        self._streams = streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"Replicate Playground is on {self._url} (Ctrl+C ends it)", flush=True)
        if self._open_browser:
            await asyncio.to_thread(webbrowser.open, self._url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.end()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        previous = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _allowed_hosts(host: str) -> list[str]:
    """Return the Host headers to answer: any other is a foreign page's (DNS rebinding)."""
    local = ["127.0.0.1", "localhost"]
    if host in ("0.0.0.0", "::"):
        return [*local, socket.gethostname(), *socket.gethostbyname_ex(socket.gethostname())[2]]
    return [*local, host]
