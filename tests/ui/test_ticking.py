import asyncio
from collections.abc import AsyncGenerator

import pytest

from ui.live.ticking import with_ticks


async def test_each_event_comes_through_in_order() -> None:
    async def events() -> AsyncGenerator[int]:
        yield 1
        yield 2

    assert [event async for event in with_ticks(events(), seconds=60)] == [1, 2]


async def test_silence_is_filled_with_ticks() -> None:
    go_on = asyncio.Event()

    async def events() -> AsyncGenerator[str]:
        await go_on.wait()
        yield "late"

    ticking = with_ticks(events(), seconds=0.001)
    assert await anext(ticking) is None
    assert await anext(ticking) is None
    go_on.set()
    assert "late" in [event async for event in ticking]


async def test_closing_early_closes_the_source() -> None:
    closed = asyncio.Event()

    async def events() -> AsyncGenerator[int]:
        try:
            yield 1
            await asyncio.sleep(60)
        finally:
            closed.set()

    ticking = with_ticks(events(), seconds=0.001)
    await anext(ticking)
    await anext(ticking)
    await ticking.aclose()

    assert closed.is_set()


async def test_an_error_of_the_source_comes_through() -> None:
    async def events() -> AsyncGenerator[int]:
        yield 1
        raise ZeroDivisionError

    ticking = with_ticks(events(), seconds=60)
    await anext(ticking)
    with pytest.raises(ZeroDivisionError):
        await anext(ticking)
