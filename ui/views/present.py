"""Turns jobs, events and errors into what a person reads. Pure: values in, words out."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.history.records import Job, State
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
    Stopping,
    Succeeded,
    TextDelta,
    Uncertain,
    Waiting,
    event_of,
)

_LINE_CHARACTERS = 160
_MOMENT_SECONDS = 0.5
"""A wait that nobody notices: it would read “in 0 s”."""

_MARKDOWN = MarkdownIt()


def sentence(event: Event) -> str:
    """Return one sentence that says where a run stands."""
    match event:
        case Queued(position=position) if position > 1:
            return f"Queued, {position - 1} before it"
        case Queued():
            return "Queued…"
        case Waiting(reason=reason, seconds=seconds) if seconds < _MOMENT_SECONDS:
            return reason
        case Waiting(reason=reason, seconds=seconds):
            return _again(reason, seconds)
        case Stopping(reason=str(reason), seconds=float() | int() as seconds):
            return f"Stopping… {_again(reason, seconds)}"
        case Stopping():
            return "Stopping…"
        case Starting():
            return "Starting…"
        case Processing(progress=progress):
            return "Processing…" if progress is None else f"Processing, {progress:.0%}"
        case TextDelta():
            return "Writing…"
        case Downloading(done=done, total=total):
            whole = "" if total is None else f" of {byte_count(total)}"
            return f"Downloading {byte_count(done)}{whole}"
        case Succeeded():
            return "Done"
        case Failed(error=error, job=job):
            return f"{_closed(error)} {_CHARGES[job.charged]}"
        case Canceled(job=job) if job.error is not None:
            return f"{_closed(job.error)} {_STOP_CHARGES[job.charged]}"
        case Canceled(job=job):
            return _STOPPED[job.charged]
        case Aborted():
            return "Ended before it could start: nothing was charged."
        case Uncertain(error=error):
            return error
        case Expired():
            return "Replicate has deleted this result: it keeps them for one hour."


def sentence_of(job: Job) -> str:
    """Return the same, as it is recorded."""
    return sentence(event_of(job))


def progress_of(event: Event) -> float | None:
    """Return how far a run is, from 0 to 1, or None where that isn't known."""
    match event:
        case Processing(progress=float(progress)):
            return min(max(progress, 0.0), 1.0)
        case Downloading(done=done, total=int(total)) if total > 0:
            return min(done / total, 1.0)
        case _:
            return None


def tone_of(state: State) -> str:
    """Return how a run is coloured: `running`, and then `done`, `stopped` or `bad`."""
    if not state.is_settled:
        return "running"
    match state:
        case State.SUCCEEDED:
            return "done"
        case State.CANCELED | State.ABORTED:
            return "stopped"
        case _:
            return "bad"


def facts_of(job: Job) -> tuple[str, ...]:
    """Return short words on a result: its size, how long it lasts, its seed, the time it took."""
    facts = []
    first = next(iter(job.files), None)
    if first is not None and first.width and first.height:
        facts.append(f"{first.width} × {first.height}")
    if first is not None and first.seconds:
        facts.append(f"{first.seconds:.1f} s long")
    if (seed := job.input.get("seed")) is not None:
        facts.append(f"seed {seed}")
    if job.state is State.SUCCEEDED and job.completed_at is not None:
        facts.append(f"in {(job.completed_at - job.created_at).total_seconds():.1f} s")
    if job.state is State.UNCERTAIN and job.completed_at is not None:
        facts.append(f"last looked for at {job.completed_at.astimezone():%H:%M:%S}")
    return tuple(facts)


def answered(job: Job) -> str:
    """Return how an answer ended: in time and speed, or in the sentence that says why not."""
    if job.state is not State.SUCCEEDED:
        return sentence(event_of(job))
    told = job.metrics.get("time_to_first_token")
    first = told if isinstance(told, int | float) else first_seconds(job)
    facts = [] if first is None else [f"{first:.1f} s to the first token"]
    if (speed := _tokens_per_second(job, first)) is not None:
        facts.append(f"{speed:.0f} tokens/s")
    if (tokens := _tokens(job)) is not None:
        facts.append(f"{tokens} tokens")
    return " · ".join(facts)


def writing(job: Job, seconds: float) -> str:
    """Return the status of an answer that is being written.

    Args:
        seconds: since it was asked for.
    """
    waited = first_seconds(job)
    first = "" if waited is None else f" · {waited:.1f} s to the first token"
    return f"Writing, {seconds:.0f} s{first}"


def first_seconds(job: Job) -> float | None:
    """Return how long a run was waited for until it gave something; None if that isn't known."""
    if job.first_output_at is None:
        return None
    return max((job.first_output_at - job.created_at).total_seconds(), 0.0)


def _tokens_per_second(job: Job, first: float | None) -> float | None:
    told = job.metrics.get("tokens_per_second")
    if isinstance(told, int | float):
        return float(told)
    tokens = _tokens(job)
    predicting = job.metrics.get("predict_time")
    if tokens is None or not isinstance(predicting, int | float):
        return None
    seconds = predicting - (first or 0.0)
    return tokens / seconds if seconds > 0 else None


def plain(markdown: str) -> str:
    """Return what Markdown says, without its marks."""
    blocks = _MARKDOWN.parse(markdown)
    return "\n".join(
        block.content if block.children is None else _words(block)
        for block in blocks
        if block.content
    ).strip()


def last_line(logs: str) -> str:
    """Return the last line of a model's logs that says something, without its progress bar."""
    lines = [line.strip() for line in logs.replace("\r", "\n").splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    return "" if "%|" in last else last[:_LINE_CHARACTERS]


def byte_count(count: int) -> str:
    """Return a number of bytes as people write it: `3.4 MB`."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _words(block: Token) -> str:
    return "".join(
        "\n" if part.type in ("softbreak", "hardbreak") else part.content
        for part in block.children or ()
    )


def _tokens(job: Job) -> int | None:
    for name in ("output_token_count", "token_output_count"):  # both are met
        if isinstance(count := job.metrics.get(name), int):
            return count
    return None


def _again(reason: str, seconds: float) -> str:
    return f"{_closed(reason)} Trying again in {seconds:.0f} s." if seconds else _closed(reason)


def _closed(sentence: str) -> str:
    """Return a sentence with a full stop, as a stranger's may lack one."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


_CHARGES = {
    True: "The run itself is charged.",
    False: "Nothing was charged.",
    None: "Replicate doesn't say whether it is charged.",
}
"""What is known of the charge of a run without a result; of failures Replicate says nothing."""

_STOP_CHARGES = {
    True: "What ran until then is charged.",
    False: "Nothing was charged.",
    None: "It may have been charged.",
}

_STOPPED = {
    True: "Stopped: what ran until then is charged.",
    False: "Stopped before it was sent: nothing was charged.",
    None: "Stopped: it may have been charged.",
}
