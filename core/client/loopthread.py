"""Runs coroutines for callers that have no event loop, or another one."""

import asyncio
import os
import threading
import warnings
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from typing import TypeVar

from core.client.readahead import ReadAhead
from core.client.runningloop import Call, RunningLoop, Work, refuse_closed, refuse_forked
from core.errors import AlreadyClosed, WrongEventLoop

T = TypeVar("T")


class LoopThread:
    """Runs coroutines on a loop of its own; safe from any thread. The loop begins with the first.

    It is closed at the program's end, and, with a ResourceWarning, when nobody holds it any more.
    In a process that is forked from this one it can't be used.

    Args:
        name: its thread's.
        farewell: what to run before the loop ends; it must not hold this.
    """

    def __init__(self, name: str, *, farewell: Work[None]) -> None:
        self._running: RunningLoop | None = None
        self._name = name
        self._farewell = farewell
        self._process_id = os.getpid()
        self._lock = threading.RLock()  # the garbage collector may call back from inside it
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be run any more."""
        return self._is_closed or (self._running is not None and self._running.is_ending)

    def run(self, work: Work[T]) -> T:
        """Run a coroutine and block until its result is there.

        An interrupt cancels it, and is raised when it has ended, or after `FAREWELL_SECONDS`.

        Raises:
            AlreadyClosed: the loop was closed before, or while this waited.
            WrongEventLoop: it is the loop of the process that this one was forked from.
            RuntimeError: this was called on the loop's own thread, which would wait for itself.
        """
        running = self._begun()
        running.refuse_own_thread()
        call: Call[T] | None = None
        try:
            call = running.submit(work)
            return call.future.result()
        except BaseException:
            if call is not None:
                call.leave()
            raise

    async def bridge(self, work: Work[T]) -> T:
        """Run a coroutine on this loop and await its result on the caller's; so is cancelling.

        Raises:
            AlreadyClosed, WrongEventLoop: as `run`.
        """
        call = self._begun().submit(work)
        try:
            return await asyncio.wrap_future(call.future)
        except asyncio.CancelledError:
            call.cancel()
            raise

    def iterate(self, source: AsyncGenerator[T, None], *, ahead: int = 1) -> Iterator[T]:
        """Yield what an asynchronous generator yields; leaving early closes it.

        Args:
            ahead: how many items are read before they are wanted, at most.

        Raises:
            AlreadyClosed, WrongEventLoop, RuntimeError: as `run`.
        """
        running = self._begun()
        running.refuse_own_thread()
        items = ReadAhead(source, limit=ahead, loop=running.loop)
        call: Call[None] | None = None
        try:
            call = running.submit(items.fill)
            call.future.add_done_callback(items.end)
            yield from items
        finally:
            if call is not None and not self._is_left_behind:
                call.leave()

    def finish(self, work: Work[None]) -> None:
        """Run what closes something, to its end if that can be waited for.

        It can't on the loop's own thread, where the garbage collector may happen to call this;
        and nothing is left to close once the loop is, or in a process that was forked since.
        """
        with suppress(AlreadyClosed, WrongEventLoop):
            self._begun().submit(work).outlast()

    def close(self) -> None:
        """Cancel what still runs, run the farewell, end the loop and its thread; may be repeated.

        Raises:
            RuntimeError: as `run`.
        """
        if self._is_left_behind:
            return
        with self._lock:
            running = self._running
            self._is_closed = running is None
        if running is not None:
            running.close()

    def __del__(self) -> None:
        if self._running is not None and not self._is_left_behind and self._running.end():
            warnings.warn(
                f"unclosed {self._name}: close it, or use it by `with`",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

    @property
    def _is_left_behind(self) -> bool:
        return self._process_id != os.getpid()

    def _begun(self) -> RunningLoop:
        if self._is_left_behind:
            refuse_forked()
        with self._lock:
            if self._is_closed:
                refuse_closed()
            if self._running is None:
                self._running = RunningLoop(self._name, self._farewell)
            return self._running
