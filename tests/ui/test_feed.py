"""The runs of a tab as they are shown: what is under way, the newest result, the earlier ones."""

import threading
from collections.abc import Sequence
from typing import Any

import gradio as gr
import pytest

from core.history.records import Job
from core.jobs.events import Event, Processing
from tests.core.jobs.world import PAINTER
from tests.ui.world import KLING, SCHNELL, begun, ended, ran, seen
from ui.live.feed import LATEST, Feed
from ui.services import LOCAL_OWNER, Services
from ui.views.cards import Card


@pytest.fixture
def pictures(services: Services) -> Feed:
    return Feed(services, "image")


def keys(cards: list[Card]) -> list[str]:
    return [key for key, _ in cards]


def running(cards: list[Card]) -> list[str]:
    return [key for key, html in cards if 'data-act="stop"' in html]


def newest(cards: list[Card]) -> list[str]:
    return [key for key, html in cards if 'class="result' in html]


async def test_a_run_shows_and_then_its_result(
    pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await begun(services)

    under_way = await pictures.shown()
    go_on.set()
    await ended(services, job_id)
    done = await pictures.shown()

    assert running(under_way.current) == keys(under_way.current) == [job_id]
    assert newest(done.current) == keys(done.current) == [job_id]
    [(_, html)] = done.current
    assert "data-file" in html
    assert "Processing" not in html


async def test_what_a_run_does_shows_while_it_does_it(
    pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await begun(services, PAINTER, kind="image")
    await seen(services, job_id, Processing)

    [(_, html)] = (await pictures.shown()).current

    assert "Processing, 25%" in html
    assert 'aria-valuenow="25"' in html


async def test_a_result_moves_the_one_before_it_to_the_earlier_ones(
    pictures: Feed, services: Services
) -> None:
    first = await ran(services)
    before = await pictures.shown()

    second = await ran(services)
    after = await pictures.shown()

    assert (keys(before.current), before.earlier) == ([first.id], [])
    assert (keys(after.current), keys(after.earlier)) == ([second.id], [first.id])


async def test_a_failed_run_says_so_where_its_result_would_be(
    pictures: Feed, services: Services
) -> None:
    job = await ran(services, PAINTER, kind="image", prompt="fail")

    _, current, _ = await pictures.shown()

    assert newest(current) == [job.id]
    assert "E1001: out of memory" in dict(current)[job.id]


async def test_what_runs_stands_before_what_is_there_the_newest_first(
    pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    done = [(await ran(services)).id for _ in range(2)]
    go_on.clear()
    started = [await begun(services, PAINTER, kind="image") for _ in range(2)]

    _, current, earlier = await pictures.shown()

    assert keys(current) == [*started[::-1], done[1]]
    assert (running(current), newest(current)) == (started[::-1], [done[1]])
    assert keys(earlier) == [done[0]]


async def test_a_run_that_ends_while_it_is_looked_up_is_shown_once(
    pictures: Feed, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cards of one key would be drawn as one."""
    under_way = services.jobs.under_way

    async def slow(owner: str, **only: Any) -> Sequence[tuple[Job, Event]]:
        found = await under_way(owner, **only)
        for job, _ in found:
            await ended(services, job.id)
        return found

    monkeypatch.setattr(services.jobs, "under_way", slow)
    job_id = await begun(services)

    _, current, _ = await pictures.shown()

    assert keys(current) == newest(current) == [job_id]


async def test_other_tabs_runs_are_not_shown(
    pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    await ran(services, KLING)
    mine = await ran(services)
    go_on.clear()
    await begun(services, KLING)

    _, current, earlier = await pictures.shown()

    assert (keys(current), earlier) == ([mine.id], [])


async def test_the_welcome_is_there_only_while_there_is_nothing(
    pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    at_first = await pictures.shown()
    go_on.clear()
    job_id = await begun(services)
    while_it_runs = await pictures.shown()
    go_on.set()
    await ended(services, job_id)
    with_result = await pictures.shown()
    await services.archive.delete([job_id], owner=LOCAL_OWNER)
    without = await pictures.shown()

    assert at_first.welcome == without.welcome == gr.update(visible=True)
    assert while_it_runs.welcome == with_result.welcome == gr.update(visible=False)
    assert (without.current, without.earlier) == ([], [])


async def test_only_the_latest_results_are_shown(pictures: Feed, services: Services) -> None:
    jobs = [(await ran(services)).id for _ in range(LATEST + 2)]

    _, current, earlier = await pictures.shown()

    assert keys(current) == [jobs[-1]]
    assert keys(earlier) == jobs[-2 : -2 - LATEST : -1]


async def test_the_newest_run_under_way_is_of_this_tab(
    pictures: Feed, services: Services, go_on: threading.Event
) -> None:
    assert await pictures.newest_running() is None
    go_on.clear()
    await begun(services, SCHNELL)
    second = await begun(services, SCHNELL)
    await begun(services, KLING)

    found = await pictures.newest_running()

    assert found is not None
    assert found.id == second
