"""A world in which nobody waits long, so that hundreds of runs fit into a minute."""

import asyncio
import time

import httpx2

from core.clock import Clock

_SHORT_SECONDS = 0.05
_SPEED = 30.0
_SILENCE_SECONDS = 1.0


async def sleep(seconds: float) -> None:
    """Sleep a short time as it is asked for, and a long one in fast motion."""
    await asyncio.sleep(
        seconds if seconds < _SHORT_SECONDS else max(_SHORT_SECONDS, seconds / _SPEED)
    )


def _monotonic() -> float:
    return time.monotonic() * _SPEED


HURRIED = Clock(sleep=sleep, monotonic=_monotonic)
"""A clock that goes as fast as it sleeps: a rate limit looks at it before it opens."""


class ImpatientTransport(httpx2.AsyncHTTPTransport):
    """Gives a silent server up after a second, where half a minute is usual."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request."""
        request.extensions["timeout"] = {**request.extensions["timeout"], "read": _SILENCE_SECONDS}
        return await super().handle_async_request(request)
