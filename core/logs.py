"""Structured logs: text for people or JSON for machines, and never a token in either."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from core.settings import Settings

_TOKEN = re.compile(
    r"\b(?:r8_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{8,})|(?<=bearer )[^\s'\"]+", re.IGNORECASE
)
_SECRET_KEY = re.compile(r"(?:.*_)?(?:authorization|token|secret|password|api_?key)")
_HIDDEN = "[hidden]"


def get_logger() -> FilteringBoundLogger:
    """Return the logger of core.

    While nobody has configured structlog it writes warnings and worse to stderr, as Python's own
    logging does: a program that only imports core doesn't ask for more.
    """
    logger: FilteringBoundLogger
    if structlog.is_configured():
        logger = structlog.get_logger("replicate_playground")
    else:
        logger = structlog.wrap_logger(
            structlog.WriteLogger(sys.stderr),
            processors=_processors(as_json=False, secrets=[]),
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        )
    return logger


def configure_logging(settings: Settings) -> None:
    """Configure structlog for an application; a library that imports core calls its own instead."""
    token = settings.replicate_api_token
    structlog.configure(
        processors=_processors(
            as_json=settings.log_json,
            secrets=[token.get_secret_value()] if token is not None else [],
        ),
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _processors(*, as_json: bool, secrets: list[str]) -> list[Processor]:
    renderer: list[Processor]
    if as_json:
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
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # The traceback is text already, or it couldn't have been cleaned.
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ]
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        *renderer,
    ]


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
        if _SECRET_KEY.fullmatch(key.lower().replace("-", "_")):
            return _HIDDEN
        match value:
            case str():
                return self._without_secrets(value)
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {
                    self._without_secrets(str(inner)): self._clean(str(inner), item)
                    for inner, item in value.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self._clean("", item) for item in value]
            case BaseException():
                return self._without_secrets(f"{type(value).__name__}: {value}")
            case _:
                # The renderers would write it as `repr` does, so that is what must be clean.
                return self._without_secrets(repr(value))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _TOKEN.sub(_HIDDEN, text)
