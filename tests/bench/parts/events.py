"""One event of the page, from sending it to its end."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from statistics import median

from tests.bench.apps import app, peer
from tests.bench.bench import Bench, load_average
from tests.bench.rows import Row, at_most
from tests.bench.sides import Figures, compare
from tests.bench.visitors import Visitor, visitors

_EVENTS = {"listed": "the list of conversations", "first_page": "the History's first page"}


def rows(bench: Bench) -> Iterator[Row]:
    """Compare events that look into an empty history with one of a small page."""
    count = bench.size(100, 5)
    with app(bench.folder) as ours, peer("event") as theirs:
        found = compare(
            bench.rounds,
            ours=lambda: asyncio.run(_medians(ours.url, list(_EVENTS), count)),
            peer=lambda: asyncio.run(_medians(theirs.url, ["handler"], count)),
        )
    for event, what in _EVENTS.items():
        yield Row(
            f"one event of the page: {what}",
            found["ours"][event],
            at_most(3),
            peer=found["peer"]["handler"],
            unit="ms",
            against="plain Gradio, a handler of 2 ms",
            load=load_average(),
        )


async def _medians(url: str, names: Sequence[str], count: int) -> Figures:
    """Return each event's median in ms."""
    async with visitors(url) as [visitor]:
        await visitor.arrive()
        return {name: await _median(visitor, name, count) for name in names}


async def _median(visitor: Visitor, name: str, count: int) -> float:
    event = visitor.event(name)
    data = visitor.values(event)
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        await visitor.send(event, data)
        seconds.append(time.perf_counter() - began)
    return median(seconds) * 1000
