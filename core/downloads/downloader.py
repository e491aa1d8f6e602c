"""An output's URL → a file: resumed when cut, capped, from safe hosts only, whole or not at all."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx

from core.api.retries import is_transient, wait_seconds
from core.api.transport import error_for
from core.certificates import trusted_certificates
from core.downloads.addresses import HostRules, Resolve, resolve
from core.downloads.dataurls import decode, is_data_url
from core.downloads.hops import Hops
from core.downloads.transfer import Downloaded, OnProgress, Transfer
from core.errors import (
    ApiError,
    ConnectionLost,
    DownloadError,
    DownloadIncomplete,
    InvalidInput,
    NotFound,
    OutputExpired,
)
from core.logs import get_logger

__all__ = ["Downloaded", "Downloader", "OnProgress", "Refresh"]

Refresh = Callable[[], Awaitable[str]]
"""Asks for the output's URL again, because the old one is no longer good."""

_IDLE_SECONDS = 30.0
_LONGEST_SECONDS = 2 * 3600.0
"""Replicate deletes an output after one hour: what is under way then may still come to its end."""

_GONE = {401, 403, 404, 410}


class Downloader:
    """Downloads outputs over connections that never carry a token. Belongs to one event loop.

    Args:
        trusted_origins: origins such as `http://127.0.0.1:8600` that may be asked although they
            aren't public or https: the API's own.
        max_bytes: the cap on one file.
        attempts: how many in a row may bring nothing new before it is given up.
        idle_seconds: how long a connection may be silent before it counts as broken.
        longest_seconds: the deadline of one download, waits included.
        transport: makes what one download's requests go through, instead of the network.
        resolve, sleep, clock: replaceable in tests; `clock` counts seconds, from anywhere.
    """

    def __init__(
        self,
        *,
        trusted_origins: frozenset[str],
        max_bytes: int,
        attempts: int = 5,
        idle_seconds: float = _IDLE_SECONDS,
        longest_seconds: float = _LONGEST_SECONDS,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
        resolve: Resolve = resolve,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = HostRules(trusted_origins, resolve=resolve)
        self._max_bytes = max_bytes
        self._attempts = attempts
        self._longest_seconds = longest_seconds
        self._sleep = sleep
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._transport = transport or partial(
            httpx.AsyncHTTPTransport, verify=trusted_certificates()
        )

    async def fetch(
        self,
        url: str,
        path: Path,
        *,
        refresh: Refresh | None = None,
        on_progress: OnProgress | None = None,
        max_bytes: int | None = None,
        partials: str | Path | None = None,
    ) -> Downloaded:
        """Download an output and return the file that it has become.

        A file that is already there is replaced, in one step.

        Args:
            url: https, a trusted origin's, or a data URL.
            path: the file, not a folder; its folders are made. A name without an extension gets
                the one that fits the content, and a name that has one keeps it. To let the URL
                choose the name: `folder / safe_name(url)`.
            refresh: asked once for a new URL when this one is no longer good.
            on_progress: told whenever there is more.
            max_bytes: the cap, if it isn't the downloader's.
            partials: a folder on the same disk for what is there of the output when this is
                cancelled, or ends with the process or with `DownloadIncomplete`: the next call
                with the same folder, path and URL (but for its query) goes on from it, and one
                for a file that is whole by now returns it. The folder is the caller's to remove.

        Raises:
            DownloadError: and its kinds; no partial file is left behind, but in `partials`.
        """
        log = get_logger().bind(url=_loggable(url))
        started = self._clock()
        transfer = Transfer(
            url,
            path,
            max_bytes=self._max_bytes if max_bytes is None else max_bytes,
            on_progress=on_progress,
            # What is in the URL itself is quicker decoded than found.
            partials=None if partials is None or is_data_url(url) else Path(partials),
        )
        is_lost = False
        hops = Hops(self._rules, self._transport(), idle_seconds=self._idle_seconds)
        try:
            await transfer.open()
            if transfer.size:
                log.info("download.taken_up", bytes=transfer.size)
            if is_data_url(url):
                declared, data = await asyncio.to_thread(decode, url)
                await transfer.take_bytes(data, declared=declared)
            elif not transfer.is_whole:
                await self._receive_in_time(transfer, hops, refresh)
            downloaded = await transfer.publish()
        except DownloadError as error:
            is_lost = not isinstance(error, DownloadIncomplete)
            raise
        finally:
            # Shielded, for a task that is cancelled twice.
            await asyncio.shield(_close(transfer, hops, is_lost=is_lost))
        log.info(
            "download.finished",
            bytes=downloaded.bytes,
            seconds=round(self._clock() - started, 3),
            media_type=downloaded.media_type,
        )
        return downloaded

    async def aclose(self) -> None:
        """Nothing is left to close: each download closes what it opened."""

    async def _receive_in_time(
        self, transfer: Transfer, hops: Hops, refresh: Refresh | None
    ) -> None:
        try:
            async with asyncio.timeout(self._longest_seconds) as deadline:
                await self._receive(transfer, hops, refresh)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise DownloadIncomplete(
                transfer.url,
                f"The output was not there after {self._longest_seconds:.0f} s: try again on a "
                "faster connection.",
            ) from error

    async def _receive(self, transfer: Transfer, hops: Hops, refresh: Refresh | None) -> None:
        """Ask until all of it is there, as long as that gets further."""
        failures = 0
        furthest = transfer.size
        is_fresh = False
        while True:
            try:
                return await _attempt(transfer, hops, turn=failures)
            except (ApiError, ConnectionLost) as problem:
                error = problem
            if isinstance(error, ApiError) and error.status in _GONE:
                if is_fresh:
                    raise DownloadIncomplete(
                        transfer.url,
                        f"The output's server answered {error.status}, although Replicate still "
                        "has the output: try again later.",
                    ) from error
                transfer.url = await _refreshed(transfer.url, refresh, error)
                is_fresh = True
                continue
            # A transfer that starts over counts for nothing until it passes where one was before,
            # or a server that always cuts at the same place would be asked for ever.
            failures = 0 if transfer.size > furthest else failures + 1
            furthest = max(furthest, transfer.size)
            if not is_transient(error) or failures >= self._attempts:
                raise _given_up(transfer, error) from error
            seconds = wait_seconds(error, max(1, failures))
            get_logger().warning(
                "download.retried",
                url=_loggable(transfer.url),
                bytes=transfer.size,
                seconds=round(seconds, 3),
                error=str(error),
            )
            await self._sleep(seconds)


async def _attempt(transfer: Transfer, hops: Hops, *, turn: int) -> None:
    headers = await transfer.range_headers()
    try:
        async with hops.get(transfer.url, headers, turn=turn) as response:
            if response.status_code == 416 and headers:
                await transfer.restart()
                raise ConnectionLost("The server has no such part of the output.")
            if response.status_code not in (200, 206):
                raise error_for(
                    httpx.Response(response.status_code, headers=response.headers),
                    now=datetime.now(UTC),
                )
            await transfer.begin(response)
            await transfer.take(response)
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise ConnectionLost(f"The connection broke ({type(error).__name__}).") from error


async def _close(transfer: Transfer, hops: Hops, *, is_lost: bool) -> None:
    try:
        await transfer.close(is_lost=is_lost)
    finally:
        await hops.aclose()


async def _refreshed(url: str, refresh: Refresh | None, error: ApiError) -> str:
    expired = OutputExpired(
        url,
        "The output is no longer there: Replicate keeps outputs for one hour, so run the model "
        "again.",
    )
    if refresh is None:
        raise expired from error
    try:
        return await refresh()
    except (InvalidInput, NotFound) as gone:  # the prediction, or the outputs in it
        raise expired from gone


def _given_up(transfer: Transfer, error: ApiError | ConnectionLost) -> DownloadError:
    if not isinstance(error, ApiError):
        return DownloadIncomplete(
            transfer.url,
            f"The output could not be downloaded, {transfer.size} bytes came: {error} Try again "
            "later.",
        )
    asked = error.retry_after_seconds
    later = "later" if asked is None else f"in {asked:.0f} s"
    kind = DownloadIncomplete if is_transient(error) or asked is not None else DownloadError
    return kind(transfer.url, f"The output's server answered {error.status}: try again {later}.")


def _loggable(url: str) -> str:
    """The URL without what may be secret: a signature in its query, or the content itself."""
    return "data:" if is_data_url(url) else url.partition("?")[0]
