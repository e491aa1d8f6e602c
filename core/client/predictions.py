"""Predictions that exist: looked up, watched to their end, cancelled."""

from collections.abc import AsyncGenerator
from datetime import datetime
from urllib.parse import quote

from core.backoff import Backoff, OnWait, is_passing
from core.client.http import Answer, Http
from core.client.pages import Page, get_page
from core.errors import PlaygroundError, PredictionTimeout
from core.logs import get_logger
from core.prediction import TERMINAL_STATUSES, Prediction

_KNOWN_STATUSES = TERMINAL_STATUSES | {"starting", "processing"}

_SHORTEST_INTERVAL_SECONDS = 0.1
_LONGEST_INTERVAL_SECONDS = 2.0
_INTERVAL_SHARE = 0.05
"""A new prediction is asked for ten times a second, one of a minute every two seconds."""


class Predictions:
    """Looks predictions up and cancels them. Both may be repeated, so both are retried."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._patient = Backoff(None, clock=http.clock)
        self._unknown_statuses: set[str] = set()

    async def get(self, prediction_id: str) -> Prediction:
        """Return a prediction as it is now."""
        return self._noted(
            await self._http.get(_path(prediction_id), Prediction.from_json, name="predictions.get")
        )

    async def get_by(
        self, until: float, prediction_id: str, *, on_wait: OnWait | None = None
    ) -> Prediction | None:
        """Return a prediction as it is now, however often the API has to be asked.

        Args:
            until: the clock's time after which None is returned.
            on_wait: told of each wait.

        Raises:
            ApiError: an error that asking again can't mend, such as 401.
        """
        try:
            async for attempt in self._patient.attempts(
                "predictions.get", retryable=is_passing, on_wait=on_wait, until=until
            ):
                with attempt:
                    return self._noted(
                        await self._http.get_once(
                            _path(prediction_id), Prediction.from_json, until=until, on_wait=on_wait
                        )
                    )
        except PlaygroundError as error:
            if not is_passing(error):
                raise
        return None

    async def list(
        self,
        cursor: str | None = None,
        *,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
    ) -> Page[Prediction]:
        """Return a page of the account's predictions, 100 at most, newest first."""
        return await get_page(
            self._http,
            "/predictions",
            Prediction.from_json,
            name="predictions.list",
            cursor=cursor,
            created_after=_iso(created_after),
            created_before=_iso(created_before),
        )

    async def cancel(self, prediction_id: str) -> Prediction:
        """Cancel a prediction and return it; one that has already ended stays as it ended."""
        prediction = await self._http.request(
            "POST",
            f"{_path(prediction_id)}/cancel",
            _prediction,
            name="predictions.cancel",
            kind="cancel",
        )
        get_logger().info(
            "prediction.cancel_asked", prediction_id=prediction_id, status=prediction.status
        )
        return prediction

    async def watch(
        self,
        prediction: Prediction,
        *,
        timeout_seconds: float,
        cancel_when_late: bool = True,
        on_wait: OnWait | None = None,
    ) -> AsyncGenerator[Prediction]:
        """Yield a prediction each time it has changed, first as given; the last one is terminal.

        A passing error never ends it: a paid prediction isn't lost to a broken answer.

        Args:
            cancel_when_late: at the deadline.
            on_wait: told of each wait after an error.

        Raises:
            PredictionTimeout: at the deadline.
            ApiError: an error that asking again can't mend, such as 401.
            ConnectionFailed, ConnectionLost: at the deadline, if the cancel can't be delivered;
                Replicate ends the prediction all the same, by the create's `Cancel-After`.
        """
        log = get_logger().bind(prediction_id=prediction.id, model=prediction.model)
        clock = self._http.clock
        started = clock.monotonic()
        deadline = started + timeout_seconds
        yield prediction
        while not (prediction.is_terminal or prediction.has_all_output):
            now = clock.monotonic()
            if now >= deadline:
                yield await self._late(prediction, timeout_seconds, cancel_when_late)
                return
            await clock.sleep(min(interval_seconds(now - started), deadline - now))
            latest = await self.get_by(deadline, prediction.id, on_wait=on_wait)
            if latest is None:
                continue
            if latest.status != prediction.status:
                log.info(
                    f"prediction.{latest.status}", seconds=round(clock.monotonic() - started, 3)
                )
            if latest != prediction:
                prediction = latest
                yield prediction

    async def _late(
        self, prediction: Prediction, timeout_seconds: float, cancel: bool
    ) -> Prediction:
        get_logger().warning(
            "prediction.deadline", prediction_id=prediction.id, seconds=timeout_seconds
        )
        if not cancel:
            raise PredictionTimeout(prediction, seconds=timeout_seconds, was_cancelled=False)
        ended = await self.cancel(prediction.id)
        if ended.is_terminal and ended.status != "canceled":
            return ended  # it came to its own end at the last moment
        raise PredictionTimeout(ended, seconds=timeout_seconds)

    def _noted(self, prediction: Prediction) -> Prediction:
        if prediction.status not in _KNOWN_STATUSES | self._unknown_statuses:
            self._unknown_statuses.add(prediction.status)  # polling would tell it again and again
            get_logger().warning(
                "prediction.status_unknown",
                prediction_id=prediction.id,
                status=prediction.status,
            )
        return prediction


def interval_seconds(elapsed_seconds: float) -> float:
    """Return how long to wait before asking again: 5 % of the time so far, 0.1 to 2 s."""
    share = _INTERVAL_SHARE * elapsed_seconds
    return min(_LONGEST_INTERVAL_SECONDS, max(_SHORTEST_INTERVAL_SECONDS, share))


def _path(prediction_id: str) -> str:
    return f"/predictions/{quote(prediction_id, safe='')}"


def _prediction(answer: Answer) -> Prediction:
    return Prediction.from_json(answer.json())


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
