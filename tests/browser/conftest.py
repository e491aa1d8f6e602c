"""A real Chromium in front of the app."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright

from core.emulator import Emulator
from tests.app_process import App
from tests.browser.views import open_page
from tests.core.talkers import QUICK_MODELS
from tests.gating import gated

_CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


expect.set_options(timeout=15_000)
"""Other tests run beside these, and a machine may be slow."""

_CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first is the same engine without a browser around it: a page costs a third less."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a module: while it is open its loop runs here, and async tests couldn't."""
    executable = next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    if executable is None:
        reason = "no Chromium here: install Debian's chromium-headless-shell"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo_speed() -> float:
    """How much faster than life the offline app's models work."""
    return 4.0


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's app keeps things."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def url(demo_speed: float, data_dir: Path) -> Iterator[str]:
    """One running offline app for a whole module: it takes seconds to start."""
    with App(data_dir, demo_speed=demo_speed).running() as url:
        yield url


@pytest.fixture(scope="module")
def gate() -> threading.Event:
    """While it is cleared, models of `gated_url` wait before their first file or second word."""
    gate = threading.Event()
    gate.set()
    return gate


@pytest.fixture
def go_on(gate: threading.Event) -> Iterator[threading.Event]:
    """The gate; it is open again at a test's end."""
    yield gate
    gate.set()


@pytest.fixture(scope="module")
def gated_url(gate: threading.Event, data_dir: Path) -> Iterator[str]:
    """An app whose Replicate is here: quick, and its models wait for a test's word."""
    runners = [gated(runner, gate, after_words=1) for runner in QUICK_MODELS]
    with Emulator(port=0, speed=20.0, rate_limits=False, runners=runners) as emulator:
        with App(data_dir, api_url=emulator.url).running() as url:
            yield url
        gate.set()


@pytest.fixture(scope="module")
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """One visitor a module, whose browser has the page's scripts compiled after the first test.

    Who wants no motion: what is looked at stands still, and nothing is drawn sixty times a second.
    """
    visitor = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    visitor.set_default_timeout(30_000)
    yield visitor
    visitor.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    """A page whose scripts may not fail: what they report is an error of the test.

    Nothing that was kept in the browser by one test is there in the next.
    """
    page = visitor.new_page()
    mistakes = _mistakes(page)
    yield page
    visitor.clear_cookies()
    for one in visitor.pages:
        if one.url.startswith("http"):
            one.evaluate("localStorage.clear(), sessionStorage.clear()")
        one.close()
    assert not mistakes


@pytest.fixture(scope="module")
def _open_page(visitor: BrowserContext, url: str) -> Iterator[tuple[Page, list[str]]]:
    page = visitor.new_page()
    mistakes = _mistakes(page)
    open_page(page, url)
    yield page, mistakes
    page.close()


@pytest.fixture
def kept_page(_open_page: tuple[Page, list[str]]) -> Iterator[Page]:
    """The page of the whole module, as the test before left it, for tests that can begin so: to
    open one takes as long as many a test. Its scripts may not fail either, and what a test opens
    beside it is closed.
    """
    page, mistakes = _open_page
    mistakes.clear()
    yield page
    for other in page.context.pages:
        if other != page:
            other.close()
    assert not mistakes


def _mistakes(page: Page) -> list[str]:
    """Return a list that fills with what goes wrong in a page."""
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("response", lambda answer: _note_failure(answer, mistakes))
    return mistakes


def _note_failure(answer: Response, mistakes: list[str]) -> None:
    if answer.status >= 500:
        mistakes.append(f"{answer.status} for {answer.request.method} {answer.url}")
