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
from replicate.client import Client, RetryTransport

from core.api.transport import Api, ApiTransport
from core.emulator.faults import Fault
from core.errors import (
    AlreadyClosed,
    ApiError,
    ConnectionFailed,
    ConnectionLost,
    Forbidden,
    InputRejected,
    MalformedResponse,
    NotFound,
    PaymentRequired,
    RateLimited,
    ServerError,
    SettingsError,
    Unauthenticated,
)
from core.settings import Settings
from tests.core.downloads.file_server import FileServer, Reply, serving
from tests.core.parts import TOKEN, Parts, api_for, settings_for

JSON = {"Content-Type": "application/json"}
PROBLEM = {"Content-Type": "application/problem+json"}


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    async with serving() as server:
        yield server


@pytest.fixture
async def api(server: FileServer) -> AsyncIterator[Api]:
    """An API client of a server that says exactly what it is told to."""
    api = api_for(server.origin, timeout_seconds=0.2)
    yield api
    await api.aclose()


async def error_of(api: Api, server: FileServer, reply: Reply) -> ApiError:
    server.replies = [reply]
    with pytest.raises(ApiError) as caught:
        await api.request("GET", "/v1/account")
    return caught.value


# --- where the token goes


async def test_the_token_goes_to_the_api(parts: Parts) -> None:
    await parts.api.request("GET", "/v1/account")

    assert parts.emulator.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_the_token_goes_to_no_other_origin(parts: Parts, server: FileServer) -> None:
    server.replies = [Reply(body=b"{}", headers=JSON)]

    await parts.api.request("GET", f"{server.origin}/v1/account")

    assert "authorization" not in server.requests[0].headers


async def test_the_token_goes_to_no_other_name_of_the_same_machine(parts: Parts) -> None:
    elsewhere = parts.emulator.url.replace("127.0.0.1", "localhost")

    with pytest.raises(Unauthenticated):
        await parts.api.request("GET", f"{elsewhere}/v1/account")


async def test_a_stream_of_another_origin_gets_no_token(parts: Parts, server: FileServer) -> None:
    server.replies = [Reply(body=b"data: x\n\n", headers={"Content-Type": "text/event-stream"})]

    async with parts.api.events(f"{server.origin}/stream", {}) as response:
        await response.aread()

    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_error_and_is_not_followed(
    parts: Parts, server: FileServer, status: int
) -> None:
    elsewhere = f"{server.origin}/steal"
    parts.emulator.inject(Fault(status=status, headers={"Location": elsewhere}))

    with pytest.raises(ApiError, match="REPLICATE_BASE_URL") as caught:
        await parts.api.request("POST", "/v1/predictions", body={"input": {}})

    assert caught.value.status == status
    assert elsewhere in str(caught.value)
    assert server.requests == []


async def test_a_client_that_follows_redirects_can_carry_no_token_elsewhere(
    parts: Parts, server: FileServer
) -> None:
    parts.emulator.inject(Fault(status=307, headers={"Location": f"{server.origin}/steal"}))
    transport = ApiTransport(parts.emulator.url)

    async with httpx2.AsyncClient(transport=transport, follow_redirects=True) as client:
        with pytest.raises(ApiError):
            await client.get(
                f"{parts.emulator.url}/v1/account", headers={"Authorization": f"Bearer {TOKEN}"}
            )

    assert server.requests == []


# --- errors with their types


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (400, ApiError, "refused"),
        (401, Unauthenticated, "REPLICATE_API_TOKEN"),
        (402, PaymentRequired, "credit"),
        (403, Forbidden, "may not"),
        (404, NotFound, "check the name"),
        (408, ServerError, "later"),
        (422, InputRejected, "input"),
        (429, RateLimited, "slow down"),
        (500, ServerError, "later"),
        (502, ServerError, "later"),
        (503, ServerError, "later"),
        (504, ServerError, "later"),
        (599, ServerError, "later"),
    ],
)
async def test_each_status_has_its_error_and_each_says_what_to_do(
    parts: Parts, status: int, kind: type[ApiError], advice: str
) -> None:
    parts.emulator.inject(Fault(status=status))

    with pytest.raises(ApiError) as caught:
        await parts.api.request("GET", "/v1/account")

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.detail == "Something went wrong on purpose."
    assert advice in str(caught.value)


