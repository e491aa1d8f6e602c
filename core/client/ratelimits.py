"""Replicate's rate limits, shared by all requests of a client: who would exceed them waits in line.

600 creates and 3,000 other requests a minute (Replicate docs); an account with little credit has
less, one create in ten seconds, and only answers and refusals tell. So three things are known of a
limit, each better than the one before it: what is documented, what the `ratelimit-*` headers of
answers tell, and what refusals taught. Until one of the latter two is there, creates go out
carefully: first two, then about as many as were not refused so far.
"""

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from core.backoff import LONGEST_WAIT_SECONDS, OnWait
from core.clock import CLOCK, Clock
from core.errors import RateLimited

CREATES_A_MINUTE = 600
OTHERS_A_MINUTE = 3_000

Kind = Literal["create", "cancel", "other"]
"""What a request is to the rate limits; cancels save money, and wait for nobody."""

_REASON = "Replicate's rate limit is used up."

_ACCEPTED_SECONDS = 0.2
"""A refusal is there at once; a create's answer may be held back for as long as its model runs."""

_CLOSE_ENOUGH = 0.08
"""How near to the limit an interval is learned; each step nearer may cost a refusal."""

_FORGETTING = 0.998

_SHORTEST_REFUSAL_SECONDS = 0.1
_GRAIN = 1e-6
_RECENT = 256


@dataclass(frozen=True)
class Sent:
    """A request that was let through.

    Attributes:
        number: counted from the limit's first.
        at: when, by the clock.
        since_last: seconds since the one before it that wasn't refused.
        interval: the one that was learned by then.
    """

    number: int
    at: float
    since_last: float
    interval: float | None


class RateLimits:
    """The limits of one account, as its client knows them. Belongs to one event loop."""

    def __init__(self, *, clock: Clock = CLOCK) -> None:
        self._creates = RateLimit(CREATES_A_MINUTE, clock=clock, is_careful=True)
        self._others = RateLimit(OTHERS_A_MINUTE, clock=clock)

    def of(self, kind: Kind) -> "RateLimit | None":
        """Return the limit that a kind of request is under, None if under none."""
        match kind:
            case "create":
                return self._creates
            case "other":
                return self._others
            case "cancel":
                return None


