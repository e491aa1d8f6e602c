"""The page in a browser that was never there: when it can be used, and what it costs."""

from collections.abc import Iterator

from playwright.sync_api import Browser

from tests.bench.apps import app, peer
from tests.bench.bench import Bench, load_average
from tests.bench.browsers import Opened, chromium, opened
from tests.bench.rows import Curve, Row, at_most
from tests.bench.sides import Figures, compare

_SETTLED_SECONDS = 5.0
"""How long after it was opened a page has done all that it does by itself."""

_FORMS = 21
"""Of which the first and the last are of the same model."""

_PEER = "Gradio page of 30 components"

_CHOOSE = """async (id) => {
    const choice = document.querySelector(`#image-model [data-model="${id}"]`);
    const form = () => document.querySelector("#image-bench .fields:not(:empty)")?.className;
    const before = form();
    const began = performance.now();
    choice.click();
    while (!form() || form() === before) {
        if (performance.now() - began > 20000) throw new Error("no form came");
        await new Promise(requestAnimationFrame);
    }
    return performance.now() - began;
}"""


def rows(bench: Bench) -> Iterator[Row | Curve]:
    """Compare with a Gradio page of as many components as a form has."""
    with app(bench.folder) as ours, peer("page") as theirs, chromium() as browser:
        for url in (ours.url, theirs.url):
            _loaded(browser, url)  # what the servers do at the first visit of all
        found = compare(
            bench.rounds,
            ours=lambda: _loaded(browser, ours.url),
            peer=lambda: _loaded(browser, theirs.url),
        )
        forms = compare(bench.rounds, ours=lambda: _forms(browser, ours.url))["ours"]
    for metric, name, unit, bound in (
        ("page: time to Run in sight", "ready", "s", 1.2),
        ("page: bytes transferred", "kB", "kB", 1.2),
        (f"page: main thread, first {_SETTLED_SECONDS:g} s", "main", "s", 1.2),
    ):
        yield Row(
            metric,
            found["ours"][name],
            at_most(bound),
            peer=found["peer"][name],
            unit=unit,
            against=_PEER,
            load=load_average(),
        )
    yield Row("page: layout shift while it opens", found["ours"]["shift"], at_most(0.05))
    yield Row(
        f"page: form {_FORMS} of an open page",
        forms[str(_FORMS)],
        at_most(1.1),
        peer=forms["1"],
        unit="ms",
        against="the first",
        load=load_average(),
    )
    yield Curve(
        "forms in one open page",
        "form",
        "until it is drawn, ms",
        {"ours": [(int(number), ms) for number, ms in forms.items()]},
    )


def _loaded(browser: Browser, url: str) -> Figures:
    with opened(browser, url) as page:
        page.wait_until(_SETTLED_SECONDS)
        return {
            "ready": page.ready_seconds,
            "kB": page.transferred / 1000,
            "main": page.main_thread_seconds,
            "shift": page.layout_shift,
        }


def _forms(browser: Browser, url: str) -> Figures:
    with opened(browser, url) as page:
        page.page.locator("#image-bench .fields").first.wait_for()
        page.wait_until(_SETTLED_SECONDS)
        first, other = _models(page)
        return {
            str(number): page.page.evaluate(_CHOOSE, other if number % 2 else first)
            for number in range(1, _FORMS + 1)
        }


def _models(page: Opened) -> tuple[str, str]:
    """Return the model that the page begins with, and another."""
    choices = page.page.locator("#image-model [data-model]")
    models = [one.get_attribute("data-model") or "" for one in choices.all()[:2]]
    return models[0], models[1]
