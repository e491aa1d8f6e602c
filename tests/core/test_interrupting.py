"""Ctrl+C, once or twice, wherever the client is used: what it started is cancelled at Replicate."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.emulator import Emulator, Fault
from tests.core.programs import interrupt, output_of, program
from tests.core.talkers import TALKERS

RUN = "client = ReplicateClient()\nclient.run_model('acme/sleeps', {})"
RUN_ON_A_LOOP = "client = ReplicateClient()\nasyncio.run(client.run_model_async('acme/sleeps', {}))"
STREAM = """
for piece in ReplicateClient().stream_output('acme/says', {'tokens': ['a'], 'rest': 1e6}):
    pass
"""
STREAM_LOOP_BODY = """
for piece in ReplicateClient().stream_output('acme/says', {'tokens': ['a'], 'rest': 1e6}):
    time.sleep(60)
"""
ASYNC_RUN = """
async def main():
    client = AsyncReplicateClient()
    await asyncio.gather(*(client.run_model('acme/sleeps', {}) for _ in range(3)))

asyncio.run(main())
"""
ASYNC_STREAM = """
async def main():
    client = AsyncReplicateClient()
    async for piece in client.stream_output('acme/says', {'tokens': ['a'], 'rest': 1e6}):
        pass

asyncio.run(main())
"""
IN_A_POOL = """
client = ReplicateClient()
ThreadPoolExecutor(2).submit(client.run_model, 'acme/sleeps', {})
time.sleep(60)
"""
UNREAD_STREAM = """
async def main():
    stream = AsyncReplicateClient().stream_output('acme/sleeps', {})
    await stream.start()
    await asyncio.sleep(60)

asyncio.run(main())
"""
WAIT = """
client = ReplicateClient()
client.wait_for_prediction(client.create_prediction('acme/sleeps', {}).id)
"""
ASYNC_WAIT = """
async def main():
    client = AsyncReplicateClient()
    prediction = await client.create_prediction('acme/sleeps', {})
    await client.wait_for_prediction(prediction.id)

asyncio.run(main())
"""


STARTS = {
    "a run": RUN,
    "a run on a loop": RUN_ON_A_LOOP,
    "a stream": STREAM,
    "between a stream's pieces": STREAM_LOOP_BODY,
    "asynchronous runs": ASYNC_RUN,
    "an asynchronous stream": ASYNC_STREAM,
    "a run in a pool": IN_A_POOL,
}
HELD = {"a run": RUN, "a run on a loop": RUN_ON_A_LOOP, "asynchronous runs": ASYNC_RUN}
UNANSWERED = {"a run": RUN, "a stream": STREAM, "runs": ASYNC_RUN, "asynchronous": ASYNC_STREAM}
WAITS = {"a wait": WAIT, "an asynchronous wait": ASYNC_WAIT}

Ends = dict[str, tuple[set[str], float]]
"""Of each program, its predictions' statuses and the seconds from Ctrl+C to its end."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with emulated() as emulator:
        yield emulator


def emulated() -> Emulator:
    return Emulator(port=0, speed=100.0, rate_limits=False, runners=TALKERS)


def statuses(emulator: Emulator) -> set[str]:
    return {one["status"] for one in emulator.predictions}


def is_followed(emulator: Emulator) -> bool:
    """Tell whether a program knows its prediction's id."""
    followed = "/v1/predictions/", "/v1/stream", "/stream"
    return any(request.path.startswith(followed) for request in emulator.requests)


def is_started(emulator: Emulator) -> bool:
    return bool(emulator.predictions)


def interrupt_all(
    sources: Mapping[str, str],
    *,
    times: int,
    when: Callable[[Emulator], bool] = is_followed,
    fault: Fault | None = None,
) -> Ends:
    """Press Ctrl+C in several programs at once: most of their time they wait."""

    def one(source: str) -> tuple[set[str], float]:
        with emulated() as emulator:
            if fault is not None:
                emulator.inject(fault)
            seconds = interrupt(source, emulator, times=times, when=lambda: when(emulator))
            return statuses(emulator), seconds

    with ThreadPoolExecutor(len(sources)) as pool:
        return dict(zip(sources, pool.map(one, sources.values()), strict=True))


@pytest.mark.parametrize("times", [1, 2])
def test_what_was_started_is_cancelled(times: int) -> None:
    ends = interrupt_all(STARTS, times=times)

    assert {name: end for name, (end, _) in ends.items() if end != {"canceled"}} == {}
    assert {name: seconds for name, (_, seconds) in ends.items() if seconds > 5} == {}


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_being_created_is_cancelled_as_soon_as_its_id_is_known(times: int) -> None:
    ends = interrupt_all(HELD, times=times, when=is_started)

    assert {name: end for name, (end, _) in ends.items() if end != {"canceled"}} == {}


def test_an_api_that_does_not_answer_holds_the_end_up_for_seconds_only() -> None:
    unanswered = Fault(path="*/cancel", hang=True, times=None)

    ends = interrupt_all(UNANSWERED, times=2, fault=unanswered)

    assert {name: seconds for name, (_, seconds) in ends.items() if not 6 < seconds < 11} == {}


def test_who_only_waits_leaves_the_prediction_running() -> None:
    ends = interrupt_all(WAITS, times=2)

    assert {name for name, (end, _) in ends.items() if "canceled" in end} == set()
    assert {name: seconds for name, (_, seconds) in ends.items() if seconds > 4} == {}


def test_a_stream_that_nobody_reads_is_cancelled_with_its_loop() -> None:
    ends = interrupt_all({"unread": UNREAD_STREAM}, times=1, when=is_started)

    assert ends["unread"][0] == {"canceled"}


def test_the_programs_end_cancels_what_a_daemon_thread_runs() -> None:
    """Over a new connection, too: names are looked up although no thread is started any more."""

    def one(ending: str) -> set[str]:
        with emulated() as emulator:
            emulator.inject(Fault(method="GET", path="/v1/predictions/*", hang=True, times=None))
            source = f"""
url = os.environ["REPLICATE_BASE_URL"].replace("127.0.0.1", "localhost")
client = ReplicateClient(Settings(base_url=url))
threading.Thread(target=client.run_model, args=("acme/sleeps", {{}}), daemon=True).start()
time.sleep(6)
{ending}
"""
            with program(source, emulator) as process:
                process.communicate(timeout=30)
            return statuses(emulator)

    endings = ["sys.exit()", "", "1 / 0"]
    with ThreadPoolExecutor(len(endings)) as pool:
        assert list(pool.map(one, endings)) == [{"canceled"}] * len(endings)


def test_threads_that_outlive_the_main_one_are_left_to_finish(emulator: Emulator) -> None:
    source = """
client = ReplicateClient()
run = lambda: print(client.run_model("acme/draws", {"pause": 20, "count": 1})[0][:4])
threading.Thread(target=run).start()
ThreadPoolExecutor(1).submit(run)
"""

    lines = output_of(source, emulator)

    assert lines == ["http", "http"]
