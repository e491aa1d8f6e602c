"""What the tests of core get: an emulator with small models, and parts that talk to it."""

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from core.emulator import Emulator
from tests.core.parts import Parts, parts_for
from tests.core.runners import RUNNERS
from tests.core.talkers import TALKERS

Stop = Callable[[Emulator], None]


@pytest.fixture(scope="session")
def stop() -> Iterator[Stop]:
    """Stops emulators in the background: it takes a tenth of a second, and there are hundreds."""
    stopped: list[Future[None]] = []
    with ThreadPoolExecutor(max_workers=4) as threads:
        yield lambda emulator: stopped.append(threads.submit(emulator.stop))
    for future in stopped:
        future.result()


@pytest.fixture
def small_emulator(stop: Stop) -> Iterator[Emulator]:
    """An emulator whose models are done in milliseconds."""
    emulator = Emulator(port=0, speed=100.0, rate_limits=False, runners=RUNNERS)
    emulator.start()
    yield emulator
    stop(emulator)


@pytest.fixture
def talking_emulator(stop: Stop) -> Iterator[Emulator]:
    """An emulator whose models say and make what the input asks for."""
    emulator = Emulator(port=0, speed=100.0, rate_limits=False, runners=TALKERS)
    emulator.start()
    yield emulator
    stop(emulator)


@pytest.fixture
async def parts(small_emulator: Emulator) -> AsyncIterator[Parts]:
    """Core's lower half, with time that doesn't pass by itself."""
    parts = parts_for(small_emulator)
    yield parts
    await parts.http.aclose()


@pytest.fixture
async def other(small_emulator: Emulator) -> AsyncIterator[Parts]:
    """Another program of the same account, which knows nothing of the first."""
    parts = parts_for(small_emulator)
    yield parts
    await parts.http.aclose()
