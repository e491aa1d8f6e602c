"""Looks models up for the Explore tab: found, kept at hand, or one with all that is told of it."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core import InvalidInput, PlaygroundError
from core.models.references import (
    CollectionReference,
    ModelReference,
    PredictionReference,
    read_reference,
)
from ui.services import Services
from ui.tabs.shelf import Shelf
from ui.views.models import (
    Direct,
    More,
    Section,
    Tile,
    browse,
    model_page,
    named_tile,
    tile,
    unknown_model_page,
)

_FOUND = 24
_EXAMPLES = 6

_AT_ONCE_SECONDS = 1.0
"""What isn't told of a model within these doesn't hold up the others."""

T = TypeVar("T")


@dataclass(frozen=True)
class Browsing:
    """What is shown while no model is open: what was searched for, or a collection."""

    query: str = ""
    collection: str = ""


@dataclass(frozen=True)
class Finder:
    """Returns HTML of models."""

    services: Services

    @property
    def shelf(self) -> Shelf:
        """The models that are at hand."""
        return Shelf(self.services)

    async def browse(self, browsing: Browsing) -> str:
        """Return what there is to open: what was searched for, a collection, or what is at hand."""
        favourites = await self.shelf.favourites()
        try:
            if browsing.collection:
                return await self._collection(browsing.collection, favourites)
            if browsing.query.strip():
                return await self._found(browsing.query, favourites)
        except PlaygroundError as error:
            return await self.at_hand(str(error))
        collections = await _at_best(self.services.client.list_collections(), [])
        return browse(await self._at_hand(favourites), collections=collections)

    async def at_hand(self, problem: str) -> str:
        """Return what can be opened all the same, and what has gone wrong."""
        sections = await self._at_hand(await self.shelf.favourites())
        return browse(sections, message=problem, is_problem=True)

    async def page(self, model: str, more: More | None = None) -> str:
        """Return a model's page."""
        try:
            described = await self.services.jobs.describe(model)
        except PlaygroundError as error:
            return unknown_model_page(model, str(error))
        return model_page(described, model, favourites=await self.shelf.favourites(), more=more)

    async def more(self, name: str) -> More:
        """Return a model's versions, readme and examples, as far as they can be had."""
        client = self.services.client
        versions, readme, examples = await asyncio.gather(
            _at_best(client.list_versions(name), None),
            _at_best(client.get_readme(name), ""),
            _at_best(client.list_examples(name), ()),
        )
        listed = () if versions is None else versions.results
        return More(name, listed, readme, examples[:_EXAMPLES])

    async def _found(self, query: str, favourites: Sequence[str]) -> str:
        results = await self.services.client.search(query, limit=_FOUND)
        direct = _direct(query)
        nothing = not (results.models or results.collections or direct)
        return browse(
            [Section("Models", tuple(tile(one, favourites) for one in results.models))],
            collections=results.collections,
            direct=direct,
            message="Nothing found: try other words, or paste owner/name." if nothing else "",
        )

    async def _collection(self, slug: str, favourites: Sequence[str]) -> str:
        found = await self.services.client.get_collection(slug)
        tiles = tuple(tile(one, favourites) for one in found.models)
        return browse([Section(found.name, tiles, text=found.description, leads_back=True)])

    async def _at_hand(self, favourites: Sequence[str]) -> list[Section]:
        """Return what can be opened without a search."""
        recent = await self.shelf.recent()
        sections = [
            Section("Favourites", await self._tiles(favourites, favourites)),
            Section("Recently used", await self._tiles(recent, favourites)),
        ]
        if not any(one.models for one in sections):
            page = await _at_best(self.services.client.list_models(), None)
            models = () if page is None else page.results
            sections.append(Section("Models", tuple(tile(one, ()) for one in models[:_FOUND])))
        return sections

    async def _tiles(self, models: Sequence[str], favourites: Sequence[str]) -> tuple[Tile, ...]:
        """Return tiles of models with what can be told of them at once, if only their names."""

        async def described(model: str) -> Tile:
            try:
                async with asyncio.timeout(_AT_ONCE_SECONDS):
                    known = await self.services.jobs.describe(model)
            except (PlaygroundError, TimeoutError):
                return named_tile(model, favourites)
            return tile(known.model, favourites)

        return tuple(await asyncio.gather(*map(described, models)))


def _direct(text: str) -> Direct | None:
    """Return what a pasted text leads to at once, if it does."""
    try:
        reference = read_reference(text)
    except InvalidInput:
        return None
    match reference:
        case ModelReference(model=model):
            return Direct("choose", model, f"Open {model}")
        case PredictionReference():
            return Direct("load", text, "Open the settings of this prediction")
        case CollectionReference():
            return Direct("load", text, "Open this collection")


async def _at_best(call: Awaitable[T], otherwise: T) -> T:
    """Return what a call gives, or something else where it can't be had: it is an extra."""
    try:
        return await call
    except PlaygroundError:
        return otherwise
