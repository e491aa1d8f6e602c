"""The Chat tab at work: several turns, changed ones, stopped ones, and conversations kept."""

import re
import threading
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.views import Talk, open_page

LONG_QUESTION = "Explain tea in ten long paragraphs"


@pytest.fixture(scope="module")
def url(gated_url: str) -> str:
    return gated_url


@pytest.fixture
def talk(kept_page: Page, go_on: threading.Event) -> Talk:
    """The Chat tab with an empty conversation."""
    talk = Talk.open(kept_page)
    begin_anew(talk)
    return talk


def begin_anew(talk: Talk) -> None:
    """Begin a conversation; what is sent belongs to the one that is seen."""
    talk.page.get_by_role("button", name="New conversation").click()
    expect(talk.questions).to_have_count(0)


def stop(talk: Talk) -> None:
    """Stop the answer that is being written, so that nobody waits for its end."""
    talk.page.locator("#composer .stop-button").click()
    expect(talk.answers).to_have_count(1)


def test_words_come_one_after_the_other_and_stay(talk: Talk, go_on: threading.Event) -> None:
    go_on.clear()
    talk.send("Give me a list of three teas")

    expect(talk.questions).to_have_text("Give me a list of three teas")
    expect(talk.live).to_be_visible()
    expect(talk.answers).to_have_count(0)

    go_on.set()

    expect(talk.answers).to_have_count(1)
    expect(talk.answers.locator("li").first).to_be_visible()
    expect(talk.live).to_have_count(0)
    expect(talk.page.locator(".talk .notice")).to_have_text(
        re.compile(r"s to the first token · \d+ tokens/s")
    )


def test_a_conversation_has_several_turns_and_is_opened_again(talk: Talk, url: str) -> None:
    talk.ask("What is 17 * 23?")
    talk.ask("And what is green tea?")
    expect(talk.questions).to_have_count(2)

    open_page(talk.page, url)
    again = Talk.open(talk.page)
    expect(again.questions).to_have_count(0)
    again.conversations.filter(has_text="What is 17 * 23?").locator(".open").click()

    expect(again.questions).to_have_text(["What is 17 * 23?", "And what is green tea?"])
    expect(again.answers).to_have_count(2)
    expect(again.answers.first).to_contain_text("391")


def test_an_edited_question_is_asked_anew(talk: Talk) -> None:
    talk.ask("What is 2 + 2?")
    expect(talk.answers.first).to_contain_text("4")

    talk.questions.first.hover()
    talk.page.locator("#chatbot").get_by_label("Edit").first.click()
    talk.page.locator("#chatbot textarea").fill("What is 20 + 3?")
    talk.page.locator("#chatbot").get_by_label("Submit").click()

    expect(talk.questions).to_have_text("What is 20 + 3?")
    expect(talk.answers).to_have_count(1)
    expect(talk.answers.first).to_contain_text("23")


def test_retry_asks_the_same_once_more(talk: Talk, go_on: threading.Event) -> None:
    talk.ask("What is 3 * 3?")

    go_on.clear()
    talk.page.locator("#chatbot").get_by_label("Retry").click()

    expect(talk.live).to_be_visible()
    go_on.set()
    expect(talk.answers).to_have_count(1)
    expect(talk.questions).to_have_text("What is 3 * 3?")
    expect(talk.answers).to_contain_text("9")


def test_stop_keeps_what_came(talk: Talk, go_on: threading.Event) -> None:
    go_on.clear()
    talk.send(LONG_QUESTION)
    expect(talk.live).to_contain_text(re.compile(r"\w{3}"))

    stop(talk)

    expect(talk.page.locator(".talk .notice")).to_contain_text(
        "Stopped: what ran until then is charged."
    )
    expect(talk.answers).not_to_be_empty()


def test_a_reload_comes_back_to_the_answer(talk: Talk, url: str, go_on: threading.Event) -> None:
    go_on.clear()
    talk.send(LONG_QUESTION)
    expect(talk.live).to_be_visible()

    open_page(talk.page, url)
    again = Talk.open(talk.page)

    expect(again.questions).to_have_text(LONG_QUESTION)
    expect(again.live).to_contain_text(re.compile(r"\w{3}"))
    stop(again)
    expect(again.answers).not_to_be_empty()


