"""Time as core reads and spends it: one value, so that a test of ten minutes takes microseconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """How to wait, and how to count the seconds that have passed.

    Attributes:
        sleep: waits so many seconds; what it raises ends what waits.
        monotonic: counts seconds, from anywhere.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic


CLOCK = Clock()
"""The real time."""


def seconds_even_asleep() -> float:
    """Count seconds from anywhere, those in which the machine sleeps too.

    On Linux and macOS `time.monotonic` stands still meanwhile: it would seem to whoever looks for
    a create whose answer was lost to a closed lid that it was sent when the lid was opened.
    """
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if (clock := getattr(time, name, None)) is not None:
            return time.clock_gettime(clock)
    return time.monotonic()
