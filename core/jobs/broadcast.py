"""Tells any number of watchers what happens to jobs, each at its own pace.

A watcher has one place for each kind of event of a job, which a newer one of that kind takes: a
slow one gets fewer events, never a queue that grows, and the newest of each kind always reaches it.
"""

import asyncio
from collections.abc import AsyncGenerator

from core.jobs.events import TERMINAL_EVENTS, Event, Processing, TextDelta

_REMEMBERED = (Processing, TextDelta)
"""What who comes late is told as well as the latest: the progress and logs, and the text so far."""


class Broadcast:
    """What happens to a job, for those who watch it. Belongs to one event loop."""

    def __init__(self, first: Event) -> None:
        self._latest = first
        self._remembered: dict[type[Event], Event] = {}
        self._watchers: set[Watcher] = set()
        self._is_closed = False

    @property
    def latest(self) -> Event:
        """What was told last."""
        return self._latest

    def tell(self, event: Event) -> None:
        """Tell all watchers of an event; a text's `total` counts, each gets its own pieces."""
        if event == self._latest:
            return
        self._latest = event
        if isinstance(event, _REMEMBERED):
            self._remembered[type(event)] = event
        for watcher in self._watchers:
            watcher.note(event)

    def close(self) -> None:
        """Let the watchers end, when they have got what was told."""
        self._is_closed = True
        for watcher in self._watchers:
            watcher.wake()

    async def watch(self) -> AsyncGenerator[Event]:
        """Yield where the job stands now, then what happens; ends when this is closed."""
        watcher = Watcher()
        for event in (*self._remembered.values(), self._latest):
            watcher.note(event)
        self._watchers.add(watcher)
        try:
            while True:
                while (news := watcher.next()) is not None:
                    yield news
                if self._is_closed:
                    return
                await watcher.news()
        finally:
            self._watchers.discard(watcher)


class Watcher:
    """One who watches, a job or several. Belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, type[Event]], Event] = {}
        self._has_news = asyncio.Event()
        self._given: dict[str, str] = {}

    def note(self, event: Event) -> None:
        """Keep an event to be given; of a text, `total` counts."""
        kind = (event.job_id, type(event))
        # Taken out first, so that it goes to the end: the order is that of the newest.
        self._waiting.pop(kind, None)
        self._waiting[kind] = event
        self.wake()

    def wake(self) -> None:
        """Let `news` return."""
        self._has_news.set()

    async def news(self) -> None:
        """Return when something came since `next` was last asked."""
        await self._has_news.wait()

    def next(self) -> Event | None:
        """Return the event that has waited longest, or None when all were given."""
        self._has_news.clear()
        if not self._waiting:
            return None
        event = self._waiting.pop(next(iter(self._waiting)))
        if isinstance(event, TERMINAL_EVENTS):
            self._given.pop(event.job_id, None)
        if not isinstance(event, TextDelta):
            return event
        before = self._given.get(event.job_id, "")
        self._given[event.job_id] = event.total
        # Empty when the text was replaced: it no longer goes on from what was given.
        new = event.total[len(before) :] if event.total.startswith(before) else ""
        return TextDelta(event.job_id, text=new, total=event.total)
