"""The blocking client: from any thread and any loop, interruptible, and closed without hanging."""

import ast
import asyncio
import gc
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import core.client.blocking
from core import (
    AlreadyClosed,
    AsyncReplicateClient,
    BlockingOutputStream,
    OutputStream,
    PredictionFailed,
    PredictionTimeout,
    ReplicateClient,
    get_replicate_client,
    reset_replicate_client,
)
from core.emulator import Emulator, Fault
from tests.core.parts import settings_for
from tests.core.talkers import DRAWS, SAYS, SLEEPS, TALKERS
from tests.core.waiting import is_canceled, until, until_blocking

WORDS = ["Mistral", ", ", "Sirocco", " and", " Bora", "."]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=TALKERS) as emulator:
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[ReplicateClient]:
    with ReplicateClient(settings_for(emulator.url)) as client:
        yield client


@pytest.fixture
def environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment from which the process's client can be made; it is closed in the end."""
    monkeypatch.setenv("REPLICATE_BASE_URL", emulator.url)
    monkeypatch.setenv("REPLICATE_API_TOKEN", "anything")
    reset_replicate_client()
    yield
    reset_replicate_client()


def client_threads() -> int:
    return sum(thread.name == "replicate-client" for thread in threading.enumerate())


def public_names(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


# The facade


def test_it_has_every_public_method_of_the_asynchronous_client() -> None:
    asynchronous = public_names(AsyncReplicateClient) - {"aclose"}
    single = {
        name
        for name in asynchronous
        if inspect.iscoroutinefunction(getattr(AsyncReplicateClient, name))
    }

    blocking = public_names(ReplicateClient)

    properties = {"settings", "is_closed", "close"}
    assert blocking == asynchronous | {f"{name}_async" for name in single} | properties
    assert public_names(BlockingOutputStream) == {"prediction", "text", "was_replaced", "close"}
    assert hasattr(OutputStream, "was_replaced")


@pytest.mark.parametrize(
    "name", sorted(public_names(AsyncReplicateClient) - {"aclose", "base_url"})
)
def test_editors_see_the_same_arguments_and_words(name: str) -> None:
    ours, theirs = getattr(ReplicateClient, name), getattr(AsyncReplicateClient, name)

    assert inspect.signature(ours).parameters == inspect.signature(theirs).parameters
    assert ours.__qualname__ == f"ReplicateClient.{name}"
    assert inspect.getdoc(ours)


def test_only_the_async_methods_are_coroutines() -> None:
    names = public_names(ReplicateClient)

    coroutines = {
        name for name in names if inspect.iscoroutinefunction(getattr(ReplicateClient, name))
    }

    assert coroutines == {name for name in names if name.endswith("_async")}
    assert {getattr(ReplicateClient, name).__name__ for name in coroutines} == coroutines


def test_it_has_no_second_copy_of_any_logic() -> None:
    """It decides nothing, repeats nothing and catches nothing."""
    tree = ast.parse(inspect.getsource(ReplicateClient))

    logic = [
        type(node).__name__
        for node in ast.walk(tree)
        if isinstance(node, ast.If | ast.IfExp | ast.For | ast.While | ast.Try | ast.Match)
    ]

    assert logic == []


def test_one_with_other_options_shares_its_thread_and_its_end(
    emulator: Emulator, client: ReplicateClient
) -> None:
    account = client.get_account()  # the thread begins with the first call
    before = client_threads()

    patient = client.with_options(timeout=900, max_retries=7, headers={"X-Team": "foxes"})

    assert patient.get_account() == account
    assert (patient.settings.timeout_seconds, patient.settings.max_retries) == (900, 7)
    assert client.settings == settings_for(emulator.url)
    teams = [request.headers.get("x-team") for request in emulator.requests]
    assert teams == [None, "foxes"]
    assert client_threads() == before
    patient.close()
    assert client.is_closed


# Threads and loops


def test_thirty_two_threads_use_it_at_once(emulator: Emulator, client: ReplicateClient) -> None:
    barrier = threading.Barrier(32)

    def run(number: int) -> Any:
        barrier.wait()
        return client.run_model(SAYS, {"tokens": [f"{number}"]})

    with ThreadPoolExecutor(32) as pool:
        outputs = list(pool.map(run, range(32)))

    assert outputs == [[f"{number}"] for number in range(32)]
    assert len(emulator.predictions) == 32
    assert client_threads() == 1


def test_it_outlives_the_loops_that_it_is_awaited_from(client: ReplicateClient) -> None:
    async def run(word: str) -> Any:
        return await client.run_model_async(SAYS, {"tokens": [word]})

    outputs = [asyncio.run(run(word)) for word in ("first", "second")]

    assert outputs == [["first"], ["second"]]


def test_loops_in_several_threads_await_it_at_once(client: ReplicateClient) -> None:
    async def run(number: int) -> Any:
        return await asyncio.gather(
            *(client.run_model_async(SAYS, {"tokens": [f"{number}"]}) for _ in range(4))
        )

    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(lambda number: asyncio.run(run(number)), range(4)))

    assert outputs == [[[f"{number}"]] * 4 for number in range(4)]


