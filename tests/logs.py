"""Core's events, for tests that say what is logged."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.logs import LOGGER_NAME

_OF_EVERY_RECORD = vars(logging.makeLogRecord({})).keys()


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        own = {name: vars(record)[name] for name in vars(record).keys() - _OF_EVERY_RECORD}
        if record.exc_text:
            own["traceback"] = record.exc_text
        self.events.append({**own, "log_level": record.levelname.lower()})


@contextmanager
def capture_logs() -> Iterator[list[dict[str, Any]]]:
    """Collect core's events of every level, each with its keys, `log_level` and any `traceback`."""
    logger, collector = logging.getLogger(LOGGER_NAME), _Collector()
    before = logger.level
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    try:
        yield collector.events
    finally:
        logger.setLevel(before)
        logger.removeHandler(collector)
