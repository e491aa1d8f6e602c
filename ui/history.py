"""The History tab: everything that was run, newest first."""

from dataclasses import dataclass

import gradio as gr

from core.history.filters import Filter
from core.models.catalog import Kind
from ui import present
from ui.services import LOCAL_OWNER, Services

_SHOWN = 60


@dataclass(frozen=True)
class History:
    """The components of the tab."""

    query: gr.Textbox
    kind: gr.Radio
    cards: gr.HTML


@dataclass(frozen=True)
class HistoryHandlers:
    """What happens in the tab."""

    services: Services

    async def show(self, query: str | None, kind: str) -> str:
        """Return the newest jobs that match, as cards."""
        wanted = Filter(words=query or "", kind=_KINDS[kind])
        jobs = await self.services.archive.list(LOCAL_OWNER, wanted, limit=_SHOWN)
        return present.history_cards(jobs, self.services.media)


_KINDS: dict[str, Kind | None] = {
    "All": None,
    "Images": "image",
    "Videos": "video",
    "Chats": "chat",
}


def build(handlers: HistoryHandlers) -> History:
    """Lay the tab out and wire its filters."""
    with gr.Row():
        query = gr.Textbox(
            label="Search",
            placeholder="Words of a prompt, a model or an answer",
            scale=3,
            min_width=280,
        )
        kind = gr.Radio(list(_KINDS), value="All", label="Show", scale=2, min_width=280)
    cards = gr.HTML(padding=False)
    history = History(query, kind, cards)
    refresh_on(history, handlers, query.change, kind.change)
    return history


def refresh_on(
    history: History, handlers: HistoryHandlers, *triggers: gr.events.Dependency
) -> None:
    """Show the history anew whenever one of `triggers` happens."""
    gr.on(
        list(triggers),
        handlers.show,
        [history.query, history.kind],
        history.cards,
        concurrency_limit=None,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
