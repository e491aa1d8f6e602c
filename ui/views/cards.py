"""A run as a person sees it: under way, as one of many, or in full. Pure: values in, HTML out."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.history.media import MediaStore
from core.history.records import Job, MediaFile, State
from core.jobs.events import Event, Processing, Stopping, event_of
from core.models.catalog import find
from ui.views import present
from ui.views.jsontree import raw
from ui.views.results import glimpse, parts_of
from ui.views.snippets import curl_code, javascript_code, python_code
from ui.views.templates import render
from ui.views.timeline import duration, metrics_of, timeline

Card = tuple[str, str]
"""A card's key and its HTML, as a list of cards takes it."""

_EXCERPT_CHARACTERS = 320
_SPOKEN_CHARACTERS = 120
_NAME_CHARACTERS = 48

_GLYPHS = {"video": "film", "audio": "sound", "chat": "chat"}


@dataclass(frozen=True, kw_only=True)
class FileView:
    """One output file.

    Attributes:
        n: its place among the run's files.
        name: under which it is saved.
        facts: what it is and how large, in a few words.
    """

    n: int
    url: str
    name: str
    facts: str
    thumbnail: str | None
    width: int | None
    height: int | None


@dataclass(frozen=True, kw_only=True)
class JobView:
    """What the templates show of a job.

    Attributes:
        state: in a word, with an ellipsis while the run goes on.
        is_stopping: somebody asked to stop it, and it goes on still.
        is_uncertain: it can be looked for again, or run again.
        reuse: what using it again is called, or "" where nothing of it can be.
        tone: `running`, `done`, `bad` or `stopped`.
        title: the model's name as people say it.
        facts: short words on the result: its size, its seed, how long it took.
        files: by their numbers.
        problem: one sentence for a run that ended without a result, else "".
        cover: the URL of a small picture, or None.
        more: how many files there are besides the one that is shown.
    """

    id: str
    kind: str
    model: str
    title: str
    prompt: str
    state: str
    tone: str
    is_stopping: bool
    is_uncertain: bool
    reuse: str
    starred: bool
    is_deleted: bool
    files: Mapping[int, FileView]
    logs: str
    facts: tuple[str, ...]
    problem: str
    cover: str | None
    excerpt: str
    kind_glyph: str
    kind_note: str
    more: int
    when: str
    iso: str
    spoken: str


def running_card(job: Job, event: Event | None, *, elapsed_seconds: float) -> Card:
    """Return the card of a run under way.

    Args:
        job: as it is recorded.
        event: what happened last; None where only the record is known.
        elapsed_seconds: since it was asked for.
    """
    event = event or event_of(job)
    progress = present.progress_of(event)
    note = present.last_line(event.logs) if isinstance(event, Processing) else ""
    return job.id, render(
        "running",
        id=job.id,
        status=present.sentence(event),
        elapsed_seconds=elapsed_seconds,
        percent=None if progress is None else round(100 * progress),
        prompt=job.prompt,
        title=title_of(job.model),
        note=note,
        is_stopping=isinstance(event, Stopping),
    )


def result_card(job: Job, media: MediaStore) -> Card:
    """Return the card of a finished run in full."""
    return job.id, render("result", view=view_of(job, media), parts=parts_of(job))


def small_cards(jobs: Iterable[Job], media: MediaStore) -> list[Card]:
    """Return the cards of many runs."""
    return [(job.id, render("small", view=view_of(job, media))) for job in jobs]


def conversation_cards(jobs: Iterable[Job]) -> list[Card]:
    """Return a list of conversations, each known by its newest job."""
    cards = []
    for job in jobs:
        first = next((turn.text for turn in job.turns if turn.role == "user"), "")
        html = render(
            "conversation",
            id=job.conversation_id,
            words=first[:_SPOKEN_CHARACTERS],
            title=title_of(job.model),
            when=day_and_time(job.created_at.astimezone()),
            is_running=not job.state.is_settled,
        )
        cards.append((job.conversation_id or job.id, html))
    return cards


