"""A small web server that takes webhooks and answers as it is told to."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One webhook, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def prediction(self) -> dict[str, Any]:
        prediction: dict[str, Any] = json.loads(self.body)
        return prediction


@dataclass
class Receiver:
    """What came so far.

    Attributes:
        statuses: what the next webhooks are answered with; 204 when there are no more.
        location: where answers of 3xx send the sender.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    location: str = ""

    def wait_for(self, count: int, *, seconds: float = 5) -> list[Received]:
        """Return all webhooks, as soon as there are so many."""
        give_up = time.monotonic() + seconds
        while len(self.received) < count:
            assert time.monotonic() < give_up, f"{len(self.received)} webhooks instead of {count}"
            time.sleep(0.002)
        return list(self.received)

    def wait_for_end(self, *, seconds: float = 5) -> list[Received]:
        """Return all webhooks, as soon as there is one of a prediction that has ended."""
        give_up = time.monotonic() + seconds
        while not any("completed_at" in item.prediction for item in list(self.received)):
            assert time.monotonic() < give_up, "no prediction ended"
            time.sleep(0.002)
        return list(self.received)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver for the length of a test."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body, time.monotonic()))
            status = receiver.statuses.pop(0) if receiver.statuses else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
