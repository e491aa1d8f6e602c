"""The API's operations on predictions, and the streams and files that they lead to."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.emulator.api.pages import page
from core.emulator.api.reading import json_object, origin_of, required
from core.emulator.examples import Examples
from core.emulator.predictions import Happening, Order, Prediction
from core.emulator.problems import InvalidField, Problem, invalid_input, invalid_version, not_found
from core.emulator.runner import Runner
from core.emulator.streams import server_sent_events
from core.emulator.validation import validated
from core.emulator.webhooks import is_webhook_url
from core.emulator.world import World

_BODY = {"input", "webhook", "webhook_events_filter", "stream"}
_EVENTS: tuple[Happening, ...] = ("start", "output", "logs", "completed")
_PREFER = re.compile(r"wait(?:=([1-9]|[1-5][0-9]|60))?")
_DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s?)?")
_DEFAULT_WAIT_SECONDS = 60
_SHORTEST_CANCEL_AFTER = timedelta(seconds=5)


class PredictionRoutes:
    """Handlers over one world."""

    def __init__(self, world: World, examples: Examples) -> None:
        self._world = world
        self._examples = examples

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            Route("/v1/predictions", self.create_by_version, methods=["POST"]),
            Route("/v1/predictions", self.list, methods=["GET"]),
            Route("/v1/predictions/{id}", self.get, methods=["GET"]),
            Route("/v1/predictions/{id}/cancel", self.cancel, methods=["POST"]),
            Route("/v1/models/{owner}/{name}/predictions", self.create_by_model, methods=["POST"]),
            Route(
                "/v1/deployments/{owner}/{name}/predictions",
                self.create_by_deployment,
                methods=["POST"],
            ),
            Route("/v1/streams/{id}", self.stream, methods=["GET"]),
            Route("/v1/files/{id}/stream", self.stream, methods=["GET"]),
            Route("/outputs/{group}/{name:path}", self.output, methods=["GET"]),
        ]

    async def create_by_version(self, request: Request) -> Response:
        """`predictions.create`."""
        body = await json_object(request)
        required(body, "version")
        version = body.pop("version")
        runner = self._world.registry.runner_of_version(str(version))
        if runner is None:
            raise invalid_version()
        return await self._create(request, body, runner, shown=self._shown_version(runner, version))

    async def create_by_model(self, request: Request) -> Response:
        """`models.predictions.create`; a community model has no such door."""
        model = self._world.registry.model(
            request.path_params["owner"], request.path_params["name"]
        )
        if model.runner is None or not model.is_official:
            raise not_found()
        return await self._create(request, await json_object(request), model.runner, shown="hidden")

    async def create_by_deployment(self, request: Request) -> Response:
        """`deployments.predictions.create`."""
        owner, name = request.path_params["owner"], request.path_params["name"]
        release = self._world.registry.deployment(owner, name)["current_release"]
        runner = self._world.registry.runner_of_version(release["version"])
        if runner is None:
            raise not_found()
        return await self._create(
            request,
            await json_object(request),
            runner,
            shown=_deployment_version(owner, name),
            deployment=f"{owner}/{name}",
        )

    async def get(self, request: Request) -> Response:
        """`predictions.get`; a model's example is one that has been."""
        example = self._examples.find(request.path_params["id"], origin_of(request))
        if example is not None:
            return JSONResponse(example)
        prediction = self._world.predictions.get(request.path_params["id"])
        return JSONResponse(prediction.to_json(origin_of(request)))

    async def list(self, request: Request) -> Response:
        """`predictions.list`."""
        after = _moment(request, "created_after")
        before = _moment(request, "created_before")
        by_web = request.query_params.get("source") == "web"  # there is no web page here
        found = [
            prediction
            for prediction in ([] if by_web else self._world.predictions.newest_first())
            if (after is None or prediction.created_at >= after)
            and (before is None or prediction.created_at < before)
        ]
        origin = origin_of(request)
        return JSONResponse(
            page(
                request,
                found,
                key=lambda prediction: prediction.id,
                render=lambda prediction: prediction.to_json(origin),
                origin=origin,
            )
        )

    async def cancel(self, request: Request) -> Response:
        """`predictions.cancel`."""
        prediction = self._world.predictions.get(request.path_params["id"])
        self._world.predictions.cancel(prediction)
        return JSONResponse(prediction.to_json(origin_of(request)))

    async def stream(self, request: Request) -> Response:
        """Serve a prediction's events, from the first one on."""
        prediction = self._world.predictions.get(request.path_params["id"])
        if prediction.data_removed:
            raise not_found()
        return StreamingResponse(
            server_sent_events(prediction, origin_of(request)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def output(self, request: Request) -> Response:
        """Serve a file that a prediction put out; needs no token, as Replicate's delivery."""
        file = self._world.storage.output(request.path_params["group"], request.path_params["name"])
        return FileResponse(file.path, media_type=file.media_type)

    async def _create(
        self,
        request: Request,
        body: dict[str, Any],
        runner: Runner,
        *,
        shown: str,
        deployment: str | None = None,
    ) -> Response:
        _check_body(body)
        wait_seconds = _wait_seconds(request)
        events = body.get("webhook_events_filter")
        order = Order(
            runner=runner,
            version=shown,
            given=body["input"],
            full=validated(runner.card, body["input"]),
            origin=origin_of(request),
            deployment=deployment,
            lifetime=_cancel_after(request),
            webhook=body.get("webhook"),
            **({} if events is None else {"webhook_events": frozenset(events)}),
        )
        prediction = self._world.predictions.create(order)
        headers = {}
        status = 201
        if wait_seconds is not None:
            headers["Preference-Applied"] = f"wait={wait_seconds}"
            if not await _ends_within(prediction, wait_seconds):
                status = 202
        return JSONResponse(
            prediction.to_json(origin_of(request)), status_code=status, headers=headers
        )

    def _shown_version(self, runner: Runner, version: Any) -> str:
        by_name = version == runner.card.id
        return "hidden" if by_name else runner.card.version


def _deployment_version(owner: str, name: str) -> str:
    """Return what predictions of a deployment have in their version's place."""
    return f"dp-{hashlib.sha256(f'{owner}/{name}'.encode()).hexdigest()[:32]}"


def _check_body(body: dict[str, Any]) -> None:
    wrong = [
        InvalidField("additional_property_not_allowed", name, f"{name} is not allowed here")
        for name in body
        if name not in _BODY
    ]
    if "input" not in body:
        wrong.append(InvalidField("required", "input", "input is required"))
    elif not isinstance(body["input"], dict):
        wrong.append(InvalidField("invalid_type", "input", "Invalid type. Expected: object"))
    if body.get("webhook") is not None and not is_webhook_url(body["webhook"]):
        wrong.append(InvalidField("format", "webhook", "Does not match format 'uri'"))
    events = body.get("webhook_events_filter")
    if events is not None and not (
        isinstance(events, list) and all(event in _EVENTS for event in events)
    ):
        listed = ", ".join(f'"{event}"' for event in _EVENTS)
        description = f"webhook_events_filter must be some of the following: {listed}"
        wrong.append(InvalidField("enum", "webhook_events_filter", description))
    if wrong:
        raise invalid_input(wrong)


def _wait_seconds(request: Request) -> int | None:
    """Return the n of `Prefer: wait=n`; other preferences are ignored, as RFC 7240 says."""
    for preference in request.headers.get("prefer", "").split(","):
        if found := _PREFER.fullmatch(preference.strip()):
            return int(found[1] or _DEFAULT_WAIT_SECONDS)
    return None


def _cancel_after(request: Request) -> timedelta | None:
    text = request.headers.get("cancel-after")
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    if text.strip() and found:
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        duration = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if duration >= _SHORTEST_CANCEL_AFTER:
            return duration
    description = "Cancel-After is a duration such as 30s or 1h30m, of at least 5 seconds"
    raise invalid_input([InvalidField("format", "Cancel-After", description)])


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(400, f"{name} is not an ISO 8601 time.", "Bad request") from error
    if moment.tzinfo is None:
        raise Problem(400, f"{name} has no time zone.", "Bad request")
    return moment


async def _ends_within(prediction: Prediction, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await prediction.ended()
    except TimeoutError:
        return False
    return True
