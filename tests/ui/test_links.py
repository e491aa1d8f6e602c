"""What leads from a result to where it is used next: the right values, in the right tab."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import pytest_asyncio
from PIL import Image

from core.history.records import Job, State
from tests.core.jobs.world import COUNTER, PAINTER, WRITER
from tests.ui.jobs import FILE, a_job
from tests.ui.world import FLEX, KLING, LLAMA, SCHNELL, event, newest_job, ran, shown_choice
from ui import components
from ui.actions import Actions, Shell
from ui.bench import layout as workbench
from ui.bench.form import Form
from ui.bench.handlers import WorkbenchHandlers
from ui.links import Bench, Benches, Changes, Links
from ui.services import Services
from ui.tabs import chat, explore
from ui.tabs.conversation import ChatHandlers
from ui.tabs.explore import ExploreHandlers
from ui.tabs.image import IMAGE
from ui.tabs.video import VIDEO

Handler = Callable[[gr.EventData], Awaitable[Changes]]


@pytest_asyncio.fixture
async def links(services: Services) -> Links:
    """The links of a page with all tabs; outside of a loop, Gradio would open one and leave it."""

    def bench(handlers: WorkbenchHandlers) -> Bench:
        return Bench(workbench.build(handlers, workbench.state(handlers), clock), handlers)

    with gr.Blocks():
        clock = gr.Timer()
        with gr.Tabs() as tabs:
            pass
        shell = Shell(
            tabs,
            components.dialog(label="Details", elem_id="details"),
            components.toast(elem_id="toast"),
        )
        talk = ChatHandlers(services)
        talking = chat.build(talk, chat.states(talk))
        exploring = ExploreHandlers(services)
        any_model = explore.build(exploring, explore.states(exploring), clock).bench
        benches = Benches(
            bench(WorkbenchHandlers(services, IMAGE)),
            bench(WorkbenchHandlers(services, VIDEO)),
            Bench(any_model, exploring),
        )
        return Links(Actions(services), shell, benches, talking, talk)


def tab_of(links: Links, changes: Changes) -> str:
    """Return the tab that is shown; the dialog has to be closed for it."""
    assert changes[links.shell.details] is None
    tab: str = changes[links.shell.tabs].selected
    return tab


async def given(links: Links, way: str, job: Job, file: str = "0") -> Changes:
    """Press a button that gives a job's file to a form that nobody has touched."""
    bench = links.benches.image if way == "use_image" else links.benches.video
    _, form = await bench.handlers.choose()
    handler: Handler = getattr(links, way)
    return await handler(event(job.id, file=file), form, None)


def arrived(changes: Changes, bench: Bench) -> Path:
    """Return the one picture in a form; what there is to say must say so."""
    assert "The picture is in" in changes[bench.parts.notice]
    form = changes[bench.parts.form]
    assert shown_choice(form.model) in changes[bench.parts.picker]
    [held] = form.values.values()
    [path] = held if isinstance(held, list) else [held]
    return Path(path)


@pytest.mark.parametrize(
    ("tab", "model", "given"),
    [
        ("image", SCHNELL, {"seed": 7, "aspect_ratio": "16:9"}),
        ("video", KLING, {"duration": 5, "aspect_ratio": "9:16"}),
    ],
)
async def test_a_runs_settings_go_back_into_its_own_tab(
    links: Links, services: Services, tab: str, model: str, given: dict[str, Any]
) -> None:
    job = await ran(services, model, **given)

    changes = await links.reuse(event(job.id))

    bench: Bench = getattr(links.benches, tab)
    assert tab_of(links, changes) == tab
    assert shown_choice(model) in changes[bench.parts.picker]
    assert changes[bench.parts.prompt] == "a fox"
    assert changes[bench.parts.notice] == ""
    form = changes[bench.parts.form]
    assert {"prompt": "a fox", **form.read(form.shown)} == job.input
    assert changes.keys() == {
        links.shell.tabs,
        links.shell.details,
        *(bench.parts.picker, bench.parts.prompt, bench.parts.form, bench.parts.notice),
    }


async def test_a_chat_opens_its_conversation(links: Links, services: Services) -> None:
    form = (await links.chat_handlers.asking.form(LLAMA)).filled({"system_prompt": "Hush"})
    asked = await links.chat_handlers.send(None, {"text": "What is tea?"}, form, None)
    job = await newest_job(services)

    changes = await links.reuse(event(job.id))

    assert tab_of(links, changes) == "chat"
    assert [one["content"] for one in changes[links.chat.chatbot]] == ["What is tea?", job.text]
    assert changes[links.chat.conversation].id == asked.conversation.id
    assert changes[links.chat.form].model == LLAMA
    assert changes[links.chat.form].values == {"system_prompt": "Hush"}


