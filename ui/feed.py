"""The runs of one tab: those under way, and the latest results."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import gradio as gr

from core.history.filters import Filter
from core.history.records import Job, State
from core.jobs.events import TERMINAL_EVENTS, Event
from core.models.catalog import Kind
from ui.cards import result_card, running_card, small_cards
from ui.services import LOCAL_OWNER, Services
from ui.ticking import with_ticks

LATEST = 12
"""How many earlier results a tab shows; the History tab has all of them."""

_UPDATE_SECONDS = 0.1
"""At most ten updates a second; the browser itself counts the time."""

_TICK_SECONDS = 1.0
_REREAD_TICKS = 4
"""Gradio notices a closed tab when a handler yields. Every few of these ticks the history is read
again: other pages star and delete, too."""

_SETTLED = tuple(state for state in State if state.is_settled)

Update = tuple[Any, Any, Any]
"""Values for: the welcome, the runs under way with the newest result, the earlier results."""


@dataclass(frozen=True)
class Feed:
    """Shows the runs of one kind."""

    services: Services
    kind: Kind

    async def shown(self) -> Update:
        """Return the runs as they stand."""
        running, settled = await self._read()
        return self._whole(running, settled, {})

    async def follow(self) -> AsyncGenerator[Update]:
        """Yield the runs as they stand, and again whenever there is news, until it is closed."""
        running, settled = await self._read()
        latest: dict[str, Event] = {}
        yield self._whole(running, settled, latest)
        ticks = 0
        watching = self.services.jobs.watch_all(LOCAL_OWNER, kinds={self.kind})
        async with aclosing(with_ticks(watching, seconds=_TICK_SECONDS)) as events:
            async for event in events:
                if event is None:
                    ticks += 1
                    if ticks % _REREAD_TICKS:
                        yield gr.skip(), gr.skip(), gr.skip()
                        continue
                known = any(job.id == event.job_id for job in running) if event else False
                if event is None or isinstance(event, TERMINAL_EVENTS) or not known:
                    running, settled = await self._read()
                if isinstance(event, TERMINAL_EVENTS):
                    latest.pop(event.job_id, None)
                elif event is not None:
                    latest[event.job_id] = event
                    if known:
                        yield gr.skip(), self._current(running, settled, latest), gr.skip()
                        await asyncio.sleep(_UPDATE_SECONDS)
                        continue
                yield self._whole(running, settled, latest)

    async def newest_running(self) -> Job | None:
        """Return the run of this kind that was started last and still goes on."""
        running, _ = await self._read()
        return running[0] if running else None

    async def _read(self) -> tuple[list[Job], list[Job]]:
        under_way = await self.services.jobs.running(LOCAL_OWNER)
        settled = await self.services.archive.list(
            LOCAL_OWNER, Filter(kind=self.kind, states=_SETTLED), limit=LATEST + 1
        )
        return [job for job in under_way if job.kind == self.kind], list(settled)

    def _whole(self, running: list[Job], settled: list[Job], latest: Mapping[str, Event]) -> Update:
        is_new_here = not running and not settled
        return (
            gr.update(visible=is_new_here),
            self._current(running, settled, latest),
            small_cards(settled[1:], self.services.media),
        )

    def _current(
        self, running: list[Job], settled: list[Job], latest: Mapping[str, Event]
    ) -> list[tuple[str, str]]:
        now = datetime.now(UTC)
        cards = [
            running_card(
                job,
                latest.get(job.id),
                elapsed_seconds=max(0.0, (now - job.created_at).total_seconds()),
            )
            for job in running
        ]
        return cards + [result_card(job, self.services.media) for job in settled[:1]]
