"""What is tried again, when, and how often: the one retry layer of the process."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.stop import stop_base

from core.api.rates import LONGEST_WAIT_SECONDS, Kind, Rates
from core.errors import (
    ConnectionFailed,
    ConnectionLost,
    MalformedResponse,
    PlaygroundError,
    RateLimited,
    ServerError,
)
from core.logs import get_logger

T = TypeVar("T")
OnWait = Callable[[str, float], None]
"""Told of each wait before it begins: a sentence on why, and how many seconds."""

_OUTAGE_FAILURES = 8
"""So many requests that all came to nothing, one after the other, are an outage."""

_FIRST_BACKOFF_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 20.0
_MOST_DOUBLINGS = 16  # whoever polls for hours counts thousands of failures

_TRANSIENT = (ConnectionFailed, ConnectionLost, MalformedResponse, RateLimited, ServerError)


def is_passing(error: BaseException) -> bool:
    """Tell whether an error may be over by itself, if one waits for long enough."""
    return isinstance(error, _TRANSIENT)


def is_transient(error: BaseException) -> bool:
    """Tell whether a request that changes nothing, or may be repeated, is worth another try."""
    return is_passing(error) and not _asks_too_long(error)


def is_unprocessed(error: BaseException) -> bool:
    """Tell whether a create was certainly not carried out, so that it may be sent again."""
    return isinstance(error, ConnectionFailed | RateLimited) and not _asks_too_long(error)


def is_ambiguous(error: BaseException) -> bool:
    """Tell whether a create may have been carried out although it ended in an error."""
    return isinstance(error, ConnectionLost | MalformedResponse | ServerError)


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


class Retries:
    """Calls an operation until it succeeds, fails for good, or may not be tried again.

    Args:
        attempts: in all, the first included.
        budget: shared with every other caller.
        rates: the limits that all of them keep to; none when None.
        sleep, draw: replaceable in tests; `draw(a, b)` is a uniform random number.
    """

    def __init__(
        self,
        *,
        attempts: int,
        budget: RetryBudget = PROCESS_BUDGET,
        rates: Rates | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._attempts = attempts
        self._budget = budget
        self._rates = rates
        self._sleep = sleep
        self._draw = draw
        self._failures = 0

    def may_ask_more(self) -> bool:
        """Tell whether a request beyond those that were asked for may be sent.

        While the API answers it costs nothing; in an outage it is taken out of the budget.
        """
        return self._failures < _OUTAGE_FAILURES or self._budget.spend()

    async def call(
        self,
        operation: Callable[[], Awaitable[T]],
        *,
        name: str,
        retryable: Callable[[BaseException], bool] = is_transient,
        on_wait: OnWait | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> T:
        """Return the operation's result.

        Args:
            name: what is tried, for the log: `predictions.get`.
            retryable: which errors are worth another try.
            on_wait: told of each wait.
            sleep: in the place of the usual one; what it raises ends the call.

        Raises:
            The last error, as it came.
        """
        self._budget.note_call()

        def announce(state: RetryCallState) -> None:
            assert state.outcome is not None
            error = state.outcome.exception()
            seconds = state.upcoming_sleep
            get_logger().warning(
                "request.retried",
                request=name,
                attempt=state.attempt_number,
                seconds=round(seconds, 3),
                error=str(error),
            )
            if on_wait is not None:
                on_wait(str(error), seconds)

        kind = _KINDS.get(name, "other")
        has_waited = False

        async def attempt() -> T:
            nonlocal has_waited
            if self._rates is not None:
                await self._rates.turn(kind, has_waited=has_waited, on_wait=on_wait)
            try:
                result = await operation()
            except PlaygroundError as error:
                has_waited = isinstance(error, RateLimited)
                self._failures = self._failures + 1 if is_passing(error) else 0
                raise
            self._failures = 0
            return result

        retrying = AsyncRetrying(
            retry=retry_if_exception(retryable),
            stop=_Stop(self._attempts, self._budget),
            wait=self._seconds,
            before_sleep=announce,
            sleep=sleep or self._sleep,
            reraise=True,  # or the cause would hide in a RetryError
        )
        return await retrying(attempt)

    def _seconds(self, state: RetryCallState) -> float:
        assert state.outcome is not None
        return wait_seconds(state.outcome.exception(), state.attempt_number, draw=self._draw)


_KINDS: Mapping[str, Kind] = {"predictions.create": "create", "predictions.cancel": "cancel"}


class _Stop(stop_base):
    """Stops at the last attempt, and at any before it for which the budget has nothing left."""

    def __init__(self, attempts: int, budget: RetryBudget) -> None:
        self._attempts = attempts
        self._budget = budget

    def __call__(self, retry_state: RetryCallState) -> bool:
        return retry_state.attempt_number >= self._attempts or not self._budget.spend()


def wait_seconds(
    error: BaseException | None,
    attempt: int,
    *,
    draw: Callable[[float, float], float] = random.uniform,
) -> float:
    """Return how long to wait after the given attempt: what the server asks, else full jitter.

    Full jitter draws from nought to the doubled bound, so that many callers don't come back
    together.
    """
    asked = getattr(error, "retry_after_seconds", None)
    if asked is not None:
        return float(asked)
    doublings = min(attempt - 1, _MOST_DOUBLINGS)
    return draw(0, min(_LONGEST_BACKOFF_SECONDS, _FIRST_BACKOFF_SECONDS * 2**doublings))


def _asks_too_long(error: BaseException) -> bool:
    asked = getattr(error, "retry_after_seconds", None)
    return asked is not None and asked > LONGEST_WAIT_SECONDS
