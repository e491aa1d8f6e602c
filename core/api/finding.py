"""Finding something to run: search, collections, and what there is to see of a model."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from core.api.directory import model_path
from core.api.pages import Page
from core.api.reads import Reads
from core.api.retries import Retries
from core.api.transport import Api
from core.errors import InvalidInput, MalformedResponse, NotFound
from core.models.descriptions import Collection, SearchResults, Version
from core.models.names import ModelName
from core.prediction import Prediction

_SLUG = re.compile(r"[\w-]+", re.ASCII)


@dataclass(frozen=True)
class PastRun:
    """A run that was made before, by anybody, as far as Replicate still tells.

    `model` is what to run again: with its version, for a model that isn't official. Where
    `is_removed`, the output is None and the input may be empty: Replicate deletes both of a run by
    the API after one hour (Replicate docs).
    """

    prediction_id: str
    model: str
    status: str
    input: Mapping[str, Any] = field(default_factory=dict)
    output: Any = None
    is_removed: bool = False

    @classmethod
    def of(cls, prediction: Prediction) -> Self:
        """Return the run that a prediction is.

        Raises:
            MalformedResponse: it doesn't say of which model.
        """
        return cls(
            prediction_id=prediction.id,
            model=_model_of(prediction),
            status=prediction.status,
            input=prediction.input,
            output=prediction.output,
            is_removed=prediction.data_removed,
        )

    @property
    def notice(self) -> str | None:
        """One sentence about what is missing, or None where nothing is."""
        if not self.is_removed:
            return None
        gone = "output" if self.input else "settings and output"
        return (
            f"Replicate has deleted this run's {gone}, as it does with runs by its API after one "
            "hour."
        )


class Finding:
    """Looks up what a person may want to run; nothing here costs anything."""

    def __init__(self, api: Api, retries: Retries) -> None:
        self._reads = Reads(api, retries)

    async def search(self, query: str, *, limit: int = 20) -> SearchResults:
        """Return the public models and the collections that fit a query best.

        Args:
            query: words; of blanks alone nothing is found, and nothing is asked.
            limit: how many models at most, from 1 to 50.
        """
        if not query.strip():
            return SearchResults()
        body = await self._reads.json("/v1/search", name="search", query=query, limit=str(limit))
        return SearchResults.from_json(body)

    async def collections(self) -> tuple[Collection, ...]:
        """Return all collections, without their models."""
        return await self._reads.every(
            "/v1/collections", Collection.from_json, name="collections.list", what="collections"
        )

    async def collection(self, slug: str) -> Collection:
        """Return a collection with its models.

        Raises:
            InvalidInput: that is no slug.
            NotFound: there is none.
        """
        if not _SLUG.fullmatch(slug):
            raise InvalidInput(
                f"“{slug}” isn't a collection: write its name as in its page's address, such as "
                "text-to-image.",
                field="collection",
            )
        body = await self._reads.json(f"/v1/collections/{slug}", name="collections.get")
        return Collection.from_json(body)

    async def versions(self, name: ModelName, cursor: str | None = None) -> Page[Version]:
        """Return a page of a model's versions, newest first.

        Raises:
            InvalidInput: a bare version or a deployment, which name no model.
            NotFound: there is no such model.
        """
        return await self._reads.page(
            f"{model_path(name)}/versions",
            Version.from_json,
            name="models.versions.list",
            what="versions",
            cursor=cursor,
        )

    async def readme(self, name: ModelName) -> str:
        """Return a model's README in Markdown; "" if it has none, or there is no such model.

        Raises:
            InvalidInput: as `versions`.
        """
        try:
            return await self._reads.text(f"{model_path(name)}/readme", name="models.readme.get")
        except NotFound:
            return ""

    async def examples(self, name: ModelName) -> tuple[Prediction, ...]:
        """Return the predictions that a model's owner shows as examples.

        Raises:
            InvalidInput, NotFound: as `versions`.
        """
        return await self._reads.every(
            f"{model_path(name)}/examples",
            Prediction.from_json,
            name="models.examples.list",
            what="examples",
        )


def _model_of(prediction: Prediction) -> str:
    # An official model's version is "hidden", a deployment's begins with "dp-".
    pinned = f"{prediction.model}:{prediction.version}"
    for text in (pinned, prediction.model, prediction.version):
        with suppress(InvalidInput):
            return str(ModelName.parse(text))
    raise MalformedResponse(
        f"Replicate doesn't say which model ran as {prediction.id}: pick the model yourself."
    )