async def test_an_error_keeps_what_replicate_said_and_its_headers(
    api: Api, server: FileServer
) -> None:
    body = {"title": "Insufficient credit", "detail": "You have none.", "status": 402}

    error = await error_of(
        api,
        server,
        Reply(status=402, body=json.dumps(body).encode(), headers={**PROBLEM, "X-Request": "7"}),
    )

    assert (error.title, error.detail) == ("Insufficient credit", "You have none.")
    assert error.headers["x-request"] == "7"


async def test_a_422_names_the_fields_that_were_wrong(parts: Parts) -> None:
    with pytest.raises(InputRejected) as caught:
        await parts.api.request(
            "POST", "/v1/models/acme/pictures/predictions", body={"input": {"strength": 2}}
        )

    assert [field.field for field in caught.value.invalid_fields] == ["input.strength"]
    assert caught.value.invalid_fields[0].description
    assert "strength: " in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1, 2]",
        b'"text"',
        b"null",
        b"7",
        b"{",
        b"<html><body>502 Bad Gateway</body></html>",
        b"\xff\xfe\x00",
        b'{"detail": ["a"], "title": {"b": 1}, "invalid_fields": {"c": 2}, "retry_after": []}',
        b'{"invalid_fields": [1, null, {"field": 3}]}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("status", [404, 422, 503])
async def test_an_errors_body_may_be_anything(
    api: Api, server: FileServer, body: bytes, status: int
) -> None:
    error = await error_of(api, server, Reply(status=status, body=body, headers=PROBLEM))

    assert error.status == status
    assert error.detail == ""
    assert error.retry_after_seconds is None


async def test_a_huge_error_gives_a_short_sentence(api: Api, server: FileServer) -> None:
    fields = [{"field": f"input.{n}", "description": "x" * 5_000} for n in range(1_000)]
    body = {"detail": "y" * 1_000_000, "title": "z" * 1_000_000, "invalid_fields": fields}

    error = await error_of(
        api, server, Reply(status=422, body=json.dumps(body).encode(), headers=PROBLEM)
    )

    assert len(error.detail) == 1_000
    assert len(str(error)) < 60_000


async def test_an_error_whose_encoding_is_damaged_is_still_that_error(
    api: Api, server: FileServer
) -> None:
    error = await error_of(
        api, server, Reply(status=401, body=b"not gzip", headers={"Content-Encoding": "gzip"})
    )

    assert isinstance(error, Unauthenticated)


# --- Retry-After


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        ("7", {}, 7.0),
        ("1.5", {}, 1.5),
        (" 3 ", {}, 3.0),
        ("0", {}, 0.0),
        ("-4", {}, 0.0),
        ("86400", {}, 86_400.0),
        (None, {"retry_after": 5}, 5.0),
        (None, {"retry_after": 2.5}, 2.5),
        (None, {"retry_after": "4"}, 4.0),
        ("9", {"retry_after": 5}, 9.0),
        ("soon", {"retry_after": 5}, 5.0),
        ("nan", {}, None),
        ("inf", {"retry_after": None}, None),
        (None, {}, None),
    ],
)
async def test_retry_after_is_read_from_the_header_or_the_body(
    api: Api, server: FileServer, header: str | None, body: dict[str, Any], seconds: float | None
) -> None:
    headers = {**PROBLEM, "Retry-After": header}

    error = await error_of(
        api, server, Reply(status=429, body=json.dumps(body).encode(), headers=headers)
    )

    assert error.retry_after_seconds == seconds


