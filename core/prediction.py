"""A prediction as a value: what Replicate last said of it, and what that means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import (
    MalformedResponse,
    PredictionAborted,
    PredictionCanceled,
    PredictionFailed,
    PredictionTimeout,
)

TERMINAL_STATUSES = frozenset({"succeeded", "failed", "canceled", "aborted"})
"""A prediction in one of these never changes again (Replicate docs, prediction lifecycle)."""

_DEADLINE_MARGIN = timedelta(seconds=1)

# A tqdm bar as models log it: ` 25%|██▌       | 1/4 [00:00<00:01,  2.54it/s]`.
_TQDM = re.compile(r"\d{1,3}%\|[^|\r\n]*\|\s*(\d{1,12})/(\d{1,12})\b")


@dataclass(frozen=True)
class Progress:
    """How far a prediction is: `done` of `total` steps."""

    done: int
    total: int

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.done / self.total)

    @classmethod
    def from_logs(cls, logs: str) -> "Progress | None":
        """Return what the newest tqdm bar in a model's logs says, or None without one."""
        bars = [(int(bar[1]), int(bar[2])) for bar in _TQDM.finditer(logs)]
        if not bars or bars[-1][1] == 0:
            return None
        done, total = bars[-1]
        return cls(done=done, total=total)


@dataclass(frozen=True)
class Prediction:
    """A prediction as Replicate last described it.

    `status` is kept as it came, an unknown one too. `extra` holds the fields that this class has
    no name for. `output` is null once Replicate has deleted it (`data_removed`). With
    `has_all_output` it is whole already, although the status may still be `processing`: that is how
    a create is answered that waited for it (Replicate's OpenAPI document, 201 and 202).
    """

    id: str
    model: str
    version: str
    status: str
    input: Mapping[str, Any] = field(default_factory=dict)
    output: Any = None
    error: str | None = None
    logs: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    deadline: datetime | None = None
    data_removed: bool = False
    source: str | None = None
    deployment: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    has_all_output: bool = False

    @classmethod
    def from_json(cls, body: Any) -> "Prediction":
        """Return the prediction that a JSON object describes.

        Raises:
            MalformedResponse: it has no id or no status.
        """
        if not isinstance(body, dict) or not body.get("id") or not body.get("status"):
            raise MalformedResponse("Replicate's answer is not a prediction: try again later.")
        error = body.get("error")
        return cls(
            id=str(body["id"]),
            model=str(body.get("model") or ""),
            version=str(body.get("version") or ""),
            status=str(body["status"]),
            input=_mapping(body.get("input")),
            output=body.get("output"),
            error=None if error is None else str(error),
            logs=str(body.get("logs") or ""),
            metrics=_mapping(body.get("metrics")),
            created_at=_time(body.get("created_at")),
            started_at=_time(body.get("started_at")),
            completed_at=_time(body.get("completed_at")),
            deadline=_time(body.get("deadline")),
            data_removed=bool(body.get("data_removed")),
            source=body.get("source"),
            deployment=body.get("deployment"),
            urls=_mapping(body.get("urls")),
            extra={name: value for name, value in body.items() if name not in _NAMED},
        )

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.status in TERMINAL_STATUSES

    @property
    def progress(self) -> Progress | None:
        """How far it is, as far as its logs tell."""
        return Progress.from_logs(self.logs)

    @property
    def stream_url(self) -> str | None:
        """Where its events can be read; there is one for many models, whatever they output."""
        return self.urls.get("stream")

    @property
    def text(self) -> str | None:
        """The output of a language model as one text; None for any other kind of output."""
        if isinstance(self.output, str):
            return self.output
        if isinstance(self.output, list) and all(isinstance(part, str) for part in self.output):
            return "".join(self.output)
        return None

    def raise_for_status(self) -> None:
        """Raise the error that a terminal status other than `succeeded` stands for.

        Raises:
            PredictionFailed, PredictionCanceled, PredictionAborted.
            PredictionTimeout: Replicate cancelled it, at the deadline that its create set.
        """
        match self.status:
            case "failed":
                raise PredictionFailed(self)
            case "canceled" if self.deadline and self._ended_at(self.deadline):
                started = self.created_at or self.deadline
                raise PredictionTimeout(self, seconds=(self.deadline - started).total_seconds())
            case "canceled":
                raise PredictionCanceled(self)
            case "aborted":
                raise PredictionAborted(self)

    def _ended_at(self, deadline: datetime) -> bool:
        return self.completed_at is not None and self.completed_at >= deadline - _DEADLINE_MARGIN


_NAMED = frozenset(Prediction.__dataclass_fields__) - {"extra", "has_all_output"}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _time(value: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
