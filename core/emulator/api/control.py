"""The emulator's own operations beside Replicate's: to script faults, to move the clock."""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.emulator.api.reading import json_value
from core.emulator.faults import FaultPlan, faults_from_json
from core.emulator.problems import Problem

_LONGEST_ADVANCE_SECONDS = 365 * 24 * 3600


class ControlRoutes:
    """Handlers over one plan and one way to move the clock."""

    def __init__(self, plan: FaultPlan, advance: Callable[[float], None]) -> None:
        self._plan = plan
        self._advance = advance

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            Route("/faults", self.list, methods=["GET"]),
            Route("/faults", self.add, methods=["POST"]),
            Route("/faults", self.clear, methods=["DELETE"]),
            Route("/clock", self.advance, methods=["POST"]),
        ]

    async def list(self, request: Request) -> Response:
        """Tell the faults that are still to come."""
        return JSONResponse([fault.to_json() for fault in self._plan.pending()])

    async def add(self, request: Request) -> Response:
        """Add one fault or a list of them."""
        try:
            faults = faults_from_json(await json_value(request))
        except ValueError as error:
            raise Problem(400, f"The faults can't be read: {error}.", "Bad request") from error
        self._plan.add(*faults)
        return JSONResponse([fault.to_json() for fault in faults], status_code=201)

    async def clear(self, request: Request) -> Response:
        """Forget all faults."""
        self._plan.clear()
        return Response(status_code=204)

    async def advance(self, request: Request) -> Response:
        """Move the clock by `advance_seconds`."""
        body = await json_value(request)
        seconds = body.get("advance_seconds") if isinstance(body, dict) else None
        if not isinstance(seconds, int | float) or abs(seconds) > _LONGEST_ADVANCE_SECONDS:
            raise Problem(400, 'Send {"advance_seconds": a number}, a year at most.', "Bad request")
        self._advance(seconds)
        return Response(status_code=204)
