"""What models are and take: asked for once in some minutes, and known without a network, too."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.backoff import is_passing
from core.client.client import AsyncReplicateClient
from core.errors import ConnectionLost, InvalidInput, NotFound, PlaygroundError, Unauthenticated
from core.jobs.account import Backend
from core.jobs.sharing import SharedCalls
from core.logs import get_logger
from core.models.cache import DescriptionCache, Kept
from core.models.descriptions import Model
from core.models.names import ModelName
from core.models.schema import ModelSchema

_FRESH_SECONDS = 300.0
"""Each run needs a schema, and they seldom change."""

_ASKED_AGAIN_SECONDS = 15.0
"""While Replicate can't be reached, not every glance at a model is to wait for that."""

_LONGEST_SECONDS = 10.0
"""Nobody is held up for longer: what isn't checked here, Replicate checks."""

_MOST_KNOWN = 300


@dataclass(frozen=True)
class Described:
    """A model as Replicate described it at `fetched_at`.

    Attributes:
        schema: what it takes and gives; None where Replicate doesn't tell.
        is_stale: Replicate couldn't be asked again since.
    """

    model: Model
    schema: ModelSchema | None
    fetched_at: datetime
    is_stale: bool = False


class Schemas:
    """Finds models' descriptions and schemas. Belongs to one event loop.

    Args:
        client: what asks.
        cache: where they are kept for a time without a network, if anywhere.
        backend: what `client` talks to, whose models they are; nothing is kept while it is unknown.
        clock: counts seconds, from anywhere; replaceable in tests, as `now` is.
    """

    def __init__(
        self,
        client: AsyncReplicateClient,
        *,
        cache: DescriptionCache | None = None,
        backend: Backend | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._cache = cache
        self._backend = backend
        self._clock = clock
        self._now = now
        self._known: dict[str, tuple[float, Described]] = {}
        self._calls: SharedCalls[Described] = SharedCalls()

    async def describe(self, model: str) -> Described:
        """Return a model's description, of the last minutes or, if that can't be had, an older one.

        Args:
            model: `owner/name` or `owner/name:version`.

        Raises:
            InvalidInput: that names no model; of a deployment and a bare version, too, Replicate
                describes none.
            NotFound: there is no such model.
            PlaygroundError: it can't be asked for, and isn't known from before.
        """
        if not _is_described(model):
            raise InvalidInput(
                f"Of {model} Replicate tells no more: write the model as owner/name.", field="model"
            )
        until, known = self._known.get(model, (0.0, None))
        if known is not None and self._clock() < until:
            return known
        return await self._calls.call(model, lambda: self._ask(model))

    async def find(self, model: str) -> ModelSchema | None:
        """Return a model's schema, or None if it can't be known now.

        Raises:
            InvalidInput: that isn't how a model is written.
            NotFound, Unauthenticated: a run would come to nothing.
        """
        if not _is_described(model):
            return None
        try:
            return (await self.describe(model)).schema
        except (NotFound, Unauthenticated):
            raise
        except PlaygroundError as error:
            get_logger().warning("schema.unknown", model=model, reason=type(error).__name__)
            return None

    async def _ask(self, model: str) -> Described:
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                found = await self._client.get_model(model)
        except NotFound:
            await self._forget(model)
            raise
        except TimeoutError:
            problem: PlaygroundError = ConnectionLost(
                f"Replicate doesn't say what {model} is: check your connection, then try again."
            )
        except PlaygroundError as error:
            if not is_passing(error):
                raise
            problem = error
        else:
            return await self._note(model, found)
        known = await self._recall(model)
        if known is None:
            raise problem
        get_logger().warning("schema.stale", model=model, reason=type(problem).__name__)
        return self._remember(model, replace(known, is_stale=True), seconds=_ASKED_AGAIN_SECONDS)

    async def _note(self, model: str, found: Model) -> Described:
        kept = Kept(found, self._now())
        if (place := self._place) is not None:
            cache, backend = place
            await asyncio.to_thread(cache.store, backend, model, kept)
        return self._remember(model, _described(kept), seconds=_FRESH_SECONDS)

    async def _recall(self, model: str) -> Described | None:
        if model in self._known:
            return self._known[model][1]
        if (place := self._place) is None:
            return None
        cache, backend = place
        kept = await asyncio.to_thread(cache.load, backend, model)
        return None if kept is None else _described(kept)

    async def _forget(self, model: str) -> None:
        self._known.pop(model, None)
        if (place := self._place) is not None:
            cache, backend = place
            await asyncio.to_thread(cache.forget, backend, model)

    def _remember(self, model: str, described: Described, *, seconds: float) -> Described:
        self._known.pop(model, None)
        self._known[model] = (self._clock() + seconds, described)
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]  # which was asked for the longest time ago
        return described

    @property
    def _place(self) -> tuple[DescriptionCache, str] | None:
        """Where descriptions are kept, and as whose."""
        key = None if self._backend is None else self._backend.key
        return None if self._cache is None or key is None else (self._cache, key)


def _is_described(model: str) -> bool:
    """Tell whether the API describes a model by this name.

    Raises:
        InvalidInput: it is no name.
    """
    name = ModelName.parse(model)
    return bool(name.name) and not name.deployment


def _described(kept: Kept) -> Described:
    document = kept.model.openapi_schema
    schema = None if document is None else ModelSchema.parse(document)
    return Described(kept.model, schema, kept.fetched_at)
