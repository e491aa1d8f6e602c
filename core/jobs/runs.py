"""One job on its way to its end: its prediction, its files, and what is recorded at last.

Each step is recorded before the next begins, so that a run that is cut off anywhere, by a crash
or by the app's end, is taken up again from its record.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.client.client import AsyncReplicateClient
from core.errors import DiskFull, OutputExpired, PlaygroundError
from core.history.archive import Archive, Changes
from core.history.media import MediaStore
from core.history.records import Job, State
from core.jobs.broadcast import Broadcast
from core.jobs.collecting import (
    Collected,
    MayComeLater,
    collect,
    file_urls,
    kind_of,
    text_of,
)
from core.jobs.endings import Ending, by_crash, by_error, deleted, facts_of
from core.jobs.events import Downloading, Event, Failed, event_of
from core.jobs.intents import job_folder
from core.jobs.ledger import IsPassing, Ledger, TakenAway
from core.jobs.predicting import Predicting
from core.jobs.schemas import Schemas
from core.jobs.turns import Turns
from core.models.schema import ModelSchema
from core.prediction import Prediction


@dataclass(frozen=True, kw_only=True)
class Means:
    """What all runs work with.

    `holder` is under whose name this process leases jobs; `clock` counts seconds, from anywhere.
    """

    client: AsyncReplicateClient
    archive: Archive
    media: MediaStore
    schemas: Schemas
    turns: Turns
    holder: str
    sleep: Callable[[float], Awaitable[None]]
    clock: Callable[[], float]
    now: Callable[[], datetime]


class Run:
    """One job on its way, new or taken up again.

    Args:
        job: as it is recorded.
        to_send: its input.
        means: what it works with.
        lane: in which it waits for its turn; its owner's jobs of its kind when None.
    """

    def __init__(
        self, job: Job, to_send: dict[str, Any], means: Means, *, lane: str | None = None
    ) -> None:
        self._means = means
        self._ledger = Ledger(
            job,
            means.archive,
            holder=means.holder,
            sleep=means.sleep,
            clock=means.clock,
            now=means.now,
        )
        self._predicting = Predicting(
            self._ledger,
            to_send,
            client=means.client,
            turns=means.turns,
            lane=f"{job.owner}/{job.kind}" if lane is None else lane,
            find_schema=self._schema,
        )

    @property
    def job(self) -> Job:
        """The job as last recorded."""
        return self._ledger.job

    @property
    def broadcast(self) -> Broadcast:
        """Tells the job's watchers."""
        return self._ledger.broadcast

    @property
    def latest(self) -> Event:
        """What happened last."""
        return self._ledger.latest

    def stop(self) -> None:
        """Cancel it; what has ended on Replicate is paid for, so its outputs are still fetched."""
        self._predicting.stop()

    async def record_stop(self) -> None:
        """Write down that somebody asked for that, should this process end before it is done."""
        await self._ledger.record_stop()

    async def follow(self) -> None:
        """Bring the job to its end, record that and tell the watchers.

        When this is cancelled, the job stays as it is recorded, to be taken up later.
        """
        try:
            await self._settle(await self._ending())
        except TakenAway:
            # Its watchers go on with what the other process records.
            self._ledger.log.info("job.taken_away")
        except Exception as error:
            # Not even the end could be recorded, but nobody is left waiting for it.
            self._ledger.log.exception("job.unrecorded")
            crash = by_crash(error, was_sent=self.job.state is not State.QUEUED)
            sentence = str(error) if isinstance(error, PlaygroundError) else crash.changes["error"]
            self._ledger.tell(event_of(replace(self.job, state=crash.state, error=sentence)))
        finally:
            self.broadcast.close()

    async def _ending(self) -> Ending:
        try:
            prediction = await self._predicting.ended()
            prediction.raise_for_status()
            return await self._collected(prediction)
        except TakenAway:
            raise
        except PlaygroundError as error:
            ending = by_error(
                error,
                self._predicting.prediction,
                was_stopped=self._predicting.was_stopped,
                age_seconds=self._ledger.age_seconds(),
            )
        except Exception as error:
            self._ledger.log.exception("job.crashed")
            ending = by_crash(error, was_sent=self.job.state is not State.QUEUED)
        return replace(ending, changes={**ending.changes, **self._text_so_far()})

    async def _collected(self, prediction: Prediction) -> Ending:
        """Fetch what a prediction made, and return how that ends the job."""
        if prediction.data_removed:
            return await self._rescued(prediction)
        schema = await self._schema()
        text = text_of(prediction, schema, self.job.kind)
        changes: Changes = {**facts_of(prediction), "text": text, "charged": True, "error": None}
        collected = Collected((), None)
        if urls := file_urls(prediction, schema, self.job.kind):
            # Recorded first: whatever happens to the files, the output isn't lost.
            await self._ledger.record(State.DOWNLOADING, **changes)
            collected = await self._downloaded(
                prediction, urls, patience=lambda: self._ledger.for_an_hour(MayComeLater())
            )
            changes["files"] = collected.files
        match collected.error:
            case OutputExpired() as error:
                return Ending(State.EXPIRED, {**changes, "error": str(error)})
            case PlaygroundError() as error:
                return Ending(State.FAILED, {**changes, "error": str(error)})
        return self._succeeded(changes, collected)

    async def _rescued(self, prediction: Prediction) -> Ending:
        """Return how a job ends whose outputs are deleted: well, if all its files were here."""
        ending = deleted(prediction)
        known = replace(prediction, output=self.job.output, data_removed=False)
        if not (urls := file_urls(known, await self._schema(), self.job.kind)):
            return ending
        collected = await self._downloaded(known, urls, patience=lambda: _never)
        if collected.error is None:
            return self._succeeded({**ending.changes, "error": None}, collected)
        return replace(ending, changes={**ending.changes, "files": collected.files})

    def _succeeded(self, changes: Changes, collected: Collected) -> Ending:
        changes["files"] = collected.files
        if self.job.kind == "other":
            changes["kind"] = kind_of(collected.files, changes.get("text"))
        return Ending(State.SUCCEEDED, changes)

    async def _downloaded(
        self, prediction: Prediction, urls: list[str], *, patience: Callable[[], IsPassing]
    ) -> Collected:
        """Download the files; `patience` gives for each which of its errors are waited out."""

        def tell(done: int, total: int | None) -> None:
            self._ledger.tell(Downloading(self.job.id, done=done, total=total))

        tell(0, None)
        return await collect(
            prediction,
            urls,
            folder=job_folder(self.job),
            client=self._means.client,
            media=self._means.media,
            fetch=lambda download: self._ledger.retry_until(download, patience(), reason=_reason),
            on_bytes=tell,
        )

    async def _settle(self, ending: Ending) -> None:
        has_downloaded = self.job.state is State.DOWNLOADING
        job = await self._ledger.record_end(ending.state, ending.changes)
        if has_downloaded:
            # Not before: what is there is found again as long as nothing is recorded of it.
            await self._means.media.tidy(job_folder(job), job.files)
        event = event_of(job)
        if isinstance(event, Failed):
            event = replace(event, invalid_fields=ending.invalid_fields)
        self._ledger.log.info(
            f"job.{job.state}",
            seconds=self._ledger.seconds(),
            charged=job.charged,
            files=len(job.files),
        )
        self._ledger.tell(event)

    def _text_so_far(self) -> Changes:
        """Return the text to keep of a run without a result: what was shown, or more."""
        shown = self._ledger.text
        prediction = self._predicting.prediction
        told = None if prediction is None or self.job.kind != "chat" else prediction.text
        if told is not None and not shown.startswith(told):
            return {"text": told}
        return {"text": shown} if shown else {}

    async def _schema(self) -> ModelSchema | None:
        try:
            return await self._means.schemas.find(self.job.model)
        except PlaygroundError:
            return None  # what the model makes can be told without it, if less surely


def _never(_: PlaygroundError) -> bool:
    return False


def _reason(error: BaseException) -> str:
    """Return why a download is waited for: of a full disk, what helps meanwhile."""
    return "The disk is full: free some room." if isinstance(error, DiskFull) else str(error)
