"""Callers that want the same at once, and share one call for it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Call(Generic[T]):
    task: asyncio.Task[T]
    callers: int = 0


class SharedCalls(Generic[T]):
    """Calls that are under way, by what they are for. Belongs to one event loop."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call[T]] = {}

    async def call(self, key: str, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what a call returns, or raise its error: of one under way for the key, or anew.

        It is cancelled when nobody waits for it any more.
        """
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _Call(asyncio.create_task(start()))
        call.callers += 1
        try:
            return await asyncio.shield(call.task)
        finally:
            call.callers -= 1
            if call.callers == 0:
                call.task.cancel()
                del self._calls[key]
