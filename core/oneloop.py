"""Binds what can be used on one event loop only to that loop, from its first use to its end."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

from core.errors import WrongEventLoop

Farewell = Callable[[], Awaitable[None]]


class OneLoop:
    """The event loop that something belongs to: the first that it is used on.

    Args:
        farewell: awaited when the loop ends, as at the end of `asyncio.run`, or when the garbage
            collector finds that nobody holds this any more.
    """

    def __init__(self, farewell: Farewell | None = None) -> None:
        self._farewell = farewell
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process_id = os.getpid()
        self._ending: AsyncGenerator[None, None] | None = None

    def check(self) -> None:
        """Return if the running loop is the one.

        Raises:
            WrongEventLoop: it isn't.
        """
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
            self._process_id = os.getpid()
            self._await_end()
        if self._loop is not loop or self.is_left_behind:
            raise WrongEventLoop(
                "An asynchronous client belongs to one event loop, the first that it is used on: "
                "make one in each asyncio.run(), or use ReplicateClient."
            )

    @property
    def is_left_behind(self) -> bool:
        """Whether the loop is that of the process that this one was forked from."""
        return self._loop is not None and self._process_id != os.getpid()

    def _await_end(self) -> None:
        if self._farewell is not None:
            # A loop closes every asynchronous generator that has begun and is still there.
            self._ending = self._until_end(self._farewell)
            with suppress(StopIteration):
                anext(self._ending).__await__().send(None)

    async def _until_end(self, farewell: Farewell) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            if not self.is_left_behind:
                await farewell()
