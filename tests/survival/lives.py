"""A process that holds only `core`, made to be killed: `python -m tests.survival.lives`.

It imports everything once and then forks one life for each order on its input, so that a kill
costs no start of Python. What a life does is told line by line on the output, as JSON.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core import AsyncReplicateClient, Settings
from core.history.archive import Archive
from core.history.media import MediaStore
from core.jobs.jobs import Jobs
from tests.survival.hurry import HURRIED, ImpatientTransport, sleep
from tests.survival.models import MODELS

BACKEND = "survival"
OWNER = "ann"
_ROOT = Path(__file__).parents[2]
_MOST_PROMPTS = 12


@dataclass(frozen=True)
class Order:
    """One life.

    Attributes:
        shift_seconds: how far its clock is ahead, so that the leases of earlier lives are over.
        runs: how many it asks for; what earlier lives left is finished besides.
    """

    data_dir: str
    api_url: str
    seed: int
    shift_seconds: float
    runs: int


class Nursery:
    """The process that forks lives, one at a time.

    Attributes:
        asked: the jobs that any of them was told it has.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.asked: set[str] = set()
        self._process = process

    def begin(self, order: Order) -> int:
        """Begin a life and return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        return int(self.news("born")["pid"])

    def kill(self, process_id: int) -> None:
        """End a life, if it hasn't come to its own end; return when it is over."""
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)
        self.news("dead")

    def news(self, wanted: str) -> Mapping[str, Any]:
        """Wait for a piece of news, and return it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if told["what"] == "asked":
                self.asked.add(told["job_id"])
            if told["what"] == wanted:
                return dict(told)
            assert told["what"] != "dead", f"it ended before it told “{wanted}”"
        raise AssertionError("nobody is left to tell news")


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Start the process that forks lives, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.survival.lives"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            yield Nursery(process)
        finally:
            process.kill()


def main() -> None:
    """Fork a life for each order; wait for it to be over before the next."""
    for line in sys.stdin:
        order = Order(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            _tell("born", pid=os.getpid())
            asyncio.run(_live(order))
            os._exit(0)
        os.waitpid(pid, 0)
        _tell("dead", pid=pid)


async def _live(order: Order) -> None:
    dice = random.Random(order.seed)
    settings = Settings(
        base_url=order.api_url,
        replicate_api_token=SecretStr("any"),
        data_dir=Path(order.data_dir),
    )

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=order.shift_seconds)

    async with (
        AsyncReplicateClient(settings, transport=ImpatientTransport(), clock=HURRIED) as client,
        Archive.open(settings.database_url_or_default, now=now) as archive,
        Jobs(
            client,
            archive,
            MediaStore(Path(order.data_dir) / "media"),
            backend=BACKEND,
            max_running=8,
            sleep=sleep,
            now=now,
        ) as jobs,
    ):
        await jobs.resume()
        _tell("up")
        for _ in range(order.runs):
            prompt = f"prompt {dice.randrange(_MOST_PROMPTS)}"
            job_id = await jobs.submit(dice.choice(MODELS), {"prompt": prompt}, owner=OWNER)
            _tell("asked", job_id=job_id)
            await asyncio.sleep(dice.uniform(0, 0.05))
        for job in await jobs.running(OWNER):
            async for _ in jobs.watch(job.id):
                pass
        _tell("done")


def _tell(what: str, **more: Any) -> None:
    print(json.dumps({"what": what, **more}), flush=True)


if __name__ == "__main__":
    main()
