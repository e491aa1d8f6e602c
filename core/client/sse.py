"""Server-sent events from bytes, exactly and in bounded memory.

`httpx-sse` 0.4.3 keeps text exact too (measured with U+2028, U+0085, CR, CRLF and split UTF-8), but
it hides comments, which is how Replicate says that it closes an idle stream; it repeats the last id
on events that have none, so that they look like duplicates; it believes the answer's charset; and
it buffers a line without end. Source: the WHATWG HTML standard, "Interpreting an event stream".
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from core.errors import MalformedResponse

MAX_EVENT_BYTES = 1024 * 1024
"""A token is a few bytes; an event larger than this is a fault, not a reason to fill the memory."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


# Nearly all events look so, and this reads them three times as fast as line by line.
_TYPICAL = re.compile(rb"event: ([^\r\n]+)\nid: ([^\r\n\0]*)\ndata: ([^\r\n]*)\n\n")


class ServerSentEvent(NamedTuple):
    """One event: its name, its data (lines joined by LF), and its own id, if it has one."""

    name: str
    data: str
    id: str | None = None


class Comment(NamedTuple):
    """A line that begins with a colon; not an event, but some servers talk that way."""

    text: str


class EventDecoder:
    """Turns chunks of bytes, split anywhere, into events. An event cut off is never given out."""

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._at_start = True
        self._after_cr = False
        self._line = bytearray()
        self._name = ""
        self._id: str | None = None
        self._data: list[str] = []
        self._data_bytes = 0

    def feed(self, chunk: bytes) -> list[ServerSentEvent | Comment]:
        """Return the events and comments that this chunk completes.

        Raises:
            MalformedResponse: an event is larger than `max_event_bytes`.
        """
        if not chunk:
            return []
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")  # the second half of a CRLF
        self._after_cr = chunk.endswith(b"\r")
        found: list[ServerSentEvent | Comment] = []
        if not self._is_between_events:
            # To the end of the event that the last chunk began.
            begun, end, chunk = chunk.partition(b"\n\n")
            found += self._take_lines(begun + end)
        if self._is_between_events:
            chunk = chunk[self._take_typical(chunk, found) :]
        found += self._take_lines(chunk)
        return found

    @property
    def _is_between_events(self) -> bool:
        return not (self._at_start or self._line or self._name or self._id or self._data)

    def _take_typical(self, chunk: bytes, found: list[ServerSentEvent | Comment]) -> int:
        """Find the events that a chunk begins with, and return the place where they end."""
        scan = _TYPICAL.scanner(chunk).match  # type: ignore[attr-defined]
        place = 0
        while (event := scan()) is not None:
            if event.end() - place > self._max_event_bytes:
                break
            name, event_id, data = event.groups()
            found.append(
                ServerSentEvent(
                    name.decode("utf-8", "replace"),
                    data.decode("utf-8", "replace"),
                    event_id.decode("utf-8", "replace") or None,
                )
            )
            place = event.end()
        return place

    def _take_lines(self, chunk: bytes) -> Iterator[ServerSentEvent | Comment]:
        # Lines of bytes end at CR, LF and CRLF only; lines of str would at U+2028 and others too.
        for line in chunk.splitlines(keepends=True):
            self._line += line.rstrip(b"\r\n")
            if len(self._line) + self._data_bytes > self._max_event_bytes:
                raise MalformedResponse(
                    f"Replicate's stream holds an event of more than {self._max_event_bytes} bytes."
                )
            if line.endswith((b"\r", b"\n")) and (item := self._take_line()):
                yield item

    def _take_line(self) -> ServerSentEvent | Comment | None:
        line = bytes(self._line)
        self._line.clear()
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode("utf-8", errors="replace")
        match field:
            case b"":
                return Comment(text)
            case b"event":
                self._name = text
            case b"data":
                self._data.append(text)
                self._data_bytes += len(line)
            case b"id" if "\0" not in text:
                self._id = text or None
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        event = None
        if self._data:
            event = ServerSentEvent(self._name or "message", "\n".join(self._data), self._id)
        self._name, self._id, self._data, self._data_bytes = "", None, [], 0
        return event
