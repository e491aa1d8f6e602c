"""Faults on purpose: what goes wrong with which request, scripted by whoever tests against this.

The plan stands outside of everything else (`FaultyApp` wraps the application), so that the
emulated API itself never knows of it.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Any, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.emulator.clock import Clock, http_date

DropConnection = Callable[[Scope], None]
"""Resets the connection that a request came by."""

Count: TypeAlias = Annotated[int, Field(ge=0)]
Status: TypeAlias = Annotated[int, Field(ge=200, le=599)]

_BODILESS = (204, 304)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with some requests.

    `status`, `body`, `hang` and `drop` replace the answer; the others alter whatever is answered.

    Attributes:
        method, path: which requests; `*` stands for any characters, a path has no query.
        after: how many of them are let through first.
        times: how many of them it meets then, None for all.
        processed: the request is carried out all the same; only its answer is replaced.
        status: answer with this status.
        body: answer with this text.
        hang: never answer.
        drop: reset the connection without an answer.
        headers: are added to the answer, or stand in for those of the same name.
        delay_seconds: before the request is looked at.
        cut_after_bytes: reset the connection when so much of the answer's body was sent.
        content_length: the length that the answer claims to have.
        end_after_events: end a stream of events quietly after so many, without `done`.
        duplicate_events: send each event of a stream twice.
        clock_seconds: how much the answer's `Date` is moved.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")  # for those that come over HTTP

    method: str = "*"
    path: str = "*"
    after: Count = 0
    times: Annotated[int, Field(ge=1)] | None = 1
    processed: bool = False
    status: Status | None = None
    body: str | None = None
    hang: bool = False
    drop: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: Annotated[float, Field(ge=0)] = 0
    cut_after_bytes: Count | None = None
    content_length: Count | None = None
    end_after_events: Count | None = None
    duplicate_events: bool = False
    clock_seconds: float = 0

    @property
    def replaces_answer(self) -> bool:
        """Whether the API's own answer is never sent."""
        return self.status is not None or self.body is not None or self.hang or self.drop

    def meets(self, method: str, path: str) -> bool:
        """Tell whether a request is one of those it is for."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)

    def to_json(self) -> dict[str, Any]:
        """Return the fault as a JSON object."""
        return asdict(self)


class FaultPlan:
    """The faults that are still to come, in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """Add faults behind those that are there."""
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[Fault]:
        """Return the faults that are left, with what remains of their counts."""
        with self._lock:
            return list(self._faults)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the first fault that meets a request, and count it."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                if not fault.meets(method, path):
                    continue
                if fault.after > 0:
                    self._faults[place] = replace(fault, after=fault.after - 1)
                    continue
                if fault.times is not None:
                    if fault.times <= 1:
                        del self._faults[place]
                    else:
                        self._faults[place] = replace(fault, times=fault.times - 1)
                return fault
        return None


class FaultyApp:
    """Lets requests through to the application, but for those that a fault is meant for.

    It also gives each answer its `Date`, from the emulated clock.
    """

    def __init__(
        self, app: ASGIApp, plan: FaultPlan, clock: Clock, *, drop_connection: DropConnection
    ) -> None:
        self._app = app
        self._plan = plan
        self._clock = clock
        self._drop_connection = drop_connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fault = self._plan.take(scope["method"], scope["path"]) or Fault()
        altered = _AlteredAnswer(
            fault, send, clock=self._clock, drop=lambda: self._drop_connection(scope)
        )
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if not fault.replaces_answer:
            await self._app(scope, receive, altered.send)
        else:
            if fault.processed:
                await self._app(scope, receive, _unheard)
            await self._answer_instead(fault, receive, altered)
        if altered.is_dropped:
            await _disconnected(receive)

    async def _answer_instead(
        self, fault: Fault, receive: Receive, altered: "_AlteredAnswer"
    ) -> None:
        if fault.drop:
            altered.drop()
            return
        if fault.hang:
            await _disconnected(receive)
            return
        status = 200 if fault.status is None else fault.status
        body = fault.body
        if body is None:
            told = {"detail": "Something went wrong on purpose.", "status": status}
            body = "" if status in _BODILESS else json.dumps(told)
        headers = [
            (b"content-type", b"application/problem+json" if status >= 400 else b"text/html")
        ]
        await altered.send({"type": "http.response.start", "status": status, "headers": headers})
        await altered.send({"type": "http.response.body", "body": body.encode()})


class _AlteredAnswer:
    """Passes an answer on, altered as a fault says; what comes after its end is swallowed.

    Attributes:
        is_dropped: the connection was reset.
    """

    def __init__(self, fault: Fault, send: Send, *, clock: Clock, drop: Callable[[], None]) -> None:
        self.is_dropped = False
        self._fault = fault
        self._send = send
        self._clock = clock
        self._drop = drop
        self._body_bytes = 0
        self._events = 0
        self._is_stream = False
        self._has_ended = False

    def drop(self) -> None:
        """Reset the connection."""
        self._has_ended = self.is_dropped = True
        self._drop()

    async def send(self, message: Message) -> None:
        """Take one message of the application's answer."""
        if self._has_ended:
            return
        match message["type"]:
            case "http.response.start":
                await self._start(message)
            case "http.response.body":
                await self._body(message)
            case _:
                await self._send(message)

    async def _start(self, message: Message) -> None:
        date = http_date(self._clock.now() + timedelta(seconds=self._fault.clock_seconds))
        changed = {"date": date, **self._fault.headers}
        if self._fault.content_length is not None:
            changed["content-length"] = str(self._fault.content_length)
        new = {name.lower().encode(): value.encode() for name, value in changed.items()}
        kept = [(name, value) for name, value in message["headers"] if name.lower() not in new]
        self._is_stream = any(value.startswith(b"text/event-stream") for _, value in kept)
        await self._send({**message, "headers": [*kept, *new.items()]})

    async def _body(self, message: Message) -> None:
        body = message.get("body", b"")
        cut = self._fault.cut_after_bytes
        if cut is not None and self._body_bytes + len(body) >= cut:
            part = body[: cut - self._body_bytes]
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
            self.drop()
            return
        claimed = self._fault.content_length
        if claimed is not None:
            body = body[: claimed - self._body_bytes]
            message = {**message, "body": body}
        self._body_bytes += len(body)
        if self._is_stream and body:
            if self._events == self._fault.end_after_events:
                self._has_ended = True
                await self._send({"type": "http.response.body", "body": b""})
                return
            self._events += 1
            if self._fault.duplicate_events:
                await self._send({**message, "more_body": True})
        if claimed is not None and self._body_bytes < claimed and not message.get("more_body"):
            # Ended properly it would be refused, for it isn't as long as it claims to be.
            self._has_ended = True
            message = {**message, "more_body": True}
        await self._send(message)


async def _unheard(message: Message) -> None:
    """Take an answer that nobody gets."""


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def faults_from_json(value: Any) -> list[Fault]:
    """Return the faults that one JSON object, or a list of them, describes.

    Raises:
        ValueError: with what is wrong.
    """
    items = value if isinstance(value, list) else [value]
    try:
        return _FAULTS.validate_json(json.dumps(items), strict=True)
    except ValidationError as error:
        wrong = [f"{_place(item['loc'])}: {item['msg']}" for item in error.errors()]
        raise ValueError("; ".join(wrong)) from error


_FAULTS = TypeAdapter(list[Fault])


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
