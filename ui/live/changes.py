"""Keeps a page up to date: it asks every few seconds, and gets what has changed.

A page could also hold a stream open, as Gradio's generators do. But a browser opens six connections
to one host, and Gradio keeps one for itself: with a stream a page, the fourth page would hang.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import gradio as gr

from core import PlaygroundError
from core.logs import get_logger
from ui.bench.form import Form
from ui.live.feed import Feed
from ui.live.head import Head, Shown
from ui.services import LOCAL_OWNER, Services

BUSY_SECONDS = 1.0
IDLE_SECONDS = 3.0
"""How often a page asks while something runs, and while nothing does. How long a run takes is
counted in the browser, ten times a second."""


@dataclass(frozen=True)
class Seen:
    """What a page shows already: its feeds, each as a `Runs`, what is under way, its pace and head.

    `ended` is how many runs of each feed's kind had ended by then. What is under way isn't known
    (None) while the history can't be read.
    """

    feeds: tuple[Any, ...] = field(default=(), hash=False)  # Gradio hashes what it keeps
    under_way: tuple[int | str, ...] | None = ()
    seconds: float = IDLE_SECONDS
    ended: tuple[int, ...] = ()
    head: Shown | None = None


@dataclass(frozen=True)
class Live:
    """Tells a page what has changed."""

    services: Services
    feeds: tuple[Feed, ...]

    async def changes(self, seen: Seen, *opened: Form) -> tuple[Any, ...]:
        """Return `Seen`, the clock, what is under way, the head, then each feed.

        Args:
            seen: what the page shows already.
            opened: forms of models of any kind, each of which has a feed after the others.

        What is under way is told as how many runs have ended so far and the ids of those that
        haven't, so that it changes with each run, however soon that is over.

        While the history can't be read, the head says so and the feeds stay as they are; the next
        call may bring them.
        """
        all_feeds = (*self.feeds, *(Feed.of(self.services, form.model) for form in opened))
        ended = tuple(feed.ended for feed in all_feeds)
        over = self.services.jobs.ended.total()
        try:
            running = await self.services.jobs.running(LOCAL_OWNER)
            feeds = tuple([await feed.shown() for feed in all_feeds])
        except PlaygroundError as error:
            get_logger().warning("page.not_updated", reason=str(error))
            head = Head(self.services).shown()
            return (
                replace(seen, under_way=None, head=head),
                gr.skip(),
                None if seen.under_way is not None else gr.skip(),
                *_changed(head, seen.head),
                *[gr.skip()] * (3 * len(all_feeds)),
            )
        head = Head(self.services).shown()
        under_way: tuple[int | str, ...] = (over, *(job.id for job in running))
        unseen = (None,) * len(feeds)
        # Where a run has ended, the page may have been shown by others, meanwhile, how it went on.
        before = [
            old if now == then else None
            for old, now, then in zip(seen.feeds or unseen, ended, seen.ended or ended, strict=True)
        ]
        changed = [
            value
            for shown, old in zip(feeds, before, strict=True)
            for value in _changed(shown, old)
        ]
        seconds = BUSY_SECONDS if running else IDLE_SECONDS
        # A run makes its page ask more often, and may be over before the page asks.
        may_be_quick = not running and feeds != seen.feeds
        return (
            Seen(feeds, under_way, seconds, ended, head),
            gr.Timer(seconds) if seconds != seen.seconds or may_be_quick else gr.skip(),
            under_way if under_way != seen.under_way else gr.skip(),
            *_changed(head, seen.head),
            *changed,
        )


def _changed(values: tuple[Any, ...], before: tuple[Any, ...] | None) -> list[Any]:
    """Return the values, each left out that is as it was before."""
    if before is None:
        return list(values)
    return [value if value != old else gr.skip() for value, old in zip(values, before, strict=True)]
