"""A Replicate to run jobs on, with models that wait for a test's word."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.emulator import Emulator
from tests.core.jobs.world import World, runners


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # Lost answers are looked up after 1, 3 and 8 s; here at once.
    monkeypatch.setattr("core.client.create.LOOKUP_SECONDS", (0.0, 0.05, 0.1))
    go_on = threading.Event()
    go_on.set()
    with Emulator(port=0, speed=1000, rate_limits=False, runners=runners(go_on)) as emulator:
        yield World(tmp_path, emulator, go_on)
        go_on.set()
