"""Creates predictions, each at most once: creating costs money and can't be taken back.

A create is sent again by itself only when it certainly was not carried out. One whose answer was
lost is *ambiguous*: it is looked up among the account's recent predictions and adopted, or
`CreateUncertain` is raised and nothing is sent again.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from core.backoff import OnWait, is_ambiguous, is_unprocessed
from core.client.http import Answer, Http
from core.client.inputs import webhook_events
from core.client.matching import CreateRequest, is_since, matches
from core.client.models import get_model
from core.client.predictions import Predictions
from core.clock import seconds_even_asleep
from core.errors import (
    CreateUncertain,
    CreateWithdrawn,
    InputRejected,
    NotFound,
    PlaygroundError,
)
from core.logs import get_logger
from core.models.names import ModelName
from core.prediction import Prediction

LOOKUP_SECONDS = (1.0, 3.0, 8.0)
"""When, after its answer was lost, a create is looked up: it may show in the list late."""

_CLOCK_MARGIN = timedelta(seconds=2)
"""`Date` has whole seconds and `created_at` is taken a little before or after it."""

_SHORTEST_CANCEL_AFTER_SECONDS = 5  # Replicate docs
_CLAIMS_KEPT_SECONDS = 3600.0
_IN_FLIGHT_POLL_SECONDS = 0.05
_LONGEST_LIST_PAGES = 5

IsKnown = Callable[[str], Awaitable[bool]]
"""Tells whether a prediction, by its id, belongs to something else."""


class Creates:
    """Makes predictions from models and inputs.

    Args:
        counter: counts seconds from anywhere, those in which the machine sleeps too.
    """

    def __init__(
        self,
        http: Http,
        predictions: Predictions,
        *,
        counter: Callable[[], float] = seconds_even_asleep,
    ) -> None:
        self._http = http
        self._predictions = predictions
        self._counter = counter
        self._in_flight: Counter[str] = Counter()
        self._claimed: dict[str, float] = {}
        self._community: dict[str, str] = {}

    def with_options(self, http: Http, predictions: Predictions) -> "Creates":
        """Return one that asks otherwise, and shares what is in flight and claimed."""
        other = copy(self)
        other._http = http
        other._predictions = predictions
        return other

    async def create(
        self,
        model: str,
        model_input: Mapping[str, Any],
        *,
        deadline_seconds: float = math.inf,
        webhook: str | None = None,
        webhook_events_filter: Sequence[str] | None = None,
        wait_seconds: int | None = None,
        known: IsKnown | None = None,
        on_wait: OnWait | None = None,
        withdrawn: asyncio.Event | None = None,
    ) -> Prediction:
        """Create one prediction and return it.

        Args:
            model_input: as it is sent: plain JSON.
            deadline_seconds: sent as `Cancel-After`, so that it ends even without us; unless it
                is infinite.
            wait_seconds: 1 to 60, how long Replicate may hold its answer back for the result.
            known: ids that belong to something else and are never adopted.
            on_wait: told of each wait before a further try.
            withdrawn: set to take it back: what isn't sent yet is then not sent any more.

        Raises:
            CreateUncertain: it may exist, and was not found.
            CreateWithdrawn: it was taken back in time.
        """
        name = ModelName.parse(model)
        extras: dict[str, Any] = {}
        if webhook is not None:
            extras["webhook"] = webhook
        if webhook_events_filter is not None:
            extras["webhook_events_filter"] = webhook_events(webhook_events_filter)
        headers = {}
        if math.isfinite(deadline_seconds):
            seconds = max(_SHORTEST_CANCEL_AFTER_SECONDS, round(deadline_seconds))
            headers["Cancel-After"] = f"{seconds}s"
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
            return await self._send(request, known or _unknown, on_wait, withdrawn)

        return await self._route(name, send)

    async def find(
        self,
        model: str,
        model_input: Mapping[str, Any],
        *,
        age_seconds: float,
        unknown: Collection[str] = (),
        known: IsKnown | None = None,
        on_wait: OnWait | None = None,
    ) -> Prediction:
        """Return the prediction of a create whose sender ended before its answer came.

        Args:
            model_input: as it was sent, or with paths in the place of files.
            age_seconds: how long ago it was sent, at most.
            unknown: fields of the input that may have any value.
            known, on_wait: as in `create`.

        Raises:
            CreateUncertain: none was found.
        """
        name = ModelName.parse(model)
        path, body = _address(name)
        request = CreateRequest(
            model=name,
            path=path,
            body={**body, "input": dict(model_input)},
            headers={},
            extra_seconds=0,
            unknown=frozenset(unknown),
        )
        sent_at = self._counter() - age_seconds
        return await self._look_up(request, sent_at, known or _unknown, None, on_wait, free_looks=1)

    async def _route(
        self, name: ModelName, send: Callable[[str, Mapping[str, Any]], Awaitable[Prediction]]
    ) -> Prediction:
        if version := self._community.get(str(name)):
            try:
                return await send("/predictions", {"version": version})
            except (InputRejected, NotFound) as error:
                # Nothing ran. Its owner may have deleted that version.
                latest = await self._latest_version(name)
                if latest == version:
                    raise error from None
            self._community[str(name)] = latest
            return await send("/predictions", {"version": latest})
        try:
            return await send(*_address(name))
        except NotFound:
            if name.deployment or name.version:
                raise
            # Only official models run by their name; a community model runs by a version's id.
            version = self._community[str(name)] = await self._latest_version(name)
            return await send("/predictions", {"version": version})

    async def _latest_version(self, name: ModelName) -> str:
        model = await get_model(self._http, name)
        if model.version_id is None:
            raise NotFound(status=404, detail=f"{name} has no version to run")
        return model.version_id

    async def _send(
        self,
        request: CreateRequest,
        known: IsKnown,
        on_wait: OnWait | None,
        withdrawn: asyncio.Event | None,
    ) -> Prediction:
        fingerprint = request.fingerprint
        self._in_flight[fingerprint] += 1
        sent_at = self._counter()

        def note_sending() -> None:
            nonlocal sent_at
            if withdrawn is not None and withdrawn.is_set():
                raise CreateWithdrawn
            sent_at = self._counter()

        try:
            prediction = await self._http.request(
                "POST",
                request.path,
                partial(_created, has_waited="Prefer" in request.headers),
                name="predictions.create",
                kind="create",
                retryable=is_unprocessed,
                on_wait=on_wait,
                stop=withdrawn,
                on_send=note_sending,
                json=request.body,
                headers=request.headers,
                extra_seconds=request.extra_seconds,
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
        known: IsKnown,
        lost: PlaygroundError | None,
        on_wait: OnWait | None,
        *,
        free_looks: int = 0,
    ) -> Prediction:
        """Look for the prediction that a create may have made.

        In an outage each look is one more request that comes to nothing, so that beyond
        `free_looks` they are paid out of the budget of the retries.
        """
        log = get_logger().bind(model=str(request.model))
        if lost is not None:
            log.warning("create.ambiguous", error=str(lost))
        lost_at = self._counter()
        since: datetime | None = None
        is_unlisted = False
        for look, moment in enumerate(LOOKUP_SECONDS):
            seconds = max(0.0, lost_at + moment - self._counter())
            if on_wait is not None:
                on_wait("The answer was lost; looking whether it was started.", seconds)
            await self._http.clock.sleep(seconds)
            while self._in_flight[request.fingerprint]:
                # An equal create may be about to learn its own prediction's id.
                await self._http.clock.sleep(_IN_FLIGHT_POLL_SECONDS)
            if look >= free_looks and not self._http.may_ask_more():
                log.warning("create.lookup_unaffordable")
                is_unlisted = False
                continue
            try:
                since, found = await self._recent(request, sent_at)
            except PlaygroundError as error:
                log.warning("create.lookup_failed", error=str(error))
                is_unlisted = False  # an earlier answer may have come too early
                continue
            is_unlisted = True
            strangers = [one for one in found if not await known(one.id)]
            for candidate in strangers:
                if candidate.id not in self._claimed:
                    log.info("create.adopted", prediction_id=candidate.id)
                    return self._claim(candidate, adopted=True)
        log.error("create.uncertain")
        raise CreateUncertain(
            model=str(request.model),
            input=request.body["input"],
            since=since,
            is_unlisted=is_unlisted,
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
            if since is None:
                now = self._http.server_now() or datetime.now(UTC)
                since = now - timedelta(seconds=self._counter() - sent_at) - _CLOCK_MARGIN
            recent = [item for item in page.results if is_since(item, since)]
            found.extend(item for item in recent if matches(item, request))
            cursor = page.next_cursor
            if cursor is None or len(recent) < len(page.results):
                break
        return since, found[::-1]

    def _claim(self, prediction: Prediction, *, adopted: bool) -> Prediction:
        now = self._counter()
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


async def _unknown(_: str) -> bool:
    return False


def _created(answer: Answer, *, has_waited: bool) -> Prediction:
    prediction = Prediction.from_json(answer.json())
    # 202 says that there is more to come; 201 that there isn't, where the create was to wait.
    is_whole = has_waited and answer.status != 202 and prediction.status == "processing"
    return replace(prediction, has_all_output=is_whole and prediction.output is not None)


def _address(name: ModelName) -> tuple[str, dict[str, Any]]:
    """Return the path and the body's beginning with which a model is run by its own name."""
    if name.deployment:
        return f"/deployments/{name.owner}/{name.name}/predictions", {}
    if name.version:
        return "/predictions", {"version": name.version}
    return f"/models/{name.owner}/{name.name}/predictions", {}
