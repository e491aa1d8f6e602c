"""A prediction's stream: every event, exactly, from the beginning, however often it is opened."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx2
import pytest

from core.emulator.predictions import Order, Prediction
from core.emulator.streams import server_sent_events
from tests.core.emulator.clients import create, run, until, until_ended
from tests.core.emulator.runners import BROKEN, ODD, ODD_TEXTS, PICTURES, SLOW, WORDS, picture

_ACCEPT = {"Accept": "text/event-stream"}


@dataclass(frozen=True)
class Event:
    name: str
    id: str
    data: str


def events(body: str) -> list[Event]:
    """Decode a stream as its standard says: a line ends at CR, LF and CRLF, and nowhere else."""
    found = []
    for block in body.split("\n\n"):
        fields: dict[str, list[str]] = {}
        for line in block.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            name, _, value = line.partition(": ")
            fields.setdefault(name, []).append(value)
        if "event" in fields:
            found.append(Event(fields["event"][0], fields["id"][0], "\n".join(fields["data"])))
    return found


def text_of(stream: list[Event]) -> str:
    return "".join(event.data for event in stream if event.name == "output")


def test_a_stream_tells_logs_and_outputs_in_order_and_that_it_is_done(http: httpx2.Client) -> None:
    created = create(http, WORDS.card.id, {"prompt": "a b", "seed": 7}).json()

    response = http.get(created["urls"]["stream"], headers=_ACCEPT)

    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    assert [(event.name, event.data) for event in events(response.text)] == [
        ("logs", "Using seed: 7\n"),
        ("output", "Hello "),
        ("output", "a "),
        ("output", "b "),
        ("done", "{}"),
    ]


def test_ids_are_the_seconds_of_the_creation_and_a_count(http: httpx2.Client) -> None:
    created = create(http, WORDS.card.id, {}).json()

    stream = events(http.get(created["urls"]["stream"]).text)

    seconds = int(datetime.fromisoformat(created["created_at"]).timestamp())
    assert [event.id for event in stream] == [f"{seconds}:{n}" for n in range(len(stream))]


def test_a_stream_runs_while_the_model_does(http: httpx2.Client) -> None:
    created = create(http, SLOW.card.id, {}).json()

    with http.stream("GET", created["urls"]["stream"]) as response:
        first = next(response.iter_text())
        status = http.get(created["urls"]["get"]).json()["status"]

    assert "event: output" in first
    assert status == "processing"


def test_a_stream_that_is_opened_again_tells_everything_again(http: httpx2.Client) -> None:
    created = create(http, SLOW.card.id, {"seconds": 8}).json()
    with http.stream("GET", created["urls"]["stream"]) as response:
        beginning = next(response.iter_text())

    last_id = events(beginning)[-1].id
    again = http.get(created["urls"]["stream"], headers={"Last-Event-ID": last_id}).text
    at_the_end = http.get(created["urls"]["stream"]).text

    assert again.startswith(beginning)
    assert again == at_the_end
    assert text_of(events(again)) == "0 1 2 3 4 5 6 7 "


def test_two_readers_hear_the_same(http: httpx2.Client) -> None:
    created = create(http, SLOW.card.id, {"seconds": 5}).json()

    with http.stream("GET", created["urls"]["stream"]) as one:
        other = http.get(created["urls"]["stream"]).text
        assert one.read().decode() == other


def test_the_stream_needs_no_token_as_the_javascript_client_sends_none(
    http: httpx2.Client, bare: httpx2.Client
) -> None:
    created = create(http, WORDS.card.id, {"prompt": "you"}).json()

    assert text_of(events(bare.get(created["urls"]["stream"]).text)) == "Hello you "


def test_odd_text_comes_out_exactly_but_for_its_line_ends(http: httpx2.Client) -> None:
    created = create(http, ODD.card.id, {}).json()

    body = http.get(created["urls"]["stream"]).content.decode()

    outputs = [event.data for event in events(body) if event.name == "output"]
    expected = [text.replace("\r\n", "\n").replace("\r", "\n") for text in ODD_TEXTS]
    assert outputs == expected


def test_the_stream_adds_up_to_the_output(http: httpx2.Client) -> None:
    created = create(http, WORDS.card.id, {"prompt": "é 漢字 🦊"}).json()

    stream = events(http.get(created["urls"]["stream"]).text)
    ended = until_ended(http, created)

    assert text_of(stream) == "".join(ended["output"])


def test_a_failed_one_ends_with_its_error_and_then_done(http: httpx2.Client) -> None:
    created = create(http, BROKEN.card.id, {"how": "fails"}).json()

    stream = events(http.get(created["urls"]["stream"]).text)

    assert [event.name for event in stream] == ["logs", "output", "error", "done"]
    assert json.loads(stream[-2].data) == {"detail": "Out of memory (E1001)"}
    assert json.loads(stream[-1].data) == {"reason": "error"}


def test_a_canceled_one_ends_with_that_reason(http: httpx2.Client) -> None:
    created = create(http, SLOW.card.id, {}).json()
    until(http, created, lambda now: bool(now["output"]))

    with http.stream("GET", created["urls"]["stream"]) as response:
        http.post(created["urls"]["cancel"])
        stream = events(response.read().decode())

    assert stream[-1].name == "done"
    assert json.loads(stream[-1].data) == {"reason": "canceled"}
    assert "error" not in {event.name for event in stream}


def test_an_image_model_streams_the_urls_of_its_files(
    http: httpx2.Client, bare: httpx2.Client
) -> None:
    ended = run(http, PICTURES.card.id, {"prompt": "a fox", "num_outputs": 2})

    stream = events(http.get(ended["urls"]["stream"]).text)

    urls = [event.data for event in stream if event.name == "output"]
    assert urls == ended["output"]
    assert bare.get(urls[1]).content == picture(1, 1000)


def test_a_stream_of_files_is_told_by_its_path_as_the_javascript_client_does(
    http: httpx2.Client,
) -> None:
    of_files = create(http, PICTURES.card.id, {"prompt": "a fox"}).json()["urls"]["stream"]
    of_text = create(http, WORDS.card.id, {}).json()["urls"]["stream"]

    assert httpx2.URL(of_files).path.startswith("/v1/files/")
    assert not httpx2.URL(of_text).path.startswith("/v1/files/")


def test_urls_in_a_stream_follow_the_host(http: httpx2.Client) -> None:
    ended = run(http, PICTURES.card.id, {"prompt": "a fox"})

    body = http.get(ended["urls"]["stream"], headers={"Host": "playground.example"}).text

    assert "data: http://playground.example/outputs/" in body


@pytest.mark.parametrize("path", ["/streams/nothing", "/files/nothing/stream"])
def test_there_is_no_stream_of_what_is_not_there(path: str, http: httpx2.Client) -> None:
    assert http.get(path).status_code == 404


def test_a_reader_that_leaves_does_not_end_the_prediction(http: httpx2.Client) -> None:
    created = create(http, SLOW.card.id, {"seconds": 10}).json()

    with http.stream("GET", created["urls"]["stream"]) as response:
        next(response.iter_raw())

    assert until_ended(http, created)["status"] == "succeeded"


@pytest.fixture
def prediction() -> Prediction:
    """A prediction that nobody runs."""
    order = Order(runner=WORDS, version="hidden", given={}, full={}, origin="http://emulator")
    return Prediction(order, datetime.now(UTC))


async def test_an_idle_stream_is_closed_with_a_comment(prediction: Prediction) -> None:
    prediction.add_event("output", "so far")

    body = [text async for text in server_sent_events(prediction, "http://e", idle_seconds=0.02)]

    assert events(body[0])[0].data == "so far"
    assert body[1:] == [":408: 408 Request Timeout\n\n"]


async def test_a_stream_on_which_things_happen_is_not_idle(prediction: Prediction) -> None:
    async def happen() -> None:
        for number in range(4):
            await asyncio.sleep(0.05)
            prediction.add_event("output", str(number))
            prediction.notify()
        prediction.add_event("done", "{}")
        prediction.notify()

    happening = asyncio.create_task(happen())
    body = [text async for text in server_sent_events(prediction, "http://e", idle_seconds=0.1)]
    await happening

    assert [event.name for event in events("".join(body))] == ["output"] * 4 + ["done"]
