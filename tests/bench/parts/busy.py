"""The page while many jobs run whose ends are waited for."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from statistics import quantiles

import httpx2

from tests.bench.apps import app
from tests.bench.bench import Bench, load_average
from tests.bench.rows import Row, at_most
from tests.bench.servers import Server
from tests.bench.sides import Figures, compare
from tests.bench.visitors import Visitor, visitors

_MODEL = "bench/picture"
_JOB_SECONDS = 600
_START_SECONDS = 20.0
"""How long the jobs have, to be running."""

_PATIENCE_SECONDS = 20.0
"""How long an answer is waited for; what takes longer is noted as that long."""

_MOMENTS = {0: "which just began", 10: "of ten seconds"}
"""When it is measured: a run that began just now is asked for ten times a second, later less."""


def rows(bench: Bench) -> Iterator[Row]:
    """Compare it with the same page while nothing runs."""
    jobs = bench.size(45, 3)
    samples = bench.size(100, 5)
    found = compare(
        bench.rounds,
        busy=lambda: _measured(bench, jobs, samples),
        idle=lambda: _measured(bench, 0, samples),
    )
    busy, idle = found["busy"], found["idle"]
    few = [] if busy["running"] == jobs else [f"only {busy['running']:.0f} jobs were started"]
    for name, what in (("config", "GET /config"), ("history", "a History event")):
        for later, when in _MOMENTS.items():
            value = busy[f"{name} {later}"]
            lost = ["given up after so long"] if value >= _PATIENCE_SECONDS * 1000 else []
            yield Row(
                f"{what} beside {jobs} open calls of /run_model, {when}: p95",
                value,
                at_most(1.5),
                peer=idle[f"{name} {later}"],
                unit="ms",
                against="nothing runs",
                load=load_average(),
                why="; ".join([*few, *lost]),
            )


def _measured(bench: Bench, jobs: int, samples: int) -> Figures:
    with (
        bench.emulator() as emulator,
        app(bench.folder, replicate_url=emulator.url, PLAYGROUND_MAX_RUNNING="100") as server,
    ):
        return asyncio.run(_latencies(server, emulator, jobs, samples))


async def _latencies(server: Server, emulator: Server, jobs: int, samples: int) -> Figures:
    async with visitors(server.url, jobs + 1) as [page, *programs]:
        await page.arrive()
        calls = [asyncio.create_task(_run(one)) for one in programs]
        try:
            running = await _started(emulator, jobs)
            event = page.event("first_page")
            given = page.values(event)
            found: dict[str, float] = {"running": running}
            for later in _MOMENTS:
                await asyncio.sleep(later if jobs else 0)
                found |= {
                    f"config {later}": await _p95(lambda: page.client.get("/config"), samples),
                    f"history {later}": await _p95(lambda: page.send(event, given), samples),
                }
            return found
        finally:
            for call in calls:
                call.cancel()
            ended = await asyncio.gather(*calls, return_exceptions=True)
            failed = [one for one in ended if not isinstance(one, asyncio.CancelledError)]
            assert not failed, failed


async def _run(program: Visitor) -> None:
    await program.send(program.event("run_model"), [_MODEL, json.dumps({"seconds": _JOB_SECONDS})])


async def _started(emulator: Server, jobs: int) -> int:
    """Return how many jobs run at Replicate, when all do or none comes any more."""
    headers = {"Authorization": "Bearer any"}
    async with httpx2.AsyncClient(base_url=emulator.url, headers=headers, trust_env=False) as api:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            listed = (await api.get("/v1/predictions")).raise_for_status().json()["results"]
            running = sum(one["status"] == "processing" for one in listed)
            if running >= jobs or time.monotonic() > deadline:
                return running
            await asyncio.sleep(0.2)


async def _p95(ask: Callable[[], Awaitable[object]], samples: int) -> float:
    """Return the 95th percentile in ms."""
    seconds = []
    for _ in range(samples):
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await ask()
        except TimeoutError:
            return _PATIENCE_SECONDS * 1000
        seconds.append(time.perf_counter() - began)
    return quantiles(seconds, n=20, method="inclusive")[-1] * 1000
