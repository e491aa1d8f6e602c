"""The history keeps what it was told, only moves forward, and shares its work between copies."""

import asyncio
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from core.history.archive import Archive, ArchiveError, LeaseLost, UnknownJob
from core.history.records import State
from core.history.tables import Base
from core.models.chat import Turn
from tests.core.history.material import A_FILE, NOW, Clock, a_job, add


async def test_a_job_is_read_back_exactly_as_it_was_written_after_a_restart(
    database_url: str,
) -> None:
    async with Archive.open(database_url) as archive:
        await add(archive, a_job())
        written = await archive.advance(
            "job1",
            State.SUCCEEDED,
            prediction_id="p1",
            sent_at=NOW + timedelta(seconds=0.5),
            started_at=NOW + timedelta(seconds=1),
            first_output_at=NOW + timedelta(seconds=1.5),
            ended_at=NOW + timedelta(seconds=2),
            completed_at=NOW + timedelta(seconds=2.5),
            output=["https://example.com/0.webp"],
            metrics={"predict_time": 1.5},
            logs="Using seed: 7",
            charged=True,
            files=[A_FILE],
        )

    async with Archive.open(database_url) as reopened:
        read = await reopened.get("job1")

    assert read == written
    assert read.files == (A_FILE,)
    assert (read.state, read.created_at) == (State.SUCCEEDED, NOW)
    assert read.ended_at == NOW + timedelta(seconds=2)


async def test_a_conversation_is_read_back_as_it_was_asked(archive: Archive) -> None:
    turns = (
        Turn("user", "What is this?", ("local/2026-03/job0/input-0.png",)),
        Turn("assistant", "A fox."),
        Turn("user", "Are you sure?"),
    )
    asked = a_job(conversation_id="talk", turns=turns, input={"prompt": "User: What is this? …"})

    await add(archive, asked)

    assert await archive.get("job1") == asked
    assert asked.prompt == "Are you sure?"


@pytest.mark.parametrize("output", [None, "text", ["a", 1], {"a": None}, 0, False, ""])
async def test_any_json_output_is_kept_as_it_is(archive: Archive, output: Any) -> None:
    await add(archive, a_job())

    job = await archive.advance("job1", State.SUCCEEDED, output=output)

    assert job.output == output
    assert type(job.output) is type(output)


async def test_news_that_arrives_late_never_moves_a_job_back(archive: Archive) -> None:
    await add(archive, a_job())
    await archive.advance("job1", State.DOWNLOADING, logs="new")

    job = await archive.advance("job1", State.STARTING, logs="old")

    assert (job.state, job.logs) == (State.DOWNLOADING, "new")


async def test_the_first_settled_state_stands(archive: Archive) -> None:
    await add(archive, a_job())
    await archive.advance("job1", State.CANCELED, charged=True)

    job = await archive.advance("job1", State.SUCCEEDED, charged=False, files=[A_FILE])

    assert (job.state, job.charged, job.files) == (State.CANCELED, True, ())


async def test_an_uncertain_job_goes_on_when_its_prediction_is_found(archive: Archive) -> None:
    await add(archive, a_job())
    await archive.advance("job1", State.UNCERTAIN, error="may have been charged")

    job = await archive.advance("job1", State.PROCESSING, prediction_id="p1", error=None)

    assert (job.state, job.error) == (State.PROCESSING, None)


async def test_a_prediction_belongs_to_one_job_only(archive: Archive) -> None:
    await add(archive, a_job("one"), a_job("two"))
    await archive.advance("one", State.STARTING, prediction_id="p1")

    with pytest.raises(ArchiveError):
        await archive.advance("two", State.STARTING, prediction_id="p1")

    assert (await archive.get("two")).state is State.QUEUED


async def test_another_owners_job_is_unknown(archive: Archive) -> None:
    await add(archive, a_job(owner="ann"))

    with pytest.raises(UnknownJob):
        await archive.get("job1", owner="bob")

    assert (await archive.get("job1", owner="ann")).owner == "ann"
    assert await archive.list("bob") == []


async def test_the_list_is_paged_newest_first_without_gaps_or_repeats(archive: Archive) -> None:
    # Three of them share their moment, so that the id has to decide.
    times = [NOW, NOW + timedelta(seconds=1)] + [NOW + timedelta(seconds=2)] * 3
    await add(archive, *(a_job(f"job{n}", created_at=at) for n, at in enumerate(times)))

    pages = [await archive.list("local", limit=2)]
    while pages[-1]:
        pages.append(await archive.list("local", limit=2, before=pages[-1][-1].cursor))

    assert [job.id for page in pages for job in page] == ["job4", "job3", "job2", "job1", "job0"]


