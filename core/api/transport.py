"""The one HTTP transport to the API: the token's limits, timeouts, typed errors, server time.

It stands below the `replicate` package, whose own transport would otherwise retry 429, 503 and 504
ten times on its own: an answer with an error status never reaches it, because it is raised here.
"""

import json
import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from replicate.client import Client

from core.api.rates import LONGEST_WAIT_SECONDS, Kind, Rates
from core.certificates import trusted_certificates
from core.errors import (
    AlreadyClosed,
    ApiError,
    ConnectionFailed,
    ConnectionLost,
    Forbidden,
    InputRejected,
    InvalidField,
    MalformedResponse,
    NotFound,
    PaymentRequired,
    RateLimited,
    ServerError,
    SettingsError,
    Unauthenticated,
)
from core.oneloop import OneLoop
from core.settings import Settings

REQUEST_SECONDS = 30.0
"""How long the server may be silent; a create that may wait for its result adds that wait."""

_CONNECT_SECONDS = 5.0
_POOL_SECONDS = 30.0

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_LONGEST_TEXT = 1_000
_MOST_FIELDS = 50
"""What is kept of an error's body, which may be anything of any size."""

_EVENT_STREAM = "text/event-stream"

_ERRORS: dict[int, type[ApiError]] = {
    401: Unauthenticated,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    408: ServerError,  # a gateway's: it gave up waiting, and may have passed the request on
    422: InputRejected,
    429: RateLimited,
}


class ApiTransport(httpx.AsyncBaseTransport):
    """Sends requests to one API origin and turns everything that isn't a good answer into errors.

    Args:
        base_url: the API's origin; requests to any other lose their Authorization header.
        inner: what really sends; replaceable in tests.
        rates: is told what answers tell of the rate limits.
        clock: seconds since the epoch, of this machine.
    """

    def __init__(
        self,
        base_url: str,
        *,
        inner: httpx.AsyncBaseTransport | None = None,
        rates: Rates | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._origin = _origin(httpx.URL(base_url))
        self._inner = inner or httpx.AsyncHTTPTransport(
            verify=trusted_certificates(),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        )
        self._rates = rates
        self._clock = clock
        self._offset: timedelta | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the body is read here unless it is a stream of events.

        A redirect is an error too: the API has none, and to follow one could repeat a create.

        Raises:
            ConnectionFailed, ConnectionLost, MalformedResponse, ApiError and its kinds.
        """
        if _origin(request.url) != self._origin:
            request.headers.pop("Authorization", None)
        is_stream = request.headers.get("Accept") == _EVENT_STREAM
        try:
            response = await self._inner.handle_async_request(request)
            self._note_time(response)
            if not is_stream or response.status_code >= 300:
                response = await _read(response)
        except _NOT_SENT as error:
            raise ConnectionFailed(
                f"Can't reach {request.url.host} ({type(error).__name__}): check the network."
            ) from error
        except httpx.TransportError as error:
            raise ConnectionLost(
                f"The connection to {request.url.host} broke ({type(error).__name__})."
            ) from error
        except httpx.DecodingError as error:
            raise MalformedResponse(
                f"The answer of {request.url.host} is damaged: try again later."
            ) from error
        if response.status_code >= 300:
            refusal = error_for(response, now=self.server_now() or datetime.now(UTC))
            self._note_refusal(request, refusal)
            raise refusal
        if self._rates is not None:
            self._rates.note(_kind_of(request), response.headers)
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()

    def server_now(self) -> datetime | None:
        """Return the server's time, from the newest `Date` it sent; None before any answer."""
        if self._offset is None:
            return None
        return datetime.fromtimestamp(self._clock(), UTC) + self._offset

    def _note_refusal(self, request: httpx.Request, error: ApiError) -> None:
        seconds = error.retry_after_seconds
        # Nobody waits for longer: then each request is answered for itself.
        is_short = seconds is not None and seconds <= LONGEST_WAIT_SECONDS
        if self._rates is not None and isinstance(error, RateLimited) and is_short:
            self._rates.note_refusal(_kind_of(request), seconds or 0.0)

    def _note_time(self, response: httpx.Response) -> None:
        date = _http_date(response.headers.get("Date", ""))
        if date is not None:
            self._offset = date - datetime.fromtimestamp(self._clock(), UTC)


class Api:
    """Requests to Replicate's API, through the `replicate` package's asynchronous client.

    Belongs to one event loop. Predictions go through `request`, because the package drops some of
    their fields.

    Args:
        inner: what really sends; replaceable in tests.
        rates: is told what answers tell of the rate limits.
        timeout_seconds: how long the server may be silent.
        loop: shared by all that belong to it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        inner: httpx.AsyncBaseTransport | None = None,
        rates: Rates | None = None,
        timeout_seconds: float = REQUEST_SECONDS,
        loop: OneLoop | None = None,
    ) -> None:
        if settings.replicate_api_token is None:
            raise SettingsError(
                "Set REPLICATE_API_TOKEN to your Replicate token, in the environment or in .env."
            )
        self._timeout_seconds = timeout_seconds
        self._transport = ApiTransport(settings.base_url, inner=inner, rates=rates)
        self._is_closed = False
        self._loop = loop or OneLoop()
        self._package = Client(
            api_token=settings.replicate_api_token.get_secret_value(),
            base_url=settings.base_url,
            timeout=_timeout(timeout_seconds),
            transport=self._transport,
        )

    @property
    def package(self) -> Client:
        """The `replicate` client itself, for what it does well.

        Raises:
            AlreadyClosed: this was closed.
            WrongEventLoop: it belongs to another one.
        """
        self._loop.check()
        if self._is_closed:
            raise AlreadyClosed("This client is closed: make a new one.")
        return self._package

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._is_closed

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        extra_seconds: float = 0,
    ) -> Any:
        """Send one request and return its answer's JSON.

        Args:
            path: from the origin on, or a whole URL that the API handed out.
            body: sent as JSON.
            files: sent as a form, as httpx takes them.
            extra_seconds: how long the server may take beyond the usual timeout.

        Raises:
            MalformedResponse: the answer isn't JSON; and the transport's errors.
        """
        timeout = _timeout(self._timeout_seconds + extra_seconds)
        options: dict[str, Any] = {"headers": headers, "params": params, "timeout": timeout}
        if body is not None:
            options["json"] = body
        if files is not None:
            options["files"] = files
        response = await self.package._async_request(method, path, **options)
        try:
            return response.json()
        except (ValueError, RecursionError) as error:
            raise MalformedResponse(
                f"Replicate's answer to {method} {path} can't be read: try again later."
            ) from error

    async def text(self, path: str) -> str:
        """Send a GET request and return its answer's text; what isn't UTF-8 in it is replaced.

        Raises:
            The transport's errors.
        """
        response = await self.package._async_request(
            "GET", path, timeout=_timeout(self._timeout_seconds)
        )
        return response.content.decode("utf-8", errors="replace")

    @asynccontextmanager
    async def events(self, url: str, headers: Mapping[str, str]) -> AsyncGenerator[httpx.Response]:
        """Open a stream of server-sent events; what breaks later is raised by the reader.

        Raises:
            The transport's errors, until the answer's head is there.
        """
        async with self.package._async_client.stream(
            "GET",
            url,
            headers={"Accept": _EVENT_STREAM, "Cache-Control": "no-store", **headers},
            timeout=_timeout(None),
        ) as response:
            yield response

    def server_now(self) -> datetime | None:
        """Return the server's time, or None before any answer."""
        return self._transport.server_now()

    async def aclose(self) -> None:
        """Close every connection."""
        self._is_closed = True
        await self._package._async_client.aclose()


def error_for(response: httpx.Response, *, now: datetime) -> ApiError:
    """Return the error that an answer with an error status stands for.

    Bodies are `application/problem+json`, but proxies answer with anything, so nothing in them is
    relied upon. `now` is the server's time, for a Retry-After that is a date.
    """
    problem = _problem(response)
    status = response.status_code
    kind = ServerError if status >= 500 else _ERRORS.get(status, ApiError)
    detail = _text(problem.get("detail"))
    if status < 400:
        detail = f"it redirects to {response.headers.get('Location')}; check REPLICATE_BASE_URL"
    described: dict[str, Any] = {
        "status": status,
        "title": _text(problem.get("title")),
        "detail": detail,
        "headers": response.headers,
        "retry_after_seconds": _retry_after(response.headers, problem, now),
    }
    if kind is InputRejected:
        described["invalid_fields"] = _invalid_fields(problem)
    return kind(**described)


def _timeout(seconds: float | None) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=_CONNECT_SECONDS, pool=_POOL_SECONDS)


