"""Which hosts outputs may be fetched from: public ones by https, and the API's own origin.

An output is whatever URL a model returned, so it may name this machine, its network or a cloud's
metadata service. A name is resolved once, every address behind it is checked, and the connection
is made to the checked address, so that a second answer of the name server can't lead elsewhere.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httpx2

from core.errors import UrlRefused

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host name and port → its IP addresses."""

_GLOBAL_UNICAST_V6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_RESOLVE_SECONDS = 10.0
_LOCAL_NAMES = (".localhost", ".local", ".internal")
"""What names of machines and of networks end in; one without a dot is such a name, too."""


@dataclass(frozen=True)
class Pinned:
    """Where to send a request, bound to one checked address.

    Attributes:
        host: its name and port, as in the URL that was given.
        url: with the address in the host's place.
        headers: `Host` with the name.
        extensions: the name that the certificate must be for.
    """

    host: str
    url: httpx2.URL
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system for a host's addresses, its preferred one first."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class HostRules:
    """Decides for each URL, and for each redirect, whether it may be asked.

    Args:
        trusted_origins: origins such as `http://127.0.0.1:8600` that need no check.
        resolve: replaceable in tests.
    """

    def __init__(self, trusted_origins: frozenset[str], *, resolve: Resolve = resolve) -> None:
        self._trusted = {_origin(httpx2.URL(origin)) for origin in trusted_origins}
        self._resolve = resolve

    async def pin(self, url: str, *, turn: int = 0, is_proxied: bool = False) -> Pinned:
        """Return how to reach a URL safely.

        Args:
            turn: which of the host's addresses to take, so that another try isn't bound to one
                that doesn't answer.
            is_proxied: a proxy makes the connection, which may know other names than this machine
                does and refuses bare addresses: then the URL itself is checked alone, whether its
                host is a public address, or may be a public name.

        Raises:
            UrlRefused: it isn't https, or an address of its host isn't public.
            httpx2.ConnectError: the host's name can't be resolved now.
        """
        try:
            parsed = httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError) as error:
            raise UrlRefused(url, "The output's URL can't be read.") from error
        if parsed.userinfo:
            raise UrlRefused(url, "The output's URL holds a user name: it was not followed.")
        host = parsed.netloc.decode("ascii")
        if _origin(parsed) in self._trusted:
            return Pinned(host, parsed)
        if parsed.scheme != "https" or not parsed.host:
            raise UrlRefused(url, "The output's URL is not https: it was not followed.")
        name = parsed.raw_host.decode("ascii").lower().rstrip(".")
        literal = _literal(name)
        if is_proxied and literal is None:
            if "." not in name or name.endswith(_LOCAL_NAMES):
                raise UrlRefused(
                    url, f"The output's host {parsed.host} is a local name: it was not followed."
                )
            return Pinned(host, parsed)
        addresses = await self._addresses(parsed) if literal is None else [literal]
        for address in addresses:
            if not is_public(address):
                raise UrlRefused(
                    url,
                    f"The output's host {parsed.host} lies at {address}, which is not a public "
                    "address: it was not followed.",
                )
        if is_proxied:
            return Pinned(host, parsed)
        return Pinned(
            host,
            parsed.copy_with(host=addresses[turn % len(addresses)]),
            {"Host": host},
            {"sni_hostname": parsed.raw_host.decode("ascii")},
        )

    async def _addresses(self, url: httpx2.URL) -> list[str]:
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                # The encoded name: one that isn't ASCII is asked for as the certificate writes it.
                addresses = await self._resolve(url.raw_host.decode("ascii"), url.port or 443)
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"{url.host} can't be resolved") from error
        if not addresses:
            raise httpx2.ConnectError(f"{url.host} has no address")
        return addresses


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet, not to a machine or network.

    IPv6 addresses that carry an IPv4 address (mapped, NAT64, 6to4, Teredo) are judged by it.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    if carried := _carried_v4(ip):
        return is_public(str(carried))
    return ip in _GLOBAL_UNICAST_V6 and ip.is_global


def _literal(host: str) -> str | None:
    """Return the address that a host is, in whatever way it is written, or None for a name."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))  # 127.1, 0x7f000001, 2130706433
    except OSError:
        return None


def _carried_v4(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.teredo:
        return ip.teredo[1]
    return ip.ipv4_mapped or ip.sixtofour


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _DEFAULT_PORTS.get(url.scheme)
