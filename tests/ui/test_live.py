"""A page that asks for news gets what has changed, and nothing else."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest

from core.emulator import Emulator
from core.history.archive import ArchiveError
from core.jobs.events import Processing
from tests.core.jobs.world import PAINTER
from tests.ui.world import KLING, LLAMA, LOST, begun, ended, ran, seen
from ui.live.changes import BUSY_SECONDS, IDLE_SECONDS, Live, Seen
from ui.live.feed import Feed
from ui.services import LOCAL_OWNER, Services

SECONDS = 10
NOTHING = [gr.skip()] * 10


class Page:
    """What a browser shows of what it is told."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.seen = Seen()
        self.seconds = IDLE_SECONDS
        self.under_way: list[str] | None = []
        self.masthead = self.banner = ""
        self.feeds: list[Any] = [None, [], [], None, [], []]
        self.told: tuple[Any, ...] = ()

    async def ask(self) -> None:
        """Ask once what has changed."""
        self.told = await self._live.changes(self.seen)
        seen_now, clock, ids, masthead, banner, *feeds = self.told
        if seen_now != gr.skip():
            self.seen = seen_now
        if clock != gr.skip():
            self.seconds = clock.value
        if ids != gr.skip():
            self.under_way = None if ids is None else list(ids[1:])
        if masthead != gr.skip():
            self.masthead = masthead
        if banner != gr.skip():
            self.banner = banner
        for place, value in enumerate(feeds):
            if value != gr.skip():
                self.feeds[place] = value

    async def until(self, condition: Callable[["Page"], bool]) -> None:
        """Ask until the page looks as wanted."""
        async with asyncio.timeout(SECONDS):
            await self.ask()
            while not condition(self):
                await asyncio.sleep(0.01)
                await self.ask()

    @property
    def welcomes(self) -> bool:
        visible: bool = self.feeds[0]["visible"]
        return visible

    @property
    def running(self) -> list[str]:
        return [key for key, html in self.feeds[1] if 'data-act="stop"' in html]

    @property
    def newest(self) -> list[str]:
        return [key for key, html in self.feeds[1] if 'class="result' in html]

    @property
    def earlier(self) -> list[str]:
        return [key for key, _ in self.feeds[2]]

    @property
    def clips(self) -> list[str]:
        return [key for key, _ in self.feeds[4]]

    def html(self, job_id: str) -> str:
        html: str = dict([*self.feeds[1], *self.feeds[2]])[job_id]
        return html


@pytest.fixture
def page(services: Services) -> Page:
    """A page with the two tabs whose runs are shown, before it has asked for anything."""
    return Page(Live(services, (Feed(services, "image"), Feed(services, "video"))))


async def test_a_page_that_opens_is_told_everything(
    page: Page, services: Services, go_on: threading.Event
) -> None:
    first, second = await ran(services), await ran(services)
    go_on.clear()
    running = await begun(services)
    clip = await begun(services, KLING)

    await page.ask()

    assert not page.welcomes
    assert (page.running, page.newest, page.earlier) == ([running], [second.id], [first.id])
    assert page.clips == [clip]
    assert page.under_way == [clip, running]


async def test_a_run_that_is_asked_for_later_shows_and_then_its_result(
    page: Page, services: Services, go_on: threading.Event
) -> None:
    await page.ask()
    assert page.welcomes
    go_on.clear()
    job_id = await begun(services)

    await page.ask()
    assert (page.running, page.under_way) == ([job_id], [job_id])
    assert not page.welcomes
    go_on.set()
    await ended(services, job_id)
    await page.ask()

    assert (page.running, page.newest, page.under_way) == ([], [job_id], [])
    assert "data-file" in page.html(job_id)


@pytest.mark.usefixtures("quick_look_ups")
async def test_a_run_that_goes_on_and_is_over_between_two_questions_is_told_as_it_ended(
    page: Page, services: Services, emulator: Emulator
) -> None:
    """A button's own answer may have shown it under way meanwhile."""
    emulator.inject(*LOST)
    lost = await ran(services)
    newest = await ran(services)
    await page.ask()
    before = page.feeds[1]
    await services.jobs.look_again(lost.id)
    page.feeds[1] = (await Feed(services, "image").shown()).current
    shown = page.running
    await ended(services, lost.id)

    await page.ask()

    assert shown == [lost.id]
    assert (page.running, page.newest, page.earlier) == ([], [newest.id], [lost.id])
    assert page.feeds[1] == before
    assert page.told[2] != gr.skip()


