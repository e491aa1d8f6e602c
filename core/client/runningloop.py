"""An event loop and its thread, which hold nothing of those who use them."""

import asyncio
import atexit
import concurrent.futures.thread  # noqa: F401 # before what is registered below, to come after it
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any, Generic, NoReturn, TypeVar

from core.client.background import FAREWELL_SECONDS
from core.errors import AlreadyClosed, WrongEventLoop

T = TypeVar("T")

Work = Callable[[], Coroutine[Any, Any, T]]
"""Makes the coroutine to run: on the loop's own thread, so that none is made and never awaited."""


class RunningLoop:
    """A loop that runs on a daemon thread until it is ended; safe from any thread.

    At the program's end it is ended, too, within `FAREWELL_SECONDS`.

    Args:
        name: the thread's.
        farewell: what to run before the loop ends.

    Attributes:
        is_ending: whether nothing can be run any more.
        ended: done when it has ended, with the farewell's error, if it raised one.
    """

    def __init__(self, name: str, farewell: Work[None]) -> None:
        self.loop: asyncio.AbstractEventLoop = _Loop()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.is_ending = False
        self.ended: Future[None] = Future()
        self.process_id = os.getpid()
        self._farewell = farewell
        self._lock = threading.RLock()  # the garbage collector may call back from inside it
        self._is_leaving = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        _all_running.add(self)
        self._thread.start()

    def submit(self, work: Work[T]) -> "Call[T]":
        """Begin to run a coroutine.

        Raises:
            AlreadyClosed: the loop ends.
        """
        with self._lock:  # or it could come behind the loop's end, and never be answered
            if self.is_ending:
                refuse_closed()
            return Call(work, self)

    def end(self) -> bool:
        """Begin to end: cancel what still runs, run the farewell. False if it did already."""
        with self._lock:
            is_first = not self.is_ending
            self.is_ending = True
            if is_first:
                self.loop.call_soon_threadsafe(self._is_leaving.set)
            return is_first

    def close(self) -> None:
        """End, and wait for it. Who is interrupted meanwhile waits for `FAREWELL_SECONDS` more.

        Raises:
            RuntimeError: this is its own thread; and whatever the farewell raises.
        """
        self.refuse_own_thread()
        is_first = self.end()
        try:
            # Not the thread itself: Python 3.11 takes one for dead whose join is interrupted.
            error = self.ended.exception()
        except BaseException:
            outlast(self.ended, FAREWELL_SECONDS)
            raise
        self._thread.join()
        if is_first and error is not None:
            raise error

    def is_own_thread(self) -> bool:
        """Whether the caller is a callback, or the garbage collector in it."""
        return threading.current_thread() is self._thread

    def refuse_own_thread(self) -> None:
        """Refuse to wait on the loop's own thread, for itself.

        Raises:
            RuntimeError: this is it.
        """
        if self.is_own_thread():
            raise RuntimeError(
                "A blocking method was called in a callback of the client, where it would wait for "
                "itself: hand the work to a thread of your own."
            )

    def _serve(self) -> None:
        error: BaseException | None = None
        try:
            with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                runner.run(self._live())
        except BaseException as raised:
            error = raised
        _all_running.discard(self)
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)

    async def _live(self) -> None:
        await self._is_leaving.wait()
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=FAREWELL_SECONDS)
        await self._farewell()


class Call(Generic[T]):
    """One coroutine on a running loop; `future` gets its result for other threads."""

    def __init__(self, work: Work[T], running: RunningLoop) -> None:
        self.future: Future[T] = Future()
        self.future.set_running_or_notify_cancel()  # only the coroutine itself can be cancelled
        self._work = work
        self._running = running
        running.loop.call_soon_threadsafe(self._start)

    def cancel(self) -> None:
        """Cancel the coroutine; `future` is done when it has ended."""
        with suppress(RuntimeError):  # the loop has ended, and the coroutine with it
            self._running.loop.call_soon_threadsafe(lambda: self._task.cancel())

    def leave(self) -> None:
        """Cancel the coroutine and wait for its end, where that is possible, within bounds."""
        if not self.future.done():
            self.cancel()
            self.outlast()

    def outlast(self) -> None:
        """Wait for the coroutine's end, where that is possible, within bounds."""
        if not self._running.is_own_thread():
            outlast(self.future, FAREWELL_SECONDS)

    def _start(self) -> None:
        self._task = self._running.loop.create_task(self._run())
        self._running.tasks.add(self._task)
        self._task.add_done_callback(self._finish)

    async def _run(self) -> T:
        return await self._work()

    def _finish(self, task: asyncio.Task[T]) -> None:
        self._running.tasks.discard(task)
        if task.cancelled():
            self.future.set_exception(AlreadyClosed(_CLOSED))
        elif (error := task.exception()) is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(task.result())


class _Loop(asyncio.SelectorEventLoop):
    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        try:
            return await super().getaddrinfo(host, port, **options)
        except RuntimeError:  # at the program's end there are no threads to do it any more
            return socket.getaddrinfo(host, port, **options)


def outlast(future: Future[Any], seconds: float) -> None:
    """Wait until it is done, so many seconds at most, however often Ctrl+C is pressed."""
    end = time.monotonic() + seconds
    while not future.done() and (left := end - time.monotonic()) > 0:
        with suppress(KeyboardInterrupt):
            wait([future], timeout=left)


def refuse_closed() -> NoReturn:
    """Tell that nothing can be run any more.

    Raises:
        AlreadyClosed: always.
    """
    raise AlreadyClosed(_CLOSED)


def refuse_forked() -> NoReturn:
    """Tell that a loop's thread isn't there.

    Raises:
        WrongEventLoop: always.
    """
    raise WrongEventLoop(
        "This was opened before the process was forked: open it again in this one."
    )


_CLOSED = "This client is closed: make a new one."

_all_running: set[RunningLoop] = set()


def _end_all() -> list[RunningLoop]:
    ours = [one for one in list(_all_running) if one.process_id == os.getpid()]
    for one in ours:
        one.end()
    return ours


@atexit.register
def _close_all() -> None:
    """End all that run in this process, and wait until what they cancel is cancelled."""
    ours = _end_all()
    end = time.monotonic() + FAREWELL_SECONDS
    for one in ours:
        outlast(one.ended, end - time.monotonic())


def _end_if_interrupted() -> None:
    """Let no thread go on with a run when Ctrl+C has ended the main one, which waits for them."""
    if getattr(sys, "last_type", None) is KeyboardInterrupt:
        _end_all()


# There is no public way to be called before the main thread waits for those of a pool.
threading._register_atexit(_end_if_interrupted)  # type: ignore[attr-defined]
