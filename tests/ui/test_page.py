"""The page's wiring: it builds without a warning, and shows nothing that isn't meant."""

from collections.abc import AsyncIterator
from pathlib import Path

import gradio as gr
import pytest_asyncio
from pydantic import SecretStr

from core import AsyncReplicateClient, Settings
from core.emulator import Emulator
from core.history.archive import Archive
from core.history.media import MediaStore
from core.jobs.jobs import Jobs
from ui.page import build_page
from ui.services import Backend, Services


@pytest_asyncio.fixture
async def services(emulator: Emulator, tmp_path: Path) -> AsyncIterator[Services]:
    settings = Settings(base_url=emulator.url, replicate_api_token=SecretStr("any"))
    media = MediaStore(tmp_path / "media")
    async with (
        AsyncReplicateClient(settings) as client,
        Archive.open(f"sqlite:///{tmp_path / 'history.db'}") as archive,
        Jobs(client, archive, media, backend="emulator", max_running=2) as jobs,
    ):
        backend = Backend(key="emulator", label="Offline demo", simulated=True)
        yield Services(backend, client, archive, media, jobs)


async def test_each_event_has_the_inputs_that_its_handler_takes(services: Services) -> None:
    """Gradio only warns of a wrong number of inputs, and here a warning is an error."""
    demo = build_page(services)

    assert demo.fns


async def test_each_event_is_named_for_programs_or_hidden(services: Services) -> None:
    demo = build_page(services)

    shown = {fn.api_name for fn in demo.fns.values() if fn.api_visibility == "public"}
    assert shown == {"run_model", "chat_once", "history"}


async def test_controls_carry_plain_names(services: Services) -> None:
    demo = build_page(services)

    labels = {getattr(block, "label", None) for block in demo.blocks.values()}
    assert {"Prompt", "Message", "System prompt", "Search", "Kind", "Status"} <= labels
    buttons = {block.value for block in demo.blocks.values() if isinstance(block, gr.Button)}
    assert buttons == {"New conversation", "Show more"}


async def test_the_tabs_are_these(services: Services) -> None:
    demo = build_page(services)

    tabs = [block.label for block in demo.blocks.values() if isinstance(block, gr.Tab)]
    assert tabs == ["Image", "Video", "Chat", "History"]
