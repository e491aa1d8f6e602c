"""Webhooks: only genuine and recent ones, each once, and a prediction never goes backwards."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.errors import PlaygroundError, SettingsError, WebhookRejected
from core.webhooks import Deduplicator, WebhookReceiver, parse, read_body, verify

NOW = 1_764_000_000.0
KEY = b"a key of twenty-four byte"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def a_body(status: str = "succeeded", **fields: Any) -> bytes:
    return json.dumps({"id": "p1", "status": status, "output": "Hi\u2028there"} | fields).encode()


def sign(body: bytes, *, webhook_id: str, at: float, key: bytes = KEY) -> str:
    signed = f"{webhook_id}.{int(at)}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def a_request(
    body: bytes, *, webhook_id: str = "msg_1", at: float = NOW, signature: str | None = None
) -> dict[str, str]:
    return {
        "Webhook-Id": webhook_id,
        "Webhook-Timestamp": str(int(at)),
        "Webhook-Signature": signature or sign(body, webhook_id=webhook_id, at=at),
    }


def test_a_genuine_webhook_becomes_its_prediction() -> None:
    body = a_body()

    prediction = WebhookReceiver(SECRET, clock=lambda: NOW).receive(body, a_request(body))

    assert prediction is not None
    assert (prediction.id, prediction.status) == ("p1", "succeeded")
    assert prediction.output == "Hi\u2028there"


def test_a_known_signature_is_accepted() -> None:
    """The worked example of the Standard Webhooks specification."""
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }

    found = verify(body, headers, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now=1614265330)

    assert found == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_recent(seconds: int) -> None:
    body = a_body()

    assert verify(body, a_request(body, at=NOW + seconds), SECRET, now=NOW) == "msg_1"


@pytest.mark.parametrize(("seconds", "reason"), [(-301, "too old"), (301, "lies in the future")])
def test_more_than_five_minutes_are_refused(seconds: int, reason: str) -> None:
    body = a_body()

    with pytest.raises(WebhookRejected, match=reason):
        verify(body, a_request(body, at=NOW + seconds), SECRET, now=NOW)


@pytest.mark.parametrize(
    "tampered",
    [
        {"body": a_body(output="other")},
        {"body": a_body() + b" "},
        {"Webhook-Id": "msg_2"},
        {"Webhook-Timestamp": str(int(NOW) - 1)},
        {"Webhook-Signature": sign(a_body(), webhook_id="msg_1", at=NOW, key=b"another key")},
        {"Webhook-Signature": "v1,"},
        {"Webhook-Signature": "v1"},
        {"Webhook-Signature": "v1,not base64!"},
        {"Webhook-Signature": "v1,ünïcode"},
        {"Webhook-Signature": sign(a_body(), webhook_id="msg_1", at=NOW).replace("v1,", "v2,")},
    ],
)
def test_anything_tampered_with_is_refused(tampered: dict[str, Any]) -> None:
    body = tampered.pop("body", a_body())
    headers = a_request(a_body()) | tampered

    with pytest.raises(WebhookRejected, match="no signature matches"):
        verify(body, headers, SECRET, now=NOW)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    headers = a_request(a_body())
    del headers[name]

    with pytest.raises(WebhookRejected, match="missing"):
        verify(a_body(), headers, SECRET, now=NOW)


@pytest.mark.parametrize("timestamp", ["soon", "1e9", "-5", "1764000000.5", "１７６４", "9" * 400])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(timestamp: str) -> None:
    headers = a_request(a_body()) | {"Webhook-Timestamp": timestamp}

    with pytest.raises(WebhookRejected, match="not a number of seconds"):
        verify(a_body(), headers, SECRET, now=NOW)


@pytest.mark.parametrize("others", ["v1,!!!! v1 , v1a,AAAA", "v1,QUJD v2,QUJD"])
def test_a_good_signature_counts_wherever_it_stands_among_bad_ones(others: str) -> None:
    good = sign(a_body(), webhook_id="msg_1", at=NOW)

    for signature in (f"{others} {good}", f"{good} {others}"):
        headers = a_request(a_body(), signature=signature)
        assert verify(a_body(), headers, SECRET, now=NOW) == "msg_1"


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)

    with pytest.raises(WebhookRejected):
        verify(a_body(), a_request(a_body()), SECRET, now=NOW)
    assert len(compared) == 1


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64 but SECRET", "whsec_SECRÉT"])
def test_a_bad_secret_is_refused_at_once_and_never_repeated(secret: str) -> None:
    with pytest.raises(SettingsError) as caught:
        WebhookReceiver(secret)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None  # the decoder's own error would quote it
    assert "SECR" not in str(caught.value)


def test_no_refusal_holds_the_secret() -> None:
    headers = a_request(a_body(), signature="v1,AAAA")

    with pytest.raises(PlaygroundError) as caught:
        verify(a_body(), headers, SECRET, now=NOW)

    assert SECRET.removeprefix("whsec_") not in repr(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b"\xff", b'{"id": 1}', b"[" * 100_000]
)
def test_a_signed_body_that_is_no_prediction_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRejected, match="not a prediction"):
        parse(body)


def test_a_repeated_webhook_brings_nothing_new() -> None:
    receiver = WebhookReceiver(SECRET, clock=lambda: NOW)
    body = a_body()
    receiver.receive(body, a_request(body))

    assert receiver.receive(body, a_request(body)) is None
    assert receiver.receive(body, a_request(body, at=NOW + 60)) is None


def test_a_forgotten_webhook_is_taken_again() -> None:
    receiver = WebhookReceiver(SECRET, clock=lambda: NOW)
    body = a_body()
    receiver.receive(body, a_request(body))

    receiver.forget(a_request(body))

    assert receiver.receive(body, a_request(body)) is not None


def test_a_webhook_that_was_refused_is_not_remembered() -> None:
    receiver = WebhookReceiver(SECRET, clock=lambda: NOW)
    body = a_body()
    with pytest.raises(WebhookRejected):
        receiver.receive(body, a_request(body, signature="v1,AAAA"))

    assert receiver.receive(body, a_request(body)) is not None


@pytest.mark.parametrize("late", ["starting", "processing"])
def test_a_late_webhook_never_takes_a_prediction_back(late: str) -> None:
    receiver = WebhookReceiver(SECRET, clock=lambda: NOW)
    receiver.receive(a_body("succeeded"), a_request(a_body("succeeded"), webhook_id="msg_9"))

    assert receiver.receive(a_body(late), a_request(a_body(late), webhook_id="msg_2")) is None
    other = a_body(late, id="p2")
    assert receiver.receive(other, a_request(other, webhook_id="msg_3")) is not None


def test_webhooks_in_order_all_arrive() -> None:
    receiver = WebhookReceiver(SECRET, clock=lambda: NOW)
    received = []

    for number, status in enumerate(["starting", "processing", "processing", "new", "failed"]):
        body = a_body(status)
        received.append(receiver.receive(body, a_request(body, webhook_id=f"msg_{number}")))

    assert [prediction.status for prediction in received if prediction] == [
        "starting",
        "processing",
        "processing",
        "new",
        "failed",
    ]


def test_a_webhook_from_the_future_is_remembered_as_long_as_it_is_accepted() -> None:
    now = NOW
    receiver = WebhookReceiver(SECRET, clock=lambda: now)
    body = a_body()
    headers = a_request(body, at=NOW + 300)
    receiver.receive(body, headers)

    now = NOW + 599

    assert receiver.receive(body, headers) is None


def test_what_is_remembered_is_bounded_in_number_and_time() -> None:
    seen = Deduplicator(seconds=10, max_keys=100)

    for number in range(1000):
        assert seen.note(str(number), now=0)

    assert len(seen) == 100
    assert not seen.note("999", now=9.9)
    assert seen.note("0", now=9.9)
    assert seen.note("999", now=10)
    assert len(seen) == 2


async def test_a_body_is_read_up_to_the_cap_and_no_further() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100
            yield b"x" * 100

    with pytest.raises(WebhookRejected, match="larger than 1000 bytes"):
        await read_body(endless(), max_bytes=1000)
    assert sent == 1100
