"""A damaged history is kept aside, and a new one goes on with all of it that can be read."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import URL

from core.history import pages
from core.history.archive import Archive, ArchiveError, Filter, Job
from core.history.errors import HistoryDamaged
from core.history.mending import SetAside
from core.history.records import State
from core.history.salvaging import salvage
from tests.core.history import damages
from tests.core.history.damages import Damage
from tests.core.history.material import A_FILE, NOW, Clock, a_job, add

JOBS = 60
LONG = "An answer that takes several pages. " * 1000
KEPT = "history.damaged-20260301T120000Z.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "100% #1? My%20Pictures ü"
    folder.mkdir()
    return folder / "history.db"


def sqlite(file: Path) -> URL:
    return URL.create("sqlite", database=str(file))


async def fill(file: Path) -> Sequence[Job]:
    """Write a history, and return what is in it, the oldest first."""
    async with Archive.open(sqlite(file)) as archive:
        for n in range(JOBS):
            await add(archive, a_job(f"job{n}", created_at=NOW + timedelta(seconds=n)))
            await archive.advance(
                f"job{n}",
                State.SUCCEEDED,
                logs="Step 1 of 4\n" * 40,
                files=[A_FILE] if n == 0 else [],
                text=LONG if n == 1 else None,
            )
        return (await archive.list("local", limit=JOBS))[::-1]


async def opened(file: Path) -> tuple[Sequence[Job], Sequence[SetAside]]:
    """Open a history; return what is in it, the oldest first, and what it says was set aside."""
    async with Archive.open(sqlite(file), now=Clock()) as archive:
        return (await archive.list("local", limit=JOBS))[::-1], archive.set_aside


def root(file: Path, table: str) -> int:
    """Return the number of the page at which a table begins."""
    with closing(sqlite3.connect(file)) as connection:
        asked = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        page: int = connection.execute(asked, (table,)).fetchone()[0]
        return page


@pytest.mark.parametrize(
    ("damage", "least"),
    [
        (damages.header, JOBS),
        (damages.first_page, JOBS),
        (damages.middle_page, JOBS - 10),
        (damages.truncated, 10),
    ],
)
async def test_what_can_be_read_goes_on_and_the_file_is_kept_as_it_was(
    file: Path, damage: Damage, least: int
) -> None:
    written = await fill(file)
    damage(file)
    damaged = file.read_bytes()

    jobs, [aside] = await opened(file)

    assert least <= len(jobs) <= JOBS
    assert {_without_files(job) for job in jobs} <= {_without_files(job) for job in written}
    assert aside == SetAside(file.with_name(KEPT), len(jobs))
    assert aside.file.read_bytes() == damaged


async def test_favourites_go_on_as_far_as_they_can_be_read(file: Path) -> None:
    await fill(file)
    async with Archive.open(sqlite(file)) as archive:
        await archive.set_favourite("local", "a/one", True, backend="b")
    damages.overwrite(file, root(file, "jobs"))

    async with Archive.open(sqlite(file), now=Clock()) as archive:
        favourites = await archive.favourites("local", backend="b")
        jobs = await archive.list("local", limit=JOBS)

    assert list(favourites) == ["a/one"]
    assert len(jobs) > JOBS - 10


async def test_a_history_without_favourites_is_read_by_sqlite_as_far_as_that_goes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier release has no such table: that isn't a reason to search every page."""
    await fill(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE favourites")
    monkeypatch.setattr(pages, "rows", lambda *_: pytest.fail("it searched"))

    assert salvage(file, file.with_name("fresh.db")) == JOBS


def _without_files(job: Job) -> str:
    return repr(replace(job, files=()))  # they are rows of another table, on pages of their own


async def test_the_page_that_leads_to_the_others_is_not_needed(file: Path) -> None:
    written = await fill(file)
    damages.overwrite(file, root(file, "jobs"))

    jobs, _ = await opened(file)

    assert jobs == written


async def test_the_new_history_is_whole_and_can_be_searched(file: Path) -> None:
    await fill(file)
    damages.header(file)

    async with Archive.open(sqlite(file)) as archive:
        await add(archive, a_job("new", input={"prompt": "a zeppelin"}))
        found = await archive.list("local", Filter(words="zeppelin"))
        before = await archive.list("local", Filter(words="several pages"))

    assert [job.id for job in found] == ["new"]
    assert [job.id for job in before] == ["job1"]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert {"ix_jobs_history", "job_words_added", "jobs_words_changed"} <= names


async def test_its_log_is_read_and_kept_with_it(file: Path, tmp_path: Path) -> None:
    """After a crash the latest steps are in the log only."""
    running = tmp_path / "running.db"
    await fill(running)
    async with Archive.open(f"sqlite:///{running}") as archive:
        await archive.star("job7", owner="local", starred=True)
        for ending in ("", "-wal"):
            shutil.copy(f"{running}{ending}", f"{file}{ending}")
    log = Path(f"{file}-wal").read_bytes()
    damages.overwrite(file, root(running, "jobs"))

    jobs, [aside] = await opened(file)

    assert len(jobs) == JOBS
    assert [job.id for job in jobs if job.starred] == ["job7"]
    assert Path(f"{aside.file}-wal").read_bytes() == log


@pytest.mark.parametrize("content", [b"this is not a database" * 1000, b"no", os.urandom(50_000)])
async def test_a_file_of_which_nothing_can_be_read_is_kept_aside_too(
    file: Path, content: bytes
) -> None:
    file.write_bytes(content)

    jobs, [aside] = await opened(file)

    assert (jobs, aside.carried_over) == ([], 0)
    assert aside.file.read_bytes() == content


async def test_an_empty_file_is_a_new_history(file: Path) -> None:
    file.touch()

    assert await opened(file) == ([], ())


async def test_a_sound_history_stays_where_it_is(file: Path) -> None:
    written = await fill(file)

    assert await opened(file) == (written, ())
    assert [path.name for path in file.parent.iterdir()] == ["history.db"]


async def test_two_damaged_files_of_one_second_are_both_kept(file: Path) -> None:
    for content in (b"the first", b"the second"):
        file.write_bytes(content)
        await opened(file)

    _, asides = await opened(file)

    kept = [aside.file for aside in asides]
    assert [path.name for path in kept] == [KEPT.replace(".db", "-2.db"), KEPT]
    assert [path.read_bytes() for path in kept] == [b"the second", b"the first"]


async def test_it_is_told_at_each_start_until_it_is_dismissed(file: Path) -> None:
    await fill(file)
    damages.header(file)
    await opened(file)

    async with Archive.open(sqlite(file)) as archive:
        told = [aside.file.name for aside in archive.set_aside]
        await archive.dismiss("../history.db")
        await archive.dismiss(KEPT)
        after = archive.set_aside

    assert (told, after) == ([KEPT], ())
    assert (await opened(file))[1] == ()
    assert file.with_name(KEPT).exists()


async def test_a_run_that_was_perhaps_sent_is_not_sent_again(file: Path) -> None:
    """That it was sent may be among what was lost; as `sending` it is looked for."""
    async with Archive.open(sqlite(file)) as archive:
        await add(archive, a_job())
    damages.header(file)

    [job], _ = await opened(file)

    assert job.state is State.SENDING


@pytest.mark.parametrize("change", ["output = '{{'", "state = 'gone'", "created_at = 'yesterday'"])
async def test_a_row_that_makes_no_sense_is_left_behind(file: Path, change: str) -> None:
    await fill(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"UPDATE jobs SET {change} WHERE id = 'job3'")
        connection.commit()
    damages.header(file)

    jobs, _ = await opened(file)

    assert len(jobs) == JOBS - 1
    assert "job3" not in {job.id for job in jobs}


async def test_damage_that_shows_while_it_is_used_says_to_start_again_and_is_mended_then(
    file: Path,
) -> None:
    """Also if the check at the start finds nothing: here a value isn't what it must be."""
    await fill(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE jobs SET metrics = '{{{' WHERE id = 'job3'")
        connection.commit()

    async with Archive.open(sqlite(file)) as archive:
        assert archive.trouble is None
        with pytest.raises(HistoryDamaged, match="start the playground again"):
            await archive.list("local", limit=JOBS)
        unharmed = await archive.get("job5")
        trouble = archive.trouble
    jobs, [aside] = await opened(file)

    assert unharmed.id == "job5"
    assert isinstance(trouble, HistoryDamaged)
    assert (len(jobs), aside.carried_over) == (JOBS - 1, JOBS - 1)
    assert [one.name for one in file.parent.iterdir() if "suspect" in one.name] == []


async def test_a_page_that_is_overwritten_while_it_is_used_is_an_archive_error(file: Path) -> None:
    await fill(file)
    async with Archive.open(sqlite(file)) as archive:
        await archive.get("job0")
        damages.middle_page(file)
        archive._engine.dispose()  # what its connections have in memory is as it was
        with pytest.raises(ArchiveError, match="is damaged"):
            await archive.list("local", limit=JOBS)


async def test_without_room_for_a_new_one_the_damaged_file_stays_in_its_place(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    await fill(file)
    damages.header(file)
    damaged = file.read_bytes()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free=1000))

    with pytest.raises(ArchiveError, match="disk is full"):
        await opened(file)

    assert file.read_bytes() == damaged
    assert [path.name for path in file.parent.iterdir()] == ["history.db"]


async def test_a_crash_while_it_is_mended_costs_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> int:
        raise Killed

    written = await fill(file)
    damages.header(file)
    with monkeypatch.context() as patched:
        patched.setattr("core.history.mending.salvage", killed)
        with pytest.raises(Killed):
            await opened(file)

    jobs, _ = await opened(file)

    assert jobs == written


_OPENS_A_FILE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM files").fetchall()
print("open", flush=True)
input()
"""


@contextmanager
def another_process_with(file: Path) -> Iterator[None]:
    """Have another process open a file."""
    with subprocess.Popen(
        [sys.executable, "-c", _OPENS_A_FILE, file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.communicate(b"\n")


@pytest.mark.parametrize("call", ["os.link", "pathlib.Path.replace"])
async def test_where_the_file_cannot_be_linked_or_a_crash_comes_in_between_it_is_kept_all_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refused(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    written = await fill(file)
    damages.header(file)
    damaged = file.read_bytes()
    with monkeypatch.context() as patched, suppress(ArchiveError):
        patched.setattr(call, refused)
        await opened(file)

    jobs, asides = await opened(file)

    assert jobs == written
    assert asides
    assert all(aside.file.read_bytes() == damaged for aside in asides)


async def test_a_damaged_file_that_another_process_has_open_stays_in_its_place(file: Path) -> None:
    """That process would go on writing to it under its new name."""
    await fill(file)
    damages.overwrite(file, root(file, "jobs"))
    with another_process_with(file):
        with pytest.raises(ArchiveError, match="another program has it open"):
            await opened(file)
        before = [path.name for path in file.parent.glob("*damaged*")]

    jobs, _ = await opened(file)

    assert before == []
    assert len(jobs) == JOBS


async def test_a_note_that_cannot_be_read_is_none(file: Path) -> None:
    for n, text in enumerate(("{", "[]", json.dumps({"carried_over": "many"}))):
        file.with_name(f"history.damaged-{n}.json").write_text(text)

    assert await opened(file) == ([], ())
