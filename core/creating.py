"""Creates predictions, each at most once: creating costs money and can't be taken back.

A create is sent again by itself only when it certainly was not carried out. One whose answer was
lost is *ambiguous*: it is looked up among the account's recent predictions and adopted, or
`CreateUncertain` is raised and nothing is sent again.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.errors import CreateUncertain, InvalidInput, NotFound, PlaygroundError
from core.inputs import canonical
from core.logs import get_logger
from core.models import ModelName
from core.predictions import Prediction, Predictions
from core.retries import OnWait, Retries, is_ambiguous, is_unprocessed
from core.transport import Api

LOOKUP_SECONDS = (1.0, 3.0, 8.0)
"""When, after its answer was lost, a create is looked up: it may show in the list late."""

_CLOCK_MARGIN = timedelta(seconds=2)
"""`Date` has whole seconds and `created_at` is taken a little before or after it."""

_SHORTEST_CANCEL_AFTER_SECONDS = 5  # Replicate docs
_CLAIMS_KEPT_SECONDS = 3600.0
_IN_FLIGHT_POLL_SECONDS = 0.05
_LONGEST_LIST_PAGES = 5

LatestVersion = Callable[[ModelName], Awaitable[str]]
"""Finds the id of a community model's latest version."""


@dataclass(frozen=True)
class CreateRequest:
    """One create: where it goes and what it says."""

    model: ModelName
    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    extra_seconds: float

    @property
    def fingerprint(self) -> str:
        """Equal for creates that are interchangeable: the same model and the same input."""
        return f"{self.path} {self.body.get('version', '')} {canonical(self.body['input'])}"