async def test_only_jobs_whose_lease_has_run_out_are_claimed_and_only_of_this_backend(
    archive: Archive, clock: Clock
) -> None:
    await add(archive, a_job("mine"), a_job("elsewhere", backend="https://other.example"))
    await add(archive, a_job("done"))
    await archive.advance("done", State.FAILED)

    at_once = await archive.claim("https://api.example", holder="you", lease_seconds=30)
    clock.now += timedelta(seconds=31)
    later = await archive.claim("https://api.example", holder="you", lease_seconds=30)

    assert at_once == []
    assert [job.id for job in later] == ["mine"]


async def test_of_two_copies_that_claim_at_once_each_job_goes_to_one(
    database_url: str, clock: Clock
) -> None:
    async with (
        Archive.open(database_url, now=clock) as one,
        Archive.open(database_url, now=clock) as two,
    ):
        await add(one, *(a_job(f"job{n}") for n in range(20)), holder="dead")
        await one.release("dead")

        claimed = await asyncio.gather(
            *(
                copy.claim("https://api.example", holder=holder, lease_seconds=30)
                for copy, holder in ((one, "one"), (two, "two"))
            )
        )

    ids = [job.id for jobs in claimed for job in jobs]
    assert len(ids) == len(set(ids)) == 20


async def test_a_renewed_lease_is_not_claimed_and_a_released_one_is(
    archive: Archive, clock: Clock
) -> None:
    await add(archive, a_job())
    clock.now += timedelta(seconds=25)
    await archive.renew("me", lease_seconds=30)
    clock.now += timedelta(seconds=25)

    held = await archive.claim("https://api.example", holder="you", lease_seconds=30)
    await archive.release("me")
    free = await archive.claim("https://api.example", holder="you", lease_seconds=30)

    assert (len(held), len(free)) == (0, 1)


async def test_a_move_that_only_the_holder_may_make_is_made_by_no_other(
    archive: Archive, clock: Clock
) -> None:
    await add(archive, a_job("kept"), a_job("lost"), a_job("done"))
    await archive.advance("done", State.CANCELED)
    clock.now += timedelta(seconds=31)
    await archive.renew("me", lease_seconds=30)
    await archive.advance("kept", State.SENDING, holder="me")

    await archive.release("me")
    await archive.claim("https://api.example", holder="you", lease_seconds=30)
    await archive.advance("lost", State.SENDING, holder="you")
    for job_id in ("kept", "lost", "done"):
        with pytest.raises(LeaseLost):
            await archive.advance(job_id, State.SENDING, holder="me")

    assert (await archive.get("lost")).state is State.SENDING


async def test_it_is_known_which_predictions_are_some_jobs(archive: Archive) -> None:
    await add(archive, a_job())
    await archive.advance("job1", State.STARTING, prediction_id="p1")

    assert await archive.has_prediction("https://api.example", "p1")
    assert not await archive.has_prediction("https://api.example", "p2")
    assert not await archive.has_prediction("https://other.example", "p1")


async def test_two_copies_write_at_once_without_an_error(database_url: str) -> None:
    async with Archive.open(database_url) as one, Archive.open(database_url) as two:
        await asyncio.gather(
            *(add(copy, a_job(f"{n}-{m}")) for n, copy in enumerate((one, two)) for m in range(50))
        )

        assert len(await one.list("local", limit=1000)) == 100


async def test_sqlite_keeps_a_write_ahead_log_that_is_on_the_disk_at_each_commit(
    archive: Archive, database_url: str
) -> None:
    pragmas = {}
    with archive._engine.connect() as connection:
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
            pragmas[name] = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def is_no_search_table(name: str | None, kind: str, _parents: Any) -> bool:
    return not (kind == "table" and (name or "").startswith("job_words"))


async def test_the_migrations_make_exactly_the_tables_of_the_code(
    archive: Archive, database_url: str
) -> None:
    with create_engine(database_url).connect() as connection:
        opts = {"compare_server_default": True, "include_name": is_no_search_table}
        context = MigrationContext.configure(connection, opts=opts)

        assert compare_metadata(context, Base.metadata) == []


async def test_the_event_loop_stays_free_while_the_database_is_locked(
    archive: Archive, database_url: str
) -> None:
    lock = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    adding = asyncio.create_task(add(archive, a_job()))
    started = asyncio.get_running_loop().time()
    await asyncio.sleep(0.05)
    waited = asyncio.get_running_loop().time() - started
    assert not adding.done()
    lock.execute("COMMIT")
    lock.close()
    await adding

    assert waited < 0.5
    assert (await archive.get("job1")).state is State.QUEUED


async def test_a_naive_time_is_refused(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="time zone"):
        await add(archive, a_job(created_at=datetime(2026, 3, 1)))
