"""The one retry policy: what is tried again, how often, and how long is waited in between.

    async for attempt in backoff.attempts("predictions.get"):
        with attempt:
            return await send()

Requests, polls, streams, downloads and jobs all try again by it.
"""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tenacity import AsyncRetrying, AttemptManager, RetryCallState

from core.clock import CLOCK, Clock
from core.errors import (
    ConnectionFailed,
    ConnectionLost,
    MalformedResponse,
    RateLimited,
    ServerError,
)
from core.logs import get_logger

LONGEST_WAIT_SECONDS = 120.0
"""A longer Retry-After isn't slept through: it is raised, for a person to decide."""

OnWait = Callable[[str, float], None]
"""Told of each wait before it begins: a sentence on why, and how many seconds."""

Sleep = Callable[[float], Awaitable[None]]

Retryable = Callable[[BaseException], bool]
"""Tells which errors are worth another attempt."""

_FIRST_SECONDS = 2.0
_AFTER_PROGRESS_SECONDS = 0.25
_LONGEST_SECONDS = 20.0
_MOST_DOUBLINGS = 16  # whoever polls for hours counts thousands of failures
_JITTER = 0.25
"""Two attempts later, at the usual three, 4.5 to 7.5 s have passed: a gateway has restarted."""

_TRANSIENT = (ConnectionFailed, ConnectionLost, MalformedResponse, RateLimited, ServerError)


def is_passing(error: BaseException) -> bool:
    """Tell whether an error may be over by itself, if one waits for long enough."""
    return isinstance(error, _TRANSIENT)


def is_transient(error: BaseException) -> bool:
    """Tell whether a request that changes nothing, or may be repeated, is worth another attempt."""
    return is_passing(error) and not _asks_too_long(error)


def is_unprocessed(error: BaseException) -> bool:
    """Tell whether a create was certainly not carried out, so that it may be sent again."""
    return isinstance(error, ConnectionFailed | RateLimited) and not _asks_too_long(error)


def is_ambiguous(error: BaseException) -> bool:
    """Tell whether a create may have been carried out although it ended in an error."""
    return isinstance(error, ConnectionLost | MalformedResponse | ServerError)


def says_when(error: BaseException | None) -> bool:
    """Tell whether Replicate refused a request for now, and said when to come back.

    That is how an account with little credit works normally, and no sign of an outage: it costs
    neither an attempt nor any of the budget.
    """
    return isinstance(error, RateLimited) and error.retry_after_seconds is not None


def wait_seconds(
    error: BaseException | None,
    failures: int,
    *,
    longest: float = _LONGEST_SECONDS,
    draw: Callable[[float, float], float] = random.uniform,
) -> float:
    """Return how long to wait after so many failures: what the server asks, else a doubling time.

    Args:
        failures: how many in a row, this one included; 0 after one that brought something.
        longest: where the doubling ends.
        draw: draws the jitter, so that many callers don't come back together.
    """
    asked = getattr(error, "retry_after_seconds", None)
    if asked is not None:
        return float(asked)
    seconds = _AFTER_PROGRESS_SECONDS
    if failures:
        seconds = min(longest, _FIRST_SECONDS * 2 ** min(failures - 1, _MOST_DOUBLINGS))
    return seconds * draw(1 - _JITTER, 1 + _JITTER)


