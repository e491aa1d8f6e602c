"""What goes wrong in a handler is a sentence for the person, or left to the banner."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import gradio as gr
import pytest
import pytest_asyncio

from core.emulator import Emulator
from core.history.archive import ArchiveError
from tests.ui.world import SCHNELL, event, open_services, ran
from ui.actions import Actions
from ui.bench.form import Form
from ui.bench.handlers import WorkbenchHandlers
from ui.endpoints import Endpoints
from ui.live.changes import Live, Seen
from ui.live.feed import Feed
from ui.services import LOCAL_OWNER, Services
from ui.tabs.conversation import ChatHandlers
from ui.tabs.history import HistoryHandlers
from ui.tabs.image import IMAGE
from ui.troubles import quiet, told, told_midway

SENTENCE = "a file is where a folder should be"


async def failing() -> None:
    raise ArchiveError("The disk is full.")


async def failing_midway() -> AsyncGenerator[int]:
    yield 1
    raise ArchiveError("The disk is full.")


async def test_an_error_of_what_was_asked_for_is_shown() -> None:
    with pytest.raises(gr.Error, match="disk is full"):
        await told(failing)()


async def test_an_error_midway_is_shown_too() -> None:
    values = told_midway(failing_midway)()

    assert await anext(values) == 1
    with pytest.raises(gr.Error, match="disk is full"):
        await anext(values)


async def test_what_the_page_does_by_itself_waits_in_silence() -> None:
    assert await quiet(failing)() == gr.skip()


@pytest_asyncio.fixture
async def unusable(emulator: Emulator, tmp_path: Path) -> AsyncIterator[Services]:
    """A page whose history's folder is a file."""
    (tmp_path / "data").write_text("")
    async with open_services(emulator, tmp_path / "data", on_demand=True) as services:
        yield services


async def test_run_refuses_with_the_reason_and_sends_nothing(
    unusable: Services, emulator: Emulator
) -> None:
    handlers = WorkbenchHandlers(unusable, IMAGE)
    _, form = await handlers.choose()

    started = await handlers.run(form, "a fox", {})

    assert SENTENCE in started.notice
    assert not [one for one in emulator.requests if one.method == "POST"]


async def test_chat_and_programs_are_refused_with_the_reason(unusable: Services) -> None:
    chat = ChatHandlers(unusable)

    sent = await chat.send(None, {"text": "Hello"}, Form(chat.models[0].id), None)

    assert SENTENCE in sent.status
    with pytest.raises(gr.Error, match=SENTENCE):
        await Endpoints(unusable).run_model(SCHNELL, '{"prompt": "a fox"}')
    with pytest.raises(gr.Error, match=SENTENCE):
        await Endpoints(unusable).history("", 10)
    with pytest.raises(gr.Error, match=SENTENCE):
        await Actions(unusable).star(event("job1"))


async def test_the_page_opens_and_waits(unusable: Services) -> None:
    chat = ChatHandlers(unusable)

    assert await chat.listed() == gr.skip()
    assert await chat.attach() == gr.skip()
    assert await HistoryHandlers(unusable).models("any") == gr.skip()


async def test_the_banner_comes_and_goes_and_the_lists_are_brought_up_to_date(
    unusable: Services, tmp_path: Path
) -> None:
    live = Live(unusable, (Feed(unusable, "image"),))

    seen, _, under_way, _, banner, *feed = await live.changes(Seen())
    again = await live.changes(seen)
    (tmp_path / "data").unlink()
    await asyncio.sleep(1.05)
    seen, _, under_way_later, _, banner_later, *feed_later = await live.changes(seen)

    assert SENTENCE in banner
    assert (under_way, feed) == (None, [gr.skip()] * 3)
    assert again[1:] == (gr.skip(),) * 7
    assert (under_way_later, banner_later) == ((0,), "")
    assert feed_later[1:] == [[], []]
    job = await ran(unusable)
    assert (await live.changes(seen))[6][0][0] == job.id


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


async def test_a_page_of_a_locked_history_goes_on_showing_it(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.history.engines.BUSY_SECONDS", 0.1)
    async with open_services(emulator, tmp_path) as services:
        live = Live(services, (Feed(services, "image"),))
        job = await ran(services)
        with locked(tmp_path / "history.db"):
            with pytest.raises(gr.Error, match="locked"):
                await Actions(services).star(event(job.id))
            seen, _, _, _, banner, _, current, _ = await live.changes(Seen())
        await asyncio.sleep(1.05)
        await services.archive.star(job.id, owner=LOCAL_OWNER, starred=True)
        later = await live.changes(seen)

    assert "Another program keeps" in banner
    assert [key for key, _ in current] == [job.id]
    assert later[4] == ""
