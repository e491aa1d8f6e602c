"""A caller's input → what is sent: files inlined or uploaded, everything plain JSON."""

import asyncio
import base64
import io
import json
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import InvalidInput

MAX_INLINE_BYTES = 256_000
"""Replicate takes data URLs up to 256 kB (Replicate docs); larger files are uploaded."""

Upload = Callable[[Path | BinaryIO], Awaitable[str]]
"""Uploads a file and returns its URL."""


async def prepare(model_input: Mapping[str, Any], upload: Upload) -> dict[str, Any]:
    """Return the input with each path and open binary file replaced by a URL, lists included.

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


async def _value(name: str, value: Any, upload: Upload) -> Any:
    match value:
        case Path():
            return await _file(name, value, upload)
        case io.IOBase() if _is_binary(value):
            return await _open_file(value, upload)  # type: ignore[arg-type]
        case list() | tuple():
            return [await _value(name, item, upload) for item in value]
        case Mapping():
            return {str(key): await _value(name, item, upload) for key, item in value.items()}
        case str() | int() | float() | bool() | None:
            return value
        case _:
            raise InvalidInput(
                f"{name} is a {type(value).__name__}: inputs are text, numbers, lists, paths "
                "and open binary files.",
                field=name,
            )


async def _file(name: str, path: Path, upload: Upload) -> str:
    try:
        if (await asyncio.to_thread(path.stat)).st_size > MAX_INLINE_BYTES:
            return await upload(path)
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise InvalidInput(
            f"{name}: {path} can't be read ({error.strerror}).", field=name
        ) from error
    return _data_url(content, path.name)


async def _open_file(file: BinaryIO, upload: Upload) -> str:
    start = await asyncio.to_thread(file.read, MAX_INLINE_BYTES + 1)
    file.seek(-len(start), io.SEEK_CUR)
    if len(start) > MAX_INLINE_BYTES:
        return await upload(file)
    return _data_url(start, str(getattr(file, "name", "")))


def _is_binary(file: Any) -> bool:
    return file.readable() and not isinstance(file, io.TextIOBase)


def _data_url(content: bytes, file_name: str) -> str:
    media_type = mimetypes.guess_type(file_name)[0] or "application/octet-stream"
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
