"""What is thrown away can be taken out again, until the bin is emptied; nobody touches others'."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.history.archive import Archive, Filter, UnknownJob
from core.history.curating import empty_bin, keep_bin_empty
from core.history.filters import EVERYTHING
from core.history.media import MediaStore
from core.history.records import State
from tests.core.history.material import A_FILE, NOW, Clock, a_job, add

A_DAY = timedelta(days=1)
ANNS = "ann/2026-03/anns"
IN_THE_BIN = Filter(deleted=True)


async def add_settled(archive: Archive, *job_ids: str, owner: str = "local") -> None:
    for job_id in job_ids:
        await add(archive, a_job(job_id, owner=owner))
        await archive.advance(job_id, State.SUCCEEDED, prediction_id=f"of-{job_id}")


async def listed(archive: Archive, wanted: Filter = EVERYTHING) -> set[str]:
    return {job.id for job in await archive.list("local", wanted)}


async def test_a_star_is_given_and_taken_away(archive: Archive) -> None:
    await add(archive, a_job())

    await archive.star("job1", owner="local", starred=True)
    given = (await archive.get("job1")).starred
    await archive.star("job1", owner="local", starred=False)

    assert (given, (await archive.get("job1")).starred) == (True, False)


async def test_nobody_stars_what_is_not_theirs(archive: Archive) -> None:
    await add(archive, a_job(owner="ann"))

    for job_id in ("job1", "nothing"):
        with pytest.raises(UnknownJob):
            await archive.star(job_id, owner="local", starred=True)

    assert not (await archive.get("job1")).starred


async def test_a_deleted_job_lies_in_the_bin_and_comes_back_as_it_was(
    archive: Archive, clock: Clock
) -> None:
    await add_settled(archive, "one", "two")
    before = await archive.get("one")
    clock.now += A_DAY

    deleted = await archive.delete(["one"], owner="local")
    kept, binned = await listed(archive), await archive.list("local", IN_THE_BIN)
    restored = await archive.restore(["one", "two"], owner="local")

    assert (list(deleted), list(restored), kept) == (["one"], ["one"], {"two"})
    assert [(job.id, job.deleted_at) for job in binned] == [("one", NOW + A_DAY)]
    assert await archive.get("one") == before
    assert await listed(archive) == {"one", "two"}


async def test_only_what_is_settled_and_ones_own_is_deleted_and_once(
    archive: Archive, clock: Clock
) -> None:
    await add_settled(archive, "mine")
    await add_settled(archive, "anns", owner="ann")
    await add(archive, a_job("running"))
    job_ids = ["anns", "running", "mine", "nothing", "mine"]

    first = await archive.delete(job_ids, owner="local")
    clock.now += A_DAY
    again = await archive.delete(job_ids, owner="local")

    assert (list(first), list(again)) == (["mine"], [])
    assert (await archive.get("mine")).deleted_at == NOW
    assert await listed(archive) == {"running"}
    assert (await archive.get("anns")).deleted_at is None


async def test_nobody_restores_what_is_not_theirs(archive: Archive) -> None:
    await add_settled(archive, "job1", owner="ann")
    await archive.delete(["job1"], owner="ann")

    assert list(await archive.restore(["job1"], owner="local")) == []
    assert (await archive.get("job1")).deleted_at is not None


async def test_an_uncertain_job_whose_prediction_is_found_comes_out_of_the_bin(
    archive: Archive,
) -> None:
    await add(archive, a_job())
    await archive.advance("job1", State.UNCERTAIN)
    await archive.delete(["job1"], owner="local")

    await archive.advance("job1", State.STARTING, prediction_id="p1")

    assert await listed(archive) == {"job1"}
    assert [job.id for job in await archive.unsettled("https://api.example")] == ["job1"]


async def test_late_news_of_a_deleted_job_leaves_it_in_the_bin(archive: Archive) -> None:
    await add_settled(archive, "job1")
    await archive.delete(["job1"], owner="local")

    await archive.advance("job1", State.PROCESSING)

    assert await listed(archive) == set()


async def test_a_deleted_jobs_prediction_is_known_until_it_is_removed(archive: Archive) -> None:
    await add_settled(archive, "job1")
    await archive.delete(["job1"], owner="local")
    in_the_bin = await archive.has_prediction("https://api.example", "of-job1")

    await archive.remove(["job1"])

    assert in_the_bin
    assert not await archive.has_prediction("https://api.example", "of-job1")


async def test_only_what_is_in_the_bin_is_removed_and_its_files_rows_with_it(
    archive: Archive,
) -> None:
    await add(archive, a_job("gone", files=(A_FILE,)))
    await add_settled(archive, "kept")
    await archive.advance("gone", State.FAILED)
    await archive.delete(["gone"], owner="local")

    assert list(await archive.remove(["kept", "gone", "nothing"])) == ["gone"]
    with pytest.raises(UnknownJob):
        await archive.get("gone")
    with archive._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM files").scalar_one() == 0
    assert await listed(archive) == {"kept"}


async def test_the_longest_deleted_come_first_when_the_bin_is_emptied(
    archive: Archive, clock: Clock
) -> None:
    await add_settled(archive, "one", "two", "three")
    for job_id in ("two", "three", "one"):
        await archive.delete([job_id], owner="local")
        clock.now += A_DAY

    async def before(when: timedelta, limit: int) -> list[str]:
        return [job.id for job in await archive.deleted_before(NOW + when, limit)]

    assert await before(3 * A_DAY, 2) == ["two", "three"]
    assert await before(2 * A_DAY, 9) == ["two", "three"]
    assert await before(timedelta(0), 9) == []


async def test_emptying_the_bin_removes_old_jobs_and_their_files_and_nothing_else(
    archive: Archive, clock: Clock, tmp_path: Path
) -> None:
    media = MediaStore(tmp_path / "media")
    job_ids = [f"job{n}" for n in range(205)]
    await add_settled(archive, *job_ids, "recent", "kept")
    await add_settled(archive, "anns", owner="ann")
    for key in [*(f"local/2026-03/{one}" for one in (*job_ids, "recent", "kept")), ANNS]:
        folder = media.path(key)
        folder.mkdir(parents=True)
        (folder / "0.png").write_bytes(b"picture")
    await archive.delete(job_ids, owner="local")
    await archive.delete(["anns"], owner="ann")
    clock.now += 30 * A_DAY
    await archive.delete(["recent"], owner="local")

    count = await empty_bin(archive, media, older_than=30 * A_DAY, now=clock.now + A_DAY)

    assert count == 206
    assert await listed(archive) | await listed(archive, IN_THE_BIN) == {"kept", "recent"}
    left = {path.parent.name for path in media.root.rglob("*.png")}
    assert left == {"kept", "recent"}


async def test_a_job_that_is_restored_while_the_bin_is_emptied_keeps_its_files(
    archive: Archive, clock: Clock, tmp_path: Path
) -> None:
    class Restoring(Archive):
        async def remove(self, job_ids):  # type: ignore[no-untyped-def]
            await self.restore(["job1"], owner="local")
            return await super().remove(job_ids)

    media = MediaStore(tmp_path / "media")
    media.path("local/2026-03/job1").mkdir(parents=True)
    await add_settled(archive, "job1", "job2")
    await archive.delete(["job1", "job2"], owner="local")
    restoring = Restoring(archive._access, archive._readers, archive._writers, now=clock)

    count = await empty_bin(restoring, media, older_than=A_DAY, now=NOW + 2 * A_DAY)

    assert count == 1
    assert media.path("local/2026-03/job1").is_dir()
    assert await listed(archive) == {"job1"}


async def test_the_bin_is_emptied_every_hour_of_what_lay_in_it_for_a_month(
    archive: Archive, clock: Clock, tmp_path: Path
) -> None:
    class Enough(Exception):
        pass

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        left.append(await listed(archive, IN_THE_BIN))
        clock.now += 20 * A_DAY
        if len(slept) == 3:
            raise Enough

    slept: list[float] = []
    left: list[set[str]] = []
    await add_settled(archive, "job1")
    await archive.delete(["job1"], owner="local")

    with pytest.raises(Enough):
        await keep_bin_empty(archive, MediaStore(tmp_path), sleep=sleep, now=clock)

    assert slept == [3600, 3600, 3600]
    assert left == [{"job1"}, {"job1"}, set()]
