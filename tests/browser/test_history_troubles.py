"""A history that is damaged, or can't be used: the page opens, says so, and goes on by itself."""

from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import create_engine

from core.history.engines import migrate
from tests.app_process import App
from tests.browser.views import Bench, open_page, open_tab
from tests.core.history.damages import header

RUNS = 3


def a_damaged_history(data_dir: Path) -> None:
    """Write a history of a few runs, and noise over its beginning."""
    made = data_dir.with_name("made")
    made.mkdir()
    engine = create_engine(f"sqlite:///{made / 'history.db'}")
    with engine.begin() as connection:
        migrate(connection)
        for n in range(RUNS):
            connection.exec_driver_sql(
                "INSERT INTO jobs (id, backend, owner, kind, model, model_name, prompt, input, "
                "state, created_at, logs, metrics) VALUES (?, 'emulator', 'local', 'chat', 'a/b', "
                "'a/b', ?, '{}', 'succeeded', '2026-03-01 12:00:00.000000', '', '{}')",
                (f"job{n}", f"question {n}"),
            )
    engine.dispose()
    header(made / "history.db")
    made.rename(data_dir)  # in one step: the app looks every second


def test_the_page_says_what_is_wrong_with_the_history_and_goes_on_by_itself(
    tmp_path: Path, page: Page
) -> None:
    """One start for both troubles: there is no folder, and then there is a damaged file in it."""
    data_dir = tmp_path / "data"
    data_dir.write_text("a file where the folder should be")
    with App(data_dir).running() as url:
        open_page(page, url)
        banner = page.locator("#banner .notice")
        expect(banner).to_contain_text("a file is where a folder should be")
        image = Bench.open(page, "image")
        image.prompt.fill("a fox")
        image.run_button.click()
        expect(image.notice).to_contain_text("a file is where a folder should be")

        data_dir.unlink()
        a_damaged_history(data_dir)
        for tab in ("Video", "Chat", "History", "Image"):
            open_tab(page, tab)
            expect(banner).to_contain_text("The history was damaged: its file is kept as")
        expect(banner).to_contain_text("3 runs that could be read were carried over")
        open_tab(page, "History")
        expect(page.locator("#history .small")).to_have_count(RUNS)
        page.get_by_role("button", name="Dismiss").click()
        expect(banner).to_have_count(0)
        page.reload()
        Bench.open(page, "image").finish("a fox")
        expect(banner).to_have_count(0)
    assert len(list(data_dir.glob("history.damaged-*.db"))) == 1
