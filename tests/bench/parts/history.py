"""Looking into a history of 100,000 runs against one of 100."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import insert

from core.history.archive import Archive, Filter
from core.history.engines import bring_up_to_date, engine_for
from core.history.records import Cursor, State
from core.history.tables import FileRow, JobRow
from tests.bench.bench import Bench, load_average
from tests.bench.rows import Curve, Row, at_most
from tests.bench.sides import Figures, compare, side

OWNER = "local"
FEW = 10
"""How many runs a rare word and a rare state are in, however many there are."""

_FAILED = (State.FAILED, State.EXPIRED)
_STOPPED = (State.CANCELED, State.ABORTED)
_BATCH = 5_000

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_VOCABULARY = [
    f"{first}{last}" for first in "bdfgklmnprst" for last in ("ala", "elo", "iri", "uno")
]
_MODELS = [f"maker{n % 7}/model-{n}" for n in range(20)]

Look = Callable[[Archive, int], Awaitable[None]]


def rows(bench: Bench) -> Iterator[Row | Curve]:
    """Compare the largest history with the smallest, query by query."""
    sizes = bench.size((100, 1_000, 10_000, 100_000), (100, 1_000))
    for count in sizes:
        fill(bench.folder / f"{count}.db", count)
    found = compare(
        bench.rounds,
        **{
            str(count): side(
                look,
                database=str(bench.folder / f"{count}.db"),
                count=count,
                times=bench.size(40, 3),
            )
            for count in sizes
        },
    )
    least, *_, most = sizes
    for name in LOOKS:
        yield Row(
            f"history: {name}",
            found[str(most)][name],
            at_most(2),
            peer=found[str(least)][name],
            unit="ms",
            against=f"{least:,} runs",
            load=load_average(),
            why=_WHY.get(name, ""),
        )
    for title, names in _PANELS.items():
        lines = {
            name.removeprefix("search, "): [(count, found[str(count)][name]) for count in sizes]
            for name in names
        }
        yield Curve(title, "runs in the history", "ms", lines)


def fill(database: Path, count: int) -> None:
    """Make a history of so many runs, a picture each, through the project's own tables."""
    engine = engine_for(f"sqlite:///{database}")
    bring_up_to_date(engine)
    with engine.begin() as connection:
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            connection.execute(insert(JobRow), [_job(number, count) for number in numbers])
            connection.execute(insert(FileRow), [_file(number) for number in numbers])
    engine.dispose()


def _job(number: int, count: int) -> dict[str, Any]:
    """Return a run; a few, evenly apart, are the rare ones."""
    chance = Random(number)
    words = chance.choices(_VOCABULARY, k=20)
    if number % 2:
        words[7] = "sunlight"
    is_rare = number % (count // FEW) == 3
    prompt = " ".join([*words, "zeppelin"] if is_rare else words)
    model = chance.choice(_MODELS)
    return {
        "id": _id(number),
        "backend": "https://api.example",
        "owner": OWNER,
        "kind": "image",
        "model": model,
        "model_name": model,
        "prompt": prompt,
        "input": {"prompt": prompt, "seed": number},
        "state": "failed" if is_rare else "succeeded",
        "created_at": _BEGAN + timedelta(minutes=number),
        "metrics": {},
        "logs": "",
    }


def _file(number: int) -> dict[str, Any]:
    job_id = _id(number)
    return {
        "job_id": job_id,
        "n": 0,
        "key": f"{OWNER}/2026-01/{job_id}/0.webp",
        "thumbnail_key": f"{OWNER}/2026-01/{job_id}/0.thumb.webp",
        "name": "out.webp",
        "media_type": "image/webp",
        "bytes": 200_000,
        "sha256": "ab" * 32,
    }


def _id(number: int) -> str:
    return f"{Random(number).getrandbits(128):032x}"


def _listed(expected: int, **wanted: Any) -> Look:
    async def look_up(archive: Archive, _count: int) -> None:
        jobs = await archive.list(OWNER, Filter(**wanted))
        assert len(jobs) == expected, (wanted, len(jobs))

    return look_up


async def _page_from_the_middle(archive: Archive, count: int) -> None:
    place = Cursor(_BEGAN + timedelta(minutes=count // 2), "")
    jobs = await archive.list(OWNER, before=place)
    assert [job.id for job in jobs[:1]] == [_id(count // 2 - 1)]
    assert len(jobs) == 50


async def _models(archive: Archive, _count: int) -> None:
    assert sorted(await archive.models(OWNER)) == sorted(_MODELS)


async def _detail(archive: Archive, count: int) -> None:
    job = await archive.get(_id(count // 2), owner=OWNER)
    assert len(job.files) == 1


LOOKS: Mapping[str, Look] = {
    "first page": _listed(50),
    "a page from the middle": _page_from_the_middle,
    "search, in half of all": _listed(50, words="sunlight"),
    "search, in ten": _listed(FEW, words="zeppelin"),
    "search, in none": _listed(0, words="unheard-of"),
    "search, a part of a word in half of all": _listed(50, words="nligh"),
    "search, a part of a word in ten": _listed(FEW, words="eppel"),
    "search, two words": _listed(FEW, words="zeppelin maker"),
    "search, two letters in ten": _listed(FEW, words="zE"),
    "failed, ten": _listed(FEW, states=_FAILED),
    "stopped, none": _listed(0, states=_STOPPED),
    "search among failed": _listed(FEW, words="maker", states=_FAILED),
    "models": _models,
    "one run": _detail,
}


_WHY = {"search, two letters in ten": "the index knows three letters together: all words are read"}

_PANELS = {
    "Searching the history": (
        "search, in half of all",
        "search, in ten",
        "search, in none",
        "search, two letters in ten",
    ),
    "Looking through the history": ("first page", "failed, ten", "models", "one run"),
}


async def look(*, database: str, count: int, times: int) -> Figures:
    """Do everything in turn, as the app does, and return the median of each in ms."""
    taken: dict[str, list[float]] = {name: [] for name in LOOKS}
    async with Archive.open(f"sqlite:///{database}") as archive:
        # Every thread of the archive has its connection, with a cache of its own.
        await asyncio.gather(*(archive.models(OWNER) for _ in range(8)))
        for _ in range(times):
            for name, look_up in LOOKS.items():
                began = time.perf_counter()
                await look_up(archive, count)
                taken[name].append(time.perf_counter() - began)
    return {name: median(seconds) * 1000 for name, seconds in taken.items()}