async def test_its_blocking_methods_work_inside_a_running_loop(client: ReplicateClient) -> None:
    """As in a notebook, whose cells have one: the loop waits meanwhile."""
    output = client.run_model(SAYS, {"tokens": ["hello"]})

    pieces = list(client.stream_output(SAYS, {"tokens": ["hello"]}))

    assert output == pieces == ["hello"]


async def test_awaiting_it_leaves_the_callers_loop_free(client: ReplicateClient) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())

    await client.run_model_async(DRAWS, {"pause": 20})

    ticking.cancel()
    assert ticks > 10


async def test_cancelling_who_awaits_it_cancels_the_work(
    emulator: Emulator, client: ReplicateClient
) -> None:
    running = asyncio.create_task(client.run_model_async(SLEEPS, {}, timeout=1.4))
    await until(lambda: bool(emulator.predictions))

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: is_canceled(emulator))


async def test_cancelling_it_before_it_began_leaves_no_coroutine_behind(
    emulator: Emulator, client: ReplicateClient
) -> None:
    for _ in range(50):
        running = asyncio.create_task(client.get_account_async())
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    gc.collect()

    account = await client.get_account_async()
    assert account.username


def test_errors_come_to_the_caller_as_they_are(client: ReplicateClient) -> None:
    with pytest.raises(PredictionFailed, match="no memory") as raised:
        client.run_model(SAYS, {"error": "no memory"})

    assert raised.value.prediction.status == "failed"


def test_a_callback_that_calls_the_client_back_is_refused_and_nothing_hangs(
    emulator: Emulator, client: ReplicateClient
) -> None:
    with pytest.raises(RuntimeError, match="called in a callback"):
        client.run_model(
            SLEEPS, {}, timeout=1.4, on_update=lambda one: client.get_prediction(one.id) and None
        )

    until_blocking(lambda: is_canceled(emulator))


# Interrupting


@contextmanager
def ctrl_c_when(condition: Callable[[], bool]) -> Iterator[None]:
    """Interrupt the main thread once the condition holds, while it is in the block."""

    def interrupt() -> None:
        until_blocking(condition)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    # A process that was started in the background by a shell ignores it otherwise.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with ThreadPoolExecutor(1) as pool:
            interrupting = pool.submit(interrupt)
            yield
            interrupting.result()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("requests", [1, 2], ids=["while it is created", "while it runs"])
def test_interrupting_a_run_cancels_the_prediction_before_it_goes_on(
    emulator: Emulator, client: ReplicateClient, requests: int
) -> None:
    emulator.inject(Fault(path="*/cancel", status=503, headers={"Retry-After": "0.3"}))

    with (
        ctrl_c_when(lambda: len(emulator.requests) == requests),
        pytest.raises(KeyboardInterrupt),
    ):
        client.run_model(SLEEPS, {}, timeout=1.9)

    assert is_canceled(emulator)


def test_interrupting_a_stream_cancels_the_prediction_and_keeps_the_text(
    emulator: Emulator, client: ReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS, "rest": 1e6})

    with ctrl_c_when(lambda: stream.text == "".join(WORDS)), pytest.raises(KeyboardInterrupt):
        list(stream)

    assert is_canceled(emulator)
    assert stream.text == "".join(WORDS)


