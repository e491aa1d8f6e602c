"""The History tab at work: find, look at, use again, throw away, all of it by keyboard too."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import create_engine

from tests.browser.views import Bench, Talk, open_page, open_tab

PROMPTS = ("a red fox", "a blue heron", "a green frog")


@pytest.fixture(scope="module")
def demo_speed() -> float:
    return 20.0


@pytest.fixture(scope="module")
def filled(chromium: Browser, url: str) -> None:
    """Fill the history with three pictures, one failure and a conversation."""
    page = chromium.new_page()
    open_page(page, url)
    bench = Bench.open(page, "image")
    for prompt in (*PROMPTS, "nsfw"):
        bench.finish(prompt)
    Talk.open(page).ask("What is an unmistakable owl?")
    page.close()


@pytest.fixture
def cards(kept_page: Page, filled: None) -> Locator:
    """All cards of the tab, with no filter set."""
    panel = open_tab(kept_page, "History")
    panel.get_by_label("Search").fill("")
    for label, everything in FILTERS.items():
        _choose(panel, label, everything)
    panel.get_by_label("All runs").check()
    cards = panel.locator("#history .small")
    expect(cards).to_have_count(5)
    return cards


FILTERS = {"Kind": "All", "Model": "Any model", "Status": "Any status"}


def _choose(panel: Locator, label: str, choice: str) -> None:
    box = panel.get_by_label(label, exact=True).locator("visible=true")
    if box.input_value() != choice:
        box.click()
        panel.page.get_by_role("option", name=choice, exact=True).click()


OLDER = 115


def _add_older(database: Path, count: int) -> None:
    engine = create_engine(f"sqlite:///{database}")
    before = datetime.now(UTC) - timedelta(hours=1)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO jobs (id, backend, owner, kind, model, model_name, prompt, input, state, "
            "created_at, text, logs, metrics) VALUES (?, 'emulator', 'local', 'chat', 'a/model', "
            "'a/model', '', ?, 'succeeded', ?, 'An answer.', '', '{}')",
            [
                (
                    f"{n:032x}",
                    f'{{"prompt": "prompt {n}"}}',
                    f"{before - timedelta(hours=n):%Y-%m-%d %H:%M:%S.%f}",
                )
                for n in range(count)
            ],
        )
    engine.dispose()


def _search(page: Page, words: str) -> None:
    page.get_by_label("Search").fill(words)


def test_everything_is_there_newest_first(cards: Locator) -> None:
    expect(cards.first).to_contain_text("What is an unmistakable owl?")
    expect(cards.last).to_contain_text("a red fox")
    cards.page.wait_for_function(
        "image => image.naturalWidth > 0", arg=cards.last.locator("img").element_handle()
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("HERON", ["a blue heron"]),
        ("mistak owl", ["What is an unmistakable owl?"]),
        ("llama", ["What is an unmistakable owl?"]),
        ("reen fr", ["a green frog"]),
    ],
)
def test_words_find_a_run(cards: Locator, words: str, found: list[str]) -> None:
    _search(cards.page, words)

    expect(cards.locator(".prompt")).to_have_text(found)


def test_nothing_found_is_said(cards: Locator) -> None:
    _search(cards.page, "zebra")

    expect(cards).to_have_count(0)
    expect(cards.page.get_by_text("Nothing matches")).to_be_visible()


@pytest.mark.parametrize(
    ("label", "choice", "count"),
    [("Kind", "Chats", 1), ("Status", "Failed", 1), ("Model", "FLUX Schnell", 4)],
)
def test_filters_narrow_it(cards: Locator, label: str, choice: str, count: int) -> None:
    _choose(cards.page.get_by_role("tabpanel").locator("visible=true").first, label, choice)

    expect(cards).to_have_count(count)


def test_by_keyboard_one_walks_opens_stars_and_deletes(cards: Locator) -> None:
    page = cards.page
    cards.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(cards.nth(2)).to_be_focused()

    page.keyboard.press("s")
    star = cards.nth(2).locator('[data-act="star"]')
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(cards.nth(2)).to_be_focused()

    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("a green frog")
    page.keyboard.press("Escape")
    expect(cards.nth(2)).to_be_focused()

    page.keyboard.press("Delete")
    expect(cards).to_have_count(4)
    page.get_by_role("button", name="Undo").click()
    expect(cards).to_have_count(5)

    page.get_by_label("Starred").check()
    expect(cards.locator(".prompt")).to_have_text(["a green frog"])
    cards.locator('[data-act="star"]').click()
    expect(cards).to_have_count(0)


def test_tab_stops_at_one_card_and_at_its_buttons_only(cards: Locator) -> None:
    page = cards.page
    cards.first.focus()

    page.keyboard.press("ArrowRight")
    expect(cards.nth(1)).to_be_focused()
    for act in ("star", "reuse", "delete"):
        page.keyboard.press("Tab")
        expect(cards.nth(1).locator(f'[data-act="{act}"]')).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#history :focus")).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    expect(cards.nth(1).locator('[data-act="delete"]')).to_be_focused()


def test_the_card_that_is_clicked_is_the_one_that_tab_stops_at(cards: Locator) -> None:
    page = cards.page
    star = cards.nth(3).locator('[data-act="star"]')
    for pressed in ("true", "false"):  # the cards are drawn anew each time
        cards.nth(3).hover()
        star.click()
        expect(star).to_have_attribute("aria-pressed", pressed)

        expect(page.locator('#history .small[tabindex="0"]')).to_have_count(1)
        expect(cards.nth(3)).to_have_attribute("tabindex", "0")
        expect(page.locator('#history .actions button[tabindex="0"]')).to_have_count(3)
        expect(cards.nth(3).locator('.actions button[tabindex="0"]')).to_have_count(3)


def test_the_keys_are_told_where_there_is_a_keyboard(
    cards: Locator, chromium: Browser, url: str
) -> None:
    keys = "Arrows move, Enter opens, S stars, Delete throws away."
    expect(cards.page.get_by_text(keys)).to_be_visible()

    touched = chromium.new_context(has_touch=True, is_mobile=True).new_page()
    open_page(touched, url)
    open_tab(touched, "History")
    expect(touched.locator("#history .small").first).to_be_visible()
    expect(touched.get_by_text(keys)).to_be_hidden()
    touched.context.close()


def test_a_run_opens_with_everything_that_is_known_of_it(cards: Locator) -> None:
    page = cards.page
    cards.filter(has_text="a red fox").locator(".shot").click()

    dialog = page.get_by_role("dialog")
    expect(dialog.locator("h2")).to_have_text("FLUX Schnell")
    expect(dialog.locator(".outputs img")).to_be_visible()
    for part in ("Input", "Code", "Timeline", "Metrics", "Logs"):
        expect(dialog.get_by_role("heading", name=part, exact=True)).to_be_visible()
    expect(dialog.get_by_role("tabpanel", name="Python")).to_contain_text("run_model")
    dialog.get_by_role("tab", name="curl").click()
    expect(dialog.get_by_role("tabpanel", name="curl")).to_contain_text("curl -sS")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def test_reuse_leads_back_to_the_form(cards: Locator) -> None:
    page = cards.page
    card = cards.filter(has_text="a blue heron")
    card.hover()
    card.get_by_role("button", name="Reuse settings").click()

    bench = Bench(page, "image")
    expect(bench.prompt).to_have_value("a blue heron")
    expect(bench.field("Seed")).not_to_have_value("")


def test_reuse_opens_a_conversation(cards: Locator) -> None:
    card = cards.first
    card.hover()
    card.get_by_role("button", name="Open conversation").click()

    talk = Talk(cards.page)
    expect(talk.questions).to_have_text("What is an unmistakable owl?")
    expect(talk.answers).to_have_count(1)


def test_it_is_a_list_if_wanted(cards: Locator) -> None:
    cards.page.get_by_role("radio", name="List").check()

    first, second = cards.nth(0), cards.nth(1)
    expect(cards.page.locator("#history")).to_have_class(re.compile(r"\bkept list\b"))
    above, below = first.bounding_box(), second.bounding_box()
    assert above is not None
    assert below is not None
    assert above["x"] == below["x"]
    assert above["y"] < below["y"]
    cards.page.get_by_role("radio", name="Grid").check()


def test_a_star_far_down_leaves_everything_where_it_is(cards: Locator, data_dir: Path) -> None:
    """The last of this module: afterwards its history has three pages."""
    _add_older(data_dir / "history.db", OLDER)
    page = cards.page
    page.get_by_label("Search").fill(" ")  # which looks anew
    for count in (48, 96):
        expect(cards).to_have_count(count)
        page.get_by_role("button", name="Show more").click()
    expect(cards).to_have_count(OLDER + 5)
    card = cards.nth(110)
    card.scroll_into_view_if_needed()
    card.hover()
    place = page.evaluate("scrollY")
    card.evaluate("card => card.marked = true")

    star = card.locator('[data-act="star"]')
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")

    expect(cards).to_have_count(OLDER + 5)
    expect(card).to_contain_text("prompt 105")
    assert card.evaluate("card => card.marked")
    assert place > 0
    assert page.evaluate("scrollY") == place

    card.locator('[data-act="delete"]').click()
    expect(cards).to_have_count(OLDER + 5 - 1)
    page.get_by_role("button", name="Undo").click()
    expect(cards).to_have_count(OLDER + 5)
    assert page.evaluate("scrollY") == place
