"""Stars and the bin: what people keep of the history, and what they throw away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from core.history.database import Database
from core.history.errors import ArchiveError, UnknownJob
from core.history.media import MediaStore, folder_key
from core.history.records import Job, State
from core.history.rows import job_of
from core.history.tables import JobRow
from core.logs import get_logger

_SETTLED = [state.value for state in State if state.is_settled]
_BATCH = 200

_KEPT = timedelta(days=30)
_EMPTYING_SECONDS = 3600.0


class Curating(Database):
    """The part of the archive by which people tidy up; each only their own."""

    async def star(self, job_id: str, *, owner: str, starred: bool) -> None:
        """Give a job a star, or take it away.

        Raises:
            UnknownJob: there is none, or it is another owner's.
        """
        if not await self._change([job_id], {"starred": starred}, JobRow.owner == owner):
            raise UnknownJob(job_id)

    async def delete(self, job_ids: Sequence[str], *, owner: str) -> Sequence[str]:
        """Put settled jobs into the bin; return those that went there.

        A job that goes on after all, its prediction found, comes out by itself.
        """
        return await self._change(
            job_ids,
            {"deleted_at": self._now()},
            JobRow.owner == owner,
            JobRow.deleted_at.is_(None),
            JobRow.state.in_(_SETTLED),
        )

    async def restore(self, job_ids: Sequence[str], *, owner: str) -> Sequence[str]:
        """Take jobs out of the bin; return those that were in it."""
        return await self._change(
            job_ids, {"deleted_at": None}, JobRow.owner == owner, JobRow.deleted_at.is_not(None)
        )

    async def deleted_before(self, when: datetime, limit: int) -> Sequence[Job]:
        """Return anybody's jobs that have been in the bin since before then, the first first."""
        query = (
            select(JobRow)
            .where(JobRow.deleted_at < when)
            .order_by(JobRow.deleted_at, JobRow.id)
            .limit(limit)
        )

        def read() -> Sequence[Job]:
            with Session(self._engine) as session:
                return [job_of(row) for row in session.scalars(query)]

        return await self._run(read)

    async def remove(self, job_ids: Sequence[str]) -> Sequence[str]:
        """Forget jobs for good, if they are in the bin; return those that were."""

        def write() -> Sequence[str]:
            with self._writing.begin() as connection:
                return [
                    job_id
                    for job_id in job_ids
                    if connection.execute(
                        delete(JobRow).where(JobRow.id == job_id, JobRow.deleted_at.is_not(None))
                    ).rowcount
                ]

        return await self._run(write, writes=True)

    async def _change(
        self, job_ids: Sequence[str], values: dict[str, Any], *conditions: ColumnElement[bool]
    ) -> Sequence[str]:
        def write() -> Sequence[str]:
            with self._writing.begin() as connection:
                return [
                    job_id
                    for job_id in job_ids
                    if connection.execute(
                        update(JobRow).where(JobRow.id == job_id, *conditions).values(values)
                    ).rowcount
                ]

        return await self._run(write, writes=True)


async def keep_bin_empty(
    archive: Curating,
    media: MediaStore,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Forget what was thrown away a month ago, now and every hour, until this is cancelled."""
    while True:
        try:
            count = await empty_bin(archive, media, older_than=_KEPT, now=now())
        except ArchiveError as error:
            get_logger().warning("bin.not_emptied", reason=str(error))
        else:
            if count:
                get_logger().info("bin.emptied", jobs=count)
        await sleep(_EMPTYING_SECONDS)


async def empty_bin(
    archive: Curating, media: MediaStore, *, older_than: timedelta, now: datetime
) -> int:
    """Forget the jobs that have been in the bin for so long, and their files with them.

    Returns:
        How many jobs it was.

    Raises:
        ArchiveError: the history can't be written to; what was forgotten by then is.
    """
    count = 0
    while jobs := await archive.deleted_before(now - older_than, _BATCH):
        # Somebody may just have taken one out again: its files stay.
        removed = set(await archive.remove([job.id for job in jobs]))
        for job in jobs:
            if job.id in removed:
                await media.discard(folder_key(job.owner, job.created_at, job.id))
        count += len(removed)
    return count
