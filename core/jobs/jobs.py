"""Durable jobs: whatever happens to the page, the network or this process, each is run once.

A job is written down before anything is sent, and each step before the next. Who watches a job is
only told of it; closing the page loses nothing, and what a process leaves unfinished the next one
takes up.
"""

import asyncio
import os
import secrets
import socket
import time
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

from core.client import AsyncReplicateClient
from core.errors import PlaygroundError
from core.history.archive import Archive, ArchiveError, UnknownJob
from core.history.media import MediaStore
from core.history.records import Job, State
from core.jobs.account import Backend, Named
from core.jobs.events import TERMINAL_EVENTS, Event, event_of
from core.jobs.intents import Intent, Intents, restored
from core.jobs.runs import Means, Run
from core.jobs.schemas import Schemas
from core.jobs.turns import Turns
from core.logs import get_logger
from core.models.catalog import Kind
from core.models.chat import Conversation
from core.models.names import ModelName
from core.models.schema import ModelSchema

_LEASE_SECONDS = 20.0
_RENEW_SECONDS = 5.0
"""So a killed process's jobs are taken up at most 25 s later. Renewing late costs nothing: that a
job is sent once doesn't hang on it."""

_ELSEWHERE_SECONDS = 1.0
"""How often a job is looked at that another process runs."""


class JobsClosed(PlaygroundError):
    """The app is closing."""

    def __init__(self) -> None:
        super().__init__("The playground is closing: run it again when it is back.")


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
        sleep, clock, now: replaceable in tests; `clock` counts seconds, from anywhere.
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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._schemas = Schemas(client, clock=clock)
        self._client = client
        self._archive = archive
        self._media = media
        self._backend = Named(backend) if isinstance(backend, str) else backend
        self._is_embedded = backend_is_embedded
        self._sleep = sleep
        self._now = now
        self._holder = f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(8)}"
        self._means = Means(
            client=client,
            archive=archive,
            media=media,
            schemas=self._schemas,
            turns=Turns(max_running),
            holder=self._holder,
            sleep=sleep,
            clock=clock,
            now=now,
        )
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._takes_up = False
        self._closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._spawn(self._keep_leases())
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
        try:
            await self._archive.release(self._holder)
        except ArchiveError as problem:  # the leases run out by themselves
            get_logger().warning("jobs.not_released", reason=str(problem))

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

    async def cancel(self, job_id: str, *, owner: str | None = None) -> None:
        """Stop a job, on Replicate too; its watchers see it end. A settled one stays as it is.

        Args:
            job_id: ours, not the prediction's.
            owner: whose it has to be; anyone's when None.

        Raises:
            UnknownJob: there is no such job, or it is another owner's.
            ApiError, ConnectionFailed, ConnectionLost: another process's job can't be cancelled.
        """
        while not self._closed.is_set():
            if (run := self._run(job_id, owner)) is not None:
                run.stop()
                return
            job = await self._archive.get(job_id, owner=owner)
            if job.state is State.QUEUED:  # and in another process's queue
                job = await self._archive.advance(
                    job_id, State.CANCELED, charged=False, completed_at=self._now()
                )
            if job.state.is_settled:
                return
            if job.prediction_id is not None:
                await self._client.cancel_prediction(job.prediction_id)
                return
            await self._pause(_ELSEWHERE_SECONDS)

    async def schema(self, model: str) -> ModelSchema | None:
        """Return what a model takes and gives, or None where Replicate doesn't tell.

        Args:
            model: as in `submit`.

        Raises:
            InvalidInput, NotFound, ApiError: it can't be looked up.
        """
        ModelName.parse(model)
        return await self._schemas.find(model)

    async def running(self, owner: str) -> Sequence[Job]:
        """Return an owner's jobs that aren't settled, newest first.

        Raises:
            ArchiveError: the history can't be read.
        """
        if (backend := self._backend.key) is None:
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

        While the history can't be used, that waits.
        """
        self._takes_up = True
        try:
            await self._take_up()
        except ArchiveError as error:
            get_logger().warning("jobs.not_taken_up", reason=str(error))

    async def _begin(self, intent: Intent, intents: Intents, lane: str | None) -> None:
        job = intent.job
        try:
            await self._archive.add(job, holder=self._holder, lease_seconds=_LEASE_SECONDS)
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
            del self._runs[run.job.id]

    async def _take_up(self) -> None:
        if (backend := self._backend.key) is None:
            return  # as soon as it is known, the next round takes them up
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
                self._start(Run(job, restored(job, self._media), self._means))

    async def _bury(self, job: Job) -> None:
        await self._archive.advance(
            job.id,
            State.FAILED,
            error="The offline demo was closed while this ran: run it again.",
            charged=False,
            completed_at=self._now(),
        )
        get_logger().info("job.failed", job_id=job.id, model=job.model, reason="demo closed")

    async def _keep_leases(self) -> None:
        while True:
            await self._sleep(_RENEW_SECONDS)
            try:
                if self._runs:
                    await self._archive.renew(self._holder, lease_seconds=_LEASE_SECONDS)
                if self._takes_up:
                    await self._take_up()
            except ArchiveError as error:
                get_logger().warning("jobs.not_renewed", reason=str(error))
            except Exception:  # a mistake of ours; without this loop, leases would be lost as well
                get_logger().exception("jobs.not_renewed")

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
