"""The emulator's clock, which tests may move, and times as the API writes them."""

import time
from datetime import UTC, datetime
from email.utils import format_datetime


class Clock:
    """Tells the time. Moving it makes things expire; it doesn't make predictions faster."""

    def __init__(self) -> None:
        self._offset_seconds = 0.0

    def now(self) -> datetime:
        """Return the emulated time."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def seconds(self) -> float:
        """Return the emulated time, in seconds since the epoch."""
        return time.time() + self._offset_seconds

    def advance(self, seconds: float) -> None:
        """Move the clock, forward or back."""
        self._offset_seconds += seconds


def timestamp(moment: datetime) -> str:
    """Return a time as the API writes it: `2024-03-08T19:50:02.531Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def http_date(moment: datetime) -> str:
    """Return a time as HTTP headers write it."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)
