"""The runs of one tab as they stand: those under way, and the latest results."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import gradio as gr

from core.history.filters import Filter
from core.history.records import Job, State
from core.jobs.events import Event
from core.models.catalog import Kind
from ui.cards import Card, result_card, running_card, small_cards
from ui.services import LOCAL_OWNER, Services

LATEST = 12
"""How many earlier results a tab shows; the History tab has all of them."""

_SETTLED = tuple(state for state in State if state.is_settled)


class Runs(NamedTuple):
    """Values for a tab's feed: the welcome, the newest runs in full, the earlier results."""

    welcome: Any
    current: list[Card]
    earlier: list[Card]


@dataclass(frozen=True)
class Feed:
    """Shows the runs of one kind."""

    services: Services
    kind: Kind

    async def shown(self) -> Runs:
        """Return the runs as they stand.

        Raises:
            ArchiveError: the history can't be read.
        """
        running = await self.services.jobs.under_way(LOCAL_OWNER, kind=self.kind)
        settled = await self.services.archive.list(
            LOCAL_OWNER, Filter(kind=self.kind, states=_SETTLED), limit=LATEST + 1
        )
        media = self.services.media
        over = {job.id for job in settled}  # one may have ended between the two look-ups
        cards = [_running(job, event) for job, event in running if job.id not in over]
        cards += [result_card(job, media) for job in settled[:1]]
        return Runs(gr.update(visible=not cards), cards, small_cards(settled[1:], media))

    async def newest_running(self) -> Job | None:
        """Return the run of this kind that was started last and still goes on."""
        running = await self.services.jobs.under_way(LOCAL_OWNER, kind=self.kind)
        return running[0][0] if running else None


def _running(job: Job, event: Event) -> Card:
    elapsed = (datetime.now(UTC) - job.created_at).total_seconds()
    return running_card(job, event, elapsed_seconds=max(0.0, elapsed))
