"""What there is to run: models, their versions and descriptions, search, collections, past runs."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from core.client import arguments
from core.client.http import Http
from core.client.pages import Page, get_all, get_page
from core.client.predictions import Predictions
from core.errors import InvalidInput, MalformedResponse, NotFound
from core.models.descriptions import Collection, Model, SearchResults, Version
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


class ModelMethods:
    """The client's methods that look models up. None costs anything.

    A model is written as `owner/name` or `owner/name:version`: by a bare version's id or a
    deployment the API describes none.
    """

    _http: Http
    _predictions: Predictions

    async def search(self, query: str, *, limit: int = 20) -> SearchResults:
        """Return the public models and the collections that fit a query best.

        Args:
            query: words; of blanks alone nothing is found, and nothing is asked.
            limit: how many models at most, from 1 to 50.
        """
        if not arguments.text(query, name="query").strip():
            return SearchResults()
        return await self._http.get(
            "/search", SearchResults.from_json, name="search", query=query, limit=str(limit)
        )

    async def search_models(self, query: str, *, limit: int = 20) -> tuple[Model, ...]:
        """Return the public models that fit a query best; `limit` goes from 1 to 50."""
        return (await self.search(query, limit=limit)).models

    async def get_model(self, model: str) -> Model:
        """Return a model, with the schema of the version named or else of its latest.

        Raises:
            InvalidInput: a bare version or a deployment, which name no model.
            NotFound: there is none.
        """
        return await get_model(self._http, ModelName.parse(model))

    async def list_models(self, cursor: str | None = None) -> Page[Model]:
        """Return a page of public models, newest first."""
        return await get_page(
            self._http, "/models", Model.from_json, name="models.list", cursor=cursor
        )

    async def list_versions(self, model: str, cursor: str | None = None) -> Page[Version]:
        """Return a page of a model's versions, newest first.

        Raises:
            InvalidInput, NotFound: as `get_model`.
        """
        return await get_page(
            self._http,
            f"{model_path(ModelName.parse(model))}/versions",
            Version.from_json,
            name="models.versions.list",
            cursor=cursor,
        )

    async def get_readme(self, model: str) -> str:
        """Return a model's README in Markdown; "" if it has none, or there is no such model.

        Raises:
            InvalidInput: as `get_model`.
        """
        path = f"{model_path(ModelName.parse(model))}/readme"
        try:
            return await self._http.text(path, name="models.readme.get")
        except NotFound:
            return ""

    async def list_examples(self, model: str) -> tuple[Prediction, ...]:
        """Return the predictions that a model's owner shows as examples.

        Raises:
            InvalidInput, NotFound: as `get_model`.
        """
        path = f"{model_path(ModelName.parse(model))}/examples"
        return await get_all(self._http, path, Prediction.from_json, name="models.examples.list")

    async def list_collections(self) -> list[Collection]:
        """Return the collections that Replicate keeps, without their models."""
        path = "/collections"
        return list(await get_all(self._http, path, Collection.from_json, name="collections.list"))

    async def get_collection(self, slug: str) -> Collection:
        """Return a collection with its models, by its name in its page's address.

        Raises:
            InvalidInput: that is no such name.
            NotFound: there is none.
        """
        if not _SLUG.fullmatch(arguments.text(slug, name="slug")):
            raise InvalidInput(
                f"“{slug}” isn't a collection: write its name as in its page's address, such as "
                "text-to-image.",
                field="collection",
            )
        return await self._http.get(
            f"/collections/{slug}", Collection.from_json, name="collections.get"
        )

    async def get_past_run(self, prediction_id: str) -> PastRun:
        """Return which model ran as a prediction, with what, and what came of it.

        Replicate deletes input and output after a while; `notice` then says so.

        Raises:
            NotFound: there is no such prediction, or the account can't see it.
        """
        return PastRun.of(await self._predictions.get(arguments.prediction_id(prediction_id)))


async def get_model(http: Http, name: ModelName) -> Model:
    """Return a model, with the schema of the version named or else of its latest.

    Raises:
        InvalidInput: a bare version or a deployment, which name no model.
    """
    path = model_path(name)
    version: Any = None
    if name.version:
        version = await http.get(f"{path}/versions/{name.version}", name="models.versions.get")
    return await http.get(
        path, lambda body: Model.from_json(body, version=version), name="models.get"
    )


def model_path(name: ModelName) -> str:
    """Return where the API has a model, whichever version is named.

    Raises:
        InvalidInput: a bare version or a deployment, which name no model.
    """
    if not name.name or name.deployment:
        raise InvalidInput("Write the model as owner/name or owner/name:version.", field="model")
    return f"/models/{name.owner}/{name.name}"


def _model_of(prediction: Prediction) -> str:
    # An official model's version is "hidden", a deployment's begins with "dp-".
    pinned = f"{prediction.model}:{prediction.version}"
    for text in (pinned, prediction.model, prediction.version):
        with suppress(InvalidInput):
            return str(ModelName.parse(text))
    raise MalformedResponse(
        f"Replicate doesn't say which model ran as {prediction.id}: pick the model yourself."
    )
