"""Durable jobs: whatever happens to the page, the network or this process, each is run once.

A job is written down before anything is sent, and each step before the next. Who watches a job is
only told of it; closing the page loses nothing, and what a process leaves unfinished the next one
takes up.
"""

import asyncio
import time
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from core.backoff import is_transient
from core.client.client import AsyncReplicateClient
from core.errors import InvalidField, PlaygroundError
from core.history.archive import Archive, UnknownJob
from core.history.media import MediaStore
from core.history.records import Job, State
from core.jobs.account import Backend, Named
from core.jobs.errors import JobsClosed, NotUncertain
from core.jobs.events import (
    TERMINAL_EVENTS,
    Event,
    Failed,
    Queued,
    Starting,
    Stopping,
    Waiting,
    event_of,
)
from core.jobs.intents import Intent, Intents, asked_again, restored
from core.jobs.leases import Leases, a_holder
from core.jobs.runs import Means, Run
from core.jobs.schemas import Described, Schemas
from core.jobs.tidying import tidy_settled
from core.jobs.turns import Turns
from core.logs import get_logger
from core.models.cache import DescriptionCache
from core.models.catalog import Kind
from core.models.chat import Conversation
from core.models.schema import ModelSchema

_ELSEWHERE_SECONDS = 1.0
"""How often a job is looked at that another process runs."""

_REFUSALS_KNOWN = 100


