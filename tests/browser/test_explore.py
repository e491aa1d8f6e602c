"""The Explore tab at work: any model is found, filled in, run, and what it made is seen."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from core.emulator import Emulator, Fault
from tests.app_process import App
from tests.browser.models import DOCUMENTS, write_models
from tests.browser.views import LONG, expect_form, open_page, open_tab, reset_all

SCHNELL = "black-forest-labs/flux-schnell"
FLEX = "black-forest-labs/flux-2-flex"
HERON = "a heron at dawn"

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)

FILLED = {
    "demo/picture": {"Prompt": "a red fox"},
    "demo/speech": {"Text": "Good morning"},
    "demo/caption": {"Image: address": f"data:image/png;base64,{PNG}"},
    "demo/counter": {"Numbers": "[1, 2.5]"},
    "demo/tagger": {"Labels": "a fox\na hen", "Threshold": "0.5"},
    "demo/anything": {"Settings": '{"depth": 3}', "Odd": "whatever"},
}
"""What is typed for some of the models; the others run as they are."""

SHOWN = {
    "demo/picture": "img",
    "demo/gallery": "img",
    "demo/clip": "video",
    "demo/speech": "audio",
    "demo/writer": ".words",
    "demo/caption": ".words",
    "demo/counter": ".tree",
    "demo/tagger": ".tree",
    "demo/scribe": ".labeled",
    "demo/mesh": "[download]",
    "demo/anything": "> *",
    "demo/nothing": ".words",
}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """What the app of this module takes for Replicate."""
    schemas = write_models(tmp_path_factory.mktemp("schemas"))
    with Emulator(port=0, speed=50.0, rate_limits=False, faults=True, schemas=schemas) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def url(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with App(tmp_path_factory.mktemp("data"), api_url=emulator.url).running() as url:
        yield url


@pytest.fixture
def explore(kept_page: Page) -> Locator:
    """The tab with nothing open or searched for, and nothing in its form."""
    panel = open_tab(kept_page, "Explore")
    back = panel.get_by_role("button", name="All models")
    expect(panel.locator(".tile").or_(back).first).to_be_visible()
    if back.is_visible():
        reset_all(panel)
        back.click()
    panel.get_by_label("Find a model").fill("")
    expect(panel.locator(".tile").first).to_be_visible()
    return panel


def run(explore: Locator) -> None:
    explore.locator("button.run").click()


def box(explore: Locator, label: str) -> Locator:
    """The box of a field; what it is for belongs to its name, too."""
    return explore.get_by_role("textbox", name=re.compile(rf"^{label}\b"))


def open_model(explore: Locator, model: str) -> None:
    """Open a model by what is pasted, and wait for its form."""
    explore.get_by_label("Find a model").fill(model)
    explore.get_by_label("Find a model").press("Enter")
    expect_form(explore, model)


def test_there_are_twelve_very_different_models() -> None:
    assert len(DOCUMENTS) == len(SHOWN) == 12


@pytest.mark.parametrize("model", SHOWN)
def test_a_model_is_found_filled_in_run_and_its_result_shown(explore: Locator, model: str) -> None:
    explore.get_by_label("Find a model").fill(model.partition("/")[2])
    explore.locator(f'.tile[data-model="{model}"] .open').click()
    expect_form(explore, model)
    for label, value in FILLED.get(model, {}).items():
        box(explore, label).fill(value)

    run(explore)

    result = explore.locator("#explore-current .result")
    expect(result.locator(f".parts {SHOWN[model]}").first).to_be_visible(timeout=LONG)
    expect(result.locator(".problem")).to_have_count(0)


def test_a_file_is_pasted_into_its_field(explore: Locator, emulator: Emulator) -> None:
    open_model(explore, "demo/caption")

    box(explore, "Image: address").evaluate(
        """(box, png) => {
            const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
            box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        PNG,
    )

    expect(explore.locator(".given img")).to_be_visible()
    before = {one["id"] for one in emulator.predictions}
    run(explore)
    for _ in range(200):
        if len(emulator.predictions) > len(before):
            break
        explore.page.wait_for_timeout(50)
    [made] = [one for one in emulator.predictions if one["id"] not in before]
    assert made["model"] == "demo/caption"
    assert made["input"].keys() == {"image"}


def test_a_wrong_value_is_stopped_with_a_message_at_its_field(
    explore: Locator, emulator: Emulator
) -> None:
    open_model(explore, "demo/tagger")
    before = len(emulator.predictions)
    threshold = box(explore, "Threshold")
    threshold.fill("half")

    run(explore)

    wrong = explore.locator(".wrong")
    expect(wrong).to_have_text("Threshold takes a number, and “half” isn't one.")
    expect(threshold).to_have_attribute("aria-invalid", "true")
    expect(threshold).to_be_focused()
    assert len(emulator.predictions) == before
    threshold.fill("0.5")
    threshold.blur()
    expect(wrong).to_have_count(0)


