"""The app as a process of its own."""

import multiprocessing
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).parents[1]
_LISTENING = re.compile(r"http://127\.0\.0\.1:\d+")

# What the app imports takes longer than all the rest of its start: it is loaded once, in a process
# from which each app is forked.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["app", "core.emulator", "core.jobs.jobs", "ui.page", "ui.server"])


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class App:
    """What `python app.py` does on a free port with one data folder, as often as it is started.

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
        with self._started() as (process, output):
            try:
                yield _url(process, output)
            finally:
                assert process.pid is not None
                os.kill(process.pid, signal.SIGTERM)
                process.join(timeout=20)
            assert process.exitcode == 0, "the app ends cleanly when it is told to"

    @contextmanager
    def doomed(self) -> Iterator[str]:
        """Start the app, give its URL, and kill it with SIGKILL."""
        with self._started() as (process, output):
            yield _url(process, output)

    @contextmanager
    def _started(self) -> Iterator[tuple[BaseProcess, TextIO]]:
        arguments = [
            *([] if self._api_url else ["--offline"]),
            "--no-browser",
            f"--port={self._port}",
            f"--data-dir={self._data_dir}",
        ]
        reading, writing = os.pipe()
        with (
            open(reading, encoding="utf-8") as output,
            Connection(writing, readable=False) as out,
            Connection(os.dup(2), readable=False) as err,
        ):
            process = _FORKS.Process(target=_run, args=(arguments, self._environment(), out, err))
            process.start()
            out.close()  # or its end would never be read
            try:
                yield process, output
            finally:
                process.kill()
                process.join()
                process.close()

    def _environment(self) -> Mapping[str, str]:
        if self._api_url is None:
            backend = {"PLAYGROUND_DEMO_SPEED": str(self._demo_speed)}
        else:
            backend = {"REPLICATE_BASE_URL": self._api_url, "REPLICATE_API_TOKEN": "any"}
        return {**os.environ, **backend}


def _run(
    arguments: Sequence[str], environment: Mapping[str, str], out: Connection, err: Connection
) -> None:
    """Be the app; runs in its process."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    out.close()
    err.close()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    from app import main

    sys.exit(main(arguments))


def _url(process: BaseProcess, output: TextIO) -> str:
    for line in output:
        if found := _LISTENING.search(line):
            return found.group()
    process.join()
    raise AssertionError(f"the app ended with {process.exitcode} before it listened")
