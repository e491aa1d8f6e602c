"""Replicate fails, refuses or says strange things of a run: it is told, and paid once at most."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core import AsyncReplicateClient, NotFound, PlaygroundError
from core.emulator import Fault
from core.history.records import State
from core.jobs.events import Failed, Processing
from tests.core.jobs.world import CREATE, PAINTER
from tests.faults.models import GIVER, version_of
from tests.faults.world import (
    POLL,
    Account,
    World,
    account,
    describe,
    refused,
    succeeded,
    told,
    until,
)
from tests.logs import capture_logs
from ui.views.cards import result_card
from ui.views.present import sentence


async def test_a_result_comes_although_seven_questions_for_it_went_wrong(world: World) -> None:
    """Polling meets five 502s, a reset and half a JSON: the job still succeeds."""
    world.emulator.inject(
        Fault(method="GET", path=POLL, status=502, times=5),
        Fault(method="GET", path=POLL, drop=True),
        Fault(method="GET", path=POLL, body='{"id": "trunc'),
    )

    async with world.process() as app:
        job_id = await app.submit()
        read = await told(app, job_id)

        assert await account(app, job_id) == succeeded(world)
    for words in ("problem of its own", "broke", "can't be read"):
        assert any(words in line for line in read)


async def test_a_model_that_takes_an_hour_is_asked_for_until_it_is_done(world: World) -> None:
    """It is `processing` past every wait: polling goes on."""
    world.go_on.clear()

    async with world.process() as app:
        job_id = await app.submit()
        await until(app, job_id, Processing)
        began = world.time.now
        while world.time.now < began + 3600:
            await world.time.sleep(10)
        before = await app.archive.get(job_id)
        world.go_on.set()
        read = await told(app, job_id)

        assert await account(app, job_id) == succeeded(world)
    assert before.state is State.PROCESSING
    assert read[0].startswith("Processing")


async def test_a_run_that_was_cancelled_elsewhere_says_so_and_that_it_is_charged(
    world: World,
) -> None:
    """Replicate says `canceled`: it is shown as such, with what it costs."""
    world.go_on.clear()

    async with world.process() as app:
        job_id = await app.submit()
        await until(app, job_id, Processing)
        await app.client.cancel_prediction(world.emulator.predictions[0]["id"])
        read = await told(app, job_id)

        assert await account(app, job_id) == Account(
            creates=1, predictions=1, state=State.CANCELED, charged=True
        )
    assert read[-1] == "Stopped: what ran until then is charged."


async def test_a_run_that_was_aborted_says_so_and_that_it_costs_nothing(world: World) -> None:
    """Replicate says `aborted`, the deadline came before the model started."""
    world.go_on.clear()

    async with world.process() as app:
        job_id = await app.submit()
        await until(app, job_id, Processing)
        describe(world, status="aborted", completed_at="2026-01-01T00:00:00Z")
        read = await told(app, job_id)

        assert await account(app, job_id) == Account(
            creates=1, predictions=1, state=State.ABORTED, charged=False
        )
    assert read[-1] == "Ended before it could start: nothing was charged."


async def test_a_model_that_fails_is_quoted_harmlessly_and_not_run_again(world: World) -> None:
    """Replicate says `failed`: the model's message and logs are shown, escaped."""
    evil = "<img src=x onerror=alert(1)>"

    async with world.process() as app:
        job_id = await app.submit(GIVER, log=f"log {evil}", error=f"error {evil}")
        read = await told(app, job_id)
        _, card = result_card(await app.archive.get(job_id), app.media)

        assert await account(app, job_id) == Account(
            creates=1, predictions=1, state=State.FAILED, charged=None
        )
    assert (
        read[-1] == f"The model failed: error {evil}. Replicate doesn't say whether it is charged."
    )
    assert "error &lt;img src=x onerror=alert(1)&gt;" in card
    assert "log &lt;img src=x onerror=alert(1)&gt;" in card
    assert "<img src=x" not in card


