"""The history as people look at it: one job, lists, searches, conversations."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, exists, select, tuple_
from sqlalchemy.orm import Session, aliased

from core.history import listing
from core.history.database import Database
from core.history.errors import UnknownJob
from core.history.filters import EVERYTHING, Filter
from core.history.listing import KEPT, PLACE, after
from core.history.recency import models_by_recency
from core.history.records import Cursor, Job
from core.history.rows import NEWEST_FIRST, job_of
from core.history.tables import JobRow


class Browsing(Database):
    """The part of the archive that people read; each sees their own."""

    async def get(self, job_id: str, *, owner: str | None = None) -> Job:
        """Return a job.

        Args:
            job_id: ours, not the prediction's.
            owner: whose it has to be; anyone's when None.

        Raises:
            UnknownJob: there is none, or it is another owner's.
        """

        def read() -> Job:
            with Session(self._engine) as session:
                row = session.get(JobRow, job_id)
                if row is None or (owner is not None and row.owner != owner):
                    raise UnknownJob(job_id)
                return job_of(row)

        return await self._run(read)

    async def list(
        self,
        owner: str,
        filter: Filter = EVERYTHING,  # noqa: A002 # what it is called where it is used
        *,
        limit: int = 50,
        before: Cursor | None = None,
    ) -> Sequence[Job]:
        """Return an owner's jobs, newest first.

        Args:
            owner: whose.
            filter: which of them.
            limit: how many at most.
            before: where the page starts: the `cursor` of the last job seen.
        """

        def read() -> Sequence[Job]:
            with Session(self._engine) as session:
                rows = listing.page(session, owner, filter, limit=limit, before=before)
                return [job_of(row) for row in rows]

        return await self._run(read)

    async def models(self, owner: str) -> Sequence[str]:
        """Return the models of an owner's jobs as `owner/name`, most recently used first."""
        query = models_by_recency(JobRow.owner == owner, KEPT)

        def read() -> Sequence[str]:
            with self._engine.connect() as connection:
                return connection.scalars(query).all()

        return await self._run(read)

    async def conversations(
        self, owner: str, *, limit: int = 50, before: Cursor | None = None
    ) -> Sequence[Job]:
        """Return the newest job of each of an owner's conversations, newest first.

        Args:
            owner: whose.
            limit: how many at most.
            before: where the page starts: the `cursor` of the last job seen.
        """
        later = aliased(JobRow)
        is_followed = exists().where(
            later.owner == owner,
            later.conversation_id == JobRow.conversation_id,
            later.conversation_id.is_not(None),  # or its index isn't used
            later.deleted_at.is_(None),
            tuple_(later.created_at, later.id) > PLACE,
        )
        query = (
            select(JobRow)
            .where(JobRow.owner == owner, JobRow.conversation_id.is_not(None), KEPT, ~is_followed)
            .where(*after(before))
            .order_by(*NEWEST_FIRST)
            .limit(limit)
        )
        return await self._select(query)

    async def conversation(self, owner: str, conversation_id: str) -> Sequence[Job]:
        """Return the jobs of one of an owner's conversations, oldest first; none if it isn't."""
        query = (
            select(JobRow)
            .where(JobRow.owner == owner, JobRow.conversation_id == conversation_id, KEPT)
            .order_by(JobRow.created_at, JobRow.id)
        )
        return await self._select(query)

    async def _select(self, query: Select[Any]) -> Sequence[Job]:
        def read() -> Sequence[Job]:
            with Session(self._engine) as session:
                return [job_of(row) for row in session.scalars(query)]

        return await self._run(read)
