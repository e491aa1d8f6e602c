"""What the history holds: a job, its files, and the states it goes through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from core.models.catalog import Kind
from core.models.chat import Turn


class State(StrEnum):
    """Where a job stands; it only ever moves forward, in this order.

    The last six are settled. `uncertain` comes before `starting`, because a prediction that
    turns up after all takes the job on from there; while it is looked for again, the job is
    `sending` as before.
    """

    QUEUED = "queued"
    """The intent is written down; nothing was sent."""
    SENDING = "sending"
    """The create is on its way: whether it was processed is not known yet."""
    STARTING = "starting"
    PROCESSING = "processing"
    DOWNLOADING = "downloading"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    """Stopped; what ran is charged."""
    ABORTED = "aborted"
    """The deadline came before the model started: not charged."""
    UNCERTAIN = "uncertain"
    """The create's answer was lost and no prediction was found: it may have been charged."""
    EXPIRED = "expired"
    """Replicate had deleted the outputs before they were here."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in _SETTLED

    @property
    def predecessors(self) -> frozenset["State"]:
        """The states from which a job may come to this one; an unsettled one includes itself."""
        own = () if self.is_settled else (self,)
        return frozenset((*own, *(state for state in State if _RANK[state] < _RANK[self])))


_SETTLED = frozenset(
    {
        State.SUCCEEDED,
        State.FAILED,
        State.CANCELED,
        State.ABORTED,
        State.UNCERTAIN,
        State.EXPIRED,
    }
)

_RANK = {
    State.QUEUED: 0,
    State.SENDING: 1,
    State.UNCERTAIN: 2,
    State.STARTING: 3,
    State.PROCESSING: 4,
    State.DOWNLOADING: 5,
    State.SUCCEEDED: 6,
    State.FAILED: 6,
    State.CANCELED: 6,
    State.ABORTED: 6,
    State.EXPIRED: 6,
}


@dataclass(frozen=True, kw_only=True)
class MediaFile:
    """One output of a job, as it lies in the media store.

    Attributes:
        n: its number among the job's files, from 0.
        place: where its URL stands in the job's output, as keys and indices from the outside in;
            `()` when that is the whole output, None when it wasn't recorded.
        key: its storage key, `owner/yyyy-mm/job/n.ext`.
        thumbnail_key: the storage key of its small picture, or None where there is none.
        name: what to call it when it is saved elsewhere.
        width, height: in pixels, of pictures and clips.
        seconds: how long a clip or a sound lasts.
    """

    n: int
    place: tuple[str | int, ...] | None = None
    key: str
    thumbnail_key: str | None = None
    name: str
    media_type: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The storage keys of what lies in the media store for it."""
        return (self.key,) if self.thumbnail_key is None else (self.key, self.thumbnail_key)


class Cursor(NamedTuple):
    """A place in the history, from which a next page starts."""

    created_at: datetime
    id: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run that somebody asked for, and what is known of it.

    Attributes:
        id: ours; also in its files' storage keys.
        backend: where it runs, the API's base URL and account; jobs of others are left alone.
        owner: whose it is.
        version: of the model, as the prediction told it.
        input: as it was sent, the seed always explicit where the model has one; files are
            `media:` references, secrets are hidden.
        prediction_id: Replicate's; None until the create was answered.
        sent_at: when the create was sent, by this machine's clock.
        started_at: when the model began to work, by Replicate's clock.
        first_output_at: when its first output was seen, by this machine's clock; None where
            nobody looked at it from its start.
        ended_at: when the model had done its work, by Replicate's clock.
        completed_at: when the job settled, its files being here, by this machine's clock.
        error: one sentence for people, or None.
        text: what a text model wrote, also when it was cut short.
        output: the prediction's output, any JSON.
        charged: whether it costs anything; None when that isn't known.
        stop_asked_at: when somebody first asked to stop it, or None.
        starred: whether its owner marked it.
        deleted_at: when it was put into the bin, or None.
        conversation_id: the conversation that it is a part of, or None.
        turns: the conversation as it was asked, oldest first, the last one the person's; their
            images are storage keys.
    """

    id: str
    backend: str
    owner: str
    kind: Kind
    model: str
    input: Mapping[str, Any]
    created_at: datetime
    version: str | None = None
    state: State = State.QUEUED
    prediction_id: str | None = None
    sent_at: datetime | None = None
    started_at: datetime | None = None
    first_output_at: datetime | None = None
    ended_at: datetime | None = None
    completed_at: datetime | None = None
    error: str | None = None
    text: str | None = None
    output: Any = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    logs: str = ""
    charged: bool | None = None
    stop_asked_at: datetime | None = None
    files: tuple[MediaFile, ...] = ()
    starred: bool = False
    deleted_at: datetime | None = None
    conversation_id: str | None = None
    turns: tuple[Turn, ...] = ()

    @property
    def prompt(self) -> str:
        """The words that were asked: the prompt, or the last message of a conversation."""
        if asked := [turn.text for turn in self.turns if turn.role == "user"]:
            return asked[-1]
        return prompt_of(self.input)

    @property
    def model_name(self) -> str:
        """The model without the version that may have been asked for: `owner/name`."""
        return self.model.partition(":")[0]

    @property
    def cursor(self) -> Cursor:
        """This job's place in the history."""
        return Cursor(self.created_at, self.id)


def prompt_of(model_input: Mapping[str, Any]) -> str:
    """Return the words in an input that a person would know it by, or ""."""
    for name in ("prompt", "text", "caption"):
        if isinstance(words := model_input.get(name), str) and words:
            return words
    match model_input.get("messages"):
        case [*_, {"content": str(words)}]:
            return words
        case _:
            return ""