@pytest.mark.parametrize(("model", "kind"), [(COUNTER, None), (PAINTER, "audio"), (WRITER, "chat")])
async def test_the_settings_of_any_other_model_go_back_into_the_explore_tab(
    links: Links, services: Services, model: str, kind: Any
) -> None:
    """The last one was asked by a program, outside of any conversation."""
    job = await ran(services, model, kind=kind)

    changes = await links.reuse(event(job.id))

    parts = links.benches.explore.parts
    assert tab_of(links, changes) == "explore"
    assert f'data-model="{model}"' in changes[parts.picker]
    form = changes[parts.form]
    assert form.model == job.model
    given = {"prompt": changes[parts.prompt]} if form.takes_prompt else {}
    assert {**given, **form.read(form.shown)} == job.input


async def test_a_picture_goes_into_the_image_tab(links: Links, services: Services) -> None:
    job = await ran(services, SCHNELL, num_outputs=2)

    changes = await given(links, "use_image", job, file="1")

    assert tab_of(links, changes) == "image"
    assert arrived(changes, links.benches.image) == services.media.path(job.files[1].key)
    assert changes[links.benches.image.parts.form].model == FLEX  # the first one takes none
    assert links.benches.video.parts.form not in changes


async def test_a_picture_goes_into_the_video_tab(links: Links, services: Services) -> None:
    job = await ran(services, SCHNELL)

    changes = await given(links, "animate", job)

    assert tab_of(links, changes) == "video"
    assert arrived(changes, links.benches.video) == services.media.path(job.files[0].key)
    assert links.benches.image.parts.form not in changes


async def test_a_picture_leaves_the_rest_of_a_form_as_it_is(
    links: Links, services: Services
) -> None:
    job = await ran(services, SCHNELL)
    _, form = await links.benches.image.handlers.switch(Form(""), {}, FLEX)
    shown = {**form.shown, "seed": "7"}
    held = {"revision": form.revision, "values": list(shown.values())}

    changes = await links.use_image(event(job.id, file="0"), form, held)

    filled = changes[links.benches.image.parts.form]
    assert filled.values == {
        "seed": "7",
        "input_images": [str(services.media.path(job.files[0].key))],
    }
    assert filled.revision != form.revision


async def test_a_clip_goes_on_from_its_last_frame(links: Links, services: Services) -> None:
    job = await ran(services, KLING)
    [clip] = job.files

    changes = await given(links, "go_on", job)

    assert tab_of(links, changes) == "video"
    path = arrived(changes, links.benches.video)
    assert path.parent == services.media.path(clip.key).parent
    with Image.open(path) as frame:
        assert (frame.format, *frame.size) == ("PNG", clip.width, clip.height)


async def test_what_has_no_last_frame_says_so(links: Links, services: Services) -> None:
    job = await ran(services, SCHNELL)

    changes = await given(links, "go_on", job)

    assert changes.keys() == {links.shell.toast}
    assert "no last frame" in changes[links.shell.toast]["html"]


async def test_a_clip_whose_file_is_gone_says_so(links: Links, services: Services) -> None:
    clip = replace(FILE, key="local/2026-03/gone/0.mp4", media_type="video/mp4")
    gone = a_job(id="gone", kind="video", files=(clip,), state=State.SUCCEEDED)
    await services.archive.add(gone, holder="tests", lease_seconds=60)

    changes = await given(links, "go_on", gone)

    assert changes.keys() == {links.shell.toast}
    assert "no last frame" in changes[links.shell.toast]["html"]


@pytest.mark.parametrize("name", ["use_image", "animate", "go_on"])
async def test_a_file_that_the_run_has_not_changes_nothing(
    links: Links, services: Services, name: str
) -> None:
    job = await ran(services, SCHNELL)
    for file in ("1", "", "../0"):
        assert await given(links, name, job, file) == {}


@pytest.mark.parametrize("name", ["reuse", "use_image", "animate", "go_on"])
async def test_of_an_unknown_run_one_sentence_tells(links: Links, name: str) -> None:
    handler: Handler = getattr(links, name)
    form = [] if name == "reuse" else [Form(SCHNELL), None]

    with pytest.raises(gr.Error, match="The history holds no such run"):
        await handler(event("gone", file="0"), *form)


async def test_each_value_has_a_place_to_go(links: Links, services: Services) -> None:
    """Gradio refuses a value for a component that isn't among an event's outputs."""
    picture = await ran(services, SCHNELL)
    clip = await ran(services, KLING)
    await links.chat_handlers.send(None, {"text": "What is tea?"}, Form(LLAMA), None)
    talk = await newest_job(services)
    anything = await ran(services, COUNTER)

    changed: set[Any] = set()
    for job in (picture, clip, talk, anything):
        changed |= (await links.reuse(event(job.id))).keys()
    for way in ("use_image", "animate", "go_on"):
        changed |= (await given(links, way, picture)).keys()
    changed |= (await given(links, "go_on", clip)).keys()

    assert changed == set(links._ends)
