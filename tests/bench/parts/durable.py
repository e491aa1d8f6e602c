"""A durable job, from its submit to the file in the archive, beyond the model's own time.

The model takes between 1 and 1.5 s, each job another time, so that no polling interval happens to
end just when the model does.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from tests.bench.bench import Bench, load_average
from tests.bench.counting import counted
from tests.bench.rows import Row, at_most
from tests.bench.sides import Figures, compare, side

MODEL = "bench/picture"

_START_SECONDS = 0.3  # what the emulator takes to start a model


def rows(bench: Bench) -> Iterator[Row]:
    """Compare with `replicate`'s create, wait and write."""
    count = bench.size(10, 2)
    seconds = [1 + 0.5 * number / count for number in range(count)]
    with bench.emulator() as emulator:
        found = compare(
            bench.rounds,
            ours=side(ours, url=emulator.url, seconds=seconds),
            peer=side(replicate_wait, url=emulator.url, seconds=seconds),
        )
    yield Row(
        "durable job into the archive: overhead beyond the model's time",
        found["ours"]["ms"],
        at_most(0.4),
        peer=found["peer"]["ms"],
        unit="ms",
        against="predictions.async_create + async_wait + aread + write",
        load=load_average(),
        why="half of the interval at which it is asked for, a thumbnail, and the records",
    )
    yield Row(
        "requests a durable job of 1 s sends",
        found["ours"]["requests"],
        at_most(6),
        against=f"{found['peer']['requests']:.3g} (predictions.async_create + async_wait + aread)",
        load=load_average(),
        why="it is asked for ten times a second, to be there at once",
    )


async def ours(*, url: str, seconds: Sequence[float]) -> Figures:
    """As the app does it."""
    from core import AsyncReplicateClient, Settings
    from core.history.archive import Archive
    from core.history.media import MediaStore
    from core.history.records import State
    from core.jobs.jobs import Jobs

    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory()))
        settings = Settings(base_url=url, replicate_api_token="any", data_dir=folder)
        client = await opened.enter_async_context(AsyncReplicateClient(settings))
        archive = await opened.enter_async_context(Archive.open(settings.database_url_or_default))
        media = MediaStore(folder / "media")
        jobs = await opened.enter_async_context(
            Jobs(client, archive, media, backend="bench", max_running=settings.max_running)
        )

        async def once(model_seconds: float) -> None:
            given = {"prompt": "a fox", "seconds": model_seconds}
            job_id = await jobs.submit(MODEL, given, owner="bench")
            async for _ in jobs.watch(job_id):
                pass
            job = await archive.get(job_id)
            assert job.state is State.SUCCEEDED, job
            assert media.path(job.files[0].key).stat().st_size == job.files[0].bytes > 100_000

        return await _overhead(once, url, seconds)


async def replicate_wait(*, url: str, seconds: Sequence[float]) -> Figures:
    """As Replicate's documentation shows it for a prediction whose id is to be known."""
    import replicate
    from replicate.helpers import FileOutput

    client = replicate.Client(api_token="any", base_url=url)
    with TemporaryDirectory() as folder:

        async def once(model_seconds: float) -> None:
            given = {"prompt": "a fox", "seconds": model_seconds}
            prediction = await client.predictions.async_create(model=MODEL, input=given)
            await prediction.async_wait()
            picture = FileOutput(prediction.output[0], client)
            path = Path(folder, f"{prediction.id}.png")
            path.write_bytes(await picture.aread())
            assert path.stat().st_size > 100_000

        return await _overhead(once, url, seconds)


async def _overhead(
    once: Callable[[float], Awaitable[None]], url: str, seconds: Sequence[float]
) -> Figures:
    """Return the mean of what it takes beyond what the predictions took on the server."""
    await once(0)  # connections, imports, the model's description
    with counted(url) as requests:
        began = time.perf_counter()
        for model_seconds in seconds:
            await once(model_seconds)
        taken = time.perf_counter() - began
        sent = requests()
    server_seconds = await asyncio.to_thread(_server_seconds, url, len(seconds))
    assert server_seconds >= sum(seconds) + _START_SECONDS * len(seconds)
    return {
        "ms": (taken - server_seconds) / len(seconds) * 1000,
        "requests": sent / len(seconds),
    }


def _server_seconds(url: str, count: int) -> float:
    """Return how long the newest predictions took, from their creation to their end."""
    asked = Request(f"{url}/v1/predictions", headers={"Authorization": "Bearer any"})
    with urlopen(asked) as answer:
        newest = json.load(answer)["results"][:count]
    return sum(
        (_moment(one["completed_at"]) - _moment(one["created_at"])).total_seconds()
        for one in newest
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
