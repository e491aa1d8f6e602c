"""Requests to Replicate's API: the token, timeouts, typed errors, rate limits, retries.

Everything that asks the API asks through `Http`: an answer with an error status is raised as one
of `core.errors`, and `core.backoff` says what is tried again.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx2

from core.backoff import (
    PROCESS_BUDGET,
    Backoff,
    OnWait,
    Retryable,
    RetryBudget,
    Sleep,
    is_passing,
    is_transient,
)
from core.client import arguments
from core.client.connections import Connections
from core.client.oneloop import OneLoop
from core.client.ratelimits import Kind, RateLimits
from core.clock import CLOCK, Clock
from core.errors import (
    ApiError,
    ConnectionFailed,
    ConnectionLost,
    MalformedResponse,
    PlaygroundError,
    RateLimited,
    SettingsError,
)
from core.problems import error_for, http_date
from core.settings import Settings

T = TypeVar("T")

REQUEST_SECONDS = 30.0
"""How long the server may be silent; a create that may wait for its result adds that wait."""

USER_AGENT = "replicate-playground"

_CONNECT_SECONDS = 5.0
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_UNREADABLE_URL = (httpx2.InvalidURL, httpx2.UnsupportedProtocol)

_OUTAGE_FAILURES = 8
"""So many requests that all came to nothing, one after the other, are an outage."""


@dataclass(frozen=True)
class Answer:
    """An answer that was read whole; header names are found in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Return its JSON.

        Raises:
            MalformedResponse: it has none.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise MalformedResponse("Replicate's answer can't be read: try again later.") from error


def _same(body: Any) -> Any:
    return body


