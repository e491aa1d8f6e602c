"""What happens to all jobs of a sort, those that run and those that come, for one who watches."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

from core.history.archive import ArchiveError, UnknownJob
from core.history.records import Job
from core.jobs.broadcast import Watcher
from core.jobs.events import Event
from core.logs import get_logger

_LOOK_SECONDS = 3.0
"""How often jobs are looked for that another process has been asked for."""


class Following:
    """Watches many jobs as one. Belongs to one event loop.

    Args:
        wants: tells whether a job is one of them.
        watch: watches one job, by its id.
        find: returns the unsettled jobs that the archive holds, newest first.
        pause: sleeps so many seconds.
        spawn: begins a task.
    """

    def __init__(
        self,
        *,
        wants: Callable[[Job], bool],
        watch: Callable[[str], AsyncGenerator[Event]],
        find: Callable[[], Awaitable[Sequence[Job]]],
        pause: Callable[[float], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._wants = wants
        self._watch = watch
        self._find = find
        self._pause = pause
        self._spawn = spawn
        self._watcher = Watcher()
        self._tasks: set[asyncio.Task[None]] = set()
        self._followed: set[str] = set()
        self._known: set[str] = set()
        self._mistake: BaseException | None = None
        self._is_closed = False

    async def events(self) -> AsyncGenerator[Event]:
        """Yield what happens to each, up to its terminal event; ends when this is closed."""
        self._begin(self._look())
        try:
            while True:
                while (event := self._watcher.next()) is not None:
                    yield event
                if self._mistake is not None:
                    raise self._mistake
                if self._is_closed:
                    return
                await self._watcher.news()
        finally:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def note(self, job: Job) -> None:
        """Watch a job as well, if it is wanted and isn't watched yet."""
        if job.id not in self._known and self._wants(job):
            self._known.add(job.id)
            self._followed.add(job.id)
            self._begin(self._follow(job.id))

    def close(self) -> None:
        """Let who watches end, when they have got what was told."""
        self._is_closed = True
        self._watcher.wake()

    async def _look(self) -> None:
        while True:
            # What ends while the archive is read may be in the answer still: it is known as well.
            self._known = set(self._followed)
            try:
                for job in reversed(await self._find()):
                    self.note(job)
            except ArchiveError as error:
                get_logger().warning("jobs.not_looked_for", reason=str(error))
            await self._pause(_LOOK_SECONDS)

    async def _follow(self, job_id: str) -> None:
        try:
            while not await self._has_ended(job_id):
                await self._pause(_LOOK_SECONDS)
        finally:
            self._followed.discard(job_id)

    async def _has_ended(self, job_id: str) -> bool:
        """Pass on what happens to a job, and return True when nothing more will."""
        try:
            async with aclosing(self._watch(job_id)) as events:
                async for event in events:
                    self._watcher.note(event)
        except UnknownJob:
            return True  # it was deleted from the history
        except ArchiveError as error:
            get_logger().warning("job.not_looked_at", job_id=job_id, reason=str(error))
            return False
        return True

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._spawn(work)
        self._tasks.add(task)
        task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (mistake := task.exception()) is not None:
            self._mistake = mistake
            self._watcher.wake()
