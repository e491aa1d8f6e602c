"""Keeps a page up to date: it asks every few seconds, and gets what has changed.

A page could also hold a stream open, as Gradio's generators do. But a browser opens six connections
to one host, and Gradio keeps one for itself: with a stream a page, the fourth page would hang.
"""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from core import PlaygroundError
from core.logs import get_logger
from ui.feed import Feed
from ui.services import LOCAL_OWNER, Services

BUSY_SECONDS = 1.0
IDLE_SECONDS = 3.0
"""How often a page asks while something runs, and while nothing does. How long a run takes is
counted in the browser, ten times a second."""


@dataclass(frozen=True)
class Seen:
    """What a page shows already: its feeds, each as a `Runs`, what is under way, its pace.

    `ended` is how many runs of each feed's kind had ended by then.
    """

    feeds: tuple[Any, ...] = field(default=(), hash=False)  # Gradio hashes what it keeps
    under_way: tuple[int | str, ...] = ()
    seconds: float = IDLE_SECONDS
    ended: tuple[int, ...] = ()


@dataclass(frozen=True)
class Live:
    """Tells a page what has changed."""

    services: Services
    feeds: tuple[Feed, ...]

    async def changes(self, seen: Seen) -> tuple[Any, ...]:
        """Return `Seen`, the clock, what is under way, then each feed.

        What is under way is told as how many runs have ended so far and the ids of those that
        haven't, so that it changes with each run, however soon that is over.

        While the history can't be read, all stays as it is; the next call may bring it.
        """
        counts = self.services.jobs.ended
        ended = tuple(counts[feed.kind] for feed in self.feeds)
        over = counts.total()
        try:
            running = await self.services.jobs.running(LOCAL_OWNER)
            feeds = tuple([await feed.shown() for feed in self.feeds])
        except PlaygroundError as error:
            get_logger().warning("page.not_updated", reason=str(error))
            return tuple([gr.skip()] * (3 + 3 * len(self.feeds)))
        under_way: tuple[int | str, ...] = (over, *(job.id for job in running))
        unseen = ((None,) * 3,) * len(feeds)
        # Where a run has ended, the page may have been shown by others, meanwhile, how it went on.
        before = [
            old if now == then else nothing
            for old, now, then, nothing in zip(
                seen.feeds or unseen, ended, seen.ended or ended, unseen, strict=True
            )
        ]
        changed = [
            value if value != old else gr.skip()
            for shown, earlier in zip(feeds, before, strict=True)
            for value, old in zip(shown, earlier, strict=True)
        ]
        seconds = BUSY_SECONDS if running else IDLE_SECONDS
        # A run makes its page ask more often, and may be over before the page asks.
        may_be_quick = not running and feeds != seen.feeds
        return (
            Seen(feeds, under_way, seconds, ended),
            gr.Timer(seconds) if seconds != seen.seconds or may_be_quick else gr.skip(),
            under_way if under_way != seen.under_way else gr.skip(),
            *changed,
        )
