"""The bridge between threads: in order, without hops, and with memory for so many items only."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Iterator

import pytest

from core import AlreadyClosed
from core.client.loopthread import LoopThread
from tests.core.waiting import until_blocking


async def nothing() -> None:
    """Nothing is left to close."""


@pytest.fixture
def loop_thread() -> Iterator[LoopThread]:
    loop_thread = LoopThread("bridge", farewell=nothing)
    yield loop_thread
    loop_thread.close()


class Numbers:
    """Counts for ever, as fast as it is let; tells how far it came, and whether it was closed."""

    def __init__(self, *, fails_at: int = -1, pauses_at: int = -1) -> None:
        self.reached = -1
        self.is_closed = False
        self._fails_at = fails_at
        self._pauses_at = pauses_at

    async def read(self) -> AsyncGenerator[int, None]:
        try:
            while True:
                self.reached += 1
                if self.reached == self._fails_at:
                    raise ZeroDivisionError
                if self.reached == self._pauses_at:
                    await asyncio.sleep(3600)
                yield self.reached
        finally:
            await asyncio.sleep(0)
            self.is_closed = True


def test_items_come_in_order_and_then_the_error(loop_thread: LoopThread) -> None:
    numbers = Numbers(fails_at=1_000)
    seen = []

    with pytest.raises(ZeroDivisionError):
        seen.extend(loop_thread.iterate(numbers.read(), ahead=64))
    for number in loop_thread.iterate(Numbers(fails_at=10).read(), ahead=64):
        seen.append(number)
        if number == 5:
            break

    assert seen == [*range(1_000), *range(6)]


@pytest.mark.parametrize("ahead", [1, 64])
def test_what_nobody_takes_is_not_read(loop_thread: LoopThread, ahead: int) -> None:
    numbers = Numbers()
    items = loop_thread.iterate(numbers.read(), ahead=ahead)

    first = next(items)
    time.sleep(0.05)
    reached = numbers.reached
    others = [next(items) for _ in range(3 * ahead)]
    time.sleep(0.05)

    assert [first, *others] == list(range(3 * ahead + 1))
    assert reached <= ahead
    assert numbers.reached <= 5 * ahead


def test_leaving_early_closes_it_before_it_goes_on(loop_thread: LoopThread) -> None:
    numbers = Numbers()

    for number in loop_thread.iterate(numbers.read(), ahead=64):
        if number == 100:
            break

    assert numbers.is_closed


def test_who_waits_for_an_item_is_told_of_the_end(loop_thread: LoopThread) -> None:
    numbers = Numbers(pauses_at=2)
    ends: list[BaseException] = []

    def read() -> None:
        try:
            list(loop_thread.iterate(numbers.read(), ahead=64))
        except AlreadyClosed as error:
            ends.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    until_blocking(lambda: numbers.reached == 2)

    loop_thread.close()

    reading.join(timeout=3)
    assert [type(end) for end in ends] == [AlreadyClosed]
    assert numbers.is_closed


def test_a_thousand_items_take_few_wakings(loop_thread: LoopThread) -> None:
    """What makes it quick: who takes them finds many at once."""
    wakings = 0
    take = loop_thread.iterate(Numbers(fails_at=10_000).read(), ahead=256)
    wake = loop_thread._begun().loop.call_soon_threadsafe

    def counting(*args: object) -> object:
        nonlocal wakings
        wakings += 1
        return wake(*args)  # type: ignore[arg-type]

    loop_thread._begun().loop.call_soon_threadsafe = counting  # type: ignore[assignment,method-assign]
    with pytest.raises(ZeroDivisionError):
        for _ in take:
            pass

    assert wakings < 200
