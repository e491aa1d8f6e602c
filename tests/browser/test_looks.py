"""The page as designers and assistive technology see it; it also takes README's pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.views import Bench, Talk, expect_form, open_page, open_tab

SCREENSHOTS = Path(__file__).with_name("screenshots")
TABS = ("Image", "Video", "Chat", "Explore", "History")
EXPLORED = "black-forest-labs/flux-schnell"


@pytest.fixture(scope="module")
def demo_speed() -> float:
    return 20.0


@pytest.fixture(scope="module")
def worked_in(visitor: BrowserContext, url: str) -> Page:
    """A page in which somebody has worked: pictures, a clip, a failure, a conversation."""
    page = visitor.new_page()
    open_page(page, url)
    video = Bench.open(page, "video")
    video.prompt.fill("A sailing boat crosses a calm bay at dusk")
    video.run_button.click()
    image = Bench.open(page, "image")
    for prompt in (
        "Mountains in fog, ink on paper",
        "A robot waters tomatoes on a balcony",
        "nsfw",
        "A lighthouse on black cliffs at golden hour",
    ):
        image.finish(prompt)
    Talk.open(page).ask("Write a Python function that counts words")
    Bench.open(page, "video")
    expect(video.result).to_be_visible(timeout=60_000)
    return page


@pytest.fixture
def page_in(worked_in: Page) -> Callable[..., Page]:
    """Show a tab of that page in a theme and a width."""
    page = worked_in

    def show(tab: str, *, dark: bool = False, width: int = 1280) -> Page:
        page.set_viewport_size({"width": width, "height": 900 if width > 500 else 844})
        if page.locator("body.dark").count() != dark:
            page.get_by_role("button", name="Light or dark").click()
        panel = open_tab(page, tab)
        if tab == "Explore":
            expect(panel.locator(".tile, .modelpage").first).to_be_visible()
        if tab == "Explore" and not panel.locator(".modelpage").count():
            page.get_by_label("Find a model").fill(EXPLORED)
            page.get_by_label("Find a model").press("Enter")
            expect_form(panel, EXPLORED)
        expect(page.locator(READY[tab]).first).to_be_visible()
        page.evaluate("scrollTo(0, 0)")
        return page

    return show


READY = {
    "Image": "#image-current .result img",
    "Video": "#video-current .result video",
    "Chat": "#chatbot .message.bot",
    "Explore": ".samples img",
    "History": "#history .small",
}


def _complaints(page: Page) -> list[str]:
    """Return what axe-core finds that is serious.

    At the end of the page, where nothing lies under the buttons that stay at hand.
    """
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{one['id']}: {len(one['nodes'])}: {one['nodes'][0]['html']}"
        f" {' '.join(one['nodes'][0]['failureSummary'].split())}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def test_an_empty_page_is_accessible(page: Page, url: str) -> None:
    """The first of this module: later on, somebody has worked in it."""
    open_page(page, url)
    for tab in TABS:
        open_tab(page, tab)
        assert _complaints(page) == []


def test_light_and_dark_can_be_chosen_and_stay(page: Page, url: str) -> None:
    open_page(page, url)
    expect(page.locator("body.dark")).to_have_count(0)

    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("body.dark")).to_have_count(1)

    page.reload()
    expect(page.locator("body.dark")).to_have_count(1)


def test_a_page_at_rest_draws_nothing(page: Page, url: str) -> None:
    """Left to itself Gradio asks for every frame, and a laptop's processor never sleeps."""
    page.add_init_script(
        """const next = requestAnimationFrame;
        window.drawn = 0;
        window.requestAnimationFrame = (draw) => { window.drawn += 1; return next(draw); };"""
    )
    open_page(page, url)

    frames = [0]
    for _ in range(10):  # at first there is something to draw
        page.wait_for_timeout(1_000)
        frames.append(page.evaluate("window.drawn"))
        if frames[-1] - frames[-2] < 10:
            break
    assert frames[-1] > 0
    assert frames[-1] - frames[-2] < 10, frames


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("tab", TABS)
def test_assistive_technology_finds_its_way(
    page_in: Callable[..., Page], tab: str, dark: bool
) -> None:
    page = page_in(tab, dark=dark)

    assert _complaints(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_details_and_the_choice_of_models_are_accessible_too(
    page_in: Callable[..., Page], dark: bool
) -> None:
    page = page_in("Image", dark=dark)
    page.locator("#image-model summary").click()
    assert _complaints(page) == []
    page.keyboard.press("Escape")

    page.locator("#image-current").get_by_role("button", name="Details").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert _complaints(page) == []
    page.keyboard.press("Escape")


@pytest.mark.parametrize("tab", TABS)
def test_a_phone_needs_no_sideways_scrolling(page_in: Callable[..., Page], tab: str) -> None:
    page = page_in(tab, width=390)

    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")

    assert widths == [390, 390]


def test_a_phone_folds_what_is_seldom_asked_of_the_history(page_in: Callable[..., Page]) -> None:
    page = page_in("History", width=390)
    kind = page.get_by_label("Kind", exact=True)
    expect(kind).to_be_hidden()
    expect(page.locator("#history .small").first).to_be_in_viewport(ratio=0.9)

    page.get_by_role("button", name="Filters").click()
    expect(kind).to_be_visible()
    page.get_by_role("button", name="Filters").click()
    expect(kind).to_be_hidden()

    page.set_viewport_size({"width": 1280, "height": 900})
    expect(kind).to_be_visible()
    expect(page.get_by_role("button", name="Filters")).to_be_hidden()


def test_a_result_stays_in_view_beside_a_long_form(page_in: Callable[..., Page]) -> None:
    page = page_in("Image")
    page.set_viewport_size({"width": 1280, "height": 500})
    page.get_by_role("button", name="Advanced").locator("visible=true").click()

    page.evaluate("scrollTo(0, 400)")

    expect(page.locator("#image-current .result img")).to_be_in_viewport()
    top = page.locator("#image-current").evaluate("runs => runs.getBoundingClientRect().top")
    assert top == pytest.approx(12, abs=2)
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Advanced").locator("visible=true").click()


@pytest.mark.parametrize("tab", ["Image", "Video", "Explore"])
def test_run_is_at_hand_though_the_form_goes_on_below(
    page_in: Callable[..., Page], tab: str
) -> None:
    page = page_in(tab, width=390)
    page.set_viewport_size({"width": 390, "height": 640})
    page.wait_for_function("innerHeight === 640")
    fields = page.get_by_role("tabpanel").locator("visible=true").first.locator(".fields")

    fields.evaluate(
        "fields => scrollBy(0, fields.getBoundingClientRect().bottom - innerHeight - 100)"
    )

    assert fields.evaluate("fields => fields.getBoundingClientRect().bottom > innerHeight")
    expect(page.locator("button.run").locator("visible=true")).to_be_in_viewport(ratio=1)


def test_the_message_box_is_at_hand_wherever_one_reads(page_in: Callable[..., Page]) -> None:
    page = page_in("Chat", width=390)
    page.set_viewport_size({"width": 390, "height": 500})
    page.wait_for_function("innerHeight === 500")

    page.locator("#chatbot").evaluate("talk => scrollBy(0, talk.getBoundingClientRect().top)")

    assert page.evaluate("document.documentElement.scrollHeight - scrollY - innerHeight > 100")
    expect(page.locator("#composer .submit-button")).to_be_in_viewport(ratio=1)


def test_what_has_the_focus_is_seen(page_in: Callable[..., Page]) -> None:
    page = page_in("Image")
    page.locator("#image-model summary").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")

    outline = page.locator("#image-model summary").evaluate(
        "summary => getComputedStyle(summary).outlineWidth"
    )

    assert outline == "2px"


def test_it_can_be_installed(url: str) -> None:
    manifest = httpx2.get(f"{url}/manifest.json").json()

    assert manifest["name"] == "Replicate Playground"
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        assert httpx2.get(f"{url}{icon['src']}").headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("name", "tab", "dark"),
    [
        ("image", "Image", False),
        ("chat", "Chat", True),
        ("explore", "Explore", False),
        ("history", "History", False),
    ],
)
def test_readme_shows_the_page_as_it_is(
    page_in: Callable[..., Page],
    pytestconfig: pytest.Config,
    name: str,
    tab: str,
    dark: bool,
) -> None:
    """`pytest --take-screenshots tests/browser/test_looks.py` takes them anew."""
    page = page_in(tab, dark=dark)
    page.wait_for_function(
        "() => [...document.images].filter(one => one.offsetParent)"
        ".every(one => one.complete && one.naturalWidth > 0)"
    )

    kept = SCREENSHOTS / f"{name}.png"
    if pytestconfig.getoption("take_screenshots"):
        page.screenshot(path=kept, animations="disabled")
    with Image.open(kept) as picture:
        assert picture.size == (1280, 900)
