"""The settings, read from the environment and from `.env`."""

import re
from pathlib import Path
from typing import Any, Literal

import httpx
from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError


class Settings(BaseSettings):
    """What can be set; each field's alias is its environment variable.

    A program may also give values by the fields' names, which come before the environment. The
    names themselves are never read from it: others' `BASE_URL` or `DATABASE_URL` mean other things.

    Raises:
        SettingsError: a value can't be used; one sentence says which and why.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    replicate_api_token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("REPLICATE_API_TOKEN", "REPLICATE_API_KEY"),
        description="your token; without one the app runs its offline demo",
    )
    base_url: str = Field(
        default="https://api.replicate.com",
        validation_alias=AliasChoices("REPLICATE_BASE_URL"),
        description="where the API is, without `/v1`",
    )
    max_retries: int = Field(
        default=3,
        ge=1,
        le=10,
        validation_alias=AliasChoices("REPLICATE_MAX_RETRIES"),
        description="attempts in all for one request outside a running prediction",
    )
    timeout_seconds: float = Field(
        default=600,
        ge=5,
        allow_inf_nan=False,
        validation_alias=AliasChoices("REPLICATE_TIMEOUT"),
        description="seconds a prediction may take before it is cancelled",
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("replicate-playground"),
        validation_alias=AliasChoices("PLAYGROUND_DATA_DIR"),
        description="where history and media are kept",
    )
    database_url: str | None = Field(
        default=None,
        repr=False,  # it may hold a password
        validation_alias=AliasChoices("PLAYGROUND_DATABASE_URL"),
        description="any SQLAlchemy URL; SQLite in the data folder when unset",
    )
    max_running: int = Field(
        default=4,
        ge=1,
        le=100,
        validation_alias=AliasChoices("PLAYGROUND_MAX_RUNNING"),
        description="jobs that may run at once; the others wait their turn",
    )
    demo_speed: float = Field(
        default=1.0,
        gt=0,
        le=1000,
        validation_alias=AliasChoices("PLAYGROUND_DEMO_SPEED"),
        description="how much faster than life the offline demo's models work",
    )
    max_download_bytes: int = Field(
        default=2 * 1024**3,
        ge=1,
        validation_alias=AliasChoices("PLAYGROUND_MAX_DOWNLOAD_BYTES"),
        description="the largest output that is downloaded, in bytes",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        validation_alias=AliasChoices("PLAYGROUND_LOG_LEVEL"),
        description="`debug`, `info`, `warning` or `error`; prompts are logged at `debug` only",
    )
    log_json: bool = Field(
        default=False,
        validation_alias=AliasChoices("PLAYGROUND_LOG_JSON"),
        description="log one JSON object a line instead of text for people",
    )

    def __init__(self, **values: Any) -> None:
        variables = {name: _variable(field) for name, field in type(self).model_fields.items()}
        given = {variables.get(name, name): value for name, value in values.items()}
        try:
            super().__init__(**given)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = str(first["loc"][0])
            reason = first["msg"].removeprefix("Value error, ")
            raise SettingsError(f"{variables.get(place, place)} can't be used: {reason}.") from None

    @field_validator("replicate_api_token")
    @classmethod
    def _token_only(cls, token: SecretStr | None) -> SecretStr | None:
        # Pasted tokens bring line ends along, which a header may not have.
        text = token.get_secret_value().strip() if token is not None else ""
        if not re.fullmatch(r"[!-~]*", text):
            raise ValueError("it has characters that no token has")
        return SecretStr(text) if text else None

    @field_validator("base_url")
    @classmethod
    def _without_version(cls, url: str) -> str:
        url = url.strip()
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            parsed = httpx.URL()
        if parsed.scheme not in ("https", "http") or not parsed.host:
            raise ValueError("it is a URL that starts with https:// or http://")
        return url.rstrip("/").removesuffix("/v1")

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower_case(cls, level: Any) -> Any:
        return level.lower() if isinstance(level, str) else level

    @property
    def database_url_or_default(self) -> str:
        """The database's URL, of the SQLite file in the data folder where none was set."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'history.db').as_posix()}"


def _variable(field: FieldInfo) -> str:
    """Return the environment variable that a field is best known by."""
    assert isinstance(field.validation_alias, AliasChoices)
    return str(field.validation_alias.choices[0])
