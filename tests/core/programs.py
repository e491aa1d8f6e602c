"""Programs that use the client, in processes of their own: to interrupt, to fork, to end."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.emulator import Emulator
from tests.core.waiting import until_blocking

_ROOT = Path(__file__).parents[2]
_IMPORTS = """
import asyncio, gc, multiprocessing, os, sys, threading, time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from core import *
"""


@contextmanager
def program(
    source: str, emulator: Emulator, *, warnings: str = "error"
) -> Iterator["subprocess.Popen[str]"]:
    """Run Python source against an emulator; what still runs at the block's end is killed."""
    with subprocess.Popen(
        [sys.executable, "-P", "-W", warnings, "-c", _IMPORTS + source],
        cwd=tempfile.gettempdir(),
        env={
            "REPLICATE_BASE_URL": emulator.url,
            "REPLICATE_API_TOKEN": "anything",
            "PYTHONPATH": str(_ROOT),
        },
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


def output_of(source: str, emulator: Emulator, *, warnings: str = "error") -> list[str]:
    """Return the lines that a program prints, once it has ended well and without a complaint."""
    with program(source, emulator, warnings=warnings) as process:
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, ""), errors
    return output.splitlines()


def interrupt(source: str, emulator: Emulator, *, times: int, when: Callable[[], bool]) -> float:
    """Press Ctrl+C in a program and return the seconds until it has ended by it."""
    with program(source, emulator, warnings="default") as process:
        until_blocking(when, seconds=20)
        time.sleep(0.1)
        began = time.monotonic()
        for _ in range(times):
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.1)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT, errors
    assert "KeyboardInterrupt" in errors
    return time.monotonic() - began