# Streams and watching


def test_a_stream_is_an_iterator_whose_prediction_is_known(
    emulator: Emulator, client: ReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS})
    started = stream.prediction.id

    pieces = list(stream)

    assert [started] == [one["id"] for one in emulator.predictions]
    assert pieces == WORDS
    assert (stream.text, stream.was_replaced) == ("".join(WORDS), False)
    assert stream.prediction.status == "succeeded"


def test_breaking_out_of_a_stream_cancels_the_prediction(
    emulator: Emulator, client: ReplicateClient
) -> None:
    for _ in client.stream_output(SAYS, {"tokens": WORDS, "rest": 1e6}):
        break

    assert is_canceled(emulator)


def test_an_exception_in_the_body_cancels_the_prediction_and_is_the_one_that_is_seen(
    emulator: Emulator, client: ReplicateClient
) -> None:
    emulator.inject(Fault(path="*/cancel", status=403))

    with pytest.raises(KeyError, match="mine"), client.stream_output(SLEEPS, {}):
        raise KeyError("mine")

    assert emulator.requests[-1].path.endswith("/cancel")


def test_a_stream_closed_from_another_thread_ends(
    emulator: Emulator, client: ReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS, "rest": 1e6})
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(lambda: list(stream))
        until_blocking(lambda: stream.text == "".join(WORDS))

        stream.close()
        stream.close()

        assert "".join(reading.result(timeout=3)) == "".join(WORDS)
    assert is_canceled(emulator)


def test_a_stream_left_to_the_garbage_collector_on_the_clients_own_thread_hangs_nothing(
    emulator: Emulator, client: ReplicateClient
) -> None:
    def leave_in_a_cycle() -> None:
        pieces = iter(client.stream_output(SAYS, {"tokens": WORDS, "rest": 1e6}))
        next(pieces)
        cycle: list[Any] = [pieces]
        cycle.append(cycle)

    async def collect() -> None:
        gc.collect()

    gc.disable()
    leave_in_a_cycle()

    client._loop.run(collect)

    gc.enable()
    until_blocking(lambda: is_canceled(emulator))
    assert client.get_account().username


def test_watching_leaves_what_is_late_running_unless_it_is_told_to_cancel_it(
    emulator: Emulator, client: ReplicateClient
) -> None:
    prediction = client.create_prediction(SLEEPS, {})

    with pytest.raises(PredictionTimeout) as waited:
        client.wait_for_prediction(prediction, timeout=0.1)
    with pytest.raises(PredictionTimeout) as watched:
        list(client.watch_prediction(prediction, timeout=0.1))
    after_waiting = emulator.predictions[0]["status"]
    with pytest.raises(PredictionTimeout) as cancelled:
        list(client.watch_prediction(prediction, timeout=0.1, cancel_when_late=True))

    timeouts = [one.value.was_cancelled for one in (waited, watched, cancelled)]
    assert timeouts == [False, False, True]
    assert after_waiting in ("starting", "processing")
    assert is_canceled(emulator)


def test_watching_yields_each_change_and_leaving_closes_it(
    emulator: Emulator, client: ReplicateClient
) -> None:
    prediction = client.create_prediction(DRAWS, {"pause": 30})

    statuses = [one.status for one in client.watch_prediction(prediction)]
    for _ in client.watch_prediction(client.create_prediction(SLEEPS, {}).id):
        break

    assert (statuses[0], statuses[-1]) == ("starting", "succeeded")
    assert emulator.predictions[0]["status"] in ("starting", "processing")


# Closing


def test_after_closing_there_is_one_clear_error(emulator: Emulator, tmp_path: Path) -> None:
    client = ReplicateClient(settings_for(emulator.url))
    client.close()

    with pytest.raises(AlreadyClosed, match="make a new one"):
        client.get_account()
    with pytest.raises(AlreadyClosed, match="make a new one"):
        asyncio.run(client.get_account_async())
    with pytest.raises(AlreadyClosed, match="make a new one"):
        client.stream_output(SAYS, {})
    with pytest.raises(AlreadyClosed, match="make a new one"):
        next(iter(client.watch_prediction("p1")))
    assert client.is_closed


