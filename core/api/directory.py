"""What there is at Replicate: models, collections, hardware, the account; and file uploads.

Through the `replicate` package's public methods, except where they fall short: they drop a model's
`is_official`, which decides how it is run, need fields of an account or a file that the API may
leave out, and upload without a timeout.
"""

import io
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from replicate.account import Account
from replicate.collection import Collection
from replicate.hardware import Hardware

from core.api.inputs import opened
from core.api.predictions import Page, cursor_of
from core.api.retries import Retries
from core.api.transport import Api
from core.errors import InvalidInput, MalformedResponse, NotFound
from core.models.names import Model, ModelName

_UPLOAD_EXTRA_SECONDS = 60
"""Replicate may take so long over the end of a large file beyond the usual timeout."""

T = TypeVar("T")


class Directory:
    """Looks things up, each with retries; nothing here costs anything."""

    def __init__(self, api: Api, retries: Retries) -> None:
        self._api = api
        self._retries = retries

    async def model(self, name: ModelName) -> Model:
        """Return a model, with the schema of the version named or else of its latest.

        Raises:
            InvalidInput: a bare version or a deployment, which name no model.
            NotFound: there is none.
        """
        if not name.name or name.deployment:
            raise InvalidInput(
                "Write the model as owner/name or owner/name:version.", field="model"
            )
        path = f"/v1/models/{name.owner}/{name.name}"
        body = await self._get(path, "models.get")
        version = None
        if name.version:
            version = await self._get(f"{path}/versions/{name.version}", "models.versions.get")
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
        params = {"cursor": cursor} if cursor else None
        body = await self._retries.call(
            lambda: self._api.request("GET", "/v1/models", params=params), name="models.list"
        )
        return _page(body)

    async def search_models(self, query: str, *, limit: int = 20) -> tuple[Model, ...]:
        """Return the public models that fit a query best; `limit` goes from 1 to 50."""
        body = await self._retries.call(
            lambda: self._api.request(
                "GET", "/v1/search", params={"query": query, "limit": str(limit)}
            ),
            name="search",
        )
        found = body.get("models") if isinstance(body, dict) else None
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise MalformedResponse("Replicate's search results can't be read.")
        return tuple(Model.from_json(item.get("model")) for item in found)

    async def collections(self) -> list[Collection]:
        """Return the first page of collections, without their models."""
        page = await self._call(self._api.package.collections.async_list, "collections.list")
        return list(page.results)

    async def hardware(self) -> list[Hardware]:
        """Return the kinds of hardware that models run on."""
        return await self._call(self._api.package.hardware.async_list, "hardware.list")

    async def account(self) -> Account:
        """Return the account that the token belongs to."""
        body = await self._get("/v1/account", "account.get")
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

    async def upload(self, file: Path | BinaryIO) -> str:
        """Upload a file of up to 100 MB, from its start, and return the URL to use as an input.

        Raises:
            InvalidInput: the file can't be read, or was opened as text.
        """
        if isinstance(file, io.TextIOBase):
            raise InvalidInput('Open the file in binary mode, open(…, "rb").')
        if not isinstance(file, Path):
            return await self._uploaded(file)
        try:
            async with opened(file) as content:
                return await self._uploaded(content)
        except OSError as error:
            raise InvalidInput(f"{file} can't be read ({error.strerror}).") from error

    async def _uploaded(self, file: BinaryIO) -> str:
        path = getattr(file, "name", "")
        name = (Path(path).name if isinstance(path, str) else "") or "file"
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"

        async def create() -> str:
            body = await self._api.request(
                "POST",
                "/v1/files",
                files={"content": (name, file, media_type)},
                extra_seconds=_UPLOAD_EXTRA_SECONDS,
            )
            try:
                return str(body["urls"]["get"])
            except (TypeError, KeyError) as error:
                raise MalformedResponse(
                    "Replicate's answer to files.create can't be read."
                ) from error

        return await self._retries.call(create, name="files.create")

    async def _get(self, path: str, name: str) -> Any:
        return await self._retries.call(lambda: self._api.request("GET", path), name=name)

    async def _call(self, operation: Callable[[], Awaitable[T]], name: str) -> T:
        async def translated() -> T:
            try:
                return await operation()
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                # What the package raises for an answer that isn't what it expects.
                raise MalformedResponse(f"Replicate's answer to {name} can't be read.") from error

        return await self._retries.call(translated, name=name)


def _page(body: Any) -> Page[Model]:
    if not isinstance(body, dict) or not isinstance(body.get("results"), list):
        raise MalformedResponse("Replicate's list of models can't be read.")
    return Page(
        results=tuple(Model.from_json(item) for item in body["results"]),
        next_cursor=cursor_of(body.get("next")),
        previous_cursor=cursor_of(body.get("previous")),
    )
