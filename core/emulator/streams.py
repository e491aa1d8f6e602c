"""A prediction's events as server-sent events (Replicate docs, "Streaming")."""

import asyncio
import json
from collections.abc import AsyncIterator

from core.emulator.predictions import OutputFile, Prediction, StreamEvent

IDLE_SECONDS = 30.0
"""A stream on which nothing happens for this long is closed (Replicate docs)."""


async def server_sent_events(
    prediction: Prediction, origin: str, *, idle_seconds: float = IDLE_SECONDS
) -> AsyncIterator[str]:
    """Yield each event of a prediction, from its beginning to its end, as text."""
    sent = 0
    while True:
        while sent < len(prediction.events):
            event = prediction.events[sent]
            sent += 1
            yield _encoded(event, origin)
            if event.name == "done":
                return
        try:
            async with asyncio.timeout(idle_seconds):
                await prediction.changed()
        except TimeoutError:
            yield ":408: 408 Request Timeout\n\n"
            return


def _encoded(event: StreamEvent, origin: str) -> str:
    data = event.data.url(origin) if isinstance(event.data, OutputFile) else event.data
    if event.name == "error":
        data = json.dumps({"detail": data})
    # A line ends at CR, LF and CRLF; each becomes a data line of its own.
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = "".join(f"data: {line}\n" for line in lines)
    return f"event: {event.name}\nid: {event.id}\n{body}\n"
