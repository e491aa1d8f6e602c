"""Replicate's rate limits, shared by all requests of a client: who would exceed them waits in line.

600 creates and 3,000 other requests a minute (Replicate docs); on granted credit it is less, and
only an answer tells. So the answers' `ratelimit-*` headers count, and a refusal holds up everybody
of its kind: afterwards one request goes first, then two, then four, each second.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from core.oneloop import OneLoop

LONGEST_WAIT_SECONDS = 120.0
"""A longer Retry-After isn't slept through: it is raised, for a person to decide."""

CREATES_A_MINUTE = 600
OTHERS_A_MINUTE = 3_000

Kind = Literal["create", "cancel", "other"]
"""What a request is to the rate limits; cancels save money, and wait for nobody."""

_WINDOW_SECONDS = 60.0
_STEP_SECONDS = 1.0
_LARGEST_STEP = 64
_REASON = "Replicate's rate limit is used up."

OnWait = Callable[[str, float], None]


class Rates:
    """The limits of one account, as its client knows them. Belongs to one event loop.

    Args:
        sleep, clock: replaceable in tests; `clock` counts seconds, from anywhere.
        loop: shared by all that belong to it.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        loop: OneLoop | None = None,
    ) -> None:
        self._loop = loop or OneLoop()
        self._creates = _Line(CREATES_A_MINUTE, sleep=sleep, clock=clock)
        self._others = _Line(OTHERS_A_MINUTE, sleep=sleep, clock=clock)

    async def turn(
        self, kind: Kind, *, has_waited: bool = False, on_wait: OnWait | None = None
    ) -> None:
        """Return when a request may be sent; they are let through in the order of asking.

        Args:
            has_waited: for as long as Replicate asked in its refusal of this very request.
            on_wait: told why and for how many seconds, if it has to wait.

        Raises:
            WrongEventLoop: this belongs to another one.
        """
        self._loop.check()
        if kind != "cancel":
            await self._line(kind).turn(has_waited, on_wait)

    def note(self, kind: Kind, headers: Mapping[str, str]) -> None:
        """Note what an answer tells of the limits.

        Args:
            headers: the answer's, by names in lower case.
        """
        remaining, reset = _number(headers, "remaining"), _number(headers, "reset")
        self._line(kind).note_answer(remaining, reset)

    def note_refusal(self, kind: Kind, seconds: float) -> None:
        """Note that a request was refused, and for how long."""
        self._line(kind).close(seconds)

    def _line(self, kind: Kind) -> "_Line":
        return self._creates if kind == "create" else self._others


class _Line:
    """One limit: so many requests in a window of time, and a line for the next one."""

    def __init__(
        self,
        most: int,
        *,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        self._most = most
        self._sleep = sleep
        self._clock = clock
        self._left = most
        self._ends_at: float | None = None
        self._step: int | None = None
        self._waiting = asyncio.Lock()  # whoever waits gets it in the order of asking

    async def turn(self, has_waited: bool, on_wait: OnWait | None) -> None:
        is_told = False
        if on_wait is not None and not has_waited and (seconds := self._closed_seconds()):
            on_wait(_REASON, seconds)
            is_told = True
        async with self._waiting:
            if has_waited and self._step is not None and not self._left:
                self._begin()
            if seconds := self._closed_seconds():
                if on_wait is not None and not is_told:
                    on_wait(_REASON, seconds)
                await self._sleep(seconds)
                self._begin()
            self._left -= 1

    def note_answer(self, remaining: int | None, reset: float | None) -> None:
        if remaining is not None and reset is not None:
            # Those on their way are counted here already, and not there yet.
            self._left = remaining if self._step is not None else min(self._left, remaining)
            self._step = None
            self._ends_at = self._clock() + reset
        elif self._step is not None:
            self._step *= 2
            if self._step > _LARGEST_STEP:
                self._step = None
                self._begin()

    def close(self, seconds: float) -> None:
        self._left = 0
        self._step = 1
        self._ends_at = self._clock() + seconds

    def _closed_seconds(self) -> float:
        if self._ends_at is None or self._clock() >= self._ends_at:
            self._begin()
        assert self._ends_at is not None
        return 0.0 if self._left > 0 else self._ends_at - self._clock()

    def _begin(self) -> None:
        self._left = self._most if self._step is None else self._step
        length = _WINDOW_SECONDS if self._step is None else _STEP_SECONDS
        self._ends_at = self._clock() + length


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"ratelimit-{name}", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
