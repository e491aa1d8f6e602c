"""Server-sent events from bytes, exactly.

Written here because two things must hold that a general decoder doesn't promise: a line ends at
CR, LF or CRLF and nowhere else (U+2028 and U+0085 are text), and an event knows whether it has an
id of its own, or a repeated id couldn't be told from an event without one.
Source: the WHATWG HTML standard, "Interpreting an event stream".
"""

import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from dataclasses import dataclass

from core.errors import MalformedResponse

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""An event larger than this is an error, not a reason to fill the memory."""

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


@dataclass(frozen=True)
class ServerSentEvent:
    """One event: its name, its data (lines joined by LF), and its own id, if it has one."""

    name: str
    data: str
    id: str | None = None


class EventDecoder:
    """Turns chunks of bytes, split anywhere, into events. An event cut off is never given out."""

    def __init__(self) -> None:
        self._buffer = b""
        self._pending = 0
        self._name = ""
        self._id: str | None = None
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """Yield the events that this chunk completes.

        Raises:
            MalformedResponse: an event is larger than MAX_EVENT_BYTES.
        """
        self._buffer += chunk
        start = 0
        # A CR at the very end may be half of a CRLF: it waits for the next chunk.
        for end in _LINE_END.finditer(self._buffer):
            line = self._buffer[start : end.start()]
            start = end.end()
            if event := self._line(line):
                yield event
        self._buffer = self._buffer[start:]
        if len(self._buffer) + self._pending > MAX_EVENT_BYTES:
            raise MalformedResponse("Replicate's stream holds an event that is too large.")

    def _line(self, line: bytes) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        self._pending += len(line)
        name, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode("utf-8", errors="replace")
        match name:
            case b"event":
                self._name = text
            case b"data":
                self._data.append(text)
            case b"id":
                self._id = text
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        event = None
        if self._data or self._name:
            event = ServerSentEvent(self._name or "message", "\n".join(self._data), self._id)
        self._name, self._id, self._data, self._pending = "", None, [], 0
        return event


async def events(chunks: AsyncIterable[bytes]) -> AsyncGenerator[ServerSentEvent]:
    """Yield the events in a stream of bytes."""
    decoder = EventDecoder()
    async for chunk in chunks:
        for event in decoder.feed(chunk):
            yield event
