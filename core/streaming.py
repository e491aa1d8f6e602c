"""A language model's words as they come, ending in exactly the prediction's output.

A stream of events is only the fast way: whatever happens to it (a cut, a silent end, repeated
events), the prediction's own `output` is the truth, and what is missing is taken from there.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from types import TracebackType
from typing import Self

import httpx

from core.errors import MalformedResponse, PlaygroundError, PredictionTimeout
from core.logs import get_logger
from core.predictions import Prediction
from core.retries import is_transient, wait_seconds
from core.sse import Comment, ServerSentEvent, events

IDLE_SECONDS = 35.0
"""Replicate closes an idle stream after 30 s (Replicate docs); after this one it is given up."""

_POLL_SECONDS = 0.5
_SETTLE_SECONDS = 0.1

Connect = Callable[[str, Mapping[str, str]], AbstractAsyncContextManager[httpx.Response]]
"""Opens a stream of events: URL, headers."""


class OutputStream:
    """The output of one prediction as an asynchronous iterator over pieces of text.

    Use it with `async with`, or iterate to the end: leaving early closes the stream and, with
    `cancel_on_close`, cancels the prediction.

    Args:
        start: makes or finds the prediction; awaited once, by `start()` or the first piece.
        get, cancel: ask for the prediction and cancel it, by its id.
        connect: opens the stream of events.
        timeout_seconds: after which the prediction is cancelled.
        sleep, clock: replaceable in tests.

    Attributes:
        prediction: as last seen; None before it was started.
        text: all text so far; at the end exactly the prediction's output.
        was_replaced: the text that was given out differs from the prediction's output, which now
            stands in `text`.
    """

    def __init__(
        self,
        start: Callable[[], Awaitable[Prediction]],
        *,
        get: Callable[[str], Awaitable[Prediction]],
        cancel: Callable[[str], Awaitable[Prediction]],
        connect: Connect,
        timeout_seconds: float,
        cancel_on_close: bool = True,
        idle_seconds: float = IDLE_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.prediction: Prediction | None = None
        self.text = ""
        self.was_replaced = False
        self._start = start
        self._get = get
        self._cancel = cancel
        self._connect = connect
        self._timeout_seconds = timeout_seconds
        self._cancel_on_close = cancel_on_close
        self._idle_seconds = idle_seconds
        self._sleep = sleep
        self._clock = clock
        self._seen: set[str] = set()
        self._last_id: str | None = None
        self._replayable = True
        self._pieces = self._run()

    async def start(self) -> Prediction:
        """Start the prediction, if it isn't yet, and return it."""
        if self.prediction is None:
            self.prediction = await self._start()
        return self.prediction

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncGenerator[str]:
        return self._closing()

    async def aclose(self) -> None:
        """Close the stream; cancel the prediction if it is still running."""
        await self._pieces.aclose()
        if self._cancel_on_close and self.prediction and not self.prediction.is_terminal:
            self.prediction = await self._cancel(self.prediction.id)

    async def _closing(self) -> AsyncGenerator[str]:
        try:
            async for piece in self._pieces:
                yield piece
        finally:
            await self.aclose()

    async def _run(self) -> AsyncGenerator[str]:
        prediction = await self.start()
        log = get_logger().bind(prediction_id=prediction.id, model=prediction.model)
        began = self._clock()
        failures = 0
        while True:
            if prediction.stream_url and self._replayable and not prediction.is_terminal:
                grown = len(self.text)
                try:
                    async with aclosing(self._listen(prediction.stream_url)) as pieces:
                        async for piece in pieces:
                            yield piece
                    failures = 0
                except (PlaygroundError, httpx.TransportError, TimeoutError) as error:
                    if isinstance(error, PlaygroundError) and not is_transient(error):
                        raise
                    failures = 1 if len(self.text) > grown else failures + 1
                    log.warning("stream.broken", error=f"{type(error).__name__}: {error}")
            prediction = self.prediction = await self._get(prediction.id)
            # With events that can't be told apart, reading on means reading the prediction.
            if prediction.is_terminal or not self._replayable or not prediction.stream_url:
                for piece in self._reconcile(prediction):
                    yield piece
            if prediction.is_terminal:
                log.info(f"prediction.{prediction.status}", seconds=round(self._clock() - began, 3))
                prediction.raise_for_status()
                return
            if self._clock() - began >= self._timeout_seconds:
                self.prediction = await self._cancel(prediction.id)
                raise PredictionTimeout(self.prediction, seconds=self._timeout_seconds)
            await self._sleep(self._pause(prediction, failures))

    def _pause(self, prediction: Prediction, failures: int) -> float:
        if failures:
            return wait_seconds(None, failures)
        if prediction.stream_url and self._replayable:
            return _SETTLE_SECONDS
        return _POLL_SECONDS

    async def _listen(self, url: str) -> AsyncGenerator[str]:
        """Yield the new text of one connection; returns at `done` and at a silent end alike."""
        headers = {"Last-Event-ID": self._last_id} if self._last_id else {}
        async with self._connect(url, headers) as response:
            content_type = response.headers.get("Content-Type", "")
            if not content_type.startswith("text/event-stream"):
                raise MalformedResponse(f"Replicate's stream is “{content_type}”, not events.")
            async with aclosing(events(response.aiter_bytes())) as source:
                while True:
                    try:
                        async with asyncio.timeout(self._idle_seconds):
                            event = await anext(source)
                    except StopAsyncIteration:
                        return
                    if isinstance(event, Comment):
                        get_logger().debug("stream.comment", text=event.text)
                        continue
                    if event.name in ("done", "error"):
                        return  # what it means is asked of the prediction
                    if piece := self._take(event):
                        yield piece

    def _take(self, event: ServerSentEvent) -> str:
        if event.id is not None:
            if event.id in self._seen:
                return ""
            self._seen.add(event.id)
            self._last_id = event.id
        if event.name != "output":
            if event.name != "logs":
                get_logger().debug("stream.event_unknown", event_name=event.name)
            return ""
        if event.id is None:
            self._replayable = False
        self.text += event.data
        return event.data

    def _reconcile(self, prediction: Prediction) -> list[str]:
        truth = prediction.text
        if truth is None or truth == self.text:
            return []
        if truth.startswith(self.text):
            missing = truth[len(self.text) :]
            self.text = truth
            return [missing]
        if prediction.is_terminal:
            get_logger().warning("stream.replaced", prediction_id=prediction.id)
            self.text = truth
            self.was_replaced = True
        return []
