"""The operations on predictions that change nothing twice."""

from datetime import datetime
from urllib.parse import quote

from core.api.pages import Page, page_of
from core.api.retries import Retries
from core.api.transport import Api
from core.logs import get_logger
from core.prediction import TERMINAL_STATUSES, Prediction

_KNOWN_STATUSES = TERMINAL_STATUSES | {"starting", "processing"}


class Predictions:
    """Looks predictions up and cancels them. Both may be repeated, so both are retried."""

    def __init__(self, api: Api, retries: Retries) -> None:
        self._api = api
        self._retries = retries
        self._unknown_statuses: set[str] = set()

    async def fetch(self, prediction_id: str) -> Prediction:
        """Return a prediction as it is now, by exactly one request."""
        prediction = Prediction.from_json(
            await self._api.request("GET", f"/v1/predictions/{quote(prediction_id, safe='')}")
        )
        if prediction.status not in _KNOWN_STATUSES | self._unknown_statuses:
            self._unknown_statuses.add(prediction.status)  # polling would tell it again and again
            get_logger().warning(
                "prediction.status_unknown",
                prediction_id=prediction.id,
                status=prediction.status,
            )
        return prediction

    async def get(self, prediction_id: str) -> Prediction:
        """Return a prediction as it is now."""
        return await self._retries.call(lambda: self.fetch(prediction_id), name="predictions.get")

    async def list(
        self,
        cursor: str | None = None,
        *,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
    ) -> Page[Prediction]:
        """Return a page of the account's predictions, 100 at most, newest first."""
        bounds = {
            "cursor": cursor,
            "created_after": created_after,
            "created_before": created_before,
        }
        params = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in bounds.items()
            if value is not None
        }
        body = await self._retries.call(
            lambda: self._api.request("GET", "/v1/predictions", params=params),
            name="predictions.list",
        )
        return page_of(body, Prediction.from_json, what="predictions")

    async def cancel(self, prediction_id: str) -> Prediction:
        """Cancel a prediction and return it; one that has already ended stays as it ended."""
        path = f"/v1/predictions/{quote(prediction_id, safe='')}/cancel"
        prediction = Prediction.from_json(
            await self._retries.call(
                lambda: self._api.request("POST", path),
                name="predictions.cancel",
            )
        )
        get_logger().info(
            "prediction.cancel_asked", prediction_id=prediction_id, status=prediction.status
        )
        return prediction
