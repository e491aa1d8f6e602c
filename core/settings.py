"""The settings, read from the environment and from `.env`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import httpx2
from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy import URL

LogLevel = Literal["debug", "info", "warning", "error"]


class SettingsValues(TypedDict, total=False):
    """What a program may give to `Settings`, and in which forms."""

    replicate_api_token: SecretStr | str | None
    base_url: str
    max_retries: int
    timeout_seconds: float
    data_dir: Path | str
    database_url: str | None
    max_running: int
    demo_speed: float
    max_download_bytes: int
    log_level: LogLevel
    log_json: bool


class Settings(BaseSettings):
    """What can be set; each field's alias is its environment variable.

    A program may also give values by the fields' names, which come before the environment. The
    names themselves are never read from it: others' `BASE_URL` or `DATABASE_URL` mean other things.

    Raises:
        SettingsError: there is no such setting, a value can't be used, or `.env` can't be read;
            one sentence says which and why.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    replicate_api_token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("REPLICATE_API_TOKEN", "REPLICATE_API_KEY"),
        description="your token; without one the app runs its offline demo",
    )
    base_url: str = Field(
        default="https://api.replicate.com",
        validation_alias=AliasChoices("REPLICATE_BASE_URL"),
        description="where the API is; without a path, `/v1` is added",
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
        le=7 * 86_400,
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
    log_level: LogLevel = Field(
        default="info",
        validation_alias=AliasChoices("PLAYGROUND_LOG_LEVEL"),
        description="`debug`, `info`, `warning` or `error`; prompts are logged at `debug` only",
    )
    log_json: bool = Field(
        default=False,
        validation_alias=AliasChoices("PLAYGROUND_LOG_JSON"),
        description="log one JSON object a line instead of text for people",
    )

    def __init__(self, **values: Unpack[SettingsValues]) -> None:
        fields = type(self).model_fields
        for name in values:
            if name not in fields:
                raise SettingsError(_unknown(name, fields))
        given: dict[str, Any] = {
            _variables(fields[name])[0]: value for name, value in values.items()
        }
        try:
            _check_dotenv(self.model_config.get("env_file"))
            super().__init__(**given)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            names = {_variables(field)[0]: name for name, field in fields.items()}
            name = names[str(first["loc"][0])]
            place = name if name in values else " or ".join(_variables(fields[name]))
            reason = first["msg"].removeprefix("Value error, ")
            raise SettingsError(f"{place} can't be used: {reason}.") from None
        except UnicodeError:
            raise SettingsError(".env is not in UTF-8: save it as that.") from None
        except OSError as error:
            raise SettingsError(f".env can't be read: {error.strerror}.") from error

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
    def _as_given(cls, url: str) -> str:
        url = url.strip()
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL:
            parsed = httpx2.URL()
        if parsed.scheme not in ("https", "http") or not parsed.host:
            raise ValueError("it is a URL that starts with https:// or http://")
        if parsed.query or parsed.fragment:
            raise ValueError("it is a URL without ? and #")
        url = url.rstrip("/?#")
        return url.removesuffix("/v1") if parsed.path.rstrip("/") == "/v1" else url

    @field_validator("data_dir")
    @classmethod
    def _from_home(cls, folder: Path) -> Path:
        try:
            return folder.expanduser()
        except RuntimeError:
            raise ValueError(f"there is no home folder for {folder.parts[0]}") from None

    @field_validator("database_url")
    @classmethod
    def _for_sqlalchemy(cls, url: str | None) -> str | None:
        if url is not None:
            from sqlalchemy import make_url
            from sqlalchemy.exc import ArgumentError

            try:
                make_url(url)
            except (ArgumentError, ValueError):  # from None: it may hold a password
                raise ValueError("it is a URL such as sqlite:////data/history.db") from None
        return url

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower_case(cls, level: Any) -> Any:
        return level.lower() if isinstance(level, str) else level

    @property
    def api_url(self) -> str:
        """The URL that the API's paths follow: `base_url`, with `/v1` where that has no path."""
        return self.base_url if httpx2.URL(self.base_url).path.strip("/") else f"{self.base_url}/v1"

    @property
    def database_url_or_default(self) -> URL:
        """The database's URL, of the SQLite file in the data folder where none was set."""
        from sqlalchemy import URL, make_url  # only who keeps a history needs it, and it is large

        if self.database_url is not None:
            return make_url(self.database_url)
        # In a URL's text, the folder's name could read as something else: My%20Pictures.
        return URL.create("sqlite", database=str(self.data_dir / "history.db"))


def _variables(field: FieldInfo) -> list[str]:
    """Return a field's environment variables, the one that it is best known by first."""
    assert isinstance(field.validation_alias, AliasChoices)
    return [str(choice) for choice in field.validation_alias.choices]


def _unknown(name: str, fields: Mapping[str, FieldInfo]) -> str:
    """Return the sentence for a setting that there isn't, with the one that was meant if known."""
    words = {
        word.lower(): known for known in fields for word in (known, *_variables(fields[known]))
    }
    [meant] = get_close_matches(name.lower(), words, n=1, cutoff=0.4) or [""]
    hint = f"did you mean {words[meant]}?" if meant else f"they are {', '.join(fields)}."
    return f"There is no setting {name}: {hint}"


def _check_dotenv(file: Any) -> None:
    # What is there and is no file would be passed over, and with it what somebody has set.
    if file and os.path.lexists(file) and not (Path(file).is_file() or Path(file).is_fifo()):
        raise SettingsError(f"{file} can't be read: it is not a file.")
