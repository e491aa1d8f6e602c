"""GET along redirects: each hop keeps the host rules, and none carries a credential."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from core.downloads.addresses import HostRules
from core.errors import UrlRefused

MOST_REDIRECTS = 5

_CONNECT_SECONDS = 5.0
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "replicate-playground"}


class Hops:
    """Sends the requests of one download.

    Through a transport, not a client, which would have cookies, redirects of its own and whatever
    credentials the environment holds. And through its own: a request that is cancelled at the
    wrong moment never gives its place in httpcore's pool back, so a pool for all downloads would
    be used up by a hundred of them.

    Args:
        rules: which hosts may be asked.
        transport: closed by `aclose`.
        idle_seconds: how long a connection may be silent.
    """

    def __init__(
        self, rules: HostRules, transport: httpx.AsyncBaseTransport, *, idle_seconds: float
    ) -> None:
        self._rules = rules
        self._transport = transport
        self._timeout = httpx.Timeout(idle_seconds, connect=_CONNECT_SECONDS).as_dict()

    @asynccontextmanager
    async def get(
        self, url: str, headers: dict[str, str], *, turn: int
    ) -> AsyncGenerator[httpx.Response]:
        """Open the answer at the end of the redirects; its body isn't read yet.

        Args:
            headers: sent along every hop.
            turn: which of a host's addresses to take.

        Raises:
            UrlRefused: a hop breaks the host rules, or there are too many.
            httpx.TransportError: the connection broke.
        """
        for _ in range(MOST_REDIRECTS + 1):
            pinned = await self._rules.pin(url, turn=turn)
            request = httpx.Request(
                "GET",
                pinned.url,
                headers={**_HEADERS, **headers, **pinned.headers},
                extensions={**pinned.extensions, "timeout": self._timeout},
            )
            response = await self._transport.handle_async_request(request)
            try:
                if not response.has_redirect_location:
                    yield response
                    return
                url = _target(url, response.headers["Location"])
            finally:
                await response.aclose()
        raise UrlRefused(url, "The output's URL leads from one to another without end.")

    async def aclose(self) -> None:
        """Close every connection, one that was left half-open too."""
        await self._transport.aclose()


def _target(url: str, location: str) -> str:
    try:
        return str(httpx.URL(url).join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise UrlRefused(url, "The output's URL leads to one that can't be read.") from error
