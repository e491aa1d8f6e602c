"""Work in the background: it outlives its caller and its loop's last moment, but not for ever."""

import asyncio
import time

import pytest

import core.client.background
from core.client.background import Background


@pytest.fixture(autouse=True)
def short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.client.background, "FAREWELL_SECONDS", 0.3)


def test_it_is_done_before_asyncio_run_ends() -> None:
    done = []

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.append("work")

    async def main() -> None:
        Background().spawn(work())

    asyncio.run(main())

    assert done == ["work"]


def test_its_own_timeouts_work_meanwhile() -> None:
    ended = []

    async def work() -> None:
        try:
            async with asyncio.timeout(0.05):
                await asyncio.sleep(3600)
        except TimeoutError:
            ended.append("in time")

    async def main() -> None:
        Background().spawn(work())

    asyncio.run(main())

    assert ended == ["in time"]


def test_what_never_ends_holds_asyncio_run_up_for_a_bounded_time() -> None:
    began = time.monotonic()

    async def main() -> None:
        background = Background()
        task = background.spawn(asyncio.sleep(3600))
        await background.finish(task)

    asyncio.run(main())

    assert 0.2 < time.monotonic() - began < 0.55


async def test_finishing_outlasts_being_cancelled_and_then_tells_of_it() -> None:
    background = Background()
    done = []

    async def work() -> str:
        await asyncio.sleep(0.1)
        done.append("work")
        return "result"

    waiting = asyncio.create_task(background.finish(background.spawn(work())))
    for _ in range(2):
        await asyncio.sleep(0.02)
        waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert done == ["work"]


async def test_what_needs_longer_goes_on_until_it_is_closed() -> None:
    background = Background()
    task = background.spawn(asyncio.sleep(3600))

    assert await background.finish(task) is None
    assert not task.done()
    await background.aclose()

    assert task.cancelled()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
