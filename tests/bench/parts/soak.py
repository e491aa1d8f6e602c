"""Runs, downloads and streams for ten minutes: whether memory, threads or handles grow.

One round, of a client that is kept; there is no peer. `core` keeps to Replicate's 600 creates a
minute, so that ten minutes are some 5,000 runs.
"""

import asyncio
import gc
import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory

from tests.bench.bench import Bench, load_average
from tests.bench.gauges import handles, resident_mb, threads
from tests.bench.rawserver import words
from tests.bench.rows import Curve, Row, at_most
from tests.bench.sides import Figures, side

ONLY_WHEN_NAMED = True

_PICTURE = "bench/picture"
_WORKERS = 8
_WORDS = 200
_FILE_BYTES = 200_000


def rows(bench: Bench) -> Iterator[Row | Curve]:
    """Measure one client from the time when it has warmed up, a tenth of all."""
    seconds = bench.size(600, 3)
    samples_path = bench.folder / "samples.json"
    with bench.raw_server() as server:
        found = side(
            ours, url=server.url, seconds=seconds, samples_path=str(samples_path)
        ).measure()
    samples = json.loads(samples_path.read_text())
    warm = [(runs, mb) for at, runs, mb in samples if at >= seconds / 10]
    runs, memory = zip(*warm, strict=True)
    yield Row(
        f"memory that 1,000 runs leave behind, over {runs[-1] - runs[0]:,} runs",
        linear_regression(runs, memory).slope * 1000,
        at_most(1.0),
        unit="MB",
        load=load_average(),
    )
    for what in ("threads", "handles", "tasks"):
        yield Row(
            f"{what} added in {runs[-1] - runs[0]:,} runs",
            found[what],
            at_most(0),
            load=load_average(),
        )
    memory_over_time = {"ours": [(at, mb) for at, _, mb in samples]}
    yield Curve("Runs, downloads and streams without end", "s", "memory, MB", memory_over_time)


async def ours(*, url: str, seconds: float, samples_path: str) -> Figures:
    """Return what is there more at the end than after the warm-up; memory goes to the file."""
    from core import AsyncReplicateClient, Settings

    text = "".join(words(_WORDS, 8))
    samples: list[tuple[float, int, float]] = []
    began = time.perf_counter()
    runs = 0

    async def work(folder: Path, until: float) -> None:
        nonlocal runs
        while time.perf_counter() - began < until:
            output = await client.run_model(_PICTURE, {"size": _FILE_BYTES})
            path = await client.download_output(output[0], folder / f"{runs}")
            assert path.stat().st_size == _FILE_BYTES
            path.unlink()
            stream = client.stream_output("bench/words", {"count": _WORDS, "length": 8})
            assert "".join([piece async for piece in stream]) == text
            runs += 2

    async def sample() -> None:
        while True:
            gc.collect()  # what waits for the collector isn't left behind
            samples.append((time.perf_counter() - began, runs, resident_mb()))
            await asyncio.sleep(max(0.25, seconds / 200))

    settings = Settings(base_url=url, replicate_api_token="any")
    with TemporaryDirectory() as folder:
        async with AsyncReplicateClient(settings) as client:
            sampling = asyncio.create_task(sample())
            counts = []
            for until in (seconds / 10, seconds):
                await asyncio.gather(*(work(Path(folder, str(n)), until) for n in range(_WORKERS)))
                # All at once, so that each has its connection whenever they are counted.
                slow = [client.run_model(_PICTURE, {"seconds": 0.2}) for _ in range(_WORKERS)]
                await asyncio.gather(*slow)
                counts.append((threads(), handles(), len(asyncio.all_tasks())))
            sampling.cancel()
    Path(samples_path).write_text(json.dumps(samples))
    added = [end - warm for warm, end in zip(*counts, strict=True)]
    return dict(zip(("threads", "handles", "tasks"), added, strict=True))
