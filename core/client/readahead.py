"""An asynchronous generator's items for a thread that blocks: in order, without a hop for each."""

import asyncio
import os
import queue
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import Future
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from core.client.runningloop import refuse_forked

T = TypeVar("T")


class ReadAhead(Generic[T]):
    """Reads a generator on its loop while another thread takes what is there.

    It stops at `limit` items that nobody has taken, until they are taken and more is wanted: what
    isn't read takes no memory. With 1 it is one item ahead at most.

    Args:
        loop: the generator's.
    """

    def __init__(
        self, source: AsyncGenerator[T, None], *, limit: int, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._source = source
        self._limit = limit
        self._loop = loop
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._is_paused = False
        self._is_wanted = asyncio.Event()

    async def fill(self) -> None:
        """Read the generator to its end, or until this is cancelled, and close it."""
        items, limit = self._items, self._limit
        async with aclosing(self._source) as source:
            async for item in source:
                items.put(item)
                if items.qsize() >= limit:
                    await self._until_wanted()

    def end(self, filled: Future[None]) -> None:
        """Let the items end, as `fill` has: with its error, if there was one."""
        self._items.put(_End(filled.exception()))

    def __iter__(self) -> Iterator[T]:
        items, opened_in = self._items, os.getpid()
        while True:
            if os.getpid() != opened_in:
                refuse_forked()
            if self._is_paused and items.empty():
                self._loop.call_soon_threadsafe(self._is_wanted.set)
            item = items.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    async def _until_wanted(self) -> None:
        self._is_wanted.clear()
        self._is_paused = True  # before the last look, or each could wait for the other
        if self._items.qsize() >= self._limit:
            await self._is_wanted.wait()
        self._is_paused = False


class _End:
    """Comes after the last item."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error
