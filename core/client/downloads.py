"""The client's methods that save what models made."""

from functools import partial
from pathlib import Path
from typing import Any, overload

from core.client import arguments
from core.client.predictions import Predictions
from core.downloads.downloader import Downloaded, Downloader, OnProgress
from core.downloads.outputs import Refresh, download_all, same_url, urls_of
from core.prediction import Prediction


class DownloadMethods:
    """Saves outputs as files; a prediction whose URLs are no longer good is asked again."""

    _predictions: Predictions
    _downloader: Downloader

    @overload
    async def download_output(
        self,
        output: str,
        path: str | Path,
        *,
        on_progress: OnProgress | None = None,
        max_bytes: int | None = None,
        partials: str | Path | None = None,
    ) -> Path: ...

    @overload
    async def download_output(
        self,
        output: object,
        path: str | Path,
        *,
        on_progress: OnProgress | None = None,
        max_bytes: int | None = None,
        partials: str | Path | None = None,
    ) -> Path | list[Path]: ...

    async def download_output(
        self,
        output: Any,
        path: str | Path,
        *,
        on_progress: OnProgress | None = None,
        max_bytes: int | None = None,
        partials: str | Path | None = None,
    ) -> Path | list[Path]:
        """Download what a model made and return where it lies.

        Args:
            output: a URL, a prediction, or a list of URLs.
            path: where to; its folders are made, and a missing extension is added. Several
                outputs are numbered: `fox-1.webp`, `fox-2.webp`.
            on_progress: told how many bytes are there, and of how many (None when not known).
            max_bytes: the cap, if it isn't the settings'.
            partials: a folder on the same disk, in which what is there is kept when the process
                ends: called again with the same output and folders, this goes on from it. Remove
                it when everything is there.

        Returns:
            The path, or a list of paths if there are several outputs.

        Raises:
            DownloadError: and its kinds; no partial file is left behind, but in `partials`.
        """
        return await download_all(
            urls_of(output),
            arguments.file_path(path),
            fetch=partial(self._downloader.fetch, partials=_folder(partials)),
            refresh=self._looking_again(output),
            on_progress=on_progress,
            max_bytes=max_bytes,
        )

    async def download_file(
        self,
        url: str,
        path: Path,
        *,
        prediction: Prediction | None = None,
        on_progress: OnProgress | None = None,
        partials: str | Path | None = None,
    ) -> Downloaded:
        """Download one file and return what it is: its path, size, media type and hash.

        Args:
            path: where to; a missing extension is added.
            prediction: whose output it is, to be asked again when the URL is no longer good.
            on_progress: told how many bytes are there, and of how many (None when not known).
            partials: as in `download_output`.

        Raises:
            DownloadError: and its kinds; no partial file is left behind, but in `partials`.
        """

        async def refresh() -> str:
            assert prediction is not None
            return same_url(url, prediction, await self._predictions.get(prediction.id))

        return await self._downloader.fetch(
            url,
            arguments.file_path(path),
            refresh=refresh if prediction else None,
            on_progress=on_progress,
            partials=_folder(partials),
        )

    def _looking_again(self, output: Any) -> Refresh | None:
        if not isinstance(output, Prediction):
            return None

        async def refresh() -> list[str]:
            return urls_of(await self._predictions.get(output.id))

        return refresh


def _folder(partials: str | Path | None) -> Path | None:
    return None if partials is None else arguments.file_path(partials, name="partials")
