"""Which jobs this process has: it keeps its leases, and takes up what others left unfinished."""

import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NoReturn

from core.history.archive import Archive, ArchiveError, LeaseLost
from core.history.media import MediaStore
from core.history.records import Job, State
from core.jobs.account import Backend
from core.jobs.endings import TOLD_SECONDS
from core.jobs.intents import job_folder
from core.jobs.runs import Run
from core.logs import get_logger

_LEASE_SECONDS = 20.0
_RENEW_SECONDS = 5.0
"""So a killed process's jobs are taken up at most 25 s later. Renewing late costs nothing: that a
job is sent once doesn't hang on it."""


def a_holder() -> str:
    """Return a name that no other process has, nor this one after it was started anew."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(8)}"


class Leases:
    """Leases jobs to this process.

    Args:
        archive: where they are written down.
        media: where their files lie.
        runs: those that go on here, by their job's id.
        start: starts the run of a job that this process has got.
        holder: under whose name this process leases jobs.
        backend: others' jobs are left alone.
        backend_is_embedded: it is part of this process, so that its predictions end with it.
        sleep, now: replaceable in tests.
    """

    def __init__(
        self,
        archive: Archive,
        media: MediaStore,
        runs: Mapping[str, Run],
        start: Callable[[Job], None],
        *,
        holder: str,
        backend: Backend,
        backend_is_embedded: bool,
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._archive = archive
        self._media = media
        self._runs = runs
        self._start = start
        self._holder = holder
        self._backend = backend
        self._is_embedded = backend_is_embedded
        self._sleep = sleep
        self._now = now
        self._takes_up = False
        self._has_looked = backend_is_embedded

    async def add(self, job: Job) -> None:
        """Write a new job down as this process's; it is on the disk when this returns."""
        await self._archive.add(job, holder=self._holder, lease_seconds=_LEASE_SECONDS)

    async def look_again(self, job_id: str) -> None:
        """Take an uncertain job up to be looked for again, if nobody else does.

        Raises:
            UnknownJob: there is no such job.
            ArchiveError: that can't be written down.
        """
        try:
            job = await self._archive.reopen(
                job_id, holder=self._holder, lease_seconds=_LEASE_SECONDS
            )
        except LeaseLost:
            return
        get_logger().info("job.looked_for_again", job_id=job.id, model=job.model)
        self._start(job)

    async def resume(self) -> None:
        """Take up the jobs that an earlier process left, now and whenever a lease runs out.

        Those that ended uncertain a short while ago are looked for once more: Replicate may list
        by now what it didn't then, or may be reached again. While the history can't be used, or
        the account isn't known, all of that waits.
        """
        self._takes_up = True
        try:
            await self._take_up()
        except ArchiveError as error:
            get_logger().warning("jobs.not_taken_up", reason=str(error))

    async def keep(self) -> NoReturn:
        """Keep this process's leases, and heed what others want of its jobs, until cancelled."""
        while True:
            await self._sleep(_RENEW_SECONDS)
            try:
                if self._runs:
                    await self._archive.renew(self._holder, lease_seconds=_LEASE_SECONDS)
                    await self._heed()
                if self._takes_up:
                    await self._take_up()
            except ArchiveError as error:
                get_logger().warning("jobs.not_renewed", reason=str(error))
            except Exception:  # a mistake of ours; without this loop, leases would be lost as well
                get_logger().exception("jobs.not_renewed")

    async def release(self) -> None:
        """Give all jobs back: whoever comes next may take them on."""
        try:
            await self._archive.release(self._holder)
        except ArchiveError as problem:  # the leases run out by themselves
            get_logger().warning("jobs.not_released", reason=str(problem))

    async def _heed(self) -> None:
        """Stop the runs that another process was asked to stop."""
        if (backend := self._backend.key) is None:
            return
        for job_id in await self._archive.asked_to_stop(backend, holder=self._holder):
            if (run := self._runs.get(job_id)) is not None:
                run.stop()

    async def _take_up(self) -> None:
        if (backend := self._backend.key) is None:
            return  # as soon as it is known, the next round takes them up
        lost: Sequence[Job] = ()
        if not self._has_looked:
            since = self._now() - timedelta(seconds=TOLD_SECONDS)
            lost = await self._archive.uncertain(backend, since=since)
        claimed = await self._archive.claim(
            backend, holder=self._holder, lease_seconds=_LEASE_SECONDS
        )
        for job in sorted(claimed, key=lambda job: job.cursor):
            if job.id in self._runs:
                continue  # ours, and its lease ran out while this machine slept
            get_logger().info("job.taken_up", job_id=job.id, model=job.model, state=job.state)
            if self._is_embedded:
                await self._bury(job)
            else:
                self._start(job)
        for job in lost:
            await self.look_again(job.id)
        self._has_looked = True

    async def _bury(self, job: Job) -> None:
        buried = await self._archive.advance(
            job.id,
            State.FAILED,
            error="The offline demo was closed while this ran: run it again.",
            charged=False,
            completed_at=self._now(),
        )
        if job.state is State.DOWNLOADING:
            await self._media.tidy(job_folder(job), buried.files)
        get_logger().info("job.failed", job_id=job.id, model=job.model, reason="demo closed")