async def test_a_status_that_nobody_knows_yet_is_logged_and_the_result_comes(world: World) -> None:
    """Replicate sends a status and a field that are newer than this: they are kept."""
    world.go_on.clear()

    async with world.process() as app:
        job_id = await app.submit()
        await until(app, job_id, Processing)
        with capture_logs() as lines:
            prediction_id = describe(world, status="pondering", mood="good", times=3)
            seen = await app.client.get_prediction(prediction_id)
            world.go_on.set()
            read = await told(app, job_id)

        assert await account(app, job_id) == succeeded(world)
    assert (seen.status, seen.extra) == ("pondering", {"mood": "good"})
    [unknown] = [line for line in lines if line["event"] == "prediction.status_unknown"]
    assert unknown["status"] == "pondering"
    assert read[-1] == "Done"


async def test_a_run_that_never_ends_is_cancelled_at_its_deadline(world: World) -> None:
    """A prediction never finishes: at its deadline it is cancelled, on Replicate too."""
    world.go_on.clear()

    async with world.process(timeout_seconds=60) as app:
        job_id = await app.submit()
        read = await told(app, job_id)

        assert await account(app, job_id) == Account(
            creates=1, predictions=1, state=State.CANCELED, charged=True
        )
    assert "not done after 60 s and was cancelled: give it a longer timeout" in read[-1]
    assert "What ran until then is charged." in read[-1]
    assert world.emulator.predictions[0]["status"] == "canceled"


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "check REPLICATE_API_TOKEN"),
        (402, "out of credit: add some"),
        (404, "check the name"),
        (422, "refused the input"),
    ],
)
async def test_a_refusal_says_what_to_do_and_is_not_repeated(
    world: World, status: int, advice: str
) -> None:
    """A create is answered 401, 402, 404 or 422: nothing ran, and nothing is sent again."""
    world.emulator.inject(Fault(method="POST", path="/v1/predictions", status=status, times=None))

    async with world.process() as app:
        job_id = await app.submit(f"{GIVER}:{version_of(GIVER)}")
        read = await told(app, job_id)
        _, card = result_card(await app.archive.get(job_id), app.media)

        assert await account(app, job_id) == refused()
    assert advice in read[-1]
    assert advice in card
    assert sum(world.time.slept) < 10


async def test_a_model_that_is_not_there_is_refused_before_anything_is_sent(world: World) -> None:
    """404 for the model itself: what to do about it, and no job."""
    async with world.process() as app:
        with pytest.raises(NotFound, match="check the name"):
            await app.submit("nobody/nothing")

        assert await app.archive.list("ann") == []
    assert world.creates == 0


async def test_a_refused_field_is_named_to_whoever_fills_the_form(world: World) -> None:
    """422: the sentence names the field and what is wrong with it, and so does the event."""
    wrong = {"type": "odd", "field": "input.seed", "description": "too odd"}
    problem = json.dumps({"status": 422, "invalid_fields": [wrong]})
    world.emulator.inject(Fault(method="POST", path=CREATE, status=422, body=problem))

    async with world.process() as app:
        job_id = await app.submit()
        failed = (await app.watched(job_id))[-1]

        assert await account(app, job_id) == refused()
    assert isinstance(failed, Failed)
    assert [(one.field, one.description) for one in failed.invalid_fields] == [
        ("input.seed", "too odd")
    ]
    assert sentence(failed) == "Replicate refused the input: seed: too odd. Nothing was charged."


Call = Callable[[AsyncReplicateClient], Awaitable[Any]]

ASKING: list[Call] = [
    lambda client: client.get_prediction("any"),
    lambda client: client.list_predictions(),
    lambda client: client.get_model(PAINTER),
    lambda client: client.cancel_prediction("any"),
    lambda client: client.create_prediction(PAINTER, {}),
]


async def test_an_outage_of_a_thousand_calls_sends_at_most_eleven_hundred_requests(
    world: World,
) -> None:
    """Everything fails: one budget bounds what all retries cost."""
    world.emulator.inject(Fault(status=503, times=None))

    async with world.process() as app:

        async def fail(call: Call) -> None:
            with pytest.raises(PlaygroundError):
                await call(app.client)

        for _ in range(0, 1000, len(ASKING)):
            await asyncio.gather(*(fail(call) for call in ASKING))

    assert 1000 < len(world.emulator.requests) <= 1100
