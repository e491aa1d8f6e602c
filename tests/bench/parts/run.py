"""A picture from a model into a file, beyond the server's own time."""

import http.client
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.bench.bench import Bench, load_average
from tests.bench.rows import Row, at_most
from tests.bench.sides import Figures, compare, side

MODEL = "bench/picture"


def rows(bench: Bench) -> Iterator[Row]:
    """Compare with `replicate.run` and a write, both without what the bare requests take."""
    count = bench.size(60, 3)
    with bench.emulator() as emulator:
        found = compare(
            bench.rounds,
            ours=side(ours, url=emulator.url, count=count),
            peer=side(replicate_run, url=emulator.url, count=count),
            bare=side(bare_requests, url=emulator.url, count=count),
        )
    server_ms = found["bare"]["ms"]
    yield Row(
        "run and download a picture: overhead beyond the server's time",
        max(0.0, found["ours"]["ms"] - server_ms),
        at_most(1.2),
        peer=found["peer"]["ms"] - server_ms,
        unit="ms",
        against="replicate.async_run + aread + write",
        load=load_average(),
        why="the file is synced before it is renamed, on a thread; the peer's may be half there",
    )


async def ours(*, url: str, count: int) -> Figures:
    """As the library's guide shows it."""
    from core import AsyncReplicateClient, Settings

    settings = Settings(base_url=url, replicate_api_token="any")
    with TemporaryDirectory() as folder:
        async with AsyncReplicateClient(settings) as client:

            async def once(number: int) -> None:
                output = await client.run_model(MODEL, {"prompt": str(number)})
                await client.download_output(output[0], Path(folder, f"{number}.png"))

            return await _median_ms(once, count)


async def replicate_run(*, url: str, count: int) -> Figures:
    """As Replicate's documentation shows it."""
    import replicate
    from replicate.helpers import FileOutput

    client = replicate.Client(api_token="any", base_url=url)
    with TemporaryDirectory() as folder:

        async def once(number: int) -> None:
            output = await client.async_run(MODEL, {"prompt": str(number)})
            # Made here, since `run` itself makes them of https URLs only.
            picture = FileOutput(output[0], client)
            Path(folder, f"{number}.png").write_bytes(await picture.aread())

        return await _median_ms(once, count)


async def bare_requests(*, url: str, count: int) -> Figures:
    """The two requests and the write by themselves, on one connection: the server's time."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    headers = {"Authorization": "Bearer any", "Prefer": "wait", "Content-Type": "application/json"}
    with TemporaryDirectory() as folder:

        async def once(number: int) -> None:
            body = json.dumps({"input": {"prompt": str(number)}})
            connection.request("POST", f"/v1/models/{MODEL}/predictions", body, headers)
            output = json.load(connection.getresponse())["output"]
            connection.request("GET", urlsplit(output[0]).path)
            Path(folder, f"{number}.png").write_bytes(connection.getresponse().read())

        return await _median_ms(once, count)


async def _median_ms(once: Callable[[int], Awaitable[None]], count: int) -> Figures:
    await once(-1)  # connections and imports
    seconds = []
    for number in range(count):
        began = time.perf_counter()
        await once(number)
        seconds.append(time.perf_counter() - began)
    return {"ms": median(seconds) * 1000}