def test_closing_twice_and_from_many_threads_is_fine(emulator: Emulator) -> None:
    client = ReplicateClient(settings_for(emulator.url))
    client.get_account()
    before = client_threads()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.close(), range(8)))
    client.close()

    assert before - client_threads() == 1


def test_closing_while_another_thread_waits_ends_its_wait_with_an_error(
    emulator: Emulator,
) -> None:
    client = ReplicateClient(settings_for(emulator.url))
    prediction = client.create_prediction(SLEEPS, {})

    async def wait() -> Any:
        return await client.wait_for_prediction_async(prediction)

    with ThreadPoolExecutor(3) as pool:
        waits = [
            pool.submit(client.wait_for_prediction, prediction),
            pool.submit(lambda: asyncio.run(wait())),
            pool.submit(lambda: list(client.watch_prediction(prediction))),
        ]
        until_blocking(lambda: len(emulator.requests) > 4)

        client.close()

        errors = [one.exception(timeout=3) for one in waits]
    assert [type(error) for error in errors] == [AlreadyClosed] * 3


def test_closing_cancels_what_a_run_in_another_thread_had_started(emulator: Emulator) -> None:
    client = ReplicateClient(settings_for(emulator.url))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(client.run_model, SLEEPS, {}, timeout=1.4)
        until_blocking(lambda: bool(emulator.predictions))

        client.close()

        assert isinstance(running.exception(timeout=3), AlreadyClosed)
    assert is_canceled(emulator)


def test_calls_that_race_with_closing_are_answered_or_refused(emulator: Emulator) -> None:
    for _ in range(10):
        client = ReplicateClient(settings_for(emulator.url))
        barrier = threading.Barrier(5)

        def call() -> Any:
            barrier.wait()  # noqa: B023
            return client.get_account()  # noqa: B023

        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(call) for _ in range(4)]
            barrier.wait()
            client.close()
            ends = [one.exception(timeout=3) for one in calls]

        assert {type(end) for end in ends} <= {type(None), AlreadyClosed}


def test_it_closes_even_if_its_connections_do_not(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(client: AsyncReplicateClient) -> None:
        await closing(client)
        raise ZeroDivisionError

    closing = AsyncReplicateClient.aclose
    monkeypatch.setattr(AsyncReplicateClient, "aclose", broken)
    client = ReplicateClient(settings_for(emulator.url))
    client.get_account()

    with pytest.raises(ZeroDivisionError):
        client.close()

    assert client.is_closed
    client.close()


# The process's client


@pytest.mark.usefixtures("environment")
def test_racing_threads_get_the_same_client_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Slow(ReplicateClient):
        def __init__(self) -> None:
            time.sleep(0.05)
            made.append(self)
            super().__init__()

    monkeypatch.setattr(core.client.blocking, "ReplicateClient", Slow)
    barrier = threading.Barrier(16)

    def get(_: int) -> ReplicateClient:
        barrier.wait()
        return get_replicate_client()

    with ThreadPoolExecutor(16) as pool:
        clients = set(pool.map(get, range(16)))

    assert clients == set(made)
    assert len(made) == 1


@pytest.mark.usefixtures("environment")
def test_after_a_reset_there_is_a_new_one_and_the_old_one_is_closed() -> None:
    first = get_replicate_client()

    reset_replicate_client()

    second = get_replicate_client()
    assert first is not second
    assert first.is_closed
    assert second.get_account().username


@pytest.mark.usefixtures("environment")
def test_when_somebody_has_closed_it_the_next_call_makes_a_new_one() -> None:
    with get_replicate_client() as closed:
        closed.get_account()

    again = get_replicate_client()

    assert again.get_account().username
    assert again is not closed


def test_it_is_closed_when_the_program_ends(emulator: Emulator, tmp_path: Path) -> None:
    """A program that never closes it cancels what it still reads, and ends by itself."""
    program = (
        "from core import get_replicate_client\n"
        f"stream = get_replicate_client().stream_output({SLEEPS!r}, {{}})\n"
        "print(stream.prediction.id)\n"
    )
    environment = {
        "REPLICATE_BASE_URL": emulator.url,
        "REPLICATE_API_TOKEN": "anything",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }

    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert is_canceled(emulator)
