"""A history that an earlier release wrote is brought up to date with all that is in it."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from core.history.archive import Archive, Filter
from core.history.engines import migrate
from core.history.records import State
from tests.core.history.material import a_job, add

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_old_history(database: Path) -> None:
    """Write a history of the first release: three jobs, one with a file."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        migrate(connection, "0001")
        for n, model in enumerate(("a/one", "a/one:0123", "b/two")):
            at = f"{NOW + timedelta(minutes=n):%Y-%m-%d %H:%M:%S.%f}"
            connection.execute(
                text(
                    "INSERT INTO jobs (id, backend, owner, kind, model, prompt, input, state, "
                    "prediction_id, created_at, text, metrics, logs) VALUES (:id, 'b', 'local', "
                    "'image', :model, 'a fox', '{}', 'succeeded', :id, :at, :text, '{}', '')"
                ),
                {"id": f"job{n}", "model": model, "at": at, "text": "Grüße" if n else None},
            )
        connection.execute(
            text(
                "INSERT INTO files (job_id, n, key, name, media_type, bytes, sha256) VALUES "
                "('job0', 0, 'local/2026-03/job0/0.webp', 'fox.webp', 'image/webp', 3, 'ab')"
            )
        )
    engine.dispose()


async def test_the_jobs_of_an_earlier_release_are_all_there(tmp_path: Path) -> None:
    an_old_history(tmp_path / "history.db")

    async with Archive.open(f"sqlite:///{tmp_path / 'history.db'}") as archive:
        jobs = await archive.list("local")
        models = await archive.models("local")
        answered = await archive.list("local", Filter(words="GRÜß two"))

    assert [job.id for job in jobs] == ["job2", "job1", "job0"]
    assert list(models) == ["b/two", "a/one"]
    assert [job.id for job in answered] == ["job2"]
    assert [file.name for file in jobs[2].files] == ["fox.webp"]
    assert {(job.starred, job.deleted_at, job.conversation_id, job.turns) for job in jobs} == {
        (False, None, None, ())
    }


async def test_a_job_that_an_earlier_release_left_running_can_be_asked_to_stop(
    tmp_path: Path,
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'history.db'}")
    with engine.begin() as connection:
        migrate(connection, "0002")
        connection.execute(
            text(
                "INSERT INTO jobs (id, backend, owner, kind, model, model_name, prompt, input, "
                "state, created_at, metrics, logs) VALUES ('job1', 'b', 'local', 'image', 'a/one', "
                "'a/one', 'a fox', '{}', 'sending', '2026-03-01 12:00:00', '{}', '')"
            )
        )
    engine.dispose()

    async with Archive.open(f"sqlite:///{tmp_path / 'history.db'}", now=lambda: NOW) as archive:
        before = await archive.get("job1")
        after = await archive.ask_to_stop("job1")

    assert (before.state, before.stop_asked_at) == (State.SENDING, None)
    assert after.stop_asked_at == NOW


async def test_the_models_of_an_earlier_release_are_at_hand_and_can_be_favoured(
    tmp_path: Path,
) -> None:
    an_old_history(tmp_path / "history.db")

    async with Archive.open(f"sqlite:///{tmp_path / 'history.db'}") as archive:
        recent = await archive.recent_models("local", backend="b")
        none = await archive.favourites("local", backend="b")
        await archive.set_favourite("local", "a/one", True, backend="b")
        one = await archive.favourites("local", backend="b")

    assert (list(recent), list(none), list(one)) == (["b/two", "a/one"], [], ["a/one"])


async def test_the_runs_of_an_earlier_release_have_no_more_moments_than_they_had(
    tmp_path: Path,
) -> None:
    an_old_history(tmp_path / "history.db")

    async with Archive.open(f"sqlite:///{tmp_path / 'history.db'}") as archive:
        job = await archive.get("job0")

    assert (job.sent_at, job.first_output_at, job.ended_at) == (None, None, None)
    assert [file.place for file in job.files] == [None]


async def test_the_jobs_of_an_earlier_release_know_their_models_without_the_version(
    tmp_path: Path,
) -> None:
    an_old_history(tmp_path / "history.db")

    async with Archive.open(f"sqlite:///{tmp_path / 'history.db'}"):
        pass

    with sqlite3.connect(tmp_path / "history.db") as connection:
        rows = connection.execute("SELECT model, model_name FROM jobs ORDER BY id").fetchall()
    connection.close()
    assert rows == [("a/one", "a/one"), ("a/one:0123", "a/one"), ("b/two", "b/two")]


async def test_the_words_of_an_earlier_release_are_found_newest_first_beside_new_ones(
    tmp_path: Path,
) -> None:
    an_old_history(tmp_path / "history.db")
    between = NOW + timedelta(minutes=1, seconds=30)

    async with Archive.open(f"sqlite:///{tmp_path / 'history.db'}") as archive:
        await add(archive, a_job("new", input={"prompt": "a fox"}, created_at=between))
        await archive.advance("job1", State.SUCCEEDED, text="not any more")
        found = await archive.list("local", Filter(words="fox"))
        with archive._writing.begin() as connection:
            check = "INSERT INTO job_words_index (job_words_index, rank) VALUES (?, 1)"
            connection.exec_driver_sql(check, ("integrity-check",))

    assert [job.id for job in found] == ["job2", "new", "job1", "job0"]
