"""What people read: plain sentences."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.history.records import State
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
)
from tests.ui.jobs import FILE, NOW, a_job
from ui.views import present


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Queued("job1", 1), "Queued…"),
        (Queued("job1", 3), "Queued, 2 before it"),
        (
            Waiting("job1", "Replicate asks to slow down.", 4.0),
            "Replicate asks to slow down. Trying again in 4 s.",
        ),
        (Waiting("job1", "Looking whether it was started.", 0), "Looking whether it was started."),
        (
            Waiting("job1", "Nothing was said: still listening.", 0.1),
            "Nothing was said: still listening.",
        ),
        (Starting("job1"), "Starting…"),
        (Stopping("job1"), "Stopping…"),
        (
            Stopping("job1", "The cancel hasn't reached Replicate yet.", 4.0),
            "Stopping… The cancel hasn't reached Replicate yet. Trying again in 4 s.",
        ),
        (Stopping("job1", "Looking whether it was started.", 0), "Stopping… Looking whether"),
        (Processing("job1", None, ""), "Processing…"),
        (Processing("job1", 0.25, ""), "Processing, 25%"),
        (TextDelta("job1", "a", "a"), "Writing…"),
        (Downloading("job1", 2_500_000, 5_000_000), "Downloading 2.5 MB of 5.0 MB"),
        (Downloading("job1", 900, None), "Downloading 900 B"),
        (Succeeded("job1", a_job()), "Done"),
        (Failed("job1", a_job(), "The model failed: out of memory"), "out of memory"),
        (
            Failed("job1", a_job(charged=None), "No"),
            "No. Replicate doesn't say whether it is charged.",
        ),
        (Failed("job1", a_job(charged=False), "No."), "No. Nothing was charged."),
        (Failed("job1", a_job(charged=True), "No."), "No. The run itself is charged."),
        (Canceled("job1", a_job(charged=True)), "Stopped: what ran until then is charged."),
        (
            Canceled("job1", a_job(charged=False)),
            "Stopped before it was sent: nothing was charged.",
        ),
        (Canceled("job1", a_job(charged=None)), "Stopped: it may have been charged."),
        (
            Canceled("job1", a_job(charged=True, error="It took too long.")),
            "It took too long. What ran until then is charged.",
        ),
        (Aborted("job1", a_job(charged=False)), "nothing was charged"),
        (
            Uncertain("job1", a_job(), "May have been charged: lost."),
            "May have been charged: lost.",
        ),
        (Expired("job1", a_job()), "keeps them for one hour"),
    ],
)
def test_each_event_is_one_sentence(event: Event, words: str) -> None:
    assert words in present.sentence(event)


@pytest.mark.parametrize(
    ("event", "progress"),
    [
        (Processing("job1", 0.25, ""), 0.25),
        (Processing("job1", 1.7, ""), 1.0),
        (Processing("job1", None, ""), None),
        (Downloading("job1", 1, 4), 0.25),
        (Downloading("job1", 1, None), None),
        (Downloading("job1", 0, 0), None),
        (Starting("job1"), None),
    ],
)
def test_progress_is_told_where_it_is_known(event: Event, progress: float | None) -> None:
    assert present.progress_of(event) == progress


@pytest.mark.parametrize(
    ("state", "tone"),
    [
        (State.QUEUED, "running"),
        (State.PROCESSING, "running"),
        (State.SUCCEEDED, "done"),
        (State.CANCELED, "stopped"),
        (State.ABORTED, "stopped"),
        (State.FAILED, "bad"),
        (State.UNCERTAIN, "bad"),
    ],
)
def test_a_run_is_coloured_by_how_it_ended(state: State, tone: str) -> None:
    assert present.tone_of(state) == tone


def test_a_result_tells_its_size_seed_and_time() -> None:
    job = a_job(state=State.SUCCEEDED, files=(FILE,))

    assert present.facts_of(job) == ("1024 × 768", "seed 7", "in 2.5 s")


def test_of_an_uncertain_run_it_is_told_when_it_was_looked_for() -> None:
    facts = present.facts_of(a_job(state=State.UNCERTAIN))

    assert facts == ("seed 7", f"last looked for at {NOW.astimezone():%H:%M}:02")


@pytest.mark.parametrize(
    ("logs", "line"),
    [
        ("Loading\nUsing seed: 7\n\n", "Using seed: 7"),
        ("Using seed: 7\r 40%|████      | 2/5", ""),
        ("", ""),
    ],
)
def test_the_last_log_line_says_what_the_model_does(logs: str, line: str) -> None:
    assert present.last_line(logs) == line


def test_an_answer_tells_its_speed_as_replicate_measured_it() -> None:
    metrics = {"time_to_first_token": 0.42, "tokens_per_second": 38.6, "output_token_count": 120}
    job = a_job(kind="chat", state=State.SUCCEEDED, metrics=metrics)

    assert present.answered(job) == "0.4 s to the first token · 39 tokens/s · 120 tokens"


def test_an_answer_tells_its_speed_as_it_was_measured_here() -> None:
    metrics = {"predict_time": 2.5, "token_output_count": 100}
    unseen = a_job(kind="chat", state=State.SUCCEEDED, metrics=metrics)
    seen = replace(unseen, first_output_at=NOW + timedelta(seconds=0.5))

    assert present.answered(seen) == "0.5 s to the first token · 50 tokens/s · 100 tokens"
    assert present.answered(unseen) == "40 tokens/s · 100 tokens"


def test_an_answer_that_is_being_written_tells_how_long_its_first_words_took() -> None:
    job = a_job(kind="chat", state=State.PROCESSING)

    assert present.writing(job, 4) == "Writing, 4 s"
    seen = replace(job, first_output_at=NOW + timedelta(seconds=1.25))
    assert present.writing(seen, 4) == "Writing, 4 s · 1.2 s to the first token"


def test_an_answer_that_was_stopped_says_so() -> None:
    job = a_job(kind="chat", state=State.CANCELED, charged=True)

    assert present.answered(job) == "Stopped: what ran until then is charged."


def test_markdown_is_told_without_its_marks() -> None:
    markdown = "# Teas\n\nSome **good** ones:\n\n1. *Green*\n2. `Oolong`\n\n```py\nx = 1\n```"

    assert present.plain(markdown) == "Teas\nSome good ones:\nGreen\nOolong\nx = 1"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (3_400_000, "3.4 MB"),
        (2_000_000_000, "2.0 GB"),
    ],
)
def test_sizes_are_written_as_people_write_them(count: int, text: str) -> None:
    assert present.byte_count(count) == text
