import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.client.pages import cursor_of
from core.emulator.faults import Fault
from core.errors import MalformedResponse, NotFound, Unauthenticated
from core.prediction import Prediction
from tests.core.parts import Parts


async def start(parts: Parts, model: str = "acme/endless") -> Prediction:
    return await parts.creates.create(model, {"prompt": "a fox"}, deadline_seconds=600)


async def test_a_prediction_can_be_asked_for(parts: Parts) -> None:
    made = await start(parts)

    asked = await parts.predictions.get(made.id)

    assert (asked.id, asked.input) == (made.id, {"prompt": "a fox"})


async def test_asking_is_tried_again(parts: Parts) -> None:
    made = await start(parts)
    parts.emulator.inject(Fault(method="GET", status=503), Fault(method="GET", body="<html>"))

    asked = await parts.predictions.get(made.id)

    assert asked.id == made.id


@pytest.mark.parametrize("odd_id", ["none", "../account", "a/b", "?x=1", "a#b"])
async def test_an_id_that_isnt_there_is_not_found_and_leads_nowhere_else(
    parts: Parts, odd_id: str
) -> None:
    with pytest.raises(NotFound):
        await parts.predictions.get(odd_id)
    with pytest.raises(NotFound):
        await parts.predictions.cancel(odd_id)

    assert all(request.path.startswith("/v1/predictions/") for request in parts.emulator.requests)


async def test_a_listing_comes_in_pages_newest_first(parts: Parts) -> None:
    for _ in range(13):
        await asyncio.gather(*[start(parts) for _ in range(8)])
    made = [prediction["id"] for prediction in parts.emulator.predictions]

    first = await parts.predictions.list()
    second = await parts.predictions.list(first.next_cursor)
    back = await parts.predictions.list(second.previous_cursor)

    assert [one.id for one in first.results] == made[:100]
    assert [one.id for one in second.results] == made[100:]
    assert (first.previous_cursor, second.next_cursor) == (None, None)
    assert [one.id for one in back.results] == made[:100]


async def test_a_listing_can_be_bounded_in_time(parts: Parts) -> None:
    await start(parts)
    parts.emulator.advance(600)
    newer = await start(parts)
    between = datetime.now(UTC) + timedelta(seconds=300)

    after = await parts.predictions.list(created_after=between)
    before = await parts.predictions.list(created_before=between)

    assert [one.id for one in after.results] == [newer.id]
    assert len(before.results) == 1


@pytest.mark.parametrize(
    "body",
    ["[]", "{}", '{"results": {}}', '{"results": [{}]}', '{"results": [], "next": "http://a:b/"}'],
)
async def test_a_listing_that_cant_be_read_is_malformed(parts: Parts, body: str) -> None:
    parts.emulator.inject(Fault(status=200, body=body, times=None))

    with pytest.raises(MalformedResponse):
        await parts.predictions.list()


@pytest.mark.parametrize(
    ("url", "cursor"),
    [
        ("https://x.test/v1/predictions?cursor=a%2Bb", "a+b"),
        ("/v1/predictions?cursor=c", "c"),
        ("https://x.test/v1/predictions", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_a_cursor_is_taken_from_a_pages_url(url: Any, cursor: str | None) -> None:
    assert cursor_of(url) == cursor


async def test_a_cancel_is_tried_again(parts: Parts) -> None:
    made = await start(parts)
    path = f"/v1/predictions/{made.id}/cancel"
    parts.emulator.inject(Fault(path=path, status=502), Fault(path=path, drop=True))

    cancelled = await parts.predictions.cancel(made.id)

    assert cancelled.status == "canceled"
    assert parts.emulator.predictions[0]["status"] == "canceled"


async def test_a_cancel_of_what_has_ended_leaves_it_as_it_ended(parts: Parts) -> None:
    made = await start(parts, "acme/words")
    async for _ in parts.predictions.watch(made, timeout_seconds=600):
        pass

    cancelled = await parts.predictions.cancel(made.id)

    assert cancelled.status == "succeeded"


async def test_a_cancel_without_a_good_token_is_not_tried_again(parts: Parts) -> None:
    made = await start(parts)
    parts.emulator.inject(Fault(path="*/cancel", status=401, times=None))

    with pytest.raises(Unauthenticated):
        await parts.predictions.cancel(made.id)

    assert parts.count("POST", "/cancel") == 1
