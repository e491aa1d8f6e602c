"""The proxies that the environment names are gone through, and outputs keep their rules there."""

import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from core import AsyncReplicateClient, ConnectionFailed, DownloadIncomplete, UrlRefused
from core.certificates import trusted_certificates
from core.client.http import Http
from core.downloads.downloader import Downloader
from core.errors import SettingsError
from core.proxies import proxy_for
from tests.core.downloads.file_server import FileServer, Reply, serving
from tests.core.downloads.material import PNG
from tests.core.parts import TOKEN, settings_for
from tests.core.proxying import Proxy, proxying

API = "http://api.example"


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    """What `api.example` and `files.example` really are, as only the proxy knows."""
    async with serving() as server:
        server.file = PNG
        yield server


@pytest.fixture
async def proxy(server: FileServer) -> AsyncIterator[Proxy]:
    there = server.origin.removeprefix("http://")
    async with proxying({"api.example": there, "files.example:443": there}) as proxy:
        yield proxy


def a_downloader(*trusted: str) -> Downloader:
    async def resolve(host: str, port: int) -> list[str]:
        raise AssertionError("behind a proxy no name is resolved here")

    return Downloader(
        trusted_origins=frozenset(trusted), max_bytes=10_000_000, attempts=1, resolve=resolve
    )


# Which proxy


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://a.test/", "http://p:1"),
        ({"https_proxy": "http://p:1"}, "https://a.test/", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://a.test/", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://a.test/", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://a.test/", None),
        ({"ALL_PROXY": "http://p:1"}, "https://a.test/", "http://p:1"),
        ({"ALL_PROXY": "http://p:1", "HTTPS_PROXY": "http://q"}, "https://a.test/", "http://q"),
        ({"HTTPS_PROXY": "p:1"}, "https://a.test/", "http://p:1"),
        ({"HTTPS_PROXY": ""}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.test"}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.test"}, "https://b.a.test/", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "b.test"}, "https://a.test/", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://a:port/", None),
    ],
)
def test_the_environment_says_which_proxy_a_url_is_asked_through(
    environment: dict[str, str],
    url: str,
    proxy: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert proxy_for(url) == proxy


# The API


async def test_requests_and_streams_to_the_api_go_through_the_proxy(
    proxy: Proxy, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    server.replies = [Reply(body=b'{"username": "fox"}'), Reply(body=b"data: a\n\n")]
    http = Http(settings_for(API))

    await http.get_once("/account")
    async with http.events(f"{API}/v1/stream", {}) as response:
        await response.aread()

    assert proxy.asked == [
        "GET http://api.example/v1/account HTTP/1.1",
        "GET http://api.example/v1/stream HTTP/1.1",
    ]
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    await http.aclose()


async def test_an_api_over_https_is_reached_by_a_tunnel_that_sees_no_token(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    http = Http(settings_for("https://api.example"))

    with pytest.raises(ConnectionFailed, match=r"Can't reach api\.example"):
        await http.get_once("/account")

    assert proxy.asked == ["CONNECT api.example:443 HTTP/1.1"]
    assert "Bearer" not in proxy.heads[0]
    await http.aclose()


async def test_no_proxy_is_gone_around(
    proxy: Proxy, server: FileServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.replies = [Reply(body=b'{"username": "fox"}')]

    async with AsyncReplicateClient(settings_for(server.origin)) as client:
        await client.get_account()
        await client.download_file(server.url("fox.png"), tmp_path / "fox.png")

    assert proxy.asked == []
    assert len(server.requests) == 2


async def test_a_transport_of_ones_own_knows_of_no_proxy(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"username": "fox"}))

    async with AsyncReplicateClient(settings_for(API), transport=transport) as client:
        account = await client.get_account()

    assert (account.username, proxy.asked) == ("fox", [])


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1", "ftp://127.0.0.1:1"])
async def test_a_proxy_of_no_known_kind_is_named_in_one_sentence(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ALL_PROXY", url)
    http = Http(settings_for(API))

    with pytest.raises(SettingsError, match="ALL_PROXY names can't be used"):
        await http.get_once("/account")
    with pytest.raises(SettingsError, match="ALL_PROXY names can't be used"):
        await a_downloader().fetch("https://files.example/fox.png", tmp_path / "0")

    assert list(tmp_path.iterdir()) == []


# Downloads


async def test_downloads_from_the_apis_origin_go_through_the_proxy(
    proxy: Proxy, server: FileServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    downloader = a_downloader(API)

    downloaded = await downloader.fetch(f"{API}/fox.png", tmp_path / "fox.png")

    assert downloaded.path.read_bytes() == PNG
    assert proxy.asked == ["GET http://api.example/fox.png HTTP/1.1"]
    assert server.requests[0].headers["host"] == "api.example"
    assert "authorization" not in server.requests[0].headers
    await downloader.aclose()


async def test_a_tunnel_is_asked_for_by_the_hosts_name_not_by_a_pinned_address(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    downloader = a_downloader()

    with pytest.raises(DownloadIncomplete):
        await downloader.fetch("https://unknown.example/fox.png", tmp_path / "0")

    assert proxy.asked == ["CONNECT unknown.example:443 HTTP/1.1"]
    await downloader.aclose()


@pytest.fixture
def encryption(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ssl.SSLContext]:
    """A certificate for `files.example`, which the process trusts."""
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=files.example"]
    names = ["-addext", "subjectAltName=DNS:files.example"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    try:
        command = ["openssl", "req", *options, *names, *files]
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    trusted_certificates.cache_clear()
    yield context
    trusted_certificates.cache_clear()


async def test_through_a_tunnel_the_certificate_is_checked_for_the_name(
    encryption: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    downloader = a_downloader()

    async with serving(encryption) as server:
        server.file = PNG
        there = server.origin.removeprefix("https://")
        hosts = {"files.example:443": there, "others.example:443": there}
        async with proxying(hosts) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            downloaded = await downloader.fetch(
                "https://files.example/fox.png", tmp_path / "fox.png"
            )
            with pytest.raises(DownloadIncomplete):
                await downloader.fetch("https://others.example/fox.png", tmp_path / "1")
            await downloader.aclose()

    assert downloaded.path.read_bytes() == PNG
    assert server.requests[0].headers["host"] == "files.example"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.8",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.8]",
        "127.1",
        "2130706433",
        "0x7f000001",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "files.localhost",
        "printer.local",
        "metadata.google.internal",
        "metadata.google.internal.",
        "intranet",
    ],
)
async def test_behind_a_proxy_what_is_no_public_host_is_refused_unasked(
    host: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    downloader = a_downloader()

    with pytest.raises(UrlRefused, match=r"local name|not a public address"):
        await downloader.fetch(f"https://{host}/fox.png", tmp_path / "0")

    assert proxy.asked == []
    await downloader.aclose()


async def test_behind_a_proxy_a_redirect_keeps_the_rules_too(
    proxy: Proxy, server: FileServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    server.replies = [Reply(status=302, headers={"Location": "https://10.0.0.8/fox.png"})]
    downloader = a_downloader(API)

    with pytest.raises(UrlRefused):
        await downloader.fetch(f"{API}/fox.png", tmp_path / "0")

    assert len(proxy.asked) == 1
    await downloader.aclose()
