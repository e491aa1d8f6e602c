"""What the page tells of a workbench → what is run, marked and written as JSON."""

import json
from typing import Any

import gradio as gr
import pytest

from core.emulator import Emulator, Fault
from tests.ui.world import FLEX, SCHNELL, event, only_job
from ui.bench.events import WorkbenchEvents
from ui.bench.form import Form
from ui.bench.handlers import WorkbenchHandlers
from ui.bench.values import Held
from ui.services import Services
from ui.tabs.image import IMAGE


@pytest.fixture
def bench(services: Services) -> WorkbenchHandlers:
    return WorkbenchHandlers(services, IMAGE)


@pytest.fixture
def events(bench: WorkbenchHandlers) -> WorkbenchEvents:
    return WorkbenchEvents(bench)


@pytest.fixture
def request_() -> gr.Request:
    return gr.Request(session_hash="a-page")


def told(form: Form, **changed: Any) -> Held:
    """Return what a page tells of a form that is drawn."""
    return {"revision": form.revision, "values": list({**form.shown, **changed}.values())}


async def opened(bench: WorkbenchHandlers, model: str = SCHNELL) -> Form:
    _, form = await bench.switch(Form(""), {}, model)
    return form


async def test_what_the_boxes_hold_is_run(
    events: WorkbenchEvents, services: Services, request_: gr.Request
) -> None:
    form = await opened(events.handlers)

    await events.run(request_, form, told(form, seed="7"), "a fox", "{}", "{}")

    assert (await only_job(services)).input == {"prompt": "a fox", "seed": 7}


async def test_a_form_that_is_not_drawn_yet_is_run_as_it_will_be(
    events: WorkbenchEvents, services: Services, request_: gr.Request
) -> None:
    before = await opened(events.handlers)
    form = before.holding({"seed": "8"})

    await events.run(request_, form, told(before, seed="7"), "a fox", "{}", "{}")

    assert (await only_job(services)).input == {"prompt": "a fox", "seed": 8}


async def test_run_before_the_page_knows_its_first_form_takes_the_models_defaults(
    events: WorkbenchEvents, services: Services, request_: gr.Request
) -> None:
    await events.run(request_, Form(SCHNELL), None, "a fox", "", "")

    assert (await only_job(services)).input.keys() == {"prompt", "seed"}


async def test_json_that_was_changed_a_moment_ago_is_the_last_word(
    events: WorkbenchEvents, services: Services, request_: gr.Request
) -> None:
    form = await opened(events.handlers)
    written = '{"prompt": "a hen", "seed": 9}'

    await events.run(request_, form, told(form, seed="7"), "a fox", written, "{}")

    assert (await only_job(services)).input == {"prompt": "a hen", "seed": 9}


async def test_json_that_is_none_is_told_and_nothing_is_run(
    events: WorkbenchEvents, services: Services, request_: gr.Request
) -> None:
    form = await opened(events.handlers)

    job_id, marks, said, *_ = await events.run(request_, form, told(form), "a fox", "{", "{}")

    assert (job_id, marks) == ("", gr.skip())
    assert "This isn&#39;t JSON" in said
    assert await services.jobs.running("local") == []


async def test_what_is_wrong_is_marked_at_its_box_and_written_as_it_is(
    events: WorkbenchEvents,
) -> None:
    form = await opened(events.handlers)
    place = str([box.key for box in form.boxes].index("seed"))

    marks, text, same = events.edited(form, told(form, seed="seven"), "a fox")

    assert marks["revision"] == form.revision
    assert marks["problems"] == {place: "Seed takes a whole number, and “seven” isn't one."}
    assert marks["keeps"]
    assert json.loads(text) == {"prompt": "a fox", "seed": "seven"}
    assert same == text


async def test_what_is_in_the_form_is_written_as_json_and_its_files_are_shown(
    events: WorkbenchEvents,
) -> None:
    form = await opened(events.handlers, FLEX)
    boxes = [box.key for box in form.boxes]
    address = "https://example.com/fox.png"

    marks, text, same = events.edited(
        form, told(form, seed="7", **{"input_images@address": address}), "a fox"
    )

    assert json.loads(text) == {"prompt": "a fox", "seed": 7, "input_images": [address]}
    assert same == text
    assert address in marks["given"][str(boxes.index("input_images"))]
    assert marks["changed"] == [boxes.index("input_images@address"), boxes.index("seed")]


async def test_changed_json_goes_into_the_form(events: WorkbenchEvents) -> None:
    form = await opened(events.handlers)

    filled, prompt, said = events.rewritten(form, told(form), '{"prompt": "a", "seed": 3}', "{}")

    assert (filled.values, prompt, said) == ({"seed": "3"}, "a", "")
    assert filled.revision != form.revision
    assert events.rewritten(form, told(form), "{}", "{}") == (gr.skip(),) * 3
    assert "isn&#39;t JSON" in events.rewritten(form, told(form), "{", "{}")[2]


async def test_what_replicate_refuses_is_marked(
    events: WorkbenchEvents, emulator: Emulator, request_: gr.Request
) -> None:
    refusal = (
        '{"title": "Input validation failed", "status": 422, "detail": "no", "invalid_fields": '
        '[{"type": "x", "field": "input.seed", "description": "Not today."}]}'
    )
    emulator.inject(Fault(method="POST", path="*/predictions", status=422, body=refusal))
    form = await opened(events.handlers)
    held = told(form, seed="7")

    job_id, *_ = await events.run(request_, form, held, "a fox", "", "")
    marks, said = await events.refused(job_id, form, held)

    assert list(marks["problems"].values()) == ["Not today."]
    assert "what is wrong is marked" in said
    assert await events.refused("", form, held) == (gr.skip(), gr.skip())


async def test_another_model_and_an_example_keep_what_was_changed(events: WorkbenchEvents) -> None:
    form = await opened(events.handlers)
    held = told(form, seed="7", num_outputs=3)

    _, other = await events.switch(event(model=FLEX), form, held)
    _, example, prompt = await events.try_example(event(model=FLEX), form, held)

    assert (other.model, other.values) == (FLEX, {"seed": "7"})
    assert example.values == {"seed": "7"}
    assert prompt
