"""The app that is measured, and the small Gradio apps beside it, as processes of their own."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.bench.servers import Server, started


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def app_command(folder: Path, *, port: int = 0, offline: bool = True) -> Sequence[str]:
    """Return what runs the app by `python -m`, with a new data folder below `folder`."""
    data = mkdtemp(dir=folder)
    command = ["app", "--no-browser", f"--port={port}", f"--data-dir={data}"]
    return [*command, "--offline"] if offline else command


def peer_environment(port: int) -> dict[str, str]:
    """Return how a Gradio app is told where to listen, and to tell nobody that it was started."""
    return {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "PYTHONUNBUFFERED": "1",
    }


def replicate_environment(url: str) -> dict[str, str]:
    """Return how the app and `replicate` are told where Replicate is."""
    return {"REPLICATE_BASE_URL": url, "REPLICATE_API_TOKEN": "any"}


@contextmanager
def app(folder: Path, *, replicate_url: str | None = None, **variables: str) -> Iterator[Server]:
    """Run the app: with its offline demo, or with an emulator as its Replicate."""
    command = app_command(folder, offline=replicate_url is None)
    known = {} if replicate_url is None else replicate_environment(replicate_url)
    # Else the lines of its log would stand between the benchmark's own.
    with started(command, {"PLAYGROUND_LOG_LEVEL": "warning", **known, **variables}) as server:
        yield server


@contextmanager
def peer(name: str, *, replicate_url: str | None = None, **variables: str) -> Iterator[Server]:
    """Run an app of `tests/bench/peers`."""
    known = {} if replicate_url is None else replicate_environment(replicate_url)
    environment = {**peer_environment(free_port()), **known, **variables}
    with started([f"tests.bench.peers.{name}"], environment) as server:
        yield server
