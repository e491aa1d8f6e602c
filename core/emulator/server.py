"""The emulator as a server on a thread and loop of its own, for apps, tests and the shell."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from core.emulator.api.application import application, control
from core.emulator.api.gate import Gate
from core.emulator.api.limits import RateLimits
from core.emulator.clock import Clock
from core.emulator.connections import Connections, ReceivedRequest, Recorder
from core.emulator.examples import Examples
from core.emulator.faults import Fault, FaultPlan, FaultyApp
from core.emulator.models import RUNNERS
from core.emulator.models.anything import load
from core.emulator.predictions import OutputFile, Predictions
from core.emulator.registry import Registry
from core.emulator.runner import Runner
from core.emulator.storage import Storage
from core.emulator.webhooks import Webhooks
from core.emulator.world import World

CONTROL_PATH = "/_emulator"
"""Where faults are scripted from outside, if that was asked for."""

_HOSTED_GROUP = "hosted"
_GRACE_SECONDS = 1.0
_MOMENT_SECONDS = 0.002
_TURNS = 10
"""More than a connection takes from being accepted to being there, or to being gone."""

_PROXIES = ["127.0.0.1", "::1"]
_KEEP_ALIVE_SECONDS = 75  # longer than clients keep idle connections, or they find them closed

_LOG = logging.getLogger("core.emulator")

T = TypeVar("T")


class Emulator:
    """Replicate's API on this machine. Start it with `with`, or `start()` and `stop()`.

    Args:
        host, port: where it listens; port 0 takes any that is free.
        speed: how much faster than life its models work.
        rate_limits: whether it has Replicate's.
        faults: whether faults can be scripted over HTTP too, under `/_emulator`.
        runners: its models.
        schemas: a folder of models' schemas; it serves these models too, each in the place of one
            of its own that has the same name. What can't be read is logged as a warning.

    Raises:
        OSError: the folder can't be read; by `start()`, the port is taken.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 8600,
        speed: float = 1.0,
        rate_limits: bool = True,
        faults: bool = False,
        runners: Iterable[Runner] = RUNNERS,
        schemas: Path | None = None,
    ) -> None:
        if speed <= 0:
            raise ValueError("speed is more than 0")
        self._address = host, port
        self._speed = speed
        self._clock = Clock()
        self._limits = RateLimits(clock=self._clock.seconds) if rate_limits else None
        self._has_control = faults
        self._runners = list(runners)
        if schemas is not None:
            self._runners += _given(schemas, self._runners)
        self._plan = FaultPlan()
        self._requests: list[ReceivedRequest] = []
        self._url = ""
        self._world: World | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._ready: Future[None] = Future()
        self._ended = threading.Event()

    @property
    def url(self) -> str:
        """Its origin, such as `http://127.0.0.1:8600`."""
        return self._url

    @property
    def predictions(self) -> list[dict[str, Any]]:
        """All predictions as the API describes them, newest first."""
        return self._ask(
            lambda world: [
                prediction.to_json(self._url) for prediction in world.predictions.newest_first()
            ]
        )

    @property
    def requests(self) -> list[ReceivedRequest]:
        """All requests that came, oldest first."""
        return list(self._requests)

    def inject(self, *faults: Fault) -> None:
        """Let requests go wrong from now on."""
        self._plan.add(*faults)

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self._plan.clear()

    def advance(self, seconds: float) -> None:
        """Move the emulated clock, so that things expire and deadlines are met."""
        self._ask(lambda world: world.advance(seconds))

    def host_file(self, data: bytes, *, name: str, media_type: str) -> str:
        """Serve a file as if a model had put it out, and return its URL."""
        self._ask(lambda world: world.storage.add_output(_HOSTED_GROUP, name, media_type, data))
        return OutputFile(_HOSTED_GROUP, name).url(self._url)

    def start(self) -> None:
        """Begin to listen; returns when it answers."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listening = socket.create_server(self._address, family=family, backlog=1024)
        # Else the body of an answer waits 40 ms for the acknowledgement of its head. Each accepted
        # connection takes it over; asyncio sets it only for a socket whose protocol is named.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._url = _url(listening)
        self._ready = Future()
        self._ended.clear()
        self._thread = threading.Thread(
            target=self._run, args=(listening, self._ready), name="emulator", daemon=True
        )
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything that runs, and its thread."""
        if self._thread is None:
            return
        if self._ready.exception() is None:  # waits, if it is interrupted while it starts
            assert self._server is not None
            self._server.stop()
        self._thread.join()
        self._thread = self._loop = self._world = None

    def wait(self) -> None:
        """Block until it has stopped; interrupting stops it."""
        try:
            # Not the thread itself: Python 3.11 takes one for dead whose join is interrupted.
            while self._thread is not None and not self._ended.wait(timeout=0.5):
                pass
        finally:
            self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, listening: socket.socket, ready: "Future[None]") -> None:
        with contextlib.closing(listening):
            try:
                asyncio.run(self._serve(listening, ready))
            except BaseException as error:
                if ready.done():
                    raise
                ready.set_exception(error)
            finally:
                self._ended.set()

    async def _serve(self, listening: socket.socket, ready: "Future[None]") -> None:
        self._loop = asyncio.get_running_loop()
        storage = Storage(self._clock)
        webhooks = Webhooks(self._clock, speed=self._speed)
        predictions = Predictions(
            storage, self._clock, speed=self._speed, on_happening=webhooks.note
        )
        registry = Registry(self._runners, self._clock)
        self._world = World(self._clock, storage, registry, predictions, webhooks)
        examples = Examples(self._runners, storage, self._clock)
        connections = Connections()
        try:
            await examples.write_texts()
            self._server = _Server(
                uvicorn.Config(
                    self._app(examples, connections),
                    http=connections.protocol,
                    lifespan="off",
                    log_level="critical",
                    access_log=False,
                    date_header=False,  # FaultyApp sends the emulated one
                    proxy_headers=False,  # the application heeds them itself
                    timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                ),
                on_ready=lambda: ready.set_result(None),
                on_stop=predictions.close,
            )
            await self._server.serve(sockets=[listening])
        finally:
            connections.drop_all()
            await _moment()
            await predictions.close()
            await webhooks.close()
            await self._loop.shutdown_default_executor()  # so that nobody writes any more
            storage.close()

    def _app(self, examples: Examples, connections: "Connections") -> ASGIApp:
        assert self._world is not None
        app: ASGIApp = Gate(application(self._world, examples), limits=self._limits)
        proxied: Any = ProxyHeadersMiddleware(cast(Any, app), trusted_hosts=_PROXIES)
        app = proxied
        app = FaultyApp(app, self._plan, self._clock, drop_connection=connections.drop)
        app = Recorder(app, self._requests)
        if not self._has_control:
            return app
        return Starlette(
            routes=[
                Mount(CONTROL_PATH, app=control(self._plan, self._world.advance)),
                Mount("/", app=app),
            ]
        )

    def _ask(self, question: Callable[[World], T]) -> T:
        """Ask the world something on the loop that it belongs to."""
        assert self._loop is not None, "the emulator isn't running"
        assert self._world is not None, "the emulator isn't running"
        world = self._world

        async def answer() -> T:
            return question(world)

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result()


class _Server(uvicorn.Server):
    """A uvicorn that tells when it answers, and leaves the process's signals alone.

    Args:
        on_stop: ends what requests wait for.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        on_ready: Callable[[], None],
        on_stop: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    def stop(self) -> None:
        """End; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests finish that can; uvicorn's own does it in steps of 0.1 s."""
        for server in self.servers:
            server.close()
        await _moment()  # for connections that were just accepted
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        await self._on_stop()  # now that no request can come any more
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                while state.connections or state.tasks:  # noqa: ASYNC110 # uvicorn tells of none
                    await asyncio.sleep(_MOMENT_SECONDS)
        for task in state.tasks:
            task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _moment() -> None:
    """Let what is due happen; on a busy machine time alone may pass without a turn of the loop."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    await asyncio.sleep(_MOMENT_SECONDS)


def _given(folder: Path, known: Iterable[Runner]) -> tuple[Runner, ...]:
    loaded = load(folder, [runner.card for runner in known])
    for sentence in loaded.refused:
        _LOG.warning(sentence)
    return loaded.runners


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