async def test_retry_after_as_a_date_counts_by_the_servers_clock(parts: Parts) -> None:
    parts.emulator.advance(3600)
    at = datetime.now(UTC) + timedelta(seconds=3600 + 30)
    parts.emulator.inject(Fault(status=503, headers={"Retry-After": format_datetime(at)}))

    with pytest.raises(ServerError) as caught:
        await parts.api.request("GET", "/v1/account")

    assert caught.value.retry_after_seconds == pytest.approx(30, abs=2)


async def test_retry_after_as_a_date_that_has_passed_means_now(parts: Parts) -> None:
    at = datetime.now(UTC) - timedelta(days=1)
    parts.emulator.inject(
        Fault(status=429, headers={"Retry-After": format_datetime(at, usegmt=True)})
    )

    with pytest.raises(RateLimited) as caught:
        await parts.api.request("GET", "/v1/account")

    assert caught.value.retry_after_seconds == 0


# --- one request, and no more


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_an_error_costs_one_request_because_the_packages_own_retries_never_happen(
    parts: Parts, status: int
) -> None:
    parts.emulator.inject(Fault(status=status, times=None, headers={"Retry-After": "0"}))

    with pytest.raises(ApiError):
        await parts.api.request("GET", "/v1/account")
    with pytest.raises(ApiError):
        await parts.api.package.hardware.async_list()

    assert len(parts.emulator.requests) == 2


async def test_connection_refused_means_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    api = Api(settings_for(f"http://127.0.0.1:{port}"))

    with pytest.raises(ConnectionFailed, match=r"Can't reach 127\.0\.0\.1"):
        await api.request("GET", "/v1/account")

    await api.aclose()


async def test_a_pool_that_is_full_means_not_sent(server: FileServer) -> None:
    class Full(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            raise httpx2.PoolTimeout("full")

    api = Api(settings_for(server.origin), inner=Full())

    with pytest.raises(ConnectionFailed):
        await api.request("GET", "/v1/account")

    await api.aclose()


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
        await parts.api.request("GET", "/v1/account")


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
    api: Api, server: FileServer, reply: Reply
) -> None:
    server.replies = [reply]

    with pytest.raises(MalformedResponse, match="try again later"):
        await api.request("GET", "/v1/account")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_gzipped_answer_is_read(api: Api, server: FileServer, chunked: bool) -> None:
    body = gzip.compress(json.dumps({"text": "é" * 1000}).encode())
    headers = {**JSON, "Content-Encoding": "gzip"}
    server.replies = [Reply(body=body, headers=headers, chunked=chunked)]

    answer = await api.request("GET", "/v1/account")

    assert answer == {"text": "é" * 1000}


async def test_a_gzipped_error_is_read(api: Api, server: FileServer) -> None:
    body = gzip.compress(b'{"detail": "No such model"}')
    headers = {**PROBLEM, "Content-Encoding": "gzip"}

    error = await error_of(api, server, Reply(status=404, body=body, headers=headers))

    assert error.detail == "No such model"


# --- the server's time


async def test_the_servers_time_is_unknown_before_it_has_answered(parts: Parts) -> None:
    assert parts.api.server_now() is None


@pytest.mark.parametrize("moved", [-3600.0, 0.0, 3600.0])
async def test_the_servers_time_comes_from_its_date(parts: Parts, moved: float) -> None:
    parts.emulator.inject(Fault(clock_seconds=moved))

    await parts.api.request("GET", "/v1/account")

    told = parts.api.server_now()
    assert told is not None
    assert (told - datetime.now(UTC)).total_seconds() == pytest.approx(moved, abs=1.5)


async def test_errors_tell_the_servers_time_too(parts: Parts) -> None:
    parts.emulator.inject(Fault(status=500, clock_seconds=3600))

    with pytest.raises(ServerError):
        await parts.api.request("GET", "/v1/account")

    told = parts.api.server_now()
    assert told is not None
    assert (told - datetime.now(UTC)).total_seconds() == pytest.approx(3600, abs=1.5)


