"""Clients that nobody closes: they give back what they hold, and tell of it as files do."""

import asyncio
import gc
import os
import threading
import warnings
from collections.abc import Iterator

import pytest

from core import AsyncReplicateClient, ReplicateClient, WrongEventLoop
from core.emulator import Emulator
from tests.core.parts import settings_for
from tests.core.programs import output_of
from tests.core.talkers import SAYS, SLEEPS, TALKERS
from tests.core.waiting import is_canceled, until, until_blocking


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=TALKERS) as emulator:
        yield emulator


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def client_threads() -> int:
    return sum(thread.name == "replicate-client" for thread in threading.enumerate())


def test_twenty_dropped_clients_leave_no_thread_and_no_handle(emulator: Emulator) -> None:
    before = handles()

    for _ in range(20):
        client = ReplicateClient(settings_for(emulator.url))
        client.get_account()
        with pytest.warns(ResourceWarning, match="unclosed replicate-client"):
            del client

    until_blocking(lambda: client_threads() == 0)
    until_blocking(lambda: handles() <= before)


def test_a_dropped_client_cancels_what_it_has_started(emulator: Emulator) -> None:
    client = ReplicateClient(settings_for(emulator.url))
    stream = client.stream_output(SLEEPS, {})

    del client
    assert stream.prediction.status in ("starting", "processing")  # a stream holds its client
    with pytest.warns(ResourceWarning):
        del stream

    until_blocking(lambda: is_canceled(emulator))


def test_a_client_is_held_by_what_it_gives_out(emulator: Emulator) -> None:
    def pieces() -> Iterator[str]:
        return iter(
            ReplicateClient(settings_for(emulator.url)).stream_output(SAYS, {"tokens": ["a"]})
        )

    with pytest.warns(ResourceWarning):
        words = list(pieces())

    assert words == ["a"]


def test_a_client_that_was_never_used_has_nothing_to_close(emulator: Emulator) -> None:
    before = handles(), client_threads()

    clients = [ReplicateClient(settings_for(emulator.url)) for _ in range(5)]

    assert (handles(), client_threads()) == before
    del clients


async def test_a_dropped_asynchronous_client_is_closed_on_its_loop(emulator: Emulator) -> None:
    client = AsyncReplicateClient(settings_for(emulator.url))
    await client.get_account()
    before = handles()

    with pytest.warns(ResourceWarning, match="unclosed AsyncReplicateClient"):
        del client

    await until(lambda: handles() < before)


def test_an_asynchronous_client_is_closed_with_its_loop(emulator: Emulator) -> None:
    client = AsyncReplicateClient(settings_for(emulator.url))
    before = handles()

    async def start() -> None:
        await client.stream_output(SLEEPS, {}).start()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(start())
        gc.collect()

    assert is_canceled(emulator)
    assert handles() <= before
    assert any("unclosed AsyncReplicateClient" in str(one.message) for one in caught)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_on_a_second_loop_it_says_what_to_do(emulator: Emulator) -> None:
    client = AsyncReplicateClient(settings_for(emulator.url))
    asyncio.run(client.get_account())

    for work in (
        lambda: client.get_account(),
        lambda: client.run_model(SAYS, {}),
        lambda: client.stream_output(SAYS, {}).start(),
        lambda: client.list_models(),
    ):
        with pytest.raises(WrongEventLoop, match="make one in each"):
            asyncio.run(work())
    asyncio.run(client.aclose())


async def test_on_another_threads_loop_it_says_what_to_do(emulator: Emulator) -> None:
    async with AsyncReplicateClient(settings_for(emulator.url)) as client:
        await client.get_account()

        def use() -> None:
            asyncio.run(client.run_model(SAYS, {}))

        with pytest.raises(WrongEventLoop, match="or use ReplicateClient"):
            await asyncio.to_thread(use)
        assert await client.run_model(SAYS, {"tokens": ["a"]}) == ["a"]


def test_nobody_is_warned_of_what_is_closed_at_the_programs_end(emulator: Emulator) -> None:
    source = """
own = ReplicateClient()
print(own.get_account().username, get_replicate_client().get_account().username)
"""

    assert output_of(source, emulator) == ["emulator emulator"]
