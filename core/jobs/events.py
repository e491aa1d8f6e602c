"""What happens to a job, as those who watch it are told."""

from dataclasses import dataclass

from core.errors import InvalidField
from core.history.records import Job, State


@dataclass(frozen=True)
class Queued:
    """It waits for its turn; position 1 is next."""

    job_id: str
    position: int


@dataclass(frozen=True)
class Waiting:
    """It waits before it tries again: a rate limit, a broken connection."""

    job_id: str
    reason: str
    seconds: float


@dataclass(frozen=True)
class Stopping:
    """Somebody asked to stop it.

    Attributes:
        reason: why that takes a while, one sentence, or None.
        seconds: until that is tried again, or None.
    """

    job_id: str
    reason: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Starting:
    """It was sent, and Replicate is starting the model."""

    job_id: str


@dataclass(frozen=True)
class Processing:
    """The model works. `progress` goes from 0 to 1, or is None when the logs don't tell."""

    job_id: str
    progress: float | None
    logs: str


@dataclass(frozen=True)
class TextDelta:
    """The model wrote more.

    Attributes:
        text: what is new since this watcher's last event; it may hold several tokens.
        total: everything so far. It is the truth: after a broken stream it may differ from the
            sum of the pieces.
    """

    job_id: str
    text: str
    total: str


@dataclass(frozen=True)
class Downloading:
    """The outputs are fetched: `done` of `total` bytes of all files, None if that isn't known."""

    job_id: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Succeeded:
    """It ended well, and its files are here."""

    job_id: str
    job: Job


@dataclass(frozen=True)
class Failed:
    """It ended without a result; `error` is one sentence.

    `invalid_fields` are those that Replicate refused, for who watches at that moment: the history
    doesn't keep them.
    """

    job_id: str
    job: Job
    error: str
    invalid_fields: tuple[InvalidField, ...] = ()


@dataclass(frozen=True)
class Canceled:
    """It was stopped; text that came before is kept in the job."""

    job_id: str
    job: Job


@dataclass(frozen=True)
class Aborted:
    """Its deadline came before the model started."""

    job_id: str
    job: Job


@dataclass(frozen=True)
class Uncertain:
    """Whether it ran, and was charged, isn't known."""

    job_id: str
    job: Job
    error: str


@dataclass(frozen=True)
class Expired:
    """Replicate had deleted the outputs before they were here."""

    job_id: str
    job: Job


TerminalEvent = Succeeded | Failed | Canceled | Aborted | Uncertain | Expired
Event = (
    Queued | Waiting | Stopping | Starting | Processing | TextDelta | Downloading | TerminalEvent
)

TERMINAL_EVENTS = (Succeeded, Failed, Canceled, Aborted, Uncertain, Expired)
"""The events after which a job's watchers end."""


def event_of(job: Job) -> Event:
    """Return the event that tells where a job stands, from what is recorded of it."""
    match job.state:
        case State.QUEUED | State.SENDING | State.STARTING | State.PROCESSING if (
            job.stop_asked_at is not None
        ):
            return Stopping(job.id)
        case State.QUEUED:
            return Queued(job.id, position=1)
        case State.SENDING | State.STARTING:
            return Starting(job.id)
        case State.PROCESSING:
            return Processing(job.id, progress=None, logs=job.logs)
        case State.DOWNLOADING:
            return Downloading(job.id, done=0, total=None)
        case State.SUCCEEDED:
            return Succeeded(job.id, job)
        case State.FAILED:
            return Failed(job.id, job, job.error or "")
        case State.CANCELED:
            return Canceled(job.id, job)
        case State.ABORTED:
            return Aborted(job.id, job)
        case State.UNCERTAIN:
            return Uncertain(job.id, job, job.error or "")
        case State.EXPIRED:
            return Expired(job.id, job)
