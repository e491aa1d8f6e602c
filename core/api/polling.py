"""Follows a prediction to its end by asking for it, within a deadline."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from core.api.predictions import Predictions
from core.api.rates import LONGEST_WAIT_SECONDS
from core.api.retries import OnWait, is_passing, wait_seconds
from core.errors import PlaygroundError, PredictionTimeout
from core.logs import get_logger
from core.prediction import Prediction

_SHORTEST_INTERVAL_SECONDS = 0.1
_LONGEST_INTERVAL_SECONDS = 2.0
_INTERVAL_SHARE = 0.05
"""A new prediction is asked for ten times a second, one of a minute every two seconds."""


class Polling:
    """Watches predictions.

    Args:
        sleep, clock: replaceable in tests; `clock` counts seconds, from anywhere.
    """

    def __init__(
        self,
        predictions: Predictions,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._predictions = predictions
        self._sleep = sleep
        self._clock = clock

    async def watch(
        self, prediction: Prediction, *, timeout_seconds: float, on_wait: OnWait | None = None
    ) -> AsyncGenerator[Prediction]:
        """Yield the prediction each time it has changed, first as given; the last one is terminal.

        A passing error never ends it: a paid prediction isn't lost to a broken answer.

        Raises:
            PredictionTimeout: at the deadline, after the prediction was cancelled.
            ApiError: an error that asking again can't mend, such as 401.
            ConnectionFailed, ConnectionLost: at the deadline, if the cancel can't be delivered;
                Replicate ends the prediction all the same, by the create's `Cancel-After`.
        """
        log = get_logger().bind(prediction_id=prediction.id, model=prediction.model)
        started = self._clock()
        deadline = started + timeout_seconds
        failures = 0
        yield prediction
        while not prediction.is_terminal:
            now = self._clock()
            if now >= deadline:
                yield await self._cancel_late(prediction, timeout_seconds)
                return
            await self._sleep(min(interval_seconds(now - started), deadline - now))
            try:
                latest = await self._predictions.fetch(prediction.id)
            except PlaygroundError as error:
                if not is_passing(error):
                    raise
                failures += 1
                left = max(0.0, deadline - self._clock())
                # However long the server asks for: the prediction runs, and is paid for.
                seconds = min(wait_seconds(error, failures), LONGEST_WAIT_SECONDS, left)
                log.warning("poll.retried", error=str(error), seconds=round(seconds, 3))
                if on_wait is not None:
                    on_wait(str(error), seconds)
                await self._sleep(seconds)
                continue
            failures = 0
            if latest.status != prediction.status:
                log.info(
                    f"prediction.{latest.status}",
                    seconds=round(self._clock() - started, 3),
                )
            if latest != prediction:
                prediction = latest
                yield prediction

    async def _cancel_late(self, prediction: Prediction, timeout_seconds: float) -> Prediction:
        get_logger().warning(
            "prediction.deadline", prediction_id=prediction.id, seconds=timeout_seconds
        )
        ended = await self._predictions.cancel(prediction.id)
        if ended.is_terminal and ended.status != "canceled":
            return ended  # it came to its own end at the last moment
        raise PredictionTimeout(ended, seconds=timeout_seconds)


def interval_seconds(elapsed_seconds: float) -> float:
    """Return how long to wait before asking again: 5 % of the time so far, 0.1 to 2 s."""
    share = _INTERVAL_SHARE * elapsed_seconds
    return min(_LONGEST_INTERVAL_SECONDS, max(_SHORTEST_INTERVAL_SECONDS, share))
