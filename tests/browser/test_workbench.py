"""The Image and Video tabs at work: run, stop, come back, use again."""

import re
import threading

import pytest
from playwright.sync_api import Page, expect

from tests.browser.views import LONG, Bench, open_page


@pytest.fixture(scope="module")
def url(gated_url: str) -> str:
    return gated_url


@pytest.fixture
def image(kept_page: Page, go_on: threading.Event) -> Bench:
    """The Image tab with the form that it begins with, and nothing in it."""
    bench = Bench.open(kept_page, "image")
    bench.empty()
    return bench


@pytest.fixture
def second(kept_page: Page) -> Page:
    """Another tab of the same browser."""
    return kept_page.context.new_page()


def test_an_example_is_ready_to_run(image: Bench) -> None:
    """The first of this module, since it needs a history that is still empty."""
    image.page.locator("#image-welcome button").nth(1).click()

    expect(image.chosen_model).to_contain_text("FLUX 1.1 Pro")
    expect(image.prompt).not_to_have_value("")


def test_a_run_shows_its_state_at_once_and_then_its_result(
    image: Bench, go_on: threading.Event
) -> None:
    go_on.clear()
    image.prompt.fill("a red fox in the snow")
    image.prompt.press("Control+Enter")

    expect(image.running).to_contain_text("a red fox in the snow")
    expect(image.running.get_by_role("button", name="Stop")).to_be_visible()

    go_on.set()

    expect(image.result).to_contain_text("a red fox in the snow", timeout=LONG)
    picture = image.result.locator("img")
    image.page.wait_for_function("image => image.naturalWidth >= 256", arg=picture.element_handle())
    expect(image.result.locator(".meta")).to_contain_text("1024 × 1024")
    expect(image.result.locator(".meta")).to_contain_text("seed")


def test_several_runs_have_a_card_each_and_the_earlier_results_stay(
    image: Bench, go_on: threading.Event
) -> None:
    image.finish("a teapot")
    go_on.clear()
    image.run("a lighthouse")
    image.run("a sailing boat")

    expect(image.running).to_have_count(2)
    go_on.set()
    expect(image.running).to_have_count(0, timeout=LONG)
    expect(image.result).to_have_count(1)
    expect(image.earlier.filter(has_text="a teapot")).to_be_visible()


def test_stop_ends_a_run_and_says_what_is_known_of_the_charge(
    image: Bench, go_on: threading.Event
) -> None:
    go_on.clear()
    image.run("a castle on a hill")

    image.running.get_by_role("button", name="Stop").click()

    expect(image.running).to_have_count(0)
    expect(image.result).to_contain_text("a castle on a hill")
    expect(image.result.locator(".problem")).to_contain_text("Stopped")


def test_a_reload_comes_back_to_the_run(image: Bench, url: str, go_on: threading.Event) -> None:
    go_on.clear()
    image.run("a bridge in fog")

    open_page(image.page, url)

    expect(image.running).to_contain_text("a bridge in fog")
    go_on.set()
    expect(image.result).to_contain_text("a bridge in fog", timeout=LONG)


def test_a_second_tab_follows_and_can_stop_it(
    image: Bench, url: str, second: Page, go_on: threading.Event
) -> None:
    second.goto(url)
    watching = Bench(second, "image")
    expect(watching.run_button).to_be_visible()

    go_on.clear()
    image.run("a windmill")

    expect(watching.running).to_contain_text("a windmill")
    watching.running.get_by_role("button", name="Stop").click()
    expect(image.running).to_have_count(0)
    expect(image.result.locator(".problem")).to_contain_text("Stopped")


def test_a_failed_model_says_why_with_the_logs_behind_a_fold(image: Bench) -> None:
    image.finish("nsfw")

    problem = image.result.locator(".problem")
    expect(problem.locator("p")).to_contain_text("NSFW")
    expect(problem.locator("pre")).to_be_hidden()
    problem.get_by_text("Details").click()
    expect(problem.locator("pre")).to_be_visible()


