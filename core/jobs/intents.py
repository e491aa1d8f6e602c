"""What somebody asks for → a job to write down and an input to send, checked before either."""

import asyncio
import io
import math
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from core.downloads.partfile import is_no_room
from core.errors import InvalidInput
from core.history.media import MediaStore, folder_key
from core.history.records import Job
from core.jobs.schemas import Schemas
from core.models.catalog import Kind, find
from core.models.chat import Conversation, Turn
from core.models.names import ModelName
from core.models.schema import DrawSeed, ModelSchema

MAX_FILE_BYTES = 100_000_000
"""The largest file that Replicate takes (Replicate docs)."""

_MEDIA = "media:"
_HIDDEN = "[hidden]"


@dataclass(frozen=True)
class Intent:
    """A job before anything is sent: how it is written down, and the input itself."""

    job: Job
    to_send: Mapping[str, Any]


class Intents:
    """Draws intents up.

    Args:
        backend: where the jobs will run, as the history names it.
        now: the time, with its zone.
        draw_seed: chooses a seed where the model would, for only so can a result be made again.
    """

    def __init__(
        self,
        schemas: Schemas,
        media: MediaStore,
        *,
        backend: str,
        now: Callable[[], datetime],
        draw_seed: DrawSeed = random.randint,
    ) -> None:
        self._schemas = schemas
        self._media = media
        self._backend = backend
        self._now = now
        self._draw_seed = draw_seed

    async def draw_up(
        self,
        model: str,
        model_input: Mapping[str, Any],
        *,
        owner: str,
        kind: Kind | None,
        conversation: Conversation | None = None,
    ) -> Intent:
        """Return the intent to run a model: the seed explicit, the files in the media store.

        A file that is both in the input and in the conversation is stored once.

        Raises:
            InvalidInput: the model isn't written as one, or doesn't take this input.
            NotFound, Unauthenticated: it can't be run.
        """
        ModelName.parse(model)
        schema = await self._schemas.find(model)
        given = dict(model_input)
        if schema is not None:
            given = schema.validate(given, draw_seed=self._draw_seed)
            if unknown := schema.unknown(given):
                raise InvalidInput.of(unknown)  # a typing mistake isn't paid for
        job_id = uuid.uuid4().hex
        created_at = self._now()
        folder = folder_key(owner, created_at, job_id)
        try:
            files = _Files(self._media, folder)
            to_send = {str(name): await files.kept(str(name), given[name]) for name in given}
            turns = [await files.kept_turn(turn) for turn in _turns(conversation)]
        except BaseException:
            await self._media.discard(folder)
            raise
        job = Job(
            id=job_id,
            backend=self._backend,
            owner=owner,
            kind=kind or _kind(model, schema),
            model=model,
            input=self._written_down(to_send, schema),
            created_at=created_at,
            conversation_id=conversation.id if conversation else None,
            turns=tuple(turns),
        )
        return Intent(job, to_send)

    async def discard(self, intent: Intent) -> None:
        """Remove the files of an intent that could not be written down."""
        await self._media.discard(job_folder(intent.job))

    def _written_down(
        self, to_send: Mapping[str, Any], schema: ModelSchema | None
    ) -> dict[str, Any]:
        secrets = {item.name for item in schema.fields if item.secret} if schema else set()
        return {
            name: _HIDDEN if name in secrets else self._referenced(value)
            for name, value in to_send.items()
        }

    def _referenced(self, value: Any) -> Any:
        match value:
            case Path():
                return f"{_MEDIA}{self._media.key(value)}"
            case list():
                return [self._referenced(item) for item in value]
            case dict():
                return {name: self._referenced(item) for name, item in value.items()}
            case _:
                return value


def restored(job: Job, media: MediaStore) -> dict[str, Any]:
    """Return the input of a job that was written down: its own files as paths again."""

    def restore(value: Any) -> Any:
        match value:
            case list():
                return [restore(item) for item in value]
            case dict():
                return {name: restore(item) for name, item in value.items()}
            case _:
                key = file_key(job, value)
                return value if key is None else media.path(key)

    return {name: restore(value) for name, value in job.input.items()}


