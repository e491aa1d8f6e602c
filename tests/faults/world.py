"""The jobs' world with time that only waiting moves, and the accounts of each run."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.request import urlopen

import httpx2

from core.clock import Clock
from core.emulator import Fault
from core.history.records import Job, State
from core.jobs.events import Event
from tests.core.jobs import world
from tests.core.jobs.world import Process
from tests.core.parts import FakeTime
from ui.views.present import sentence

POLL = "/v1/predictions/*"
STREAM = "/v1/streams/*"
OUTPUT = "/outputs/*"

_RENEW_SECONDS = 5.0
_PATIENCE_SECONDS = 20.0
"""A promise that isn't kept by then is broken."""


class Time(FakeTime):
    """A clock that moves when somebody waits, except for the keeper of the leases."""

    async def sleep_except_between_renewals(self, seconds: float) -> None:
        if seconds == _RENEW_SECONDS:
            await asyncio.Event().wait()
        await self.sleep(seconds)


@dataclass
class World(world.World):
    """Replicate, what this machine keeps, and the time of all its processes."""

    time: Time = field(default_factory=Time)

    @asynccontextmanager
    async def process(
        self, *, transport: httpx2.AsyncBaseTransport | None = None, **options: Any
    ) -> AsyncIterator[Process]:
        """Open what a process of the app opens; `transport` is what leads to the API."""
        clock, sleep = self.time.clock, self.time.sleep
        opened = super().process(
            sleep=self.time.sleep_except_between_renewals,
            clock=clock,
            client_options={
                "clock": Clock(sleep=sleep, monotonic=clock),
                "transport": transport,
            },
            # The clock runs faster than the models work.
            **{"timeout_seconds": 24 * 3600, **options},
        )
        async with asyncio.timeout(_PATIENCE_SECONDS), opened as app:
            yield app

    def requests(self, method: str, matches: Callable[[str], bool]) -> list[str]:
        """Return the paths of the requests that Replicate received by a method."""
        paths = [one.path for one in self.emulator.requests if one.method == method]
        return [path for path in paths if matches(path)]

    def ranges(self) -> list[int]:
        """Return from which byte on each request for an output asked for it."""
        asked = [one for one in self.emulator.requests if one.path.startswith("/outputs/")]
        found = [re.fullmatch(r"bytes=(\d+)-", one.headers.get("range", "")) for one in asked]
        return [int(one[1]) if one else 0 for one in found]

    def served(self) -> tuple[str, ...]:
        """Return the SHA-256 of each output file as Replicate serves it, when nothing is wrong."""
        self.emulator.clear_faults()
        return tuple(_sha256(_served(url)) for url in self._urls())

    def _urls(self) -> Iterator[str]:
        for prediction in reversed(self.emulator.predictions):
            yield from prediction["output"] or ()


@dataclass(frozen=True, kw_only=True)
class Account:
    """What a run cost, and what is left of it.

    Attributes:
        creates: how many creates Replicate received, in all.
        predictions: how many predictions it has, in all.
        state, charged, text: as they stand in the history.
        files: the SHA-256 of the run's files, as they lie on the disk.
        strays: what lies in the media folder and belongs to no run, such as half a download.
    """

    creates: int
    predictions: int
    state: State
    charged: bool | None
    text: str | None = None
    files: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()


async def account(app: Process, job_id: str) -> Account:
    """Return a run's account; that the history's hashes are those of the files is checked."""
    job = await app.archive.get(job_id)
    on_disk = tuple(_sha256(app.media.path(file.key).read_bytes()) for file in job.files)
    assert on_disk == tuple(file.sha256 for file in job.files)
    return Account(
        creates=app.world.creates,
        predictions=len(app.world.emulator.predictions),
        state=job.state,
        charged=job.charged,
        text=job.text,
        files=on_disk,
        strays=await _strays(app),
    )


def succeeded(world: World, *, creates: int = 1) -> Account:
    """Return the account of what was made and paid once, with all its files."""
    return Account(
        creates=creates,
        predictions=1,
        state=State.SUCCEEDED,
        charged=True,
        files=world.served(),
    )


def uncertain() -> Account:
    """Return the account of a create of which nobody knows what became."""
    return Account(creates=1, predictions=0, state=State.UNCERTAIN, charged=None)


def refused(*, creates: int = 1) -> Account:
    """Return the account of a run that Replicate didn't take."""
    return Account(creates=creates, predictions=0, state=State.FAILED, charged=False)


async def told(app: Process, job_id: str) -> list[str]:
    """Return what a person reads on a run's way to its end."""
    return [sentence(event) async for event in app.jobs.watch(job_id)]


async def until(app: Process, job_id: str, kind: type[Event]) -> None:
    """Return when an event of that kind has happened to a job."""
    await app.until(job_id, lambda event: isinstance(event, kind))


def describe(world: World, *, times: int = 1, **changes: Any) -> str:
    """Let Replicate describe its newest prediction otherwise, the next `times` that it is asked.

    Returns:
        The prediction's id.
    """
    described = {**world.emulator.predictions[0], **changes}
    world.emulator.inject(Fault(method="GET", path=POLL, body=json.dumps(described), times=times))
    return str(described["id"])


async def _strays(app: Process) -> tuple[str, ...]:
    kept = {app.media.path(key) for job in await app.archive.list("ann") for key in _keys(job)}
    found = [path for path in app.media.root.rglob("*") if path.is_file()]
    return tuple(sorted(app.media.key(path) for path in found if path not in kept))


def _keys(job: Job) -> Iterator[str]:
    for file in job.files:
        yield file.key
        if file.thumbnail_key is not None:
            yield file.thumbnail_key


def _served(url: str) -> bytes:
    with urlopen(url) as answer:
        content: bytes = answer.read()
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
