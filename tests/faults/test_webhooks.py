"""Webhooks that are forged, old, repeated or out of order never move a result in the history back.

The endpoint is that of `core.webhooks`, and records what it takes.
"""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, HTTPException, Request

from core import WebhookReceiver, WebhookRejected
from core.history.archive import Archive
from core.history.records import Job, State
from core.webhooks import read_body
from tests.core.emulator.receiver import Received, receiving
from tests.core.jobs.world import BACKEND, Process
from tests.faults.models import SPEAKER
from tests.faults.world import World

ALL_EVENTS = ["start", "output", "logs", "completed"]
TOLERANCE_SECONDS = 300


@dataclass
class Endpoint:
    """The endpoint in an app, over one job of the history.

    Attributes:
        taken: the statuses that it recorded, in order.
        now: its time, in seconds since the epoch.
    """

    secret: str
    archive: Archive
    job_id: str
    taken: list[str] = field(default_factory=list)
    now: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self._receiver = WebhookReceiver(self.secret, clock=lambda: self.now)
        self._app = FastAPI()
        self._app.post("/replicate", status_code=204)(self._replicate)

    async def send(self, headers: dict[str, str], body: bytes) -> int:
        """Send a webhook and return the status that it is answered with."""
        transport = httpx2.ASGITransport(app=self._app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://app") as sender:
            kept = {name: value for name, value in headers.items() if name.startswith("webhook-")}
            answer = await sender.post("/replicate", headers=kept, content=body)
        return answer.status_code

    async def state(self) -> State:
        """Return the job's state, as it stands in the history."""
        return (await self.archive.get(self.job_id)).state

    async def _replicate(self, request: Request) -> None:
        try:
            body = await read_body(request.stream())
            prediction = self._receiver.receive(body, request.headers)
        except WebhookRejected as error:
            raise HTTPException(401, str(error)) from error
        if prediction is not None:
            self.taken.append(prediction.status)
            await self.archive.advance(self.job_id, State(prediction.status))


@asynccontextmanager
async def an_answer(world: World) -> AsyncIterator[tuple[Process, str, list[Received]]]:
    """Give the app, the webhooks' secret, and all genuine webhooks of one answer, in order."""
    with receiving() as receiver:
        async with world.process() as app:
            secret = await app.client.get_webhook_secret()
            await app.client.create_prediction(
                SPEAKER,
                {"tokens": ["one ", "two ", "three"]},
                webhook=receiver.url,
                webhook_events_filter=ALL_EVENTS,
            )
            received = await asyncio.to_thread(receiver.wait_for_end)
            assert received[0].prediction["status"] == "processing"
            yield app, secret, received


async def endpoint(app: Process, secret: str, job_id: str = "answer", **fields: Any) -> Endpoint:
    """Return an endpoint over a new job whose prediction is starting."""
    job = Job(
        id=job_id,
        backend=BACKEND,
        owner="ann",
        kind="chat",
        model=SPEAKER,
        input={},
        created_at=app.world.now,
        state=State.STARTING,
    )
    await app.archive.add(job, holder="nobody", lease_seconds=60)
    return Endpoint(secret, app.archive, job_id, **fields)


def forged(received: Received, **headers: str) -> dict[str, str]:
    return {**received.headers, **headers}


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v2,AAAA"},
        {"webhook-signature": ""},
        {"webhook-id": "msg_other"},
        {"webhook-timestamp": f"{time.time() + 60:.0f}"},
    ],
)
async def test_a_webhook_with_a_bad_signature_is_refused_and_changes_nothing(
    world: World, headers: dict[str, str]
) -> None:
    """The signature is missing, or isn't that of this id, time and body: 401."""
    async with an_answer(world) as (app, secret, received):
        ours = await endpoint(app, secret)

        status = await ours.send(forged(received[-1], **headers), received[-1].body)

        assert (status, ours.taken, await ours.state()) == (401, [], State.STARTING)


async def test_a_webhook_with_another_body_or_key_is_refused_and_changes_nothing(
    world: World,
) -> None:
    """What was signed is another body, or it was signed with somebody else's key: 401."""
    async with an_answer(world) as (app, secret, received):
        ours = await endpoint(app, secret)
        last = received[-1]
        key = hmac.new(b"somebody else's", signed(last), hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(key).decode()}"

        statuses = [
            await ours.send(last.headers, last.body.replace(b"two", b"2")),
            await ours.send(forged(last, **{"webhook-signature": signature}), last.body),
        ]

        assert (statuses, ours.taken, await ours.state()) == ([401, 401], [], State.STARTING)


@pytest.mark.parametrize("seconds", [TOLERANCE_SECONDS + 5, -TOLERANCE_SECONDS - 5])
async def test_a_stale_or_future_webhook_is_refused_and_changes_nothing(
    world: World, seconds: float
) -> None:
    """It is genuine, and its time is more than five minutes from ours: 401."""
    async with an_answer(world) as (app, secret, received):
        ours = await endpoint(app, secret, now=time.time() + seconds)

        status = await ours.send(received[-1].headers, received[-1].body)

        assert (status, ours.taken, await ours.state()) == (401, [], State.STARTING)


async def test_a_replayed_webhook_is_acknowledged_and_ignored(world: World) -> None:
    """Somebody sends a genuine webhook again: it is taken once."""
    async with an_answer(world) as (app, secret, received):
        ours = await endpoint(app, secret)

        statuses = [await ours.send(received[-1].headers, received[-1].body) for _ in range(3)]

        assert statuses == [204, 204, 204]
        assert (ours.taken, await ours.state()) == (["succeeded"], State.SUCCEEDED)


async def test_webhooks_that_come_twice_and_out_of_order_never_take_a_result_back(
    world: World,
) -> None:
    """The last one comes first, each comes twice: the state never goes back."""
    async with an_answer(world) as (app, secret, received):
        ours = await endpoint(app, secret)
        states = []

        for one in received[::-1]:
            for _ in range(2):
                assert await ours.send(one.headers, one.body) == 204
                states.append(await ours.state())

        assert set(states) == {State.SUCCEEDED}
        assert ours.taken == ["succeeded"]


async def test_an_endpoint_that_was_restarted_does_not_take_a_result_back_either(
    world: World,
) -> None:
    """It has forgotten what came before, and takes `processing`: the history doesn't."""
    async with an_answer(world) as (app, secret, received):
        ours = await endpoint(app, secret)
        await ours.send(received[-1].headers, received[-1].body)
        restarted = Endpoint(secret, app.archive, ours.job_id)

        await restarted.send(received[0].headers, received[0].body)

        assert restarted.taken == ["processing"]
        assert await restarted.state() is State.SUCCEEDED


def signed(received: Received) -> bytes:
    """Return what a webhook's signature is of."""
    return f"{received.id}.{received.headers['webhook-timestamp']}.".encode() + received.body
