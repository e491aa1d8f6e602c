"""Words of a language model: how many events a second reach the program."""

import time
from collections.abc import Iterator

from tests.bench.bench import Bench, load_average
from tests.bench.rawserver import words
from tests.bench.rows import Curve, Row, at_least
from tests.bench.sides import Figures, compare, side

MODEL = "bench/words"

_LENGTH = 8


def rows(bench: Bench) -> Iterator[Row | Curve]:
    """Compare with `replicate.stream`; both from the create to the last word."""
    counts = bench.size((1_000, 10_000, 50_000, 200_000), (100, 1_000))
    usual = bench.size(50_000, 1_000)
    sides = {
        "ours": ours,
        "peer": replicate_async_stream,
        "ours blocking": ours_blocking,
        "peer blocking": replicate_stream,
    }
    with bench.raw_server() as server:
        found = compare(
            bench.rounds,
            **{
                f"{name} {count}": side(function, url=server.url, count=count, length=_LENGTH)
                for name, function in sides.items()
                for count in counts
            },
        )
    for how, least, peer in (
        ("", 2, "replicate.async_stream"),
        (" blocking", 1, "replicate.stream"),
    ):
        yield Row(
            f"stream events a second,{how or ' async'}",
            found[f"ours{how} {usual}"]["rate"],
            at_least(least),
            peer=found[f"peer{how} {usual}"]["rate"],
            unit="/s",
            against=peer,
            load=load_average(),
        )
    names = ("ours, async", "replicate.async_stream", "ours, blocking", "replicate.stream")
    yield Curve(
        "A stream of words: time",
        "words",
        "s",
        {
            name: [(count, count / found[f"{key} {count}"]["rate"]) for count in counts]
            for name, key in zip(names, sides, strict=True)
        },
    )


async def ours(*, url: str, count: int, length: int) -> Figures:
    """As the library's guide shows it."""
    from core import AsyncReplicateClient, Settings

    async with AsyncReplicateClient(Settings(base_url=url, replicate_api_token="any")) as client:

        async def read(count: int) -> str:
            stream = client.stream_output(MODEL, {"count": count, "length": length})
            return "".join([piece async for piece in stream])

        await read(10)  # connections and imports
        began = time.perf_counter()
        text = await read(count)
        return _rate(began, text, count, length)


async def replicate_async_stream(*, url: str, count: int, length: int) -> Figures:
    """As Replicate's documentation shows it."""
    import replicate

    client = replicate.Client(api_token="any", base_url=url)

    async def read(count: int) -> str:
        given = {"count": count, "length": length}
        return "".join([str(event) async for event in await client.async_stream(MODEL, given)])

    await read(10)
    began = time.perf_counter()
    text = await read(count)
    return _rate(began, text, count, length)


def ours_blocking(*, url: str, count: int, length: int) -> Figures:
    """As the library's guide shows it."""
    from core import ReplicateClient, Settings

    with ReplicateClient(Settings(base_url=url, replicate_api_token="any")) as client:

        def read(count: int) -> str:
            return "".join(client.stream_output(MODEL, {"count": count, "length": length}))

        read(10)
        began = time.perf_counter()
        text = read(count)
        return _rate(began, text, count, length)


def replicate_stream(*, url: str, count: int, length: int) -> Figures:
    """As Replicate's documentation shows it."""
    import replicate

    client = replicate.Client(api_token="any", base_url=url)

    def read(count: int) -> str:
        given = {"count": count, "length": length}
        return "".join([str(event) for event in client.stream(MODEL, input=given)])

    read(10)
    began = time.perf_counter()
    text = read(count)
    return _rate(began, text, count, length)


def _rate(began: float, text: str, count: int, length: int) -> Figures:
    seconds = time.perf_counter() - began
    # What `str` of its last event is, the peer leaves empty.
    assert text == "".join(words(count, length))
    return {"rate": count / seconds}
