"""A server that stops ends the event streams of open pages, in order, and nothing else."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from tests.core.waiting import until
from ui.eventstreams import EventStreams

EVENTS = "text/event-stream; charset=utf-8"
SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}


async def _never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def _answering(
    media_type: str,
) -> AsyncGenerator[tuple[EventStreams, asyncio.Task[None], list[Message]]]:
    """Answer one request with a stream that has begun and doesn't end by itself."""
    sent: list[Message] = []

    async def words() -> AsyncGenerator[str]:
        yield "data: first\n\n"
        await asyncio.Event().wait()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(words(), media_type=media_type)(scope, receive, send)

    async def send(message: Message) -> None:
        sent.append(message)

    streams = EventStreams(app)
    answering = asyncio.create_task(streams(SCOPE, _never, send))
    await until(lambda: len(sent) == 2)
    yield streams, answering, sent
    answering.cancel()
    with suppress(asyncio.CancelledError):
        await answering


async def test_a_stream_is_finished_and_its_request_with_it() -> None:
    async with _answering(EVENTS) as (streams, answering, sent):
        streams.end()
        await answering

    assert [message.get("more_body") for message in sent[1:]] == [True, None]


async def test_a_download_is_not_cut() -> None:
    async with _answering("video/mp4") as (streams, answering, sent):
        streams.end()
        ended, _ = await asyncio.wait({answering}, timeout=0.05)

        assert not ended
        assert len(sent) == 2


async def test_who_is_cancelled_by_somebody_else_is_cancelled() -> None:
    async with _answering(EVENTS) as (_, answering, _):
        answering.cancel()

        with pytest.raises(asyncio.CancelledError):
            await answering
