"""What a caller gives → what is sent: files inlined or uploaded, everything plain JSON."""

import asyncio
import base64
import io
import json
import math
import mimetypes
import numbers
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from errno import EINVAL
from pathlib import Path
from typing import Any, BinaryIO, SupportsFloat

from core.errors import InvalidInput
from core.logs import get_logger

MAX_INLINE_BYTES = 256_000
"""Replicate takes data URLs up to 256 kB (Replicate docs); larger files are uploaded."""

_LONGEST_INTEGER_BITS = 1024
"""As large as a float can be; Python refuses to write numbers of thousands of digits."""

_LONGEST_NAME = 200

_WEBHOOK_EVENTS = ("start", "output", "logs", "completed")

Upload = Callable[[BinaryIO], Awaitable[str]]
"""Uploads an open file, from its start, and returns its URL."""


async def prepare(model_input: Mapping[str, Any], upload: Upload) -> dict[str, Any]:
    """Return the input as plain JSON: files as URLs, numpy's numbers as Python's, tuples as lists.

    A file is sent whole, wherever it was read up to.

    Raises:
        InvalidInput: a file is empty or can't be read, or a value isn't JSON; `field` says which,
            and the sentence where in it: `images[0]`.
    """
    if not isinstance(model_input, Mapping):
        raise InvalidInput(
            f"The input is a {type(model_input).__name__}: it is a dict of the model's fields."
        )
    prepared = {}
    for key, value in model_input.items():
        name = str(key)
        try:
            _text("A field's name", name)
            prepared[name] = await _value(name, value, upload)
        except InvalidInput as error:
            error.field, error.fields = name, {name: str(error)}
            raise
        except RecursionError:
            raise InvalidInput(f"{name} has lists too deep in each other.", field=name) from None
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
    for event in [events] if isinstance(events, str) else events:
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
async def opened(file: os.PathLike[str] | BinaryIO) -> AsyncIterator[tuple[BinaryIO, bytes]]:
    """Yield a file to send, opened unless it is, and its first bytes, one more than are inlined.

    What was opened here is closed, whatever happens.

    Raises:
        InvalidInput: it is empty, was opened as text, is no file, or can't be read.
    """
    name = _shown_name(file)
    as_text = f'{name} is open as text: open it in binary mode, open(…, "rb").'
    if isinstance(file, io.TextIOBase):
        raise InvalidInput(as_text)
    with ExitStack() as to_close:
        try:
            if isinstance(file, os.PathLike):
                content: BinaryIO = to_close.enter_context(await _open(Path(os.fsdecode(file))))
            else:
                content = file
            start = await asyncio.to_thread(_start, content)
        # ValueError: it is closed, or no path at all; the others: it has no `seek` to its start.
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise _unreadable(name, error) from error
        if not isinstance(start, bytes):
            raise InvalidInput(as_text)
        if not start:
            raise InvalidInput(f"{name} is empty.")
        try:
            yield content, start
        except OSError as error:
            raise _unreadable(name, error) from error


async def _open(path: Path) -> BinaryIO:
    # A task that is cancelled while the thread opens the file would otherwise never see it, and
    # leave it open.
    opening = asyncio.create_task(asyncio.to_thread(_open_blocking, path))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unseen)
        raise


def _open_blocking(path: Path) -> BinaryIO:
    # To open a named pipe may wait for ever, and a device may never end.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(EINVAL, "it is not a file")
    return path.open("rb")


def _close_unseen(opening: asyncio.Task[BinaryIO]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


async def _value(place: str, value: Any, upload: Upload) -> Any:
    """Return a value as plain JSON; `place` says where in the input it is: `images[0].mask`."""
    match value:
        case None | bool():
            return value
        case str():
            return _text(place, value)
        case int():
            return _integer(place, int(value))
        case float():
            return _finite(place, value)
        case list() | tuple():
            return [await _value(f"{place}[{n}]", item, upload) for n, item in enumerate(value)]
        case Mapping():
            return {
                _text(f"A name in {place}", str(key)): await _value(f"{place}.{key}", item, upload)
                for key, item in value.items()
            }
        case os.PathLike():
            return await _file(place, value, upload)
        case numbers.Integral():
            return _integer(place, int(value))
        case numbers.Real():
            return _finite(place, value)
        case _ if hasattr(value, "read"):
            return await _file(place, value, upload)
        case _ if getattr(value, "shape", None) == ():  # numpy's, of no dimensions
            return await _value(place, value.tolist(), upload)
        case _:
            raise InvalidInput(
                f"{place} is a {type(value).__name__}: inputs are None, bool, int, float, str, "
                "lists, dicts, paths and open binary files."
            )


def _text(place: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{place} has half of a character at position {error.start}: write it anew."
        ) from error
    return str.__str__(text)  # of an enum's member, too


def _integer(place: str, number: int) -> int:
    if number.bit_length() > _LONGEST_INTEGER_BITS:
        raise InvalidInput(f"{place} is a number of more digits than are sent.")
    return number


def _finite(place: str, number: SupportsFloat) -> float:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise InvalidInput(f"{place} is {value}, which is no number to send.")
    return value


async def _file(place: str, file: os.PathLike[str] | BinaryIO, upload: Upload) -> str:
    try:
        async with opened(file) as (content, start):
            if len(start) > MAX_INLINE_BYTES:
                return await upload(content)
            return _data_url(start, str(getattr(content, "name", "")))
    except InvalidInput as error:
        raise InvalidInput(f"{place}: {error}") from error.__cause__


def _start(file: BinaryIO) -> bytes:
    file.seek(0)
    start = file.read(MAX_INLINE_BYTES + 1)
    file.seek(0)
    return start


def _shown_name(file: os.PathLike[str] | BinaryIO) -> str:
    """Return a file's name for a sentence, in one line of bounded length."""
    name = os.fsdecode(file) if isinstance(file, os.PathLike) else getattr(file, "name", None)
    if not isinstance(name, str) or not name:
        return "the file"
    shown = name if name.isprintable() else ascii(name)
    return shown if len(shown) <= _LONGEST_NAME else f"…{shown[-_LONGEST_NAME:]}"


def _unreadable(name: str, error: Exception) -> InvalidInput:
    return InvalidInput(f"{name} can't be read ({getattr(error, 'strerror', None) or error}).")


def _data_url(content: bytes, file_name: str) -> str:
    media_type = mimetypes.guess_type(file_name)[0] or "application/octet-stream"
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
