"""The runs of one tab as they stand: those under way, and the latest results."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import gradio as gr

from core.history.filters import Filter
from core.history.records import Job, State
from core.jobs.events import Event
from core.models.catalog import Kind
from ui.services import LOCAL_OWNER, Services
from ui.views.cards import Card, result_card, running_card, small_cards

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
    """Shows the runs of one kind, or of one model.

    Attributes:
        kind: of any when None.
        model: `owner/name`, whichever version of it was run; any when None.
    """

    services: Services
    kind: Kind | None = None
    model: str | None = None

    @classmethod
    def of(cls, services: Services, model: str) -> Self:
        """Return the feed of a model: `owner/name`, or `owner/name:version`."""
        return cls(services, model=model.partition(":")[0])

    @property
    def ended(self) -> int:
        """How many runs that might be shown here have ended since the app was started."""
        counts = self.services.jobs.ended
        return counts.total() if self.kind is None else counts[self.kind]

    async def shown(self) -> Runs:
        """Return the runs as they stand.

        Raises:
            ArchiveError: the history can't be read.
        """
        running = await self._under_way()
        wanted = Filter(kind=self.kind, model=self.model, states=_SETTLED)
        settled = await self.services.archive.list(LOCAL_OWNER, wanted, limit=LATEST + 1)
        media = self.services.media
        over = {job.id for job in settled}  # one may have ended between the two look-ups
        cards = [_running(job, event) for job, event in running if job.id not in over]
        cards += [result_card(job, media) for job in settled[:1]]
        return Runs(gr.update(visible=not cards), cards, small_cards(settled[1:], media))

    async def newest_running(self) -> Job | None:
        """Return the run that was started last, of these, and still goes on."""
        running = await self._under_way()
        return running[0][0] if running else None

    async def _under_way(self) -> Sequence[tuple[Job, Event]]:
        running = await self.services.jobs.under_way(LOCAL_OWNER, kind=self.kind)
        return [one for one in running if self.model in (None, one[0].model_name)]


def _running(job: Job, event: Event) -> Card:
    elapsed = (datetime.now(UTC) - job.created_at).total_seconds()
    return running_card(job, event, elapsed_seconds=max(0.0, elapsed))
