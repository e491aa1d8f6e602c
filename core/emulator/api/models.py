"""The API's operations on models, versions and collections, and search."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.emulator.api.pages import page
from core.emulator.api.reading import json_object, one_of, origin_of, required
from core.emulator.examples import Examples
from core.emulator.problems import Problem, not_found
from core.emulator.registry import ACCOUNT, HARDWARE, Model, version_json
from core.emulator.world import World

_EDITABLE = ("description", "readme", "github_url", "paper_url", "license_url")
_SORTS = ("model_created_at", "latest_version_created_at")
_SEARCH_LIMITS = {str(limit) for limit in range(1, 51)}


class ModelRoutes:
    """Handlers over one world."""

    def __init__(self, world: World, examples: Examples) -> None:
        self._world = world
        self._registry = world.registry
        self._examples = examples

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        model = "/v1/models/{owner}/{name}"
        return [
            Route("/v1/models", self.list, methods=["GET"]),
            Route("/v1/models", self.create, methods=["POST"]),
            Route("/v1/models", self.query, methods=["QUERY"]),
            Route(model, self.get, methods=["GET"]),
            Route(model, self.update, methods=["PATCH"]),
            Route(model, self.delete, methods=["DELETE"]),
            Route(f"{model}/examples", self.examples, methods=["GET"]),
            Route(f"{model}/readme", self.readme, methods=["GET"]),
            Route(f"{model}/versions", self.versions, methods=["GET"]),
            Route(f"{model}/versions/{{version}}", self.version, methods=["GET"]),
            Route(f"{model}/versions/{{version}}", self.delete_version, methods=["DELETE"]),
            Route("/v1/collections", self.collections, methods=["GET"]),
            Route("/v1/collections/{slug}", self.collection, methods=["GET"]),
            Route("/v1/search", self.search, methods=["GET"]),
        ]

    async def list(self, request: Request) -> Response:
        """`models.list`; a model is as old as its one version."""
        if request.query_params.get("sort_by", _SORTS[1]) not in _SORTS:
            raise Problem(400, f"sort_by is one of {', '.join(_SORTS)}.", "Bad request")
        direction = request.query_params.get("sort_direction", "desc")
        if direction not in ("asc", "desc"):
            raise Problem(400, "sort_direction is asc or desc.", "Bad request")
        models = self._registry.models()
        return self._page(request, models[::-1] if direction == "asc" else models)

    async def query(self, request: Request) -> Response:
        """`QUERY /models`: the older search, its words as plain text."""
        words = (await request.body()).decode("utf-8", errors="replace")
        return self._page(request, [model for model, _ in self._registry.search(words)])

    async def create(self, request: Request) -> Response:
        """`models.create`."""
        body = await json_object(request)
        required(body, "owner", "name", "visibility", "hardware")
        one_of(body, "visibility", ("public", "private"))
        one_of(body, "hardware", [item["sku"] for item in HARDWARE])
        if body["owner"] != ACCOUNT["username"]:
            raise Problem(403, f"You can create models for {ACCOUNT['username']} only.")
        if self._registry.has_model(body["owner"], str(body["name"])):
            raise Problem(409, "A model with that name and owner already exists.")
        made = {name: body[name] for name in _EDITABLE if isinstance(body.get(name), str)}
        model = self._registry.add_model(
            Model(
                owner=body["owner"],
                name=str(body["name"]),
                visibility=str(body["visibility"]),
                cover_image_url=body.get("cover_image_url"),
                **made,
            )
        )
        return JSONResponse(self._described(request, model), status_code=201)

    async def get(self, request: Request) -> Response:
        """`models.get`."""
        return JSONResponse(self._described(request, self._model(request)))

    async def update(self, request: Request) -> Response:
        """`models.update`."""
        model = self._own_model(request)
        body = await json_object(request)
        changed = {name: body[name] for name in _EDITABLE if isinstance(body.get(name), str)}
        return JSONResponse(
            self._described(request, self._registry.add_model(replace(model, **changed)))
        )

    async def delete(self, request: Request) -> Response:
        """`models.delete`."""
        self._registry.remove_model(self._own_model(request))
        return Response(status_code=204)

    async def examples(self, request: Request) -> Response:
        """`models.examples.list`."""
        model = self._model(request)
        origin = origin_of(request)
        example = None if model.runner is None else self._examples.to_json(model.runner, origin)
        return JSONResponse(
            page(
                request,
                [] if example is None else [example],
                key=lambda example: str(example["id"]),
                render=dict,
                origin=origin,
            )
        )

    async def readme(self, request: Request) -> Response:
        """`models.readme.get`."""
        model = self._model(request)
        if model.readme is None:
            raise not_found()
        return PlainTextResponse(model.readme)

    async def versions(self, request: Request) -> Response:
        """`models.versions.list`."""
        model = self._model(request)
        return JSONResponse(
            page(
                request,
                [] if model.runner is None else [model.runner],
                key=lambda runner: runner.card.version,
                render=version_json,
                origin=origin_of(request),
            )
        )

    async def version(self, request: Request) -> Response:
        """`models.versions.get`."""
        runner = self._model(request).runner
        if runner is None or runner.card.version != request.path_params["version"]:
            raise not_found()
        return JSONResponse(version_json(runner))

    async def delete_version(self, request: Request) -> Response:
        """`models.versions.delete`."""
        model = self._own_model(request)
        if model.runner is None or model.runner.card.version != request.path_params["version"]:
            raise not_found()
        self._registry.remove_version(model)
        return Response(status_code=202)

    async def collections(self, request: Request) -> Response:
        """`collections.list`."""
        return JSONResponse(
            page(
                request,
                self._registry.collections(),
                key=lambda collection: collection.slug,
                render=lambda collection: collection.to_json(),
                origin=origin_of(request),
            )
        )

    async def collection(self, request: Request) -> Response:
        """`collections.get`."""
        for collection in self._registry.collections():
            if collection.slug == request.path_params["slug"]:
                described = [self._described(request, model) for model in collection.models]
                whole = {"full_description": collection.description, "models": described}
                return JSONResponse({**collection.to_json(), **whole})
        raise not_found()

    async def search(self, request: Request) -> Response:
        """`search`."""
        query = request.query_params.get("query", "")
        if not query.strip():
            return _search_refused('Query parameter "query" is required')
        limit = request.query_params.get("limit", "20")
        if limit not in _SEARCH_LIMITS:
            return _search_refused('Query parameter "limit" goes from 1 to 50')
        found = self._registry.search(query)[: int(limit)]
        collections = [
            {**collection.to_json(), "models": [model.id for model in collection.models]}
            for collection in self._registry.search_collections(query)
        ]
        models = [
            {"model": self._described(request, model), "metadata": _metadata(model, score)}
            for model, score in found
        ]
        return JSONResponse(
            {"query": query, "models": models, "collections": collections, "pages": []}
        )

    def _model(self, request: Request) -> Model:
        return self._registry.model(request.path_params["owner"], request.path_params["name"])

    def _own_model(self, request: Request) -> Model:
        model = self._model(request)
        if model.owner != ACCOUNT["username"]:
            raise Problem(403, "You can change your own models only.")
        return model

    def _page(self, request: Request, models: Sequence[Model]) -> Response:
        return JSONResponse(
            page(
                request,
                models,
                key=lambda model: model.id,
                render=lambda model: self._described(request, model),
                origin=origin_of(request),
            )
        )

    def _described(self, request: Request, model: Model) -> dict[str, Any]:
        origin = origin_of(request)
        example = None if model.runner is None else self._examples.to_json(model.runner, origin)
        return model.to_json(origin, example=example)


def _search_refused(detail: str) -> Response:
    """Return what a wrong search gets; it isn't a problem+json, says Replicate's document."""
    return JSONResponse({"detail": detail}, status_code=400)


def _metadata(model: Model, score: float) -> dict[str, Any]:
    tags = list(model.runner.card.collections) if model.runner else []
    return {"generated_description": model.description, "tags": tags, "score": score}
