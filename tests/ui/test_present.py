"""What people read: plain sentences, strangers' words made harmless."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core import InvalidInput
from core.history.media import MediaStore
from core.history.records import Job, MediaFile, State
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
from ui import present
from ui.services import Backend

HOSTILE = '<img src=x onerror="alert(1)">'
ESCAPED = "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILE = MediaFile(
    n=0,
    key="local/2026-03/job1/0.webp",
    thumbnail_key="local/2026-03/job1/0.thumb.webp",
    name="fox.webp",
    media_type="image/webp",
    bytes=1200,
    sha256="ab" * 32,
    width=1024,
    height=768,
)


def a_job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": "job1",
        "backend": "emulator",
        "owner": "local",
        "kind": "image",
        "model": "black-forest-labs/flux-schnell",
        "input": {"prompt": "a fox", "seed": 7},
        "created_at": NOW,
        "completed_at": NOW + timedelta(seconds=2.5),
    }
    return Job(**(values | changes))


def said(event: Event, elapsed_seconds: float = 3.2) -> str:
    return present.event_status(event, elapsed_seconds=elapsed_seconds)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Queued("job1", 1), "Queued…"),
        (Queued("job1", 3), "Queued, 2 before it"),
        (Waiting("job1", "Replicate asks to slow down.", 4.0), "Trying again in 4 s."),
        (Starting("job1"), "Starting…"),
        (Processing("job1", None, ""), "Processing…"),
        (TextDelta("job1", "a", "a"), "Writing…"),
        (Downloading("job1", 2_500_000, 5_000_000), "Downloading 2.5 MB of 5.0 MB"),
        (Downloading("job1", 900, None), "Downloading 900 B"),
    ],
)
def test_what_goes_on_is_said_with_the_time_it_took_so_far(event: Event, words: str) -> None:
    status = said(event)

    assert words in status
    assert "3.2 s" in status
    assert 'role="status"' in status


def test_progress_is_a_bar_that_assistive_technology_can_read() -> None:
    status = said(Processing("job1", 0.25, ""))

    assert 'role="progressbar"' in status
    assert 'aria-valuenow="25"' in status


def test_a_finished_run_tells_its_size_seed_and_time() -> None:
    job = a_job(state=State.SUCCEEDED, files=(FILE,))

    assert "Done · 1024 × 768 · seed 7" in said(Succeeded("job1", job))
    assert "2.5 s" in said(Succeeded("job1", job))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Failed("job1", a_job(), "The model failed: out of memory"), "out of memory"),
        (Canceled("job1", a_job(charged=True)), "charges for the time it ran"),
        (Canceled("job1", a_job(charged=False)), "Nothing was charged"),
        (Aborted("job1", a_job(charged=False)), "Nothing was charged"),
        (Uncertain("job1", a_job(), "It may have been charged."), "may have been charged"),
        (Expired("job1", a_job()), "keeps them for one hour"),
    ],
)
def test_each_bad_end_is_one_sentence(event: Event, words: str) -> None:
    assert words in said(event)


def test_a_refused_input_is_said_as_it_is() -> None:
    assert "Steps goes from 1 to 4" in present.error_status(InvalidInput("Steps goes from 1 to 4."))


def test_the_logs_of_a_failure_are_behind_a_fold() -> None:
    status = said(Failed("job1", a_job(logs="line 1\nline 2"), "The model failed"))

    assert "<details><summary>Details</summary><pre>line 1\nline 2</pre></details>" in status


def test_strangers_words_are_escaped_wherever_they_are_shown(tmp_path: Path) -> None:
    job = a_job(
        input={"prompt": HOSTILE},
        model=HOSTILE,
        error=HOSTILE,
        text=HOSTILE,
        logs=HOSTILE,
        state=State.FAILED,
    )
    shown = [
        said(Failed("job1", job, HOSTILE)),
        said(Waiting("job1", HOSTILE, 1)),
        present.error_status(InvalidInput(HOSTILE)),
        present.history_cards([job], MediaStore(tmp_path)),
        present.masthead(Backend(key="x", label=HOSTILE, simulated=False)),
    ]

    for html in shown:
        assert "<img src=x" not in html
        assert ESCAPED in html


def test_the_history_shows_thumbnails_that_lead_to_the_files(tmp_path: Path) -> None:
    media = MediaStore(tmp_path)

    cards = present.history_cards([a_job(state=State.SUCCEEDED, files=(FILE,))], media)

    assert f'src="{present.media_url(media.path("local/2026-03/job1/0.thumb.webp"))}"' in cards
    assert f'href="{present.media_url(media.path("local/2026-03/job1/0.webp"))}"' in cards
    assert "a fox" in cards


def test_an_empty_history_invites() -> None:
    assert "Nothing here yet" in present.history_cards([], MediaStore(Path("media")))


def test_the_masthead_marks_the_offline_demo() -> None:
    offline = present.masthead(Backend(key="emulator", label="Offline demo", simulated=True))
    online = present.masthead(Backend(key="x", label="Replicate · ada", simulated=False))

    assert "badge simulated" in offline
    assert "simulated" not in online


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
