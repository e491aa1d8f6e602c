"""The emulator as a server: it starts, stops, leaves nothing behind, and runs by itself."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from core.emulator import Emulator, Fault
from core.emulator.__main__ import main
from core.emulator.runner import Context, Step, Token
from tests.core.emulator.clients import client_of, create, until
from tests.core.emulator.runners import BROKEN, PICTURES, RUNNERS, SLOW, WORDS

_ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def an_emulator(**more: object) -> Emulator:
    return Emulator(port=0, speed=100.0, rate_limits=False, runners=RUNNERS, **more)  # type: ignore[arg-type]


def port_of(emulator: Emulator) -> int:
    return httpx2.URL(emulator.url).port or 0


def is_open(port: int) -> bool:
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_it_leaves_no_thread_no_folder_and_no_socket(temporary: Path) -> None:
    threads = set(threading.enumerate())
    files = set(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else set()
    emulator = an_emulator()

    emulator.start()
    port = port_of(emulator)
    was_open = is_open(port)
    with client_of(emulator) as http:
        create(http, PICTURES.card.id, {"prompt": "a fox"}, headers={"Prefer": "wait"})
        folders = list(temporary.iterdir())
        emulator.stop()

    gc.collect()
    assert was_open
    assert len(folders) == 1
    assert list(temporary.iterdir()) == []
    assert set(threading.enumerate()) == threads
    assert not is_open(port)
    if files:
        assert set(os.listdir("/proc/self/fd")) <= files


def test_it_stops_at_once_with_work_in_every_state(temporary: Path) -> None:
    with an_emulator() as emulator, client_of(emulator) as http:
        created = create(http, SLOW.card.id, {}).json()
        until(http, created, lambda now: now["status"] == "processing")
        with (
            ThreadPoolExecutor() as pool,
            http.stream("GET", created["urls"]["stream"]) as stream,
        ):
            next(stream.iter_raw())
            waiting = pool.submit(create, http, SLOW.card.id, {}, headers={"Prefer": "wait=60"})
            while len(emulator.predictions) < 2:
                time.sleep(0.002)
            began = time.monotonic()
            emulator.stop()
            seconds = time.monotonic() - began

    assert seconds < 0.8
    assert waiting.result().json()["status"] == "canceled"
    assert list(temporary.iterdir()) == []


def test_it_stops_although_a_request_hangs() -> None:
    with an_emulator() as emulator, client_of(emulator) as http, ThreadPoolExecutor() as pool:
        emulator.inject(Fault(hang=True))
        hanging = pool.submit(http.get, "/account")
        while not emulator.requests:
            time.sleep(0.002)
        began = time.monotonic()
        emulator.stop()
        seconds = time.monotonic() - began

    assert seconds < 2
    assert isinstance(hanging.exception(), httpx2.TransportError)


def test_predictions_that_are_created_while_it_stops_do_no_harm(temporary: Path) -> None:
    stopped = threading.Event()
    statuses = []

    def go_on_creating() -> None:
        with client_of(emulator) as http:
            while not stopped.is_set():
                try:
                    response = create(http, PICTURES.card.id, {"prompt": "x", "size": 100_000})
                except httpx2.TransportError:
                    return
                statuses.append(response.status_code)

    emulator = an_emulator()
    emulator.start()
    with ThreadPoolExecutor() as pool:
        creating = [pool.submit(go_on_creating) for _ in range(4)]
        while len(statuses) < 40:
            time.sleep(0.002)
        emulator.stop()
        stopped.set()

    assert [done.result() for done in creating] == [None] * 4
    assert set(statuses) == {201}
    assert list(temporary.iterdir()) == []


def test_it_can_be_stopped_twice_and_started_again() -> None:
    emulator = an_emulator()

    emulator.stop()
    for _ in range(2):
        emulator.start()
        with client_of(emulator) as http:
            status = create(http, WORDS.card.id, {}).status_code
        count = len(emulator.predictions)
        emulator.stop()
        emulator.stop()

        assert (status, count) == (201, 1)


def test_two_of_them_do_not_know_of_each_other() -> None:
    with an_emulator() as one, an_emulator() as two, client_of(one) as http:
        created = create(http, WORDS.card.id, {}).json()
        with client_of(two) as other:
            missing = other.get(f"/predictions/{created['id']}")
            secrets = {
                client.get("/webhooks/default/secret").json()["key"] for client in (http, other)
            }

        assert one.url != two.url
        assert missing.status_code == 404
        assert len(secrets) == 2
        assert (len(one.predictions), len(two.predictions)) == (1, 0)


def test_a_taken_port_is_an_os_error(temporary: Path) -> None:
    threads = set(threading.enumerate())
    with an_emulator() as first:
        second = Emulator(port=port_of(first), runners=RUNNERS)

        with pytest.raises(OSError, match="in use"):
            second.start()
        second.stop()

        assert first.predictions == []
    assert set(threading.enumerate()) == threads
    assert list(temporary.iterdir()) == []


def test_a_model_whose_example_fails_lets_nobody_wait(temporary: Path) -> None:
    card = replace(BROKEN.card, example_input={"how": "crashes"})
    emulator = Emulator(port=0, runners=[replace(BROKEN, card=card)])

    with pytest.raises(ZeroDivisionError):
        emulator.start()
    emulator.stop()

    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
def test_it_listens_on_ipv6_too(bare: httpx2.Client) -> None:
    with Emulator(host="::1", port=0, runners=RUNNERS) as emulator:
        response = bare.get(f"{emulator.url}/v1/search?query=words")

        assert emulator.url.startswith("http://[::1]:")
        assert response.json()["models"][0]["model"]["cover_image_url"] is None


@pytest.mark.parametrize("speed", [0, -1])
def test_it_does_not_stand_still(speed: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Emulator(speed=speed)


def test_a_hundred_creates_at_once_are_all_taken() -> None:
    with an_emulator() as emulator, client_of(emulator) as http, ThreadPoolExecutor(20) as pool:
        responses = list(
            pool.map(
                lambda n: create(
                    http, WORDS.card.id, {"prompt": str(n)}, headers={"Prefer": "wait"}
                ),
                range(100),
            )
        )

        assert [response.json()["output"] for response in responses] == [
            ["Hello ", f"{n} "] for n in range(100)
        ]
        assert len({response.json()["id"] for response in responses}) == 100


def test_answers_do_not_wait_for_the_network() -> None:
    with an_emulator() as emulator, client_of(emulator) as http:
        http.get("/account")

        seconds = []
        for _ in range(20):
            began = time.monotonic()
            http.post("/predictions", json={"version": WORDS.card.id, "input": {}})
            seconds.append(time.monotonic() - began)

    # Packets held back, as TCP does by itself, take 40 ms; a busy machine delays some of them.
    assert sorted(seconds)[4] < 0.03


def test_its_connections_hold_no_packet_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection takes it over from the socket that listens."""
    listening = []
    create_server = socket.create_server

    def noting(*args: Any, **options: Any) -> socket.socket:
        listening.append(create_server(*args, **options))
        return listening[-1]

    monkeypatch.setattr(socket, "create_server", noting)
    with an_emulator():
        [one] = listening
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# By itself