class Http:
    """Asks one API with one token. Belongs to one event loop.

    Args:
        settings: the API's URL, the token, and how patient it is.
        transport: what requests go through instead of the network and its proxies.
        headers: sent along with each request to the API.
        user_agent: named before the library itself.
        budget: pays for retries.
        timeout_seconds: how long the server may be silent.
        clock: replaceable in tests.
        loop: shared by all that belong to it.

    Raises:
        SettingsError: there is no token.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        headers: Mapping[str, str] | None = None,
        user_agent: str | None = None,
        budget: RetryBudget = PROCESS_BUDGET,
        timeout_seconds: float = REQUEST_SECONDS,
        clock: Clock = CLOCK,
        loop: OneLoop | None = None,
    ) -> None:
        token = settings.replicate_api_token
        if token is None:
            raise SettingsError(
                "Set REPLICATE_API_TOKEN to your Replicate token, in the environment or in .env."
            )
        self.clock = clock
        self._loop = loop or OneLoop()
        self._api_url = settings.api_url
        self._origin = _origin(httpx2.URL(settings.api_url))
        # Their names count in any case, so that no second token is added.
        self._headers = httpx2.Headers(arguments.headers(headers or {}))
        agent = f"{user_agent} {USER_AGENT}" if user_agent else USER_AGENT
        self._headers.update(arguments.headers({"User-Agent": agent}))
        self._headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        self._timeout_seconds = timeout_seconds
        self._backoff = Backoff(
            settings.max_retries, settings.timeout_seconds, budget=budget, clock=clock
        )
        self._connections = Connections(transport)
        self._limits = RateLimits(clock=clock)
        self._health = _Health()

    def with_options(self, settings: Settings, headers: Mapping[str, str]) -> "Http":
        """Return one with other patience and more headers, on the same connections and limits."""
        other = copy(self)
        other._headers = httpx2.Headers(
            {**self._headers, **httpx2.Headers(arguments.headers(headers))}
        )
        for name in ("User-Agent", "Authorization"):
            other._headers[name] = self._headers[name]
        other._backoff = replace(
            self._backoff,
            most_attempts=settings.max_retries,
            patience_seconds=settings.timeout_seconds,
        )
        return other

    async def get(
        self,
        path: str,
        read: Callable[[Any], T] = _same,
        *,
        name: str,
        **params: str | None,
    ) -> T:
        """Return what a GET request is answered with, after retries.

        Args:
            path: below the API's URL: `/models/acme/fox`.
            read: makes a value of the answer's JSON, or raises `MalformedResponse`.
            name: what is asked, for the log: `models.get`.
            params: the query; those that are None are left out.

        Raises:
            ApiError, ConnectionFailed, ConnectionLost, MalformedResponse: the last error.
        """
        given = {key: value for key, value in params.items() if value is not None}
        return await self.request(
            "GET", path, lambda answer: read(answer.json()), name=name, params=given
        )

    async def request(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], T],
        *,
        name: str,
        kind: Kind = "other",
        retryable: Retryable = is_transient,
        on_wait: OnWait | None = None,
        stop: asyncio.Event | None = None,
        on_send: Callable[[], None] | None = None,
        extra_seconds: float = 0,
        **content: Any,
    ) -> T:
        """Return what a request is answered with, after retries.

        Args:
            read: makes a value of the answer, or raises `MalformedResponse`.
            kind: what it is to the rate limits.
            retryable: which errors are worth another attempt.
            on_wait: told of each wait.
            stop: ends every wait when it is set; `on_send` may then refuse to send.
            on_send: called before each sending; what it raises ends the call.
            extra_seconds: how long the server may take beyond the usual timeout.
            content: `json`, `files`, `params` and `headers`, as httpx2 takes them.

        Raises:
            The last error.
        """
        limit = self._limits.of(kind)
        ticket = limit.ticket() if limit else None
        until = self.clock.monotonic() + self._backoff.patience_seconds
        sleep = None if stop is None else _sleep_until(stop, self.clock)
        async for attempt in self._backoff.attempts(
            name, retryable=retryable, on_wait=on_wait, sleep=sleep
        ):
            with attempt:
                request = self._request(method, path, extra_seconds=extra_seconds, **content)
                return await self._answer(
                    request, read, kind, ticket, until, on_wait, stop, on_send
                )
        raise AssertionError("attempts end with a result or an error")

    async def text(self, path: str, *, name: str) -> str:
        """Return the text that a GET request is answered with; what isn't UTF-8 is replaced."""
        return await self.request(
            "GET", path, lambda answer: answer.content.decode("utf-8", "replace"), name=name
        )

    async def get_once(
        self,
        path: str,
        read: Callable[[Any], T] = _same,
        *,
        until: float = float("inf"),
        on_wait: OnWait | None = None,
    ) -> T:
        """Return what one GET request is answered with; it may wait for its turn.

        Args:
            read: as in `get`.
            until: the clock's time after which it isn't worth waiting.
            on_wait: told of that wait.
        """
        request = self._request("GET", path)
        return await self._answer(
            request, lambda answer: read(answer.json()), until=until, on_wait=on_wait
        )

    @asynccontextmanager
    async def events(self, url: str, headers: Mapping[str, str]) -> AsyncGenerator[httpx2.Response]:
        """Open a stream of server-sent events; what breaks later is raised by the reader.

        Raises:
            ApiError, ConnectionFailed, ConnectionLost: before the answer's head was there.
        """
        asked = {"Accept": "text/event-stream", "Cache-Control": "no-store", **headers}
        request = self._request("GET", url, headers=asked, is_stream=True)
        response = await self._send(request, self._connections.streams)
        try:
            if response.status_code >= 300:
                raise self._error(await _read(response))
            yield response
        finally:
            await response.aclose()

    def server_now(self) -> datetime | None:
        """Return the server's time, from the newest `Date` it sent; None before any answer."""
        return self._health.server_now()

    def may_ask_more(self) -> bool:
        """Tell whether a request beyond those that were asked for may be sent.

        While the API answers it costs nothing; in an outage it is taken out of the budget.
        """
        budget = self._backoff.budget
        return self._health.failures < _OUTAGE_FAILURES or budget is None or budget.spend()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._connections.is_closed

    async def aclose(self) -> None:
        """Close every connection."""
        await self._connections.aclose()

    def _request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra_seconds: float = 0,
        is_stream: bool = False,
        **content: Any,
    ) -> httpx2.Request:
        self._loop.check()
        url = httpx2.URL(path if "://" in path else f"{self._api_url}{path}")
        seconds = None if is_stream else self._timeout_seconds + extra_seconds
        timeout = httpx2.Timeout(seconds, connect=_CONNECT_SECONDS, pool=None)
        # Neither the token nor anybody's headers go to another host.
        own = self._headers if _origin(url) == self._origin else {"User-Agent": USER_AGENT}
        sent = httpx2.Headers({**own, **httpx2.Headers(headers)})
        return self._connections.requests.build_request(
            method, url, headers=sent, timeout=timeout, **content
        )

    async def _answer(
        self,
        request: httpx2.Request,
        read: Callable[[Answer], T],
        kind: Kind = "other",
        ticket: int | None = None,
        until: float = float("inf"),
        on_wait: OnWait | None = None,
        stop: asyncio.Event | None = None,
        on_send: Callable[[], None] | None = None,
    ) -> T:
        """Wait for the request's turn, send it once, and return what its answer holds."""
        limit = self._limits.of(kind)
        sent = None
        if limit:
            sent = await limit.turn(ticket=ticket, until=until, on_wait=on_wait, stop=stop)
        if on_send is not None:
            on_send()
        headers: Mapping[str, str] = {}
        refusal: RateLimited | None = None
        try:
            answer = await self._read_answer(request)
            headers = answer.headers
            result = read(answer)
        except PlaygroundError as error:
            self._health.failures = self._health.failures + 1 if is_passing(error) else 0
            if isinstance(error, RateLimited):
                refusal = error
            raise
        else:
            self._health.failures = 0
            return result
        finally:
            if limit and sent and refusal:
                limit.note_refusal(sent, refusal.retry_after_seconds)
            elif limit and sent:
                limit.note_answer(sent, headers)

    async def _read_answer(self, request: httpx2.Request) -> Answer:
        response = await self._send(request, self._connections.requests)
        try:
            answer = await _read(response)
        except httpx2.TransportError as error:
            raise _lost(request, error) from error
        except httpx2.DecodingError as error:
            raise MalformedResponse(
                f"The answer of {request.url.host} is damaged: try again later."
            ) from error
        finally:
            await response.aclose()
        if answer.status >= 300:
            raise self._error(answer)
        return answer

    async def _send(self, request: httpx2.Request, client: httpx2.AsyncClient) -> httpx2.Response:
        """Send one request; a redirect isn't followed: that could repeat a create."""
        try:
            response = await client.send(request, stream=True, follow_redirects=False)
        except _UNREADABLE_URL as error:
            raise MalformedResponse(f"Replicate gave a URL that can't be asked: {error}") from error
        except _NOT_SENT as error:
            raise ConnectionFailed(
                f"Can't reach {request.url.host} ({type(error).__name__}): check the network."
            ) from error
        except httpx2.TransportError as error:
            raise _lost(request, error) from error
        self._health.note_date(response.headers.get("Date", ""))
        return response

    def _error(self, answer: Answer) -> ApiError:
        now = self.server_now() or datetime.now(UTC)
        return error_for(answer.status, answer.headers, answer.content, now=now)


class _Health:
    """What the answers tell of the server: its time, and whether it answers at all."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.failures = 0
        self._clock = clock
        self._ahead: timedelta | None = None

    def server_now(self) -> datetime | None:
        if self._ahead is None:
            return None
        return datetime.fromtimestamp(self._clock(), UTC) + self._ahead

    def note_date(self, header: str) -> None:
        date = http_date(header)
        if date is not None:
            self._ahead = date - datetime.fromtimestamp(self._clock(), UTC)


async def _read(response: httpx2.Response) -> Answer:
    try:
        content = await response.aread()
    except httpx2.DecodingError:
        if response.status_code < 300:
            raise
        content = b""  # an error, whatever it says
    return Answer(response.status_code, response.headers, content)


def _lost(request: httpx2.Request, error: Exception) -> ConnectionLost:
    return ConnectionLost(f"The connection to {request.url.host} broke ({type(error).__name__}).")


def _sleep_until(stop: asyncio.Event, clock: Clock) -> Sleep:
    async def sleep(seconds: float) -> None:
        sleeping = asyncio.ensure_future(clock.sleep(seconds))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            stopping.cancel()

    return sleep


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
