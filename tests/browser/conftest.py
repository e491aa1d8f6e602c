"""The app as a process of its own, and a real Chromium in front of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
_LISTENING = re.compile(r"http://127\.0\.0\.1:\d+")
_CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class App:
    """`python app.py`, offline, on a free port and one data folder, as often as it is started."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    @contextmanager
    def running(self) -> Iterator[str]:
        """Start the app, give its URL, and end it with SIGTERM as a service manager would."""
        process = subprocess.Popen(
            [
                sys.executable,
                "app.py",
                "--offline",
                "--no-browser",
                "--port=0",
                f"--data-dir={self._data_dir}",
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield self._url(process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=20)
            finally:
                process.kill()
                process.stdout.close()
        assert process.returncode == 0, "the app ends cleanly when it is told to"

    @staticmethod
    def _url(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        for line in process.stdout:
            if found := _LISTENING.search(line):
                return found.group()
        raise AssertionError(f"the app ended with {process.wait()} before it listened")


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


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
