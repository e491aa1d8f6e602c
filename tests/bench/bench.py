"""What every benchmark is given."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.bench.servers import Server, started

T = TypeVar("T")


@dataclass(frozen=True)
class Bench:
    """How it is measured.

    Attributes:
        rounds: how often each side runs.
        folder: for files; removed afterwards.
        is_smoke: whether it only has to be seen that everything runs.
    """

    rounds: int
    folder: Path
    is_smoke: bool = False

    def size(self, full: T, smoke: T) -> T:
        """Return how much of something is measured."""
        return smoke if self.is_smoke else full

    @contextmanager
    def emulator(self, *, speed: float = 1.0, limits: bool = False) -> Iterator[Server]:
        """Start the emulator, with the models of `tests/bench/emulated.py`, and give its server."""
        module = ["tests.bench.emulated", "--speed", str(speed)]
        with started([*module, "--rate-limits"] if limits else module) as server:
            yield server

    @contextmanager
    def raw_server(self) -> Iterator[Server]:
        """Start `tests/bench/rawserver.py`, which is faster than any client."""
        with started(["tests.bench.rawserver"]) as server:
            yield server


def load_average() -> float:
    """Return the machine's load average over one minute."""
    return os.getloadavg()[0]
