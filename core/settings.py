"""The settings, read from the environment and from `.env`."""

from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError


class Settings(BaseSettings):
    """What can be set; each field's alias is its environment variable.

    Raises:
        SettingsError: a value can't be used; one sentence says which and why.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    replicate_api_token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices(
            "replicate_api_token", "REPLICATE_API_TOKEN", "REPLICATE_API_KEY"
        ),
        description="your token; without one the app runs its offline demo",
    )
    base_url: str = Field(
        default="https://api.replicate.com",
        validation_alias=AliasChoices("base_url", "REPLICATE_BASE_URL"),
        description="where the API is, without `/v1`",
    )
    max_retries: int = Field(
        default=3,
        ge=1,
        le=10,
        validation_alias=AliasChoices("max_retries", "REPLICATE_MAX_RETRIES"),
        description="attempts in all for one request outside a running prediction",
    )
    timeout_seconds: float = Field(
        default=600,
        ge=5,
        validation_alias=AliasChoices("timeout_seconds", "REPLICATE_TIMEOUT"),
        description="seconds a prediction may take before it is cancelled",
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("replicate-playground"),
        validation_alias=AliasChoices("data_dir", "PLAYGROUND_DATA_DIR"),
        description="where history and media are kept",
    )
    database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("database_url", "PLAYGROUND_DATABASE_URL"),
        description="any SQLAlchemy URL; SQLite in the data folder when unset",
    )
    max_running: int = Field(
        default=4,
        ge=1,
        le=100,
        validation_alias=AliasChoices("max_running", "PLAYGROUND_MAX_RUNNING"),
        description="jobs that may run at once; the others wait their turn",
    )
    max_download_bytes: int = Field(
        default=2 * 1024**3,
        ge=1,
        validation_alias=AliasChoices("max_download_bytes", "PLAYGROUND_MAX_DOWNLOAD_BYTES"),
        description="the largest output that is downloaded, in bytes",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        validation_alias=AliasChoices("log_level", "PLAYGROUND_LOG_LEVEL"),
        description="`debug`, `info`, `warning` or `error`; prompts are logged at `debug` only",
    )
    log_json: bool = Field(
        default=False,
        validation_alias=AliasChoices("log_json", "PLAYGROUND_LOG_JSON"),
        description="log one JSON object a line instead of text for people",
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = ".".join(str(part) for part in first["loc"])
            raise SettingsError(f"{name} can't be used: {first['msg']}.") from None

    @field_validator("base_url")
    @classmethod
    def _without_version(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")):
            raise ValueError("it starts with https:// or http://")
        return url.rstrip("/").removesuffix("/v1")

    @property
    def database_url_or_default(self) -> str:
        """The database's URL, of the SQLite file in the data folder where none was set."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'history.db').as_posix()}"