class Jobs:
    """Runs jobs, and is the app's only door to a create. Belongs to one event loop.

    Use it with `async with`: at the end the jobs that still run are left to be taken up later;
    they aren't cancelled on Replicate.

    Args:
        client: what runs them.
        archive: where they are written down.
        media: where their files go.
        backend: what `client` talks to, as the archive names it, or what finds that out; others'
            jobs are left alone.
        max_running: how many predictions may run at once; the others wait their turn.
        backend_is_embedded: it is part of this process, so that its predictions end with it.
        descriptions: where models' descriptions are kept for a time without a network.
        sleep, clock, now: replaceable in tests; `clock` counts seconds, from anywhere.

    Attributes:
        ended: how many jobs of each kind have ended in this process.
    """

    def __init__(
        self,
        client: AsyncReplicateClient,
        archive: Archive,
        media: MediaStore,
        *,
        backend: str | Backend,
        max_running: int,
        backend_is_embedded: bool = False,
        descriptions: DescriptionCache | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.ended: Counter[Kind] = Counter()
        self._client = client
        self._archive = archive
        self._media = media
        self._backend = Named(backend) if isinstance(backend, str) else backend
        self._schemas = Schemas(
            client, cache=descriptions, backend=self._backend, clock=clock, now=now
        )
        self._sleep = sleep
        self._now = now
        holder = a_holder()
        self._means = Means(
            client=client,
            archive=archive,
            media=media,
            schemas=self._schemas,
            turns=Turns(max_running),
            holder=holder,
            sleep=sleep,
            clock=clock,
            now=now,
        )
        self._runs: dict[str, Run] = {}
        self._leases = Leases(
            archive,
            media,
            self._runs,
            lambda job: self._start(Run(job, restored(job, media), self._means)),
            holder=holder,
            backend=self._backend,
            backend_is_embedded=backend_is_embedded,
            sleep=sleep,
            now=now,
        )
        self._refused: dict[str, Sequence[InvalidField]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = asyncio.Event()

    @property
    def backend_key(self) -> str | None:
        """What the archive calls the backend; None until its account is known."""
        return self._backend.key

    async def __aenter__(self) -> Self:
        self._spawn(self._leases.keep())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closed.set()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._leases.release()

    async def submit(
        self,
        model: str,
        model_input: Mapping[str, Any],
        *,
        owner: str,
        kind: Kind | None = None,
        conversation: Conversation | None = None,
        lane: str | None = None,
    ) -> str:
        """Write a job down, put it in the queue, and return its id.

        Args:
            model: `owner/name`, `owner/name:version`, a version's id or `deployments/owner/name`.
            model_input: paths and open binary files in it are copied into the media store; a
                model's `seed` is chosen if none is given.
            owner: whose job it is.
            kind: what it makes; found out when None.
            conversation: what the person sees of it, kept with the job; paths of images in it
                are copied as well.
            lane: lanes take turns in the queue; its owner's jobs of its kind are one when None.

        Raises:
            InvalidInput, NotFound, Unauthenticated: it would come to nothing; nothing was sent.
            ConnectionFailed, ConnectionLost: whose it would be can't be found out.
            ArchiveError: it can't be written down; nothing was sent.
        """
        if self._closed.is_set():
            raise JobsClosed
        backend = await self._backend.find()
        intents = Intents(self._schemas, self._media, backend=backend, now=self._now)
        intent = await intents.draw_up(
            model, model_input, owner=owner, kind=kind, conversation=conversation
        )
        # A page that closes just now mustn't leave a job that is written down and never run.
        await asyncio.shield(self._spawn(self._begin(intent, intents, lane)))
        return intent.job.id

    async def watch(self, job_id: str, *, owner: str | None = None) -> AsyncGenerator[Event]:
        """Yield where a job stands and then what happens to it, up to a terminal event.

        Leaving early costs the job nothing. When the app closes, this ends without one.

        Args:
            job_id: ours, not the prediction's.
            owner: whose it has to be; anyone's when None.

        Raises:
            UnknownJob: there is no such job, or it is another owner's.
        """
        shown: Event | None = None
        while not self._closed.is_set():
            if (run := self._run(job_id, owner)) is not None:
                async with aclosing(run.broadcast.watch()) as events:
                    async for event in events:
                        yield event
                        if isinstance(event, TERMINAL_EVENTS):
                            return
            # Settled, or another process's to run, or nobody's for the moment.
            job = await self._archive.get(job_id, owner=owner)
            event = event_of(job)
            if event != shown:
                shown = event
                yield event
            if job.state.is_settled:
                return
            await self._pause(_ELSEWHERE_SECONDS)

    async def refused(self, job_id: str) -> Sequence[InvalidField]:
        """Return what Replicate refused of a job's input, once it is known whether it did.

        It is known for some time, and not written down: most jobs have nothing of the kind.
        """
        async with aclosing(self.watch(job_id)) as events:
            async for event in events:
                if isinstance(event, Failed):
                    return event.invalid_fields or self._refused.get(job_id, ())
                if not isinstance(event, Queued | Waiting | Stopping | Starting):
                    break
        return ()

    async def cancel(self, job_id: str, *, owner: str | None = None) -> None:
        """Stop a job, on Replicate too; its watchers see it end. A settled one stays as it is.

        The wish is written down as well, for the process that has the job, now or later.

        Args:
            job_id: ours, not the prediction's.
            owner: whose it has to be; anyone's when None.

        Raises:
            UnknownJob: there is no such job, or it is another owner's.
            ApiError, ArchiveError: another process's job can't be cancelled.
        """
        if (run := self._run(job_id, owner)) is not None:
            run.stop()
            await run.record_stop()
            return
        await self._archive.get(job_id, owner=owner)
        job = await self._archive.ask_to_stop(job_id)
        if job.state is State.QUEUED:  # and in another process's queue
            job = await self._archive.advance(
                job_id, State.CANCELED, charged=False, completed_at=self._now()
            )
        if job.prediction_id is not None and not job.state.is_settled:
            try:
                await self._client.cancel_prediction(job.prediction_id)
            except PlaygroundError as error:
                if not is_transient(error):
                    raise
                # The process that has it goes on trying.
                get_logger().warning("job.cancel_failed", job_id=job_id, reason=str(error))

    async def look_again(self, job_id: str, *, owner: str | None = None) -> None:
        """Look once more for the prediction of an uncertain job.

        It goes on from there, and is uncertain again when there is none. While it is looked for
        already, here or elsewhere, this does nothing.

        Args:
            job_id: ours, not the prediction's.
            owner: whose it has to be; anyone's when None.

        Raises:
            UnknownJob: there is no such job, or it is another owner's.
            NotUncertain: there is nothing to look for, or not with this account.
            ConnectionFailed, ConnectionLost, ApiError: whose account this is can't be found out.
            ArchiveError: that can't be written down.
        """
        if self._closed.is_set():
            raise JobsClosed
        job = await self._archive.get(job_id, owner=owner)
        if job.backend != await self._backend.find():
            raise NotUncertain("It ran with another account: look again with that one's token.")
        if job.state is State.SENDING:
            return
        if job.state is not State.UNCERTAIN:
            raise NotUncertain("There is nothing uncertain about this run any more.")
        await asyncio.shield(self._spawn(self._leases.look_again(job_id)))

    async def run_again(self, job_id: str, *, owner: str) -> str:
        """Submit a job's input once more, its seed included, and return the new job's id.

        Args:
            job_id: ours, not the prediction's.
            owner: whose it has to be, and whose the new one is.

        Raises:
            UnknownJob: there is no such job, or it is another owner's.
            InvalidInput: a part of the input is secret and wasn't kept.
            NotFound, Unauthenticated, ArchiveError: as `submit`.
        """
        job = await self._archive.get(job_id, owner=owner)
        given, conversation = asked_again(job, self._media)
        return await self.submit(
            job.model, given, owner=owner, kind=job.kind, conversation=conversation
        )

    async def describe(self, model: str) -> Described:
        """Return what Replicate says of a model, or said when it could last be asked.

        Args:
            model: `owner/name` or `owner/name:version`.

        Raises:
            InvalidInput, NotFound: it describes no such model.
            PlaygroundError: it can't be asked, and the model isn't known from before.
        """
        return await self._schemas.describe(model)

    async def schema(self, model: str) -> ModelSchema | None:
        """Return what a model takes and gives, or None where Replicate doesn't tell.

        Args:
            model: as in `submit`.

        Raises:
            InvalidInput, NotFound, ApiError: it can't be looked up.
        """
        return await self._schemas.find(model)

    async def running(self, owner: str) -> Sequence[Job]:
        """Return an owner's jobs that aren't settled, newest first.

        Raises:
            ArchiveError: the history can't be read.
        """
        if (backend := self.backend_key) is None:
            return ()
        return await self._archive.unsettled(backend, owner=owner)

    async def under_way(
        self, owner: str, *, kind: Kind | None = None
    ) -> Sequence[tuple[Job, Event]]:
        """Return an owner's jobs that aren't settled, each with what happened to it last.

        Args:
            owner: whose.
            kind: only these; all when None.

        Returns:
            Newest first. Of another process's jobs only the recorded steps are known.
        """
        return [
            (job, event_of(job) if (run := self._runs.get(job.id)) is None else run.latest)
            for job in await self.running(owner)
            if kind is None or job.kind == kind
        ]

    async def resume(self) -> None:
        """Take up the jobs that an earlier process left, now and whenever a lease runs out.

        Those of the last hour that ended uncertain are looked for once more. While the history
        can't be used, all of that waits.
        """
        await self._leases.resume()
        self._spawn(tidy_settled(self._archive, self._media))

    async def _begin(self, intent: Intent, intents: Intents, lane: str | None) -> None:
        job = intent.job
        try:
            await self._leases.add(job)
        except BaseException:
            await intents.discard(intent)
            raise
        get_logger().info("job.submitted", job_id=job.id, model=job.model, kind=job.kind)
        self._start(Run(job, dict(intent.to_send), self._means, lane=lane))

    def _run(self, job_id: str, owner: str | None) -> Run | None:
        run = self._runs.get(job_id)
        if run is not None and owner is not None and run.job.owner != owner:
            raise UnknownJob(job_id)
        return run

    def _start(self, run: Run) -> None:
        self._runs[run.job.id] = run
        self._spawn(self._follow(run))

    async def _follow(self, run: Run) -> None:
        try:
            await run.follow()
        finally:
            self.ended[run.job.kind] += 1
            if isinstance(run.latest, Failed) and run.latest.invalid_fields:
                self._refused[run.job.id] = run.latest.invalid_fields
                if len(self._refused) > _REFUSALS_KNOWN:
                    del self._refused[next(iter(self._refused))]
            if self._runs.get(run.job.id) is run:  # and isn't looked for again already
                del self._runs[run.job.id]

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not past the end of the app."""
        sleeping = asyncio.ensure_future(self._sleep(seconds))
        closing = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait({sleeping, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            closing.cancel()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
