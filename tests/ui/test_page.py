"""The page's wiring: it builds without a warning, and shows nothing that isn't meant."""

import asyncio
from typing import Any

import gradio as gr
import pytest
from gradio.blocks import BlocksConfig
from gradio.queueing import Queue
from gradio.state_holder import SessionState

from tests.ui.world import FLEX
from ui.bench import drawing
from ui.bench.boxes import is_file
from ui.bench.handlers import WorkbenchHandlers
from ui.page import build_page
from ui.services import Services
from ui.tabs.image import IMAGE


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
    assert {"Prompt", "Message", "Search", "Kind", "Status"} <= labels
    buttons = {block.value for block in demo.blocks.values() if isinstance(block, gr.Button)}
    assert buttons == {"Run", "Stop", "New conversation", "Show more"}


async def test_the_tabs_are_these(services: Services) -> None:
    demo = build_page(services)

    tabs = [block.label for block in demo.blocks.values() if isinstance(block, gr.Tab)]
    assert tabs == ["Image", "Video", "Chat", "Explore", "History"]


async def test_no_event_sends_the_history_back(services: Services) -> None:
    """What is shown of it may be long; it is remembered where it comes from."""
    demo = build_page(services)

    [cards] = [block for block in demo.blocks.values() if block.elem_id == "history"]
    assert not [fn for fn in demo.fns.values() if cards in fn.inputs]


async def test_no_event_notes_its_progress_at_its_outputs(services: Services) -> None:
    """Or each event costs a search for each of them: a page would become slower with its use."""
    demo = build_page(services)

    quiet = [fn for fn in demo.fns.values() if fn.api_visibility == "private"]
    assert quiet
    assert {type(place) for fn in quiet for place in fn.show_progress_on} == {gr.Timer}


async def test_no_event_waits_for_a_table_of_all_before_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio makes one after each, though nobody looks at it."""
    queue = build_page(services)._queue
    queue.events_recorded += 1
    monkeypatch.delattr(Queue, "_get_df")

    queue.compute_analytics_summary([{"function": "run", "status": "success"}])

    assert queue.ANALYTICS_MAX_EVENTS == 1


async def test_a_form_is_drawn_although_another_event_adds_a_block_meanwhile(
    services: Services,
) -> None:
    """Gradio draws on a thread, and walks through a visitor's blocks there."""
    visitor = SessionState(build_page(services))
    blocks = visitor.blocks_config.blocks
    before = len(blocks)

    for number in blocks.values():
        blocks[-id(number)] = number
    for _ in blocks.items():
        blocks[-len(blocks)] = None

    assert len(blocks) > 2 * before


async def test_the_server_rests_between_events(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio looks for a new one a thousand times a second, and never stops."""
    looks = 0

    def look(_: Queue) -> int:
        nonlocal looks
        looks += 1
        return 0

    queue = build_page(services)._queue
    monkeypatch.setattr(Queue, "__len__", look)

    waiting = asyncio.create_task(queue.start_processing())
    await asyncio.sleep(0.2)
    queue.close()
    await waiting

    assert 0 < looks <= 50


async def test_what_an_event_leaves_as_it_is_costs_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio makes its component anew, and describes it; `plain` tells when it no longer does."""
    made: list[int] = []
    describe = BlocksConfig.config_for_block

    def noting(number: int, *others: Any) -> dict[str, Any]:
        made.append(number)
        return describe(number, *others)

    page = build_page(services)
    state = SessionState(page)
    plain = gr.Blocks()
    plain.default_config = page.default_config
    [fn] = [one for one in page.fns.values() if one.name == "changes"]
    states = [one.stateful for one in fn.outputs]
    nothing = [None if stateful else gr.skip() for stateful in states]
    monkeypatch.setattr(BlocksConfig, "config_for_block", staticmethod(noting))

    none_told = await page.postprocess_data(fn, gr.skip(), state)
    one_told = await page.postprocess_data(fn, [*[gr.skip()] * 3, "<p>", *nothing[4:]], state)

    assert none_told == nothing
    assert one_told == [*nothing[:3], "<p>", *nothing[4:]]
    assert not made
    await plain.postprocess_data(fn, gr.skip(), state)
    assert len(made) > len(fn.outputs)


async def test_nothing_that_the_server_does_hangs_on_a_form_that_is_drawn_anew(
    services: Services,
) -> None:
    handlers = WorkbenchHandlers(services, IMAGE)
    form = await handlers._form(FLEX)
    assert any(is_file(field) for field in form.fields)

    with gr.Blocks() as demo:
        drawing.draw(form, gr.JSON(), "image-bench")

    [fn] = demo.fns.values()
    assert fn.fn is None
    assert fn.js is not None
    assert len(fn.inputs) == len(form.boxes)
