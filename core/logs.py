"""Structured logs: text for people or JSON for machines, and never a token in either."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from core.settings import Settings

_TOKEN = re.compile(r"\b(?:r8_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{8,})|(?<=Bearer )\S+")
_SECRET_KEYS = frozenset({"authorization", "api_token", "token", "secret", "password"})
_HIDDEN = "[hidden]"


def get_logger() -> FilteringBoundLogger:
    """Return the logger of core; silent below the configured level."""
    logger: FilteringBoundLogger = structlog.get_logger("replicate_playground")
    return logger


def configure_logging(settings: Settings) -> None:
    """Configure structlog for an application; a library that imports core calls its own instead."""
    token = settings.replicate_api_token
    secrets = [token.get_secret_value()] if token is not None else []
    renderer: list[Processor]
    if settings.log_json:
        # The default tracebacks would print local variables, and with them the token.
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        renderer = [
            structlog.processors.ExceptionRenderer(tracebacks),
            Redaction(secrets),
            structlog.processors.JSONRenderer(),
        ]
    else:
        renderer = [
            structlog.processors.format_exc_info,
            Redaction(secrets),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            *renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class Redaction:
    """A structlog processor that hides secrets: by key, by form, and the ones it was given."""

    def __init__(self, secrets: list[str]) -> None:
        self._secrets = [secret for secret in secrets if secret]

    def __call__(
        self, logger: Any, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Return the event with every secret replaced, however deep it lies."""
        return {key: self._clean(key, value) for key, value in event.items()}

    def _clean(self, key: str, value: Any) -> Any:
        if key.lower() in _SECRET_KEYS:
            return _HIDDEN
        match value:
            case str():
                for secret in self._secrets:
                    value = value.replace(secret, _HIDDEN)
                return _TOKEN.sub(_HIDDEN, value)
            case dict():
                return {inner: self._clean(str(inner), item) for inner, item in value.items()}
            case list() | tuple():
                return [self._clean("", item) for item in value]
            case BaseException():
                return self._clean("", f"{type(value).__name__}: {value}")
            case _:
                return value
