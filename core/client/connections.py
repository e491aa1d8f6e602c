"""The connections to the API: one pool for requests, one for streams, opened when first needed."""

import httpx2

from core.certificates import trusted_certificates
from core.errors import AlreadyClosed
from core.proxies import usable_proxy

_LIMITS = httpx2.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30)
_STREAM_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
"""A stream holds its connection for minutes: a hundred of them mustn't hold up a cancel."""


class Connections:
    """What requests go through: the network, by the proxies that the environment names.

    Args:
        transport: in the place of both; closed with this.

    Attributes:
        is_closed: whether it was closed.
    """

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self.is_closed = False
        self._requests: httpx2.AsyncClient | None = None
        self._streams: httpx2.AsyncClient | None = None

    @property
    def requests(self) -> httpx2.AsyncClient:
        """The pool for what is answered soon.

        Raises:
            AlreadyClosed: this was closed.
            SettingsError: the proxy that the environment names can't be used.
        """
        if self._requests is None:
            self._requests = self._opened(_LIMITS)
        return self._requests

    @property
    def streams(self) -> httpx2.AsyncClient:
        """The pool for what is answered for long.

        Raises:
            AlreadyClosed: this was closed.
        """
        if self._streams is None:
            self._streams = self._opened(_STREAM_LIMITS)
        return self._streams

    async def aclose(self) -> None:
        """Close every connection."""
        self.is_closed = True
        requests, self._requests = self._requests, None
        streams, self._streams = self._streams, None
        for client in (requests, streams):
            if client is not None:
                await client.aclose()

    def _opened(self, limits: httpx2.Limits) -> httpx2.AsyncClient:
        if self.is_closed:
            raise AlreadyClosed("This client is closed: make a new one.")
        if self._transport is not None:
            return httpx2.AsyncClient(transport=self._transport)
        with usable_proxy():
            return httpx2.AsyncClient(verify=trusted_certificates(), limits=limits)