async def test_what_a_run_does_shows_while_it_does_it(
    page: Page, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await begun(services, PAINTER, kind="image")

    await page.until(lambda page: "25%" in page.html(job_id))

    assert 'aria-valuenow="25"' in page.html(job_id)


async def test_news_of_a_run_redraw_nothing_else(
    page: Page, services: Services, go_on: threading.Event
) -> None:
    await ran(services)
    await ran(services)
    go_on.clear()
    job_id = await begun(services, PAINTER, kind="image")
    await seen(services, job_id, Processing)
    await page.ask()
    await asyncio.sleep(0.1)  # its seconds are counted on

    await page.ask()

    _, clock, ids, _, _, welcome, current, earlier, *video = page.told
    assert (clock, ids, welcome, earlier, *video) == (gr.skip(),) * 7
    assert job_id in dict(current)


async def test_who_has_seen_everything_is_told_nothing(page: Page, services: Services) -> None:
    await ran(services)
    await page.ask()

    await page.ask()

    _, *news = page.told
    assert news == NOTHING


async def test_a_star_that_another_page_gives_shows(page: Page, services: Services) -> None:
    job = await ran(services)
    await page.ask()
    assert 'aria-pressed="true"' not in page.html(job.id)

    await services.archive.star(job.id, owner=LOCAL_OWNER, starred=True)
    await page.ask()

    assert 'aria-pressed="true"' in page.html(job.id)
    assert page.newest == [job.id]


async def test_what_another_page_deletes_goes_and_comes_back(
    page: Page, services: Services
) -> None:
    job = await ran(services)
    await page.ask()

    await services.archive.delete([job.id], owner=LOCAL_OWNER)
    await page.ask()
    assert (page.newest, page.welcomes) == ([], True)
    await services.archive.restore([job.id], owner=LOCAL_OWNER)
    await page.ask()

    assert (page.newest, page.welcomes) == ([job.id], False)


async def test_each_tab_gets_its_own_runs(page: Page, services: Services) -> None:
    picture = await ran(services)
    await page.ask()

    clip = await ran(services, KLING)
    await page.ask()

    assert (page.newest, page.earlier, page.clips) == ([picture.id], [], [clip.id])
    image = list(page.told[-6:-3])
    assert image == [gr.skip()] * 3


async def test_an_answer_that_is_written_is_among_what_is_under_way(
    page: Page, services: Services, go_on: threading.Event
) -> None:
    """So that the lists of conversations and of what was run are brought up to date."""
    go_on.clear()
    job_id = await begun(services, LLAMA, kind="chat")

    await page.ask()

    assert page.under_way == [job_id]
    assert page.welcomes


async def test_a_page_asks_more_often_while_something_runs(
    page: Page, services: Services, go_on: threading.Event
) -> None:
    assert (BUSY_SECONDS, IDLE_SECONDS) == (1, 3)
    await page.ask()
    assert page.seconds == IDLE_SECONDS
    go_on.clear()
    job_id = await begun(services)

    await page.ask()
    assert page.seconds == BUSY_SECONDS
    go_on.set()
    await ended(services, job_id)
    await page.ask()

    assert page.seconds == IDLE_SECONDS


async def test_a_run_that_was_over_before_the_page_asked_leaves_it_no_busier(
    page: Page, services: Services
) -> None:
    await page.ask()
    page.seconds = BUSY_SECONDS  # as a run's own handler says
    await ran(services)

    await page.ask()

    assert page.seconds == IDLE_SECONDS


async def test_while_the_history_cannot_be_read_all_stays_and_the_next_time_brings_it(
    page: Page, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await ran(services)
    await page.ask()
    second = await ran(services)
    read = services.archive.list
    troubles = [ArchiveError("The history is busy.")]

    async def troubled(*args: Any, **options: Any) -> Any:
        if troubles:
            raise troubles.pop()
        return await read(*args, **options)

    monkeypatch.setattr(services.archive, "list", troubled)

    await page.ask()
    assert page.told[-6:] == (gr.skip(),) * 6
    assert page.newest == [first.id]
    await page.ask()

    assert (page.newest, page.earlier) == ([second.id], [first.id])
