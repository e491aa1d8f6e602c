"""What a person is told of charges, and decides: an account without credit, a lost answer."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import ReplicateClient, Settings
from core.emulator import Emulator, Fault
from core.history.archive import Archive
from core.history.records import Job, State
from tests.app_process import App
from tests.browser.views import LONG, Bench, open_page

MODEL = "black-forest-labs/flux-schnell"
INPUT = {"prompt": "a ferry in the fog", "seed": 41}
LOST = (
    "May have been charged: it was sent, its answer was lost, and Replicate lists no "
    "prediction for it."
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """What the app of this module takes for Replicate."""
    with Emulator(port=0, speed=100.0, rate_limits=False, faults=True) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def url(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app whose history holds an uncertain run, of some hours ago."""
    folder = tmp_path_factory.mktemp("data")
    with ReplicateClient(Settings(base_url=emulator.url, replicate_api_token="any")) as client:
        username = client.get_account().username
    with ThreadPoolExecutor(1) as threads:  # the browser's loop runs in this one
        threads.submit(asyncio.run, _lose_a_run(folder, f"{emulator.url}#{username}")).result()
    with App(folder, api_url=emulator.url).running() as url:
        yield url


@pytest.fixture
def image(page: Page, url: str) -> Bench:
    open_page(page, url)
    return Bench.open(page, "image")


async def _lose_a_run(folder: Path, backend: str) -> None:
    asked_at = datetime.now(UTC) - timedelta(hours=3)  # no start of the app looks for it any more
    job = Job(
        id="lost",
        backend=backend,
        owner="local",
        kind="image",
        model=MODEL,
        input=INPUT,
        created_at=asked_at,
    )
    async with Archive.open(Settings(data_dir=folder).database_url_or_default) as archive:
        await archive.add(job, holder="nobody", lease_seconds=0)
        await archive.advance("lost", State.UNCERTAIN, error=LOST, completed_at=asked_at)


def test_it_may_have_been_charged_and_is_run_again_on_purpose_or_looked_for(
    image: Bench, emulator: Emulator
) -> None:
    problem = image.result.locator(".problem")
    expect(problem).to_contain_text(LOST)
    expect(problem.get_by_role("button", name="Look again")).to_be_visible()
    sure = problem.get_by_role("button", name="Run again, even if it is paid twice")
    expect(sure).to_be_hidden()

    problem.get_by_text("Run again…").click()
    expect(problem).to_contain_text("you pay for both")
    sure.click()

    expect(image.result).to_contain_text("seed 41", timeout=LONG)
    expect(image.result.locator("img")).to_be_visible(timeout=LONG)
    [made] = emulator.predictions
    assert made["input"] == INPUT

    with ReplicateClient(Settings(base_url=emulator.url, replicate_api_token="any")) as client:
        first = client.create_prediction(MODEL, INPUT)
    image.earlier.filter(has_text="ferry").locator(".shot").click()
    dialog = image.page.get_by_role("dialog")
    expect(dialog).to_contain_text(LOST)
    dialog.get_by_role("button", name="Look again").click()

    expect(dialog).to_have_count(0)
    expect(image.earlier.filter(has_text="ferry").locator("img")).to_be_visible(timeout=LONG)
    assert {one["id"] for one in emulator.predictions} == {made["id"], first.id}


def test_an_account_without_credit_is_told_so(image: Bench, emulator: Emulator) -> None:
    emulator.inject(
        Fault(
            method="POST",
            path="*/predictions",
            status=402,
            headers={"content-type": "application/problem+json"},
            body='{"title": "Insufficient credit", "detail": "You have none.", "status": 402}',
        )
    )

    image.prompt.fill("a fox")
    image.run_button.click()

    expect(image.result.locator(".problem")).to_contain_text("out of credit")
    expect(image.result).to_contain_text("a fox")
