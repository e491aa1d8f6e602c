"""When a run did what, and how much it was, in words that a person reads. Pure.

Names and values of metrics are strangers' words: whoever puts them into HTML escapes them.
"""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.history.records import Job, MediaFile, State
from ui.views.present import byte_count


@dataclass(frozen=True)
class Moment:
    """Something that happened to a run.

    Attributes:
        seconds: since the moment before it; None for the first.
    """

    name: str
    at: datetime
    seconds: float | None = None


def timeline(job: Job) -> tuple[Moment, ...]:
    """Return what is known to have happened to a run, from its beginning, by this machine's clock.

    Their order is that in which they must have happened, whatever the clocks say.
    """
    ahead = _replicate_behind(job)
    started_at = None if job.started_at is None else job.started_at + ahead
    ended_at = None if job.ended_at is None else job.ended_at + ahead
    first_output_at = job.first_output_at
    if first_output_at is not None and ended_at is not None:
        first_output_at = min(first_output_at, ended_at)  # it was seen when it was looked for
    known = [
        ("Queued", job.created_at),
        ("Sent", job.sent_at),
        ("Started", started_at),
        ("First output", first_output_at),
        *_ends(job, ended_at),
    ]
    moments: list[Moment] = []
    for name, at in known:
        if at is None:
            continue
        before = moments[-1].at if moments else None
        at = at if before is None else max(at, before)
        moments.append(Moment(name, at, None if before is None else (at - before).total_seconds()))
    return tuple(moments)


def _replicate_behind(job: Job) -> timedelta:
    """Return by how much Replicate's clock is behind this machine's, at the least.

    A model starts after it was sent, and its results are here after it made them.
    """
    sent_at = job.sent_at or job.created_at
    least, most = timedelta.min, timedelta.max
    for at, seen_at in (
        (job.started_at, job.first_output_at or job.completed_at),
        (job.ended_at, job.completed_at),
    ):
        if at is not None:
            least = max(least, sent_at - at)
            most = most if seen_at is None else min(most, seen_at - at)
    return max(min(timedelta(0), most), least)


def _ends(job: Job, ended_at: datetime | None) -> list[tuple[str, datetime | None]]:
    """Return when the model was done, and when the job was: its files come in between."""
    match job.state:
        case State.DOWNLOADING:
            return [("Completed", ended_at)]
        case State.SUCCEEDED if job.files and ended_at is not None:
            return [("Completed", ended_at), ("Downloaded", job.completed_at)]
        case State.SUCCEEDED:
            return [("Completed", ended_at or job.completed_at)]
        case State.FAILED | State.EXPIRED if job.charged:  # it was made, and lost on its way here
            return [("Completed", ended_at), (_ENDS[job.state], job.completed_at)]
        case state if state.is_settled:
            return [(_ENDS[state], job.completed_at)]
        case _:
            return []


_ENDS = {
    State.FAILED: "Failed",
    State.CANCELED: "Stopped",
    State.ABORTED: "Ended before it could start",
    State.UNCERTAIN: "Lost sight of",
    State.EXPIRED: "Deleted by Replicate",
}


def metrics_of(job: Job) -> list[tuple[str, str]]:
    """Return what was measured of a run, as names and values: times, counts, then its files.

    Metrics that Replicate has added since are shown by their own names.
    """
    known = {name: job.metrics[name] for name in _METRICS if name in job.metrics}
    rows = [_row(name, value) for name, value in (known | dict(job.metrics)).items()]
    # Some metrics go by two names, and come by both.
    return list(dict.fromkeys([*filter(None, rows), *_measures(job.files)]))


def duration(seconds: float) -> str:
    """Return a time as people write it: `0.35 s`, `12.4 s`, `2 min 5 s`."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _rate(number: float) -> str:
    return f"{number:,.1f}"


_METRICS: dict[str, tuple[str, Callable[[float], str]]] = {
    "predict_time": ("Prediction time", duration),
    "total_time": ("Total time", duration),
    "time_to_first_token": ("Time to first token", duration),
    "tokens_per_second": ("Tokens per second", _rate),
    "input_token_count": ("Tokens in", _count),
    "token_input_count": ("Tokens in", _count),
    "output_token_count": ("Tokens out", _count),
    "token_output_count": ("Tokens out", _count),
    "image_count": ("Images", _count),
    "video_output_count": ("Clips", _count),
    "video_output_duration_seconds": ("Clip length", duration),
}
"""Replicate's metrics in the order they are shown in, with their names and forms for people."""


def _row(name: str, value: Any) -> tuple[str, str] | None:
    if value is None:
        return None
    if name in _METRICS and _is_amount(value):
        title, form = _METRICS[name]
        return title, form(value)
    return name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_amount(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= 0
    )


def _measures(files: Iterable[MediaFile]) -> list[tuple[str, str]]:
    """Return the size in pixels, the length and the bytes of files; equal ones are said once."""
    files = list(files)
    pixels = [f"{file.width} × {file.height}" for file in files if file.width and file.height]
    lengths = [duration(file.seconds) for file in files if file.seconds]
    rows = [("Size", pixels), ("Length", lengths)]
    measures = [(name, ", ".join(dict.fromkeys(values))) for name, values in rows if values]
    if files:
        in_all = byte_count(sum(file.bytes for file in files))
        measures.append(("File" if len(files) == 1 else f"{len(files)} files", in_all))
    return measures
