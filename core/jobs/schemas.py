"""Models' schemas, remembered for some minutes: each run needs one, and they seldom change."""

import asyncio
import time
from collections.abc import Callable

from core.client import AsyncReplicateClient
from core.errors import NotFound, PlaygroundError, Unauthenticated
from core.logs import get_logger
from core.models.names import ModelName
from core.models.schema import ModelSchema

_KEPT_SECONDS = 300.0
_LONGEST_SECONDS = 10.0
"""A run isn't held up for longer: what isn't checked here, Replicate checks."""


class Schemas:
    """Finds models' schemas.

    Args:
        clock: counts seconds, from anywhere; replaceable in tests.
    """

    def __init__(
        self, client: AsyncReplicateClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._clock = clock
        self._found: dict[str, tuple[float, ModelSchema]] = {}

    async def find(self, model: str) -> ModelSchema | None:
        """Return a model's schema, or None if it can't be known now.

        Raises:
            InvalidInput: that isn't how a model is written.
            NotFound, Unauthenticated: a run would come to nothing.
        """
        name = ModelName.parse(model)
        if name.deployment or not name.name:
            return None  # the API describes no model by these
        found_at, schema = self._found.get(model, (0.0, None))
        if schema is not None and self._clock() - found_at < _KEPT_SECONDS:
            return schema
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                described = await self._client.get_model(model)
        except (NotFound, Unauthenticated):
            raise
        except (PlaygroundError, TimeoutError) as error:
            get_logger().warning("schema.unknown", model=model, reason=type(error).__name__)
            return None
        if described.openapi_schema is None:
            return None
        schema = ModelSchema.from_openapi(described.openapi_schema)
        self._found[model] = (self._clock(), schema)
        return schema
