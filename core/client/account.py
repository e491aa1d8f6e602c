"""The account that the token belongs to, and what it can run on."""

from dataclasses import dataclass
from typing import Any, Self

from core.client.http import Http
from core.errors import MalformedResponse


@dataclass(frozen=True)
class Account:
    """A user or an organization; `type` says which."""

    type: str
    username: str
    name: str = ""
    github_url: str | None = None

    @classmethod
    def from_json(cls, body: Any) -> Self:
        """Return the account that a JSON object describes.

        Raises:
            MalformedResponse: it has no username.
        """
        if not isinstance(body, dict) or not body.get("username"):
            raise MalformedResponse("Replicate's answer to account.get can't be read.")
        return cls(
            type=str(body.get("type") or ""),
            username=str(body["username"]),
            name=str(body.get("name") or ""),
            github_url=body.get("github_url"),
        )


@dataclass(frozen=True)
class Hardware:
    """A kind of machine that models run on; `sku` names it in requests."""

    name: str
    sku: str

    @classmethod
    def from_json(cls, body: Any) -> Self:
        """Return the hardware that a JSON object describes.

        Raises:
            MalformedResponse: it has no name or no SKU.
        """
        if not isinstance(body, dict) or not body.get("name") or not body.get("sku"):
            raise MalformedResponse("Replicate's answer to hardware.list can't be read.")
        return cls(name=str(body["name"]), sku=str(body["sku"]))


class AccountMethods:
    """The client's methods that ask about the account. None costs anything."""

    _http: Http

    async def get_account(self) -> Account:
        """Return the account that the token belongs to."""
        return await self._http.get("/account", Account.from_json, name="account.get")

    async def list_hardware(self) -> list[Hardware]:
        """Return the kinds of hardware that models run on."""
        return await self._http.get("/hardware", _hardware, name="hardware.list")

    async def get_webhook_secret(self) -> str:
        """Return the key that webhooks are signed with: `whsec_…`."""
        return await self._http.get(
            "/webhooks/default/secret", _webhook_secret, name="webhooks.secret"
        )


def _hardware(body: Any) -> list[Hardware]:
    if not isinstance(body, list):
        raise MalformedResponse("Replicate's answer to hardware.list can't be read.")
    return [Hardware.from_json(item) for item in body]


def _webhook_secret(body: Any) -> str:
    if not isinstance(body, dict) or not isinstance(body.get("key"), str):
        raise MalformedResponse("Replicate's answer to webhooks.secret can't be read.")
    return str(body["key"])
