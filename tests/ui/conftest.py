"""What the tests of the page get: an emulator with small models, and the services over it."""

import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.emulator import Emulator
from tests.ui.world import open_services, small_models
from ui.services import Services


@pytest.fixture
def go_on() -> threading.Event:
    """Lets the models get past the middle of their work; set from the start."""
    word = threading.Event()
    word.set()
    return word


@pytest.fixture
def emulator(go_on: threading.Event) -> Iterator[Emulator]:
    """An embedded Replicate whose models are done in milliseconds, unless they have to wait."""
    runners = small_models(go_on)
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=runners) as emulator:
        yield emulator
        go_on.set()


@pytest.fixture
def quick_look_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost answers are looked up after 1, 3 and 8 s; here at once."""
    monkeypatch.setattr("core.client.create.LOOKUP_SECONDS", (0.0, 0.05, 0.1))


@pytest_asyncio.fixture
async def services(emulator: Emulator, tmp_path: Path) -> AsyncIterator[Services]:
    """What a handler works with."""
    async with open_services(emulator, tmp_path) as services:
        yield services
