"""Reading what the API has: requests that change nothing and cost nothing, each with retries."""

from collections.abc import Callable
from typing import Any, TypeVar

from core.api.pages import Page, page_of
from core.api.retries import Retries
from core.api.transport import Api

T = TypeVar("T")

_MOST_PAGES = 20
"""A list that is wanted whole has one page or two: this bounds one whose pages never end."""


class Reads:
    """GET requests; `name` is what their retries are logged as."""

    def __init__(self, api: Api, retries: Retries) -> None:
        self._api = api
        self._retries = retries

    async def json(self, path: str, *, name: str, **params: str | None) -> Any:
        """Return an answer's JSON; parameters that are None are left out."""
        given = {key: value for key, value in params.items() if value is not None}
        return await self._retries.call(
            lambda: self._api.request("GET", path, params=given), name=name
        )

    async def text(self, path: str, *, name: str) -> str:
        """Return an answer's text."""
        return await self._retries.call(lambda: self._api.text(path), name=name)

    async def page(
        self, path: str, read: Callable[[Any], T], *, name: str, what: str, cursor: str | None
    ) -> Page[T]:
        """Return a page of a list, its items made by `read`; `what` is listed, in words."""
        body = await self.json(path, name=name, cursor=cursor)
        return page_of(body, read, what=what)

    async def every(
        self, path: str, read: Callable[[Any], T], *, name: str, what: str
    ) -> tuple[T, ...]:
        """Return all of a list, as `page` does; of an endless one its beginning."""
        found: list[T] = []
        cursor = None
        for _ in range(_MOST_PAGES):
            page = await self.page(path, read, name=name, what=what, cursor=cursor)
            found += page.results
            cursor = page.next_cursor
            if cursor is None:
                break
        return tuple(found)
