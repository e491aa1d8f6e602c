"""Single things that Replicate knows: a model, the lists of models and hardware, the account.

Through the `replicate` package's public methods, except where they fall short: they drop a model's
`is_official`, which decides how it is run, and need fields of an account that the API may leave
out.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from replicate.account import Account
from replicate.hardware import Hardware

from core.api.pages import Page
from core.api.reads import Reads
from core.api.retries import Retries
from core.api.transport import Api
from core.errors import InvalidInput, MalformedResponse, NotFound
from core.models.descriptions import Model
from core.models.names import ModelName

T = TypeVar("T")


class Directory:
    """Looks things up, each with retries; nothing here costs anything."""

    def __init__(self, api: Api, retries: Retries) -> None:
        self._api = api
        self._retries = retries
        self._reads = Reads(api, retries)

    async def model(self, name: ModelName) -> Model:
        """Return a model, with the schema of the version named or else of its latest.

        Raises:
            InvalidInput: a bare version or a deployment, which name no model.
            NotFound: there is none.
        """
        path = model_path(name)
        body = await self._reads.json(path, name="models.get")
        version = None
        if name.version:
            version = await self._reads.json(
                f"{path}/versions/{name.version}", name="models.versions.get"
            )
        return Model.from_json(body, version=version)

    async def latest_version(self, name: ModelName) -> str:
        """Return the id of a model's latest version.

        Raises:
            NotFound: the model has no version that could be run.
        """
        model = await self.model(name)
        if model.version_id is None:
            raise NotFound(status=404, detail=f"{name} has no version to run")
        return model.version_id

    async def models(self, cursor: str | None = None) -> Page[Model]:
        """Return a page of public models, newest first."""
        return await self._reads.page(
            "/v1/models", Model.from_json, name="models.list", what="models", cursor=cursor
        )

    async def hardware(self) -> list[Hardware]:
        """Return the kinds of hardware that models run on."""
        return await self._call(self._api.package.hardware.async_list, "hardware.list")

    async def account(self) -> Account:
        """Return the account that the token belongs to."""
        body = await self._reads.json("/v1/account", name="account.get")
        try:
            optional = {"name": body.get("name") or "", "github_url": body.get("github_url")}
            return Account(**{**body, **optional})
        except (AttributeError, TypeError, ValueError) as error:
            raise MalformedResponse("Replicate's answer to account.get can't be read.") from error

    async def webhook_secret(self) -> str:
        """Return the key that webhooks are signed with: `whsec_…`."""
        secret = await self._call(
            self._api.package.webhooks.default.async_secret, "webhooks.secret"
        )
        return str(secret.key)

    async def _call(self, operation: Callable[[], Awaitable[T]], name: str) -> T:
        async def translated() -> T:
            try:
                return await operation()
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                # What the package raises for an answer that isn't what it expects.
                raise MalformedResponse(f"Replicate's answer to {name} can't be read.") from error

        return await self._retries.call(translated, name=name)


def model_path(name: ModelName) -> str:
    """Return where the API has a model, whichever version is named.

    Raises:
        InvalidInput: a bare version or a deployment, which name no model.
    """
    if not name.name or name.deployment:
        raise InvalidInput("Write the model as owner/name or owner/name:version.", field="model")
    return f"/v1/models/{name.owner}/{name.name}"
