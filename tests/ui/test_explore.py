"""The Explore tab: what leads to a model, and what its page shows."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import pytest_asyncio

from core.emulator import Emulator, Fault
from tests.core.jobs.world import PAINTER
from tests.ui.world import FLEX, LLAMA, SCHNELL, event, open_services, ran, small_models
from ui.bench.form import Form
from ui.services import Services
from ui.tabs import finder
from ui.tabs.explore import ExploreHandlers, Opened, prompt_box
from ui.tabs.finder import Browsing
from ui.views.models import More, amount
from ui.views.readmes import readme_html


@pytest.fixture
def emulator(go_on: Any) -> Iterator[Emulator]:
    runners = small_models(go_on)
    with Emulator(port=0, speed=100.0, rate_limits=False, faults=True, runners=runners) as one:
        yield one


@pytest_asyncio.fixture
async def services(emulator: Emulator, tmp_path: Path) -> AsyncIterator[Services]:
    async with open_services(emulator, tmp_path) as services:
        yield services


@pytest.fixture
def explore(services: Services) -> ExploreHandlers:
    return ExploreHandlers(services)


@pytest.fixture(autouse=True)
def typed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.tabs.explore._TYPING_SECONDS", 0.0)


def offers(html: str, model: str) -> bool:
    return f'<article class="tile" data-model="{model}">' in html


async def test_at_first_there_are_models_and_collections(explore: ExploreHandlers) -> None:
    finder, form = await explore.choose()

    assert offers(finder, SCHNELL)
    assert 'data-act="collection" data-slug="text-to-image"' in finder
    assert form.model == ""


async def test_what_was_used_and_what_is_a_favourite_comes_first(
    explore: ExploreHandlers, services: Services
) -> None:
    await ran(services, PAINTER)
    await explore.favour(event(model=f"{FLEX}:{'a' * 64}"), Form(""), Browsing(), More())

    html = await explore.finder.browse(Browsing())

    favourites, recent = html.index("Favourites"), html.index("Recently used")
    assert favourites < html.index(FLEX) < recent < html.index(PAINTER)
    assert not offers(html, SCHNELL)
    for model in (FLEX, PAINTER):
        assert (await services.jobs.describe(model)).model.description in html
    await explore.favour(event(model=FLEX), Form(""), Browsing(), More())
    assert "Favourites" not in await explore.finder.browse(Browsing())


async def test_a_favourite_of_which_nothing_is_told_in_time_is_a_name(
    explore: ExploreHandlers, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: str) -> None:
        await asyncio.Event().wait()

    await explore.favour(event(model=PAINTER), Form(""), Browsing(), More())
    monkeypatch.setattr(services.jobs, "describe", hang)
    monkeypatch.setattr(finder, "_AT_ONCE_SECONDS", 0.01)

    assert offers(await explore.finder.browse(Browsing()), PAINTER)


async def test_words_find_models(explore: ExploreHandlers) -> None:
    found, browsing = await explore.search("llama", Opened())
    nothing, _ = await explore.search("xyzzy", Opened())

    assert offers(found, LLAMA)
    assert not offers(found, SCHNELL)
    assert browsing == Browsing(query="llama")
    assert "Nothing found" in nothing


async def test_what_is_found_too_late_does_not_take_the_place_of_what_was_opened(
    explore: ExploreHandlers,
) -> None:
    opened = Opened()

    searching = asyncio.create_task(explore.search("llama", opened))
    await asyncio.sleep(0)
    explore.note_opened("llama", opened)

    assert await searching == (gr.skip(), gr.skip())
    assert offers((await explore.search("llam", opened))[0], LLAMA)


async def test_nor_does_what_is_found_for_words_of_before(explore: ExploreHandlers) -> None:
    opened = Opened()

    searching = asyncio.create_task(explore.search("", opened))
    await asyncio.sleep(0)
    await explore.go(LLAMA, opened, Form(""), None)

    assert await searching == (gr.skip(), gr.skip())


async def test_what_is_pasted_leads_to_its_model(explore: ExploreHandlers) -> None:
    found, _ = await explore.search(f"https://replicate.com/{SCHNELL}", Opened())
    gone = await explore.go(f" https://replicate.com/{SCHNELL}/api ", Opened(), Form("x/y"), None)

    assert f"Open {SCHNELL}" in found
    assert gone.form.model == SCHNELL


async def test_a_predictions_address_brings_its_settings(
    explore: ExploreHandlers, services: Services
) -> None:
    job = await ran(services, SCHNELL, num_outputs=2, seed=7)

    gone = await explore.go(
        f"https://replicate.com/p/{job.prediction_id}", Opened(), Form("x/y"), None
    )

    assert "settings of that run are in the form" in gone.notice
    assert f'data-model="{SCHNELL}"' in gone.finder
    assert {"prompt": gone.prompt, **gone.form.read(gone.form.shown)} == job.input


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("https://replicate.com/p/abcdefghijklmnopqrstuvwxyz", "no prediction"),
        ("nobody/nothing", "nobody/nothing"),
        ("https://replicate.com/collections/none", "not there"),
    ],
)
async def test_what_leads_nowhere_is_told(
    explore: ExploreHandlers, text: str, sentence: str
) -> None:
    gone = await explore.go(text, Opened(), Form("x/y"), None)

    assert gone.form == gr.skip()
    assert 'role="alert"' in gone.finder


async def test_where_nothing_is_open_it_is_opened_at_once(explore: ExploreHandlers) -> None:
    gone = await explore.go(SCHNELL, Opened(), Form(""), None)

    assert f'data-model="{SCHNELL}"' in gone.finder
    assert gone.form.model == SCHNELL


async def test_the_tab_is_filled_when_it_is_shown_first(explore: ExploreHandlers) -> None:
    finder, form = await explore.arrive(Form(""))

    assert offers(finder, SCHNELL)
    assert form.revision
    assert await explore.arrive(form) == (gr.skip(), gr.skip())


async def test_words_are_searched_for_on_enter_too(explore: ExploreHandlers) -> None:
    gone = await explore.go("llama", Opened(), Form("x/y"), None)

    assert offers(gone.finder, LLAMA)


async def test_a_collection_shows_its_models_and_leads_back(explore: ExploreHandlers) -> None:
    html, browsing = await explore.open_collection(event(slug="text-to-image"))
    back, after = await explore.back(event(), browsing)

    assert offers(html, SCHNELL)
    assert not offers(html, LLAMA)
    assert 'data-act="browse"' in html
    assert (await explore.back(event(at="page"), browsing))[1] == browsing
    assert after == Browsing()
    assert offers(back, LLAMA)


async def test_a_models_page_tells_what_it_is_with_versions_readme_and_examples(
    explore: ExploreHandlers,
) -> None:
    _, form = await explore.switch(Form(""), {}, SCHNELL)

    html, more = await explore.more(form, More())

    assert f"<h2>{SCHNELL}" in html
    assert f"https://replicate.com/{SCHNELL}" in html
    assert "Readme" in html
    assert f'data-act="choose" data-model="{SCHNELL}:{more.versions[0].id}"' in html
    assert f'data-example="{more.examples[0].id}"' in html
    assert "<img" in html


async def test_an_example_is_put_into_the_form(explore: ExploreHandlers) -> None:
    _, form = await explore.switch(Form(""), {}, SCHNELL)
    _, more = await explore.more(form, More())
    [example] = more.examples

    held = await explore.try_sample(event(example=example.id), form, more)
    sorry = await explore.try_sample(event(example="made up"), form, more)

    assert "in the form" in held.notice
    assert held.prompt == example.input["prompt"]
    assert held.form.model == SCHNELL
    assert (sorry.form, "isn&#39;t there" in sorry.notice) == (gr.skip(), True)


async def test_a_version_is_pinned_and_run_as_that(
    explore: ExploreHandlers, services: Services
) -> None:
    described = await services.jobs.describe(PAINTER)
    pinned = f"{PAINTER}:{described.model.version_id}"

    picker, form = await explore.switch(Form(PAINTER), {}, pinned)
    started = await explore.run(form, "a fox", form.shown)

    assert "Pinned to version" in picker
    assert (await services.archive.get(started.job_id)).model == pinned


async def test_opening_another_model_keeps_what_both_have(explore: ExploreHandlers) -> None:
    _, form = await explore.switch(Form(""), {}, SCHNELL)
    shown = form.shown | {"seed": "7", "num_outputs": 3}
    held = {"revision": form.revision, "values": list(shown.values())}

    gone = await explore.go(FLEX, Opened(), form, held)

    assert (gone.form.model, gone.form.values) == (FLEX, {"seed": "7"})


async def test_its_runs_are_those_of_the_model_that_is_open(
    explore: ExploreHandlers, services: Services
) -> None:
    mine = await ran(services, SCHNELL)
    await ran(services, FLEX)
    _, form = await explore.switch(Form(""), {}, SCHNELL)

    runs = await explore.shown_feed(form)

    assert [key for key, _ in runs.current] == [mine.id]
    assert runs.earlier == []


async def test_what_replicate_refuses_is_known_for_each_field(
    explore: ExploreHandlers, services: Services, emulator: Emulator
) -> None:
    refusal = (
        '{"title": "Input validation failed", "status": 422, "detail": "- input.seed: no\\n",'
        ' "invalid_fields": [{"type": "x", "field": "input.seed", "description": "Not today."}]}'
    )
    emulator.inject(Fault(method="POST", path="*/predictions", status=422, body=refusal))
    _, form = await explore.switch(Form(""), {}, SCHNELL)

    started = await explore.run(form, "a fox", form.shown | {"seed": "7"})

    assert await explore.refused(started.job_id) == {"seed": "Not today."}
    assert await explore.refused(started.job_id) == {"seed": "Not today."}
    assert await explore.refused("") == {}
    fine = await explore.run(form, "a fox", form.shown)
    assert await explore.refused(fine.job_id) == {}


async def test_without_a_network_models_of_before_are_still_shown(
    explore: ExploreHandlers, services: Services, emulator: Emulator
) -> None:
    await explore.finder.page(SCHNELL)
    emulator.inject(Fault(path="/v1/*", status=503, times=None))

    known = await explore.finder.page(SCHNELL)
    unknown = await explore.finder.page(FLEX)
    browsing = await explore.finder.browse(Browsing(query="llama"))

    assert "12 billion" in known or "Sketches" in known or f"<h2>{SCHNELL}" in known
    assert 'class="hint"' in unknown
    assert 'role="alert"' in browsing


def test_the_prompt_is_there_for_models_that_take_one() -> None:
    assert prompt_box(Form("a")).visible is False
    assert prompt_box(Form.of("a", None)).visible is True


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1K"),
        (12_345, "12.3K"),
        (123_456, "123K"),
        (999_999, "1M"),
        (4_100_000, "4.1M"),
        (2_000_000_000, "2B"),
    ],
)
def test_large_numbers_are_said_in_short(count: int, words: str) -> None:
    assert amount(count) == words


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("![a <b>](https://a/b.png)", "[picture: a &lt;b&gt;]"),
        (
            "[x](https://a)",
            '<a href="https://a" target="_blank" rel="noopener noreferrer nofollow"',
        ),
        ("|a|\n|-|\n|b|", "<table>"),
    ],
)
def test_a_readme_can_do_nothing_to_the_page(markdown: str, html: str) -> None:
    shown = readme_html(markdown)

    assert html in shown
    assert "<script" not in shown
    assert "<img" not in shown
