"""Long work on the processor, in a thread that ends with whoever waits for it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias, TypeVar

Check: TypeAlias = Callable[[], None]
"""Called by the work now and then; raises once nobody wants its result any more."""

T = TypeVar("T")


@asynccontextmanager
async def in_thread(work: Callable[[Check], T]) -> AsyncIterator[asyncio.Task[T]]:
    """Begin some work in a thread; when the block is left, it is over."""
    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise _Stopped

    task = asyncio.create_task(asyncio.to_thread(work, check))
    task.add_done_callback(_look_at)
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait({task})


class _Stopped(Exception):
    """Ends the thread."""


def _look_at(task: asyncio.Task[T]) -> None:
    """Take note of how it ended: nobody waits for work that was stopped."""
    if not task.cancelled():
        task.exception()
