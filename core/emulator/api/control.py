"""The emulator's own operations beside Replicate's: to script faults, to move the clock."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.emulator.clock import Clock
from core.emulator.faults import FaultPlan, faults_from_json
from core.emulator.problems import Problem


class ControlRoutes:
    """Handlers over one plan and one clock."""

    def __init__(self, plan: FaultPlan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock

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
            faults = faults_from_json(await request.json())
        except (TypeError, ValueError) as error:
            raise Problem(400, f"The faults can't be read: {error}.", "Bad request") from error
        self._plan.add(*faults)
        return JSONResponse([fault.to_json() for fault in faults], status_code=201)

    async def clear(self, request: Request) -> Response:
        """Forget all faults."""
        self._plan.clear()
        return Response(status_code=204)

    async def advance(self, request: Request) -> Response:
        """Move the clock by `advance_seconds`."""
        body = await request.json()
        seconds = body.get("advance_seconds") if isinstance(body, dict) else None
        if not isinstance(seconds, int | float):
            raise Problem(400, 'Send {"advance_seconds": a number}.', "Bad request")
        self._clock.advance(seconds)
        return Response(status_code=204)
