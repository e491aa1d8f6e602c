"""Uncertain jobs are taken up once, and wishes to stop reach whoever has the job."""

import asyncio
from datetime import timedelta

import pytest

from core.history.archive import Archive, LeaseLost, UnknownJob
from core.history.records import Job, State
from tests.core.history.material import NOW, Clock, a_job, add

BACKEND = "https://api.example"


async def uncertain(archive: Archive, job_id: str = "job1", **changes: object) -> None:
    await add(archive, a_job(job_id, **changes))
    await archive.advance(job_id, State.UNCERTAIN, error="lost", completed_at=NOW)


async def test_an_uncertain_job_that_is_looked_for_again_is_under_way_and_leased(
    archive: Archive, clock: Clock
) -> None:
    await uncertain(archive)

    job = await archive.reopen("job1", holder="me", lease_seconds=30)
    others = await archive.claim(BACKEND, holder="you", lease_seconds=30)
    clock.now += timedelta(seconds=31)
    later = await archive.claim(BACKEND, holder="you", lease_seconds=30)

    assert (job.state, job.completed_at) == (State.SENDING, None)
    assert others == []
    assert [one.id for one in later] == ["job1"]


async def test_of_many_who_look_again_at_once_one_gets_the_job(archive: Archive) -> None:
    await uncertain(archive)

    got = await asyncio.gather(
        *(archive.reopen("job1", holder=f"holder{n}", lease_seconds=30) for n in range(6)),
        return_exceptions=True,
    )

    assert sum(isinstance(one, Job) for one in got) == 1
    assert sum(isinstance(one, LeaseLost) for one in got) == 5


@pytest.mark.parametrize("state", [state for state in State if state is not State.UNCERTAIN])
async def test_only_an_uncertain_job_is_looked_for_again(archive: Archive, state: State) -> None:
    await add(archive, a_job())
    await archive.advance("job1", state)

    with pytest.raises(LeaseLost):
        await archive.reopen("job1", holder="me", lease_seconds=30)

    assert (await archive.get("job1")).state is state


async def test_what_is_looked_for_again_comes_out_of_the_bin(archive: Archive) -> None:
    await uncertain(archive)
    await archive.delete(["job1"], owner="local")

    job = await archive.reopen("job1", holder="me", lease_seconds=30)

    assert job.deleted_at is None


async def test_the_uncertain_jobs_of_a_time_are_listed_without_the_bin_and_other_backends(
    archive: Archive,
) -> None:
    await uncertain(archive, "old", created_at=NOW - timedelta(hours=2))
    await uncertain(archive, "thrown away")
    await uncertain(archive, "elsewhere", backend="https://other.example")
    await uncertain(archive, "new")
    await add(archive, a_job("running"))
    await archive.delete(["thrown away"], owner="local")

    found = await archive.uncertain(BACKEND, since=NOW - timedelta(hours=1))

    assert [job.id for job in found] == ["new"]


async def test_the_first_wish_to_stop_counts(archive: Archive, clock: Clock) -> None:
    await add(archive, a_job())

    first = await archive.ask_to_stop("job1")
    clock.now += timedelta(seconds=5)
    second = await archive.ask_to_stop("job1")

    assert first.stop_asked_at == second.stop_asked_at == NOW
    assert (await archive.get("job1")).stop_asked_at == NOW


async def test_what_is_settled_is_not_asked_to_stop(archive: Archive) -> None:
    await add(archive, a_job())
    await archive.advance("job1", State.SUCCEEDED)

    job = await archive.ask_to_stop("job1")

    assert job.stop_asked_at is None


async def test_a_holder_is_told_the_wishes_for_its_own_jobs_while_they_go_on(
    archive: Archive,
) -> None:
    await add(archive, a_job("mine"), a_job("unasked"), a_job("over"))
    await add(archive, a_job("yours"), holder="you")
    for job_id in ("mine", "yours", "over"):
        await archive.ask_to_stop(job_id)
    await archive.advance("over", State.CANCELED)

    assert list(await archive.asked_to_stop(BACKEND, holder="me")) == ["mine"]


async def test_of_a_job_that_is_not_there_nothing_is_asked(archive: Archive) -> None:
    with pytest.raises(UnknownJob):
        await archive.ask_to_stop("gone")
    with pytest.raises(UnknownJob):
        await archive.reopen("gone", holder="me", lease_seconds=30)
