"""Rate limits are one for all requests: who would exceed them waits in line and is told so."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from core import AsyncReplicateClient
from core.api.rates import CREATES_A_MINUTE, Rates
from core.emulator import Emulator, Fault
from tests.core.parts import FakeTime, settings_for
from tests.core.talkers import QUICK_MODELS

SCHNELL = "black-forest-labs/flux-schnell"
INPUT = {"prompt": "a fox"}


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def rates(time: FakeTime) -> Rates:
    return Rates(sleep=time.sleep, clock=time.clock)


async def taken(rates: Rates, count: int, kind: Any = "create") -> list[tuple[str, float]]:
    """Take turns, and return the waits that were told."""
    told: list[tuple[str, float]] = []
    for _ in range(count):
        await rates.turn(kind, on_wait=lambda *wait: told.append(wait))
    return told


async def test_the_documented_limit_holds_though_no_answer_tells_it(
    rates: Rates, time: FakeTime
) -> None:
    assert await taken(rates, CREATES_A_MINUTE) == []

    assert await taken(rates, 1) == [("Replicate's rate limit is used up.", 60.0)]
    assert await taken(rates, CREATES_A_MINUTE - 1) == []
    assert await taken(rates, 100, "other") == []
    assert time.slept == [60.0]


async def test_what_an_answer_tells_of_the_limit_counts(rates: Rates, time: FakeTime) -> None:
    await taken(rates, 1)
    rates.note("create", {"ratelimit-remaining": "2", "ratelimit-reset": "7"})

    assert await taken(rates, 2) == []
    assert [seconds for _, seconds in await taken(rates, 1)] == [7.0]


async def test_those_on_their_way_count_before_their_answers(rates: Rates) -> None:
    await taken(rates, 3)
    for remaining in ("2", "1", "0"):
        rates.note("create", {"ratelimit-remaining": remaining, "ratelimit-reset": "7"})
    rates.note("create", {"ratelimit-remaining": "5", "ratelimit-reset": "7"})  # overtaken

    assert len(await taken(rates, 1)) == 1


@pytest.mark.parametrize("headers", [{}, {"ratelimit-remaining": "x", "ratelimit-reset": "-1"}])
async def test_headers_that_say_nothing_change_nothing(
    rates: Rates, headers: dict[str, str]
) -> None:
    rates.note("create", headers)

    assert await taken(rates, 50) == []


async def test_a_refusal_holds_everybody_up_who_then_go_one_two_and_four_at_a_time(
    rates: Rates, time: FakeTime
) -> None:
    rates.note_refusal("create", 5)

    waits = []
    for answered in (1, 2, 4):
        waits += [seconds for _, seconds in await taken(rates, answered)]
        rates.note("create", {})

    assert waits == [5.0, 1.0, 1.0]
    rates.note("create", {"ratelimit-remaining": "500", "ratelimit-reset": "60"})
    assert await taken(rates, 500) == []


async def test_who_has_waited_already_is_not_told_to_wait_again(
    rates: Rates, time: FakeTime
) -> None:
    rates.note_refusal("create", 5)
    told: list[Any] = []

    await rates.turn("create", has_waited=True, on_wait=lambda *wait: told.append(wait))

    assert (told, time.slept) == ([], [])


async def test_a_cancel_waits_for_nobody(rates: Rates, time: FakeTime) -> None:
    rates.note_refusal("other", 60)

    await rates.turn("cancel")

    assert time.slept == []


async def test_they_go_in_the_order_of_asking(rates: Rates) -> None:
    rates.note_refusal("create", 5)
    went: list[int] = []

    async def go(n: int) -> None:
        await rates.turn("create")
        went.append(n)

    await asyncio.gather(*(go(n) for n in range(5)))

    assert went == [0, 1, 2, 3, 4]


@pytest.fixture
def strict() -> Iterator[Emulator]:
    """An emulator whose faults can be scripted."""
    with Emulator(port=0, speed=100.0, rate_limits=False, faults=True, runners=QUICK_MODELS) as one:
        yield one


async def test_many_creates_at_once_meet_one_refusal_and_none_is_doubled_or_lost(
    strict: Emulator,
) -> None:
    strict.inject(Fault(method="POST", path="*/predictions", status=429, body='{"retry_after": 1}'))
    time = FakeTime()

    async with AsyncReplicateClient(settings_for(strict.url), clock=time.value) as client:
        made = await asyncio.gather(*(client.create_prediction(SCHNELL, INPUT) for _ in range(30)))

    sent = Counter(request.method for request in strict.requests)
    assert len({one.id for one in made}) == len(strict.predictions) == 30
    assert sent["POST"] == 31