class RetryBudget:
    """Bounds what an outage costs: retries are at most a share of the calls, whoever makes them.

    Each call adds `share` of a retry, up to `reserve`, which is also what it starts with: over
    1,000 calls that all fail, at most 1,000 × share + reserve retries are sent.
    """

    def __init__(self, *, share: float = 0.08, reserve: float = 10.0) -> None:
        self._share = share
        self._reserve = reserve
        self._left = reserve

    def note_call(self) -> None:
        """Count one call."""
        self._left = min(self._reserve, self._left + self._share)

    def spend(self) -> bool:
        """Take one retry out; False when there is none left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


PROCESS_BUDGET = RetryBudget()
"""Shared by all clients of the process, since they share one API."""


@dataclass(frozen=True)
class Backoff:
    """How patient something is.

    Attributes:
        most_attempts: in all, the first included; any number when None.
        patience_seconds: after so long nothing is tried again.
        budget: pays for each retry; they are free when None.
        clock, draw: replaceable in tests.
        longest_seconds: the longest wait that the server didn't ask for.
    """

    most_attempts: int | None
    patience_seconds: float = float("inf")
    budget: RetryBudget | None = None
    clock: Clock = CLOCK
    draw: Callable[[float, float], float] = field(default=random.uniform, repr=False)
    longest_seconds: float = _LONGEST_SECONDS

    def attempts(
        self,
        name: str,
        *,
        retryable: Retryable = is_transient,
        on_wait: OnWait | None = None,
        until: float = float("inf"),
        sleep: Sleep | None = None,
        progress: Callable[[], float] = lambda: 0,
        reason: Callable[[BaseException], str] = str,
        **logged: object,
    ) -> AsyncIterator[AttemptManager]:
        """Yield attempts until one succeeds; the last error is raised as it came.

        Args:
            name: what is tried, for the log: `predictions.get`.
            retryable: which errors are worth another attempt.
            on_wait: told of each wait.
            until: the clock's time after which nothing is tried again.
            sleep: in the place of the clock's; what it raises ends the call.
            progress: how far it has come; where that is further than ever before, the failures
                are counted anew.
            reason: the sentence on an error that `on_wait` is told.
            logged: what else the log tells of each retry.
        """
        if self.budget is not None:
            self.budget.note_call()
        told = None if on_wait is None else lambda error, wait: on_wait(reason(error), wait)
        call = _Call(self, {"request": name, **logged}, retryable, told, until, progress)
        return AsyncRetrying(
            retry=call.is_worth_another,
            wait=call.wait,
            stop=call.is_over,
            before_sleep=call.announce,
            sleep=sleep or self.clock.sleep,
            reraise=True,  # or the cause would hide in a RetryError
        )


class _Call:
    """What one call's attempts came to, as tenacity asks for it after each."""

    def __init__(
        self,
        backoff: Backoff,
        logged: Mapping[str, object],
        retryable: Retryable,
        on_wait: Callable[[BaseException, float], None] | None,
        until: float,
        progress: Callable[[], float],
    ) -> None:
        self._backoff = backoff
        self._logged = logged
        self._retryable = retryable
        self._on_wait = on_wait
        self._ends_at = min(until, backoff.clock.monotonic() + backoff.patience_seconds)
        self._progress = progress
        self._furthest = progress()
        self._failures = 0

    def is_worth_another(self, state: RetryCallState) -> bool:
        error = _error_of(state)
        return error is not None and self._retryable(error)

    def wait(self, state: RetryCallState) -> float:
        error = _error_of(state)
        if (furthest := self._progress()) > self._furthest:
            self._furthest, self._failures = furthest, 0
        elif not says_when(error):
            self._failures += 1
        left = max(0.0, self._ends_at - self._backoff.clock.monotonic())
        seconds = wait_seconds(
            error,
            self._failures,
            longest=self._backoff.longest_seconds,
            draw=self._backoff.draw,
        )
        return min(seconds, LONGEST_WAIT_SECONDS, left)

    def is_over(self, state: RetryCallState) -> bool:
        backoff = self._backoff
        error, now = _error_of(state), backoff.clock.monotonic()
        if says_when(error):
            return now + wait_seconds(error, self._failures) > self._ends_at
        if now >= self._ends_at:
            return True
        if backoff.most_attempts is not None and self._failures >= backoff.most_attempts:
            return True
        return backoff.budget is not None and not backoff.budget.spend()

    def announce(self, state: RetryCallState) -> None:
        error, seconds = _error_of(state), state.upcoming_sleep
        get_logger().warning(
            "request.retried",
            **self._logged,
            attempt=state.attempt_number,
            seconds=round(seconds, 3),
            error=str(error),
        )
        if self._on_wait is not None and error is not None:
            self._on_wait(error, seconds)


def _error_of(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()


def _asks_too_long(error: BaseException) -> bool:
    asked = getattr(error, "retry_after_seconds", None)
    return asked is not None and asked > LONGEST_WAIT_SECONDS
