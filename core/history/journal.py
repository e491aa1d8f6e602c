"""The journal: what jobs write of themselves, step by step, and who works on which."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from core.history.database import Database
from core.history.errors import LeaseLost, UnknownJob
from core.history.records import Job, MediaFile, State
from core.history.rows import job_of, row_of
from core.history.tables import FileRow, JobRow
from core.models.catalog import Kind

_UNSETTLED = [state.value for state in State if not state.is_settled]


class Changes(TypedDict, total=False):
    """What may change in a job besides its state."""

    kind: Kind
    version: str | None
    prediction_id: str
    sent_at: datetime
    started_at: datetime | None
    first_output_at: datetime
    ended_at: datetime
    completed_at: datetime
    error: str | None
    text: str | None
    output: Any
    metrics: dict[str, Any]
    logs: str
    charged: bool | None
    files: Sequence[MediaFile]


class Journal(Database):
    """The part of the archive that jobs are run by."""

    async def unsettled(self, backend: str, *, owner: str | None = None) -> Sequence[Job]:
        """Return a backend's jobs that aren't settled yet, newest first."""
        # Sorted here, and whose they are is looked at here: asked to do it, SQLite walks through an
        # owner's whole history for the handful that is under way.
        query = select(JobRow).where(JobRow.backend == backend, JobRow.state.in_(_UNSETTLED))

        def read() -> Sequence[Job]:
            with Session(self._engine) as session:
                jobs = [job_of(row) for row in session.scalars(query)]
            wanted = [job for job in jobs if owner is None or job.owner == owner]
            return sorted(wanted, key=lambda job: job.cursor, reverse=True)

        return await self._run(read)

    async def uncertain(self, backend: str, *, since: datetime) -> Sequence[Job]:
        """Return a backend's uncertain jobs that were asked for since then, without the bin's."""
        query = select(JobRow).where(
            JobRow.backend == backend,
            JobRow.state == State.UNCERTAIN.value,
            JobRow.created_at >= since,
            JobRow.deleted_at.is_(None),
        )

        def read() -> Sequence[Job]:
            with Session(self._engine) as session:
                return [job_of(row) for row in session.scalars(query)]

        return await self._run(read)

    async def add(self, job: Job, *, holder: str, lease_seconds: float) -> None:
        """Write a new job down, leased to `holder`; it is on the disk when this returns."""

        def write() -> None:
            with Session(self._writing) as session, session.begin():
                lease_until = self._now() + timedelta(seconds=lease_seconds)
                session.add(row_of(job, lease_holder=holder, lease_until=lease_until))

        await self._run(write, writes=True)

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
        # Only an uncertain job can be in the bin and move: then there is something to see again.
        values["deleted_at"] = None
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
                return job_of(row)

        return await self._run(write, writes=True)

    async def reopen(self, job_id: str, *, holder: str, lease_seconds: float) -> Job:
        """Take an uncertain job back to `sending`, leased to `holder` to be looked for again.

        Of several that ask at once, one gets it. It comes out of the bin.

        Raises:
            UnknownJob: there is no such job.
            LeaseLost: it isn't uncertain, or not any more.
        """
        values = {
            JobRow.state: State.SENDING.value,
            JobRow.deleted_at: None,
            JobRow.completed_at: None,
            JobRow.lease_holder: holder,
        }
        is_uncertain = JobRow.state == State.UNCERTAIN.value

        def write() -> Job:
            with Session(self._writing) as session, session.begin():
                lease_until = self._now() + timedelta(seconds=lease_seconds)
                reopening = (
                    update(JobRow)
                    .where(JobRow.id == job_id, is_uncertain)
                    .values({**values, JobRow.lease_until: lease_until})
                )
                reopened = session.connection().execute(reopening).rowcount == 1
                row = session.get(JobRow, job_id)
                if row is None:
                    raise UnknownJob(job_id)
                if not reopened:
                    raise LeaseLost(job_id)
                return job_of(row)

        return await self._run(write)

    async def ask_to_stop(self, job_id: str) -> Job:
        """Record that somebody wants a job to be stopped, unless it is settled; return the job.

        The first time counts.

        Raises:
            UnknownJob: there is no such job.
        """
        asking = update(JobRow).where(
            JobRow.id == job_id, JobRow.state.in_(_UNSETTLED), JobRow.stop_asked_at.is_(None)
        )

        def write() -> Job:
            with Session(self._writing) as session, session.begin():
                session.connection().execute(asking.values(stop_asked_at=self._now()))
                row = session.get(JobRow, job_id)
                if row is None:
                    raise UnknownJob(job_id)
                return job_of(row)

        return await self._run(write)

    async def asked_to_stop(self, backend: str, *, holder: str) -> Sequence[str]:
        """Return the ids of a holder's unsettled jobs that somebody wants to be stopped."""
        query = select(JobRow.id).where(
            JobRow.backend == backend,
            JobRow.state.in_(_UNSETTLED),
            JobRow.lease_holder == holder,
            JobRow.stop_asked_at.is_not(None),
        )

        def read() -> Sequence[str]:
            with self._engine.connect() as connection:
                return connection.execute(query).scalars().all()

        return await self._run(read)

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
                return [job_of(row) for row in rows]

        return await self._run(write, writes=True)

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

        await self._run(write, writes=True)