def _kind_of(request: httpx.Request) -> Kind:
    path = request.url.path
    is_create = request.method == "POST" and path.endswith("/predictions")
    return "create" if is_create else "other"


async def _read(response: httpx.Response) -> httpx.Response:
    assert isinstance(response.stream, httpx.AsyncByteStream)
    try:
        raw = b"".join([chunk async for chunk in response.stream])
    finally:
        await response.stream.aclose()
    try:
        # Decoded here, so that the caller's own reading can't fail any more.
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            content=raw,
            extensions=response.extensions,
        )
    except httpx.DecodingError:
        if response.status_code < 300:
            raise
        return httpx.Response(
            response.status_code, headers={**response.headers, "Content-Encoding": "identity"}
        )


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: Any) -> str:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _invalid_fields(problem: Mapping[str, Any]) -> tuple[InvalidField, ...]:
    fields = problem.get("invalid_fields")
    if not isinstance(fields, list):
        return ()
    return tuple(
        InvalidField(
            _text(item.get("field")), _text(item.get("type")), _text(item.get("description"))
        )
        for item in fields[:_MOST_FIELDS]
        if isinstance(item, dict)
    )


def _retry_after(headers: httpx.Headers, problem: Mapping[str, Any], now: datetime) -> float | None:
    header = headers.get("Retry-After", "").strip()
    for candidate in (header, problem.get("retry_after")):
        try:
            seconds = float(candidate)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    date = _http_date(header)
    return None if date is None else max(0.0, (date - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
