"""The history and the journal: every job that was asked for, in one database.

SQLAlchemy's calls are synchronous and run on the archive's own threads, never on the event loop.
What comes out are frozen jobs; rows stay inside.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, TypeVar, Unpack

from sqlalchemy import ColumnElement, Engine, and_, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.errors import PlaygroundError
from core.history.database import open_engine, writing
from core.history.records import Cursor, Job, MediaFile, State
from core.history.tables import FileRow, JobRow
from core.models.catalog import Kind

__all__ = [
    "Archive",
    "ArchiveError",
    "Changes",
    "Cursor",
    "Job",
    "LeaseLost",
    "MediaFile",
    "UnknownJob",
]

T = TypeVar("T")

_THREADS = 4
_UNSETTLED = [state.value for state in State if not state.is_settled]


class ArchiveError(PlaygroundError):
    """The history's database can't be used."""


class UnknownJob(PlaygroundError):
    """There is no such job, or it is somebody else's."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("The history holds no such run: it may have been deleted.")


class LeaseLost(PlaygroundError):
    """A job is another holder's now, or has ended."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("Another copy of the playground has this run now.")


class Changes(TypedDict, total=False):
    """What may change in a job besides its state."""

    kind: Kind
    version: str | None
    prediction_id: str
    started_at: datetime | None
    completed_at: datetime
    error: str | None
    text: str | None
    output: Any
    metrics: dict[str, Any]
    logs: str
    charged: bool | None
    files: Sequence[MediaFile]


class Archive:
    """Keeps jobs. Safe to use from several tasks, and by several processes on one database."""

    def __init__(
        self, engine: Engine, threads: ThreadPoolExecutor, *, now: Callable[[], datetime]
    ) -> None:
        """Use `Archive.open`."""
        self._engine = engine
        self._writing = writing(engine)
        self._threads = threads
        self._now = now

    @classmethod
    @asynccontextmanager
    async def open(
        cls, database_url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> "AsyncIterator[Archive]":
        """Open the history, bringing its database up to date first.

        Args:
            database_url: any SQLAlchemy URL.
            now: the clock that leases are measured by.

        Raises:
            ArchiveError: the database can't be opened.
        """
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="archive")
        try:
            engine = await _on(threads, lambda: open_engine(database_url))
            try:
                yield cls(engine, threads, now=now)
            finally:
                await _on(threads, engine.dispose)
        finally:
            threads.shutdown()

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
                return _job(row)

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

    async def unsettled(self, backend: str, *, owner: str | None = None) -> Sequence[Job]:
        """Return a backend's jobs that aren't settled yet, newest first."""
        conditions = [JobRow.backend == backend, JobRow.state.in_(_UNSETTLED)]
        if owner is not None:
            conditions.append(JobRow.owner == owner)
        return await self._select(*conditions)

    async def add(self, job: Job, *, holder: str, lease_seconds: float) -> None:
        """Write a new job down, leased to `holder`; it is on the disk when this returns."""

        def write() -> None:
            with Session(self._writing) as session, session.begin():
                session.add(self._row(job, holder, lease_seconds))

        await self._run(write)

    async def has_prediction(self, backend: str, prediction_id: str) -> bool:
        """Tell whether a prediction belongs to a job, whoever's it is."""

        def read() -> bool:
            query = select(JobRow.id).where(
                JobRow.backend == backend, JobRow.prediction_id == prediction_id
            )
            with self._engine.connect() as connection:
                return connection.execute(query).first() is not None

        return await self._run(read)

    async def advance(
        self, job_id: str, state: State, *, holder: str | None = None, **changes: Unpack[Changes]
    ) -> Job:
        """Move a job forward and record what came with it; settling it ends its lease.

        News may arrive in any order: a move backwards, or out of a settled state, changes
        nothing.

        Args:
            job_id: ours, not the prediction's.
            state: where to.
            holder: who has to hold its lease for the move to be made; anyone when None.

        Returns:
            The job as it then is; its `state` tells whether the move was made.

        Raises:
            UnknownJob: there is no such job.
            LeaseLost: the move was not made, and `holder` had to hold the job's lease for it.
        """
        values: dict[str, Any] = dict(changes)
        files: Sequence[MediaFile] = values.pop("files", ())
        if state.is_settled:
            values |= {"lease_holder": None, "lease_until": None}
        conditions = [
            JobRow.id == job_id,
            JobRow.state.in_([one.value for one in state.predecessors]),
        ]
        if holder is not None:
            conditions.append(JobRow.lease_holder == holder)
        move = update(JobRow).where(*conditions).values(state=state.value, **values)

        def write() -> Job:
            with Session(self._writing) as session, session.begin():
                moved = session.connection().execute(move).rowcount == 1
                if moved:
                    session.add_all(FileRow(job_id=job_id, **asdict(file)) for file in files)
                    session.flush()
                row = session.get(JobRow, job_id)
                if row is None:
                    raise UnknownJob(job_id)
                if holder is not None and not moved:
                    raise LeaseLost(job_id)
                return _job(row)

        return await self._run(write)

    async def claim(self, backend: str, *, holder: str, lease_seconds: float) -> Sequence[Job]:
        """Lease to `holder` the backend's unsettled jobs that nobody works on any more.

        Of several processes that ask at once, each job goes to one.
        """
        now = self._now()
        is_free = or_(JobRow.lease_until.is_(None), JobRow.lease_until < now)
        orphans = select(JobRow.id).where(
            JobRow.backend == backend, JobRow.state.in_(_UNSETTLED), is_free
        )

        def write() -> Sequence[Job]:
            with Session(self._writing) as session, session.begin():
                lease = {
                    JobRow.lease_holder: holder,
                    JobRow.lease_until: now + timedelta(seconds=lease_seconds),
                }
                claimed = [
                    job_id
                    for job_id in session.scalars(orphans).all()
                    if session.connection()
                    .execute(update(JobRow).where(JobRow.id == job_id, is_free).values(lease))
                    .rowcount
                ]
                rows = session.scalars(select(JobRow).where(JobRow.id.in_(claimed)))
                return [_job(row) for row in rows]

        return await self._run(write)

    async def renew(self, holder: str, *, lease_seconds: float) -> None:
        """Prolong all of a holder's leases."""
        await self._set_leases(holder, holder, self._now() + timedelta(seconds=lease_seconds))

    async def release(self, holder: str) -> None:
        """Give all of a holder's leases back: whoever comes next may take the jobs on."""
        await self._set_leases(holder, None, None)

    async def _set_leases(self, holder: str, to: str | None, until: datetime | None) -> None:
        def write() -> None:
            with self._writing.begin() as connection:
                connection.execute(
                    update(JobRow)
                    .where(JobRow.lease_holder == holder)
                    .values(lease_holder=to, lease_until=until)
                )

        await self._run(write)

    async def _select(
        self, *conditions: ColumnElement[bool], limit: int | None = None
    ) -> Sequence[Job]:
        query = (
            select(JobRow)
            .where(*conditions)
            .order_by(JobRow.created_at.desc(), JobRow.id.desc())
            .limit(limit)
        )

        def read() -> Sequence[Job]:
            with Session(self._engine) as session:
                return [_job(row) for row in session.scalars(query)]

        return await self._run(read)

    def _row(self, job: Job, holder: str, lease_seconds: float) -> JobRow:
        return JobRow(
            **{name: getattr(job, name) for name in _SAME_NAMES},
            prompt=job.prompt,
            state=job.state.value,
            files=[FileRow(**asdict(file)) for file in job.files],
            lease_holder=holder,
            lease_until=self._now() + timedelta(seconds=lease_seconds),
        )

    async def _run(self, call: Callable[[], T]) -> T:
        return await _on(self._threads, call)


_SAME_NAMES = (
    *("id", "backend", "owner", "kind", "model", "version", "input", "prediction_id"),
    *("created_at", "started_at", "completed_at"),
    *("error", "text", "output", "metrics", "logs", "charged"),
)
_FILE_NAMES = tuple(MediaFile.__dataclass_fields__)


async def _on(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, call)
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise ArchiveError(
            f"The history's database can't be used ({cause}): check that its folder can be "
            "written to and that the disk isn't full."
        ) from error


def _job(row: JobRow) -> Job:
    return Job(
        **{name: getattr(row, name) for name in _SAME_NAMES},
        state=State(row.state),
        files=tuple(_file(file) for file in row.files),
    )


def _file(row: FileRow) -> MediaFile:
    return MediaFile(**{name: getattr(row, name) for name in _FILE_NAMES})


def _mentions(word: str) -> ColumnElement[bool]:
    return or_(
        JobRow.prompt.icontains(word, autoescape=True),
        JobRow.model.icontains(word, autoescape=True),
    )