@contextmanager
def by_itself(temporary: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m core.emulator` with its temporary files in a folder."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core.emulator", *arguments],
        cwd=_ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="other systems have other signals")
def test_by_itself_it_tells_its_url_and_ends_cleanly_when_told_to(
    temporary: Path, bare: httpx2.Client
) -> None:
    folders = {name: temporary / name for name in ("SIGINT", "SIGTERM", "SIGHUP")}
    with ExitStack() as stack:
        processes = {}
        for name, folder in folders.items():
            folder.mkdir()
            processes[name] = stack.enter_context(by_itself(folder, "--port", "0"))

        for name, process in processes.items():
            assert process.stdout is not None
            url = process.stdout.readline().split(" on ")[1].split(" ")[0]
            setting = process.stdout.readline()
            answer = bare.get(f"{url}/v1/account", headers={"Authorization": "Bearer x"})
            held = len(list(folders[name].iterdir()))
            process.send_signal(getattr(signal, name))
            output, errors = process.communicate(timeout=20)

            assert setting == f"  REPLICATE_BASE_URL={url} REPLICATE_API_TOKEN=anything\n"
            assert (answer.status_code, held) == (200, 1)
            assert (process.returncode, output.strip(), errors) == (0, "", "")
            assert list(folders[name].iterdir()) == []


@pytest.fixture
def signals() -> Iterator[None]:
    """Put the process's signal handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.skipif(os.name != "posix", reason="other systems have other signals")
@pytest.mark.usefixtures("signals")
def test_by_itself_it_says_in_one_line_that_its_port_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with an_emulator() as emulator:
        monkeypatch.setattr(sys, "argv", ["core.emulator", "--port", str(port_of(emulator))])
        status = main()

    shown = capsys.readouterr()
    assert (status, shown.out) == (1, "")
    assert shown.err.count("\n") == 1
    assert "choose another with --port" in shown.err


def test_by_itself_it_serves_a_folder_of_schemas_and_says_what_is_broken(
    temporary: Path, bare: httpx2.Client
) -> None:
    folder = temporary / "schemas"
    folder.mkdir()
    output = {"components": {"schemas": {"Output": {"type": "integer"}}}}
    (folder / "me__counter.json").write_text(json.dumps({"openapi_schema": output}))
    (folder / "me__broken.json").write_text("{")

    with by_itself(temporary, "--port", "0", "--schemas", str(folder)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().split(" on ")[1].split(" ")[0]
        said = process.stderr.readline()
        shown = bare.get(f"{url}/v1/models/me/counter", headers={"Authorization": "Bearer x"})

    assert said.startswith("me__broken.json isn't served: it isn't JSON")
    assert shown.json()["latest_version"]["openapi_schema"] == output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--port", "70000"),
        ("--port", "http"),
        ("--speed", "0"),
        ("--speed", "nan"),
        ("--fast",),
        ("--schemas", "/nowhere"),
    ],
)
def test_by_itself_it_refuses_what_makes_no_sense(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["core.emulator", *arguments])

    with pytest.raises(SystemExit) as caught:
        main()

    assert caught.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_its_help_loads_no_model(temporary: Path) -> None:
    script = (
        "import sys, runpy; sys.argv = ['core.emulator', '--help']\n"
        "try: runpy.run_module('core.emulator', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print('loaded', [name for name in sys.modules if name.startswith("
        "('core.emulator.models', 'uvicorn', 'PIL', 'av'))])"
    )

    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=_ROOT, check=True, capture_output=True, text=True
    ).stdout

    assert "--no-rate-limits" in shown
    assert shown.endswith("loaded []\n")


def test_a_model_that_never_ends_does_not_keep_it_from_starting() -> None:
    async def endless(_: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        while True:
            yield Token("and ")
            await context.sleep(1)

    with (
        Emulator(port=0, runners=[replace(WORDS, run=endless)]) as emulator,
        client_of(emulator) as http,
    ):
        assert http.get("/account").status_code == 200