def test_an_empty_prompt_is_refused_in_a_sentence(image: Bench) -> None:
    image.run_button.click()

    expect(image.notice).to_contain_text("Describe what you want")
    expect(image.running).to_have_count(0)


def test_another_model_keeps_the_prompt_and_what_was_changed(image: Bench) -> None:
    image.prompt.fill("a heron")
    image.field("Seed").fill("7")

    image.choose("ideogram-ai/ideogram-v3-turbo")

    expect(image.prompt).to_have_value("a heron")
    expect(image.field("Seed")).to_have_value("7")


def test_reuse_gives_exactly_the_same_input(image: Bench) -> None:
    image.field("Seed").fill("41")
    image.finish("a lantern in the rain")
    first = _input_of(image)
    image.prompt.fill("something else")
    image.field("Seed").fill("")

    image.result.get_by_role("button", name="Reuse settings").click()
    expect(image.prompt).to_have_value("a lantern in the rain")
    expect(image.field("Seed")).to_have_value("41")
    image.run_button.click()

    lanterns = image.earlier.filter(has_text="a lantern in the rain")
    expect(lanterns).to_be_visible(timeout=LONG)  # the first is an earlier one now
    assert _input_of(image) == first


def _input_of(bench: Bench) -> str:
    bench.result.get_by_role("button", name="Details").click()
    dialog = bench.page.get_by_role("dialog")
    text = dialog.locator(".code code").first.inner_text()
    bench.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    return text


def test_a_picture_becomes_a_clip_and_its_last_frame_the_next_start(image: Bench) -> None:
    image.finish("a quiet harbour")
    image.result.get_by_role("button", name="Send to Video").click()

    video = Bench(image.page, "video")
    expect(video.notice).to_contain_text("The picture is in “Start Image”.")
    expect(video.panel.locator(".given img")).to_be_visible()
    video.finish("boats leave the harbour")
    clip = video.result.locator("video")
    image.page.wait_for_function("video => video.readyState >= 2", arg=clip.element_handle())
    assert clip.evaluate("video => video.duration") > 0

    video.result.get_by_role("button", name="Go on from the last frame").click()

    expect(video.panel.locator(".given img")).to_have_attribute("src", re.compile(r"\.last\."))


def test_a_picture_goes_to_a_model_that_takes_one(image: Bench) -> None:
    image.finish("three pears")

    image.result.get_by_role("button", name="Use as input").click()

    expect(image.notice).to_contain_text("takes no picture")
    expect(image.panel.locator(".given img")).to_be_visible()
    expect(image.prompt).to_have_value("three pears")


def test_a_deleted_result_can_be_had_back(image: Bench) -> None:
    image.finish("a paper boat")

    image.result.get_by_role("button", name="Delete").click()
    expect(image.result.filter(has_text="a paper boat")).to_have_count(0)
    image.page.get_by_role("button", name="Undo").click()

    expect(image.result).to_contain_text("a paper boat")


def test_a_star_stays(image: Bench, url: str) -> None:
    image.finish("a comet")

    image.result.get_by_role("button", name="Star").click()

    starred = image.result.locator('[data-act="star"][aria-pressed="true"]')
    expect(starred).to_be_visible()
    open_page(image.page, url)
    expect(starred).to_be_visible()


def test_many_tabs_are_all_alive(image: Bench, url: str) -> None:
    """A browser opens six connections to a host; a page may hold none of them for good."""
    tabs = [image.page.context.new_page() for _ in range(3)]
    for tab in tabs:
        open_page(tab, url)

    image.finish("a kite")

    for tab in tabs:
        expect(Bench(tab, "image").result).to_contain_text("a kite", timeout=15_000)


def test_keys_that_are_held_run_once(image: Bench) -> None:
    image.prompt.fill("a snail")
    image.prompt.focus()

    image.page.keyboard.down("Control")
    for _ in range(5):
        image.page.keyboard.down("Enter")
    image.page.keyboard.up("Enter")
    image.page.keyboard.up("Control")

    expect(image.result).to_contain_text("a snail", timeout=LONG)
    expect(image.earlier.filter(has_text="a snail")).to_have_count(0)
