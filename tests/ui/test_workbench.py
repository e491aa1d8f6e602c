"""What happens in a workbench: exactly what is shown is run, and all of it comes back."""

import threading
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from core.emulator import Emulator
from core.history.records import State
from core.jobs.intents import restored
from tests.core.jobs.world import PAINTER, a_png
from tests.ui.world import (
    FLEX,
    KLING,
    SCHNELL,
    WAN,
    begun,
    ended,
    newest_job,
    only_job,
    ran,
    shown_choice,
)
from ui.bench.form import Form
from ui.bench.handlers import WorkbenchHandlers
from ui.live.changes import BUSY_SECONDS
from ui.services import LOCAL_OWNER, Services
from ui.tabs.image import IMAGE
from ui.tabs.video import VIDEO


@pytest.fixture
def bench(services: Services) -> WorkbenchHandlers:
    return WorkbenchHandlers(services, IMAGE)


@pytest.fixture
def filming(services: Services) -> WorkbenchHandlers:
    return WorkbenchHandlers(services, VIDEO)


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(a_png())
    return path


async def form_of(bench: WorkbenchHandlers, model: str, **values: Any) -> Form:
    """Return a model's form with values that were put in."""
    _, form = await bench.switch(Form(""), {}, model)
    return form.holding(values)


def field_names(form: Form) -> set[str]:
    return {one.name for one in form.fields}


async def test_the_page_begins_with_the_first_model_and_its_untouched_form(
    bench: WorkbenchHandlers,
) -> None:
    picker, form = await bench.choose()

    assert shown_choice(bench.models[0].id) in picker
    assert form.model == bench.models[0].id
    assert {"aspect_ratio", "num_outputs", "seed"} == {one.name for one in form.main}
    assert form.values == {}


async def test_exactly_the_input_that_is_shown_is_run(
    bench: WorkbenchHandlers, services: Services, emulator: Emulator
) -> None:
    form = await form_of(bench, SCHNELL)
    shown = {**form.shown, "seed": "7", "num_outputs": 2, "aspect_ratio": "16:9"}

    started = await bench.run(form, "  a fox,\nasleep ", shown)

    job = await only_job(services)
    assert (started.job_id, started.notice, started.problems) == (job.id, "", {})
    wanted = {"prompt": "  a fox,\nasleep ", "seed": 7, "num_outputs": 2, "aspect_ratio": "16:9"}
    assert job.input == wanted
    assert (job.owner, job.kind, job.model) == (LOCAL_OWNER, "image", SCHNELL)
    assert [one["input"] for one in emulator.predictions] == [wanted]


async def test_a_run_shows_at_once_and_its_page_asks_for_news_more_often(
    bench: WorkbenchHandlers, services: Services, go_on: threading.Event
) -> None:
    form = await form_of(bench, SCHNELL)
    go_on.clear()

    started = await bench.run(form, "a fox", form.shown)

    [job] = await services.jobs.running(LOCAL_OWNER)
    welcome, current, earlier = started.feed
    assert started.clock.value == BUSY_SECONDS
    assert welcome == gr.update(visible=False)
    [(key, html)] = current
    assert key == job.id
    assert 'data-act="stop"' in html
    assert earlier == []


@pytest.mark.parametrize("prompt", ["", "  \n", None])
async def test_an_empty_prompt_is_refused_and_nothing_is_submitted(
    bench: WorkbenchHandlers, services: Services, prompt: str | None
) -> None:
    form = await form_of(bench, SCHNELL)

    started = await bench.run(form, prompt, form.shown)

    assert "Describe what you want in the prompt, then run." in started.notice
    assert 'role="alert"' in started.notice
    assert list(started.problems) == ["prompt"]
    assert (started.clock, *started.feed) == (gr.skip(),) * 4
    assert await services.jobs.running(LOCAL_OWNER) == []
    assert await services.archive.list(LOCAL_OWNER) == []


async def test_a_number_that_is_none_names_its_field_and_nothing_is_submitted(
    bench: WorkbenchHandlers, services: Services
) -> None:
    form = await form_of(bench, SCHNELL)

    started = await bench.run(form, "a fox", {**form.shown, "seed": "seven"})

    assert started.problems == {"seed": "Seed takes a whole number, and “seven” isn't one."}
    assert "“seven” isn&#39;t one." in started.notice
    assert 'role="alert"' in started.notice
    assert (started.clock, *started.feed) == (gr.skip(),) * 4
    assert await services.archive.list(LOCAL_OWNER) == []


async def test_what_the_model_refuses_is_told_in_its_words(
    bench: WorkbenchHandlers, services: Services
) -> None:
    form = await form_of(bench, SCHNELL)

    started = await bench.run(form, "a fox", {**form.shown, "num_outputs": 99})

    assert started.problems == {"num_outputs": "Num Outputs goes from 1 to 4, not 99."}
    assert "Num Outputs goes from 1 to 4, not 99." in started.notice
    assert (started.clock, *started.feed) == (gr.skip(),) * 4
    assert await services.archive.list(LOCAL_OWNER) == []


async def test_another_model_keeps_what_was_changed_where_it_fits(
    bench: WorkbenchHandlers,
) -> None:
    form = await form_of(bench, SCHNELL)
    shown = {**form.shown, "seed": "7", "aspect_ratio": "16:9", "go_fast": False}

    picker, switched = await bench.switch(form, shown, FLEX)

    assert shown_choice(FLEX) in picker
    assert switched.model == FLEX
    assert switched.values == {"seed": "7", "aspect_ratio": "16:9"}
    assert switched.revision != form.revision


