"""An answer that falls silent is not taken for one that is over."""

import asyncio
import threading
from contextlib import aclosing
from functools import partial

import gradio as gr
import pytest

from core.client.stream import OutputStream
from tests.ui.world import LLAMA, begun
from ui.services import Services
from ui.tabs.conversation import ChatHandlers, Followed


async def test_an_answer_that_falls_silent_says_so_below_its_words_and_goes_on(
    services: Services, go_on: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.client.client.OutputStream", partial(OutputStream, idle_seconds=0.2))
    go_on.clear()
    job_id = await begun(services, LLAMA, kind="chat")
    seen: list[tuple[bool, str]] = []

    updates = ChatHandlers(services).stream(job_id, Followed())
    async with asyncio.timeout(10), aclosing(updates):
        async for live, status in updates:
            seen.append((live != gr.skip(), str(status)))
            if "still listening" in str(status):
                go_on.set()

    silent = next(n for n, (_, status) in enumerate(seen) if "still listening" in status)
    assert any(has_words and "Writing" in status for has_words, status in seen[:silent])
    assert any(has_words and "Writing" in status for has_words, status in seen[silent:])
    assert not any("still listening" in status for _, status in seen[-1:])
