"""The emulated API as one ASGI application."""

from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.emulator.api.account import AccountRoutes
from core.emulator.api.control import ControlRoutes
from core.emulator.api.deployments import DeploymentRoutes
from core.emulator.api.examples import ExampleRoutes
from core.emulator.api.models import ModelRoutes
from core.emulator.api.predictions import PredictionRoutes
from core.emulator.examples import Examples
from core.emulator.faults import FaultPlan
from core.emulator.problems import Problem
from core.emulator.world import World


def application(world: World, examples: Examples) -> Starlette:
    """Return the application over a world, without its gate and its faults."""
    return _starlette(
        [
            *PredictionRoutes(world, examples).routes(),
            *ModelRoutes(world, examples).routes(),
            *AccountRoutes(world).routes(),
            *DeploymentRoutes(world).routes(),
            *ExampleRoutes(world.registry, examples).routes(),
        ]
    )


def control(plan: FaultPlan, advance: Callable[[float], None]) -> Starlette:
    """Return the application by which faults are scripted and the clock is moved from outside."""
    return _starlette(ControlRoutes(plan, advance).routes())


def _starlette(routes: Iterable[Route]) -> Starlette:
    return Starlette(
        routes=list(routes),
        exception_handlers={Problem: _answer_problem, HTTPException: _answer_http_exception},
    )


async def _answer_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem.response()


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Problem(error.status_code, error.detail, headers=error.headers or {}).response()
