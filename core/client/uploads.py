"""Uploads of files that are too large to be sent inside a request."""

import mimetypes
import os
from pathlib import Path
from typing import BinaryIO

from core.client.http import Answer, Http
from core.client.inputs import opened
from core.errors import MalformedResponse

_EXTRA_SECONDS = 60
"""Replicate may take so long over the end of a large file beyond the usual timeout."""


class Uploads:
    """Uploads files, each with retries: one that is uploaded twice harms nobody."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def upload(self, file: str | os.PathLike[str] | BinaryIO) -> str:
        """Upload a file of up to 100 MB, from its start, and return the URL to use as an input.

        Raises:
            InvalidInput: the file is empty, can't be read, or was opened as text.
        """
        async with opened(Path(file) if isinstance(file, str) else file) as (content, _):
            return await self._uploaded(content)

    async def _uploaded(self, file: BinaryIO) -> str:
        path = getattr(file, "name", "")
        name = (Path(path).name if isinstance(path, str) else "") or "file"
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"

        return await self._http.request(
            "POST",
            "/files",
            _url_of,
            name="files.create",
            files={"content": (name, file, media_type)},
            extra_seconds=_EXTRA_SECONDS,
        )


def _url_of(answer: Answer) -> str:
    try:
        return str(answer.json()["urls"]["get"])
    except (TypeError, KeyError) as error:
        raise MalformedResponse("Replicate's answer to files.create can't be read.") from error
