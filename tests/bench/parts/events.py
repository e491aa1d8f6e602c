"""One event of the page, from sending it to its end."""

import asyncio
import time
from collections.abc import Iterator
from statistics import median

from tests.bench.apps import app, peer
from tests.bench.bench import Bench, load_average
from tests.bench.rows import Row, at_most
from tests.bench.sides import Figures, compare
from tests.bench.visitors import visitors


def rows(bench: Bench) -> Iterator[Row]:
    """Compare the list of the conversations with an event of a small page."""
    count = bench.size(100, 5)
    with app(bench.folder) as ours, peer("event") as theirs:
        found = compare(
            bench.rounds,
            ours=lambda: asyncio.run(_median(ours.url, "listed", count)),
            peer=lambda: asyncio.run(_median(theirs.url, "handler", count)),
        )
    yield Row(
        "one event of the page",
        found["ours"]["ms"],
        at_most(3),
        peer=found["peer"]["ms"],
        unit="ms",
        against="plain Gradio, a handler of 2 ms",
        load=load_average(),
    )


async def _median(url: str, name: str, count: int) -> Figures:
    async with visitors(url) as [visitor]:
        await visitor.arrive()
        event = visitor.event(name)
        seconds = []
        for _ in range(count):
            began = time.perf_counter()
            await visitor.send(event, [])
            seconds.append(time.perf_counter() - began)
    return {"ms": median(seconds) * 1000}