class RateLimit:
    """One limit, and the line before it.

    Args:
        a_minute: what is documented: so many at once, and so many a minute.
        is_careful: not all of that at once, until it is known that they may.
    """

    def __init__(self, a_minute: int, *, clock: Clock = CLOCK, is_careful: bool = False) -> None:
        self._clock = clock
        self._burst = float(a_minute)
        self._per_second = a_minute / 60
        self._is_careful = is_careful
        self._line = asyncio.Lock()  # whoever waits gets it in the order of asking
        self._waiting = 0
        self._news = asyncio.Event()

        self._number = 0
        self._recent: deque[Sent] = deque(maxlen=_RECENT)  # not refused, as far as is known
        self._pending: dict[int, float] = {}
        self._accepted = 0

        self._left = self._burst
        self._left_at = clock.monotonic()
        self._is_told = False
        self._refused = 0
        self._opens_at = -math.inf
        self._pace = _Pace()

    async def turn(
        self,
        *,
        until: float = math.inf,
        on_wait: OnWait | None = None,
        stop: asyncio.Event | None = None,
    ) -> Sent:
        """Return when a request may be sent; they are let through in the order of asking.

        Args:
            until: the clock's time after which it isn't worth waiting.
            on_wait: told why and for how many seconds, if it has to wait.
            stop: ends the wait when it is set, and lets the request through, to be dropped.

        Raises:
            RateLimited: it would be later than `until`.
        """
        if not self._waiting and not self.seconds():
            return self._sent()
        self._waiting += 1
        try:
            apart = self._pace.interval or 1 / self._per_second
            expected = self.seconds() + (self._waiting - 1) * apart
            if on_wait is not None and expected:
                on_wait(_REASON, expected)
            async with self._line:
                while (seconds := self.seconds()) and not (stop and stop.is_set()):
                    if self._clock.monotonic() + seconds > until:
                        raise RateLimited(status=429, retry_after_seconds=seconds)
                    if on_wait is not None and abs(seconds - expected) > 1:
                        on_wait(_REASON, seconds)
                    expected = seconds
                    await self._sleep(seconds, stop)
                return self._sent()
        finally:
            self._waiting -= 1

    def note_answer(self, sent: Sent, headers: Mapping[str, str]) -> None:
        """Note that a request was answered, and what its answer tells of the limit.

        Args:
            headers: the answer's; they are found by names in any case.
        """
        self._accept(sent.number)
        remaining, reset = _number(headers, "remaining"), _number(headers, "reset")
        # What was sent before a refusal, and answered after it, knows nothing of that.
        if remaining is not None and reset is not None and sent.number > self._refused:
            self._hear(remaining, reset, sent_since=self._number - sent.number)
        self._pace.accepted(sent)
        if (self._pace.interval or math.inf) * self._per_second <= 1:
            self._pace = _Pace()
        self._tell()

    def note_refusal(self, sent: Sent, asked_seconds: float | None) -> None:
        """Note that a request was refused, and for how long, as far as it was told."""
        self._pending.pop(sent.number, None)
        self._recent = deque((one for one in self._recent if one.number != sent.number), _RECENT)
        if asked_seconds is not None and asked_seconds > LONGEST_WAIT_SECONDS:
            return  # nobody waits for so long: each request is answered for itself
        now = self._clock.monotonic()
        before = [one for one in self._recent if one.number < sent.number]
        last_at = before[-1].at if before else None
        seconds = self._pace.refused(sent, asked_seconds, now=now, last_at=last_at)
        self._set_left(0.0)
        self._is_told = False
        self._refused = self._number
        self._opens_at = max(self._opens_at, now + seconds)
        self._tell()

    def seconds(self) -> float:
        """Return how long the next request has to wait, 0 if it may go at once."""
        now = self._clock.monotonic()
        left = self._refilled(now)
        if self._is_told and left >= 1:
            return max(0.0, self._opens_at - now)
        opens_at = max(self._opens_at, now)
        if self._pace.interval is not None:
            last_at = self._recent[-1].at if self._recent else -math.inf
            opens_at = max(opens_at, last_at + self._pace.interval)
        elif left < 1:
            opens_at = max(opens_at, now + (1 - left) / self._per_second)
        elif self._is_careful and not self._is_told:
            opens_at = max(opens_at, self._proven_at(now))
        # A clock's own grain mustn't make a wait of nanoseconds.
        return seconds if (seconds := opens_at - now) > _GRAIN else 0.0

    def _sent(self) -> Sent:
        now = self._clock.monotonic()
        self._set_left(self._refilled(now) - 1)
        self._number += 1
        since_last = now - self._recent[-1].at if self._recent else math.inf
        sent = Sent(self._number, now, since_last, self._pace.interval)
        self._recent.append(sent)
        self._pending[sent.number] = now
        return sent

    def _hear(self, remaining: int, reset: int, *, sent_since: int) -> None:
        """Believe an answer, but for those that were sent since, which aren't counted in it."""
        now = self._clock.monotonic()
        left = float(remaining - sent_since)
        if self._is_told and sent_since:
            left = min(left, self._refilled(now))  # several answers overtake each other
        self._set_left(max(0.0, left))
        self._is_told = True
        # A window's end, or the second at which a bucket has more.
        self._opens_at = now + reset if left < 1 else -math.inf

    def _accept(self, number: int) -> None:
        if self._pending.pop(number, None) is not None:
            self._accepted += 1

    def _proven_at(self, now: float) -> float:
        """Return when one more may go, while it isn't known how many may."""
        for number, at in list(self._pending.items()):
            if now - at < _ACCEPTED_SECONDS - _GRAIN:
                break
            self._accept(number)
        most = max(2, min(self._accepted, 3 + self._accepted // 4))
        if len(self._pending) < most:
            return now
        return next(iter(self._pending.values())) + _ACCEPTED_SECONDS

    def _refilled(self, now: float) -> float:
        since = max(0.0, now - self._left_at)
        return min(self._burst, self._left + since * self._per_second)

    def _set_left(self, left: float) -> None:
        self._left = left
        self._left_at = self._clock.monotonic()

    def _tell(self) -> None:
        self._news.set()

    async def _sleep(self, seconds: float, stop: asyncio.Event | None) -> None:
        """Wait, until there is news of the limit at the longest: an answer may have moved it."""
        self._news.clear()
        waits = [
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(self._news.wait()),
            *([] if stop is None else [asyncio.ensure_future(stop.wait())]),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            for wait in waits:
                with suppress(asyncio.CancelledError):
                    await wait


class _Pace:
    """The interval between requests that refusals taught; none while there were none.

    A refusal that comes one request after another says how far apart they must be, to the second
    where it tells whole seconds. Between what was refused and what was accepted it is halved.
    """

    def __init__(self) -> None:
        self.interval: float | None = None
        self._too_short = 0.0
        self._good: float | None = None
        self._learned_at = -math.inf
        self._number = 0
        self._vain = 0

    def accepted(self, sent: Sent) -> None:
        """Go nearer to the limit, after a request that was sent at the interval of now."""
        if self.interval is None or sent.interval != self.interval or sent.at < self._learned_at:
            return
        self._vain = 0
        self._good = self.interval
        if self.interval - self._too_short > _CLOSE_ENOUGH * self.interval:
            self.interval = (self.interval + self._too_short) / 2
        else:
            self._too_short *= _FORGETTING  # now and then it is tried once more

    def refused(
        self, sent: Sent, asked_seconds: float | None, *, now: float, last_at: float | None
    ) -> float:
        """Learn from a refusal, and return how long nothing is worth sending.

        Args:
            last_at: when the one before it was sent that wasn't refused.
        """
        if sent.at < self._learned_at:
            return asked_seconds or 0.0  # it was on its way when the last one taught the same
        seconds = max(asked_seconds or 0.0, _SHORTEST_REFUSAL_SECONDS)
        if asked_seconds is None or self._vain:
            seconds = max(seconds, min(LONGEST_WAIT_SECONDS, 0.25 * 2**self._vain))
        whole_seconds = asked_seconds is None or asked_seconds == int(asked_seconds)
        told = (now - last_at if last_at is not None else 0.0) + seconds
        accepted_since = sent.number - self._number - 1
        since_last = min(sent.since_last, told)
        if accepted_since == 0 and self.interval is not None:
            self._vain += 1
            self._too_short = max(self._too_short, since_last)
            self.interval = max(told, self._too_short * (1 + _CLOSE_ENOUGH))
        elif self.interval is None:
            is_interval = accepted_since == 1 and last_at is not None
            inexact = 1.0 if whole_seconds else _CLOSE_ENOUGH * told
            self._too_short = max(since_last, told - inexact) if is_interval else since_last
            self.interval = told
        else:
            self._too_short = since_last
            is_better = self._good is not None and self._good > since_last * (1 + _CLOSE_ENOUGH)
            self.interval = self._good if is_better else min(told, since_last * 1.5)
        self._good = None
        self._number = sent.number
        self._learned_at = now
        return seconds


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"ratelimit-{name}", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
