"""The part of the client that looks things up: what there is to run, and who one is."""

from replicate.account import Account
from replicate.hardware import Hardware

from core.api.directory import Directory
from core.api.finding import Finding, PastRun
from core.api.pages import Page
from core.api.predictions import Predictions
from core.models.descriptions import Collection, Model, SearchResults, Version
from core.models.names import ModelName
from core.prediction import Prediction


class Lookups:
    """Looks things up; nothing here costs anything.

    A model is written as `owner/name` or `owner/name:version`: by a bare version's id or a
    deployment the API describes none.
    """

    _directory: Directory
    _finding: Finding
    _predictions: Predictions

    async def search(self, query: str, *, limit: int = 20) -> SearchResults:
        """Return the public models and the collections that fit a query best.

        Args:
            query: words; of blanks alone nothing is found.
            limit: how many models at most, from 1 to 50.
        """
        return await self._finding.search(query, limit=limit)

    async def search_models(self, query: str, *, limit: int = 20) -> tuple[Model, ...]:
        """Return the public models that fit a query best; `limit` goes from 1 to 50."""
        return (await self.search(query, limit=limit)).models

    async def list_models(self, cursor: str | None = None) -> Page[Model]:
        """Return a page of public models."""
        return await self._directory.models(cursor)

    async def list_collections(self) -> list[Collection]:
        """Return the collections that Replicate keeps, without their models."""
        return list(await self._finding.collections())

    async def get_collection(self, slug: str) -> Collection:
        """Return a collection with its models, by its name in its page's address.

        Raises:
            InvalidInput: that is no such name.
            NotFound: there is none.
        """
        return await self._finding.collection(slug)

    async def get_model(self, model: str) -> Model:
        """Return a model, with the schema of the version named or else of its latest."""
        return await self._directory.model(ModelName.parse(model))

    async def list_versions(self, model: str, cursor: str | None = None) -> Page[Version]:
        """Return a page of a model's versions, newest first."""
        return await self._finding.versions(ModelName.parse(model), cursor)

    async def get_readme(self, model: str) -> str:
        """Return a model's README in Markdown; "" if it has none."""
        return await self._finding.readme(ModelName.parse(model))

    async def list_examples(self, model: str) -> tuple[Prediction, ...]:
        """Return the predictions that a model's owner shows as examples."""
        return await self._finding.examples(ModelName.parse(model))

    async def get_past_run(self, prediction_id: str) -> PastRun:
        """Return which model ran as a prediction, with what, and what came of it.

        Replicate deletes input and output after a while; `notice` then says so.

        Raises:
            NotFound: there is no such prediction, or the account can't see it.
        """
        return PastRun.of(await self._predictions.get(prediction_id))

    async def list_hardware(self) -> list[Hardware]:
        """Return the kinds of hardware that models run on."""
        return await self._directory.hardware()

    async def get_account(self) -> Account:
        """Return the account that the token belongs to."""
        return await self._directory.account()

    async def get_webhook_secret(self) -> str:
        """Return the key that webhooks are signed with: `whsec_…`."""
        return await self._directory.webhook_secret()
