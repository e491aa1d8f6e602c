"""Turns jobs, events and errors into what a person reads. Pure: values in, text or HTML out.

Prompts, models' outputs and errors are strangers' words: everything that comes from them is
escaped here, in the one place where HTML is written.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from core import PlaygroundError
from core.history.media import MediaStore
from core.history.records import Job
from core.jobs.events import (
    Aborted,
    Canceled,
    Downloading,
    Event,
    Expired,
    Failed,
    Processing,
    Queued,
    Starting,
    Succeeded,
    TextDelta,
    Uncertain,
    Waiting,
)
from core.models.catalog import CatalogModel
from ui.services import Backend

_EXCERPT_CHARACTERS = 400


def masthead(backend: Backend) -> str:
    """Return the page's head: its name and what it talks to."""
    kind = "badge simulated" if backend.simulated else "badge"
    return (
        '<header class="masthead"><h1>Replicate Playground</h1>'
        f'<span class="{kind}">{escape(backend.label)}</span></header>'
    )


def about(model: CatalogModel) -> str:
    """Return one line on what a curated model is good for."""
    return f'<p class="about">{escape(model.blurb)}</p>'


def idle(text: str) -> str:
    """Return the status before anything was run."""
    return _status("idle", text)


def error_status(error: PlaygroundError) -> str:
    """Return the status for something that was refused before it became a job."""
    return _status("bad", str(error))


def event_status(event: Event, *, elapsed_seconds: float) -> str:
    """Return the status line for a job's latest event.

    Args:
        event: what happened last.
        elapsed_seconds: since the run was asked for; shown while it goes on.
    """
    match event:
        case Queued(position=position) if position > 1:
            return _running(f"Queued, {position - 1} before it", elapsed_seconds)
        case Queued():
            return _running("Queued…", elapsed_seconds)
        case Waiting(reason=reason, seconds=seconds):
            return _running(f"{reason} Trying again in {seconds:.0f} s.", elapsed_seconds)
        case Starting():
            return _running("Starting…", elapsed_seconds)
        case Processing(progress=progress):
            return _running("Processing…", elapsed_seconds, progress)
        case TextDelta():
            return _running("Writing…", elapsed_seconds)
        case Downloading(done=done, total=total):
            size = (
                byte_count(done) if total is None else f"{byte_count(done)} of {byte_count(total)}"
            )
            return _running(f"Downloading {size}", elapsed_seconds, done / total if total else None)
        case Succeeded(job=job):
            return _status("done", _summary(job), seconds=_seconds_taken(job))
        case Failed(job=job, error=error):
            return _status("bad", error, details=job.logs)
        case Canceled(job=job):
            return _status("stopped", _with_charge(job.error or "Stopped.", job), details=job.logs)
        case Aborted(job=job):
            return _status("stopped", _with_charge("Ended before it could start.", job))
        case Uncertain(error=error):
            return _status("bad", error)
        case Expired():
            return _status("bad", "Replicate has deleted this result: it keeps them for one hour.")


def history_cards(jobs: Iterable[Job], media: MediaStore) -> str:
    """Return the history as a grid of cards, or an invitation when there is nothing yet."""
    cards = "".join(_card(job, media) for job in jobs)
    if not cards:
        return '<div class="empty">Nothing here yet. What you run is kept here.</div>'
    return f'<div class="cards">{cards}</div>'


def media_url(path: Path) -> str:
    """Return the page-relative URL under which Gradio serves a file of the media folder."""
    return f"gradio_api/file={quote(path.as_posix())}"


def byte_count(count: int) -> str:
    """Return a number of bytes as people write it: `3.4 MB`."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _running(text: str, elapsed_seconds: float, progress: float | None = None) -> str:
    if progress is None:
        bar = '<div class="bar unknown"><span></span></div>'
    else:
        percent = round(100 * min(max(progress, 0.0), 1.0))
        bar = (
            f'<div class="bar" role="progressbar" aria-label="Progress" aria-valuenow="{percent}"'
            f' aria-valuemin="0" aria-valuemax="100"><span style="width:{percent}%"></span></div>'
        )
    return _status("running", text, seconds=elapsed_seconds, bar=bar)


def _status(
    state: str, text: str, *, seconds: float | None = None, bar: str = "", details: str = ""
) -> str:
    elapsed = "" if seconds is None else f'<span class="elapsed">{seconds:.1f} s</span>'
    fold = (
        f"<details><summary>Details</summary><pre>{escape(details)}</pre></details>"
        if details.strip()
        else ""
    )
    return (
        f'<div class="status {state}" role="status"><div class="line">'
        f'<span class="text">{escape(text)}</span>{elapsed}</div>{bar}{fold}</div>'
    )


def _summary(job: Job) -> str:
    first = next(iter(job.files), None)
    facts = ["Done"]
    if first is not None and first.width and first.height:
        facts.append(f"{first.width} × {first.height}")
    if first is not None and first.seconds:
        facts.append(f"{first.seconds:.0f} s clip")
    if (seed := job.input.get("seed")) is not None:
        facts.append(f"seed {seed}")
    return " · ".join(facts)


def _seconds_taken(job: Job) -> float | None:
    if job.completed_at is None:
        return None
    return (job.completed_at - job.created_at).total_seconds()


def _with_charge(text: str, job: Job) -> str:
    match job.charged:
        case True:
            return f"{text} Replicate charges for the time it ran."
        case False:
            return f"{text} Nothing was charged."
        case None:
            return text


def _card(job: Job, media: MediaStore) -> str:
    when = job.created_at.astimezone(UTC)
    outcome = "" if job.state == "succeeded" else f' · <span class="bad">{escape(job.state)}</span>'
    return (
        f'<article class="card" data-job="{escape(job.id)}">{_shot(job, media)}<div class="facts">'
        f'<p class="prompt">{escape(job.prompt) or "(no prompt)"}</p>'
        f'<div class="meta">{escape(job.model)}{outcome}</div>'
        f'<time class="meta" datetime="{when.isoformat()}">{_day_and_time(when)}</time>'
        "</div></article>"
    )


def _shot(job: Job, media: MediaStore) -> str:
    kind = f'<span class="kind">{escape(job.kind)}</span>'
    first = next(iter(job.files), None)
    if first is None:
        words = escape((job.text or job.error or "")[:_EXCERPT_CHARACTERS])
        return f'<div class="shot words">{words}</div>'
    target = media_url(media.path(first.key))
    if first.thumbnail_key is None:
        inside = escape(first.name)
    else:
        source = media_url(media.path(first.thumbnail_key))
        inside = f'<img src="{escape(source)}" alt="{escape(job.prompt)}" loading="lazy">'
    return (
        f'<a class="shot" href="{escape(target)}" target="_blank" rel="noopener">{inside}{kind}</a>'
    )


def _day_and_time(when: datetime) -> str:
    local = when.astimezone()
    return f"{local.day} {local:%b %Y, %H:%M}"
