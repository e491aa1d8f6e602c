"""Server-sent events from bytes, exactly and in bounded memory.

`httpx-sse` 0.4.3 keeps text exact too (measured with U+2028, U+0085, CR, CRLF and split UTF-8), but
it hides comments, which is how Replicate says that it closes an idle stream; it repeats the last id
on events that have none, so that they look like duplicates; it believes the answer's charset; and
it buffers a line without end. Source: the WHATWG HTML standard, "Interpreting an event stream".
"""

from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass

from core.errors import MalformedResponse

MAX_EVENT_BYTES = 1024 * 1024
"""A token is a few bytes; an event larger than this is a fault, not a reason to fill the memory."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class ServerSentEvent:
    """One event: its name, its data (lines joined by LF), and its own id, if it has one."""

    name: str
    data: str
    id: str | None = None


@dataclass(frozen=True)
class Comment:
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
        # Lines of bytes end at CR, LF and CRLF only; lines of str would at U+2028 and others too.
        for line in chunk.splitlines(keepends=True):
            self._line += line.rstrip(b"\r\n")
            if len(self._line) + self._data_bytes > self._max_event_bytes:
                raise MalformedResponse(
                    f"Replicate's stream holds an event of more than {self._max_event_bytes} bytes."
                )
            if line.endswith((b"\r", b"\n")) and (item := self._take_line()):
                found.append(item)
        return found

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


async def events(chunks: AsyncIterable[bytes]) -> AsyncGenerator[ServerSentEvent | Comment]:
    """Yield the events and comments in a stream of bytes."""
    decoder = EventDecoder()
    async for chunk in chunks:
        for item in decoder.feed(chunk):
            yield item
