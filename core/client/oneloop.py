"""Binds what can be used on one event loop only to that loop, from its first use to its end."""

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from typing import Any

from core.errors import WrongEventLoop

Farewell = Callable[[], Coroutine[Any, Any, None]]


class OneLoop:
    """The event loop that something belongs to: the first that it is used on.

    Args:
        farewell: a method to await when the loop ends, as at the end of `asyncio.run`, if its
            object is still there.
    """

    def __init__(self, farewell: Farewell | None = None) -> None:
        self._farewell = weakref.WeakMethod(farewell) if farewell is not None else None
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

    def run_soon(self, work: Farewell) -> None:
        """Run something on the loop, if it was used and has not ended; from any thread."""
        if (loop := self._loop) is not None and not self.is_left_behind:
            with suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(lambda: loop.create_task(work()))

    @property
    def is_left_behind(self) -> bool:
        """Whether the loop is that of the process that this one was forked from."""
        return self._loop is not None and self._process_id != os.getpid()

    @property
    def is_used(self) -> bool:
        """Whether there is a loop already, in this process."""
        return self._loop is not None and self._process_id == os.getpid()

    def _await_end(self) -> None:
        # A loop closes, at its end, each asynchronous generator that has begun.
        self._ending = self._until_end()
        with suppress(StopIteration):
            anext(self._ending).__await__().send(None)

    async def _until_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            farewell = self._farewell() if self._farewell is not None else None
            if farewell is not None and not self.is_left_behind:
                await farewell()
