"""A create is cut off, refused, turned away or never answered: it is never paid for twice."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from core.emulator import Fault
from core.jobs.events import Waiting
from tests.core.jobs.world import CREATE
from tests.faults.transports import Impatient, Unplugged
from tests.faults.world import World, account, refused, succeeded, told, uncertain
from ui.views.cards import running_card

LOOKING = "The answer was lost; looking whether it was started."
MAYBE_CHARGED = "may have been charged"
DAY_SECONDS = 86_400


async def test_a_result_whose_create_was_cut_off_appears_once(world: World) -> None:
    """The connection breaks after the create was sent: its one prediction is found and adopted."""
    world.emulator.inject(Fault(method="POST", path=CREATE, drop=True, processed=True))

    async with world.process() as app:
        job_id = await app.submit()
        read = await told(app, job_id)

        assert await account(app, job_id) == succeeded(world)
    assert read[-1] == "Done"
    assert any(line.startswith(LOOKING) for line in read)


async def test_a_create_that_left_no_trace_says_that_it_may_have_been_charged_and_is_left_at_that(
    world: World,
) -> None:
    """The connection breaks and nothing is found: nothing is sent again, nor after a restart."""
    world.emulator.inject(Fault(method="POST", path=CREATE, drop=True))

    async with world.process() as app:
        job_id = await app.submit()
        read = await told(app, job_id)
    async with world.process() as app:
        await app.jobs.resume()
        await app.watched(job_id)

        assert await account(app, job_id) == uncertain()
    assert MAYBE_CHARGED in read[-1].lower()


async def test_a_refused_connection_is_tried_again_and_makes_one_result(world: World) -> None:
    """Nobody listens for a while: it is retried, and there is one prediction."""
    async with world.process(transport=Unplugged(times=2)) as app:
        job_id = await app.submit()
        read = await told(app, job_id)

        assert await account(app, job_id) == succeeded(world)
    assert any("Can't reach 127.0.0.1" in line for line in read)


@pytest.mark.parametrize(
    "limit", [{"headers": {"Retry-After": "2"}}, {"body": '{"retry_after": 2}'}]
)
async def test_a_rate_limit_is_waited_out_under_a_countdown(
    world: World, limit: dict[str, Any]
) -> None:
    """Replicate answers a create 429 and says when to come back, in a header or in the body."""
    world.emulator.inject(Fault(method="POST", path=CREATE, status=429, **limit))

    async with world.process() as app:
        job_id = await app.submit()
        waiting = await app.until(job_id, lambda event: isinstance(event, Waiting))
        job = await app.archive.get(job_id)
        _, shown = running_card(job, waiting, elapsed_seconds=0)
        await app.watched(job_id)

        assert await account(app, job_id) == succeeded(world, creates=2)
    assert "in 2 s" in shown
    assert 2.0 in world.time.slept


@pytest.mark.parametrize("is_date", [False, True])
async def test_a_day_long_wait_is_shown_at_once_and_not_slept_through(
    world: World, is_date: bool
) -> None:
    """`Retry-After: 86400`, or tomorrow's date: the person decides, nobody waits for it."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    asked = format_datetime(tomorrow, usegmt=True) if is_date else str(DAY_SECONDS)
    world.emulator.inject(
        Fault(method="POST", path=CREATE, status=429, headers={"Retry-After": asked})
    )

    async with world.process() as app:
        job_id = await app.submit()
        read = await told(app, job_id)

        assert await account(app, job_id) == refused()
    [seconds] = [int(word) for word in read[-1].split() if word.isdigit()]
    assert seconds == pytest.approx(DAY_SECONDS, abs=5)
    assert sum(world.time.slept) < 60


async def test_a_rate_limit_until_a_date_is_waited_out_by_the_servers_clock(world: World) -> None:
    """`Retry-After` is an HTTP date, three seconds from now on a server whose clock is ahead."""
    hour = timedelta(hours=1)
    until = datetime.now(UTC) + hour + timedelta(seconds=3)
    world.emulator.inject(
        Fault(
            method="POST",
            path=CREATE,
            status=429,
            headers={"Retry-After": format_datetime(until, usegmt=True)},
            clock_seconds=hour.total_seconds(),
        )
    )

    async with world.process() as app:
        job_id = await app.submit()
        await app.watched(job_id)

        assert await account(app, job_id) == succeeded(world, creates=2)
    assert max(world.time.slept) == pytest.approx(3, abs=2)  # a date has whole seconds


@pytest.mark.parametrize("processed", [True, False])
@pytest.mark.parametrize("status", [500, 502])
async def test_a_create_that_replicate_failed_at_is_looked_up_first_and_never_doubled(
    world: World, status: int, processed: bool
) -> None:
    """A create is answered with 500 or 502, whether or not it was carried out."""
    world.emulator.inject(Fault(method="POST", path=CREATE, status=status, processed=processed))

    async with world.process() as app:
        job_id = await app.submit()
        read = await told(app, job_id)

        expected = succeeded(world) if processed else uncertain()
        assert await account(app, job_id) == expected
    assert read[-1] == "Done" if processed else MAYBE_CHARGED in read[-1].lower()
    assert next_after_create(world) == ("GET", "/v1/predictions")


@pytest.mark.parametrize("processed", [True, False])
async def test_a_create_that_is_never_answered_is_given_up_and_looked_up(
    world: World, processed: bool
) -> None:
    """A create hangs: after its deadline it is looked up, and never sent again."""
    world.emulator.inject(Fault(method="POST", path=CREATE, hang=True, processed=processed))
    impatient = Impatient()

    async with world.process(transport=impatient) as app:
        job_id = await app.submit()
        read = await told(app, job_id)

        assert await account(app, job_id) == (succeeded(world) if processed else uncertain())
    assert impatient.asked_seconds == [30]
    assert any(line.startswith(LOOKING) for line in read)
    assert next_after_create(world) == ("GET", "/v1/predictions")


def next_after_create(world: World) -> tuple[str, str]:
    """Return what Replicate was asked right after the first create."""
    asked = [(one.method, one.path) for one in world.emulator.requests]
    first = next(n for n, (method, _) in enumerate(asked) if method == "POST")
    return asked[first + 1]
