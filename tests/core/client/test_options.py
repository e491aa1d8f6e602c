"""What a client can be made with, and made to differ in, without a second connection."""

import math
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from core import (
    AsyncReplicateClient,
    InvalidInput,
    PredictionTimeout,
    ReplicateClient,
    ServerError,
)
from core.clock import Clock
from core.emulator import Emulator, Fault
from tests.core.parts import TOKEN, FakeTime, settings_for
from tests.core.talkers import SAYS, SLEEPS

RUNNING = {"starting", "processing"}


@pytest.fixture
def emulator(talking_emulator: Emulator) -> Emulator:
    return talking_emulator


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncReplicateClient]:
    async with AsyncReplicateClient(settings_for(emulator.url)) as client:
        yield client


class Counting(httpx2.AsyncBaseTransport):
    """Hands requests on, counts them, and remembers that it was closed."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.is_closed = False
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        self.is_closed = True
        await self._inner.aclose()


async def test_a_transport_carries_requests_and_streams_and_is_closed_in_the_end(
    emulator: Emulator,
) -> None:
    transport = Counting()

    async with AsyncReplicateClient(settings_for(emulator.url), transport=transport) as client:
        await client.get_account()
        pieces = [piece async for piece in client.stream_output(SAYS, {"tokens": ["a", "b"]})]

    assert "".join(pieces) == "ab"
    assert len(transport.requests) == len(emulator.requests)
    assert transport.is_closed


async def test_headers_and_a_user_agent_are_sent_with_every_request(emulator: Emulator) -> None:
    async with AsyncReplicateClient(
        settings_for(emulator.url), headers={"X-Team": "foxes"}, user_agent="fox-farm/2"
    ) as client:
        await client.run_model(SAYS, {"tokens": ["a"]})
        await client.get_account()

    for request in emulator.requests:
        assert request.headers["x-team"] == "foxes"
        assert request.headers["user-agent"] == "fox-farm/2 replicate-playground"
        assert request.headers["authorization"] == f"Bearer {TOKEN}"


async def test_a_clock_is_what_all_waits_go_by(emulator: Emulator) -> None:
    time = FakeTime()
    emulator.inject(Fault(status=503, times=2))

    async with AsyncReplicateClient(settings_for(emulator.url), clock=time.value) as client:
        await client.get_account()

    assert len(time.slept) == 2
    assert 1.5 <= time.slept[0] <= 2.5
    assert 3 <= time.slept[1] <= 5


# Other options on the same connections


async def test_other_options_leave_the_first_client_as_it_is(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    other = client.with_options(timeout=30, max_retries=1, headers={"X-Team": "foxes"})

    await other.create_prediction(SLEEPS, {})
    await client.create_prediction(SLEEPS, {})

    sent = [
        (one.headers.get("cancel-after"), one.headers.get("x-team")) for one in emulator.requests
    ]
    assert sent == [("30s", "foxes"), ("600s", None)]
    assert (other.settings.max_retries, client.settings.max_retries) == (1, 3)


async def test_options_add_up(emulator: Emulator, client: AsyncReplicateClient) -> None:
    first = client.with_options(headers={"X-Team": "foxes", "X-Job": "1"}, timeout=30)
    second = first.with_options(headers={"x-job": "2"}, max_retries=2)

    await second.get_account()

    [asked] = emulator.requests
    assert (asked.headers["x-team"], asked.headers["x-job"]) == ("foxes", "2")
    assert (second.settings.timeout_seconds, second.settings.max_retries) == (30, 2)


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_the_attempts_of_one_client_can_be_others(emulator: Emulator, attempts: int) -> None:
    emulator.inject(Fault(status=503, times=None))

    async with AsyncReplicateClient(settings_for(emulator.url), clock=FakeTime().value) as client:
        with pytest.raises(ServerError):
            await client.with_options(max_retries=attempts).get_account()

    assert len(emulator.requests) == attempts


async def test_the_timeout_of_one_client_can_be_others(client: AsyncReplicateClient) -> None:
    hurried = client.with_options(timeout=0.1)

    with pytest.raises(PredictionTimeout, match="after 0 s"):
        await hurried.wait_for_prediction(await client.create_prediction(SLEEPS, {}))


@pytest.mark.parametrize("timeout", [0, -1, math.nan])
async def test_a_timeout_that_is_none_is_refused(
    client: AsyncReplicateClient, timeout: float
) -> None:
    with pytest.raises(InvalidInput, match="more than 0"):
        client.with_options(timeout=timeout)


async def test_they_share_connections_limits_and_the_end(emulator: Emulator) -> None:
    transport = Counting()
    client = AsyncReplicateClient(settings_for(emulator.url), transport=transport)
    other = client.with_options(timeout=30)
    emulator.inject(Fault(method="POST", status=429, headers={"Retry-After": "1"}))
    waits: list[Any] = []

    await client.create_prediction(SLEEPS, {})
    await other.create_prediction(SLEEPS, {}, on_wait=lambda *wait: waits.append(wait))
    await other.aclose()

    assert waits, "what one was refused, the other one waits for"
    assert transport.is_closed
    with pytest.raises(Exception, match="make a new one"):
        await client.get_account()


async def test_a_create_lost_by_one_is_not_taken_for_the_others(emulator: Emulator) -> None:
    time = FakeTime()
    async with AsyncReplicateClient(
        settings_for(emulator.url), clock=Clock(sleep=time.sleep)
    ) as client:
        made = await client.create_prediction(SLEEPS, {})
        emulator.inject(Fault(method="POST", path="*/predictions", processed=True, drop=True))

        found = await client.with_options(timeout=30).create_prediction(SLEEPS, {})

    assert found.id != made.id
    assert {found.id, made.id} == {one["id"] for one in emulator.predictions}


# What a prediction may be given as, and how long it may take


async def test_a_prediction_is_named_by_itself_or_by_its_id(client: AsyncReplicateClient) -> None:
    prediction = await client.create_prediction(SAYS, {"tokens": ["a"], "rest": 1e6})

    asked = [await client.get_prediction(one) for one in (prediction, prediction.id)]
    cancelled = [await client.cancel_prediction(one) for one in (prediction, prediction.id)]

    assert {one.id for one in asked} == {prediction.id}
    assert {one.status for one in cancelled} == {"canceled"}


async def test_who_waits_or_watches_leaves_what_is_late_running(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    prediction = await client.create_prediction(SLEEPS, {})

    with pytest.raises(PredictionTimeout, match="is still running") as waited:
        await client.wait_for_prediction(prediction, timeout=0.1)
    with pytest.raises(PredictionTimeout) as watched:
        async for _ in client.watch_prediction(prediction.id, timeout=0.1):
            pass

    assert not waited.value.was_cancelled
    assert not watched.value.was_cancelled
    assert emulator.predictions[0]["status"] in RUNNING


async def test_who_watches_may_have_it_cancelled_when_it_is_late(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    prediction = await client.create_prediction(SLEEPS, {})

    with pytest.raises(PredictionTimeout, match="was cancelled") as watched:
        async for _ in client.watch_prediction(prediction, timeout=0.1, cancel_when_late=True):
            pass

    assert watched.value.was_cancelled
    assert emulator.predictions[0]["status"] == "canceled"


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({}, "600s"),
        ({"deadline_seconds": 60}, "60s"),
        ({"deadline_seconds": math.inf}, None),
        ({"webhook": "https://example.com/hook"}, None),
        ({"webhook": "https://example.com/hook", "deadline_seconds": 60}, "60s"),
    ],
)
async def test_a_create_has_the_settings_deadline_unless_it_is_told_or_has_a_webhook(
    options: dict[str, Any], sent: str | None, emulator: Emulator, client: AsyncReplicateClient
) -> None:
    await client.create_prediction(SLEEPS, {}, **options)

    assert emulator.requests[0].headers.get("cancel-after") == sent


async def test_a_run_whose_create_is_answered_whole_asks_for_nothing_more(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    body = '{"id": "p1", "status": "processing", "output": ["a"]}'
    emulator.inject(Fault(method="POST", status=201, body=body))

    assert await client.run_model(SAYS, {}) == ["a"]

    assert len(emulator.requests) == 1


def test_the_blocking_client_takes_the_same(emulator: Emulator) -> None:
    transport = Counting()

    with ReplicateClient(
        settings_for(emulator.url),
        transport=transport,
        headers={"X-Team": "foxes"},
        user_agent="den/1.0",
    ) as client:
        client.get_account()
        client.with_options(headers={"X-Job": "7"}).get_account()

    sent = [(one.headers["x-team"], one.headers.get("x-job")) for one in emulator.requests]
    assert sent == [("foxes", None), ("foxes", "7")]
    assert {one.headers["user-agent"] for one in emulator.requests} == {
        "den/1.0 replicate-playground"
    }
    assert len(transport.requests) == 2
    assert transport.is_closed