def test_nothing_that_is_said_is_executed(talk: Talk) -> None:
    talk.ask('<img src=x onerror="window.hacked = 1"> <script>window.hacked = 1</script> hello')

    assert talk.page.evaluate("window.hacked") is None


def test_a_new_conversation_is_empty_and_the_old_one_stays(talk: Talk) -> None:
    talk.ask("Name a river")

    talk.page.get_by_role("button", name="New conversation").click()

    expect(talk.questions).to_have_count(0)
    expect(talk.page.locator("#chat-welcome")).to_be_visible()
    expect(talk.conversations.filter(has_text="Name a river")).to_have_count(1)


def test_one_answer_is_written_at_a_time(talk: Talk, go_on: threading.Event) -> None:
    go_on.clear()
    talk.send(LONG_QUESTION)
    expect(talk.live).to_be_visible()

    talk.send("And another thing")

    expect(talk.page.locator(".talk .notice").first).to_contain_text(re.compile("stop|Writing"))
    expect(talk.questions).to_have_text(LONG_QUESTION)
    stop(talk)
    expect(talk.questions).to_have_text(LONG_QUESTION)


def test_a_deleted_conversation_leaves_the_list(talk: Talk) -> None:
    talk.ask("Name a lake")
    entry = talk.conversations.filter(has_text="Name a lake")

    entry.hover()
    entry.get_by_role("button", name="Delete this conversation").click()

    expect(entry).to_have_count(0)
    expect(talk.questions).to_have_count(0)
    talk.page.get_by_role("button", name="Undo").click()
    expect(entry).to_have_count(1)


def test_another_conversation_is_opened_while_an_answer_is_written(
    talk: Talk, go_on: threading.Event
) -> None:
    """The words of one never land in the other, and neither loses any."""
    talk.ask("Name a tree")
    begin_anew(talk)
    go_on.clear()
    talk.send(LONG_QUESTION)
    expect(talk.live).to_be_visible()

    talk.conversations.filter(has_text="Name a tree").locator(".open").click()
    expect(talk.questions).to_have_text("Name a tree")
    expect(talk.live).to_have_count(0)
    expect(talk.page.locator("#composer .submit-button")).to_be_visible()

    talk.conversations.filter(has_text=LONG_QUESTION).locator(".open").first.click()
    expect(talk.questions).to_have_text(LONG_QUESTION)
    expect(talk.live).to_be_visible()
    go_on.set()
    expect(talk.answers).to_have_count(1)
    talk.conversations.filter(has_text="Name a tree").locator(".open").click()
    expect(talk.questions).to_have_text("Name a tree")
    expect(talk.answers).to_have_count(1)


def test_a_models_own_settings_are_sent_and_what_was_changed_goes_along(talk: Talk) -> None:
    panel = talk.page.locator("#chat-bench")
    panel.get_by_role("button", name="Settings").click()
    system = panel.get_by_role("textbox", name=re.compile("^System prompt"))
    system.fill("Answer in one word.")
    talk.ask("What is tea?")
    expect(talk.answers.locator("p").first).to_have_text("Tea.")

    talk.choose("openai/gpt-5.2")

    expect(panel.get_by_role("radio", name="medium")).to_be_checked()
    expect(panel.get_by_label("Temperature")).to_have_count(0)
    expect(system).to_have_value("Answer in one word.")
    panel.get_by_role("button", name="Reset System prompt").click()
    expect(system).to_have_value("")


def test_an_image_is_shown_to_a_model_that_looks_at_it(talk: Talk, tmp_path: Path) -> None:
    picture = tmp_path / "red.png"
    Image.new("RGB", (64, 64), "red").save(picture)
    talk.choose("anthropic/claude-4.5-sonnet")

    talk.page.locator("#composer input[type=file]").set_input_files(picture)
    expect(talk.page.locator("#composer .thumbnails img, #composer img")).to_be_visible()
    talk.ask("What is in this picture?")

    expect(talk.questions.locator("img")).to_be_visible()
    expect(talk.page.get_by_role("button", name="New conversation")).to_be_visible()
