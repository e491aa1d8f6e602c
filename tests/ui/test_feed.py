"""The runs of a tab as they are shown: what is under way, the newest result, the earlier ones."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import gradio as gr
import pytest
import pytest_asyncio

from core.history.records import State
from core.jobs.events import Processing
from tests.core.jobs.world import PAINTER
from tests.core.waiting import until
from tests.ui.world import KLING, SCHNELL, begun, ended, ran, seen
from ui import feed as feed_module
from ui.feed import LATEST, Feed, Update
from ui.services import LOCAL_OWNER, Services

SECONDS = 10


class Page:
    """What a browser shows of the updates that reach it."""

    def __init__(self, updates: AsyncGenerator[Update]) -> None:
        self._updates = updates
        self.shown: list[Any] = [None, [], []]
        self.updates: list[Update] = []

    async def next(self) -> None:
        """Take the next update."""
        async with asyncio.timeout(SECONDS):
            update = await anext(self._updates)
        self.updates.append(update)
        for place, value in enumerate(update):
            if value != gr.skip():
                self.shown[place] = value

    async def until(self, condition: Callable[["Page"], bool]) -> None:
        """Take updates until the page looks as wanted."""
        async with asyncio.timeout(SECONDS):
            while not condition(self):
                await self.next()

    @property
    def welcomes(self) -> bool:
        visible: bool = self.shown[0]["visible"]
        return visible

    @property
    def running(self) -> list[str]:
        return [key for key, html in self.shown[1] if 'data-act="stop"' in html]

    @property
    def newest(self) -> list[str]:
        return [key for key, html in self.shown[1] if 'class="result' in html]

    @property
    def earlier(self) -> list[str]:
        return [key for key, _ in self.shown[2]]

    def html(self, job_id: str) -> str:
        return dict([*self.shown[1], *self.shown[2]])[job_id]


@pytest.fixture
def pictures(services: Services) -> Feed:
    return Feed(services, "image")


@pytest.fixture(autouse=True)
def no_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told of a run shows by itself; reading anew would hide that it doesn't."""
    monkeypatch.setattr(feed_module, "_TICK_SECONDS", 60)


