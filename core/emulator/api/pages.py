"""Listings in pages: 100 a page, with opaque cursors in whole URLs."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from core.emulator.problems import Problem

PAGE_SIZE = 100

T = TypeVar("T")


def page(
    request: Request,
    items: Sequence[T],
    *,
    key: Callable[[T], str],
    render: Callable[[T], dict[str, Any]],
    origin: str,
) -> dict[str, Any]:
    """Return the page of a listing that the request's cursor asks for.

    A cursor holds the key of the page's first item, so that pages stay the same when new items
    come in front.

    Raises:
        Problem: 400, the cursor isn't one of ours.
    """
    keys = [key(item) for item in items]
    start = 0
    if cursor := request.query_params.get("cursor"):
        start = _place(cursor, keys)

    def url(place: int) -> str | None:
        if not 0 <= place < len(items) or (place == 0 and start == 0):
            return None
        params = {**request.query_params, "cursor": _encoded(keys[place])}
        return f"{origin}{request.url.path}?{urlencode(params)}"

    before = max(0, start - PAGE_SIZE)
    return {
        "next": url(start + PAGE_SIZE),
        "previous": url(before) if start else None,
        "results": [render(item) for item in items[start : start + PAGE_SIZE]],
    }


def _encoded(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _place(cursor: str, keys: list[str]) -> int:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return keys.index(base64.urlsafe_b64decode(padded).decode())
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise Problem(400, "Invalid cursor") from error
