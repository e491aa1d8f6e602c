"""What a caller gives → what is sent: files inlined or uploaded, everything plain JSON."""

import asyncio
import base64
import io
import json
import math
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import InvalidInput
from core.logs import get_logger

MAX_INLINE_BYTES = 256_000
"""Replicate takes data URLs up to 256 kB (Replicate docs); larger files are uploaded."""

_WEBHOOK_EVENTS = ("start", "output", "logs", "completed")

Upload = Callable[[BinaryIO], Awaitable[str]]
"""Uploads an open file, from its start, and returns its URL."""


async def prepare(model_input: Mapping[str, Any], upload: Upload) -> dict[str, Any]:
    """Return the input with each path and open binary file replaced by a URL, lists included.

    A file is sent whole, wherever it was read up to.

    Raises:
        InvalidInput: a file can't be read, or a value isn't JSON; `field` says which.
    """
    prepared = {}
    for name, value in model_input.items():
        prepared[str(name)] = await _value(str(name), value, upload)
    return prepared


def canonical(model_input: Any) -> str:
    """Return an input as JSON text in which equal inputs are equal: keys sorted, no spaces."""
    return json.dumps(model_input, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def webhook_events(events: Sequence[str]) -> list[str]:
    """Return the filter as Replicate takes it; there is no `failed`, `completed` covers it.

    Raises:
        InvalidInput: an event that Replicate doesn't have.
    """
    wanted = []
    for event in events:
        if event == "failed":
            get_logger().info("webhook.event_translated", asked="failed", sent="completed")
            event = "completed"
        if event not in _WEBHOOK_EVENTS:
            raise InvalidInput(
                f"“{event}” isn't a webhook event: use {', '.join(_WEBHOOK_EVENTS)}.",
                field="webhook_events_filter",
            )
        if event not in wanted:
            wanted.append(event)
    return wanted


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[BinaryIO]:
    """Open a file to read its bytes, and close it whatever happens.

    A task that is cancelled while the thread opens the file would otherwise never see it, and
    leave it open.

    Raises:
        OSError: it can't be opened.
    """
    opening = asyncio.create_task(asyncio.to_thread(path.open, "rb"))
    try:
        file = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unseen)
        raise
    with file:
        yield file


def _close_unseen(opening: asyncio.Task[io.BufferedReader]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


async def _value(name: str, value: Any, upload: Upload) -> Any:
    match value:
        case Path():
            return await _path(name, value, upload)
        case list() | tuple():
            return [await _value(name, item, upload) for item in value]
        case Mapping():
            return {str(key): await _value(name, item, upload) for key, item in value.items()}
        case float() if not math.isfinite(value):
            raise InvalidInput(f"{name} is {value}, which is no number to send.", field=name)
        case str():
            return _text(name, value)
        case int() | float() | bool() | None:
            return value
        case _ if hasattr(value, "read"):
            return await _open_file(name, value, upload)
        case _:
            raise InvalidInput(
                f"{name} is a {type(value).__name__}: inputs are text, numbers, lists, paths "
                "and open binary files.",
                field=name,
            )


def _text(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{name} has half of a character at position {error.start}: write it anew.", field=name
        ) from error
    return text


async def _path(name: str, path: Path, upload: Upload) -> str:
    try:
        async with opened(path) as file:
            return await _open_file(name, file, upload)
    except OSError as error:
        raise _unreadable(name, path, error) from error


async def _open_file(name: str, file: BinaryIO, upload: Upload) -> str:
    file_name = getattr(file, "name", "")
    try:
        start = await asyncio.to_thread(_start, file)
    except (OSError, ValueError) as error:  # ValueError: it is closed
        raise _unreadable(name, file_name or "the file", error) from error
    if not isinstance(start, bytes):
        raise InvalidInput(f'{name}: open the file in binary mode, open(…, "rb").', field=name)
    if len(start) > MAX_INLINE_BYTES:
        return await upload(file)
    return _data_url(start, str(file_name))


def _start(file: BinaryIO) -> bytes:
    file.seek(0)
    start = file.read(MAX_INLINE_BYTES + 1)
    file.seek(0)
    return start


def _unreadable(name: str, file: Any, error: Exception) -> InvalidInput:
    reason = getattr(error, "strerror", None) or error
    return InvalidInput(f"{name}: {file} can't be read ({reason}).", field=name)


def _data_url(content: bytes, file_name: str) -> str:
    media_type = mimetypes.guess_type(file_name)[0] or "application/octet-stream"
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
