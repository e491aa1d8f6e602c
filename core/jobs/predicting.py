"""From a job's turn to its prediction's end: create or find it, follow it, cancel it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

from core.backoff import is_passing, is_transient
from core.client.client import AsyncReplicateClient
from core.errors import (
    ConnectionLost,
    CreateUncertain,
    CreateWithdrawn,
    InvalidInput,
    PlaygroundError,
)
from core.history.records import State
from core.jobs.collecting import text_of
from core.jobs.events import Processing, Queued, Starting
from core.jobs.intents import hidden_fields
from core.jobs.ledger import Ledger
from core.jobs.turns import Turn, Turns
from core.models.schema import ModelSchema
from core.prediction import Prediction

FindSchema = Callable[[], Awaitable[ModelSchema | None]]


class Predicting:
    """Makes one job's prediction, once, and follows it.

    Args:
        ledger: the job's; its state says how far it had come.
        to_send: the job's input.
        lane: in which it waits for its turn.
        find_schema: finds the model's schema, or None.

    Attributes:
        prediction: as last seen; None before it was created.
    """

    def __init__(
        self,
        ledger: Ledger,
        to_send: dict[str, Any],
        *,
        client: AsyncReplicateClient,
        turns: Turns,
        lane: str,
        find_schema: FindSchema,
    ) -> None:
        self.prediction: Prediction | None = None
        self._ledger = ledger
        self._to_send = to_send
        self._client = client
        self._turns = turns
        self._lane = lane
        self._find_schema = find_schema
        self._turn: Turn | None = None
        self._saw_the_start = False
        self._stopped = asyncio.Event()
        self._cancelling: asyncio.Task[None] | None = None
        if ledger.job.stop_asked_at is not None:
            self._stopped.set()

    @property
    def was_stopped(self) -> bool:
        """Whether somebody asked for that."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Cancel it as soon as may be: in the queue at once, on Replicate when its id is known."""
        self._stopped.set()
        if self._turn is not None:
            self._turn.leave()
        if self.prediction is None:
            self._ledger.tell_stopping()
        elif not self.prediction.is_terminal:
            self._ledger.tell_stopping()
            self._cancel_on_replicate(self.prediction)

    async def ended(self) -> Prediction:
        """Return the prediction when it has ended, well or badly.

        Raises:
            CreateWithdrawn: it was stopped before it was sent.
            CreateUncertain, PredictionTimeout, ApiError: as the client raises them.
            TakenAway: another process has the job.
        """
        try:
            self._turn = self._asked_turn()
            if self.was_stopped:
                self._turn.leave()
            if not await self._turn.wait():
                raise CreateWithdrawn
            return await self._followed(await self._begun())
        finally:
            if self._turn is not None:
                self._turn.give_back()
            if self._cancelling is not None:
                self._cancelling.cancel()
                await asyncio.wait({self._cancelling})

    def _asked_turn(self) -> Turn:
        job_id = self._ledger.job.id
        if self._ledger.job.state is not State.QUEUED:
            return self._turns.take()  # it runs already
        return self._turns.ask(
            lambda place: self._ledger.tell(Queued(job_id, position=place)), self._lane
        )

    async def _begun(self) -> Prediction:
        """Return the prediction as soon as there is one and its id is recorded."""
        ledger = self._ledger
        if (prediction_id := ledger.job.prediction_id) is not None:
            prediction = await ledger.retry_until(
                lambda: self._client.get_prediction(prediction_id),
                ledger.for_an_hour(is_transient),
            )
            self._hold(prediction)
        else:
            found = ledger.job.state is State.SENDING
            prediction = await (self._found() if found else self._created())
            self._hold(prediction)
            await ledger.record_prediction(prediction)
            if ledger.job.stop_asked_at is not None:
                self.stop()  # asked for in another process, while nobody knew the id
        ledger.log.info("job.started", seconds=ledger.seconds())
        return prediction

    async def _created(self) -> Prediction:
        if secrets := hidden_fields(self._to_send):
            raise InvalidInput(
                f"{secrets[0]} is secret and isn't kept, so this can't go on: run it again.",
                field=secrets[0],
            )
        if self.was_stopped:
            raise CreateWithdrawn
        await self._ledger.record_sending()
        self._ledger.tell(Starting(self._ledger.job.id))
        waited_seconds = self._ledger.age_seconds()
        try:
            return await self._client.create_prediction(
                self._ledger.job.model,
                self._to_send,
                known=self._ledger.is_known,
                on_wait=self._ledger.tell_wait,
                withdrawn=self._stopped,
            )
        except CreateUncertain as error:
            if error.is_unlisted:
                raise
            return await self._found(waited_seconds)

    async def _found(self, waited_seconds: float = 0.0) -> Prediction:
        """Return the prediction of a create whose answer was lost.

        Only an API that answers can say that there is none: it is waited for, up to an hour.

        Args:
            waited_seconds: how long the job had waited before it was sent, as far as is known.

        Raises:
            CreateUncertain: there is none, or Replicate can't be asked.
        """
        ledger = self._ledger
        ledger.tell_wait("Looking whether it was started.", 0)

        async def look() -> Prediction:
            await self._client.list_predictions()
            try:
                return await self._client.find_prediction(
                    ledger.job.model,
                    self._to_send,
                    age_seconds=ledger.age_seconds() - waited_seconds,
                    unknown=hidden_fields(self._to_send),
                    known=ledger.is_known,
                    on_wait=ledger.tell_wait,
                )
            except CreateUncertain as error:
                if error.is_unlisted:
                    raise
                raise ConnectionLost("Replicate answers no more.") from error

        try:
            return await ledger.retry_until(
                look,
                ledger.for_an_hour(is_passing),
                reason=lambda error: f"Whether it was started isn't known yet. {error}",
            )
        except CreateUncertain:
            raise
        except PlaygroundError as error:
            raise CreateUncertain(model=ledger.job.model, input=ledger.job.input) from error

    def _hold(self, prediction: Prediction) -> None:
        self.prediction = prediction
        # One that is found at work may have had output for long.
        self._saw_the_start = prediction.status == "starting"
        if self.was_stopped:
            self._cancel_on_replicate(prediction)

    async def _followed(self, prediction: Prediction) -> Prediction:
        schema = await self._find_schema()
        if schema is not None and schema.streams and prediction.stream_url:
            prediction = await self._streamed(prediction)
        watching = self._client.watch_prediction(
            prediction, cancel_when_late=True, on_wait=self._tell_wait
        )
        async with aclosing(watching) as seen:
            async for prediction in seen:
                self.prediction = prediction
                if not prediction.is_terminal:
                    await self._tell_news(prediction, schema)
        self._note_output(prediction.output)
        return prediction

    async def _streamed(self, prediction: Prediction) -> Prediction:
        """Tell a text as it comes; return the prediction, ended or else to be asked for."""
        stream = self._client.stream_prediction(
            prediction, cancel_on_close=False, on_wait=self._ledger.tell_wait
        )
        try:
            async with aclosing(aiter(stream)) as pieces:
                async for _ in pieces:
                    self._note_output(stream.text)
                    await self._record_processing(stream.prediction or prediction)
                    self._ledger.tell_text(stream.text)
        except PlaygroundError as error:
            if not is_transient(error):
                raise
            self._ledger.log.warning("job.stream_given_up", reason=type(error).__name__)
        finally:
            self.prediction = stream.prediction or prediction
        return self.prediction

    async def _tell_news(self, prediction: Prediction, schema: ModelSchema | None) -> None:
        job = self._ledger.job
        if prediction.status == "starting":
            self._ledger.tell(Starting(job.id))
            return
        self._note_output(prediction.output)
        await self._record_processing(prediction)
        progress = prediction.progress
        fraction = None if progress is None else progress.fraction
        self._ledger.tell(Processing(job.id, progress=fraction, logs=prediction.logs))
        if text := text_of(prediction, schema, job.kind):
            self._ledger.tell_text(text)

    def _tell_wait(self, reason: str, seconds: float) -> None:
        if not self.was_stopped:  # else what counts is how the cancel gets on
            self._ledger.tell_wait(reason, seconds)

    def _note_output(self, output: Any) -> None:
        if self._saw_the_start and output not in (None, "", [], {}):
            self._ledger.note_output()

    async def _record_processing(self, prediction: Prediction) -> None:
        if self._ledger.job.state is State.STARTING:
            await self._ledger.record(State.PROCESSING, started_at=prediction.started_at)
        elif self._ledger.has_unrecorded_output:
            await self._ledger.record(State.PROCESSING)

    def _cancel_on_replicate(self, prediction: Prediction) -> None:
        if self._cancelling is not None or prediction.is_terminal:
            return

        async def cancel() -> None:
            try:
                await self._ledger.retry_until(
                    lambda: self._client.cancel_prediction(prediction.id),
                    self._ledger.for_an_hour(is_transient),
                    reason=lambda _: "The cancel hasn't reached Replicate yet.",
                )
            except PlaygroundError as error:
                self._ledger.log.warning("job.cancel_failed", reason=type(error).__name__)

        self._cancelling = asyncio.create_task(cancel())
