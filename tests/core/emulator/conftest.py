"""An emulator with tiny models, and clients of it."""

from collections.abc import Iterator

import httpx2
import pytest

from core.emulator import Emulator
from tests.core.emulator.clients import client_of
from tests.core.emulator.runners import RUNNERS


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator with tiny models, a hundred times faster than life."""
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=RUNNERS) as emulator:
        yield emulator


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx2.Client]:
    """A client with a token."""
    with client_of(emulator) as client:
        yield client


@pytest.fixture
def bare() -> Iterator[httpx2.Client]:
    """A client without a token, that follows any URL."""
    with client_of(None) as client:
        yield client