def test_what_replicate_refuses_is_marked_at_its_field(
    explore: Locator, emulator: Emulator
) -> None:
    open_model(explore, SCHNELL)
    emulator.inject(
        Fault(
            method="POST",
            path="*/predictions",
            status=422,
            headers={"content-type": "application/problem+json"},
            body='{"title": "Input validation failed", "status": 422, "detail": "no", '
            '"invalid_fields": [{"type": "x", "field": "input.output_quality", '
            '"description": "Not on Fridays."}]}',
        )
    )
    explore.get_by_label("Prompt", exact=True).fill("a fox")

    run(explore)

    expect(explore.locator(".wrong")).to_have_text("Not on Fridays.")
    expect(explore.locator(".wrong")).to_be_visible()  # though its field stood behind a fold


def test_a_predictions_address_brings_its_settings(explore: Locator, emulator: Emulator) -> None:
    open_model(explore, SCHNELL)
    explore.get_by_label("Prompt", exact=True).fill(HERON)
    run(explore)
    expect(explore.locator("#explore-current .result")).to_contain_text("a heron", timeout=LONG)
    [made] = [one for one in emulator.predictions if one["input"].get("prompt") == HERON]
    explore.get_by_label("Prompt", exact=True).fill("something else")

    explore.get_by_label("Find a model").fill(f"https://replicate.com/p/{made['id']}")
    explore.get_by_label("Find a model").press("Enter")

    expect(explore.get_by_label("Prompt", exact=True)).to_have_value(HERON)
    expect(explore.locator(".changes")).to_contain_text("Seed")


def test_the_input_can_be_written_as_json_and_what_differs_goes_back(explore: Locator) -> None:
    open_model(explore, "demo/gallery")
    explore.get_by_text("JSON", exact=True).click()
    text = explore.get_by_label("Input as JSON")
    explore.get_by_label("Prompt", exact=True).fill("a fox")
    explore.get_by_label("Prompt", exact=True).blur()
    expect(text).to_have_value('{\n  "prompt": "a fox"\n}')

    text.fill('{"prompt": "a hen", "count": 3, "style": "oil"}')
    text.blur()

    expect(explore.get_by_label("Prompt", exact=True)).to_have_value("a hen")
    expect(explore.get_by_label("number input for Count")).to_have_value("3")
    changes = explore.locator(".changes")
    expect(changes).to_contain_text("Count")
    changes.get_by_role("button", name="Reset Style").click()
    expect(changes).not_to_contain_text("Style")
    expect(explore.get_by_label("number input for Count")).to_have_value("3")
    expect(explore.get_by_label("Style")).to_have_value("ink")


def test_a_favourite_stays_and_an_example_is_one_click_away(explore: Locator, url: str) -> None:
    open_model(explore, SCHNELL)
    star = explore.locator('.modelpage [data-act="favourite"]')
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    explore.get_by_role("button", name="Use this example").first.click()
    expect(explore.get_by_label("Prompt", exact=True)).not_to_have_value("")

    open_page(explore.page, url)
    again = open_tab(explore.page, "Explore")

    section = again.locator("section").filter(has_text="Favourites")
    expect(section.locator(f'.tile[data-model="{SCHNELL}"]')).to_be_visible()


def test_a_run_pressed_before_the_form_is_drawn_anew_is_of_the_new_form(
    explore: Locator, emulator: Emulator
) -> None:
    open_model(explore, FLEX)  # of which nothing was run here yet
    explore.get_by_label("Prompt", exact=True).fill("what was there before")
    before = len(emulator.predictions)
    explore.evaluate(
        """panel => {
            const drawn = panel.querySelector(".fields");
            new MutationObserver((changes, observer) => {
                if (panel.querySelector(".said .notice")) {
                    observer.disconnect();
                    window.wasOld = drawn.isConnected;
                    panel.querySelector("button.run").click();
                }
            }).observe(panel, { childList: true, subtree: true });
        }"""
    )

    explore.get_by_role("button", name="Use this example").first.click()

    expect(explore.locator("#explore-current .result")).to_be_visible(timeout=LONG)
    assert explore.page.evaluate("window.wasOld")
    assert len(emulator.predictions) == before + 1
    made = emulator.predictions[0]
    assert made["input"]["prompt"] == explore.get_by_label("Prompt", exact=True).input_value()
    assert made["input"]["prompt"] != "what was there before"


def test_the_settings_of_a_run_of_any_model_come_back_from_the_history(explore: Locator) -> None:
    open_model(explore, "demo/gallery")
    prompt = explore.get_by_label("Prompt", exact=True)
    count = explore.get_by_label("number input for Count")
    prompt.fill("a goose")
    count.fill("3")
    run(explore)
    result = explore.locator("#explore-current .result").filter(has_text="a goose")
    expect(result).to_be_visible(timeout=LONG)
    prompt.fill("something else")
    count.fill("1")

    history = open_tab(explore.page, "History")
    card = history.locator("#history .small").filter(has_text="a goose")
    card.hover()
    card.get_by_role("button", name="Reuse settings").click()

    expect_form(explore, "demo/gallery")
    expect(prompt).to_have_value("a goose")
    expect(count).to_have_value("3")
