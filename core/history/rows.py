"""Jobs → rows of the tables, and back."""

from dataclasses import asdict
from datetime import datetime

from core.history.records import Job, MediaFile, State
from core.history.tables import FileRow, JobRow
from core.models.chat import Turn

NEWEST_FIRST = (JobRow.created_at.desc(), JobRow.id.desc())
"""The order of the history: that of `Job.cursor`, backwards."""

_SAME_NAMES = (
    *("id", "backend", "owner", "kind", "model", "version", "input", "prediction_id"),
    *("created_at", "sent_at", "started_at", "first_output_at", "ended_at", "completed_at"),
    *("error", "text", "output", "metrics", "logs", "charged"),
    "stop_asked_at",
    *("starred", "deleted_at", "conversation_id"),
)
_FILE_NAMES = tuple(MediaFile.__dataclass_fields__)


def row_of(job: Job, *, lease_holder: str, lease_until: datetime) -> JobRow:
    """Return the row of a new job that is leased to somebody."""
    return JobRow(
        **{name: getattr(job, name) for name in _SAME_NAMES},
        prompt=job.prompt,
        model_name=job.model_name,
        turns=[asdict(turn) for turn in job.turns] or None,
        state=job.state.value,
        files=[FileRow(**asdict(file)) for file in job.files],
        lease_holder=lease_holder,
        lease_until=lease_until,
    )


def job_of(row: JobRow) -> Job:
    """Return the job that a row holds."""
    return Job(
        **{name: getattr(row, name) for name in _SAME_NAMES},
        state=State(row.state),
        turns=tuple(
            Turn(turn["role"], turn["text"], tuple(turn["images"])) for turn in row.turns or ()
        ),
        files=tuple(_file(file) for file in row.files),
    )


def _file(row: FileRow) -> MediaFile:
    values = {name: getattr(row, name) for name in _FILE_NAMES}
    place = values.pop("place")
    return MediaFile(**values, place=None if place is None else tuple(place))
