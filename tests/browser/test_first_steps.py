"""A stranger's first minutes: a picture, a clip, an answer, and all of them there tomorrow."""

from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, expect

from tests.app_process import App, free_port
from tests.browser.views import Bench, Talk, open_page


def test_what_was_made_is_there_after_a_restart_and_an_open_page_goes_on(
    tmp_path: Path, page: Page
) -> None:
    """Its forms are gone with the first start; what was typed into them isn't."""
    app = App(tmp_path / "data", port=free_port(), demo_speed=20)
    with app.running() as url:
        open_page(page, url)
        expect(page.get_by_text("Offline demo: outputs are simulated")).to_be_visible()
        Bench.open(page, "video").finish("waves at dusk")
        Talk.open(page).ask("Give me a list of three teas")
        image = Bench.open(page, "image")
        image.finish("a red fox in the snow")
        image.prompt.fill("a half-written thought")
        first = page.evaluate("window.gradio_config.app_id")

    with app.running():
        # Gradio reloads a page that saw its server go and come; any other is told of it.
        page.wait_for_function(
            """first => window.gradio_config && (window.gradio_config.app_id !== first
                || document.querySelector(".restarted")?.hidden === false)""",
            arg=first,
        )
        if page.get_by_text("The playground was restarted.").is_visible():
            with suppress(Error):  # Gradio was quicker
                page.get_by_role("button", name="Reload").click(timeout=2_000)

        image = Bench.open(page, "image")
        expect(image.prompt).to_have_value("a half-written thought")
        image.finish("a half-written thought")

        page.get_by_role("tab", name="History").click()
        cards = page.locator("#history .small")
        expect(cards).to_have_count(4)
        picture = cards.filter(has_text="a red fox in the snow").locator("img")
        expect(picture).to_be_visible()
        _wait_until(page, picture, "image => image.naturalWidth > 0")
        clip = cards.filter(has_text="waves at dusk").locator("img")
        _wait_until(page, clip, "image => image.naturalWidth > 0")
        expect(cards.filter(has_text="Give me a list of three teas")).to_be_visible()


def _wait_until(page: Page, element: Locator, condition: str) -> None:
    """Wait until something that loads by itself is there; a timeout is a failure."""
    page.wait_for_function(condition, arg=element.element_handle())
