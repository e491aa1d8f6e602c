"""Each person finds their own runs, models and conversations, newest first."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from core.history.archive import Archive, Filter, Job
from core.history.records import State
from tests.core.history.material import NOW, a_job, add


def ids(jobs: Sequence[Job]) -> list[str]:
    return [job.id for job in jobs]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["clip", "pinned", "plain"]),
        ({"kind": "video"}, ["clip"]),
        ({"model": "a/one"}, ["pinned", "plain"]),
        ({"model": "a/on"}, []),
        ({"states": (State.FAILED, State.QUEUED)}, ["clip", "pinned"]),
        ({"since": NOW + timedelta(hours=1)}, ["clip", "pinned"]),
        ({"until": NOW + timedelta(hours=1)}, ["plain"]),
        ({"since": NOW + timedelta(hours=1), "until": NOW + timedelta(hours=2)}, ["pinned"]),
        ({"starred_only": True}, ["pinned"]),
        ({"starred_only": True, "kind": "video"}, []),
        ({"deleted": True}, ["binned"]),
        ({"deleted": True, "kind": "video"}, []),
    ],
)
async def test_a_filter_leaves_the_jobs_to_which_all_of_it_applies(
    archive: Archive, wanted: dict[str, Any], expected: list[str]
) -> None:
    await add(
        archive,
        a_job("plain", model="a/one"),
        a_job("pinned", model="a/one:0123", created_at=NOW + timedelta(hours=1), starred=True),
        a_job("clip", model="b/two", kind="video", created_at=NOW + timedelta(hours=2)),
        a_job("binned", model="a/one"),
        a_job("anns", model="a/one", owner="ann"),
    )
    await archive.advance("plain", State.SUCCEEDED)
    await archive.advance("pinned", State.FAILED)
    await archive.advance("binned", State.FAILED)
    await archive.delete(["binned"], owner="local")

    assert ids(await archive.list("local", Filter(**wanted))) == expected


async def test_the_models_of_the_history_come_most_recently_used_first(archive: Archive) -> None:
    runs = ("a/one", "b/two", "a/one:0123", "c/three", "b/two", "d/four")
    await add(
        archive,
        *(a_job(f"job{n}", model=m, created_at=NOW + timedelta(n)) for n, m in enumerate(runs)),
        a_job("anns", model="e/five", owner="ann"),
    )
    await archive.advance("job5", State.FAILED)
    await archive.delete(["job5"], owner="local")

    assert list(await archive.models("local")) == ["b/two", "c/three", "a/one"]
    assert list(await archive.models("bob")) == []


def talking(job_id: str, conversation_id: str | None, minute: int, **changes: Any) -> Job:
    at = NOW + timedelta(minutes=minute)
    return a_job(job_id, conversation_id=conversation_id, created_at=at, kind="chat", **changes)


async def test_each_conversation_is_listed_once_by_its_newest_job(archive: Archive) -> None:
    await add(
        archive,
        *(talking(f"old{n}", "old", n) for n in range(3)),
        *(talking(f"twin{n}", "twin", 5) for n in range(2)),  # in the same moment
        talking("new0", "new", 6),
        talking("old3", "old", 7),
        talking("alone", None, 8),
        talking("anns", "new", 9, owner="ann"),
    )

    assert ids(await archive.conversations("local")) == ["old3", "new0", "twin1"]
    assert ids(await archive.conversations("ann")) == ["anns"]


async def test_conversations_are_paged_without_gaps_or_repeats(archive: Archive) -> None:
    await add(archive, *(talking(f"job{n}", f"talk{n % 5}", n // 3) for n in range(15)))

    pages = [await archive.conversations("local", limit=2)]
    while pages[-1]:
        pages.append(await archive.conversations("local", limit=2, before=pages[-1][-1].cursor))

    newest = sorted((f"job{n}" for n in range(10, 15)), reverse=True)
    assert [job.id for page in pages for job in page] == newest


async def test_a_conversation_is_its_jobs_oldest_first_without_the_deleted_ones(
    archive: Archive,
) -> None:
    await add(archive, *(talking(f"job{n}", "talk", n) for n in range(4)))
    await add(archive, talking("other", "other", 1), talking("anns", "talk", 2, owner="ann"))
    for job_id in ("job1", "job3"):
        await archive.advance(job_id, State.SUCCEEDED)
    await archive.delete(["job1", "job3"], owner="local")

    assert ids(await archive.conversation("local", "talk")) == ["job0", "job2"]
    assert ids(await archive.conversations("local")) == ["job2", "other"]
    assert ids(await archive.conversation("bob", "talk")) == []


async def test_a_conversation_whose_jobs_are_all_deleted_is_gone_until_they_are_restored(
    archive: Archive,
) -> None:
    await add(archive, *(talking(f"job{n}", "talk", n) for n in range(2)))
    for n in range(2):
        await archive.advance(f"job{n}", State.SUCCEEDED)
    whole = ids(await archive.conversation("local", "talk"))

    await archive.delete(whole, owner="local")
    gone = await archive.conversations("local")
    await archive.restore(whole, owner="local")

    assert gone == []
    assert ids(await archive.conversations("local")) == ["job1"]
