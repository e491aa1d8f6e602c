"""A page that is left open, at rest."""

import time
from collections.abc import Iterator

from playwright.sync_api import Browser

from tests.bench.apps import app
from tests.bench.bench import Bench, load_average
from tests.bench.browsers import chromium, opened
from tests.bench.gauges import cpu_seconds
from tests.bench.rows import Row, at_most
from tests.bench.servers import Server
from tests.bench.sides import Figures, compare

_SETTLED_SECONDS = 8.0


def rows(bench: Bench) -> Iterator[Row]:
    """Compare the server with itself while no page is open; the page is measured as it is."""
    seconds = bench.size(60.0, 5.0)
    with app(bench.folder) as server, chromium() as browser:
        found = compare(
            bench.rounds,
            closed=lambda: _without_page(server, seconds),
            open=lambda: _with_page(server, browser, seconds),
        )
    resting, page = found["closed"], found["open"]
    for metric, ours, bound in (
        ("server CPU a second beyond no page", page["cpu"] - resting["cpu"], 0.01),
        ("the page's own main thread, share", page["main"], 0.01),
    ):
        yield Row(f"idle page: {metric}", ours, at_most(bound), load=load_average())
    yield Row(
        "idle page: requests a minute",
        page["requests"] * 60,
        at_most(60),
        load=load_average(),
    )


def _without_page(server: Server, seconds: float) -> Figures:
    before = cpu_seconds(server.pid)
    time.sleep(seconds)
    return {"cpu": (cpu_seconds(server.pid) - before) / seconds}


def _with_page(server: Server, browser: Browser, seconds: float) -> Figures:
    with opened(browser, server.url) as page:
        page.wait_until(_SETTLED_SECONDS)
        cpu, requests, main = cpu_seconds(server.pid), page.requests, page.main_thread_seconds
        page.wait_until(_SETTLED_SECONDS + seconds)
        return {
            "cpu": (cpu_seconds(server.pid) - cpu) / seconds,
            "requests": (page.requests - requests) / seconds,
            "main": (page.main_thread_seconds - main) / seconds,
        }
