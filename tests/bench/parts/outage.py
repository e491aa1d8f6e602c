"""What 1,000 calls send while every answer is 503: how much worse a client makes an outage.

Each answer says `Retry-After: 0`, which all sides heed: what they'd wait between tries is left out,
what they send isn't.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from tests.bench.bench import Bench, load_average
from tests.bench.counting import counted
from tests.bench.rows import Row, at_most
from tests.bench.sides import Figures, compare, side

MODEL = "bench/picture"

Call = Callable[[], Awaitable[Any]]


def rows(bench: Bench) -> Iterator[Row]:
    """Count what the same calls send by `core`, by `replicate`, and by it within tenacity."""
    calls = bench.size(1_000, 20)
    with bench.emulator() as emulator:
        found = compare(
            1,  # the counts are the same each time
            ours=side(ours, url=emulator.url, calls=calls),
            replicate=side(replicate_calls, url=emulator.url, calls=calls),
            tenacity=side(replicate_calls, url=emulator.url, calls=calls, attempts=3),
        )
    requests = {name: figures["requests"] for name, figures in found.items()}
    yield Row(
        f"requests sent by {calls:,} calls in an outage",
        requests["ours"],
        # The reserve of retries counts for more when there are few calls.
        at_most(bench.size(1_100, calls + 15)),
        against=f"{requests['replicate']:,.0f} (replicate), "
        f"{requests['tenacity']:,.0f} (in tenacity, 3 attempts)",
        load=load_average(),
    )


async def ours(*, url: str, calls: int) -> Figures:
    """Five kinds of calls, one of each at once."""
    from core import AsyncReplicateClient, PlaygroundError, Settings
    from tests.logs import capture_logs

    async with AsyncReplicateClient(Settings(base_url=url, replicate_api_token="any")) as client:
        kinds: list[Call] = [
            lambda: client.create_prediction(MODEL, {}),
            lambda: client.get_prediction("any"),
            lambda: client.list_predictions(),
            lambda: client.get_model(MODEL),
            lambda: client.cancel_prediction("any"),
        ]
        with capture_logs():
            return await _sent(url, kinds, calls, PlaygroundError)


async def replicate_calls(*, url: str, calls: int, attempts: int = 1) -> Figures:
    """The same calls, each tried so often by tenacity."""
    import replicate
    from replicate.exceptions import ReplicateError
    from tenacity import retry, stop_after_attempt

    client = replicate.Client(api_token="any", base_url=url)
    again = retry(stop=stop_after_attempt(attempts), reraise=True)
    kinds: list[Call] = [
        lambda: again(client.predictions.async_create)(model=MODEL, input={}),
        lambda: again(client.predictions.async_get)("any"),
        lambda: again(client.predictions.async_list)(),
        lambda: again(client.models.async_get)(MODEL),
        lambda: again(client.predictions.async_cancel)("any"),
    ]
    return await _sent(url, kinds, calls, ReplicateError)


async def _sent(url: str, kinds: Sequence[Call], calls: int, error: type[Exception]) -> Figures:
    """Make the calls, one of each kind at once, and return what that sent.

    Nobody waits for a create, which may be looked for over seconds, before the next ones begin.
    """
    create, *asks = kinds
    creates: list[asyncio.Future[Any]] = []
    results: list[Any] = []
    with counted(url, status=503, headers={"Retry-After": "0"}) as requests:
        for _ in range(0, calls, len(kinds)):
            creates.append(asyncio.ensure_future(create()))
            results += await asyncio.gather(*(ask() for ask in asks), return_exceptions=True)
        results += await asyncio.gather(*creates, return_exceptions=True)
        sent = requests()
    assert len(results) == calls
    assert all(isinstance(result, error) for result in results), results
    return {"requests": sent}
