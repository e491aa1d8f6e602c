"""The API's operations on deployments and trainings."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.emulator.api.pages import page
from core.emulator.api.reading import json_object, one_of, origin_of, required, whole_number
from core.emulator.problems import InvalidField, invalid_input, invalid_version, not_found
from core.emulator.registry import ACCOUNT, HARDWARE
from core.emulator.world import World

_CONFIGURATION = ("hardware", "min_instances", "max_instances")


class DeploymentRoutes:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._registry = world.registry

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        deployment = "/v1/deployments/{owner}/{name}"
        trainings = "/v1/models/{owner}/{name}/versions/{version}/trainings"
        return [
            Route("/v1/deployments", self.list, methods=["GET"]),
            Route("/v1/deployments", self.create, methods=["POST"]),
            Route(deployment, self.get, methods=["GET"]),
            Route(deployment, self.update, methods=["PATCH"]),
            Route(deployment, self.delete, methods=["DELETE"]),
            Route(trainings, self.train, methods=["POST"]),
            Route("/v1/trainings", self.list_trainings, methods=["GET"]),
            Route("/v1/trainings/{id}", self.get_training, methods=["GET"]),
            Route("/v1/trainings/{id}/cancel", self.cancel_training, methods=["POST"]),
        ]

    async def list(self, request: Request) -> Response:
        """`deployments.list`."""
        return JSONResponse(
            page(
                request,
                self._registry.deployments(),
                key=lambda deployment: f"{deployment['owner']}/{deployment['name']}",
                render=dict,
                origin=origin_of(request),
            )
        )

    async def create(self, request: Request) -> Response:
        """`deployments.create`."""
        body = await json_object(request)
        required(body, "name", "model", "version", *_CONFIGURATION)
        return JSONResponse(self._release(ACCOUNT["username"], str(body["name"]), body))

    async def get(self, request: Request) -> Response:
        """`deployments.get`."""
        return JSONResponse(self._deployment(request))

    async def update(self, request: Request) -> Response:
        """`deployments.update`: what isn't given stays as it is."""
        deployment = self._deployment(request)
        release = deployment["current_release"]
        body = await json_object(request)
        whole = {"model": release["model"], "version": release["version"]}
        whole |= release["configuration"] | body
        return JSONResponse(self._release(deployment["owner"], deployment["name"], whole))

    async def delete(self, request: Request) -> Response:
        """`deployments.delete`."""
        deployment = self._deployment(request)
        self._registry.remove_deployment(deployment["owner"], deployment["name"])
        return Response(status_code=204)

    async def train(self, request: Request) -> Response:
        """`trainings.create`."""
        model = self._registry.model(request.path_params["owner"], request.path_params["name"])
        version = request.path_params["version"]
        if model.runner is None or model.runner.card.version != version:
            raise not_found()
        body = await json_object(request)
        required(body, "destination", "input")
        if not isinstance(body["input"], dict):
            wrong = InvalidField("invalid_type", "input", "Invalid type. Expected: object")
            raise invalid_input([wrong])
        training = self._registry.add_training(model, version, body["input"])
        return JSONResponse(_described(training, origin_of(request)), status_code=201)

    async def list_trainings(self, request: Request) -> Response:
        """`trainings.list`."""
        origin = origin_of(request)
        return JSONResponse(
            page(
                request,
                self._registry.trainings(),
                key=lambda training: str(training["id"]),
                render=lambda training: _described(training, origin),
                origin=origin,
            )
        )

    async def get_training(self, request: Request) -> Response:
        """`trainings.get`."""
        training = self._registry.training(request.path_params["id"])
        return JSONResponse(_described(training, origin_of(request)))

    async def cancel_training(self, request: Request) -> Response:
        """`trainings.cancel`: trainings end at once, and what has ended stays as it is."""
        return await self.get_training(request)

    def _deployment(self, request: Request) -> dict[str, Any]:
        return self._registry.deployment(request.path_params["owner"], request.path_params["name"])

    def _release(self, owner: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        one_of(body, "hardware", [item["sku"] for item in HARDWARE])
        whole_number(body, "min_instances", maximum=5)
        whole_number(body, "max_instances", maximum=20)
        runner = self._registry.runner_of_version(str(body["version"]))
        if runner is None or runner.card.id != body["model"]:
            raise invalid_version()
        configuration = {part: body[part] for part in _CONFIGURATION}
        return self._registry.put_deployment(
            owner,
            name,
            model=runner.card.id,
            version=runner.card.version,
            configuration=configuration,
        )


def _described(training: dict[str, Any], origin: str) -> dict[str, Any]:
    url = f"{origin}/v1/trainings/{training['id']}"
    return {**training, "urls": {"get": url, "cancel": f"{url}/cancel"}}
