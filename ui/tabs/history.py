"""The History tab: everything that was run, to be found, looked at and used again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import gradio as gr

from core.history.filters import Filter
from core.history.records import Cursor, State
from core.models.catalog import Kind
from ui import components
from ui.components import QUIET
from ui.services import LOCAL_OWNER, Services
from ui.troubles import quiet, told
from ui.views.cards import Card, small_cards, title_of
from ui.views.pieces import notice

PAGE = 48
"""How many runs are shown at first, and more each time they are asked for."""

_ANY = "any"

_KINDS: dict[str, Kind | None] = {
    "All": None,
    "Images": "image",
    "Videos": "video",
    "Chats": "chat",
    "Sounds": "audio",
    "Others": "other",
}

_STATES: dict[str, tuple[State, ...]] = {
    "Any status": (),
    "Succeeded": (State.SUCCEEDED,),
    "Failed": (State.FAILED, State.EXPIRED),
    "Stopped": (State.CANCELED, State.ABORTED),
    "Uncertain": (State.UNCERTAIN,),
    "Running": tuple(state for state in State if not state.is_settled),
}

_DAYS: dict[str, int | None] = {
    "Any time": None,
    "Last day": 1,
    "Last 7 days": 7,
    "Last 30 days": 30,
    "Last year": 365,
}

_WHICH = ("All runs", "Starred", "Deleted")

_FOLDED = "folded"
"""What a narrow page shows only when it is asked for."""


@dataclass(frozen=True)
class Loaded:
    """What is shown; it stays on the server.

    Attributes:
        limit: how many runs were asked for; fewer cards are all that there is.
        next: where the next page starts, or None after the last one.
    """

    limit: int = PAGE
    cards: tuple[Card, ...] = ()
    next: Cursor | None = None


Page = tuple[list[Card], str, Any, Loaded]
"""Values for: the cards, a word on them, the button for more, what to remember of them."""


@dataclass(frozen=True)
class History:
    """The components of the tab."""

    query: gr.Textbox
    kind: gr.Dropdown
    model: gr.Dropdown
    status: gr.Dropdown
    days: gr.Dropdown
    which: gr.Radio
    layout: gr.Radio
    cards: gr.HTML
    said: gr.HTML
    more: gr.Button
    loaded: gr.State

    @property
    def filters(self) -> list[Any]:
        """What decides which runs are shown."""
        return [self.query, self.kind, self.model, self.status, self.days, self.which]

    @property
    def shown(self) -> list[Any]:
        """Where they are shown (`Page`)."""
        return [self.cards, self.said, self.more, self.loaded]


@dataclass(frozen=True)
class HistoryHandlers:
    """What happens in the tab."""

    services: Services

    async def first_page(self, *filters: Any) -> Page:
        """Return the newest runs that match the filters (`History.filters`)."""
        return await self.refresh(Loaded(), *filters)

    @quiet
    async def refresh(self, loaded: Loaded, *filters: Any) -> Page:
        """Return as many of the newest runs as were asked for so far, as they are now."""
        return await self._page(loaded.limit, (), None, _filter(*filters))

    @told
    async def next_page(self, loaded: Loaded, *filters: Any) -> Page:
        """Return what is shown, with the next runs after it."""
        limit = loaded.limit + PAGE
        return await self._page(limit, loaded.cards, loaded.next, _filter(*filters))

    @quiet
    async def models(self, chosen: str) -> Any:
        """Return the models that there are runs of, and the chosen one, to choose from."""
        names = list(await self.services.archive.models(LOCAL_OWNER))
        if chosen not in (_ANY, *names):  # Gradio refuses a value that isn't among its choices
            names.append(chosen)
        return gr.Dropdown(
            choices=[("Any model", _ANY), *((title_of(name), name) for name in names)]
        )

    def lay_out(self, layout: str) -> Any:
        """Return the cards in a grid or as a list."""
        return gr.update(elem_classes=["kept", layout.lower()])

    async def _page(
        self, limit: int, before: tuple[Card, ...], begin: Cursor | None, wanted: Filter
    ) -> Page:
        count = limit - len(before)
        jobs = await self.services.archive.list(LOCAL_OWNER, wanted, limit=count + 1, before=begin)
        there_is_more = len(jobs) > count
        shown = jobs[:count]
        cards = [*before, *small_cards(shown, self.services.media)]
        nothing = _NOTHING_YET if wanted == Filter() else _NOTHING_MATCHES
        loaded = Loaded(limit, tuple(cards), shown[-1].cursor if there_is_more else None)
        return cards, "" if cards else notice(nothing), gr.update(visible=there_is_more), loaded


_KEYS = '<p class="hint">Arrows move, Enter opens, S stars, Delete throws away.</p>'
_UNFOLD = '<button type="button" class="act" aria-expanded="false" data-unfold>Filters</button>'
_NOTHING_YET = "Nothing here yet: whatever you run is kept here, with its files."
_NOTHING_MATCHES = "Nothing matches: try fewer words or filters."


def state() -> gr.State:
    """Return what the tab remembers for a visitor; call it before the tabs are laid out.

    Of a state in a tab that isn't open, Gradio tells each change twice.
    """
    return gr.State(Loaded())


def build(handlers: HistoryHandlers, loaded: gr.State) -> History:
    """Lay the tab out and wire its filters."""
    choice = partial(gr.Dropdown, interactive=True, elem_classes=_FOLDED)
    with gr.Row(elem_classes="filters"):
        query = gr.Textbox(
            label="Search",
            placeholder="Words of a prompt, a model or an answer",
            max_lines=1,
            scale=3,
            min_width=260,
        )
        gr.HTML(_UNFOLD, padding=False, elem_classes="unfold")
        kind = choice(list(_KINDS), value="All", label="Kind", min_width=120)
        model = choice([("Any model", _ANY)], value=_ANY, label="Model", min_width=150)
        status = choice(list(_STATES), value="Any status", label="Status", min_width=130)
        days = choice(list(_DAYS), value="Any time", label="When", min_width=120)
    with gr.Row(elem_classes="filters views"):
        which = gr.Radio(list(_WHICH), value=_WHICH[0], label="Show", scale=3, min_width=240)
        layout = gr.Radio(
            ["Grid", "List"], value="Grid", label="Layout", min_width=140, elem_classes=_FOLDED
        )
    said = gr.HTML(padding=False, elem_classes="said")
    gr.HTML(_KEYS, padding=False)
    cards = components.cards(label="History", elem_id="history", layout="grid")
    more = gr.Button("Show more", visible=False, elem_classes="more")
    history = History(query, kind, model, status, days, which, layout, cards, said, more, loaded)
    _wire(history, handlers)
    return history


def _wire(history: History, handlers: HistoryHandlers) -> None:
    changes = [part.change for part in history.filters]
    gr.on(
        changes,
        handlers.first_page,
        history.filters,
        history.shown,
        trigger_mode="always_last",
        **QUIET,
    )
    history.more.click(
        handlers.next_page,
        [history.loaded, *history.filters],
        history.shown,
        trigger_mode="once",
        **QUIET,
    )
    history.layout.change(handlers.lay_out, history.layout, history.cards, **QUIET)


def refresh_on(
    history: History, handlers: HistoryHandlers, *triggers: gr.events.Dependency
) -> None:
    """Bring what is shown up to date whenever one of `triggers` happens."""
    gr.on(
        list(triggers),
        handlers.refresh,
        [history.loaded, *history.filters],
        history.shown,
        trigger_mode="always_last",
        **QUIET,
    )
    gr.on(list(triggers), handlers.models, history.model, history.model, **QUIET)


def _filter(query: str | None, kind: str, model: str, status: str, days: str, which: str) -> Filter:
    age = _DAYS.get(days)
    return Filter(
        words=(query or "").strip(),
        kind=_KINDS.get(kind),
        model=None if model == _ANY else model,
        states=_STATES.get(status, ()),
        since=None if age is None else datetime.now(UTC) - timedelta(days=age),
        starred_only=which == "Starred",
        deleted=which == "Deleted",
    )
