"""Replicate's rate limits, shared by all requests of a client: who would exceed them waits in line.

600 creates and 3,000 other requests a minute (Replicate docs); an account with little credit has
less, one create in ten seconds, and only answers and refusals tell. So three things are known of a
limit, each better than the one before it: what is documented, what the `ratelimit-*` headers of
answers tell, and what refusals taught. Until one of the latter two is there, creates go out
carefully: first two, then about as many as were not refused so far.
"""

import asyncio
import itertools
import math
from bisect import insort
from collections import deque
from collections.abc import Awaitable, Mapping
from operator import attrgetter
from typing import Literal

from core.backoff import LONGEST_WAIT_SECONDS, OnWait
from core.client.pace import Pace, Sent
from core.clock import CLOCK, Clock
from core.errors import RateLimited

CREATES_A_MINUTE = 600
OTHERS_A_MINUTE = 3_000

Kind = Literal["create", "cancel", "other"]
"""What a request is to the rate limits; cancels save money, and wait for nobody."""

_REASON = "Replicate's rate limit is used up."

_ACCEPTED_SECONDS = 0.2
"""A refusal is there at once; a create's answer may be held back for as long as its model runs."""

_DENSER = 0.9

_NOTEWORTHY_SECONDS = 1.0
"""A wait that turns out so much longer or shorter than it was told is told again."""

_FORGOTTEN_SECONDS = 120.0
"""An account that had too little credit may have more after such a pause."""

_GRAIN = 1e-6
_RECENT = 256


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
        self._most = self._burst = float(a_minute)
        self._per_second = a_minute / 60
        self._is_careful = is_careful
        self._line: list[_Place] = []
        self._tickets = itertools.count()

        self._number = 0
        self._recent: deque[Sent] = deque(maxlen=_RECENT)  # not refused, as far as is known
        self._pending: dict[int, float] = {}
        self._accepted = 0

        self._left = self._burst
        self._left_at = clock.monotonic()
        self._is_told = False
        self._reset_seconds = 0.0
        self._resets_at = -math.inf
        self._refused = 0
        self._sent_at = -math.inf
        self._opens_at = -math.inf
        self._pace = Pace()

    def ticket(self) -> int:
        """Return a place in the order of asking."""
        return next(self._tickets)

    async def turn(
        self,
        *,
        ticket: int | None = None,
        until: float = math.inf,
        on_wait: OnWait | None = None,
        stop: asyncio.Event | None = None,
    ) -> Sent | None:
        """Return when a request may be sent; they are let through in the order of asking.

        Args:
            ticket: its place in that order, for one that was refused and comes again; a new one,
                if not given.
            until: the clock's time after which it isn't worth waiting.
            on_wait: told why and for how many seconds, if it has to wait, and again when that
                turns out otherwise.
            stop: ends the wait when it is set.

        Returns:
            The request, to be noted when it was answered, or None if it was stopped: nothing may
            be sent then.

        Raises:
            RateLimited: it would be later than `until`.
        """
        self._forget()
        place = _Place(self.ticket() if ticket is None else ticket, until)
        insort(self._line, place, key=attrgetter("ticket"))
        self._call(everybody=self._line[-1] is not place)
        try:
            while not (stop and stop.is_set()):
                now, seconds = self._clock.monotonic(), self.seconds()
                is_next = self._line[0] is place
                if is_next and not seconds:
                    return self._sent()
                if now + seconds > until:
                    raise RateLimited(status=429, retry_after_seconds=seconds)
                if on_wait is not None:
                    self._announce(place, now, seconds, on_wait)
                place.is_called.clear()
                waits = [place.is_called.wait(), *([stop.wait()] if stop else [])]
                await _first_of(*waits, *([self._clock.sleep(seconds)] if is_next else []))
            return None
        finally:
            self._line.remove(place)
            self._call()

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
            self._pace = Pace()
        self._call()

    def note_refusal(self, sent: Sent, asked_seconds: float | None) -> None:
        """Note that a request was refused, and for how long, as far as it was told."""
        self._pending.pop(sent.number, None)
        self._recent = deque((one for one in self._recent if one.number != sent.number), _RECENT)
        if asked_seconds is not None and asked_seconds > LONGEST_WAIT_SECONDS:
            return  # nobody waits for so long: each request is answered for itself
        now = self._clock.monotonic()
        before = [one for one in self._recent if one.number < sent.number]
        seconds = self._pace.refused(
            sent,
            asked_seconds,
            now=now,
            last_at=before[-1].at if before else None,
            was_denser=bool(before) and before[-1].since_last < _DENSER * sent.since_last,
        )
        self._set_left(0.0)
        self._is_told = False
        self._burst = self._most
        self._refused = self._number
        self._opens_at = max(self._opens_at, now + seconds)
        self._call(everybody=True)

    def seconds(self) -> float:
        """Return how long the next request has to wait, 0 if it may go at once."""
        now = self._clock.monotonic()
        left = self._refilled(now)
        opens_at = max(self._opens_at, now)
        if self._is_told and left >= 1:
            pass
        elif self._pace.interval is not None:
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
        self._pending[sent.number] = self._sent_at = now
        if self._is_told and self._left < 1:
            self._close(now)
        return sent

    def _hear(self, remaining: int, reset: int, *, sent_since: int) -> None:
        """Believe an answer, but for those that were sent since, which aren't counted in it."""
        now = self._clock.monotonic()
        left = float(remaining - sent_since)
        if self._is_told and sent_since:
            left = min(left, self._refilled(now))  # several answers overtake each other
        known = self._burst if self._is_told else 0.0
        self._burst = min(self._most, max(known, remaining + 1.0))
        self._set_left(max(0.0, left))
        self._is_told = True
        self._reset_seconds, self._resets_at = reset, now + reset
        self._opens_at = -math.inf
        if left < 1:
            self._close(now)

    def _close(self, now: float) -> None:
        """Let nothing through until a window's end, or the second at which a bucket has more."""
        ends_at = self._resets_at if self._resets_at > now else now + self._reset_seconds
        self._opens_at = max(self._opens_at, ends_at)

    def _forget(self) -> None:
        if self._clock.monotonic() - self._sent_at > _FORGOTTEN_SECONDS:
            self._pace = Pace()
            self._accepted = 0

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

    def _announce(self, place: "_Place", now: float, seconds: float, on_wait: OnWait) -> None:
        ahead = self._line.index(place)
        seconds += ahead * (self._pace.interval or 1 / self._per_second)
        if place.goes_at is None or abs(now + seconds - place.goes_at) > _NOTEWORTHY_SECONDS:
            place.goes_at = now + seconds
            on_wait(_REASON, seconds)

    def _call(self, *, everybody: bool = False) -> None:
        """Wake who is next, and those for whom it would now be too late."""
        if not self._line:
            return
        self._line[0].is_called.set()
        seconds = self.seconds()
        if everybody or seconds > _NOTEWORTHY_SECONDS:  # else it is too late for nobody yet
            opens_at = self._clock.monotonic() + seconds
            for place in self._line:
                if everybody or place.until < opens_at:
                    place.is_called.set()


class _Place:
    """A place in the line.

    Attributes:
        goes_at: when it is its turn, as it was last told.
        is_called: set to have it look at the limit again.
    """

    def __init__(self, ticket: int, until: float) -> None:
        self.ticket = ticket
        self.until = until
        self.goes_at: float | None = None
        self.is_called = asyncio.Event()


async def _first_of(*works: Awaitable[object]) -> None:
    """Wait for whichever comes first, end the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"ratelimit-{name}", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
