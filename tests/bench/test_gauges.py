"""What a process used is what it used: its peak, its CPU time, its threads and handles."""

import os
import threading
import time
from pathlib import Path

import pytest

from tests.bench import gauges

pytestmark = pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux's /proc"
)

MEGABYTE = 1024 * 1024


def test_memory_that_was_given_back_is_in_the_peak_until_that_is_reset() -> None:
    gauges.reset_peak()
    before = gauges.resident_mb()

    block = bytearray(os.urandom(MEGABYTE)) * 64
    del block

    assert 60 < gauges.peak_mb() - before < 90
    assert gauges.resident_mb() - before < 30
    gauges.reset_peak()
    assert gauges.peak_mb() - before < 30


def test_a_piece_of_work_is_measured_by_itself() -> None:
    with gauges.gauged() as used:
        block = bytearray(os.urandom(MEGABYTE)) * 32
        del block
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
        time.sleep(0.1)

    assert 28 < used.added_mb < 50
    assert 0.2 <= used.cpu < 0.6
    assert used.seconds >= 0.3


def test_cpu_time_grows_with_work_and_not_with_waiting() -> None:
    before = gauges.cpu_seconds()
    time.sleep(0.1)
    waited = gauges.cpu_seconds()
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass

    assert waited - before <= 0.05
    assert 0.15 <= gauges.cpu_seconds() - waited < 0.6


def test_threads_and_handles_are_counted(tmp_path: Path) -> None:
    threads, handles = gauges.threads(), gauges.handles()
    done = threading.Event()
    waiting = threading.Thread(target=done.wait)
    waiting.start()

    with (tmp_path / "file").open("w"):
        counted = gauges.threads() - threads, gauges.handles() - handles
    done.set()
    waiting.join()

    assert counted == (1, 1)
    assert gauges.threads(os.getppid()) >= 1
