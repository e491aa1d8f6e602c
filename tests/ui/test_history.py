"""The history: pages without gaps or repeats, and what each filter leaves."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import gradio as gr
import pytest

from core.history.records import Job, State
from tests.ui.jobs import a_job
from ui.services import LOCAL_OWNER, Services
from ui.tabs.history import PAGE, HistoryHandlers, Page

EVERYTHING = ("", "All", "any", "Any status", "Any time", "All runs")
NAMES = ("query", "kind", "model", "status", "days", "which")
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def past(services: Services) -> HistoryHandlers:
    return HistoryHandlers(services)


def filters(**chosen: str) -> tuple[str, ...]:
    """Return what the filters hold: what is chosen, and else what they begin with."""
    return tuple((dict(zip(NAMES, EVERYTHING, strict=True)) | chosen).values())


async def keep(services: Services, *jobs: Job) -> None:
    """Write jobs down as they are."""
    for job in jobs:
        await services.archive.add(job, holder="tests", lease_seconds=60)


def a_past_job(job_id: str, *, hours: float = 0, **changes: Any) -> Job:
    """Return a job that was asked for so many hours ago."""
    then = NOW - timedelta(hours=hours)
    settled = {"state": State.SUCCEEDED, "completed_at": then} | changes
    return a_job(id=job_id, created_at=then, **settled)


def ids(page: Page) -> list[str]:
    return [key for key, _ in page[0]]


def says_there_is_more(page: Page) -> bool:
    visible: bool = page[2]["visible"]
    return visible


async def all_pages(past: HistoryHandlers, *chosen: str) -> Sequence[Page]:
    """Return each page that a person sees who presses the button until it is gone."""
    pages = [await past.first_page(*chosen)]
    while says_there_is_more(pages[-1]):
        pages.append(await past.next_page(pages[-1][3], *chosen))
    return pages


@pytest.mark.parametrize("count", [PAGE - 1, PAGE, PAGE + 1, 130])
async def test_paging_shows_each_run_once_newest_first(
    past: HistoryHandlers, services: Services, count: int
) -> None:
    """Also those that were asked for at the same moment."""
    await keep(services, *(a_past_job(f"job{n:03}", hours=n // 3) for n in range(count)))
    order = [job.id for job in await services.archive.list(LOCAL_OWNER, limit=1000)]
    assert len(order) == count

    pages = await all_pages(past, *EVERYTHING)

    assert ids(pages[-1]) == order
    assert [len(ids(page)) for page in pages] == [
        min(count, PAGE * n) for n in range(1, -(-count // PAGE) + 1)
    ]
    assert {page[1] for page in pages} == {""}


async def test_what_is_run_meanwhile_neither_repeats_nor_hides_anything(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(services, *(a_past_job(f"job{n:03}", hours=n) for n in range(PAGE + 10)))
    _, _, _, loaded = await past.first_page(*EVERYTHING)
    await keep(services, a_past_job("newest"))
    await services.archive.delete(["job001"], owner=LOCAL_OWNER)

    page = await past.next_page(loaded, *EVERYTHING)

    assert ids(page) == [f"job{n:03}" for n in range(PAGE + 10)]


async def test_a_change_leaves_as_much_as_was_shown(
    past: HistoryHandlers, services: Services
) -> None:
    """Also when what was thrown away, the last of all, comes back."""
    count = 2 * PAGE + 5
    await keep(services, *(a_past_job(f"job{n:03}", hours=n) for n in range(count)))
    order = [f"job{n:03}" for n in range(count)]
    [_, second, third] = await all_pages(past, *EVERYTHING)

    await services.archive.star("job070", owner=LOCAL_OWNER, starred=True)
    starred = await past.refresh(second[3], *EVERYTHING)
    await services.archive.delete(["job050"], owner=LOCAL_OWNER)
    deleted = await past.refresh(third[3], *EVERYTHING)
    await services.archive.restore(["job050"], owner=LOCAL_OWNER)
    restored = await past.refresh(deleted[3], *EVERYTHING)

    assert ids(starred) == order[: 2 * PAGE]
    assert says_there_is_more(starred)
    assert 'aria-pressed="true"' in dict(starred[0])["job070"]
    assert ids(await past.next_page(starred[3], *EVERYTHING)) == order
    assert ids(deleted) == [job_id for job_id in order if job_id != "job050"]
    assert ids(restored) == order


async def test_the_next_page_is_of_what_is_looked_for(
    past: HistoryHandlers, services: Services
) -> None:
    count = 2 * (PAGE + 5)
    jobs = [
        a_past_job(f"job{n:03}", hours=n, kind="video" if n % 2 else "image") for n in range(count)
    ]
    await keep(services, *jobs)

    pages = await all_pages(past, *filters(kind="Videos"))

    assert ids(pages[-1]) == [job.id for job in jobs if job.kind == "video"]
    assert len(pages) == 2


async def test_each_kind_is_found(past: HistoryHandlers, services: Services) -> None:
    kinds = ("image", "video", "chat", "audio", "other")
    await keep(services, *(a_past_job(kind, kind=kind) for kind in kinds))

    found = {
        name: ids(await past.first_page(*filters(kind=name)))
        for name in ("Images", "Videos", "Chats", "Sounds", "Others")
    }

    assert list(found.values()) == [[kind] for kind in kinds]
    assert set(ids(await past.first_page(*filters(kind="All")))) == set(kinds)


async def test_each_state_is_found_under_one_status(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(services, *(a_past_job(state.value, state=state) for state in State))

    found = {
        name: set(ids(await past.first_page(*filters(status=name))))
        for name in ("Succeeded", "Failed", "Stopped", "Uncertain", "Running")
    }

    assert found == {
        "Succeeded": {"succeeded"},
        "Failed": {"failed", "expired"},
        "Stopped": {"canceled", "aborted"},
        "Uncertain": {"uncertain"},
        "Running": {"queued", "sending", "starting", "processing", "downloading"},
    }
    assert set.union(*found.values()) == {state.value for state in State}
    assert len(ids(await past.first_page(*filters(status="Any status")))) == len(State)


async def test_each_span_of_time_reaches_so_far_back(
    past: HistoryHandlers, services: Services
) -> None:
    days = (0.5, 3, 20, 200, 500)
    await keep(services, *(a_past_job(f"{age} days", hours=24 * age) for age in days))

    found = [
        len(ids(await past.first_page(*filters(days=name))))
        for name in ("Last day", "Last 7 days", "Last 30 days", "Last year", "Any time")
    ]

    assert found == [1, 2, 3, 4, 5]


async def test_words_are_found_in_prompts_models_and_answers(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(
        services,
        a_past_job("by-prompt", hours=1, input={"prompt": "A Badger at dawn"}),
        a_past_job("by-model", hours=2, model="badgers/painter"),
        a_past_job("by-answer", hours=3, kind="chat", text="It was the badger."),
        a_past_job("not"),
    )

    page = await past.first_page(*filters(query="  badger "))

    assert ids(page) == ["by-prompt", "by-model", "by-answer"]
    assert ids(await past.first_page(*filters(query="badger dawn"))) == ["by-prompt"]


async def test_a_model_is_found_in_all_its_versions(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(
        services,
        a_past_job("plain", hours=1, model="test/painter"),
        a_past_job("pinned", hours=2, model=f"test/painter:{'a' * 64}"),
        a_past_job("another", model="test/painters"),
    )

    page = await past.first_page(*filters(model="test/painter"))

    assert ids(page) == ["plain", "pinned"]


async def test_only_what_has_a_star_is_shown_under_starred(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(services, a_past_job("plain"), a_past_job("starred"))
    await services.archive.star("starred", owner=LOCAL_OWNER, starred=True)

    assert ids(await past.first_page(*filters(which="Starred"))) == ["starred"]


async def test_what_was_deleted_is_in_its_own_view_and_can_only_come_back(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(services, a_past_job("kept"), a_past_job("binned"))
    await services.archive.delete(["binned"], owner=LOCAL_OWNER)

    page = await past.first_page(*filters(which="Deleted"))

    [(key, html)] = page[0]
    assert key == "binned"
    assert 'data-act="restore"' in html
    assert 'data-act="delete"' not in html
    assert ids(await past.first_page(*EVERYTHING)) == ["kept"]


async def test_filters_narrow_together(past: HistoryHandlers, services: Services) -> None:
    wanted = {"kind": "video", "state": State.FAILED, "input": {"prompt": "a badger"}}
    await keep(
        services,
        a_past_job("all", **wanted),
        a_past_job("kind", **(wanted | {"kind": "image"})),
        a_past_job("state", **(wanted | {"state": State.SUCCEEDED})),
        a_past_job("words", **(wanted | {"input": {"prompt": "a fox"}})),
        a_past_job("age", hours=48, **wanted),
    )
    chosen = filters(query="badger", kind="Videos", status="Failed", days="Last day")

    assert ids(await past.first_page(*chosen)) == ["all"]


async def test_an_empty_history_says_what_will_be_here(past: HistoryHandlers) -> None:
    cards, said, _, _ = page = await past.first_page(*EVERYTHING)

    assert cards == []
    assert "Nothing here yet" in said
    assert not says_there_is_more(page)


@pytest.mark.parametrize(
    "chosen",
    [{"query": "zebra"}, {"kind": "Videos"}, {"status": "Failed"}, {"which": "Starred"}],
)
async def test_filters_that_leave_nothing_say_so(
    past: HistoryHandlers, services: Services, chosen: dict[str, str]
) -> None:
    await keep(services, a_past_job("fox"))

    cards, said, _, _ = await past.first_page(*filters(**chosen))

    assert cards == []
    assert "Nothing matches" in said
    assert "yet" not in said


async def test_nobody_sees_what_another_owner_ran(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(services, a_past_job("theirs", owner="eve", model="eve/painter"))

    assert ids(await past.first_page(*EVERYTHING)) == []
    assert (await past.models("any")).choices == [("Any model", "any")]


async def test_the_models_to_choose_from_are_those_of_the_runs_last_used_first(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(
        services,
        a_past_job("old", hours=2),
        a_past_job("new", hours=1, model="test/painter"),
        a_past_job("binned", model="test/writer"),
    )
    await services.archive.delete(["binned"], owner=LOCAL_OWNER)

    choices = (await past.models("any")).choices

    assert choices == [
        ("Any model", "any"),
        ("test/painter", "test/painter"),
        ("FLUX Schnell", "black-forest-labs/flux-schnell"),
    ]


async def test_the_chosen_model_stays_among_the_choices_without_its_last_run(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(services, a_past_job("kept", hours=1), a_past_job("binned", model="test/writer"))
    await services.archive.delete(["binned"], owner=LOCAL_OWNER)

    choices = (await past.models("test/writer")).choices

    assert choices == [
        ("Any model", "any"),
        ("FLUX Schnell", "black-forest-labs/flux-schnell"),
        ("test/writer", "test/writer"),
    ]


async def test_small_cards_are_drawn_of_what_is_found(
    past: HistoryHandlers, services: Services
) -> None:
    await keep(services, a_past_job("fox", input={"prompt": "a fox"}))

    [(_, html)] = (await past.first_page(*EVERYTHING))[0]

    assert "a fox" in html
    assert 'data-job="fox"' in html


@pytest.mark.parametrize(("layout", "name"), [("Grid", "grid"), ("List", "list")])
def test_the_layout_is_a_class_of_the_cards(past: HistoryHandlers, layout: str, name: str) -> None:
    assert past.lay_out(layout) == gr.update(elem_classes=["kept", name])
