"""GET along redirects: each hop keeps the host rules, and none carries a credential."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import httpx2

from core.certificates import trusted_certificates
from core.downloads.addresses import HostRules
from core.errors import UrlRefused
from core.proxies import proxy_for, usable_proxy

MOST_REDIRECTS = 5

_CONNECT_SECONDS = 5.0
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "replicate-playground"}

# A request that is cancelled may never give its place in a pool back: there is no last place.
_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=4)
_MOST_HOSTS = 16


class Pools:
    """Connections to the hosts that outputs come from, of each host apart.

    A connection is made to a checked address, and one address may belong to several names: in one
    pool for all, a connection that was checked for one name would serve another.

    Args:
        transport: makes what the requests to one host go through, instead of the network.
    """

    def __init__(self, transport: Callable[[], httpx2.AsyncBaseTransport] | None = None) -> None:
        self._transport = transport
        self._open: OrderedDict[str, httpx2.AsyncBaseTransport] = OrderedDict()
        self._busy: dict[str, int] = {}

    @asynccontextmanager
    async def to(self, host: str, proxy: str | None) -> AsyncGenerator[httpx2.AsyncBaseTransport]:
        """Give what requests to a host go through; it stays open for the next one.

        Args:
            host: its name and port, as in a URL.
            proxy: the URL of the proxy to go through.
        """
        key = f"{host} {proxy}"
        if key not in self._open:
            self._open[key] = self._made(proxy)
        self._open.move_to_end(key)
        self._busy[key] = self._busy.get(key, 0) + 1
        try:
            yield self._open[key]
        finally:
            self._busy[key] -= 1
            if not self._busy[key]:
                del self._busy[key]
            await self._close_oldest()

    async def aclose(self) -> None:
        """Close every connection, one that was left half-open too."""
        while self._open:
            _, transport = self._open.popitem()
            await transport.aclose()

    def _made(self, proxy: str | None) -> httpx2.AsyncBaseTransport:
        if self._transport is not None:
            return self._transport()
        with usable_proxy():
            return httpx2.AsyncHTTPTransport(
                verify=trusted_certificates(),
                limits=_LIMITS,
                proxy=None if proxy is None else httpx2.Proxy(proxy),
            )

    async def _close_oldest(self) -> None:
        for key in list(self._open):
            if len(self._open) <= _MOST_HOSTS:
                return
            if key not in self._busy:
                await self._open.pop(key).aclose()


class Hops:
    """Sends the requests of downloads.

    Through transports, not a client, which would have cookies, redirects of its own and whatever
    credentials the environment holds.

    Args:
        rules: which hosts may be asked.
        pools: the connections; not closed by this.
        idle_seconds: how long a connection may be silent.
    """

    def __init__(self, rules: HostRules, pools: Pools, *, idle_seconds: float) -> None:
        self._rules = rules
        self._pools = pools
        self._timeout = httpx2.Timeout(idle_seconds, connect=_CONNECT_SECONDS).as_dict()

    @asynccontextmanager
    async def get(
        self, url: str, headers: dict[str, str], *, turn: int
    ) -> AsyncGenerator[httpx2.Response]:
        """Open the answer at the end of the redirects; its body isn't read yet.

        Args:
            headers: sent along every hop.
            turn: which of a host's addresses to take.

        Raises:
            UrlRefused: a hop breaks the host rules, or there are too many.
            httpx2.TransportError: the connection broke.
        """
        for _ in range(MOST_REDIRECTS + 1):
            proxy = proxy_for(url)
            pinned = await self._rules.pin(url, turn=turn, is_proxied=proxy is not None)
            request = httpx2.Request(
                "GET",
                pinned.url,
                headers={**_HEADERS, **headers, **pinned.headers},
                extensions={**pinned.extensions, "timeout": self._timeout},
            )
            async with self._pools.to(pinned.host, proxy) as transport:
                response = await transport.handle_async_request(request)
                try:
                    if not response.has_redirect_location:
                        yield response
                        return
                    url = _target(url, response.headers["Location"])
                finally:
                    await response.aclose()
        raise UrlRefused(url, "The output's URL leads from one to another without end.")


def _target(url: str, location: str) -> str:
    try:
        return str(httpx2.URL(url).join(location))
    except (httpx2.InvalidURL, ValueError) as error:
        raise UrlRefused(url, "The output's URL leads to one that can't be read.") from error
