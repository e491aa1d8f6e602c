"""An event loop whose clock jumps to whatever is waited for next: minutes pass in milliseconds."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from core.clock import Clock

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Never blocks: where the loop would sleep, its time moves on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("Everybody waits for something that never comes.")
        ready = super().select(0)
        if not ready:
            self.now += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop on which nothing waits in earnest. For what neither uses threads nor sockets."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the seconds that have passed as far as anybody on it can tell."""
        return self._jumping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns, on a loop of virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def now() -> float:
    """Return the running loop's time, in seconds."""
    return asyncio.get_running_loop().time()


CLOCK = Clock(monotonic=now)
"""The running loop's time, as core takes it."""
