"""Outputs lead to no other place than the internet and the API's own origin."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from core.downloads.downloader import Downloader
from core.errors import (
    UrlRefused,
)
from tests.core.downloads.file_server import FileServer, Reply
from tests.core.downloads.material import CUT, PNG, files, is_whole


async def test_a_url_on_another_port_of_this_machine_is_refused_unasked(
    other_server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    with pytest.raises(UrlRefused):
        await downloader.fetch(other_server.url(), tmp_path / "0")

    assert other_server.requests == []
    assert files(tmp_path) == []


async def test_a_redirect_to_another_port_of_this_machine_is_refused_unasked(
    server: FileServer, other_server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=302, headers={"Location": other_server.url()})]

    with pytest.raises(UrlRefused):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert other_server.requests == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("location", ["file:///etc/passwd", "data:,x", "http://[", "https://h:x/"])
async def test_a_redirect_to_what_is_no_web_address_is_refused(
    location: str, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=302, headers={"Location": location})]

    with pytest.raises(UrlRefused):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert files(tmp_path) == []


async def test_a_refreshed_url_has_to_keep_the_rules_too(
    server: FileServer, other_server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=404)]

    async def refresh() -> str:
        return other_server.url()

    with pytest.raises(UrlRefused):
        await downloader.fetch(server.url(), tmp_path / "0", refresh=refresh)

    assert other_server.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_and_a_range_goes_along(
    status: int, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    hop = Reply(status=status, body=b"moved", headers={"Location": "deep/../fox.png"})
    server.replies = [hop, Reply(cut_after=CUT), hop]

    downloaded = await downloader.fetch(server.url("a/start"), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert [request.target for request in server.requests] == ["/a/start", "/a/fox.png"] * 2
    assert server.requests[3].headers["range"] == f"bytes={CUT}-"


async def test_five_redirects_are_followed_and_a_sixth_is_not(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    hop = Reply(status=302, headers={"Location": "/next"})

    server.replies = [hop] * 5
    downloaded = await downloader.fetch(server.url(), tmp_path / "0")
    server.replies = [hop] * 6
    with pytest.raises(UrlRefused, match="without end"):
        await downloader.fetch(server.url(), tmp_path / "1")

    assert is_whole(downloaded, PNG)


async def test_hops_that_are_passed_are_let_go(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=302, stall_after=0, headers={"Location": "/next"})] * 4
    connections: list[int] = []

    await downloader.fetch(
        server.url(),
        tmp_path / "0",
        on_progress=lambda *_: connections.append(server.connections),
    )

    assert connections[-1] <= 1


class Internet:
    """Public hosts, without a network: answers requests, and names with addresses."""

    def __init__(self, replies: list[httpx2.Response], **addresses: str) -> None:
        self.replies = replies
        self.requests: list[httpx2.Request] = []
        self.addresses = addresses

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self.replies.pop(0)

    async def resolve(self, host: str, port: int) -> list[str]:
        return [self.addresses[host.partition(".")[0]]]

    def options(self) -> dict[str, Any]:
        return {"transport": partial(httpx2.MockTransport, self.answer), "resolve": self.resolve}


async def test_a_public_host_is_asked_at_its_checked_address_without_a_token(
    downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    internet = Internet(
        [httpx2.Response(200, stream=httpx2.ByteStream(PNG))], files="93.184.216.34"
    )

    downloaded = await downloaders(**internet.options()).fetch(
        "https://files.example/fox.png?signature=1", tmp_path / "0"
    )

    [request] = internet.requests
    assert is_whole(downloaded, PNG)
    assert str(request.url) == "https://93.184.216.34/fox.png?signature=1"
    assert request.headers["Host"] == "files.example"
    assert request.extensions["sni_hostname"] == "files.example"
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    "location", ["https://inside.example/fox.png", "http://files.example/fox.png"]
)
async def test_a_public_host_can_not_lead_inside_or_off_https(
    location: str, downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    internet = Internet(
        [httpx2.Response(302, headers={"Location": location})],
        files="93.184.216.34",
        inside="10.0.0.8",
    )

    with pytest.raises(UrlRefused):
        await downloaders(**internet.options()).fetch(
            "https://files.example/fox.png", tmp_path / "0"
        )

    assert len(internet.requests) == 1


async def test_each_hop_is_asked_by_its_own_name(
    downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    moved = httpx2.Response(302, headers={"Location": "//store.example/fox.png"})
    internet = Internet(
        [moved, httpx2.Response(200, stream=httpx2.ByteStream(PNG))],
        files="93.184.216.34",
        store="93.184.216.35",
    )

    await downloaders(**internet.options()).fetch("https://files.example/a", tmp_path / "0")

    assert [request.headers["Host"] for request in internet.requests] == [
        "files.example",
        "store.example",
    ]
