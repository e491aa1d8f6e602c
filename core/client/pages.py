"""Listings in pages, each with the cursors of its neighbours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx2

from core.client.http import Http
from core.errors import MalformedResponse

T = TypeVar("T")

_MOST_PAGES = 20
"""A list that is wanted whole has one page or two: this bounds one whose pages never end."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a listing; pass a cursor on to get the next or the previous one."""

    results: tuple[T, ...]
    next_cursor: str | None = None
    previous_cursor: str | None = None


async def get_page(
    http: Http, path: str, read: Callable[[Any], T], *, name: str, **params: str | None
) -> Page[T]:
    """Return a page of a listing.

    Args:
        read: makes a value of each item.
        name: what is asked, for the log and the error's sentence: `models.list`.
        params: the query, with the page's `cursor`.

    Raises:
        MalformedResponse: it isn't a page, or an item can't be read.
    """

    def page(body: Any) -> Page[T]:
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise MalformedResponse(f"Replicate's answer to {name} isn't a list that can be read.")
        return Page(
            results=tuple(read(item) for item in body["results"]),
            next_cursor=cursor_of(body.get("next")),
            previous_cursor=cursor_of(body.get("previous")),
        )

    return await http.get(path, page, name=name, **params)


async def get_all(http: Http, path: str, read: Callable[[Any], T], *, name: str) -> tuple[T, ...]:
    """Return all of a listing, as `get_page` does; of an endless one its beginning."""
    found: list[T] = []
    cursor = None
    for _ in range(_MOST_PAGES):
        page = await get_page(http, path, read, name=name, cursor=cursor)
        found += page.results
        cursor = page.next_cursor
        if cursor is None:
            break
    return tuple(found)


def cursor_of(url: Any) -> str | None:
    """Return the cursor in a page's `next` or `previous` URL.

    Raises:
        MalformedResponse: it isn't a URL.
    """
    if not isinstance(url, str):
        return None
    try:
        cursor: str | None = httpx2.URL(url).params.get("cursor")
    except httpx2.InvalidURL as error:
        raise MalformedResponse("Replicate's link to a further page can't be read.") from error
    return cursor
