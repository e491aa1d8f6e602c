"""One request and its answer: where the token goes, what errors mean, what time the server has."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest

from core.client.http import Answer, Http
from core.emulator.faults import Fault
from core.errors import (
    AlreadyClosed,
    ApiError,
    ConnectionFailed,
    ConnectionLost,
    MalformedResponse,
    ServerError,
    SettingsError,
    Unauthenticated,
)
from core.settings import Settings
from tests.core.downloads.file_server import FileServer, Reply, serving
from tests.core.parts import TOKEN, Parts, http_for, settings_for

JSON = {"Content-Type": "application/json"}
PROBLEM = {"Content-Type": "application/problem+json"}
EVENTS = {"Content-Type": "text/event-stream"}


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    async with serving() as server:
        yield server


@pytest.fixture
async def http(server: FileServer) -> AsyncIterator[Http]:
    """What asks a server that says exactly what it is told to."""
    http = http_for(server.origin, timeout_seconds=0.2)
    yield http
    await http.aclose()


async def post(http: Http, path: str, **options: Any) -> Any:
    """Send one POST request, once."""
    return await http.request(
        "POST", path, Answer.json, name="x", retryable=lambda error: False, **options
    )


async def error_of(http: Http, server: FileServer, reply: Reply) -> ApiError:
    server.replies = [reply]
    with pytest.raises(ApiError) as caught:
        await http.get_once("/account")
    return caught.value


# --- where the token goes


async def test_the_token_goes_to_the_api(parts: Parts) -> None:
    await parts.http.get_once("/account")

    assert parts.emulator.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_the_token_goes_to_no_other_origin(parts: Parts, server: FileServer) -> None:
    server.replies = [Reply(body=b"{}", headers=JSON)]

    await parts.http.get_once(f"{server.origin}/v1/account")

    assert "authorization" not in server.requests[0].headers


async def test_the_token_goes_to_no_other_name_of_the_same_machine(parts: Parts) -> None:
    elsewhere = parts.emulator.url.replace("127.0.0.1", "localhost")

    with pytest.raises(Unauthenticated):
        await parts.http.get_once(f"{elsewhere}/v1/account")


async def test_a_stream_of_another_origin_gets_no_token(parts: Parts, server: FileServer) -> None:
    server.replies = [Reply(body=b"data: x\n\n", headers=EVENTS)]

    async with parts.http.events(f"{server.origin}/stream", {}) as response:
        await response.aread()

    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_error_and_is_not_followed(
    parts: Parts, server: FileServer, status: int
) -> None:
    elsewhere = f"{server.origin}/steal"
    parts.emulator.inject(Fault(status=status, headers={"Location": elsewhere}))

    with pytest.raises(ApiError, match="REPLICATE_BASE_URL") as caught:
        await post(parts.http, "/predictions", json={"input": {}})

    assert caught.value.status == status
    assert elsewhere in str(caught.value)
    assert server.requests == []


async def test_a_streams_redirect_is_not_followed_either(parts: Parts, server: FileServer) -> None:
    parts.emulator.inject(Fault(status=307, headers={"Location": f"{server.origin}/steal"}))

    with pytest.raises(ApiError):
        async with parts.http.events("/stream", {}):
            pass

    assert server.requests == []


async def test_a_client_can_send_headers_of_its_own_along_and_to_no_other_origin(
    server: FileServer,
) -> None:
    async with serving() as stranger:
        http = Http(
            settings_for(server.origin),
            headers={"X-Team": "foxes", "authorization": "Bearer another", "user-agent": "x"},
            user_agent="fox-farm/2",
        )
        for origin in (server, stranger):
            origin.replies = [Reply(body=b"{}", headers=JSON)] * 2
            await http.get_once(f"{origin.origin}/v1/account")
            async with http.events(f"{origin.origin}/stream", {"Last-Event-ID": "7"}):
                pass
        await http.aclose()

    for asked in server.requests:
        assert asked.headers["x-team"] == "foxes"
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"
        assert asked.headers["user-agent"] == "fox-farm/2 replicate-playground"
    for asked in stranger.requests:
        assert not {"x-team", "authorization"} & asked.headers.keys()
        assert asked.headers["user-agent"] == "replicate-playground"
    assert stranger.requests[1].headers["last-event-id"] == "7"


async def test_nobody_can_put_a_second_token_or_agent_beside_the_clients_own() -> None:
    sent: list[httpx2.Headers] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers)
        return httpx2.Response(200, json={})

    settings = settings_for("http://api.test")
    others = {"AUTHORIZATION": "Bearer another", "user-agent": "another"}
    http = Http(settings, transport=httpx2.MockTransport(answer), headers=others)

    await http.get_once("/account")
    await http.with_options(settings, others).get_once("/account")

    for headers in sent:
        assert headers.get_list("authorization") == [f"Bearer {TOKEN}"]
        assert headers.get_list("user-agent") == ["replicate-playground"]
    await http.aclose()


# --- one request, and no more


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_asking_once_costs_one_request_whatever_comes_back(parts: Parts, status: int) -> None:
    parts.emulator.inject(Fault(status=status, times=None, headers={"Retry-After": "0"}))

    with pytest.raises(ApiError):
        await parts.http.get_once("/account")

    assert len(parts.emulator.requests) == 1


async def test_connection_refused_means_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    http = http_for(f"http://127.0.0.1:{port}")

    with pytest.raises(ConnectionFailed, match=r"Can't reach 127\.0\.0\.1"):
        await http.get_once("/account")

    await http.aclose()


@pytest.mark.parametrize(
    "error", [httpx2.PoolTimeout, httpx2.ConnectTimeout, httpx2.ConnectError, httpx2.ProxyError]
)
async def test_what_never_had_a_connection_means_not_sent(
    server: FileServer, error: type[httpx2.TransportError]
) -> None:
    class Full(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            raise error("no connection")

    http = Http(settings_for(server.origin), transport=Full())

    with pytest.raises(ConnectionFailed):
        await http.get_once("/account")

    await http.aclose()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(drop=True),
        Fault(hang=True),
        Fault(cut_after_bytes=0),
        Fault(cut_after_bytes=10),
        Fault(content_length=100_000),
    ],
    ids=["dropped", "hung", "cut before its head", "cut in its body", "short"],
)
async def test_an_answer_that_is_lost_means_perhaps_carried_out(parts: Parts, fault: Fault) -> None:
    parts.emulator.inject(fault)

    with pytest.raises(ConnectionLost, match=r"connection to 127\.0\.0\.1 broke"):
        await parts.http.get_once("/account")


# --- answers that can't be read


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b'{"id": "x', headers=JSON),
        Reply(body=b"<html>Welcome to the hotel</html>"),
        Reply(body=b"", headers=JSON),
        Reply(body=b"\xff", headers=JSON),
        Reply(body=b"[" * 100_000, headers=JSON),
        Reply(body=b"not gzip", headers={**JSON, "Content-Encoding": "gzip"}),
        Reply(body=gzip.compress(b"{}" * 1000)[:20], headers={**JSON, "Content-Encoding": "gzip"}),
    ],
    ids=["truncated", "html", "empty", "not text", "nested", "not gzip", "gzip cut"],
)
async def test_an_answer_that_cant_be_read_is_malformed(
    http: Http, server: FileServer, reply: Reply
) -> None:
    server.replies = [reply]

    with pytest.raises(MalformedResponse, match="try again later"):
        await http.get_once("/account")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_gzipped_answer_is_read(http: Http, server: FileServer, chunked: bool) -> None:
    body = gzip.compress(json.dumps({"text": "é" * 1000}).encode())
    headers = {**JSON, "Content-Encoding": "gzip"}
    server.replies = [Reply(body=body, headers=headers, chunked=chunked)]

    answer = await http.get_once("/account")

    assert answer == {"text": "é" * 1000}


async def test_a_gzipped_error_is_read(http: Http, server: FileServer) -> None:
    body = gzip.compress(b'{"detail": "No such model"}')
    headers = {**PROBLEM, "Content-Encoding": "gzip"}

    error = await error_of(http, server, Reply(status=404, body=body, headers=headers))

    assert error.detail == "No such model"


# --- the server's time


async def test_the_servers_time_is_unknown_before_it_has_answered(parts: Parts) -> None:
    assert parts.http.server_now() is None


@pytest.mark.parametrize("moved", [-3600.0, 0.0, 3600.0])
async def test_the_servers_time_comes_from_its_date(parts: Parts, moved: float) -> None:
    parts.emulator.inject(Fault(clock_seconds=moved))

    await parts.http.get_once("/account")

    told = parts.http.server_now()
    assert told is not None
    assert (told - datetime.now(UTC)).total_seconds() == pytest.approx(moved, abs=1.5)


async def test_errors_tell_the_servers_time_too(parts: Parts) -> None:
    parts.emulator.inject(Fault(status=500, clock_seconds=3600))

    with pytest.raises(ServerError):
        await parts.http.get_once("/account")

    told = parts.http.server_now()
    assert told is not None
    assert (told - datetime.now(UTC)).total_seconds() == pytest.approx(3600, abs=1.5)


async def test_the_servers_time_is_taken_when_its_answer_begins_not_when_it_ends(
    server: FileServer,
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    class Slow(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            await asyncio.sleep(0.3)
            yield b"{}"

    class Inner(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, headers={"Date": format_datetime(at)}, stream=Slow())

    http = Http(settings_for(server.origin), transport=Inner())

    await http.get_once("/account")

    told = http.server_now()
    assert told is not None
    assert told - at >= timedelta(seconds=0.29)
    await http.aclose()


@pytest.mark.parametrize("date", ["yesterday", "", "Thu, 99 Jan 2026 00:00:00 GMT"])
async def test_a_date_that_is_none_is_ignored(http: Http, server: FileServer, date: str) -> None:
    server.replies = [Reply(body=b"{}", headers={**JSON, "Date": date})]

    await http.get_once("/account")

    assert http.server_now() is None


# --- connections


async def test_every_request_has_a_timeout(server: FileServer) -> None:
    timeouts: list[dict[str, float | None]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        timeouts.append(request.extensions["timeout"])
        return httpx2.Response(200, json=[])

    http = Http(settings_for(server.origin), transport=httpx2.MockTransport(answer))

    await http.get("/hardware", name="hardware.list")
    await http.get_once("/hardware")
    await post(http, "/predictions", json={}, extra_seconds=5)

    assert [seconds["read"] for seconds in timeouts] == [30, 30, 35]
    assert {seconds["connect"] for seconds in timeouts} == {5}
    await http.aclose()


async def test_a_connection_is_kept_for_the_next_request_and_closed_in_the_end() -> None:
    opened = 0
    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()
        ended.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        http = http_for(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await http.get_once("/account")
        await http.get_once("/account")
        was_open = not ended.is_set()

        await http.aclose()

        async with asyncio.timeout(2):
            await ended.wait()
    assert (opened, was_open) == (1, True)


async def test_what_is_closed_cant_be_used_any_more(http: Http) -> None:
    await http.aclose()

    with pytest.raises(AlreadyClosed):
        await http.get_once("/account")


async def test_the_connection_of_a_lost_answer_is_closed(http: Http, server: FileServer) -> None:
    server.replies = [Reply(body=b"{}", stall_after=1)]

    with pytest.raises(ConnectionLost):
        await http.get_once("/account")

    await server.idle()


async def test_a_stream_that_is_left_early_is_closed(http: Http, server: FileServer) -> None:
    server.replies = [Reply(body=b"data: a\n\ndata: b\n\n", headers=EVENTS, stall_after=9)]

    async with http.events(f"{server.origin}/stream", {}) as response:
        first = await anext(response.aiter_raw())

    assert first == b"data: a\n\n"
    await server.idle()


async def test_a_client_needs_a_token() -> None:
    with pytest.raises(SettingsError, match="REPLICATE_API_TOKEN"):
        Http(Settings(base_url="http://127.0.0.1:1"))