def details(job: Job, media: MediaStore) -> dict[str, str]:
    """Return what the dialog shows of a run: everything that is known of it."""
    html = render(
        "details",
        view=view_of(job, media),
        parts=parts_of(job),
        input=_pretty(job.input),
        output="" if job.output is None else raw(job.output),
        snippets=[
            ("Python", python_code(job)),
            ("curl", curl_code(job)),
            ("JavaScript", javascript_code(job)),
        ],
        moments=[
            (
                moment.name,
                f"{moment.at.astimezone():%H:%M:%S}",
                "" if moment.seconds is None else f"after {duration(moment.seconds)}",
            )
            for moment in timeline(job)
        ],
        metrics=metrics_of(job),
    )
    return {"key": job.id, "html": html}


def view_of(job: Job, media: MediaStore) -> JobView:
    """Return what is shown of a job."""
    tone = present.tone_of(job.state)
    is_stopping = tone == "running" and job.stop_asked_at is not None
    word = "stopping" if is_stopping else job.state.value
    state = f"{word}…" if tone == "running" else word
    problem = "" if tone in ("running", "done") else present.sentence(event_of(job))
    title = title_of(job.model)
    local = job.created_at.astimezone()
    first = job.files[0] if job.files else None
    return JobView(
        id=job.id,
        kind=job.kind,
        model=job.model,
        title=title,
        prompt=job.prompt,
        state=state,
        tone=tone,
        is_stopping=is_stopping,
        is_uncertain=job.state is State.UNCERTAIN and job.deleted_at is None,
        reuse=_reuse(job),
        starred=job.starred,
        is_deleted=job.deleted_at is not None,
        files={file.n: _file_view(job, file, media) for file in job.files},
        logs=job.logs.strip(),
        facts=present.facts_of(job),
        problem=problem,
        cover=_cover(first, media),
        excerpt=(
            present.plain((job.text or "")[: 4 * _EXCERPT_CHARACTERS])
            or problem
            or (first.name if first else "")
            or (state if tone == "running" else "" if job.output is None else glimpse(job.output))
        )[:_EXCERPT_CHARACTERS],
        kind_glyph=_GLYPHS.get(job.kind, ""),
        kind_note=f"{first.seconds:.0f} s" if first is not None and first.seconds else "",
        more=max(0, len(job.files) - 1),
        when=day_and_time(local),
        iso=local.isoformat(timespec="seconds"),
        spoken=f"{job.prompt[:_SPOKEN_CHARACTERS] or 'no prompt'}, {title}, {state}",
    )


def title_of(model: str) -> str:
    """Return a model's name as people say it, without its version; of others `owner/name`."""
    curated = find(model)
    return model.partition(":")[0] if curated is None else curated.title


def file_url(path: Path) -> str:
    """Return the page-relative URL under which Gradio serves a file of the app's folders."""
    return f"gradio_api/file={quote(path.as_posix())}"


def day_and_time(local: datetime) -> str:
    """Return a local time as people write it, the year only where it isn't this one."""
    year = "" if local.year == datetime.now(local.tzinfo).year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"


def _file_view(job: Job, file: MediaFile, media: MediaStore) -> FileView:
    return FileView(
        n=file.n,
        url=file_url(media.path(file.key)),
        name=_saved_as(job, file),
        facts=f"{file.media_type} · {present.byte_count(file.bytes)}",
        thumbnail=None if file.thumbnail_key is None else file_url(media.path(file.thumbnail_key)),
        width=file.width,
        height=file.height,
    )


def _cover(file: MediaFile | None, media: MediaStore) -> str | None:
    if file is None or file.thumbnail_key is None:
        return None
    return file_url(media.path(file.thumbnail_key))


def _reuse(job: Job) -> str:
    if job.kind != "chat":
        return "Reuse settings"
    return "" if job.conversation_id is None else "Open conversation"


def _saved_as(job: Job, file: MediaFile) -> str:
    """Return a name that says in a folder of downloads what the file is."""
    words = re.sub(r"[^\w]+", "-", job.prompt.lower())[:_NAME_CHARACTERS].strip("-")
    number = f"-{file.n + 1}" if len(job.files) > 1 else ""
    return f"{words or 'output'}-{job.id[:6]}{number}{Path(file.key).suffix}"


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
