"""An emulator with tiny models, and a client of it."""

from collections.abc import Iterator

import httpx
import pytest

from core.emulator import Emulator
from tests.core.emulator.runners import RUNNERS


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator with tiny models, a hundred times faster than life."""
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=RUNNERS) as emulator:
        yield emulator


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    """A client with a token."""
    headers = {"Authorization": "Bearer r8_test"}
    with httpx.Client(base_url=f"{emulator.url}/v1", headers=headers, timeout=10) as client:
        yield client
