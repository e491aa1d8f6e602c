"""What the tests of core get: an emulator with small models, and parts that talk to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from core.emulator import Emulator
from tests.core.parts import Parts, parts_for
from tests.core.runners import RUNNERS


@pytest.fixture
def small_emulator() -> Iterator[Emulator]:
    """An emulator whose models are done in milliseconds."""
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=RUNNERS) as emulator:
        yield emulator


@pytest.fixture
async def parts(small_emulator: Emulator) -> AsyncIterator[Parts]:
    """Core's lower half, with time that doesn't pass by itself."""
    parts = parts_for(small_emulator)
    yield parts
    await parts.api.aclose()
