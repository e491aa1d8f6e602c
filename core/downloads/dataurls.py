"""Outputs that come inside their URL: `data:image/png;base64,…` → bytes."""

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from core.downloads.filetypes import essence
from core.errors import WrongContent

_WHITESPACE = re.compile(rb"\s+")


def is_data_url(url: str) -> bool:
    """Tell whether a URL holds its own content."""
    return url[:5].lower() == "data:"


def decode(url: str) -> tuple[str | None, bytes]:
    """Return a data URL's media type, None if it isn't one, and its bytes.

    Raises:
        WrongContent: it can't be read.
    """
    described, comma, payload = url[5:].partition(",")
    data = unquote_to_bytes(payload)
    try:
        if described.lower().endswith(";base64"):
            data = _WHITESPACE.sub(b"", data)
            data = base64.b64decode(data + b"=" * (-len(data) % 4), validate=True)
    except binascii.Error as error:
        raise WrongContent(url, "The output's data URL is damaged: run the model again.") from error
    if not comma:
        raise WrongContent(url, "The output's data URL has no content: run the model again.")
    return essence(described or "text/plain"), data  # RFC 2397
