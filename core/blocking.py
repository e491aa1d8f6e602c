"""The blocking client: the asynchronous one on a thread of its own, and nothing else."""

import atexit
import functools
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from core.bridge import LoopThread
from core.client import AsyncReplicateClient
from core.predictions import Prediction
from core.settings import Settings
from core.streaming import OutputStream

P = ParamSpec("P")
T = TypeVar("T")

_Method = Callable[Concatenate[AsyncReplicateClient, P], Coroutine[Any, Any, T]]


def _blocking(method: _Method[P, T]) -> Callable[Concatenate["ReplicateClient", P], T]:
    def call(self: "ReplicateClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.run(method(self._client, *args, **kwargs))

    functools.update_wrapper(call, method)
    return call


def _bridged(
    method: _Method[P, T],
) -> Callable[Concatenate["ReplicateClient", P], Coroutine[Any, Any, T]]:
    async def call(self: "ReplicateClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._loop.bridge(method(self._client, *args, **kwargs))

    functools.update_wrapper(call, method)
    return call


class ReplicateClient:
    """`AsyncReplicateClient` for code that blocks; safe from any thread.

    Each method has the arguments, result and errors of its namesake there. Those that end in
    `_async` can be awaited from any event loop.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._client = AsyncReplicateClient(settings)
        self._loop = LoopThread("replicate-client")

    @property
    def settings(self) -> Settings:
        """What the client was made with."""
        return self._client.settings

    run_model = _blocking(AsyncReplicateClient.run_model)
    create_prediction = _blocking(AsyncReplicateClient.create_prediction)
    get_prediction = _blocking(AsyncReplicateClient.get_prediction)
    wait_for_prediction = _blocking(AsyncReplicateClient.wait_for_prediction)
    cancel_prediction = _blocking(AsyncReplicateClient.cancel_prediction)
    list_predictions = _blocking(AsyncReplicateClient.list_predictions)
    download_output = _blocking(AsyncReplicateClient.download_output)
    upload_file = _blocking(AsyncReplicateClient.upload_file)
    get_model = _blocking(AsyncReplicateClient.get_model)
    list_models = _blocking(AsyncReplicateClient.list_models)
    search_models = _blocking(AsyncReplicateClient.search_models)
    list_collections = _blocking(AsyncReplicateClient.list_collections)
    list_hardware = _blocking(AsyncReplicateClient.list_hardware)
    get_account = _blocking(AsyncReplicateClient.get_account)
    get_webhook_secret = _blocking(AsyncReplicateClient.get_webhook_secret)

    run_model_async = _bridged(AsyncReplicateClient.run_model)
    create_prediction_async = _bridged(AsyncReplicateClient.create_prediction)
    get_prediction_async = _bridged(AsyncReplicateClient.get_prediction)
    wait_for_prediction_async = _bridged(AsyncReplicateClient.wait_for_prediction)
    cancel_prediction_async = _bridged(AsyncReplicateClient.cancel_prediction)
    list_predictions_async = _bridged(AsyncReplicateClient.list_predictions)
    download_output_async = _bridged(AsyncReplicateClient.download_output)
    upload_file_async = _bridged(AsyncReplicateClient.upload_file)
    get_model_async = _bridged(AsyncReplicateClient.get_model)

    def stream_output(
        self, model: str, input_params: Mapping[str, Any], *, timeout: float | None = None
    ) -> "BlockingOutputStream":
        """Start a language model and return its output as an iterator over pieces of text.

        Leaving the iterator early cancels the prediction.
        """
        stream = self._client.stream_output(model, input_params, timeout=timeout)
        self._loop.run(stream.start())
        return BlockingOutputStream(stream, self._loop)

    def close(self) -> None:
        """Close every connection and end the client's thread."""
        self._loop.run(self._client.aclose())
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


class BlockingOutputStream:
    """`OutputStream` for code that blocks; its prediction is known from the start."""

    def __init__(self, stream: OutputStream, loop: LoopThread) -> None:
        self._stream = stream
        self._loop = loop
        self._pieces = aiter(stream)

    @property
    def prediction(self) -> Prediction:
        """The prediction as last seen."""
        assert self._stream.prediction is not None
        return self._stream.prediction

    @property
    def text(self) -> str:
        """All text so far; at the end exactly the prediction's output."""
        return self._stream.text

    def __iter__(self) -> Iterator[str]:
        try:
            while (piece := self._loop.run(self._next())) is not None:
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        """Close the stream; cancel the prediction if it is still running."""
        self._loop.run(self._pieces.aclose())
        self._loop.run(self._stream.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def _next(self) -> str | None:
        return await anext(self._pieces, None)


_shared: ReplicateClient | None = None
_shared_lock = threading.Lock()


def get_replicate_client() -> ReplicateClient:
    """Return the process's client, made at the first call from the environment's settings."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = ReplicateClient()
        return _shared


@atexit.register
def reset_replicate_client() -> None:
    """Close the process's client; the next call makes a new one, from the settings of then."""
    global _shared
    with _shared_lock:
        client, _shared = _shared, None
    if client is not None:
        client.close()
