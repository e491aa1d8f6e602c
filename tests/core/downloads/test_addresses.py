"""Which hosts may be asked for outputs, and that the address checked is the address asked."""

import asyncio

import httpx2
import pytest

from core.downloads.addresses import HostRules, Resolve, is_public
from core.downloads.hops import Pools
from core.errors import UrlRefused

PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "2002:5db8:d822::1", "64:ff9b::8.8.8.8"]

NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.169.254",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo, of 127.0.0.1
    "not an address",
]


def answering(*addresses: str) -> Resolve:
    """A name server that knows one answer."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


def rules(*addresses: str, trusted: str = "http://127.0.0.1:8600") -> HostRules:
    return HostRules(frozenset({trusted}), resolve=answering(*addresses))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_of_a_machine_or_a_network_is_not_public(address: str) -> None:
    assert not is_public(address)


async def test_a_public_host_is_asked_at_the_address_that_was_checked() -> None:
    pinned = await rules("93.184.216.34").pin("https://files.example:8443/a.png?x=1")

    assert str(pinned.url) == "https://93.184.216.34:8443/a.png?x=1"
    assert pinned.headers["Host"] == "files.example:8443"
    assert pinned.extensions["sni_hostname"] == "files.example"


async def test_an_ipv6_address_is_written_in_brackets() -> None:
    pinned = await rules("2606:4700::1111").pin("https://files.example/a.png")

    assert str(pinned.url) == "https://[2606:4700::1111]/a.png"


async def test_a_name_that_is_not_ascii_is_asked_for_as_its_certificate_writes_it() -> None:
    asked = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["93.184.216.34"]

    pinned = await HostRules(frozenset(), resolve=resolve).pin("https://füchse.example/a.png")

    assert asked == [("xn--fchse-kva.example", 443)]
    assert pinned.extensions["sni_hostname"] == "xn--fchse-kva.example"


async def test_another_try_goes_to_another_of_the_addresses() -> None:
    two = rules("93.184.216.34", "93.184.216.35")

    hosts = [(await two.pin("https://files.example/", turn=turn)).url.host for turn in range(3)]

    assert hosts == ["93.184.216.34", "93.184.216.35", "93.184.216.34"]


async def test_a_connection_pinned_to_an_address_is_not_shared_with_other_names() -> None:
    both = rules("93.184.216.34")

    one, other = [await both.pin(f"https://{name}.example/") for name in ("files", "others")]

    assert one.url == other.url
    assert (one.host, other.host) == ("files.example", "others.example")
    made: list[object] = []
    pools = Pools(lambda: made.append(object()) or made[-1])  # type: ignore[arg-type, func-returns-value]
    for pinned in (one, other, one):
        async with pools.to(pinned.host, None):
            pass
    assert len(made) == 2


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "100.64.0.1", "::1", "fe80::1%eth0"])
async def test_a_name_that_leads_into_a_network_is_refused(address: str) -> None:
    with pytest.raises(UrlRefused, match="not a public address"):
        await rules(address).pin("https://files.example/a.png")


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(UrlRefused, match=r"10\.0\.0\.8"):
        await rules("93.184.216.34", "10.0.0.8").pin("https://files.example/a.png")


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example/a.png",
        "ftp://files.example/a.png",
        "file:///etc/passwd",
        "data:text/plain,x",
        "/a.png",
        "",
        "https://",
        "https://[bad/",
        "https://files.example:port/",
        "https://user:secret@files.example/a.png",
        "http://user@127.0.0.1:8600/a.png",
        "http://127.0.0.1:8601/a.png",
        "http://localhost:8600/a.png",
        "https://127.0.0.1:8600/a.png",
        "http://127.0.0.1:8600.files.example/a.png",
    ],
)
async def test_what_is_neither_https_nor_the_trusted_origin_is_refused(url: str) -> None:
    numeric = rules("127.0.0.1")  # which is what a system answers for these hosts

    with pytest.raises(UrlRefused) as refused:
        await numeric.pin(url)

    assert refused.value.url == url
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "[::ffff:7f00:1]"])
async def test_loopback_is_refused_however_it_is_written(host: str) -> None:
    system = HostRules(frozenset())

    with pytest.raises(UrlRefused):
        await system.pin(f"https://{host}/a.png")


@pytest.mark.parametrize("host", ["files.example", "8.8.8.8", "my.localhost.example"])
async def test_behind_a_proxy_a_public_host_is_asked_by_its_name_and_not_resolved(
    host: str,
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise AssertionError

    pinned = await HostRules(frozenset(), resolve=resolve).pin(
        f"https://{host}/a.png", is_proxied=True
    )

    assert str(pinned.url) == f"https://{host}/a.png"
    assert not pinned.headers
    assert not pinned.extensions


@pytest.mark.parametrize(
    ("trusted", "url"),
    [
        ("http://127.0.0.1:8600", "http://127.0.0.1:8600/a.png"),
        ("http://127.0.0.1:8600/v1", "http://127.0.0.1:8600/a.png"),
        ("https://API.example", "https://api.example:443/a.png"),
        ("http://api.example", "http://api.example:80/a.png"),
    ],
)
async def test_the_trusted_origin_is_asked_as_it_is(trusted: str, url: str) -> None:
    pinned = await rules(trusted=trusted).pin(url)

    assert pinned.url == httpx2.URL(url)
    assert not pinned.headers
    assert not pinned.extensions


async def test_a_name_that_can_not_be_resolved_now_is_no_refusal() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(httpx2.ConnectError, match=r"files\.example"):
        await HostRules(frozenset(), resolve=resolve).pin("https://files.example/")


async def test_a_name_without_an_address_is_no_refusal() -> None:
    with pytest.raises(httpx2.ConnectError, match="no address"):
        await rules().pin("https://files.example/")


async def test_a_silent_name_server_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.downloads.addresses._RESOLVE_SECONDS", 0.01)

    async def resolve(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(httpx2.ConnectError):
        await HostRules(frozenset(), resolve=resolve).pin("https://files.example/")