def asked_again(job: Job, media: MediaStore) -> tuple[dict[str, Any], Conversation | None]:
    """Return the input and the conversation of a job as they were given, files as paths.

    Raises:
        InvalidInput: a part of the input was secret and so not written down.
    """
    given = restored(job, media)
    if hidden := hidden_fields(given):
        raise InvalidInput(
            f"{hidden[0]} is secret and wasn't kept: reuse the settings and fill it in.",
            field=hidden[0],
        )
    if job.conversation_id is None:
        return given, None
    turns = tuple(replace(turn, images=_image_paths(turn, media)) for turn in job.turns)
    return given, Conversation(job.conversation_id, turns)


def file_key(job: Job, value: Any) -> str | None:
    """Return the storage key of the file that a value in a job's input stands for.

    None when it stands for itself: words may begin with `media:`, too.
    """
    if isinstance(value, str) and value.startswith(f"{_MEDIA}{job_folder(job)}/"):
        return value.removeprefix(_MEDIA)
    return None


def hidden_fields(model_input: Mapping[str, Any]) -> list[str]:
    """Return the fields of a restored input whose values were secret and so not written down."""
    return [name for name, value in model_input.items() if value == _HIDDEN]


def job_folder(job: Job) -> str:
    """Return the key under which a job's files lie."""
    return folder_key(job.owner, job.created_at, job.id)


def _image_paths(turn: Turn, media: MediaStore) -> tuple[str | Path, ...]:
    """Return a turn's images as paths, without those that were thrown away with an earlier job."""
    paths = (media.path(one) if isinstance(one, str) else one for one in turn.images)
    return tuple(path for path in paths if path.exists())


def _turns(conversation: Conversation | None) -> tuple[Turn, ...]:
    return () if conversation is None else conversation.turns


def _kind(model: str, schema: ModelSchema | None) -> Kind:
    if (curated := find(model)) is not None:
        return curated.kind
    if schema is None:
        return "other"
    if schema.output_kind == "text":
        return "chat"
    media = schema.output.media if schema.output_kind in ("file", "files") else "any"
    return "other" if media == "any" else media


class _Files:
    """Puts a job's files into the media store, each path once, numbered as they come."""

    def __init__(self, media: MediaStore, folder: str) -> None:
        self._media = media
        self._folder = folder
        self._count = 0
        self._copies: dict[Path, Path] = {}

    async def kept(self, name: str, value: Any) -> Any:
        """Return the value with each path and open file replaced by the path of its copy."""
        match value:
            case Path():
                return await self._copy_of(name, value)
            case io.BufferedIOBase() | io.RawIOBase():
                return await self._copied(name, value)
            case list() | tuple():
                return [await self.kept(name, item) for item in value]
            case Mapping():
                return {str(key): await self.kept(name, item) for key, item in value.items()}
            case float() if not math.isfinite(value):
                raise InvalidInput(f"{name} is {value}, which is no number to send.", field=name)
            case str() | int() | float() | bool() | None:
                return value
            case _:
                raise InvalidInput(
                    f"{name} is a {type(value).__name__}: inputs are text, numbers, lists, paths "
                    "and open binary files.",
                    field=name,
                )

    async def kept_turn(self, turn: Turn) -> Turn:
        """Return the turn with each path replaced by the storage key of its copy."""
        images = [
            self._media.key(await self._copy_of("images", image))
            if isinstance(image, Path)
            else image
            for image in turn.images
        ]
        return replace(turn, images=tuple(images))

    async def _copy_of(self, name: str, path: Path) -> Path:
        if path not in self._copies:
            size = await self._size(name, path)
            if size == 0:
                raise InvalidInput(f"{name}: {path.name} is empty.", field=name)
            if size > MAX_FILE_BYTES:
                raise InvalidInput(
                    f"{name}: {path.name} is larger than the 100 MB that Replicate takes.",
                    field=name,
                )
            self._copies[path] = await self._copied(name, path)
        return self._copies[path]

    async def _size(self, name: str, path: Path) -> int:
        try:
            return (await asyncio.to_thread(path.stat)).st_size
        except OSError as error:
            raise _unreadable(name, error) from error

    async def _copied(self, name: str, file: Any) -> Path:
        try:
            key = await self._media.put(file, f"{self._folder}/input-{self._count}")
        except OSError as error:
            raise _unreadable(name, error) from error
        self._count += 1
        return self._media.path(key)


def _unreadable(name: str, error: OSError) -> InvalidInput:
    if is_no_room(error):
        return InvalidInput(
            f"{name}: the disk is full, so the file can't be copied into the history: free some "
            "room.",
            field=name,
        )
    return InvalidInput(
        f"{name}: the file can't be copied into the history ({error.strerror or error}).",
        field=name,
    )
