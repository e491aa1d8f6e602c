"""Structured logs by Python's own `logging`, and never a token in them.

An event has a name and keys. A program that uses core gets it as a record of the logger
`replicate_playground`: its message is `event key=value …`, and `event` and the keys are attributes
of it, as `extra` makes them, for formatters that write JSON. What is shown is that program's
choice; where it makes none, Python writes warnings and worse to stderr.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structlog.typing import EventDict

    from core.settings import Settings

LOGGER_NAME = "replicate_playground"

_LOGGER = logging.getLogger(LOGGER_NAME)
_RESERVED = {*vars(logging.makeLogRecord({})), "message", "asctime", "exc_info", "event"}

_TOKEN = re.compile(
    r"\b(?:r8_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{8,})|(?<=bearer )[^\s'\"]+", re.IGNORECASE
)
_SECRET_KEY = re.compile(r"(?:.*_)?(?:authorization|token|secret|password|api_?key)")
_HIDDEN = "[hidden]"
_SHORTEST_SECRET = 8
"""A shorter one, such as a test's, stands inside too many words."""

_secrets: set[str] = set()


def get_logger() -> Logger:
    """Return the logger of core."""
    return _UNBOUND


class Logger:
    """Logs events, each with its own keys after those that were bound.

    `exc_info` is as in `logging`. A key that a record has an attribute of by itself becomes one
    with a `_` behind its name. What isn't shown costs next to nothing.
    """

    __slots__ = ("_bound",)

    def __init__(self, bound: Mapping[str, Any]) -> None:
        self._bound = bound

    def bind(self, **keys: Any) -> Logger:
        """Return a logger that gives these keys to each event."""
        return Logger({**self._bound, **keys})

    def debug(self, event: str, /, **keys: Any) -> None:
        """Log what only matters to whoever looks for a mistake."""
        self._log(logging.DEBUG, event, keys)

    def info(self, event: str, /, **keys: Any) -> None:
        """Log what went as it should."""
        self._log(logging.INFO, event, keys)

    def warning(self, event: str, /, **keys: Any) -> None:
        """Log what went wrong and was dealt with."""
        self._log(logging.WARNING, event, keys)

    def error(self, event: str, /, **keys: Any) -> None:
        """Log what went wrong."""
        self._log(logging.ERROR, event, keys)

    def exception(self, event: str, /, **keys: Any) -> None:
        """Log what went wrong, with the error that is being handled."""
        self._log(logging.ERROR, event, {"exc_info": True, **keys})

    def _log(self, level: int, event: str, keys: dict[str, Any]) -> None:
        if not _LOGGER.isEnabledFor(level):
            return
        # What handlers get is clean already, whoever they are: so the traceback goes as a text.
        exc_text = _traceback(keys.pop("exc_info", None))
        cleaned = clean({**self._bound, **keys})
        event = _without_secrets(event)
        file, line, function, _ = _LOGGER.findCaller(stacklevel=3)
        record = _LOGGER.makeRecord(
            LOGGER_NAME,
            level,
            file,
            line,
            " ".join([event, *(f"{key}={_shown(value)}" for key, value in cleaned.items())]),
            args=(),
            exc_info=None,
            func=function,
            extra={
                "event": event,
                **{f"{key}_" if key in _RESERVED else key: cleaned[key] for key in cleaned},
            },
        )
        record.exc_text = exc_text
        _LOGGER.handle(record)


_UNBOUND = Logger({})


def configure_logging(settings: Settings) -> None:
    """Show core's events on stderr, for an application: as text for people, or as lines of JSON.

    A program with a configuration of its own for `logging` gets them by that instead.
    """
    import structlog  # it takes long, and only applications write logs themselves

    if settings.replicate_api_token is not None:
        hide(settings.replicate_api_token.get_secret_value())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.ExtraAdder(),
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
                _add_traceback,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer()
                if settings.log_json
                else structlog.dev.ConsoleRenderer(
                    colors=sys.stderr.isatty(),
                    exception_formatter=structlog.dev.plain_traceback,
                ),
            ],
        )
    )
    _LOGGER.handlers[:] = [handler]
    _LOGGER.setLevel(settings.log_level.upper())
    _LOGGER.propagate = False  # or a program with handlers of its own would show them twice


def hide(secret: str) -> None:
    """Hide a secret in all that is logged from now on, whatever its form."""
    if len(secret) >= _SHORTEST_SECRET:
        _secrets.add(secret)


def clean(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event with every secret replaced, however deep: by key, by form, or as hidden.

    What isn't text, a number, a list or a mapping becomes text, as a handler would write it.
    """
    return {key: _cleaned(key, value) for key, value in event.items()}


def _cleaned(key: str, value: Any) -> Any:
    if _SECRET_KEY.fullmatch(key.lower().replace("-", "_")):
        return _HIDDEN
    match value:
        case str():
            return _without_secrets(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {
                _without_secrets(str(inner)): _cleaned(str(inner), item)
                for inner, item in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_cleaned("", item) for item in value]
        case BaseException():
            return _without_secrets(f"{type(value).__name__}: {value}")
        case _:
            return _without_secrets(repr(value))


def _without_secrets(text: str) -> str:
    for secret in _secrets:
        text = text.replace(secret, _HIDDEN)
    return _TOKEN.sub(_HIDDEN, text)


def _shown(value: Any) -> str:
    """Return a value in one line, in quotes if it has more than one word."""
    is_word = isinstance(value, str) and value.isprintable() and not set(" =\"'") & set(value)
    return value if is_word and value else repr(value)


def _traceback(exc_info: Any) -> str | None:
    """Return the traceback that `exc_info` asks for, without local variables."""
    match exc_info:
        case BaseException():
            error: BaseException | None = exc_info
        case (_, error, _):
            pass
        case _:
            error = sys.exception() if exc_info else None
    if error is None:
        return None
    return _without_secrets("".join(traceback.format_exception(error)).rstrip())


def _add_traceback(_logger: Any, _method: str, event: EventDict) -> EventDict:
    if event["_record"].exc_text:
        event["exception"] = event["_record"].exc_text
    return event