@pytest.fixture
def quick_ticks(no_ticks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read anew many times a second what other pages may have changed."""
    monkeypatch.setattr(feed_module, "_TICK_SECONDS", 0.01)


@pytest_asyncio.fixture
async def page(pictures: Feed) -> AsyncIterator[Page]:
    """The tab in a browser, from when it was opened."""
    async with aclosing(pictures.follow()) as updates:
        page = Page(updates)
        await page.next()
        yield page


async def test_a_run_that_is_asked_for_later_shows_at_once_and_then_its_result(
    page: Page, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await begun(services)

    await page.until(lambda page: page.running == [job_id])
    assert not page.welcomes
    go_on.set()
    await page.until(lambda page: page.newest == [job_id])

    assert page.running == []
    assert "data-file" in page.html(job_id)
    assert "Processing" not in page.html(job_id)


async def test_what_a_run_does_shows_while_it_does_it(
    page: Page, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await begun(services, PAINTER, kind="image")

    await page.until(lambda page: job_id in page.running and "25%" in page.html(job_id))

    assert 'aria-valuenow="25"' in page.html(job_id)


async def test_news_of_a_run_redraw_nothing_else(
    page: Page, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await begun(services, PAINTER, kind="image")
    await page.until(lambda page: job_id in page.running)

    await page.until(lambda page: "Processing" in page.html(job_id))

    welcome, current, earlier = page.updates[-1]
    assert (welcome, earlier) == (gr.skip(), gr.skip())
    assert [key for key, _ in current] == [job_id]


async def test_a_result_moves_the_one_before_it_to_the_earlier_ones(
    page: Page, services: Services
) -> None:
    first = await begun(services)
    await page.until(lambda page: page.newest == [first])
    assert page.earlier == []

    second = await begun(services)
    await page.until(lambda page: page.newest == [second])

    assert page.earlier == [first]


async def test_a_failed_run_says_so_where_its_result_would_be(
    page: Page, services: Services
) -> None:
    job_id = await begun(services, PAINTER, kind="image", prompt="fail")

    await page.until(lambda page: page.newest == [job_id])

    assert "E1001: out of memory" in page.html(job_id)


async def test_a_page_that_is_opened_later_shows_what_runs_and_what_is_there(
    pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    done = [(await ran(services)).id for _ in range(2)]
    go_on.clear()
    running = [await begun(services, PAINTER, kind="image") for _ in range(2)]
    for job_id in running:
        await seen(services, job_id, Processing)

    async with aclosing(pictures.follow()) as updates:
        page = Page(updates)
        await page.next()

        assert page.running == running[::-1]
        assert (page.newest, page.earlier) == ([done[1]], [done[0]])
        go_on.set()
        await page.until(lambda page: not page.running)
    assert set(page.newest + page.earlier) == {*done, *running}


async def test_other_tabs_runs_are_not_shown(
    page: Page, pictures: Feed, services: Services, quick_ticks: None
) -> None:
    """Ticks are quick: it is read anew several times, and still nothing of them is there."""
    clip = await ran(services, KLING)
    job_id = await begun(services)

    await page.until(lambda page: page.newest == [job_id])

    assert all(clip.id not in str(update) for update in page.updates)
    assert page.earlier == []


async def test_the_welcome_is_there_only_while_there_is_nothing(
    page: Page, pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    assert page.welcomes
    go_on.clear()

    job_id = await begun(services)
    await page.until(lambda page: not page.welcomes)
    assert page.running == [job_id]
    go_on.set()
    await ended(services, job_id)
    with_result, *_ = await pictures.shown()
    await services.archive.delete([job_id], owner=LOCAL_OWNER)
    without, *_ = await pictures.shown()

    assert with_result == gr.update(visible=False)
    assert without == gr.update(visible=True)


async def test_a_star_that_another_page_gives_shows(
    quick_ticks: None, page: Page, services: Services
) -> None:
    job_id = await begun(services)
    await page.until(lambda page: page.newest == [job_id])
    assert 'aria-pressed="true"' not in page.html(job_id)

    await services.archive.star(job_id, owner=LOCAL_OWNER, starred=True)
    await page.until(lambda page: 'aria-pressed="true"' in page.html(job_id))

    assert page.newest == [job_id]


async def test_what_another_page_deletes_goes(
    quick_ticks: None, page: Page, services: Services
) -> None:
    job_id = await begun(services)
    await page.until(lambda page: page.newest == [job_id])

    await services.archive.delete([job_id], owner=LOCAL_OWNER)
    await page.until(lambda page: page.newest == [])

    assert page.welcomes


async def test_silence_is_told_by_updates_that_change_nothing(
    quick_ticks: None, page: Page
) -> None:
    """Gradio finds out about a closed tab when something is yielded."""
    await page.next()

    assert page.updates[-1] == (gr.skip(), gr.skip(), gr.skip())


async def test_a_page_that_is_closed_leaves_nothing_running(
    quick_ticks: None, pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await begun(services, PAINTER, kind="image")
    await seen(services, job_id, Processing)
    before = asyncio.all_tasks()
    updates = pictures.follow()
    page = Page(updates)
    await page.until(lambda page: page.running == [job_id] and len(page.updates) > 2)
    assert asyncio.all_tasks() > before

    await updates.aclose()

    # The run goes on, and tasks of its own come and go meanwhile.
    await until(lambda: asyncio.all_tasks() <= before)
    go_on.set()
    assert (await ended(services, job_id)).state is State.SUCCEEDED


async def test_only_the_latest_results_are_shown(pictures: Feed, services: Services) -> None:
    jobs = [(await ran(services)).id for _ in range(LATEST + 2)]

    _, current, earlier = await pictures.shown()

    assert [key for key, _ in current] == [jobs[-1]]
    assert [key for key, _ in earlier] == jobs[-2 : -2 - LATEST : -1]


async def test_the_newest_run_under_way_is_of_this_tab(
    pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    assert await pictures.newest_running() is None
    go_on.clear()
    await begun(services, SCHNELL)
    second = await begun(services, SCHNELL)
    await begun(services, KLING)

    newest = await pictures.newest_running()

    assert newest is not None
    assert newest.id == second
