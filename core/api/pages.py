"""Listings in pages, each with the cursors of its neighbours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx

from core.errors import MalformedResponse

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a listing; pass a cursor on to get the next or the previous one."""

    results: tuple[T, ...]
    next_cursor: str | None = None
    previous_cursor: str | None = None


def page_of(body: Any, read: Callable[[Any], T], *, what: str) -> Page[T]:
    """Return the page that a JSON object holds.

    Args:
        read: makes a value of each item.
        what: what is listed, for the error's sentence.

    Raises:
        MalformedResponse: it isn't a page, or an item can't be read.
    """
    if not isinstance(body, dict) or not isinstance(body.get("results"), list):
        raise MalformedResponse(f"Replicate's list of {what} can't be read.")
    return Page(
        results=tuple(read(item) for item in body["results"]),
        next_cursor=cursor_of(body.get("next")),
        previous_cursor=cursor_of(body.get("previous")),
    )


def cursor_of(url: Any) -> str | None:
    """Return the cursor in a page's `next` or `previous` URL.

    Raises:
        MalformedResponse: it isn't a URL.
    """
    if not isinstance(url, str):
        return None
    try:
        cursor: str | None = httpx.URL(url).params.get("cursor")
    except httpx.InvalidURL as error:
        raise MalformedResponse("Replicate's link to a further page can't be read.") from error
    return cursor
