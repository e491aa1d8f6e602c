"""What the headers of a download's answer say; whatever can't be read counts as not said."""

import re

import httpx2

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)\Z")


def encoding_of(headers: httpx2.Headers) -> str | None:
    """Return how the body is encoded, in lower case; None when it isn't."""
    encoding = headers.get("Content-Encoding", "identity").strip().lower()
    return None if encoding in ("", "identity") else encoding


def length_of(headers: httpx2.Headers) -> int | None:
    """Return how many bytes the body has."""
    text = headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def validator_of(headers: httpx2.Headers) -> str | None:
    """Return what tells whether a later answer is of the same file, for `If-Range`."""
    # A weak tag promises the same meaning, not the same bytes.
    etag: str = headers.get("ETag", "")
    modified: str | None = headers.get("Last-Modified")
    return etag if etag.startswith('"') else modified


def range_of(headers: httpx2.Headers) -> tuple[int, int | None]:
    """Return where a part begins (-1 when that isn't said), and how many bytes the whole has."""
    found = _CONTENT_RANGE.match(headers.get("Content-Range", ""))
    if found is None:
        return -1, None
    return int(found[1]), None if found[2] == "*" else int(found[2])
