"""A stranger's first minutes: a picture, a clip, an answer, and all of them there tomorrow."""

from playwright.sync_api import Locator, Page, expect

from tests.app_process import App


def test_what_was_made_is_in_the_history_after_a_restart(app: App, page: Page) -> None:
    with app.running() as url:
        page.goto(url)
        expect(page.get_by_text("Offline demo: outputs are simulated")).to_be_visible()
        _make_a_picture(page, "a red fox in the snow")
        _make_a_clip(page, "waves at dusk")
        _ask(page, "Give me a list of three teas")

    with app.running() as url:
        page.goto(url)
        page.get_by_role("tab", name="History").click()

        cards = page.locator(".card")
        expect(cards).to_have_count(3)
        picture = cards.filter(has_text="a red fox in the snow").locator("img")
        expect(picture).to_be_visible()
        _wait_until(page, picture, "image => image.naturalWidth > 0")
        clip = cards.filter(has_text="waves at dusk").locator("img")
        _wait_until(page, clip, "image => image.naturalWidth > 0")
        expect(cards.filter(has_text="Give me a list of three teas")).to_be_visible()


def _wait_until(page: Page, element: Locator, condition: str) -> None:
    """Wait until something that loads by itself is there; a timeout is a failure."""
    page.wait_for_function(condition, arg=element.element_handle())


def _make_a_picture(page: Page, prompt: str) -> None:
    page.get_by_role("tab", name="Image").click()
    panel = page.get_by_role("tabpanel").locator("visible=true")
    panel.get_by_label("Prompt", exact=True).fill(prompt)
    panel.get_by_role("button", name="Run").click()

    expect(panel.locator(".status.done")).to_be_visible(timeout=60_000)
    image = panel.locator(".result img").first
    expect(image).to_be_visible()
    _wait_until(page, image, "image => image.naturalWidth >= 256")


def _make_a_clip(page: Page, prompt: str) -> None:
    page.get_by_role("tab", name="Video").click()
    panel = page.get_by_role("tabpanel").locator("visible=true")
    panel.get_by_label("Prompt", exact=True).fill(prompt)
    panel.get_by_role("button", name="Run").click()

    expect(panel.locator(".status.done")).to_be_visible(timeout=60_000)
    video = panel.locator("video").first
    expect(video).to_be_visible()
    _wait_until(page, video, "video => video.readyState >= 2")
    assert video.evaluate("video => video.duration") > 1


def _ask(page: Page, message: str) -> None:
    page.get_by_role("tab", name="Chat").click()
    panel = page.get_by_role("tabpanel").locator("visible=true")
    panel.get_by_label("Message", exact=True).fill(message)
    panel.get_by_role("button", name="Send").click()

    expect(panel.locator(".status.done")).to_be_visible(timeout=60_000)
    expect(panel.locator(".result li").first).to_be_visible()
