"""Start of the app, from its process to the first page."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from tests.bench.apps import app_command, free_port, peer_environment
from tests.bench.bench import Bench, load_average
from tests.bench.rows import Row, at_most
from tests.bench.sides import ROOT, Figures, clean_environment, compare

_SECONDS = 60
_PAUSE_SECONDS = 0.01


def rows(bench: Bench) -> Iterator[Row]:
    """Compare with the smallest Gradio app."""

    def ours() -> Figures:
        port = free_port()
        return _first_page(app_command(bench.folder, port=port), {}, port)

    def peer() -> Figures:
        port = free_port()
        return _first_page(["tests.bench.peers.smallest"], peer_environment(port), port)

    ours(), peer()  # what is compiled or read from disk for the first time
    found = compare(bench.rounds, ours=ours, peer=peer)
    yield Row(
        "start to the first page",
        found["ours"]["seconds"],
        at_most(1.1),
        peer=found["peer"]["seconds"],
        unit="s",
        against="an app of one Textbox",
        load=load_average(),
    )


def _first_page(module: Sequence[str], variables: Mapping[str, str], port: int) -> Figures:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        cwd=ROOT,
        env=clean_environment(**variables),
        stdout=subprocess.DEVNULL,
    )
    try:
        while not _answers(port):
            assert process.poll() is None, "it ended before it answered"
            assert time.perf_counter() - began < _SECONDS, "it never answered"
            time.sleep(_PAUSE_SECONDS)
        return {"seconds": time.perf_counter() - began}
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
