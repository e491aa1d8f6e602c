"""Streams of text: exact in the end, whatever happens on the way, and never running on unseen."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from core import (
    AlreadyClosed,
    AsyncReplicateClient,
    OutputStream,
    PredictionFailed,
    PredictionTimeout,
    ServerError,
)
from core.backoff import PROCESS_BUDGET
from core.client.background import Background
from core.emulator import Emulator, Fault
from tests.core.parts import parts_for, settings_for
from tests.core.talkers import DRAWS, SAYS, SLEEPS, TALKERS
from tests.core.waiting import HURRIED, is_canceled, until

STREAM = "/v1/streams/*"
EVENTS = {"content-type": "text/event-stream"}
WORDS = ["Mistral", ", ", "Sirocco", " and", " Bora", "."]
LONG_PAUSE = 1e6


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=TALKERS) as emulator:
        yield emulator


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncReplicateClient]:
    for _ in range(200):
        PROCESS_BUDGET.note_call()  # what other tests have spent of it
    async with AsyncReplicateClient(settings_for(emulator.url), clock=HURRIED) as client:
        yield client


async def read(stream: OutputStream) -> list[str]:
    return [piece async for piece in stream]


def output_of(emulator: Emulator) -> str:
    [prediction] = emulator.predictions
    return "".join(prediction["output"])


def count(emulator: Emulator, part: str) -> int:
    return sum(part in request.path for request in emulator.requests)


# Exact text


@pytest.mark.parametrize(
    "tokens",
    [
        ["line\u2028separator", "next\u0085line", "\x0b\x0c\x1c\x1d\x1e"],
        ["two\nlines", "\n", "\n\nmore"],
        ["https://example.com/a.png", "data: x", "event: done", ": no comment", "id: 7"],
        ["🦊 é 漢字 e\u0301", " leading", "trailing ", "", " ", "\ufeffmark"],
        ["data:image/png;base64,AAAA", "data:", "[DONE]", '{"a": 1}'],
    ],
    ids=["separators", "lines", "syntax", "unicode", "urls"],
)
async def test_the_pieces_join_to_exactly_what_the_model_said(
    tokens: list[str], emulator: Emulator, client: AsyncReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": tokens})

    pieces = await read(stream)

    assert "".join(pieces) == stream.text == "".join(tokens) == output_of(emulator)
    assert not stream.was_replaced


async def test_carriage_returns_which_events_cannot_hold_are_in_the_text_in_the_end(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": ["a\r", "b\r\n", "c", "\r\n\r\nd"]})

    pieces = await read(stream)

    assert stream.text == "a\rb\r\nc\r\n\r\nd" == output_of(emulator)
    assert "".join(pieces) == "a\nb\nc\n\nd"
    assert stream.was_replaced


async def test_after_a_carriage_return_a_cut_stream_still_brings_all_the_rest(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(path=STREAM, end_after_events=3), Fault(path=STREAM, status=404))

    stream = client.stream_output(SAYS, {"tokens": ["a\r\n", "b", "c", "d"], "pause": 1})
    pieces = await read(stream)

    assert "".join(pieces) == "a\nbcd"
    assert stream.text == "a\r\nbcd" == output_of(emulator)


class _ByteByByte(httpx2.AsyncBaseTransport):
    """Hands each answer's body on a byte at a time."""

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bytes(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Bytes(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            for byte in chunk:
                yield bytes([byte])

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_characters_split_over_chunks_stay_whole(emulator: Emulator) -> None:
    tokens = ["🦊漢", "\u2028", "é\n\nü"]
    settings = settings_for(emulator.url)

    async with AsyncReplicateClient(settings, transport=_ByteByByte()) as client:
        stream = client.stream_output(SAYS, {"tokens": tokens})
        pieces = await read(stream)

    assert "".join(pieces) == stream.text == "".join(tokens)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
async def test_any_line_end_of_the_standard_will_do(
    end: str, emulator: Emulator, client: AsyncReplicateClient
) -> None:
    lines = ["event: output", "id: 1:0", "data: one", "data: two", "", "event: done", "data: {}"]
    body = end.join([*lines, "", ""])
    emulator.inject(Fault(path=STREAM, body=body, headers=EVENTS))

    stream = client.stream_output(SAYS, {"tokens": ["one\ntwo", " three"], "pause": 1})
    pieces = await read(stream)

    assert pieces == ["one\ntwo", " three"]


async def test_an_image_models_stream_is_its_urls(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    stream = client.stream_output(DRAWS, {"count": 3})

    pieces = await read(stream)

    [prediction] = emulator.predictions
    assert pieces == prediction["output"]
    assert len(pieces) == 3


# Broken streams


@pytest.mark.parametrize("cut", [1, 40, 64, 65, 66, 111, 200])
async def test_a_cut_stream_ends_with_the_exact_output(
    cut: int, emulator: Emulator, client: AsyncReplicateClient
) -> None:
    """The cuts lie in fields, in words, and in the middle of characters."""
    tokens = ["漢字漢字漢字", "🦊🦊🦊🦊", " and more"]
    emulator.inject(Fault(path=STREAM, cut_after_bytes=cut))

    stream = client.stream_output(SAYS, {"tokens": tokens, "pause": 1})
    pieces = await read(stream)

    assert "".join(pieces) == stream.text == "".join(tokens) == output_of(emulator)
    assert not stream.was_replaced


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
@pytest.mark.parametrize(
    "fault",
    [
        {"end_after_events": 2},
        {"end_after_events": 0},
        {"cut_after_bytes": 150},
        {"duplicate_events": True},
        {"status": 502},
        {"status": 404},
        {"status": 429, "headers": {"retry-after": "86400"}},
        {"body": "<html>Bad gateway</html>"},
        {"drop": True},
    ],
    ids=lambda fault: "-".join(fault),
)
async def test_a_stream_that_fails_still_brings_all_the_text_once(
    fault: dict[str, Any], times: int | None, emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(path=STREAM, times=times, **fault))

    stream = client.stream_output(SAYS, {"tokens": WORDS, "pause": 1})
    pieces = await read(stream)

    assert "".join(pieces) == stream.text == "".join(WORDS) == output_of(emulator)
    assert not stream.was_replaced
    assert stream.prediction is not None
    assert stream.prediction.status == "succeeded"


async def test_unknown_events_and_comments_are_passed_over(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    body = (
        ": welcome\n\nevent: weather\nid: 1:9\ndata: rain\n\ndata: no name\n\n"
        "event: logs\nid: 1:8\ndata: Thinking\n\nevent: output\nid: 1:7\ndata: Mistral\n\n"
    )
    emulator.inject(Fault(path=STREAM, body=body, headers=EVENTS), Fault(path=STREAM, status=404))

    stream = client.stream_output(SAYS, {"tokens": WORDS, "pause": 1})
    pieces = await read(stream)

    assert pieces[0] == "Mistral"
    assert "".join(pieces) == stream.text == "".join(WORDS)


async def test_events_without_id_are_used_and_never_read_twice(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    body = "event: output\ndata: Mistral\n\nevent: output\ndata: , \n\n"
    emulator.inject(Fault(path=STREAM, body=body, headers=EVENTS))

    stream = client.stream_output(SAYS, {"tokens": WORDS, "pause": 1})
    pieces = await read(stream)

    assert pieces[:2] == ["Mistral", ", "]
    assert "".join(pieces) == stream.text == "".join(WORDS)
    assert count(emulator, "/streams/") == 1


async def test_words_that_are_not_the_models_are_replaced_in_the_end(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    body = "event: output\nid: 1:0\ndata: Something else\n\nevent: done\ndata: {}\n\n"
    emulator.inject(Fault(path=STREAM, body=body, headers=EVENTS))

    stream = client.stream_output(SAYS, {"tokens": WORDS})
    pieces = await read(stream)

    assert pieces == ["Something else"]
    assert stream.text == "".join(WORDS)
    assert stream.was_replaced


async def test_a_stream_that_says_done_too_early_is_not_asked_again_and_again(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    early = Fault(path=STREAM, body="event: done\ndata: {}\n\n", headers=EVENTS, times=None)
    emulator.inject(early)

    pieces = await read(client.stream_output(SAYS, {"tokens": WORDS, "pause": 10}))

    assert "".join(pieces) == "".join(WORDS)
    assert count(emulator, "/streams/") == 1


async def test_an_outage_of_the_whole_api_loses_nothing(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(
        Fault(path=STREAM, end_after_events=2),
        Fault(path=STREAM, status=503, times=4),
        Fault(method="GET", path="/v1/predictions/*", status=502),
        Fault(method="GET", path="/v1/predictions/*", drop=True),
        Fault(method="GET", path="/v1/predictions/*", body='{"id": "trunc'),
    )

    stream = client.stream_output(SAYS, {"tokens": WORDS, "pause": 5})
    pieces = await read(stream)

    assert "".join(pieces) == stream.text == output_of(emulator) == "".join(WORDS)


async def test_an_api_that_no_longer_takes_the_token_ends_the_stream_with_its_error(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(path=STREAM, status=401), Fault(method="GET", status=403))

    stream = client.stream_output(SAYS, {"tokens": WORDS, "pause": LONG_PAUSE})
    with pytest.raises(Exception, match="account may not do this"):
        await read(stream)

    await until(lambda: is_canceled(emulator))


def a_stream(
    emulator: Emulator, tokens: list[str], *, idle_seconds: float, pause: float = 1
) -> tuple[OutputStream, Any]:
    """Return a stream with an idle time of its own, and what it is made of."""
    parts = parts_for(emulator)
    stream = OutputStream(
        lambda: parts.creates.create(SAYS, {"tokens": tokens, "pause": pause}, deadline_seconds=60),
        http=parts.http,
        predictions=parts.predictions,
        timeout_seconds=60,
        background=Background(),
        open_streams=set(),
        idle_seconds=idle_seconds,
    )
    return stream, parts


async def test_a_stream_on_which_nothing_comes_is_given_up_and_taken_up_again(
    emulator: Emulator,
) -> None:
    emulator.inject(Fault(path=STREAM, hang=True))
    stream, parts = a_stream(emulator, WORDS, idle_seconds=0.5, pause=10)

    pieces = await read(stream)

    assert "".join(pieces) == "".join(WORDS)
    assert count(emulator, "/streams/") == 2
    await parts.http.aclose()


async def test_a_stream_that_falls_silent_is_given_up_and_taken_up_again(
    emulator: Emulator,
) -> None:
    """The answer's length is a lie, so its connection stays open when all was sent."""
    body = "event: output\nid: 1:0\ndata: Mistral\n\n"
    silent = {**EVENTS, "content-length": "100000"}
    emulator.inject(Fault(path=STREAM, body=body, content_length=100_000, headers=silent))
    emulator.inject(Fault(path=STREAM, status=404))
    stream, parts = a_stream(emulator, WORDS, idle_seconds=0.1)

    pieces = await read(stream)

    assert pieces[0] == "Mistral"
    assert "".join(pieces) == "".join(WORDS)
    await parts.http.aclose()


# The prediction, from the start to the end


async def test_the_prediction_is_known_from_the_start(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS})
    before = stream.prediction

    async with stream:
        known = stream.prediction

    assert before is None
    assert known is not None
    assert [known.id] == [one["id"] for one in emulator.predictions]


async def test_two_that_start_it_at_once_pay_once(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS})

    started = await asyncio.gather(*(stream.start() for _ in range(5)))

    assert len({prediction.id for prediction in started}) == 1
    assert len(emulator.predictions) == 1
    await stream.aclose()


async def test_a_failed_model_raises_after_the_text_so_far(client: AsyncReplicateClient) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS, "pause": 1, "error": "E1001: no memory"})
    pieces = []

    with pytest.raises(PredictionFailed, match="E1001: no memory"):  # noqa: PT012
        async for piece in stream:
            pieces.append(piece)  # noqa: PERF401

    assert "".join(pieces) == stream.text == "".join(WORDS)


async def test_a_prediction_that_has_ended_gives_its_whole_text(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    created = await client.create_prediction(SAYS, {"tokens": WORDS})
    ended = await client.wait_for_prediction(created)

    pieces = await read(client.stream_prediction(ended))

    assert pieces == ["".join(WORDS)]
    assert count(emulator, "/streams/") == 0


# Time


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [Fault(path=STREAM, hang=True, times=None)],
        [Fault(path=STREAM, drop=True, times=None)],
        [Fault(path=STREAM, end_after_events=1, times=None)],
        [
            Fault(path=STREAM, drop=True, times=None),
            Fault(method="GET", path="/v1/predictions/*", status=502, times=None),
        ],
    ],
    ids=["it trickles", "it hangs", "it breaks", "it ends", "all breaks"],
)
async def test_a_stream_keeps_to_its_deadline_and_the_prediction_is_cancelled(
    faults: list[Fault], emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(*faults)
    began = time.monotonic()

    stream = client.stream_output(SAYS, {"tokens": ["on and "] * 2000, "pause": 1}, timeout=0.4)
    with pytest.raises(PredictionTimeout):
        await read(stream)

    assert 0.4 <= time.monotonic() - began < 1.5
    assert stream.text.startswith("on and ") or faults
    assert [one["status"] for one in emulator.predictions] == ["canceled"]


async def test_a_prediction_that_ends_at_the_last_moment_is_not_lost(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(path=STREAM, hang=True, times=None))
    # What it is asked before the deadline is answered too late to know.
    stale = Fault(method="GET", path="/v1/predictions/*", status=502, times=None)
    emulator.inject(stale)

    stream = client.stream_output(SAYS, {"tokens": WORDS}, timeout=0.3)
    pieces = await read(stream)

    assert "".join(pieces) == "".join(WORDS)


# Leaving early


async def test_breaking_out_of_the_loop_cancels_the_prediction(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    async for _ in client.stream_output(SAYS, {"tokens": WORDS, "rest": LONG_PAUSE}):
        break

    await until(lambda: is_canceled(emulator))
    assert count(emulator, "/cancel") == 1


async def test_leaving_the_block_cancels_the_prediction_before_it_goes_on(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    async with client.stream_output(SAYS, {"tokens": WORDS, "rest": LONG_PAUSE}) as stream:
        async for _ in stream:
            break

    assert [one["status"] for one in emulator.predictions] == ["canceled"]
    assert stream.prediction is not None
    assert stream.prediction.status == "canceled"


async def test_the_text_so_far_stays_after_a_stop(client: AsyncReplicateClient) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS, "pause": 1, "rest": LONG_PAUSE})

    async with stream:
        async for _ in stream:
            if stream.text == "Mistral, Sirocco":
                break

    assert stream.text == "Mistral, Sirocco"


async def test_an_exception_in_the_body_cancels_the_prediction_and_is_the_one_that_is_seen(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(path="*/cancel", status=403))

    with pytest.raises(KeyError, match="mine"):  # noqa: PT012
        async with client.stream_output(SAYS, {"tokens": WORDS, "rest": LONG_PAUSE}) as stream:
            async for _ in stream:
                raise KeyError("mine")

    assert count(emulator, "/cancel") == 1


async def test_an_unfinished_iterator_that_is_collected_cancels_the_prediction(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    pieces: list[Any] = [aiter(client.stream_output(SAYS, {"tokens": WORDS, "rest": LONG_PAUSE}))]
    await anext(pieces[0])
    pieces.append(pieces)  # a cycle, so that nothing but the collector finds it

    del pieces
    gc.collect()

    await until(lambda: is_canceled(emulator))
    assert count(emulator, "/cancel") == 1


@pytest.mark.parametrize("path", ["/v1/streams/*", "*/predictions"])
async def test_a_reader_whose_task_is_cancelled_cancels_the_prediction(
    path: str, emulator: Emulator, client: AsyncReplicateClient
) -> None:
    """While it reads, and while the create is under way."""
    emulator.inject(Fault(path=path, delay_seconds=0.3))
    reading = asyncio.create_task(read(client.stream_output(SLEEPS, {})))
    await asyncio.sleep(0.15)

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    await until(lambda: is_canceled(emulator))


async def test_a_create_that_still_waits_is_never_sent_once_its_reader_is_gone(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(method="POST", status=429, headers={"retry-after": "1"}))
    reading = asyncio.create_task(read(client.stream_output(SLEEPS, {})))
    await until(lambda: bool(emulator.requests))
    await asyncio.sleep(0.05)

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    await client.aclose()
    assert len(emulator.requests) == 1
    assert emulator.predictions == []


async def test_another_task_may_close_it_and_the_reader_comes_to_the_end(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS, "rest": LONG_PAUSE})
    reading = asyncio.create_task(read(stream))
    await until(lambda: stream.text == "".join(WORDS))

    await asyncio.gather(stream.aclose(), stream.aclose())

    assert "".join(await reading) == "".join(WORDS)
    assert [one["status"] for one in emulator.predictions] == ["canceled"]
    assert count(emulator, "/cancel") == 1


async def test_a_stream_closed_while_it_starts_is_cancelled_once_it_has(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(method="POST", path="*/predictions", delay_seconds=0.2))
    stream = client.stream_output(SLEEPS, {})
    starting = asyncio.create_task(stream.start())
    await asyncio.sleep(0.05)

    await stream.aclose()

    await starting
    assert [one["status"] for one in emulator.predictions] == ["canceled"]


async def test_stop_is_said_again_when_it_was_not_heard(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(path="*/cancel", status=502))
    stream = client.stream_output(SLEEPS, {})
    await stream.start()

    await stream.aclose()

    assert [one["status"] for one in emulator.predictions] == ["canceled"]
    assert count(emulator, "/cancel") == 2


async def test_who_closes_it_learns_that_it_cannot_be_cancelled_and_may_try_again(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(path="*/cancel", status=500, times=3))
    stream = client.stream_output(SLEEPS, {})
    await stream.start()

    with pytest.raises(ServerError):
        await stream.aclose()
    await stream.aclose()

    assert [one["status"] for one in emulator.predictions] == ["canceled"]


async def test_a_task_cancelled_while_it_closes_still_gets_the_cancel_through(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(path="*/cancel", delay_seconds=0.2))
    stream = client.stream_output(SLEEPS, {})
    await stream.start()
    closing = asyncio.create_task(stream.aclose())
    await asyncio.sleep(0.05)

    closing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await closing
    await until(lambda: is_canceled(emulator))


async def test_closing_the_client_closes_its_streams(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS, "rest": LONG_PAUSE})
    reading = asyncio.create_task(read(stream))
    await until(lambda: stream.text == "".join(WORDS))

    await client.aclose()

    assert "".join(await reading) == "".join(WORDS)
    assert [one["status"] for one in emulator.predictions] == ["canceled"]


async def test_a_stream_may_leave_the_prediction_running(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    prediction = await client.create_prediction(SAYS, {"tokens": WORDS, "rest": LONG_PAUSE})

    async with client.stream_prediction(prediction, cancel_on_close=False) as stream:
        async for _ in stream:
            break

    assert [one["status"] for one in emulator.predictions] == ["processing"]


async def test_a_stream_that_is_never_entered_asks_for_nothing(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    client.stream_output(SAYS, {"tokens": WORDS})
    gc.collect()

    await client.aclose()

    assert emulator.requests == []


async def test_a_stream_closed_before_it_is_started_never_starts(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS})

    await stream.aclose()

    assert await read(stream) == []
    with pytest.raises(AlreadyClosed):
        await stream.start()
    assert emulator.requests == []


async def test_it_is_read_once(emulator: Emulator, client: AsyncReplicateClient) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS})

    first, second = await read(stream), await read(stream)

    assert "".join(first) == "".join(WORDS)
    assert second == []
    assert len(emulator.predictions) == 1


async def test_closing_an_ended_stream_again_asks_for_nothing(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    stream = client.stream_output(SAYS, {"tokens": WORDS})
    await read(stream)
    before = len(emulator.requests)

    await stream.aclose()
    await stream.aclose()

    assert len(emulator.requests) == before
