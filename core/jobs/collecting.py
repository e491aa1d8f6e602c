"""A prediction's output files → files in the media store, with small pictures and measures."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from core.backoff import is_passing
from core.client.client import AsyncReplicateClient
from core.downloads.downloader import Downloaded
from core.downloads.filenames import safe_name
from core.downloads.outputs import Place, places_of, urls_of
from core.errors import DiskFull, DownloadIncomplete, InvalidInput, PlaygroundError, WrongContent
from core.history.media import MediaStore
from core.history.records import MediaFile
from core.models.catalog import Kind
from core.models.schema import ModelSchema
from core.prediction import Prediction

_DOWNLOADS_AT_ONCE = 4
_LOOKS_AT_WRONG_CONTENT = 6

OnBytes = Callable[[int, int | None], None]
"""Told how many bytes of all files are there, and of how many; None when that isn't known."""

Fetch = Callable[[Callable[[], Awaitable[Downloaded]]], Awaitable[Downloaded]]
"""Calls a download, again if need be, and returns what it returns."""


@dataclass(frozen=True)
class Collected:
    """The files that are here, and the first error among those that aren't."""

    files: tuple[MediaFile, ...]
    error: PlaygroundError | None


class MayComeLater:
    """Tells of one file's errors whether it may still come: it is paid for.

    What comes in its place (an error page, half a file that says it is whole) may be a moment's,
    so it is looked at several times before it is believed.
    """

    def __init__(self) -> None:
        self._wrong = 0

    def __call__(self, error: PlaygroundError) -> bool:
        """Tell it of an error."""
        if isinstance(error, WrongContent):
            self._wrong += 1
            return self._wrong < _LOOKS_AT_WRONG_CONTENT
        return isinstance(error, DownloadIncomplete | DiskFull) or is_passing(error)


async def collect(
    prediction: Prediction,
    urls: Sequence[str],
    *,
    folder: str,
    client: AsyncReplicateClient,
    media: MediaStore,
    fetch: Fetch,
    on_bytes: OnBytes,
) -> Collected:
    """Download a prediction's files; that one of them can't be had doesn't lose the others.

    What an earlier process has of them isn't fetched again.

    Args:
        prediction: it has succeeded.
        urls: its files.
        folder: the key under which they go.
        fetch: how a download is called.
        on_bytes: told whenever there is more.
    """
    progress = _Progress(len(urls), on_bytes)
    partials = media.partials(folder)
    turns = asyncio.Semaphore(_DOWNLOADS_AT_ONCE)

    async def one(n: int, url: str, place: Place | None) -> MediaFile:
        target = media.path(f"{folder}/{n}")
        async with turns:
            downloaded = await fetch(
                lambda: client.download_file(
                    url,
                    target,
                    prediction=prediction,
                    on_progress=lambda done, total: progress.note(n, done, total),
                    partials=partials,
                )
            )
        file = await _stored(media.key(downloaded.path), n, url, downloaded, media)
        return replace(file, place=place)

    places = places_of(prediction.output, urls)
    results = await asyncio.gather(
        *(one(n, url, place) for n, (url, place) in enumerate(zip(urls, places, strict=True))),
        return_exceptions=True,
    )
    files = tuple(result for result in results if isinstance(result, MediaFile))
    errors = [result for result in results if isinstance(result, BaseException)]
    for error in errors:
        if not isinstance(error, PlaygroundError):
            raise error
    return Collected(files, next((one for one in errors if isinstance(one, PlaygroundError)), None))


def file_urls(prediction: Prediction, schema: ModelSchema | None, kind: Kind) -> list[str]:
    """Return the URLs of a prediction's output files; words that look like URLs are none."""
    if schema is not None:
        return schema.file_urls(prediction.output)
    try:
        return [] if kind == "chat" else urls_of(prediction)
    except InvalidInput:
        return []


def text_of(prediction: Prediction, schema: ModelSchema | None, kind: Kind) -> str | None:
    """Return the text that a prediction's output is, or None if it is something else."""
    if file_urls(prediction, schema, kind):
        return None
    is_text = schema.output_kind == "text" if schema is not None else kind == "chat"
    return prediction.text if is_text or isinstance(prediction.output, str) else None


def kind_of(files: Sequence[MediaFile], text: str | None) -> Kind:
    """Return what kind of run made these; "other" when that doesn't say."""
    for file in files:
        match file.media_type.partition("/")[0]:
            case "image" | "video" | "audio" as kind:
                return kind
    return "chat" if text and not files else "other"


class _Progress:
    """Adds up how far several files are."""

    def __init__(self, count: int, on_bytes: OnBytes) -> None:
        self._done = [0] * count
        self._totals: list[int | None] = [None] * count
        self._on_bytes = on_bytes

    def note(self, n: int, done: int, total: int | None) -> None:
        self._done[n], self._totals[n] = done, total
        known = [total for total in self._totals if total is not None]
        self._on_bytes(sum(self._done), sum(known) if len(known) == len(self._totals) else None)


async def _stored(
    key: str, n: int, url: str, downloaded: Downloaded, media: MediaStore
) -> MediaFile:
    described = await media.describe(key, downloaded.media_type)
    return MediaFile(
        n=n,
        key=key,
        thumbnail_key=described.thumbnail_key,
        name=safe_name(url, downloaded.media_type),
        media_type=downloaded.media_type,
        bytes=downloaded.bytes,
        sha256=downloaded.sha256,
        width=described.width,
        height=described.height,
        seconds=described.seconds,
    )