async def test_the_servers_time_is_taken_when_its_answer_begins_not_when_it_ends(
    server: FileServer,
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    now = at.timestamp()

    class Slow(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal now
            now += 40
            yield b"{}"

    class Inner(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, headers={"Date": format_datetime(at)}, stream=Slow())

    transport = ApiTransport(server.origin, inner=Inner(), clock=lambda: now)

    await transport.handle_async_request(httpx2.Request("GET", server.origin))

    assert transport.server_now() == at + timedelta(seconds=40)


@pytest.mark.parametrize("date", ["yesterday", "", "Thu, 99 Jan 2026 00:00:00 GMT"])
async def test_a_date_that_is_none_is_ignored(api: Api, server: FileServer, date: str) -> None:
    server.replies = [Reply(body=b"{}", headers={**JSON, "Date": date})]

    await api.request("GET", "/v1/account")

    assert api.server_now() is None


# --- the package underneath


async def test_the_packages_private_parts_that_we_use_are_still_there() -> None:
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, json={"ok": True})

    client = Client(
        api_token="t", base_url="http://api.test", transport=httpx2.MockTransport(answer)
    )

    response = await client._async_request(
        "POST",
        "/v1/x",
        json={"a": 1},
        headers={"Cancel-After": "5s"},
        params={"b": "2"},
        timeout=httpx2.Timeout(1.5),
    )

    assert isinstance(client._async_client, httpx2.AsyncClient)
    assert isinstance(client._async_client._transport, RetryTransport)
    assert response.json() == {"ok": True}
    assert str(sent[0].url) == "http://api.test/v1/x?b=2"
    assert sent[0].headers["cancel-after"] == "5s"
    assert sent[0].headers["authorization"] == "Bearer t"
    assert sent[0].extensions["timeout"]["read"] == 1.5
    await client._async_client.aclose()


async def test_every_request_has_a_timeout(server: FileServer) -> None:
    timeouts: list[dict[str, float | None]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        timeouts.append(request.extensions["timeout"])
        return httpx2.Response(200, json=[])

    api = Api(settings_for(server.origin), inner=httpx2.MockTransport(answer))

    await api.request("GET", "/v1/hardware")
    await api.request("POST", "/v1/predictions", body={}, extra_seconds=5)
    await api.package.hardware.async_list()

    assert [seconds["read"] for seconds in timeouts] == [30, 35, 30]
    assert all(None not in seconds.values() for seconds in timeouts)
    await api.aclose()


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
        api = api_for(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await api.request("GET", "/v1/account")
        await api.request("GET", "/v1/account")
        was_open = not ended.is_set()

        await api.aclose()

        async with asyncio.timeout(2):
            await ended.wait()
    assert (opened, was_open) == (1, True)


async def test_what_is_closed_cant_be_used_any_more(api: Api) -> None:
    await api.aclose()

    with pytest.raises(AlreadyClosed):
        await api.request("GET", "/v1/account")


async def test_the_connection_of_a_lost_answer_is_closed(api: Api, server: FileServer) -> None:
    server.replies = [Reply(body=b"{}", stall_after=1)]

    with pytest.raises(ConnectionLost):
        await api.request("GET", "/v1/account")

    await server.idle()


async def test_a_stream_that_is_left_early_is_closed(api: Api, server: FileServer) -> None:
    headers = {"Content-Type": "text/event-stream"}
    server.replies = [Reply(body=b"data: a\n\ndata: b\n\n", headers=headers, stall_after=9)]

    async with api.events(f"{server.origin}/stream", {}) as response:
        first = await anext(response.aiter_raw())

    assert first == b"data: a\n\n"
    await server.idle()


async def test_a_client_needs_a_token() -> None:
    with pytest.raises(SettingsError, match="REPLICATE_API_TOKEN"):
        Api(Settings(base_url="http://127.0.0.1:1"))
