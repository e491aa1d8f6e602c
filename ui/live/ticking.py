"""Keeps a page alive between events: a stream of events with regular ticks in between."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

T = TypeVar("T")

TICK_SECONDS = 0.25
"""Gradio notices a closed tab when a handler yields, so handlers yield at least this often."""


async def with_ticks(
    events: AsyncGenerator[T], *, seconds: float = TICK_SECONDS
) -> AsyncGenerator[T | None]:
    """Yield each event as it comes, and None whenever `seconds` pass without one.

    Closing this closes `events` too.
    """
    upcoming: asyncio.Task[T] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.create_task(_next(events))
            done, _ = await asyncio.wait({upcoming}, timeout=seconds)
            if not done:
                yield None
                continue
            try:
                event = upcoming.result()
            except StopAsyncIteration:
                return
            finally:
                upcoming = None
            yield event
    finally:
        if upcoming is not None:
            upcoming.cancel()
            await asyncio.wait({upcoming})
        await events.aclose()


async def _next(events: AsyncGenerator[T]) -> T:
    return await anext(events)
