"""The app as a process of its own, as a person starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LISTENING = re.compile(r"http://127\.0\.0\.1:\d+")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class App:
    """`python app.py` on a free port and one data folder, as often as it is started.

    Args:
        data_dir: where it keeps things.
        api_url: an emulator to talk to as if it were Replicate; by itself it is offline.
        port: where it listens; a free one each time when 0.
        demo_speed: how much faster than life its offline demo is.
    """

    def __init__(
        self,
        data_dir: Path,
        api_url: str | None = None,
        port: int = 0,
        *,
        demo_speed: float = 4.0,
    ) -> None:
        self._port = port
        self._data_dir = data_dir
        self._api_url = api_url
        self._demo_speed = demo_speed

    @contextmanager
    def running(self) -> Iterator[str]:
        """Start the app, give its URL, and end it with SIGTERM as a service manager would."""
        with self._started() as process:
            try:
                yield self._url(process)
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=20)
        assert process.returncode == 0, "the app ends cleanly when it is told to"

    @contextmanager
    def doomed(self) -> Iterator[str]:
        """Start the app, give its URL, and kill it with SIGKILL."""
        with self._started() as process:
            yield self._url(process)

    @contextmanager
    def _started(self) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [
                sys.executable,
                "app.py",
                *([] if self._api_url else ["--offline"]),
                "--no-browser",
                f"--port={self._port}",
                f"--data-dir={self._data_dir}",
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self._backend()},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def _backend(self) -> dict[str, str]:
        if self._api_url is None:
            return {"PLAYGROUND_DEMO_SPEED": str(self._demo_speed)}
        return {"REPLICATE_BASE_URL": self._api_url, "REPLICATE_API_TOKEN": "any"}

    @staticmethod
    def _url(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        for line in process.stdout:
            if found := _LISTENING.search(line):
                return found.group()
        raise AssertionError(f"the app ended with {process.wait()} before it listened")
