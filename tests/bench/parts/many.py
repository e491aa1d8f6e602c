"""Many runs at once, of a model that takes 1 s: whether all are done, and what they cost.

`core` keeps to Replicate's 600 creates a minute by itself, so that of 1,000 runs 400 begin a minute
later; the peer doesn't. How long it takes is therefore not compared, only what it costs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from tests.bench.bench import Bench, load_average
from tests.bench.rows import Curve, Row, at_least, at_most
from tests.bench.sides import Figures, compare, side

MODEL = "bench/picture"
INPUT = {"prompt": "a fox", "seconds": 1}

_PEER = "asyncio.gather of replicate.async_run"


def rows(bench: Bench) -> Iterator[Row | Curve]:
    """Compare gathered calls of `run_model` with those of `async_run`, of which many fail."""
    counts = bench.size((10, 30, 100, 300, 1000), (2, 5, 10))
    some, most = counts[2], counts[-1]
    with bench.raw_server() as server:
        found = compare(
            bench.rounds,
            **{f"ours {count}": side(ours, url=server.url, count=count) for count in counts},
            **{
                f"peer {count}": side(replicate_run, url=server.url, count=count)
                for count in counts
            },
        )
    mine, theirs = found[f"ours {most}"], found[f"peer {most}"]
    yield Row(
        f"of {most:,} runs at once, done",
        mine["done"],
        at_least(most),
        against=f"{theirs['done']:,.0f} ({_PEER})",
        load=load_average(),
    )
    yield Row(
        f"memory added by {some:,} runs at once",
        found[f"ours {some}"]["mb"],
        at_most(1.0),
        peer=found[f"peer {some}"]["mb"],
        unit="MB",
        against=_PEER,
        load=load_average(),
    )
    yield Row(
        f"CPU a run, {most:,} at once",
        mine["cpu"] / most * 1000,
        at_most(1.3),
        peer=found[f"ours {some}"]["cpu"] / some * 1000,
        unit="ms",
        against=f"itself, {some:,} at once",
        load=load_average(),
    )
    for figure, up in (("cpu", "CPU time, s"), ("mb", "memory added, MB"), ("done", "runs done")):
        yield Curve(
            f"Runs at once: {up.partition(',')[0]}",
            "runs at once",
            up,
            {
                name: [(count, found[f"{key} {count}"][figure]) for count in counts]
                for name, key in (("ours", "ours"), ("replicate.async_run", "peer"))
            },
        )


async def ours(*, url: str, count: int) -> Figures:
    """As the library's guide shows it."""
    from core import AsyncReplicateClient, Settings

    settings = Settings(base_url=url, replicate_api_token="any")
    async with AsyncReplicateClient(settings) as client:
        return await _herd(lambda: client.run_model(MODEL, INPUT), count)


async def replicate_run(*, url: str, count: int) -> Figures:
    """As Replicate's documentation shows it."""
    import replicate

    client = replicate.Client(api_token="any", base_url=url)
    return await _herd(lambda: client.async_run(MODEL, INPUT), count)


async def _herd(run: Callable[[], Awaitable[list[str]]], count: int) -> Figures:
    """Run them all; those that fail are counted as not done, whatever their error."""
    from tests.bench.gauges import gauged

    assert len(await run()) == 1  # imports, and that it works at all
    with gauged() as used:
        outputs = await asyncio.gather(*(run() for _ in range(count)), return_exceptions=True)
    done = sum(isinstance(output, list) and len(output) == 1 for output in outputs)
    return {"done": done, "cpu": used.cpu, "mb": used.added_mb, "seconds": used.seconds}
