"""An output's URL → a file: resumed when cut, capped, from safe hosts only, whole or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from core.backoff import Backoff, is_transient
from core.clock import CLOCK, Clock
from core.downloads.addresses import HostRules, Resolve, resolve
from core.downloads.dataurls import decode, is_data_url
from core.downloads.hops import Hops, Pools
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
from core.problems import error_for

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
        transport: makes what the requests to one host go through, instead of the network.
        resolve, clock: replaceable in tests.
    """

    def __init__(
        self,
        *,
        trusted_origins: frozenset[str],
        max_bytes: int,
        attempts: int = 5,
        idle_seconds: float = _IDLE_SECONDS,
        longest_seconds: float = _LONGEST_SECONDS,
        transport: Callable[[], httpx2.AsyncBaseTransport] | None = None,
        resolve: Resolve = resolve,
        clock: Clock = CLOCK,
    ) -> None:
        self._max_bytes = max_bytes
        self._longest_seconds = longest_seconds
        self._clock = clock
        self._backoff = Backoff(attempts, clock=clock)
        self._pools = Pools(transport)
        self._hops = Hops(
            HostRules(trusted_origins, resolve=resolve), self._pools, idle_seconds=idle_seconds
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
        started = self._clock.monotonic()
        transfer = Transfer(
            url,
            path,
            max_bytes=self._max_bytes if max_bytes is None else max_bytes,
            on_progress=on_progress,
            # What is in the URL itself is quicker decoded than found.
            partials=None if partials is None or is_data_url(url) else Path(partials),
        )
        is_lost = False
        try:
            await transfer.open()
            if transfer.size:
                log.info("download.taken_up", bytes=transfer.size)
            if is_data_url(url):
                declared, data = await asyncio.to_thread(decode, url)
                await transfer.take_bytes(data, declared=declared)
            elif not transfer.is_whole:
                await self._receive_in_time(transfer, refresh)
            downloaded = await transfer.publish()
        except DownloadError as error:
            is_lost = not isinstance(error, DownloadIncomplete)
            raise
        finally:
            # Shielded, for a task that is cancelled twice.
            await asyncio.shield(transfer.close(is_lost=is_lost))
        log.info(
            "download.finished",
            bytes=downloaded.bytes,
            seconds=round(self._clock.monotonic() - started, 3),
            media_type=downloaded.media_type,
        )
        return downloaded

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pools.aclose()

    async def _receive_in_time(self, transfer: Transfer, refresh: Refresh | None) -> None:
        try:
            async with asyncio.timeout(self._longest_seconds) as deadline:
                await self._receive(transfer, refresh)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise DownloadIncomplete(
                transfer.url,
                f"The output was not there after {self._longest_seconds:.0f} s: try again on a "
                "faster connection.",
            ) from error

    async def _receive(self, transfer: Transfer, refresh: Refresh | None) -> None:
        """Ask until all of it is there, as long as that gets further."""
        fresh = _FreshUrl(refresh)
        try:
            async for attempt in self._backoff.attempts(
                "download",
                retryable=lambda error: is_transient(error) and not fresh.has_failed,
                progress=lambda: transfer.size,
                url=_loggable(transfer.url),
            ):
                with attempt:
                    turn = attempt.retry_state.attempt_number - 1
                    try:
                        await self._ask(transfer, turn=turn)
                    except ApiError as error:
                        transfer.url = await fresh.get(error, transfer.url)
                        await self._ask(transfer, turn=turn)
        except (ApiError, ConnectionLost) as error:
            if fresh.has_failed:
                raise
            if fresh.was_given and isinstance(error, ApiError) and error.status in _GONE:
                raise DownloadIncomplete(
                    transfer.url,
                    f"The output's server answered {error.status}, although Replicate still has "
                    "the output: try again later.",
                ) from error
            raise _given_up(transfer, error) from error

    async def _ask(self, transfer: Transfer, *, turn: int) -> None:
        headers = await transfer.range_headers()
        try:
            async with self._hops.get(transfer.url, headers, turn=turn) as response:
                if response.status_code == 416 and headers:
                    await transfer.restart()
                    raise ConnectionLost("The server has no such part of the output.")
                if response.status_code not in (200, 206):
                    raise error_for(response.status_code, response.headers, now=datetime.now(UTC))
                await transfer.begin(response)
                await transfer.take(response)
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise ConnectionLost(f"The connection broke ({type(error).__name__}).") from error


class _FreshUrl:
    """Asks once for a new URL, when the old one is no longer good."""

    def __init__(self, refresh: Refresh | None) -> None:
        self.was_given = False
        self.has_failed = False
        self._refresh = refresh

    async def get(self, error: ApiError, url: str) -> str:
        """Return the new URL, or raise the error that one can't mend.

        Raises:
            OutputExpired: there is none any more.
        """
        if error.status not in _GONE or self.was_given:
            raise error
        expired = OutputExpired(
            url,
            "The output is no longer there: Replicate keeps outputs for one hour, so run the "
            "model again.",
        )
        if self._refresh is None:
            raise expired from error
        self.has_failed = True
        try:
            fresh = await self._refresh()
        except (InvalidInput, NotFound) as gone:  # the prediction, or the outputs in it
            raise expired from gone
        self.has_failed, self.was_given = False, True
        return fresh


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
