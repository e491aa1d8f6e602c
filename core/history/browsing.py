"""The history as people look at it: one job, or lists of them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from core.history.database import Database
from core.history.errors import UnknownJob
from core.history.records import Cursor, Job
from core.history.rows import NEWEST_FIRST, job_of
from core.history.tables import JobRow
from core.models.catalog import Kind


class Browsing(Database):
    """The part of the archive that people read."""

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
        *,
        query: str = "",
        kind: Kind | None = None,
        limit: int = 50,
        before: Cursor | None = None,
    ) -> Sequence[Job]:
        """Return an owner's jobs, newest first.

        Args:
            owner: whose.
            query: words that all have to be in the prompt or the model's name, whatever their
                case (of ASCII letters, in SQLite).
            kind: only these.
            limit: how many at most.
            before: where the page starts: the `cursor` of the last job seen.
        """
        conditions: list[ColumnElement[bool]] = [JobRow.owner == owner]
        conditions += [_mentions(word) for word in query.split()]
        if kind is not None:
            conditions.append(JobRow.kind == kind)
        if before is not None:
            at, job_id = before
            same = and_(JobRow.created_at == at, JobRow.id < job_id)
            conditions.append(or_(JobRow.created_at < at, same))
        return await self._select(*conditions, limit=limit)

    async def _select(
        self, *conditions: ColumnElement[bool], limit: int | None = None
    ) -> Sequence[Job]:
        query = select(JobRow).where(*conditions).order_by(*NEWEST_FIRST).limit(limit)

        def read() -> Sequence[Job]:
            with Session(self._engine) as session:
                return [job_of(row) for row in session.scalars(query)]

        return await self._run(read)


def _mentions(word: str) -> ColumnElement[bool]:
    return or_(
        JobRow.prompt.icontains(word, autoescape=True),
        JobRow.model.icontains(word, autoescape=True),
    )
