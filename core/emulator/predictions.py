"""Predictions and their life: starting → processing → an end, with logs, output and events.

Replicate docs, "Prediction lifecycle". A prediction is a task that takes a runner's steps; what
happens to it is kept as events, from which streams are served, and told to whoever waits.
"""

import asyncio
import traceback
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from core.emulator.clock import Clock, timestamp
from core.emulator.contexts import RunContext
from core.emulator.identifiers import new_id
from core.emulator.problems import not_found
from core.emulator.runner import (
    File,
    Log,
    Metric,
    ModelError,
    Progress,
    Runner,
    Token,
    Value,
    parts_of,
    replaced,
)
from core.emulator.storage import RETENTION, Storage

Status = Literal["starting", "processing", "succeeded", "failed", "canceled", "aborted"]
Happening = Literal["start", "output", "logs", "completed"]
"""The kinds of webhook events; also what a prediction tells its watchers."""

LONGEST_RUN = timedelta(minutes=30)
"""Replicate ends a run after this, unless its deadline is sooner (Replicate docs)."""

TERMINAL: frozenset[Status] = frozenset({"succeeded", "failed", "canceled", "aborted"})

_OFFICIAL_START_SECONDS = 0.3
_COLD_START_SECONDS = 1.5


@dataclass(frozen=True)
class OutputFile:
    """A place in an output where the URL of a file stands, once it is known who asks."""

    group: str
    name: str

    def url(self, origin: str) -> str:
        """Return the URL for a client that reached the emulator by `origin`."""
        return f"{origin}/outputs/{self.group}/{quote(self.name, safe='')}"


@dataclass(frozen=True)
class StreamEvent:
    """One event of a prediction's stream."""

    id: str
    name: Literal["output", "logs", "error", "done"]
    data: str | OutputFile


@dataclass(frozen=True)
class Order:
    """What a create asked for.

    Attributes:
        version: as the prediction shows it: an id, or `hidden` for official models.
        given: the input as it was sent; `full` has the defaults too.
        origin: by which address the client reached the emulator.
        lifetime: how long after its creation it is canceled, or None.
    """

    runner: Runner
    version: str
    given: Mapping[str, Any]
    full: Mapping[str, Any]
    origin: str
    deployment: str | None = None
    lifetime: timedelta | None = None
    webhook: str | None = None
    webhook_events: frozenset[Happening] = frozenset({"output", "completed"})


