"""Work that is finished although its caller was cancelled, and is waited for at the end."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from core.client.oneloop import OneLoop

T = TypeVar("T")

FAREWELL_SECONDS = 7.0
"""How long whoever is cancelled, or closes, waits for what is to be finished.

A create's answer may be held for 5 s, and only then it is known what there is to cancel.
"""


class Background:
    """Tasks that don't end with whoever started them. Belongs to one event loop."""

    def __init__(self, loop: OneLoop | None = None) -> None:
        self._loop = loop or OneLoop()
        self._deadlines: dict[asyncio.Task[Any], float | None] = {}
        self._keepers: set[_Keeper] = set()

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task; whoever awaits it does so by `asyncio.shield` or `finish`.

        Raises:
            WrongEventLoop: this belongs to another one.
        """
        try:
            self._loop.check()
        except BaseException:
            work.close()
            raise
        task = asyncio.create_task(work)
        # Hidden from `asyncio.run`, which cancels every task in the end: on Ctrl+C, or when there
        # was an error. It also waits for them, and so for this one's keeper.
        asyncio.tasks._unregister_task(task)
        self._deadlines[task] = None
        task.add_done_callback(self._deadlines.pop)
        keeper = _Keeper(self, task)
        self._keepers.add(keeper)
        keeper.add_done_callback(self._keepers.discard)
        return task

    async def finish(self, task: asyncio.Task[T]) -> T | None:
        """Wait for a spawned task, although the caller is cancelled; `FAREWELL_SECONDS` at most.

        Returns:
            Its result, or None when it needs longer; it goes on.

        Raises:
            CancelledError: the caller was cancelled meanwhile; and what the task raises.
        """
        interrupt = None
        now = task.get_loop().time
        while not task.done() and (seconds := self.deadline(task) - now()) > 0:
            try:
                await asyncio.wait({task}, timeout=seconds)
            except asyncio.CancelledError as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt
        return task.result() if task.done() else None

    def deadline(self, task: asyncio.Task[Any]) -> float:
        """Return until when a spawned task is waited for, by its loop's time.

        It is set when somebody waits for it first.
        """
        deadline = self._deadlines.get(task)
        if deadline is None:
            deadline = self._deadlines[task] = task.get_loop().time() + FAREWELL_SECONDS
        return deadline

    def end_in_time(self, task: asyncio.Task[Any]) -> None:
        """Cancel a spawned task if it isn't done by its deadline."""
        if not task.done():
            task.get_loop().call_at(self.deadline(task), task.cancel)

    async def aclose(self) -> None:
        """Wait for what still runs and what that starts; cancel what isn't done by its deadline.

        Raises:
            WrongEventLoop: as `spawn`.
        """
        self._loop.check()
        while self._deadlines:
            for task in self._deadlines:
                self.end_in_time(task)
            await asyncio.wait(self._deadlines)


class _Keeper(asyncio.Task[None]):
    """Waits for a task of the background; being cancelled only sets it a deadline."""

    def __init__(self, background: Background, task: asyncio.Task[Any]) -> None:
        async def wait() -> None:
            await asyncio.wait({task})

        super().__init__(wait(), loop=task.get_loop())
        self._background = background
        self._task = task

    def cancel(self, msg: Any | None = None) -> bool:
        self._background.end_in_time(self._task)
        return False
