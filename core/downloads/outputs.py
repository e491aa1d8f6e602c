"""A prediction's output → the URLs in it, and the files that they become."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.downloads.downloader import Downloaded, OnProgress
from core.downloads.filenames import split_name
from core.errors import InvalidInput, OutputExpired
from core.prediction import Prediction

Fetch = Callable[..., Awaitable[Downloaded]]
Refresh = Callable[[], Awaitable[list[str]]]
"""Asks for the outputs' URLs again, because the old ones are no longer good."""

Place = tuple[str | int, ...]
"""Where something stands in an output, as keys and indices from the outside in."""

_DOWNLOADS_AT_ONCE = 4

# Words that begin like a URL are no file: "https://… is where you find it", "data: none".
_FILE_URL = re.compile(r"https?://\S+|data:[\w.+-]*(/[\w.+-]+)?(;[^,;]+)*,.*", re.I | re.S)


def urls_of(output: Any) -> list[str]:
    """Return the URLs of the files in an output, in their order; objects are searched too.

    Raises:
        OutputExpired: the prediction's output was deleted.
        InvalidInput: there is no file in it.
    """
    if isinstance(output, Prediction):
        if output.data_removed:
            raise OutputExpired(
                "", "Replicate has deleted this output, after one hour: run the model again."
            )
        output = output.output
    found = list(located_urls(output).values())
    if not found:
        raise InvalidInput("There is no file in this output to download.", field="output")
    return found


def located_urls(output: Any) -> dict[Place, str]:
    """Return the URLs of the files in an output by where they stand, in their order."""
    return {place: text for place, text in _texts(output) if _FILE_URL.fullmatch(text)}


def places_of(output: Any, urls: Sequence[str]) -> list[Place | None]:
    """Return where in an output each of its URLs stands; None for one that isn't in it.

    Args:
        urls: some of its texts, in its order. A model's schema may know that not all are files.
    """
    texts = list(_texts(output))
    places: list[Place | None] = []
    begin = 0
    for url in urls:
        rest = range(begin, len(texts))
        found = next((index for index in rest if texts[index][1] == url), None)
        places.append(None if found is None else texts[found][0])
        begin = begin if found is None else found + 1
    return places


def same_url(url: str, before: Prediction, after: Prediction) -> str:
    """Return where a prediction's file is now: the URL at its place in the newer output.

    Raises:
        OutputExpired: the newer output doesn't hold it any more.
        InvalidInput: it holds no files at all.
    """
    return _at(urls_of(before).index(url), urls_of(after), url)


def numbered(path: Path, n: int) -> Path:
    """Return where the n-th of several outputs goes: `fox.webp` → `fox-1.webp`."""
    stem, extension = split_name(path.name)
    return path.with_name(f"{stem}-{n}{extension}")


async def download_all(
    urls: list[str],
    path: Path,
    *,
    fetch: Fetch,
    refresh: Refresh | None,
    on_progress: OnProgress | None,
    max_bytes: int | None,
) -> Path | list[Path]:
    """Download one output to `path`, or several beside each other, numbered.

    `on_progress` is told of all of them together. When one fails, the others are stopped; those
    that were whole stay.
    """
    turns = asyncio.Semaphore(_DOWNLOADS_AT_ONCE)
    progress = _Progress(len(urls), on_progress)

    async def download(index: int, target: Path) -> Path:
        async def refreshed() -> str:
            assert refresh is not None
            return _at(index, await refresh(), urls[index])

        async with turns:
            downloaded = await fetch(
                urls[index],
                target,
                refresh=refreshed if refresh else None,
                on_progress=progress.of(index) if on_progress else None,
                max_bytes=max_bytes,
            )
        return downloaded.path

    if len(urls) == 1:
        return await download(0, path)
    downloads = [
        asyncio.ensure_future(download(index, numbered(path, index + 1)))
        for index in range(len(urls))
    ]
    try:
        return await asyncio.gather(*downloads)
    finally:
        # Otherwise the others would go on unseen after the first error.
        for task in downloads:
            task.cancel()
        await asyncio.gather(*downloads, return_exceptions=True)


class _Progress:
    """Adds up how far several downloads are; in all is known once it is of each."""

    def __init__(self, count: int, on_progress: OnProgress | None) -> None:
        self._done = [0] * count
        self._totals: list[int | None] = [None] * count
        self._on_progress = on_progress

    def of(self, index: int) -> OnProgress:
        """Return what the download of that index tells its progress to."""

        def tell(done: int, total: int | None) -> None:
            assert self._on_progress is not None
            self._done[index] = done
            self._totals[index] = total
            known = [total for total in self._totals if total is not None]
            in_all = sum(known) if len(known) == len(self._totals) else None
            self._on_progress(sum(self._done), in_all)

        return tell


def _at(index: int, latest: list[str], url: str) -> str:
    if index >= len(latest):
        raise OutputExpired(url, "The prediction no longer has this output: run the model again.")
    return latest[index]


def _texts(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    match value:
        case str():
            yield place, value
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _texts(item, (*place, index))
        case dict():
            for key, item in value.items():
                yield from _texts(item, (*place, key))
        case _ if isinstance(url := getattr(value, "url", None), str):
            yield place, url  # the replicate package's FileOutput
