"""A real Chromium in front of the app."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from tests.app_process import App

_CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path / "data")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a module: while it is open its loop runs here, and async tests couldn't."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        reason = "no Chromium here: install Debian's chromium package"
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
def url(demo_speed: float, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One running offline app for a whole module: it takes seconds to start."""
    with App(tmp_path_factory.mktemp("data"), demo_speed=demo_speed).running() as url:
        yield url


@pytest.fixture(scope="module")
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """One visitor a module, whose browser has the page's scripts compiled after the first test."""
    visitor = chromium.new_context(viewport={"width": 1280, "height": 900})
    visitor.set_default_timeout(30_000)
    yield visitor
    visitor.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    """A page whose scripts may not fail: what they report is an error of the test.

    Nothing that was kept in the browser by one test is there in the next.
    """
    page = visitor.new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("response", lambda answer: _note_failure(answer, mistakes))
    yield page
    visitor.clear_cookies()
    for one in visitor.pages:
        if one.url.startswith("http"):
            one.evaluate("localStorage.clear(), sessionStorage.clear()")
        one.close()
    assert not mistakes


def _note_failure(answer: Response, mistakes: list[str]) -> None:
    if answer.status >= 500:
        mistakes.append(f"{answer.status} for {answer.request.method} {answer.url}")
