"""A forked process: each client goes on with a loop and connections of its own."""

from collections.abc import Iterator

import pytest

from core.emulator import Emulator
from tests.core.programs import output_of
from tests.core.talkers import TALKERS

FORK = """
own = ReplicateClient()

def use(_=None):
    with own.stream_output("acme/says", {"tokens": ["a", "b"]}) as stream:
        words = "".join(stream)
    return get_replicate_client().run_model("acme/says", {"tokens": ["x"]})[0] + words

def fork(child):
    sys.stdout.flush()
    if not (process_id := os.fork()):
        child()
        gc.collect()
        sys.exit()
    _, status = os.waitpid(process_id, 0)
    print("ended", status)
"""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=TALKERS) as emulator:
        yield emulator


def test_clients_go_on_in_the_child_and_in_the_parent(emulator: Emulator) -> None:
    source = """
fork(lambda: print(use()))  # before the parent has opened anything
print(use())
fork(lambda: print(use()))
fork(lambda: None)
fork(lambda: fork(lambda: print(use())))
print(use())
own.close()
fork(lambda: print(own.is_closed))
"""

    lines = output_of(FORK + source, emulator)

    ended = "ended 0"
    assert lines == [
        *("xab", ended),
        "xab",
        *("xab", ended),
        ended,
        *("xab", ended, ended),
        "xab",
        *("True", ended),
    ]


def test_one_with_other_options_goes_on_beside_the_first_in_the_child(emulator: Emulator) -> None:
    source = """
other = own.with_options(timeout=900, headers={"X-Team": "foxes"}).with_options(max_retries=7)

def child():
    other.get_account()
    print(other.settings.timeout_seconds, other.settings.max_retries)
    own.close()
    print(other.is_closed)

other.get_account()
fork(child)
print(other.is_closed)
other.close()
print(own.is_closed)
"""

    lines = output_of(FORK + source, emulator)

    assert lines == ["900.0 7", "True", "ended 0", "False", "True"]
    assert [request.headers.get("x-team") for request in emulator.requests] == ["foxes"] * 2


def test_what_the_parent_runs_is_left_alone(emulator: Emulator) -> None:
    source = """
stream = own.stream_output("acme/says", {"tokens": ["a"], "rest": 1e6})
pieces = iter(stream)
next(pieces)
threading.Thread(target=own.run_model, args=("acme/sleeps", {}), daemon=True).start()
while len(own.list_predictions().results) < 2:
    time.sleep(0.01)

def child():
    print(use())
    for act in (lambda: next(pieces), stream.close):
        try:
            act()
        except PlaygroundError as error:
            print(type(error).__name__)

fork(child)
print([one.status for one in own.list_predictions().results if one.status != "succeeded"])
sys.stdout.flush()
os._exit(0)
"""

    lines = output_of(FORK + source, emulator)

    assert lines[:4] == ["xab", "WrongEventLoop", "WrongEventLoop", "ended 0"]
    assert "canceled" not in lines[4]


def test_a_lock_that_another_thread_of_the_parent_holds_does_not_matter(
    emulator: Emulator,
) -> None:
    source = """
from core.client import blocking

use()
is_held, is_over = threading.Event(), threading.Event()

def hold():
    with blocking._shared_lock, own._loop._lock, own._loop._running._lock:
        is_held.set()
        is_over.wait()

threading.Thread(target=hold).start()
is_held.wait()
fork(lambda: print(use()))
is_over.set()
"""

    assert output_of(FORK + source, emulator) == ["xab", "ended 0"]


def test_processes_of_pools_share_a_client_made_before_them(emulator: Emulator) -> None:
    source = """
fork_context = multiprocessing.get_context("fork")
use()
with fork_context.Pool(2) as pool:
    print(set(pool.map(use, range(4))))
with ProcessPoolExecutor(2, mp_context=fork_context) as pool:
    print(set(pool.map(use, range(4))))
"""

    assert output_of(FORK + source, emulator) == ["{'xab'}"] * 2


def test_an_asynchronous_client_stays_with_the_loop_that_it_was_used_on(
    emulator: Emulator,
) -> None:
    source = """
def child(client):
    async def ask():
        async with client:
            return (await client.get_account()).username
    try:
        print(asyncio.run(ask()))
    except PlaygroundError as error:
        print(error)
    sys.stdout.flush()
    os._exit(0)  # as multiprocessing does; a copy of a running loop can't be unwound

async def main():
    async with AsyncReplicateClient() as used:
        await used.get_account()
        stream = used.stream_output("acme/sleeps", {})
        await stream.start()
        fork(lambda: child(used))
        fork(lambda: child(AsyncReplicateClient()))
        print((await used.get_prediction(stream.prediction.id)).status == "canceled")

asyncio.run(main())
"""

    lines = output_of(FORK + source, emulator)

    assert lines[0].startswith("An asynchronous client belongs to one event loop")
    assert lines[1:] == ["ended 0", "emulator", "ended 0", "False"]
