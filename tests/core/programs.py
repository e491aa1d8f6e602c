"""Programs that use the client as a stranger would, in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.emulator import Emulator
from tests.core.waiting import until_blocking

_ROOT = Path(__file__).parents[2]


@contextmanager
def program(source: str, emulator: Emulator, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run Python source against an emulator; what still runs at the block's end is killed."""
    environment = {
        "REPLICATE_BASE_URL": emulator.url,
        "REPLICATE_API_TOKEN": "anything",
        "PYTHONPATH": str(_ROOT),
    }
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", source],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A process that was started in the background by a shell ignores it otherwise.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def interrupted(
    source: str, emulator: Emulator, folder: Path, *, times: int, when: Callable[[], bool]
) -> tuple[int, str, float]:
    """Press Ctrl+C in a program; return its exit code, its errors, and how long it took to end."""
    with program(source, emulator, folder) as process:
        until_blocking(when, seconds=20)
        time.sleep(0.1)
        began = time.monotonic()
        for _ in range(times):
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.1)
        _, errors = process.communicate(timeout=30)
        return process.returncode, errors, time.monotonic() - began
