"""The history as people look at it: one job, lists, searches, conversations."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from core.history.database import Database
from core.history.errors import UnknownJob
from core.history.filters import EVERYTHING, Filter
from core.history.records import Cursor, Job
from core.history.rows import NEWEST_FIRST, job_of
from core.history.searching import mentions
from core.history.tables import JobRow, UtcDateTime

_KEPT = JobRow.deleted_at.is_(None)
_PLACE = tuple_(JobRow.created_at, JobRow.id)


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
        has_index = self._engine.dialect.name == "sqlite"
        query = (
            select(JobRow)
            .where(JobRow.owner == owner, *_conditions(filter, has_index=has_index))
            .where(*_after(before))
            .order_by(*NEWEST_FIRST)
            .limit(limit)
        )
        return await self._select(query)

    async def models(self, owner: str) -> Sequence[str]:
        """Return the models of an owner's jobs as `owner/name`, most recently used first."""
        query = (
            select(JobRow.model_name)
            .where(JobRow.owner == owner, _KEPT)
            .group_by(JobRow.model_name)
            .order_by(func.max(JobRow.created_at).desc(), JobRow.model_name)
        )

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
            tuple_(later.created_at, later.id) > _PLACE,
        )
        query = (
            select(JobRow)
            .where(JobRow.owner == owner, JobRow.conversation_id.is_not(None), _KEPT, ~is_followed)
            .where(*_after(before))
            .order_by(*NEWEST_FIRST)
            .limit(limit)
        )
        return await self._select(query)

    async def conversation(self, owner: str, conversation_id: str) -> Sequence[Job]:
        """Return the jobs of one of an owner's conversations, oldest first; none if it isn't."""
        query = (
            select(JobRow)
            .where(JobRow.owner == owner, JobRow.conversation_id == conversation_id, _KEPT)
            .order_by(JobRow.created_at, JobRow.id)
        )
        return await self._select(query)

    async def _select(self, query: Select[Any]) -> Sequence[Job]:
        def read() -> Sequence[Job]:
            with Session(self._engine) as session:
                return [job_of(row) for row in session.scalars(query)]

        return await self._run(read)


def _after(place: Cursor | None) -> Sequence[ColumnElement[bool]]:
    if place is None:
        return ()
    return [tuple_(literal(place.created_at, UtcDateTime), literal(place.id)) > _PLACE]


def _conditions(wanted: Filter, *, has_index: bool) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        JobRow.deleted_at.is_not(None) if wanted.deleted else _KEPT,
        *mentions(wanted.words, has_index=has_index),
    ]
    if wanted.kind is not None:
        conditions.append(JobRow.kind == wanted.kind)
    if wanted.model is not None:
        conditions.append(JobRow.model_name == wanted.model)
    if wanted.states:
        conditions.append(JobRow.state.in_([state.value for state in wanted.states]))
    if wanted.since is not None:
        conditions.append(JobRow.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(JobRow.created_at < wanted.until)
    if wanted.starred_only:
        conditions.append(JobRow.starred == true())
    return conditions
