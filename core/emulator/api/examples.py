"""Models' covers and the files of their examples; they need no token, as Replicate's delivery."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from core.emulator.examples import Examples
from core.emulator.problems import not_found
from core.emulator.registry import Registry
from core.emulator.runner import Runner


class ExampleRoutes:
    """Handlers over one registry."""

    def __init__(self, registry: Registry, examples: Examples) -> None:
        self._registry = registry
        self._examples = examples

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            Route("/covers/{owner}/{name}.webp", self.cover, methods=["GET"]),
            Route("/examples/{owner}/{name}/{index:int}/{file}", self.file, methods=["GET"]),
        ]

    async def cover(self, request: Request) -> Response:
        """Serve a model's cover."""
        file = await self._examples.cover(self._runner(request))
        return FileResponse(file.path, media_type=file.media_type)

    async def file(self, request: Request) -> Response:
        """Serve a file of a model's example."""
        file = await self._examples.file(self._runner(request), request.path_params["index"])
        return FileResponse(file.path, media_type=file.media_type)

    def _runner(self, request: Request) -> Runner:
        params = request.path_params
        runner = self._registry.model(params["owner"], params["name"]).runner
        if runner is None:
            raise not_found()
        return runner