async def test_an_example_brings_its_model_and_prompt_and_keeps_what_was_changed(
    bench: WorkbenchHandlers,
) -> None:
    form = await form_of(bench, SCHNELL)
    example = bench.models[1]

    picker, switched, prompt = await bench.try_example(
        form, {**form.shown, "seed": "7"}, example.id
    )

    assert shown_choice(example.id) in picker
    assert (switched.model, switched.values) == (example.id, {"seed": "7"})
    assert prompt == example.example


async def test_an_example_that_a_browser_made_up_is_refused(bench: WorkbenchHandlers) -> None:
    with pytest.raises(gr.Error, match="no such example"):
        await bench.try_example(Form(SCHNELL), {}, "nobody/nothing")


async def test_a_model_that_cannot_be_looked_up_still_shows_and_says_why(
    bench: WorkbenchHandlers,
) -> None:
    with pytest.warns(UserWarning, match="settings can't be shown"):
        picker, form = await bench.switch(Form(SCHNELL), {}, "nobody/nothing")

    assert shown_choice("nobody/nothing") in picker
    assert (form.model, form.fields, form.takes_prompt) == ("nobody/nothing", (), True)


async def test_a_picture_goes_into_the_current_models_field(
    bench: WorkbenchHandlers, png: Path
) -> None:
    form = await form_of(bench, "qwen/qwen-image")

    picker, filled, said = await bench.take_picture(form, {**form.shown, "seed": "7"}, png)

    assert shown_choice("qwen/qwen-image") in picker
    assert filled.model == "qwen/qwen-image"
    assert filled.values == {"seed": "7", "image": str(png)}
    assert "The picture is in “Image”." in said


async def test_a_field_for_several_pictures_gets_a_list(
    bench: WorkbenchHandlers, services: Services, png: Path
) -> None:
    form = await form_of(bench, FLEX)

    _, filled, _ = await bench.take_picture(form, form.shown, png)

    assert filled.values == {"input_images": [str(png)]}
    assert (await bench.run(filled, "as a woodcut", filled.shown)).job_id
    job = await only_job(services)
    [copy] = restored(job, services.media)["input_images"]
    assert copy.read_bytes() == png.read_bytes()


async def test_a_model_without_a_place_for_pictures_gives_way_to_one_that_has_it_and_says_so(
    bench: WorkbenchHandlers, png: Path
) -> None:
    form = await form_of(bench, SCHNELL)

    picker, filled, said = await bench.take_picture(form, {**form.shown, "seed": "7"}, png)

    assert shown_choice(FLEX) in picker
    assert filled.model == FLEX
    assert filled.values == {"seed": "7", "input_images": [str(png)]}
    assert "FLUX Schnell takes no picture: this is FLUX 2 Flex now." in said


async def test_in_the_video_tab_a_picture_is_the_first_frame(
    filming: WorkbenchHandlers, png: Path
) -> None:
    form = await form_of(filming, KLING)

    _, filled, said = await filming.take_picture(form, form.shown, png)

    assert (filled.model, filled.values) == (KLING, {"start_image": str(png)})
    assert "The picture is in “Start Image”." in said


async def test_a_clip_model_that_takes_no_picture_gives_way_to_one_that_begins_with_it(
    filming: WorkbenchHandlers, png: Path
) -> None:
    form = await form_of(filming, WAN)

    picker, filled, said = await filming.take_picture(form, form.shown, png)

    first = filming.models[0]
    assert shown_choice(first.id) in picker
    assert filled.model == first.id
    assert filled.values == {first.start_image: str(png)}
    assert f"Wan 2.7 takes no picture: this is {first.title} now." in said


async def test_the_settings_of_a_run_make_the_same_run_again(
    bench: WorkbenchHandlers, services: Services
) -> None:
    """The seed that was drawn, and nothing besides."""
    first = await ran(
        services, SCHNELL, kind="image", prompt="a fox", num_outputs=1, megapixels="1"
    )
    assert "seed" in first.input

    loaded = await bench.loaded(first)

    assert shown_choice(SCHNELL) in loaded.picker
    assert (await bench.run(loaded.form, loaded.prompt, loaded.form.shown)).job_id
    second = await newest_job(services)
    assert second.id != first.id
    assert second.input == first.input


async def test_the_file_of_a_run_comes_back_into_its_form(
    bench: WorkbenchHandlers, services: Services, png: Path
) -> None:
    job = await ran(services, PAINTER, kind="image", image=png, seed=3)
    png.unlink()

    loaded = await bench.loaded(job)

    assert loaded.form.read(loaded.form.shown) == {
        "seed": 3,
        "image": restored(job, services.media)["image"],
    }
    assert Path(loaded.form.shown["image"]).read_bytes() == a_png()
    assert shown_choice(PAINTER) in loaded.picker


async def test_a_secret_is_not_put_back(bench: WorkbenchHandlers, services: Services) -> None:
    job = await ran(services, PAINTER, kind="image", key="hush", seed=3)

    loaded = await bench.loaded(job)

    assert "key" in field_names(loaded.form)
    assert loaded.form.values == {"seed": "3"}
    assert "key" not in loaded.form.read(loaded.form.shown)


async def test_stop_ends_the_run_of_this_tab_that_was_started_last(
    bench: WorkbenchHandlers, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    first = await begun(services, SCHNELL)
    second = await begun(services, SCHNELL)
    clip = await begun(services, KLING)

    said = await bench.stop_newest(Form(SCHNELL))

    assert said == ""
    assert (await ended(services, second)).state is State.CANCELED
    running = {job.id for job in await services.jobs.running(LOCAL_OWNER)}
    assert running == {first, clip}


async def test_stop_says_so_when_nothing_runs(
    bench: WorkbenchHandlers, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    clip = await begun(services, KLING)

    said = await bench.stop_newest(Form(SCHNELL))

    assert "Nothing is running here." in said
    assert [job.id for job in await services.jobs.running(LOCAL_OWNER)] == [clip]
