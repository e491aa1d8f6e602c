"""A Chromium in front of a page, and what the page costs in it."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

_CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")

_COUNT_SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) {
            if (!shift.hadRecentInput) window.shifts += shift.value;
        }
    }).observe({type: "layout-shift", buffered: true});
"""


@dataclass
class Opened:
    """A page that was opened, and what the browser tells of it.

    Attributes:
        ready_seconds: until what was waited for was in sight.
        requests: how many the page made so far.
        transferred: bytes of the answers so far, as they came over the network.
    """

    page: Page
    session: CDPSession
    began: float
    ready_seconds: float = 0.0
    requests: int = 0
    transferred: float = 0.0
    mistakes: list[str] = field(default_factory=list)

    @property
    def main_thread_seconds(self) -> float:
        """How long its main thread was at work so far."""
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    @property
    def layout_shift(self) -> float:
        """How much of it has moved by itself (the sum of its layout shifts)."""
        return float(self.page.evaluate("window.shifts"))

    def wait_until(self, seconds: float) -> None:
        """Let it be until so long after it was opened."""
        self.page.wait_for_timeout(max(0.0, self.began + seconds - time.perf_counter()) * 1000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser.

    Raises:
        LookupError: there is none here.
    """
    executable = next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    if executable is None:
        raise LookupError("no Chromium here: install Debian's chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str, ready: str = "button.run") -> Iterator[Opened]:
    """Open a page as one who was never there, and wait for an element of it.

    Raises:
        AssertionError: at the end, if a script of the page failed.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(_COUNT_SHIFTS)
    session = context.new_cdp_session(page)
    one = Opened(page, session, time.perf_counter())

    def finished(event: dict[str, float]) -> None:
        one.transferred += event["encodedDataLength"]

    def requested(_: object) -> None:
        one.requests += 1

    session.on("Network.loadingFinished", finished)
    session.on("Network.requestWillBeSent", requested)
    session.send("Network.enable")
    session.send("Performance.enable")
    page.on("pageerror", lambda error: one.mistakes.append(str(error)))
    one.began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(ready).first.wait_for(timeout=60_000)
    one.ready_seconds = time.perf_counter() - one.began
    yield one
    context.close()
    assert not one.mistakes, one.mistakes
