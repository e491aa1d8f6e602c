"""What the tests of jobs stand on: an emulated Replicate whose models wait for a test's word."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import SecretStr

from core import AsyncReplicateClient, Settings
from core.emulator import Emulator, Runner
from core.emulator.runner import Context, File, Log, ModelError, Progress, Step, Token, Value
from core.history.archive import Archive
from core.history.media import MediaStore
from core.history.records import Job
from core.jobs.events import TERMINAL_EVENTS, Event
from core.jobs.jobs import Jobs
from core.models.catalog import Kind
from tests.core.cards import official

PAINTER, WRITER, COUNTER = "test/painter", "test/writer", "test/counter"
CREATE = "/v1/models/*/predictions"
BACKEND = "https://replicate.test#ann"


def a_png(colour: str = "teal") -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(encoded, "PNG")
    return encoded.getvalue()


@dataclass
class World:
    """Replicate, and what this machine keeps, over the lives of several processes.

    `go_on` lets the models get past the middle of their work; set from the start.
    """

    data_dir: Path
    emulator: Emulator
    go_on: threading.Event
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @asynccontextmanager
    async def process(self, **options: Any) -> AsyncIterator["Process"]:
        """Open what a process of the app opens, on the same database and media."""
        settings = Settings(
            base_url=self.emulator.url,
            replicate_api_token=SecretStr("any"),
            data_dir=self.data_dir,
            timeout_seconds=options.pop("timeout_seconds", 60),
            max_retries=options.pop("max_retries", 3),
            max_download_bytes=options.pop("max_download_bytes", 1024**3),
        )
        on_demand = options.pop("on_demand", False)
        async with (
            AsyncReplicateClient(settings, **options.pop("client_options", {})) as client,
            Archive.open(
                settings.database_url_or_default, on_demand=on_demand, now=lambda: self.now
            ) as archive,
        ):
            media = MediaStore(self.data_dir / "media")
            options = {"backend": BACKEND, "max_running": 4, "now": lambda: self.now, **options}
            async with Jobs(options.pop("client", client), archive, media, **options) as jobs:
                yield Process(self, client, archive, media, jobs)

    @property
    def creates(self) -> int:
        """How many creates Replicate received."""
        return sum(
            request.method == "POST" and request.path.endswith("/predictions")
            for request in self.emulator.requests
        )


@dataclass(frozen=True)
class Process:
    """One life of the app."""

    world: World
    client: AsyncReplicateClient
    archive: Archive
    media: MediaStore
    jobs: Jobs

    async def submit(
        self,
        model: str = PAINTER,
        *,
        owner: str = "ann",
        kind: Kind | None = None,
        lane: str | None = None,
        **model_input: Any,
    ) -> str:
        given = {"prompt": "a fox", **model_input}
        return await self.jobs.submit(model, given, owner=owner, kind=kind, lane=lane)

    async def watched(self, job_id: str) -> list[Event]:
        """Watch a job to its end."""
        return [event async for event in self.jobs.watch(job_id)]

    async def ended(self, job_id: str) -> Job:
        """Return the job as recorded, after its end."""
        await self.watched(job_id)
        return await self.archive.get(job_id)

    async def until(self, job_id: str, wanted: Callable[[Event], bool]) -> Event:
        """Return the first event that is wanted."""
        watching = self.jobs.watch(job_id)
        try:
            async for event in watching:
                if wanted(event):
                    return event
        finally:
            await watching.aclose()
        raise AssertionError("it never came")


async def soon(seconds: float) -> None:
    """Sleep for those who would wait long."""
    await asyncio.sleep(0.01)


def job_of(event: Event) -> Job:
    """Return the job that a terminal event tells of."""
    assert isinstance(event, TERMINAL_EVENTS)
    return event.job


def kinds(events: Sequence[Event]) -> list[str]:
    """Return the names of the events, without repeats in a row."""
    names = [type(event).__name__ for event in events]
    return [name for n, name in enumerate(names) if n == 0 or names[n - 1] != name]


def runners(go_on: threading.Event) -> list[Runner]:
    async def gate(context: Context) -> None:
        while not go_on.is_set():
            await context.sleep(0.01)

    async def paint(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        yield Log(f"Using seed: {given.get('seed')}")
        yield Progress(1, 4)
        await gate(context)
        if given["prompt"] == "fail":
            raise ModelError("E1001: out of memory")
        if given.get("image"):
            yield File(await context.fetch(given["image"]), "again.png", "image/png")
        for n in range(given.get("num_outputs", 1)):
            yield File(a_png(), f"out-{n}.png", "image/png")

    async def write(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        words = str(given["prompt"]).split(" ")
        for n, word in enumerate(words):
            if n == len(words) // 2:
                await gate(context)
            yield Token(word if n == 0 else f" {word}")

    async def count(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        yield Value({"words": len(str(given["prompt"]).split())})

    prompt = {"prompt": {"type": "string", "title": "Prompt", "x-order": 0}}
    paints = {
        **prompt,
        "seed": {"type": "integer", "title": "Seed", "x-order": 1},
        "num_outputs": {"type": "integer", "minimum": 1, "maximum": 9, "default": 1},
        "image": {"type": "string", "format": "uri", "title": "Image"},
        "key": {"type": "string", "format": "password", "title": "Key"},
    }
    tokens = {
        "type": "array",
        "items": {"type": "string"},
        "x-cog-array-type": "iterator",
        "x-cog-array-display": "concatenate",
    }
    files = {"type": "array", "items": {"type": "string", "format": "uri"}}
    return [
        Runner(official(PAINTER, paints, files), paint),
        Runner(official(WRITER, prompt, tokens), write),
        Runner(official(COUNTER, prompt, {"type": "object"}), count),
    ]