@dataclass
class Prediction:
    """One prediction, as it is now."""

    order: Order
    created_at: datetime
    id: str = field(default_factory=new_id)
    status: Status = "starting"
    started_at: datetime | None = None
    completed_at: datetime | None = None
    output: Any = None
    error: str | None = None
    logs: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    events: list[StreamEvent] = field(default_factory=list)
    data_removed: bool = False

    def __post_init__(self) -> None:
        self._changed = asyncio.Event()

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""
        return self.status in TERMINAL

    @property
    def deadline(self) -> datetime | None:
        """When it is canceled at the latest, if its order says so."""
        lifetime = self.order.lifetime
        return None if lifetime is None else self.created_at + lifetime

    def add_event(self, name: Literal["output", "logs", "error", "done"], data: Any) -> None:
        """Add an event to its stream."""
        seconds = int(self.created_at.timestamp())
        self.events.append(StreamEvent(f"{seconds}:{len(self.events)}", name, data))

    def notify(self) -> None:
        """Wake everybody who waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        """Wait for the next change."""
        await self._changed.wait()

    async def ended(self) -> None:
        """Wait for its end."""
        while not self.is_terminal:
            await self.changed()

    def to_json(self, origin: str) -> dict[str, Any]:
        """Return it as the API describes it, with URLs of the given origin."""
        order = self.order
        urls = {
            "get": f"{origin}/v1/predictions/{self.id}",
            "cancel": f"{origin}/v1/predictions/{self.id}/cancel",
            "stream": f"{origin}{stream_path(self)}",
            "web": f"https://replicate.com/p/{self.id}",
        }
        optional = {
            "started_at": self.started_at and timestamp(self.started_at),
            "completed_at": self.completed_at and timestamp(self.completed_at),
            "deadline": self.deadline and timestamp(self.deadline),
            "deployment": order.deployment,
            "webhook": order.webhook,
            "webhook_events_filter": sorted(order.webhook_events) if order.webhook else None,
        }
        return {
            "id": self.id,
            "model": order.runner.card.id,
            "version": order.version,
            "input": {} if self.data_removed else dict(order.given),
            "logs": self.logs,
            "output": with_urls(self.output, origin),
            "data_removed": self.data_removed,
            "error": self.error,
            "source": "api",
            "status": self.status,
            "created_at": timestamp(self.created_at),
            **{name: value for name, value in optional.items() if value is not None},
            "metrics": dict(self.metrics),
            "urls": urls,
        }


def stream_path(prediction: Prediction) -> str:
    """Return where its stream is served; clients tell one of files by its `/v1/files/`."""
    if prediction.order.runner.card.makes_files:
        return f"/v1/files/{prediction.id}/stream"
    return f"/v1/streams/{prediction.id}"


def with_urls(output: Any, origin: str) -> Any:
    """Return an output with the URLs of its files in their places."""
    return replaced(output, OutputFile, lambda file: file.url(origin))


class Predictions:
    """All predictions of the emulator. Belongs to one event loop.

    Args:
        speed: how much faster than life models work.
        on_happening: told of everything that a webhook may be sent for.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        speed: float,
        on_happening: Callable[[Prediction, Happening], None],
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._speed = speed
        self._on_happening = on_happening
        self._all: dict[str, Prediction] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}

    def create(self, order: Order) -> Prediction:
        """Start a prediction."""
        prediction = Prediction(order, self._clock.now())
        self._all[prediction.id] = prediction
        task = asyncio.create_task(self._live(prediction), name=f"prediction {prediction.id}")
        self._tasks[prediction.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(prediction.id, None))
        return prediction

    def get(self, prediction_id: str) -> Prediction:
        """Return a prediction; what is older than an hour has lost its data.

        Raises:
            Problem: 404, there is none.
        """
        prediction = self._all.get(prediction_id)
        if prediction is None:
            raise not_found()
        self._remove_expired(prediction)
        return prediction

    def newest_first(self) -> list[Prediction]:
        """Return all predictions."""
        found = list(reversed(self._all.values()))
        for prediction in found:
            self._remove_expired(prediction)
        return found

    def cancel(self, prediction: Prediction) -> None:
        """Cancel a prediction; one that has ended stays as it is."""
        self._end(prediction, "canceled")

    def follow_clock(self) -> None:
        """Reckon anew when running predictions meet their deadlines, for the clock was moved."""
        for prediction_id in list(self._deadlines):
            self._watch_deadline(self._all[prediction_id])

    async def close(self) -> None:
        """End everything that still runs."""
        for prediction in self._all.values():
            self._end(prediction, "canceled")
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def _live(self, prediction: Prediction) -> None:
        self._watch_deadline(prediction)
        try:
            await self._run(prediction)
        except ModelError as error:
            self._fail(prediction, str(error))
        except Exception:  # the model's own mistake, as a real one's: the prediction tells
            trace = traceback.format_exc()
            self._fail(prediction, "The model crashed; its logs tell where.", logs=trace)
        finally:
            self._deadlines.pop(prediction.id).cancel()

    async def _run(self, prediction: Prediction) -> None:
        order = prediction.order
        runner = order.runner
        context = RunContext(order.full, order.origin, self._storage, self._speed)
        await context.sleep(
            _OFFICIAL_START_SECONDS if runner.card.is_official else _COLD_START_SECONDS
        )
        prediction.status = "processing"
        prediction.started_at = self._clock.now()
        self._happened(prediction, "start")
        steps = runner.run(order.full, context)
        if isinstance(steps, AsyncGenerator):
            async with aclosing(steps):
                await self._take(steps, prediction)
        else:
            await self._take(steps, prediction)
        self._end(prediction, "succeeded")

    async def _take(self, steps: Any, prediction: Prediction) -> None:
        async for step in steps:
            if prediction.is_terminal:  # it was stopped, and the model didn't mind
                return
            match step:
                case Log(line):
                    self._log(prediction, f"{line}\n")
                case Progress(done, total):
                    self._log(prediction, f"{_tqdm(done, total)}\n")
                case Metric(name, value):
                    prediction.metrics[name] = value
                case Token(text):
                    self._put_out(prediction, text, text)
                case Value(value):
                    prediction.output = await self._placed(value, prediction.id)
                    self._happened(prediction, "output")
                case File():
                    file = await self._keep(step, prediction.id)
                    self._put_out(prediction, file, file)

    async def _keep(self, file: File, group: str) -> OutputFile:
        await asyncio.to_thread(
            self._storage.add_output, group, file.name, file.media_type, file.data
        )
        return OutputFile(group, file.name)

    async def _placed(self, output: Any, group: str) -> Any:
        """Return an output with the places of its files; each is kept once."""
        for file in parts_of(output, File):
            if not self._storage.has(group, file.name):
                await self._keep(file, group)
        return replaced(output, File, lambda file: OutputFile(group, file.name))

    def _put_out(self, prediction: Prediction, value: Any, data: Any) -> None:
        if prediction.order.runner.card.output.get("type") == "array":
            prediction.output = [*(prediction.output or []), value]
        elif isinstance(value, str):
            prediction.output = (prediction.output or "") + value
        else:
            prediction.output = value
        prediction.add_event("output", data)
        self._happened(prediction, "output")

    def _log(self, prediction: Prediction, text: str) -> None:
        prediction.logs += text
        prediction.add_event("logs", text)
        self._happened(prediction, "logs")

    def _fail(self, prediction: Prediction, error: str, *, logs: str = "") -> None:
        if prediction.is_terminal:  # it broke when it was stopped
            return
        if logs:
            self._log(prediction, logs)
        prediction.error = error
        prediction.add_event("error", error)
        self._end(prediction, "failed")

    def _end(self, prediction: Prediction, status: Status) -> None:
        if prediction.is_terminal:
            return
        now = self._clock.now()
        prediction.status = status
        prediction.completed_at = now
        prediction.metrics["total_time"] = (now - prediction.created_at).total_seconds()
        if prediction.started_at is not None:
            prediction.metrics["predict_time"] = (now - prediction.started_at).total_seconds()
        reason = {"failed": '{"reason": "error"}', "succeeded": "{}"}
        prediction.add_event("done", reason.get(status, '{"reason": "canceled"}'))
        self._happened(prediction, "completed")
        task = self._tasks.get(prediction.id)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _watch_deadline(self, prediction: Prediction) -> None:
        longest = prediction.created_at + LONGEST_RUN
        deadline = min(prediction.deadline or longest, longest)
        seconds = (deadline - self._clock.now()).total_seconds()

        def expire() -> None:
            self._end(prediction, "canceled" if prediction.started_at else "aborted")

        if before := self._deadlines.get(prediction.id):
            before.cancel()
        loop = asyncio.get_running_loop()
        self._deadlines[prediction.id] = loop.call_later(max(0.0, seconds), expire)

    def _happened(self, prediction: Prediction, happening: Happening) -> None:
        prediction.notify()
        self._on_happening(prediction, happening)

    def _remove_expired(self, prediction: Prediction) -> None:
        completed_at = prediction.completed_at
        if completed_at is None or completed_at + RETENTION > self._clock.now():
            return
        prediction.data_removed = True
        prediction.output = None
        prediction.logs = ""
        prediction.events.clear()


def _tqdm(done: int, total: int) -> str:
    share = done / total if total else 1.0
    bar = ("█" * round(10 * share)).ljust(10)
    return f"{round(100 * share):3d}%|{bar}| {done}/{total}"
