"""The guide's FastAPI endpoint, served for real, taking the emulator's signed webhooks."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

import core.webhooks
from core import ReplicateClient, WebhookReceiver
from core.emulator import Emulator
from core.webhooks import MAX_BODY_BYTES
from tests.core.parts import settings_for
from tests.core.serving import served
from tests.core.talkers import SAYS, TALKERS
from tests.core.waiting import until_blocking

GUIDE = Path(__file__).parents[2] / "core" / "README.md"


@dataclass
class Endpoint:
    """The endpoint, what reached it, and what it took of that."""

    url: str
    receiver: WebhookReceiver
    arrived: list[tuple[dict[str, str], bytes]]
    taken: list[tuple[str, str]] = field(default_factory=list)

    def send(self, headers: dict[str, str], body: bytes) -> httpx2.Response:
        """Send a request as it was captured, or tampered with."""
        kept = {name: value for name, value in headers.items() if name.startswith("webhook-")}
        return httpx2.post(self.url, headers=kept, content=body)

    def bodies(self) -> list[dict[str, Any]]:
        """Return the predictions that arrived."""
        return [json.loads(body) for _, body in self.arrived]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=TALKERS) as emulator:
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[ReplicateClient]:
    with ReplicateClient(settings_for(emulator.url)) as client:
        yield client


@pytest.fixture
def endpoint(client: ReplicateClient) -> Iterator[Endpoint]:
    with served_endpoint(client) as endpoint:
        yield endpoint


@contextmanager
def served_endpoint(client: ReplicateClient) -> Iterator[Endpoint]:
    """Serve the endpoint of the guide, word for word."""
    taken: list[tuple[str, str]] = []
    [code] = re.findall(
        r"```python\n(from fastapi .*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
    )
    names: dict[str, Any] = {
        "client": client,
        "print": lambda *words: taken.append(words),  # what the guide does with a prediction
    }
    exec(code, names)
    arrived: list[tuple[dict[str, str], bytes]] = []
    with served(_Recorder(names["app"], arrived)) as origin:
        yield Endpoint(f"{origin}/replicate", names["receiver"], arrived, taken)


class _Recorder:
    """Writes down each request's headers and body on its way to the app."""

    def __init__(self, app: FastAPI, arrived: list[tuple[dict[str, str], bytes]]) -> None:
        self._app = app
        self._arrived = arrived

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""

        async def recorded() -> Any:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            if message["type"] == "http.request" and not message.get("more_body"):
                headers = {name.decode(): value.decode() for name, value in scope["headers"]}
                self._arrived.append((headers, body))
            return message

        await self._app(scope, recorded if scope["type"] == "http" else receive, send)


def create(client: ReplicateClient, endpoint: Endpoint, *events: str) -> str:
    """Run a model that says a few words, with webhooks to the endpoint; return its id."""
    prediction = client.create_prediction(
        SAYS,
        {"tokens": ["a", "b", "c"], "pause": 1},
        webhook=endpoint.url,
        webhook_events_filter=events,
    )
    return prediction.id


def test_a_genuine_webhook_is_taken(client: ReplicateClient, endpoint: Endpoint) -> None:
    prediction_id = create(client, endpoint, "completed")

    until_blocking(lambda: bool(endpoint.taken))

    assert endpoint.taken == [(prediction_id, "succeeded")]
    assert len(endpoint.arrived) == 1


def test_all_of_a_predictions_webhooks_are_taken_in_order(
    client: ReplicateClient, endpoint: Endpoint
) -> None:
    create(client, endpoint, "start", "output", "logs", "completed")

    until_blocking(lambda: "succeeded" in [status for _, status in endpoint.taken])

    statuses = [status for _, status in endpoint.taken]
    assert statuses == ["processing"] * (len(statuses) - 1) + ["succeeded"]
    assert len(statuses) >= 3


def test_a_webhook_that_comes_again_is_acknowledged_and_ignored(
    client: ReplicateClient, endpoint: Endpoint
) -> None:
    create(client, endpoint, "completed")
    until_blocking(lambda: bool(endpoint.taken))

    answer = endpoint.send(*endpoint.arrived[0])

    assert answer.status_code == 204
    assert len(endpoint.taken) == 1


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("body", b'{"id": "mine", "status": "succeeded"}'),
        ("webhook-id", "msg_other"),
        ("webhook-timestamp", "1700000000"),
        ("webhook-signature", "v1,AAAA"),
    ],
)
def test_a_webhook_that_was_tampered_with_is_answered_401_and_ignored(
    part: str, value: Any, client: ReplicateClient, endpoint: Endpoint
) -> None:
    create(client, endpoint, "completed")
    until_blocking(lambda: bool(endpoint.taken))
    headers, body = endpoint.arrived[0]
    request = (headers, value) if part == "body" else ({**headers, part: value}, body)

    answer = endpoint.send(*request)

    assert answer.status_code == 401
    assert len(endpoint.taken) == 1


def test_an_old_webhook_is_answered_401(
    client: ReplicateClient, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(client, endpoint, "completed")
    until_blocking(lambda: bool(endpoint.taken))
    monkeypatch.setattr(endpoint.receiver, "_clock", lambda: time.time() + 301)

    answer = endpoint.send(*endpoint.arrived[0])

    assert answer.status_code == 401
    assert "too old" in answer.text


def test_out_of_order_a_state_never_goes_back(client: ReplicateClient, endpoint: Endpoint) -> None:
    """What Replicate sent first arrives last, at an endpoint that knows nothing yet."""
    create(client, endpoint, "start", "output", "completed")
    until_blocking(lambda: "succeeded" in [status for _, status in endpoint.taken])
    captured = list(endpoint.arrived)
    statuses = [body["status"] for body in endpoint.bodies()]

    with served_endpoint(client) as fresh:
        answers = [fresh.send(*request) for request in reversed(captured)]

    assert {answer.status_code for answer in answers} == {204}
    assert statuses[0] == "processing"
    assert [status for _, status in fresh.taken] == ["succeeded"]


def test_a_body_without_end_is_answered_401_before_it_fills_the_memory(endpoint: Endpoint) -> None:
    headers = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}

    answer = endpoint.send(headers, b"x" * (MAX_BODY_BYTES + 1))

    assert answer.status_code == 401
    assert "larger than" in answer.text


def test_the_modules_own_example_is_that_of_the_guide() -> None:
    told = [line.strip() for line in (core.webhooks.__doc__ or "").splitlines() if line.strip()]
    guide = [line.partition("  # ")[0].strip() for line in GUIDE.read_text("utf-8").splitlines()]

    code = told[told.index("receiver = WebhookReceiver(client.get_webhook_secret())") :]
    code = code[: code.index("print(prediction.id, prediction.status)") + 1]
    assert [line for line in code if line not in guide] == []
    assert len(code) > 8
