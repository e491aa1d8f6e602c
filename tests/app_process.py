"""The app as a process of its own, as a person starts it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LISTENING = re.compile(r"http://127\.0\.0\.1:\d+")


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
