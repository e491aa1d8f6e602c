"""Servers with a rate limit, as strict as Replicate's, and as vague in what they tell of it."""

import asyncio
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import httpx2

Tells = Literal["exactly", "whole seconds", "rounded down", "in words", "nothing"]
"""What a refusal tells of when to come back."""


class Bucket:
    """A limit that lets so many through at once, and so many a second after that."""

    def __init__(self, burst: float, per_second: float) -> None:
        self.burst = burst
        self.per_second = per_second
        self._left = burst
        self._at = 0.0

    def seconds(self, now: float) -> float:
        """Let one through, or return after how many seconds it could be."""
        self._left = min(self.burst, self._left + (now - self._at) * self.per_second)
        self._at = now
        if self._left < 1 - 1e-9:
            return (1 - self._left) / self.per_second
        self._left -= 1
        return 0.0

    def remaining(self, now: float) -> tuple[int, int]:
        """Return how many are left, and after how many whole seconds there is another."""
        return int(self._left), math.ceil(1 / self.per_second)


class Window:
    """A limit that lets so many through in each stretch of time."""

    def __init__(self, burst: int, window_seconds: float) -> None:
        self.burst = burst
        self.per_second = burst / window_seconds
        self._seconds = window_seconds
        self._left = burst
        self._began = 0.0

    def seconds(self, now: float) -> float:
        """Let one through, or return after how many seconds it could be."""
        if now - self._began >= self._seconds:
            self._began, self._left = now, self.burst
        if not self._left:
            return self._began + self._seconds - now
        self._left -= 1
        return 0.0

    def remaining(self, now: float) -> tuple[int, int]:
        """Return how many are left, and after how many whole seconds it begins anew."""
        return self._left, math.ceil(self._began + self._seconds - now)


@dataclass
class Throttle:
    """What a server answers to creates.

    Attributes:
        tells: what a refusal tells of when to come back.
        has_headers: whether each answer tells of the limit.
        created: when each create was let through.
        refused: when each was refused.
    """

    limit: Bucket | Window
    tells: Tells = "exactly"
    has_headers: bool = False
    created: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """How many creates came."""
        return len(self.created) + len(self.refused)

    def answer(self, now: float) -> tuple[int, Mapping[str, str], Mapping[str, object]]:
        """Return the status, the headers and the problem that a create is answered with."""
        seconds = self.limit.seconds(now)
        if not seconds:
            self.created.append(now)
            if not self.has_headers:
                return 201, {}, {}
            remaining, reset = self.limit.remaining(now)
            return 201, {"ratelimit-remaining": f"{remaining}", "ratelimit-reset": f"{reset}"}, {}
        self.refused.append(now)
        whole = math.ceil(seconds)
        match self.tells:
            case "exactly":
                return 429, {}, {"retry_after": seconds}
            case "whole seconds":
                return 429, {"Retry-After": f"{whole}"}, {}
            case "rounded down":
                return 429, {"Retry-After": f"{int(seconds)}"}, {}
            case "in words":
                return 429, {}, {"detail": f"You are throttled. It resets in ~{whole}s."}
            case "nothing":
                return 429, {}, {}


class ThrottlingApi(httpx2.AsyncBaseTransport):
    """An API behind a throttle, without a network: each create succeeds as soon as it is made.

    Args:
        throttle: answers creates.
        trip_seconds: how long a request is under way, there and back.
        held_seconds: how long an answer is held back for the model's result.
    """

    def __init__(
        self, throttle: Throttle, *, trip_seconds: float = 0.004, held_seconds: float = 0.0
    ) -> None:
        self._throttle = throttle
        self._trip_seconds = trip_seconds
        self._held_seconds = held_seconds
        self._ids = (f"p{number}" for number in itertools.count())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        await asyncio.sleep(self._trip_seconds / 2)
        now = asyncio.get_running_loop().time()
        is_create = request.method == "POST" and request.url.path.endswith("/predictions")
        status, headers, body = self._throttle.answer(now) if is_create else (200, {}, {})
        if status < 300:
            sent = json.loads(request.content or b"{}")
            body = {"id": next(self._ids), "status": "succeeded", "input": sent.get("input")}
            await asyncio.sleep(self._held_seconds if is_create else 0)
        await asyncio.sleep(self._trip_seconds / 2)
        return httpx2.Response(status, headers=headers, json=body)
