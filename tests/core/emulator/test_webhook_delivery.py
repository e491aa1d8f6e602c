"""Webhooks as Replicate sends them: signed, filtered, in order, only the last one again."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import pytest

from core.emulator import Emulator
from core.emulator.clock import Clock
from core.emulator.predictions import Order, Prediction
from core.emulator.webhooks import Webhooks
from core.errors import WebhookRejected
from core.webhooks import verify
from tests.core.emulator.clients import create, get, until_ended
from tests.core.emulator.receiver import Receiver, receiving
from tests.core.emulator.runners import BROKEN, SLOW, WORDS

ALL = ["start", "output", "logs", "completed"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_a_webhook_is_signed_with_the_accounts_secret(
    http: httpx2.Client, receiver: Receiver
) -> None:
    secret = http.get("/webhooks/default/secret").json()["key"]
    create(http, WORDS.card.id, {}, webhook=receiver.url)

    (*_, last) = receiver.wait_for_end()

    assert verify(last.body, last.headers, secret) == last.id
    with pytest.raises(WebhookRejected, match="no signature matches"):
        verify(last.body + b" ", last.headers, secret)


def test_a_webhook_is_signed_at_the_emulated_time(
    emulator: Emulator, http: httpx2.Client, receiver: Receiver
) -> None:
    secret = http.get("/webhooks/default/secret").json()["key"]
    emulator.advance(-3600)
    create(http, WORDS.card.id, {}, webhook=receiver.url)

    (*_, last) = receiver.wait_for_end()

    assert verify(last.body, last.headers, secret, now=time.time() - 3600)
    with pytest.raises(WebhookRejected, match="too old"):
        verify(last.body, last.headers, secret)


def test_the_last_webhook_is_the_prediction_as_it_ended(
    http: httpx2.Client, receiver: Receiver
) -> None:
    created = create(http, WORDS.card.id, {"prompt": "you"}, webhook=f"{receiver.url}?job=7").json()

    (*_, last) = receiver.wait_for_end()

    assert last.path == "/hook?job=7"
    assert last.headers["content-type"] == "application/json"
    assert last.prediction == get(http, created)
    assert last.prediction["output"] == ["Hello ", "you "]
    assert last.prediction["webhook"] == f"{receiver.url}?job=7"


@pytest.mark.parametrize(
    ("events", "statuses"),
    [
        (["start"], ["processing"]),
        (["completed"], ["succeeded"]),
        (["start", "completed"], ["processing", "succeeded"]),
        (["output"], ["processing"]),
        (["logs"], ["processing"]),
        ([], []),
    ],
)
def test_only_the_events_asked_for_are_sent(
    events: list[str], statuses: list[str], http: httpx2.Client, receiver: Receiver
) -> None:
    body = {"webhook": receiver.url, "webhook_events_filter": events}
    created = create(http, WORDS.card.id, {}, **body).json()

    until_ended(http, created)

    receiver.wait_for(len(statuses))
    time.sleep(0.05)
    # How many of outputs and logs are sent is a matter of their spacing.
    found = dict.fromkeys(item.prediction["status"] for item in receiver.received)
    assert list(found) == statuses


def test_without_a_filter_outputs_and_the_end_are_sent(
    http: httpx2.Client, receiver: Receiver
) -> None:
    create(http, WORDS.card.id, {}, webhook=receiver.url)

    received = receiver.wait_for_end()

    assert [item.prediction["output"] for item in (received[0], received[-1])] == [
        ["Hello "],
        ["Hello ", "you "],
    ]


def test_webhooks_come_in_the_order_in_which_things_happened(
    http: httpx2.Client, receiver: Receiver
) -> None:
    body = {"webhook": receiver.url, "webhook_events_filter": ALL}
    create(http, SLOW.card.id, {"seconds": 10}, **body)

    received = receiver.wait_for_end()

    lengths = [len(item.prediction["output"] or []) for item in received]
    assert lengths == sorted(lengths)
    assert received[0].prediction["output"] is None
    assert [item.prediction["status"] for item in received[:-1]] == ["processing"] * (
        len(received) - 1
    )
    assert len({item.id for item in received}) == len(received)


async def test_outputs_and_logs_are_sent_half_a_second_apart_at_least(receiver: Receiver) -> None:
    webhooks = Webhooks(Clock(), speed=2.0)
    order = Order(
        runner=WORDS,
        version="hidden",
        given={},
        full={},
        origin="http://emulator",
        webhook=receiver.url,
        webhook_events=frozenset(ALL),
    )
    prediction = Prediction(order, datetime.now(UTC))

    webhooks.note(prediction, "start")
    for output in range(20):
        prediction.output = output
        webhooks.note(prediction, "output")
        webhooks.note(prediction, "logs")
    await asyncio.sleep(0.25)
    for output in range(20, 40):
        prediction.output = output
        webhooks.note(prediction, "output")
    webhooks.note(prediction, "completed")
    received = await asyncio.to_thread(receiver.wait_for, 5)
    await webhooks.close()

    assert [item.prediction["output"] for item in received] == [None, 0, 0, 20, 39]


@pytest.mark.parametrize(("how", "status"), [("fails", "failed"), ("crashes", "failed")])
def test_a_failed_prediction_sends_its_end_too(
    how: str, status: str, http: httpx2.Client, receiver: Receiver
) -> None:
    body = {"webhook": receiver.url, "webhook_events_filter": ["completed"]}
    create(http, BROKEN.card.id, {"how": how}, **body)

    (last,) = receiver.wait_for_end()

    assert last.prediction["status"] == status
    assert last.prediction["error"]


def test_a_canceled_prediction_sends_its_end_too(http: httpx2.Client, receiver: Receiver) -> None:
    body = {"webhook": receiver.url, "webhook_events_filter": ["completed"]}
    created = create(http, SLOW.card.id, {}, **body).json()
    http.post(created["urls"]["cancel"])

    (last,) = receiver.wait_for_end()

    assert last.prediction["status"] == "canceled"


def test_the_last_webhook_is_sent_again_until_it_is_taken(
    http: httpx2.Client, receiver: Receiver
) -> None:
    secret = http.get("/webhooks/default/secret").json()["key"]
    receiver.statuses = [500, 404, 200]
    body = {"webhook": receiver.url, "webhook_events_filter": ["completed"]}
    create(http, WORDS.card.id, {}, **body)

    received = receiver.wait_for(3)

    time.sleep(0.1)
    assert len(receiver.received) == 3
    assert len({(item.id, item.body) for item in received}) == 1
    assert all(verify(item.body, item.headers, secret) for item in received)


def test_it_is_given_up_after_about_a_minute(http: httpx2.Client, receiver: Receiver) -> None:
    receiver.statuses = [500] * 100
    body = {"webhook": receiver.url, "webhook_events_filter": ["completed"]}
    create(http, WORDS.card.id, {}, **body)

    received = receiver.wait_for(7)

    time.sleep(0.4)
    assert len(receiver.received) == 7
    # A hundred times faster than life.
    assert received[-1].seconds - received[0].seconds > 0.55


def test_other_webhooks_are_sent_once(http: httpx2.Client, receiver: Receiver) -> None:
    receiver.statuses = [500, 500]
    body = {"webhook": receiver.url, "webhook_events_filter": ["start", "completed"]}
    create(http, SLOW.card.id, {"seconds": 3}, **body)

    received = receiver.wait_for(3)

    assert [item.prediction["status"] for item in received] == [
        "processing",
        "succeeded",
        "succeeded",
    ]


def test_a_redirect_is_not_followed(http: httpx2.Client, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.statuses, receiver.location = [307, 301, 302], elsewhere.url
        body = {"webhook": receiver.url, "webhook_events_filter": ["completed"]}
        create(http, WORDS.card.id, {}, **body)

        receiver.wait_for(4)

        assert elsewhere.received == []


def test_a_receiver_that_is_not_there_does_not_disturb_the_prediction(
    http: httpx2.Client, receiver: Receiver
) -> None:
    nowhere = "http://127.0.0.1:1/hook"
    first = create(http, WORDS.card.id, {}, webhook=nowhere).json()
    create(http, WORDS.card.id, {}, webhook=receiver.url)

    receiver.wait_for_end()

    assert until_ended(http, first)["status"] == "succeeded"


def test_urls_in_a_webhook_follow_the_host_of_the_create(
    http: httpx2.Client, receiver: Receiver
) -> None:
    headers = {"Host": "playground.example"}
    create(http, WORDS.card.id, {}, headers=headers, webhook=receiver.url)

    (*_, last) = receiver.wait_for_end()

    assert last.prediction["urls"]["get"].startswith("http://playground.example/v1/")


def test_nothing_is_kept_of_a_prediction_whose_webhooks_are_sent(
    emulator: Emulator, http: httpx2.Client, receiver: Receiver
) -> None:
    for events in (["start"], ["completed"], ALL):
        body = {"webhook": receiver.url, "webhook_events_filter": events}
        until_ended(http, create(http, WORDS.card.id, {}, **body).json())
    receiver.wait_for_end()

    webhooks = emulator._world.webhooks  # type: ignore[union-attr]
    give_up = time.monotonic() + 2
    while webhooks._senders and time.monotonic() < give_up:
        time.sleep(0.005)
    assert (webhooks._queues, webhooks._senders, webhooks._last_sent) == ({}, set(), {})
