"""Every real model, by a person who has never seen it: found, filled in, run, and its output
seen."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from core.emulator import Emulator
from tests.app_process import App
from tests.browser.views import LONG, expect_form, open_tab
from tests.ui.test_every_model import GIVEN, SCHEMAS

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not GIVEN, reason=f"the real models' schemas aren't here ({SCHEMAS})"),
]

LARGEST = "deforum-art/deforum-stable-diffusion"
"""Has 73 inputs, more than any other."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        Emulator(port=0, speed=50.0, rate_limits=False, schemas=SCHEMAS) as emulator,
        App(tmp_path_factory.mktemp("data"), api_url=emulator.url).running() as url,
    ):
        yield url


@pytest.fixture
def explore(kept_page: Page) -> Locator:
    """The Explore tab of the one page in which all of them are tried."""
    return open_tab(kept_page, "Explore")


def find(explore: Locator, model: str) -> float:
    """Find a model by its name and open it; return how many seconds its form took."""
    explore.get_by_label("Find a model").fill(model.partition("/")[2])
    tile = explore.locator(f'.tile[data-model="{model}"] .open')
    expect(tile).to_be_visible()
    began = time.perf_counter()
    tile.click()
    expect_form(explore, model)
    return time.perf_counter() - began


def fill_in(explore: Locator) -> None:
    """Use the model's own example."""
    explore.get_by_role("button", name="Use this example").first.click()
    expect(explore.locator(".notice")).to_have_text("The example is in the form.")


def run(explore: Locator) -> Locator:
    """Run what is in the form, and return what came of it."""
    explore.locator("button.run").click()
    result = explore.locator("#explore-current .result")
    expect(result).to_be_visible(timeout=LONG)
    expect(result.locator(".problem")).to_have_count(0)
    return result


def see(result: Locator) -> None:
    """See what the model made: each picture, clip or sound is there, or words and values are."""
    expect(result.locator(".parts > *").or_(result.locator(".nothing")).first).to_be_visible()
    for picture in result.locator(".parts img").all():
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("one => one.naturalWidth") > 0
    for medium in result.locator(".parts video, .parts audio").all():
        expect(medium).not_to_have_js_property("readyState", 0)
        assert medium.evaluate("one => one.error") is None


@pytest.mark.parametrize("model", GIVEN)
def test_it_is_found_filled_in_run_and_its_output_seen(explore: Locator, model: str) -> None:
    find(explore, model)
    fill_in(explore)
    see(run(explore))


def test_a_form_of_seventy_fields_is_there_within_a_second(explore: Locator) -> None:
    find(explore, "meta/musicgen")  # not the first form of a page, whose parts have to be loaded
    seconds = []
    for _ in range(3):
        explore.get_by_role("button", name="All models").click()
        seconds.append(find(explore, LARGEST))

    print(f"seconds until a form of 73 fields was there: {seconds}")
    assert min(seconds) < 1
