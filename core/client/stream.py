"""A language model's words as they come, ending in exactly the prediction's output.

A stream of events is only the fast way: whatever happens to it (a cut, a silent end, repeated
events), the prediction's own `output` is the truth, and what is missing is taken from there.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from types import TracebackType
from typing import Self

import httpx2

from core.backoff import OnWait, is_passing, wait_seconds
from core.client.background import Background
from core.client.http import Http
from core.client.predictions import Predictions, interval_seconds
from core.client.sse import Comment, EventDecoder, ServerSentEvent
from core.client.transcript import Transcript
from core.errors import AlreadyClosed, MalformedResponse, PlaygroundError, PredictionTimeout
from core.logs import get_logger
from core.prediction import Prediction

IDLE_SECONDS = 35.0
"""Replicate closes an idle stream after 30 s (Replicate docs); after this one it is given up."""

_SILENT = "The model has said nothing for a while: still listening."
_SETTLE_SECONDS = 0.1
_QUICK_SECONDS = 5.0
_MOST_FRUITLESS = 3
"""After so many connections that broke at once and brought nothing, the prediction is polled."""

Batch = list[ServerSentEvent] | str
"""What one chunk of a connection brought, or a piece of the prediction's own output."""


class OutputStream:
    """The output of one prediction as an asynchronous iterator over pieces of text, read once.

    Use it with `async with`, or iterate to the end: leaving early closes the stream and, with
    `cancel_on_close`, cancels the prediction. Any task may close it; whoever waits for a piece then
    comes to the end.

    Args:
        start: makes or finds the prediction; awaited once, by `start()` or the first piece.
        timeout_seconds: after which the prediction is cancelled.
        background: finishes a cancel whose caller was cancelled itself.
        open_streams: where it stands from its start to its end, for whoever closes them all; the
            garbage collector would also close its parts in any order.
        on_wait: told when nothing comes, and of each wait before the prediction is asked again.

    Attributes:
        prediction: as last seen; None before it was started.
    """

    def __init__(
        self,
        start: Callable[[], Awaitable[Prediction]],
        *,
        http: Http,
        predictions: Predictions,
        timeout_seconds: float,
        background: Background,
        open_streams: "set[OutputStream]",
        cancel_on_close: bool = True,
        on_wait: OnWait | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.prediction: Prediction | None = None
        self._start = start
        self._http = http
        self._predictions = predictions
        self._timeout_seconds = timeout_seconds
        self._background = background
        self._open_streams = open_streams
        self._cancel_on_close = cancel_on_close
        self._on_wait = on_wait
        self._idle_seconds = idle_seconds
        self._began = 0.0
        self._transcript = Transcript()
        self._is_done = False
        self._is_silent = False
        self._fruitless = 0
        self._starting = asyncio.Lock()
        self._batches = self._run()
        self._reading: asyncio.Task[Batch | None] | None = None
        self._is_closed = False
        self._closing: asyncio.Task[PlaygroundError | None] | None = None

    @property
    def text(self) -> str:
        """All text so far; at the end exactly the prediction's output."""
        return self._transcript.text

    @property
    def was_replaced(self) -> bool:
        """Whether the pieces that were given out don't join to the prediction's output.

        It stands in `text` all the same.
        """
        return self._transcript.was_replaced

    async def start(self) -> Prediction:
        """Start the prediction, if it isn't yet, and return it.

        Raises:
            AlreadyClosed: the stream was closed before.
        """
        async with self._starting:  # two that start it at once would pay twice
            if self.prediction is None:
                if self._is_closed:
                    raise AlreadyClosed("This stream is closed, nothing was started.")
                self.prediction = await self._start()
                self._began = self._http.clock.monotonic()
                self._open_streams.add(self)
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
        if error is None:
            await self.aclose()
        else:
            await self._leave()

    async def __aiter__(self) -> AsyncGenerator[str]:
        try:
            while (batch := await self._next()) is not None:
                if isinstance(batch, str):
                    yield batch
                    continue
                for event in batch:
                    if self._is_closed:
                        return
                    if piece := self._transcript.take(event):
                        yield piece
        finally:
            await self._leave()

    async def aclose(self) -> None:
        """Close the stream; cancel the prediction if it is still running. May be repeated.

        Raises:
            PlaygroundError: the prediction can't be cancelled; it runs on, until its deadline.
        """
        if (error := await asyncio.shield(self.begin_closing())) is not None:
            raise error

    def begin_closing(self) -> asyncio.Task[PlaygroundError | None]:
        """Close it without waiting; the task's result is why the cancel failed, if it did."""
        self._is_closed = True
        if self._closing is None or (self._closing.done() and self._closing.result() is not None):
            self._closing = self._background.spawn(self._close())
        return self._closing

    async def _leave(self) -> None:
        """Close it; a failed cancel mustn't hide why it is left, so it is only logged."""
        if (error := await self._background.finish(self.begin_closing())) is not None:
            get_logger().warning(
                "stream.cancel_failed",
                prediction_id=self.prediction.id if self.prediction else None,
                error=str(error),
            )

    async def _close(self) -> PlaygroundError | None:
        try:
            await self._stop_reading()
            await self._stop_running()
        except PlaygroundError as error:
            return error
        finally:
            self._open_streams.discard(self)
        return None

    async def _stop_reading(self) -> None:
        if self._reading is not None and not self._reading.done():
            self._reading.cancel()
            await asyncio.wait({self._reading})
        await self._batches.aclose()

    async def _stop_running(self) -> None:
        async with self._starting:  # what is being started now must be stopped, too
            prediction = self.prediction
        if self._cancel_on_close and prediction and not prediction.is_terminal:
            self.prediction = await self._predictions.cancel(prediction.id)

    async def _next(self) -> Batch | None:
        """Return what comes next, or None at the end, which closing may bring meanwhile."""
        if self._is_closed:
            return None
        if self._reading is not None and not self._reading.done():
            raise RuntimeError("Two can't read one stream at once.")
        self._reading = asyncio.create_task(self._read())
        await asyncio.wait({self._reading})
        return None if self._reading.cancelled() else self._reading.result()

    async def _read(self) -> Batch | None:
        return await anext(self._batches, None)

    async def _run(self) -> AsyncGenerator[Batch]:
        prediction = await self.start()
        log = get_logger().bind(prediction_id=prediction.id, model=prediction.model)
        while not prediction.is_terminal and self._left() > 0:
            if self._is_worth_hearing(prediction):
                async with aclosing(self._hear(prediction)) as batches:
                    async for batch in batches:
                        yield batch
            latest = await self._predictions.get_by(
                self._ends_at, prediction.id, on_wait=self._on_wait
            )
            if latest is None:
                break
            prediction = self.prediction = latest
            is_read = not self._is_worth_hearing(prediction)
            if is_read and (piece := self._transcript.complete(prediction)):
                yield piece
            if not prediction.is_terminal:
                pause = max(0.0, min(self._pause(prediction), self._left()))
                if self._is_silent and self._on_wait is not None:
                    self._on_wait(_SILENT, pause)
                await self._http.clock.sleep(pause)
        is_late = False
        if not prediction.is_terminal:
            log.warning("prediction.deadline", seconds=self._timeout_seconds)
            prediction = self.prediction = await self._predictions.cancel(prediction.id)
            # It may have come to its own end at the last moment.
            is_late = prediction.status == "canceled" or not prediction.is_terminal
        if piece := self._transcript.complete(prediction):
            yield piece
        log.info(f"prediction.{prediction.status}", seconds=round(self._elapsed(), 3))
        if is_late:
            raise PredictionTimeout(prediction, seconds=self._timeout_seconds)
        prediction.raise_for_status()

    def _is_worth_hearing(self, prediction: Prediction) -> bool:
        """Whether to read events; otherwise, and from then on, the text is the prediction's."""
        return (
            not prediction.is_terminal
            and prediction.stream_url is not None
            and not self._is_done
            and self._transcript.can_repeat
            and self._fruitless < _MOST_FRUITLESS
        )

    def _pause(self, prediction: Prediction) -> float:
        if not self._is_worth_hearing(prediction):
            return interval_seconds(self._elapsed())
        return wait_seconds(None, self._fruitless) if self._fruitless else _SETTLE_SECONDS

    @property
    def _ends_at(self) -> float:
        return self._began + self._timeout_seconds

    def _elapsed(self) -> float:
        return self._http.clock.monotonic() - self._began

    def _left(self) -> float:
        return self._timeout_seconds - self._elapsed()

    async def _hear(self, prediction: Prediction) -> AsyncGenerator[Batch]:
        """Yield what one connection brings, however it ends; count those that brought nothing."""
        began, heard = self._http.clock.monotonic(), self._transcript.heard
        fruitless = self._fruitless
        self._is_silent = False
        try:
            async with aclosing(self._listen(prediction.stream_url or "")) as batches:
                async for batch in batches:
                    yield batch
            # That Replicate closes a stream on which nothing happens is no fault.
            fruitless += self._http.clock.monotonic() - began < _QUICK_SECONDS
        except (PlaygroundError, httpx2.RequestError, TimeoutError) as error:
            passes = not isinstance(error, PlaygroundError) or is_passing(error)
            fruitless = fruitless + 1 if passes else _MOST_FRUITLESS
            self._is_silent = isinstance(error, TimeoutError)
            get_logger().warning(
                "stream.broken",
                prediction_id=prediction.id,
                error=f"{type(error).__name__}: {error}",
            )
        self._fruitless = fruitless if self._transcript.heard == heard else 0

    async def _listen(self, url: str) -> AsyncGenerator[list[ServerSentEvent]]:
        """Yield the events of one connection; returns at `done` and at a silent end alike."""
        last_id = self._transcript.last_id
        headers = {"Last-Event-ID": last_id} if last_id else {}
        async with AsyncExitStack() as stack:
            async with self._in_time():
                response = await stack.enter_async_context(self._http.events(url, headers))
            content_type = response.headers.get("Content-Type", "")
            if not content_type.startswith("text/event-stream"):
                raise MalformedResponse(f"Replicate's stream is “{content_type}”, not events.")
            decoder = EventDecoder()
            chunks = aiter(response.aiter_bytes())
            while self._left() > 0:
                async with self._in_time():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                batch = self._events_of(decoder.feed(chunk))
                if batch:
                    yield batch
                if self._is_done:
                    return

    def _events_of(self, items: list[ServerSentEvent | Comment]) -> list[ServerSentEvent]:
        """Return the events among them, up to the one that ends the stream."""
        found: list[ServerSentEvent] = []
        for item in items:
            if isinstance(item, Comment):
                self._is_silent = item.text.startswith("408")  # how Replicate closes an idle stream
                get_logger().debug("stream.comment", text=item.text)
                continue
            self._is_silent = False
            if item.name in ("done", "error"):
                self._is_done = True  # what it means is asked of the prediction
                break
            found.append(item)
        return found

    def _in_time(self) -> asyncio.Timeout:
        return asyncio.timeout(max(0.0, min(self._idle_seconds, self._left())))
