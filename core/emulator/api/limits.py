"""Rate limits as Replicate has them: 600 creates and 3,000 other requests a minute (its docs)."""

import math
from collections.abc import Callable

from core.emulator.problems import throttled

CREATES_PER_MINUTE = 600
OTHERS_PER_MINUTE = 3000


class RateLimits:
    """Counts each token's requests, creates and others apart.

    Args:
        clock: seconds since any moment.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, bool], tuple[float, int]] = {}

    def count(self, token: str, *, is_create: bool) -> dict[str, str]:
        """Count one request and return the headers that tell what is left.

        Raises:
            Problem: 429, nothing is left until the minute is over.
        """
        limit = CREATES_PER_MINUTE if is_create else OTHERS_PER_MINUTE
        now = self._clock()
        began, used = self._windows.get((token, is_create), (now, 0))
        if not 0 <= now - began < 60:
            began, used = now, 0
        reset = math.ceil(60 - (now - began))
        headers = {
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": str(max(0, limit - used - 1)),
            "ratelimit-reset": str(reset),
        }
        if used >= limit:
            raise throttled(reset, headers)
        self._windows[token, is_create] = began, used + 1
        return headers