class Creates:
    """Makes predictions from models and inputs.

    Args:
        latest_version: finds the version of a community model.
        sleep, clock: replaceable in tests; `clock` counts seconds, from anywhere.
    """

    def __init__(
        self,
        api: Api,
        predictions: Predictions,
        retries: Retries,
        *,
        latest_version: LatestVersion,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._predictions = predictions
        self._retries = retries
        self._latest_version = latest_version
        self._sleep = sleep
        self._clock = clock
        self._in_flight: Counter[str] = Counter()
        self._claimed: dict[str, float] = {}
        self._community: dict[str, str] = {}

    async def create(
        self,
        model: str,
        model_input: Mapping[str, Any],
        *,
        deadline_seconds: float,
        webhook: str | None = None,
        webhook_events_filter: Sequence[str] | None = None,
        wait_seconds: int | None = None,
        known: Callable[[str], bool] | None = None,
        on_wait: OnWait | None = None,
    ) -> Prediction:
        """Create one prediction and return it.

        Args:
            model_input: as it is sent: plain JSON.
            deadline_seconds: sent as `Cancel-After`, so that it ends even without us.
            wait_seconds: 1 to 60, how long Replicate may hold its answer back for the result.
            known: ids that belong to something else and are never adopted.
            on_wait: told of each wait before a further try.

        Raises:
            CreateUncertain: it may exist, and was not found.
        """
        name = ModelName.parse(model)
        extras: dict[str, Any] = {}
        if webhook is not None:
            extras["webhook"] = webhook
        if webhook_events_filter is not None:
            extras["webhook_events_filter"] = webhook_events(webhook_events_filter)
        headers = {
            "Cancel-After": f"{max(_SHORTEST_CANCEL_AFTER_SECONDS, round(deadline_seconds))}s"
        }
        if wait_seconds is not None:
            headers["Prefer"] = f"wait={wait_seconds}"

        async def send(path: str, body: Mapping[str, Any]) -> Prediction:
            request = CreateRequest(
                model=name,
                path=path,
                body={**body, "input": dict(model_input), **extras},
                headers=headers,
                extra_seconds=wait_seconds or 0,
            )
            return await self._send(request, known or (lambda _: False), on_wait)

        return await self._route(name, send)

    async def _route(
        self, name: ModelName, send: Callable[[str, Mapping[str, Any]], Awaitable[Prediction]]
    ) -> Prediction:
        if name.deployment:
            return await send(f"/v1/deployments/{name.owner}/{name.name}/predictions", {})
        if name.version:
            return await send("/v1/predictions", {"version": name.version})
        if version := self._community.get(str(name)):
            return await send("/v1/predictions", {"version": version})
        try:
            return await send(f"/v1/models/{name.owner}/{name.name}/predictions", {})
        except NotFound:
            # Only official models run by their name; a community model runs by a version's id.
            version = await self._latest_version(name)
            self._community[str(name)] = version
            return await send("/v1/predictions", {"version": version})

    async def _send(
        self, request: CreateRequest, known: Callable[[str], bool], on_wait: OnWait | None
    ) -> Prediction:
        fingerprint = request.fingerprint
        self._in_flight[fingerprint] += 1
        sent_at = self._clock()

        async def post() -> Prediction:
            nonlocal sent_at
            sent_at = self._clock()
            return Prediction.from_json(
                await self._api.request(
                    "POST",
                    request.path,
                    body=request.body,
                    headers=request.headers,
                    extra_seconds=request.extra_seconds,
                )
            )

        try:
            prediction = await self._retries.call(
                post, name="predictions.create", retryable=is_unprocessed, on_wait=on_wait
            )
        except PlaygroundError as error:
            if not is_ambiguous(error):
                raise
            lost: PlaygroundError | None = error
        else:
            if prediction.id not in self._claimed:
                return self._claim(prediction, adopted=False)
            # An equal create lost its answer and adopted this prediction meanwhile; they are
            # interchangeable, so this one adopts the other's.
            lost = None
        finally:
            self._in_flight[fingerprint] -= 1
            if not self._in_flight[fingerprint]:
                del self._in_flight[fingerprint]
        return await self._look_up(request, sent_at, known, lost, on_wait)

    async def _look_up(
        self,
        request: CreateRequest,
        sent_at: float,
        known: Callable[[str], bool],
        lost: PlaygroundError | None,
        on_wait: OnWait | None,
    ) -> Prediction:
        log = get_logger().bind(model=str(request.model))
        log.warning("create.ambiguous", error=str(lost))
        lost_at = self._clock()
        since: datetime | None = None
        for moment in LOOKUP_SECONDS:
            seconds = max(0.0, lost_at + moment - self._clock())
            if on_wait is not None:
                on_wait("The answer was lost; looking whether it was started.", seconds)
            await self._sleep(seconds)
            while self._in_flight[request.fingerprint]:
                # An equal create may be about to learn its own prediction's id.
                await self._sleep(_IN_FLIGHT_POLL_SECONDS)
            try:
                since, found = await self._recent(request, sent_at)
            except PlaygroundError as error:
                log.warning("create.lookup_failed", error=str(error))
                continue
            for candidate in found:
                if candidate.id not in self._claimed and not known(candidate.id):
                    log.info("create.adopted", prediction_id=candidate.id)
                    return self._claim(candidate, adopted=True)
        log.error("create.uncertain")
        raise CreateUncertain(
            model=str(request.model), input=request.body["input"], since=since
        ) from lost

    async def _recent(
        self, request: CreateRequest, sent_at: float
    ) -> tuple[datetime | None, list[Prediction]]:
        """Return the time since which it can exist, and its candidates, oldest first."""
        found: list[Prediction] = []
        cursor = None
        since = None
        for _ in range(_LONGEST_LIST_PAGES):
            page = await self._predictions.list(cursor)
            now = self._api.server_now()
            if since is None and now is not None:
                since = now - timedelta(seconds=self._clock() - sent_at) - _CLOCK_MARGIN
            recent = [item for item in page.results if _is_since(item, since)]
            found.extend(item for item in recent if _matches(item, request))
            cursor = page.next_cursor
            if cursor is None or len(recent) < len(page.results):
                break
        return since, found[::-1]

    def _claim(self, prediction: Prediction, *, adopted: bool) -> Prediction:
        now = self._clock()
        for prediction_id, claimed_at in list(self._claimed.items()):
            if now - claimed_at < _CLAIMS_KEPT_SECONDS:
                break  # in order of time, so the rest is newer
            del self._claimed[prediction_id]
        self._claimed[prediction.id] = now
        get_logger().info(
            "prediction.created",
            prediction_id=prediction.id,
            model=prediction.model,
            status=prediction.status,
            adopted=adopted,
        )
        get_logger().debug("prediction.input", prediction_id=prediction.id, input=prediction.input)
        return prediction


_WEBHOOK_EVENTS = ("start", "output", "logs", "completed")


def webhook_events(events: Sequence[str]) -> list[str]:
    """Return the filter as Replicate takes it; there is no `failed`, `completed` covers it.

    Raises:
        InvalidInput: an event that Replicate doesn't have.
    """
    wanted = []
    for event in events:
        if event == "failed":
            get_logger().info("webhook.event_translated", asked="failed", sent="completed")
            event = "completed"
        if event not in _WEBHOOK_EVENTS:
            raise InvalidInput(
                f"“{event}” isn't a webhook event: use {', '.join(_WEBHOOK_EVENTS)}.",
                field="webhook_events_filter",
            )
        if event not in wanted:
            wanted.append(event)
    return wanted


def _is_since(prediction: Prediction, since: datetime | None) -> bool:
    return since is None or prediction.created_at is None or prediction.created_at >= since


def _matches(prediction: Prediction, request: CreateRequest) -> bool:
    name = request.model
    version = request.body.get("version")
    if name.deployment:
        same_model = prediction.deployment == f"{name.owner}/{name.name}"
    elif version:
        same_model = prediction.version == version
    else:
        same_model = prediction.model == f"{name.owner}/{name.name}"
    return same_model and _comparable(prediction.input) == _comparable(request.body["input"])


def _comparable(model_input: Any) -> str:
    # Replicate may list an inlined file as a URL of its own, so files compare as files.
    def plain(value: Any) -> Any:
        if isinstance(value, str) and value.startswith(
            ("data:", "https://api.replicate.com/v1/files/")
        ):
            return "a file"
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value

    return canonical({name: plain(value) for name, value in dict(model_input).items()})
