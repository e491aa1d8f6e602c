"""A Replicate to break, and an app that runs jobs on it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.backoff import PROCESS_BUDGET
from core.emulator import Emulator
from tests.core.jobs.world import runners
from tests.faults.models import models
from tests.faults.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    for _ in range(200):
        PROCESS_BUDGET.note_call()  # what other tests have spent of it
    go_on = threading.Event()
    go_on.set()
    all_models = [*runners(go_on), *models(go_on)]
    with Emulator(port=0, speed=1000, rate_limits=False, runners=all_models) as emulator:
        yield World(tmp_path, emulator, go_on)
        go_on.set()
