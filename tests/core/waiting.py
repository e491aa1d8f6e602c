"""Waiting for what is promised, but not for when."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from core.clock import Clock
from core.emulator import Emulator


async def _hurry(seconds: float) -> None:
    await asyncio.sleep(seconds if seconds < 0.3 else seconds / 20)


HURRIED = Clock(sleep=_hurry)
"""A clock that sleeps through a long wait, such as one after a failure, in fast motion."""


async def until(condition: Callable[[], bool], *, seconds: float = 3) -> None:
    """Return once the condition holds.

    Raises:
        TimeoutError: it doesn't.
    """
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 # nobody tells
            await asyncio.sleep(0.01)


def until_blocking(condition: Callable[[], bool], *, seconds: float = 3) -> None:
    """Do the same for a test that has no event loop."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


def is_canceled(emulator: Emulator) -> bool:
    """Tell whether the emulator's only prediction was cancelled."""
    return [one["status"] for one in emulator.predictions] == ["canceled"]


def doubled(*seconds: float) -> Any:
    """Return what equals waits that double, with the jitter of core's backoff."""
    return pytest.approx(list(seconds), rel=0.25)
