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

    A cursor holds the key of the item that its page begins with, or ends before, so that pages
    stay the same when new items come in front.

    Raises:
        Problem: 400, the cursor isn't one of ours.
    """
    keys = [key(item) for item in items]
    start, end = 0, PAGE_SIZE
    if cursor := request.query_params.get("cursor"):
        direction, place = _decoded(cursor, keys)
        start = place if direction == _FROM else max(0, place - PAGE_SIZE)
        end = start + PAGE_SIZE if direction == _FROM else place

    def url(direction: str, place: int) -> str:
        params = {**request.query_params, "cursor": _encoded(direction, keys[place])}
        return f"{origin}{request.url.path}?{urlencode(params)}"

    return {
        "next": url(_FROM, end) if end < len(items) else None,
        "previous": url(_BEFORE, start) if start > 0 else None,
        "results": [render(item) for item in items[start:end]],
    }


_FROM, _BEFORE = "f", "b"


def _encoded(direction: str, key: str) -> str:
    return base64.urlsafe_b64encode(f"{direction}{key}".encode()).decode().rstrip("=")


def _decoded(cursor: str, keys: list[str]) -> tuple[str, int]:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        text = base64.urlsafe_b64decode(padded).decode()
        return text[:1], keys.index(text[1:])
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise Problem(400, "Invalid cursor") from error
