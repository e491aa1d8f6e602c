"""A prediction's output → the URLs in it, and the files that they become."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from core.downloads import Downloaded, OnProgress
from core.errors import InvalidInput
from core.predictions import Prediction

Fetch = Callable[..., Awaitable[Downloaded]]
Refresh = Callable[[], Awaitable[list[str]]]
"""Asks for the outputs' URLs again, because the old ones are no longer good."""


def urls_of(output: Any) -> list[str]:
    """Return the URLs of the files in an output, in their order; objects are searched too.

    Raises:
        InvalidInput: there is no file in it.
    """
    found = list(_urls(output.output if isinstance(output, Prediction) else output))
    if not found:
        raise InvalidInput("There is no file in this output to download.", field="output")
    return found


def numbered(path: Path, n: int) -> Path:
    """Return where the n-th of several outputs goes: `fox.webp` → `fox-1.webp`."""
    return path.with_name(f"{path.stem}-{n}{path.suffix}")


async def download_all(
    urls: list[str],
    path: Path,
    *,
    fetch: Fetch,
    refresh: Refresh | None,
    on_progress: OnProgress | None,
    max_bytes: int | None,
) -> Path | list[Path]:
    """Download one output to `path`, or several beside each other, numbered."""

    async def download(index: int, target: Path) -> Path:
        async def refreshed() -> str:
            assert refresh is not None
            return (await refresh())[index]

        downloaded = await fetch(
            urls[index],
            target,
            refresh=refreshed if refresh else None,
            on_progress=on_progress,
            max_bytes=max_bytes,
        )
        return downloaded.path

    if len(urls) == 1:
        return await download(0, path)
    return await asyncio.gather(
        *(download(index, numbered(path, index + 1)) for index in range(len(urls)))
    )


def _urls(value: Any) -> list[str]:
    match value:
        case str() if value.startswith(("https://", "http://", "data:")):
            return [value]
        case list() | tuple():
            return [url for item in value for url in _urls(item)]
        case dict():
            return [url for item in value.values() for url in _urls(item)]
        case _ if isinstance(url := getattr(value, "url", None), str):
            return [url]  # the replicate package's FileOutput
        case _:
            return []
