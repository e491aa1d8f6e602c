"""An event loop on a thread of its own, for callers that have none or another one."""

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, NoReturn, TypeVar

from core.errors import AlreadyClosed

T = TypeVar("T")

Work = Callable[[], Coroutine[Any, Any, T]]
"""Makes the coroutine to run: on the loop's own thread, so that none is made and never awaited."""

_CANCEL_SECONDS = 10.0


class LoopThread:
    """Runs coroutines on its own loop; safe from any thread."""

    def __init__(self, name: str) -> None:
        self._lock = threading.RLock()  # the garbage collector may call back from inside it
        self._is_closed = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sources: set[AsyncGenerator[Any, None]] = set()
        self._has_ended = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be run any more."""
        return self._is_closed

    def run(self, work: Work[T]) -> T:
        """Run a coroutine and block until its result is there; interrupting cancels it.

        Raises:
            AlreadyClosed: the loop was closed before, or while this waited.
            RuntimeError: this was called on the loop's own thread, which would wait for itself.
        """
        self._refuse_own_thread()
        future = self._submit(work)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            _refuse_closed()
        except BaseException:
            future.cancel()
            raise

    async def bridge(self, work: Work[T]) -> T:
        """Run a coroutine on this loop and await its result on the caller's; so is cancelling.

        Raises:
            AlreadyClosed: as `run`.
        """
        future = self._submit(work)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if self._is_closed and not (caller and caller.cancelling()):
                _refuse_closed()
            raise

    def iterate(self, source: AsyncGenerator[T, None]) -> Iterator[T]:
        """Yield what an asynchronous generator yields; leaving early closes it."""
        turn = asyncio.Lock()  # after an interrupt a step may still be under way
        end: Any = object()

        async def step() -> T:
            async with turn:
                return await anext(source, end)

        async def close() -> None:
            async with turn:
                await source.aclose()

        # Held, or the garbage collector could close it at the same time as this.
        self._sources.add(source)
        try:
            while (item := self.run(step)) is not end:
                yield item
        finally:
            self.finish(close)
            self._sources.discard(source)

    def finish(self, work: Work[None]) -> None:
        """Run what closes something, to its end if that can be waited for.

        It can't on the loop's own thread, where the garbage collector may happen to call this;
        and nothing is left to close once the loop is.
        """
        try:
            if threading.current_thread() is self._thread:
                self._submit(work)
            else:
                self.run(work)
        except AlreadyClosed:
            pass

    def close(self, farewell: Work[None]) -> None:
        """Cancel what still runs, run the farewell, end the loop and its thread; may be repeated.

        Raises:
            RuntimeError: as `run`.
        """
        self._refuse_own_thread()
        with self._lock:
            is_first = not self._is_closed
            self._is_closed = True
            if is_first:
                ending = asyncio.run_coroutine_threadsafe(self._end(farewell), self._loop)
        self._thread.join()
        if is_first:
            ending.result()

    def _submit(self, work: Work[T]) -> Future[T]:
        with self._lock:  # or it could come behind the loop's end, and never be answered
            if self._is_closed:
                _refuse_closed()
            return asyncio.run_coroutine_threadsafe(self._tracked(work), self._loop)

    async def _tracked(self, work: Work[T]) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await work()

    async def _end(self, farewell: Work[None]) -> None:
        try:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=_CANCEL_SECONDS)
            await farewell()
        finally:
            self._has_ended.set()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_end())

    async def _until_end(self) -> None:
        await self._has_ended.wait()

    def _refuse_own_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "A blocking method was called in a callback of the client, where it would wait for "
                "itself: hand the work to a thread of your own."
            )


def _refuse_closed() -> NoReturn:
    raise AlreadyClosed("This client is closed: make a new one.") from None
