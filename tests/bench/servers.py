"""Servers as processes of their own, so that none shares a core's time with what is measured."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench.sides import ROOT, clean_environment

_LISTENING = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Server:
    """A process that answers on a URL."""

    url: str
    pid: int


@contextmanager
def started(
    module: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run `python -m …` until the block ends; it says its URL in a line when it answers.

    Raises:
        RuntimeError: it ended before it answered.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        cwd=ROOT,
        env=clean_environment(**(environment or {})),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := _LISTENING.search(line):
                yield Server(found.group(), process.pid)
                return
        raise RuntimeError(f"{' '.join(module)} ended before it answered")
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()
