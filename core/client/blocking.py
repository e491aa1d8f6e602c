"""The blocking client: the asynchronous one on a thread of its own, and nothing else."""

import functools
import os
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator, Mapping
from copy import copy
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx2

from core.backoff import OnWait
from core.client.client import AsyncReplicateClient
from core.client.loopthread import LoopThread
from core.client.stream import OutputStream
from core.prediction import Prediction
from core.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

_PIECES_AHEAD = 256
"""How many pieces of text are read from Replicate before somebody takes them, at most."""

_Method = Callable[Concatenate[AsyncReplicateClient, P], Coroutine[Any, Any, T]]


def _blocking(method: _Method[P, T]) -> Callable[Concatenate["ReplicateClient", P], T]:
    def call(self: "ReplicateClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.run(functools.partial(method, self._client, *args, **kwargs))

    return _named(call, method, method.__name__)


def _bridged(
    method: _Method[P, T],
) -> Callable[Concatenate["ReplicateClient", P], Coroutine[Any, Any, T]]:
    async def call(self: "ReplicateClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._loop.bridge(functools.partial(method, self._client, *args, **kwargs))

    return _named(call, method, f"{method.__name__}_async")


def _named(call: Callable[P, T], method: Callable[..., Any], name: str) -> Callable[P, T]:
    functools.update_wrapper(call, method)
    call.__name__ = name
    call.__qualname__ = f"ReplicateClient.{name}"
    return call


class ReplicateClient:
    """`AsyncReplicateClient` for code that blocks; safe from any thread.

    Each method has the arguments, result and errors of its namesake there. Those that end in
    `_async` can be awaited from any event loop; the others block whoever calls them, a running
    loop too. Callbacks are called on the client's own thread, so they can't call it back.

    In a forked process it goes on with connections and a thread of its own; what the parent has
    opened, such as a stream, stays the parent's.

    Args:
        settings, transport, headers, user_agent: as there.

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
    ) -> None:
        self._first: ReplicateClient | None = None  # not itself: a cycle wouldn't be dropped
        self._headers = headers or {}
        self._transport = transport
        self._user_agent = user_agent
        self._begin(settings)
        _clients.add(self)

    def _begin(self, settings: Settings | None) -> None:
        self._client = AsyncReplicateClient(
            settings,
            transport=self._transport,
            headers=self._headers,
            user_agent=self._user_agent,
        )
        self._loop = LoopThread("replicate-client", farewell=self._client.aclose)

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
        other = copy(self)
        other._client = self._client.with_options(
            timeout=timeout, max_retries=max_retries, headers=headers
        )
        other._first = self._first or self
        other._headers = {**self._headers, **(headers or {})}
        _clients.add(other)
        return other

    def _begin_beside(self, first: "ReplicateClient") -> None:
        self._loop = first._loop
        self._client = first._client.with_options(
            timeout=self.settings.timeout_seconds,
            max_retries=self.settings.max_retries,
            headers=self._headers,
        )

    @property
    def settings(self) -> Settings:
        """What the client was made with."""
        return self._client.settings

    @property
    def base_url(self) -> str:
        """The API's origin."""
        return self._client.base_url

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, and can't be used any more."""
        return self._loop.is_closed

    run_model = _blocking(AsyncReplicateClient.run_model)
    create_prediction = _blocking(AsyncReplicateClient.create_prediction)
    find_prediction = _blocking(AsyncReplicateClient.find_prediction)
    get_prediction = _blocking(AsyncReplicateClient.get_prediction)
    wait_for_prediction = _blocking(AsyncReplicateClient.wait_for_prediction)
    cancel_prediction = _blocking(AsyncReplicateClient.cancel_prediction)
    list_predictions = _blocking(AsyncReplicateClient.list_predictions)
    download_output = _blocking(AsyncReplicateClient.download_output)
    download_file = _blocking(AsyncReplicateClient.download_file)
    upload_file = _blocking(AsyncReplicateClient.upload_file)
    search = _blocking(AsyncReplicateClient.search)
    search_models = _blocking(AsyncReplicateClient.search_models)
    list_models = _blocking(AsyncReplicateClient.list_models)
    list_collections = _blocking(AsyncReplicateClient.list_collections)
    get_collection = _blocking(AsyncReplicateClient.get_collection)
    get_model = _blocking(AsyncReplicateClient.get_model)
    list_versions = _blocking(AsyncReplicateClient.list_versions)
    get_readme = _blocking(AsyncReplicateClient.get_readme)
    list_examples = _blocking(AsyncReplicateClient.list_examples)
    get_past_run = _blocking(AsyncReplicateClient.get_past_run)
    list_hardware = _blocking(AsyncReplicateClient.list_hardware)
    get_account = _blocking(AsyncReplicateClient.get_account)
    get_webhook_secret = _blocking(AsyncReplicateClient.get_webhook_secret)

    run_model_async = _bridged(AsyncReplicateClient.run_model)
    create_prediction_async = _bridged(AsyncReplicateClient.create_prediction)
    find_prediction_async = _bridged(AsyncReplicateClient.find_prediction)
    get_prediction_async = _bridged(AsyncReplicateClient.get_prediction)
    wait_for_prediction_async = _bridged(AsyncReplicateClient.wait_for_prediction)
    cancel_prediction_async = _bridged(AsyncReplicateClient.cancel_prediction)
    list_predictions_async = _bridged(AsyncReplicateClient.list_predictions)
    download_output_async = _bridged(AsyncReplicateClient.download_output)
    download_file_async = _bridged(AsyncReplicateClient.download_file)
    upload_file_async = _bridged(AsyncReplicateClient.upload_file)
    search_async = _bridged(AsyncReplicateClient.search)
    search_models_async = _bridged(AsyncReplicateClient.search_models)
    list_models_async = _bridged(AsyncReplicateClient.list_models)
    list_collections_async = _bridged(AsyncReplicateClient.list_collections)
    get_collection_async = _bridged(AsyncReplicateClient.get_collection)
    get_model_async = _bridged(AsyncReplicateClient.get_model)
    list_versions_async = _bridged(AsyncReplicateClient.list_versions)
    get_readme_async = _bridged(AsyncReplicateClient.get_readme)
    list_examples_async = _bridged(AsyncReplicateClient.list_examples)
    get_past_run_async = _bridged(AsyncReplicateClient.get_past_run)
    list_hardware_async = _bridged(AsyncReplicateClient.list_hardware)
    get_account_async = _bridged(AsyncReplicateClient.get_account)
    get_webhook_secret_async = _bridged(AsyncReplicateClient.get_webhook_secret)

    def watch_prediction(
        self,
        prediction: Prediction | str,
        *,
        timeout: float | None = None,
        cancel_when_late: bool = False,
        on_wait: OnWait | None = None,
    ) -> Iterator[Prediction]:
        """Yield a prediction each time it has changed; the last one has ended, well or badly.

        Args:
            cancel_when_late: when it wasn't done in time; who only waits leaves it running.
            on_wait: told of each wait after an error, which passes.

        Raises:
            PredictionTimeout: it was not done in time.
        """
        return self._loop.iterate(
            self._client.watch_prediction(
                prediction, timeout=timeout, cancel_when_late=cancel_when_late, on_wait=on_wait
            )
        )

    def stream_output(
        self, model: str, input_params: Mapping[str, Any], *, timeout: float | None = None
    ) -> "BlockingOutputStream":
        """Start a language model and return its output as an iterator over pieces of text.

        The prediction is created now. Leaving the iterator early cancels it.
        """
        return self._started(self._client.stream_output(model, input_params, timeout=timeout))

    def stream_prediction(
        self,
        prediction: Prediction,
        *,
        timeout: float | None = None,
        cancel_on_close: bool = True,
        on_wait: OnWait | None = None,
    ) -> "BlockingOutputStream":
        """Return the output of a prediction that was created before, in the same way.

        `on_wait` is told when nothing comes, and of each wait before it goes on.
        """
        return self._started(
            self._client.stream_prediction(
                prediction, timeout=timeout, cancel_on_close=cancel_on_close, on_wait=on_wait
            )
        )

    def close(self) -> None:
        """End what still runs, close every connection and the client's thread; may be repeated.

        Whoever waits for it in another thread gets `AlreadyClosed`.
        """
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _started(self, stream: OutputStream) -> "BlockingOutputStream":
        self._loop.run(stream.start)
        return BlockingOutputStream(stream, self._loop)


class BlockingOutputStream:
    """`OutputStream` for code that blocks; its prediction is known from the start."""

    def __init__(self, stream: OutputStream, loop: LoopThread) -> None:
        self._stream = stream
        self._loop = loop

    @property
    def prediction(self) -> Prediction:
        """The prediction as last seen."""
        assert self._stream.prediction is not None
        return self._stream.prediction

    @property
    def text(self) -> str:
        """All text so far; at the end exactly the prediction's output."""
        return self._stream.text

    @property
    def was_replaced(self) -> bool:
        """Whether the pieces that were given out don't join to `text`."""
        return self._stream.was_replaced

    def __iter__(self) -> Iterator[str]:
        return self._loop.iterate(aiter(self._stream), ahead=_PIECES_AHEAD)

    def close(self) -> None:
        """Close the stream; cancel the prediction if it is still running."""
        self._loop.run(self._stream.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave = functools.partial(self._stream.__aexit__, kind, error, traceback)
        if error is None:
            self._loop.run(leave)
        else:
            self._loop.finish(leave)


_clients: "weakref.WeakSet[ReplicateClient]" = weakref.WeakSet()
_shared: ReplicateClient | None = None
_shared_lock = threading.Lock()


def get_replicate_client() -> ReplicateClient:
    """Return the process's client, made at the first call from the environment's settings.

    When somebody has closed it, the next call makes a new one.
    """
    global _shared
    with _shared_lock:
        if _shared is None or _shared.is_closed:
            _shared = ReplicateClient()
        return _shared


def reset_replicate_client() -> None:
    """Close the process's client; the next call makes a new one, from the settings of then."""
    global _shared
    with _shared_lock:
        client, _shared = _shared, None
    if client is not None:
        client.close()


def _begin_in_child() -> None:
    global _shared_lock
    _shared_lock = threading.Lock()  # a thread of the parent's may have held it
    for client in _clients:
        if client._first is None and not client.is_closed:
            client._begin(client.settings)
    for client in _clients:
        if client._first is not None:
            client._begin_beside(client._first)


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_begin_in_child)
