"""One job's record and its watchers: what is written down and told while it is on its way."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar, Unpack

from core.backoff import Backoff
from core.clock import Clock
from core.errors import CreateUncertain, PlaygroundError
from core.history.archive import Archive, ArchiveError, Changes, LeaseLost, UnknownJob
from core.history.records import Job, State
from core.jobs.broadcast import Broadcast
from core.jobs.events import (
    Event,
    Processing,
    Queued,
    Starting,
    Stopping,
    TextDelta,
    Waiting,
    event_of,
)
from core.logs import get_logger
from core.prediction import Prediction

T = TypeVar("T")

IsPassing = Callable[[PlaygroundError], bool]
"""Tells whether an error may be gone when it is tried again later."""

_PATIENCE_SECONDS = 3600.0
"""Replicate keeps outputs for one hour (Replicate docs): so long an outage is worth waiting out."""

_LONGEST_PAUSE_HERE_SECONDS = 4.0
"""Between looks at what is wrong with this machine, which cost nobody anything."""


class TakenAway(Exception):
    """Another process has the job now, or has ended it."""


class Ledger:
    """Records one job's steps and tells them to its watchers.

    Args:
        job: as it is recorded.
        archive: where.
        holder: under whose name this process leases jobs.
        sleep, clock, now: replaceable in tests; `clock` counts seconds, from anywhere.

    Attributes:
        job: as last recorded.
        text: what the model wrote, as last told.
        log: knows the job's id, and its prediction's when there is one.
    """

    def __init__(
        self,
        job: Job,
        archive: Archive,
        *,
        holder: str,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self.job = job
        self.text = job.text or ""
        self.broadcast = Broadcast(event_of(job))
        self.log = get_logger().bind(job_id=job.id, model=job.model)
        self._archive = archive
        self._holder = holder
        self._clock = clock
        self._away = Backoff(None, clock=Clock(sleep=sleep, monotonic=clock))
        self._here = replace(self._away, longest_seconds=_LONGEST_PAUSE_HERE_SECONDS)
        self._now = now
        self._began = clock()
        self._waits_until = 0.0
        self._is_stopping = job.stop_asked_at is not None
        self._first_output_at = job.first_output_at

    @property
    def latest(self) -> Event:
        """What happened last; of a wait with the seconds that are left of it now."""
        event = self.broadcast.latest
        if isinstance(event, Waiting | Stopping) and event.seconds is not None:
            return replace(event, seconds=max(0.0, self._waits_until - self._clock()))
        return event

    async def record(self, state: State, **changes: Unpack[Changes]) -> Job:
        """Record a step, however long the database can't be written to; return the job then."""
        if self.has_unrecorded_output and self._first_output_at is not None:
            changes["first_output_at"] = self._first_output_at

        async def advance() -> Job:
            return await self._archive.advance(self.job.id, state, **changes)

        self.job = await self.retry_until(advance, _is_archives)
        return self.job

    async def record_sending(self) -> None:
        """Record that the create is about to be sent; only who holds the job's lease may.

        Raises:
            TakenAway: it isn't this process.
        """

        async def advance() -> Job:
            return await self._archive.advance(
                self.job.id, State.SENDING, holder=self._holder, sent_at=self._now()
            )

        try:
            self.job = await self.retry_until(advance, _is_archives)
        except LeaseLost as error:
            raise TakenAway from error

    async def record_prediction(self, prediction: Prediction) -> None:
        """Record the prediction that the job has got.

        Raises:
            CreateUncertain: another job has it. Two processes that lost an answer each may adopt
                the same prediction for equal jobs.
        """

        async def advance() -> Job:
            try:
                return await self._archive.advance(
                    self.job.id,
                    State.STARTING,
                    prediction_id=prediction.id,
                    version=prediction.version or None,
                    error=None,
                )
            except ArchiveError as error:
                if await self._is_anothers(prediction.id):
                    raise CreateUncertain(
                        model=self.job.model, input=self.job.input, is_unlisted=True
                    ) from error
                raise

        self.log = self.log.bind(prediction_id=prediction.id)
        self.job = await self.retry_until(advance, _is_archives)

    async def record_stop(self) -> None:
        """Record that somebody asked to stop the job, if that can be done now."""
        try:
            await self._archive.ask_to_stop(self.job.id)
        except (ArchiveError, UnknownJob) as error:
            self.log.warning("job.stop_unrecorded", reason=str(error))

    async def record_end(self, state: State, changes: Changes) -> Job:
        """Record how the job ends.

        Raises:
            TakenAway: another process has it.
        """
        ended: Changes = {**changes, "completed_at": self._now()}
        job = await self.record(state, **ended)
        if not job.state.is_settled:
            raise TakenAway
        return job

    @property
    def has_unrecorded_output(self) -> bool:
        """Whether the first output was noted since the last step."""
        return self._first_output_at != self.job.first_output_at

    def note_output(self) -> None:
        """Note that there is output now; the first time is recorded, with the next step."""
        self._first_output_at = self._first_output_at or self._now()

    async def is_known(self, prediction_id: str) -> bool:
        """Tell whether a prediction is some job's already."""
        return await self.retry_until(
            lambda: self._archive.has_prediction(self.job.backend, prediction_id), _is_archives
        )

    def tell(self, event: Event) -> None:
        """Tell the watchers of an event; of a job that is being stopped, that comes first."""
        match event:
            case Waiting(reason=reason, seconds=seconds) if self._is_stopping:
                event = Stopping(self.job.id, reason, seconds)
            case Queued() | Starting() | Processing() if self._is_stopping:
                return
        if isinstance(event, Waiting | Stopping) and event.seconds is not None:
            self._waits_until = self._clock() + event.seconds
        self.broadcast.tell(event)

    def tell_stopping(self) -> None:
        """Tell the watchers that it is being stopped, from now on until its end."""
        if not self._is_stopping and not self.job.state.is_settled:
            self._is_stopping = True
            self.tell(Stopping(self.job.id))

    def tell_text(self, text: str) -> None:
        """Tell the watchers the text so far."""
        if text != self.text:
            self.text = text
            self.tell(TextDelta(self.job.id, text="", total=text))

    def tell_wait(self, reason: str, seconds: float) -> None:
        """Tell the watchers that it goes on later, and why."""
        self.tell(Waiting(self.job.id, reason=reason, seconds=seconds))

    async def retry_until(
        self,
        operation: Callable[[], Awaitable[T]],
        is_passing: IsPassing,
        *,
        reason: Callable[[BaseException], str] = str,
    ) -> T:
        """Return an operation's result, trying it again until there is one, or an error that stays.

        Args:
            is_passing: tells which errors pass.
            reason: what the watchers are told of one.
        """
        backoff = self._here if is_passing is _is_archives else self._away
        async for attempt in backoff.attempts(
            "job",
            retryable=lambda error: isinstance(error, PlaygroundError) and is_passing(error),
            on_wait=self.tell_wait,
            reason=reason,
            job_id=self.job.id,
        ):
            with attempt:
                return await operation()
        raise AssertionError("attempts end with a result or an error")

    def for_an_hour(self, is_passing: IsPassing) -> IsPassing:
        """Return the same test, which from one hour on says no."""
        until = self._clock() + _PATIENCE_SECONDS
        return lambda error: is_passing(error) and self._clock() < until

    def age_seconds(self) -> float:
        """Return how long ago the job was submitted, by this machine's clock."""
        return (self._now() - self.job.created_at).total_seconds()

    def seconds(self) -> float:
        """Return how long this process has had the job."""
        return round(self._clock() - self._began, 3)

    async def _is_anothers(self, prediction_id: str) -> bool:
        if not await self._archive.has_prediction(self.job.backend, prediction_id):
            return False
        return (await self._archive.get(self.job.id)).prediction_id != prediction_id


def _is_archives(error: PlaygroundError) -> bool:
    # A database that is locked, or on a full disk.
    return isinstance(error, ArchiveError)
