"""The page's tabs, as a person at the browser uses them."""

import re
from contextlib import suppress
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from ui.bench.drawing import form_class

LONG = 60_000
"""Milliseconds that a clip may take on a busy machine."""


def open_page(page: Page, url: str) -> None:
    """Open the page, and wait until its forms are there."""
    page.goto(url)
    expect(page.locator("button.run").first).to_be_visible(timeout=20_000)


def open_tab(page: Page, name: str) -> Locator:
    """Go to a tab and return its panel."""
    page.get_by_role("tab", name=name, exact=True).click()
    return page.get_by_role("tabpanel").locator("visible=true").first


def expect_form(panel: Locator, model: str) -> None:
    """Wait until a model's form is drawn."""
    expect(panel.locator(f".fields.{form_class(model)}")).to_have_count(1)


def reset_all(panel: Locator) -> None:
    """Put all fields of a form back to their defaults."""
    resets = panel.locator(".changes [data-act]")
    # They may also go by themselves, with a form that is just being drawn anew.
    with suppress(PlaywrightTimeout):
        if resets.count():
            resets.last.click(timeout=5_000)  # of all, where there are several
    expect(resets).to_have_count(0)


@dataclass(frozen=True)
class Bench:
    """The Image or the Video tab."""

    page: Page
    kind: str

    @classmethod
    def open(cls, page: Page, kind: str) -> "Bench":
        """Go to the tab; `kind` is `image` or `video`."""
        bench = cls(page, kind)
        open_tab(page, kind.capitalize())
        expect(bench.run_button).to_be_visible()
        return bench

    @property
    def panel(self) -> Locator:
        """All of the tab."""
        return self.page.get_by_role("tabpanel").locator("visible=true").first

    @property
    def prompt(self) -> Locator:
        """The box for the prompt."""
        return self.panel.get_by_label("Prompt", exact=True)

    @property
    def run_button(self) -> Locator:
        """The button that starts a run."""
        return self.panel.locator("button.run")

    @property
    def running(self) -> Locator:
        """The cards of the runs under way."""
        return self.page.locator(f"#{self.kind}-current .running")

    @property
    def result(self) -> Locator:
        """The newest result in full."""
        return self.page.locator(f"#{self.kind}-current .result")

    @property
    def earlier(self) -> Locator:
        """The cards of earlier results."""
        return self.page.locator(f"#{self.kind}-latest .small")

    @property
    def notice(self) -> Locator:
        """What the form has to say."""
        return self.panel.locator(".notice")

    @property
    def chosen_model(self) -> Locator:
        """The button of the model picker."""
        return self.page.locator(f"#{self.kind}-model summary")

    def field(self, title: str) -> Locator:
        """A setting that is typed, by its title; what it is for belongs to its label, too."""
        return self.panel.get_by_role("textbox", name=re.compile(rf"^{title}\b"))

    def choose(self, model: str) -> None:
        """Pick a model by its id, and wait for its form."""
        self.chosen_model.click()
        self.page.locator(f'#{self.kind}-model [data-model="{model}"]').click()
        expect_form(self.panel, model)

    def empty(self) -> None:
        """Go back to the model that the tab begins with, and to an empty form."""
        first = self.page.locator(f"#{self.kind}-model [data-model]").first
        model = first.get_attribute("data-model")
        assert model is not None
        if first.get_attribute("aria-pressed") != "true":
            self.choose(model)
        reset_all(self.panel)
        self.prompt.fill("")

    def run(self, prompt: str) -> None:
        """Start a run, and see that it is under way; its model has to wait for a word meanwhile."""
        self.prompt.fill(prompt)
        self.run_button.click()
        expect(self.running.filter(has_text=prompt)).to_be_visible()

    def finish(self, prompt: str) -> None:
        """Start a run and wait for its result; it may come before anything else is seen."""
        self.prompt.fill(prompt)
        self.run_button.click()
        expect(self.result.filter(has_text=prompt)).to_be_visible(timeout=LONG)


@dataclass(frozen=True)
class Talk:
    """The Chat tab."""

    page: Page

    @classmethod
    def open(cls, page: Page) -> "Talk":
        """Go to the tab."""
        open_tab(page, "Chat")
        talk = cls(page)
        expect(talk.box).to_be_visible()
        return talk

    @property
    def box(self) -> Locator:
        """The box to write in."""
        return self.page.locator("#composer textarea")

    @property
    def questions(self) -> Locator:
        """What the person said."""
        return self.page.locator("#chatbot .message.user")

    @property
    def answers(self) -> Locator:
        """What the model answered, as far as it is finished."""
        return self.page.locator("#chatbot .message.bot")

    @property
    def live(self) -> Locator:
        """The answer that is being written."""
        return self.page.locator("#live .message.bot")

    @property
    def conversations(self) -> Locator:
        """The list of conversations."""
        return self.page.locator("#conversations .conversation")

    def choose(self, model: str) -> None:
        """Pick a model by its id."""
        self.page.locator("#chat-model summary").click()
        option = self.page.locator(f'#chat-model [data-model="{model}"]')
        option.click()
        expect(option).to_have_attribute("aria-pressed", "true")

    def send(self, message: str) -> None:
        """Write a message and send it."""
        self.box.fill(message)
        self.box.press("Enter")

    def ask(self, message: str) -> None:
        """Write a message and wait for its answer."""
        before = self.answers.count()
        self.send(message)
        expect(self.answers).to_have_count(before + 1, timeout=LONG)
        expect(self.page.locator("#composer .submit-button")).to_be_visible()
