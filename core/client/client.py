"""The client: everything a program can do with Replicate, on one event loop."""

import asyncio
import math
import warnings
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx2

from core.backoff import OnWait
from core.client import arguments
from core.client.account import AccountMethods
from core.client.background import Background
from core.client.create import Creates, IsKnown
from core.client.downloads import DownloadMethods
from core.client.http import Http
from core.client.inputs import prepare
from core.client.models import ModelMethods
from core.client.oneloop import OneLoop
from core.client.pages import Page
from core.client.predictions import Predictions
from core.client.stream import OutputStream
from core.client.uploads import Uploads
from core.clock import CLOCK, Clock
from core.downloads.downloader import Downloader
from core.errors import PlaygroundError, PredictionTimeout
from core.logs import get_logger
from core.prediction import Prediction
from core.settings import Settings

_RUN_WAIT_SECONDS = 5
"""How long `run_model` lets Replicate hold its answer: a quick model's result comes with it."""

OnUpdate = Callable[[Prediction], None]


class AsyncReplicateClient(ModelMethods, AccountMethods, DownloadMethods):
    """Replicate's API with retries, polling, streams and downloads. Belongs to one event loop.

    Everything it opens is closed by `aclose()` or at the end of `async with`. A model is written
    as `owner/name`, `owner/name:version`, a version's id or `deployments/owner/name`. Timeouts are
    in seconds; the default is the settings' `timeout_seconds`, and `math.inf` is none.

    Args:
        settings: read from the environment and `.env` when not given.
        transport: what requests to the API go through instead of the network and the proxies that
            the environment names.
        headers: sent along with each request to the API.
        user_agent: a name of yours, put before the library's in `User-Agent`.
        clock: how it waits and counts seconds; for tests.

    Raises:
        SettingsError: there is no token.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        headers: Mapping[str, str] | None = None,
        user_agent: str | None = None,
        clock: Clock = CLOCK,
    ) -> None:
        self.settings = settings or Settings()
        self._loop = OneLoop(self._close_with_loop)
        self._http = Http(
            self.settings,
            transport=transport,
            headers=headers,
            user_agent=user_agent,
            clock=clock,
            loop=self._loop,
        )
        self._predictions = Predictions(self._http)
        self._uploads = Uploads(self._http)
        self._creates = Creates(self._http, self._predictions)
        self._downloader = Downloader(
            trusted_origins=frozenset({self.settings.base_url}),
            max_bytes=self.settings.max_download_bytes,
            clock=clock,
        )
        self._background = Background(self._loop)
        self._cancelling: set[asyncio.Task[None]] = set()
        self._streams: set[OutputStream] = set()
        self._original: Self | None = None
        weakref.finalize(self, _close_dropped, self._http, self._loop).atexit = False

    def with_options(
        self,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a client with other settings on the same connections; closing either closes both.

        Args:
            timeout: the settings' `timeout_seconds` of it.
            max_retries: the attempts in all for one request of it.
            headers: sent along with each of its requests to the API, besides those of this one.
        """
        if max_retries is not None:
            arguments.whole_number(max_retries, name="max_retries", least=1, most=10)
        changed = {"timeout_seconds": self._seconds(timeout), "max_retries": max_retries}
        other = copy(self)
        other._original = self  # which closes its connections when it is dropped
        other.settings = self.settings.model_copy(
            update={name: value for name, value in changed.items() if value is not None}
        )
        other._http = self._http.with_options(other.settings, headers or {})
        other._predictions = Predictions(other._http)
        other._uploads = Uploads(other._http)
        other._creates = self._creates.with_options(other._http, other._predictions)
        return other

    @property
    def base_url(self) -> str:
        """Where the API is, as the settings say it."""
        return self.settings.base_url

    async def run_model(
        self,
        model: str,
        input_params: Mapping[str, Any],
        *,
        timeout: float | None = None,
        on_update: OnUpdate | None = None,
    ) -> Any:
        """Run a model and return its output, as Replicate gives it: a URL, a list, text, JSON.

        A caller that is cancelled meanwhile cancels the prediction, for nobody knows its id.

        Args:
            input_params: the model's input; paths and open binary files in it are sent along.
            on_update: called with the prediction each time it has changed, on the client's loop.

        Raises:
            PredictionFailed, PredictionCanceled, PredictionAborted: it ended without a result.
            PredictionTimeout: it was not done in time and was cancelled.
            CreateUncertain: it may have been started and can't be found.
            InvalidInput, ApiError: it was not started.
        """
        seconds = self._seconds(timeout)
        wait_seconds = int(max(1, min(_RUN_WAIT_SECONDS, seconds)))
        began = self._http.clock.monotonic()
        prediction = await self._create_for_caller(
            model, input_params, wait_seconds=wait_seconds, deadline_seconds=seconds
        )
        # What it waited for its turn isn't the prediction's time.
        left = seconds - min(wait_seconds, self._http.clock.monotonic() - began)
        try:
            watching = self._predictions.watch(prediction, timeout_seconds=left)
            ended = await _ended(watching, on_update)
        except PredictionTimeout as error:
            raise PredictionTimeout(error.prediction, seconds=seconds) from None
        except (PlaygroundError, GeneratorExit):
            raise
        except BaseException:
            await self._give_up(prediction)
            raise
        return ended.output

    async def create_prediction(
        self,
        model: str,
        input_params: Mapping[str, Any],
        *,
        webhook: str | None = None,
        webhook_events_filter: Sequence[str] | None = None,
        wait_seconds: int | None = None,
        deadline_seconds: float | None = None,
        known: IsKnown | None = None,
        on_wait: OnWait | None = None,
        withdrawn: asyncio.Event | None = None,
    ) -> Prediction:
        """Start a prediction and return it as soon as Replicate has accepted it.

        Args:
            webhook: a URL that Replicate calls.
            webhook_events_filter: of `start`, `output`, `logs`, `completed`; `failed` means
                `completed`, which is what Replicate calls it.
            wait_seconds: 1 to 60, how long Replicate may hold its answer back for the result.
            deadline_seconds: after which Replicate itself ends it, the time in its queue included;
                the settings' timeout if not given, or none where there is a webhook.
            known: tells ids of predictions that an ambiguous create must not adopt.
            on_wait: told of each wait: why, and how many seconds.
            withdrawn: set to take it back, if it isn't sent yet.

        Raises:
            CreateUncertain, InvalidInput, ApiError: as `run_model`.
            CreateWithdrawn: it was taken back in time.
        """
        if wait_seconds is not None:
            arguments.whole_number(wait_seconds, name="wait_seconds", least=1, most=60)
        has_none = deadline_seconds is None and webhook is not None
        deadline = math.inf if has_none else self._seconds(deadline_seconds)
        return await self._creates.create(
            model,
            await prepare(input_params, self._uploads.upload),
            deadline_seconds=deadline,
            webhook=webhook,
            webhook_events_filter=webhook_events_filter,
            wait_seconds=wait_seconds,
            known=known,
            on_wait=on_wait,
            withdrawn=withdrawn,
        )

    async def find_prediction(
        self,
        model: str,
        input_params: Mapping[str, Any],
        *,
        age_seconds: float,
        unknown: Sequence[str] = (),
        known: IsKnown | None = None,
        on_wait: OnWait | None = None,
    ) -> Prediction:
        """Return the prediction of a create whose answer nobody received, such as after a crash.

        Args:
            input_params: the input, with paths where files were sent.
            age_seconds: how long ago it was sent, at most.
            unknown: fields of the input whose values aren't known any more.
            known, on_wait: as in `create_prediction`.

        Raises:
            CreateUncertain: there is none among the recent ones.
        """
        return await self._creates.find(
            model,
            input_params,
            age_seconds=age_seconds,
            unknown=unknown,
            known=known,
            on_wait=on_wait,
        )

    async def get_prediction(self, prediction: Prediction | str) -> Prediction:
        """Return a prediction, which may be named by its id, as it is now."""
        return await self._predictions.get(arguments.prediction_id(prediction))

    async def wait_for_prediction(
        self,
        prediction: Prediction | str,
        *,
        timeout: float | None = None,
        on_update: OnUpdate | None = None,
    ) -> Prediction:
        """Return a prediction, which may be named by its id, once it has succeeded.

        Raises:
            PredictionFailed, PredictionCanceled, PredictionAborted: it ended without a result.
            PredictionTimeout: it was not done in time; it runs on.
        """
        return await _ended(self.watch_prediction(prediction, timeout=timeout), on_update)

    async def watch_prediction(
        self,
        prediction: Prediction | str,
        *,
        timeout: float | None = None,
        cancel_when_late: bool = False,
        on_wait: OnWait | None = None,
    ) -> AsyncGenerator[Prediction]:
        """Yield a prediction each time it has changed; the last one has ended, well or badly.

        Args:
            cancel_when_late: when it wasn't done in time; who only waits leaves it running.
            on_wait: told of each wait after an error, which passes.

        Raises:
            PredictionTimeout: it was not done in time.
        """
        seconds = self._seconds(timeout)
        if not isinstance(prediction, Prediction):
            prediction = await self._predictions.get(arguments.prediction_id(prediction))
        watching = self._predictions.watch(
            prediction,
            timeout_seconds=seconds,
            cancel_when_late=cancel_when_late,
            on_wait=on_wait,
        )
        async with aclosing(watching) as seen:
            async for latest in seen:
                yield latest

    async def cancel_prediction(self, prediction: Prediction | str) -> Prediction:
        """Cancel a prediction and return it; one that has already ended stays as it ended."""
        return await self._predictions.cancel(arguments.prediction_id(prediction))

    async def list_predictions(self, cursor: str | None = None) -> Page[Prediction]:
        """Return a page of the account's predictions, 100 at most, newest first."""
        return await self._predictions.list(cursor)

    def stream_output(
        self, model: str, input_params: Mapping[str, Any], *, timeout: float | None = None
    ) -> OutputStream:
        """Return a language model's output as an iterator over pieces of text.

        The prediction is created by the first piece, `start()` or `async with`; closing early
        cancels it.
        """

        async def start() -> Prediction:
            return await self._create_for_caller(model, input_params, deadline_seconds=timeout)

        return self._stream(start, timeout=timeout, cancel_on_close=True)

    def stream_prediction(
        self,
        prediction: Prediction,
        *,
        timeout: float | None = None,
        cancel_on_close: bool = True,
        on_wait: OnWait | None = None,
    ) -> OutputStream:
        """Return the output of a prediction that was created before, in the same way.

        `on_wait` is told when nothing comes, and of each wait before it goes on.
        """

        async def start() -> Prediction:
            return prediction

        return self._stream(
            start, timeout=timeout, cancel_on_close=cancel_on_close, on_wait=on_wait
        )

    async def upload_file(self, file: str | Path | BinaryIO) -> str:
        """Upload a file of up to 100 MB and return the URL to use as an input."""
        return await self._uploads.upload(file)

    async def aclose(self) -> None:
        """Close open streams, let cancels that are under way arrive, close every connection."""
        if self._http.is_closed or self._loop.is_left_behind:
            return
        for stream in list(self._streams):
            stream.begin_closing()
        await self._background.aclose()
        await self._downloader.aclose()
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _close_with_loop(self) -> None:
        if not self._http.is_closed:
            await self.aclose()
            _warn_of_unclosed()

    async def _create_for_caller(
        self, model: str, input_params: Mapping[str, Any], **options: Any
    ) -> Prediction:
        """Create a prediction that only the caller wants.

        When the caller is cancelled, what isn't sent yet never is, and what is sent is cancelled.
        """
        withdrawn = asyncio.Event()
        creating = self._background.spawn(
            self.create_prediction(model, input_params, withdrawn=withdrawn, **options)
        )
        try:
            return await asyncio.shield(creating)
        except asyncio.CancelledError:
            if not creating.cancelled():
                withdrawn.set()
                await self._give_up(creating)
            raise

    async def _give_up(self, unwanted: Prediction | asyncio.Task[Prediction]) -> None:
        """Cancel it, and wait for that, although the caller is cancelled.

        Also for what else is being cancelled: the first of several runs to end would let
        `asyncio.run` come to its own end, which a second Ctrl+C cuts short.
        """
        cancelling = self._background.spawn(self._cancel_quietly(unwanted))
        self._background.deadline(cancelling)  # from now on, whoever waits for it
        self._cancelling.add(cancelling)
        cancelling.add_done_callback(self._cancelling.discard)
        await self._background.finish(self._background.spawn(_all_done(set(self._cancelling))))

    async def _cancel_quietly(self, unwanted: Prediction | asyncio.Task[Prediction]) -> None:
        try:
            prediction = unwanted if isinstance(unwanted, Prediction) else await unwanted
            if not prediction.is_terminal:
                await self._predictions.cancel(prediction.id)
        except PlaygroundError as error:
            get_logger().warning("prediction.cancel_failed", error=str(error))

    def _stream(
        self,
        start: Callable[[], Awaitable[Prediction]],
        *,
        timeout: float | None,
        cancel_on_close: bool,
        on_wait: OnWait | None = None,
    ) -> OutputStream:
        return OutputStream(
            start,
            http=self._http,
            predictions=self._predictions,
            timeout_seconds=self._seconds(timeout),
            background=self._background,
            open_streams=self._streams,
            cancel_on_close=cancel_on_close,
            on_wait=on_wait,
        )

    def _seconds(self, timeout: float | None) -> float:
        return self.settings.timeout_seconds if timeout is None else arguments.seconds(timeout)


async def _ended(watching: AsyncGenerator[Prediction], on_update: OnUpdate | None) -> Prediction:
    latest: Prediction | None = None
    async with aclosing(watching) as seen:
        async for latest in seen:
            if on_update is not None:
                on_update(latest)
    assert latest is not None
    latest.raise_for_status()
    return latest


async def _all_done(tasks: set[asyncio.Task[None]]) -> None:
    await asyncio.wait(tasks)


def _close_dropped(http: Http, loop: OneLoop) -> None:
    if loop.is_used and not http.is_closed:
        loop.run_soon(http.aclose)
        _warn_of_unclosed()


def _warn_of_unclosed() -> None:
    warnings.warn(
        "unclosed AsyncReplicateClient: close it, or use it by `async with`",
        ResourceWarning,
        stacklevel=3,
    )
